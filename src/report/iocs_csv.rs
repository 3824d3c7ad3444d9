//! `iocs.csv`: indicators, one a row, for a firewall, a carrier or another system's logs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;

use crate::untrusted::{Untrusted, csv_cell};

use super::calls_csv::{table, utc};
use super::model::{Incident, Report, Role, When};
use super::preservation;
use super::sections::has_something;

const HEADER: [&str; 6] = ["type", "value", "role", "first_seen", "last_seen", "context"];

/// Writes the indicators of all incidents, then the addresses that tried and got nothing.
pub fn write(output: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut table = table(output);
    table.write_record(HEADER)?;
    for incident in &report.incidents {
        for mut row in of_incident(incident) {
            // A firewall that takes this list must not shut out whom a forged line names.
            if let Some(context) = row.last_mut().filter(|_| incident.cannot_tell) {
                context.push_str(", which cannot be told for certain");
            }
            table.write_record(row)?;
        }
    }
    for row in beside_the_incidents(report) {
        table.write_record(row)?;
    }
    let nothing =
        if has_something(report) { "tried, and is not seen to have got in" } else { "tried and got nothing" };
    for attacker in &report.failed_attackers {
        let span = (attacker.first.as_ref(), attacker.last.as_ref());
        table.write_record(address(attacker.address, &attacker.roles, span, nothing))?;
    }
    for seeker in &report.hole_seekers {
        let span = (seeker.first.as_ref(), seeker.last.as_ref());
        table.write_record(address(
            seeker.address,
            &seeker.roles,
            span,
            "asked the web server for known holes",
        ))?;
    }
    table.flush()
}

/// Addresses that no login and no call on record is of: who was given files of secrets, and whom Call-IDs name.
fn beside_the_incidents(report: &Report) -> Vec<Row> {
    let sources = report.incidents.iter().flat_map(|incident| &incident.sources);
    let attackers = report.failed_attackers.iter().chain(&report.hole_seekers);
    let mut told: BTreeSet<IpAddr> =
        sources.map(|source| source.address).chain(attackers.map(|attacker| attacker.address)).collect();
    let given = preservation::given_files(report).into_iter();
    let given = given.map(|address| {
        (address, "download", "was given files in which secrets stand, unless it is your own")
    });
    let named = preservation::in_call_ids(report).into_iter();
    let named = named
        .map(|address| (address, "call-id", "in Call-IDs of disputed calls, which whoever calls writes"));
    let all = given.chain(named).filter(|(address, _, _)| told.insert(*address));
    all.map(|(address, role, context)| {
        let kind = if address.is_ipv4() { "ipv4-address" } else { "ipv6-address" };
        row(kind, address.to_string(), role, (None, None), context)
    })
    .collect()
}

type Row = [String; HEADER.len()];
type Span<'a> = (Option<&'a When>, Option<&'a When>);

fn of_incident(incident: &Incident) -> Vec<Row> {
    let mut rows = Vec::new();
    for source in &incident.sources {
        let span = (source.first.as_ref(), source.last.as_ref());
        rows.push(address(source.address, &source.roles, span, &incident.id));
    }
    for caller in &incident.callers {
        if let Some(number) = &caller.number {
            let span = (caller.first.as_ref(), caller.last.as_ref());
            rows.push(row("caller", number.csv(), &roles(&caller.roles), span, &incident.id));
        }
    }
    for account in &incident.accounts {
        let span = (incident.breach.as_ref(), None);
        rows.push(row("account", account.name.csv(), "taken", span, &incident.id));
    }
    rows.extend(dialled(incident));
    rows
}

/// Each number once, in E.164 where that is known, with its first and last call.
fn dialled(incident: &Incident) -> Vec<Row> {
    let mut numbers: BTreeMap<(&Untrusted, Option<&str>), (Span<'_>, u64)> = BTreeMap::new();
    for call in &incident.calls {
        let start = call.start.as_ref();
        let seen = numbers.entry((&call.dialed, call.e164.as_deref())).or_insert(((start, start), 0));
        let (span, calls) = seen;
        span.0 = [span.0, start].into_iter().flatten().min();
        span.1 = span.1.max(start);
        *calls += 1;
    }
    let rows = numbers.into_iter().map(|((dialed, e164), (span, calls))| {
        let value = e164.map_or_else(|| dialed.csv(), csv_cell);
        let context = format!("{}; dialled as {}; calls: {calls}", incident.id, dialed.terminal());
        row("number", value, "dialled", span, &context)
    });
    rows.collect()
}

fn address(address: IpAddr, parts: &[Role], span: Span<'_>, context: &str) -> Row {
    let kind = if address.is_ipv4() { "ipv4-address" } else { "ipv6-address" };
    row(kind, address.to_string(), &roles(parts), span, context)
}

fn roles(roles: &[Role]) -> String {
    roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(" ")
}

fn row(kind: &str, value: String, role: &str, span: Span<'_>, context: &str) -> Row {
    [kind.to_owned(), value, role.to_owned(), utc(span.0), utc(span.1), csv_cell(context)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{Dispute, DisputedCall};
    use crate::report::sample;

    #[test]
    fn each_indicator_stands_once() {
        let mut bytes = Vec::new();
        write(&mut bytes, &sample::report()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\"type\",\"value\",\"role\",\"first_seen\",\"last_seen\",\"context\"\n"));
        assert_eq!(text.matches("\"+881835211000\"").count(), 1, "{text}");
        assert!(text.contains("\"ipv4-address\",\"203.0.113.7\",\"guess register dial\""), "{text}");
        assert!(text.contains("\"ipv6-address\",\"2001:db8::5\",\"scan\""), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn who_was_given_secrets_is_named_too() {
        let mut report = sample::report();
        report.findings[0].id = "secrets-downloaded";
        report.findings[0].subject = Untrusted::from("198.51.100.77");
        let call = |host: &str| DisputedCall {
            sip_call_id: Some(Untrusted::from(format!("abc@{host}").as_str())),
            ..DisputedCall::default()
        };
        let calls = ["198.51.100.78", "203.0.113.7", "198.51.100.77"].map(call).to_vec();
        report.dispute = Some(Dispute { calls, ..Dispute::default() });
        let mut bytes = Vec::new();
        write(&mut bytes, &report).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\"ipv4-address\",\"198.51.100.77\",\"download\""), "{text}");
        assert!(text.contains("\"ipv4-address\",\"198.51.100.78\",\"call-id\""), "{text}");
        for address in ["203.0.113.7", "198.51.100.77"] {
            assert_eq!(text.matches(&format!("\"{address}\"")).count(), 1, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_no_plain_indicator() {
        let mut report = sample::report();
        report.incidents[0].cannot_tell = true;
        let mut bytes = Vec::new();
        write(&mut bytes, &report).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let told =
            rows.iter().filter(|row| row.get(5).is_some_and(|context| context.contains("cannot be told")));
        assert_eq!(told.count(), rows.len() - report.failed_attackers.len());
    }
}
