//! `preservation_request.md`: what the carrier and the hoster are asked not to delete, for the owner to sign.
//!
//! Only an authority can demand preservation (in the United States by 18 USC 2703(f)); a customer can ask for it, early
//! and in writing. The program fills in what it found: accounts, addresses, numbers, times in UTC.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{Datelike, Duration, NaiveDate};

use crate::untrusted::Untrusted;

use super::document::{Block, Line, Table};
use super::markdown;
use super::model::{Finding, Incident, Report, Severity, When};

/// How long a carrier keeps call records, by its own documentation.
enum Keeps {
    /// The current month and so many before it.
    Months(u32),
    /// So many days.
    Days(i64),
    /// As long as it likes; one export covers at most so many days, and its file is there for so many more.
    ExportsOf(i64, i64),
}

/// Carriers whose documentation says how long records can be had. Each is a line of data.
const CARRIERS: [(&str, Keeps); 3] =
    [("DIDWW", Keeps::Months(2)), ("sipgate", Keeps::Days(90)), ("Flowroute", Keeps::ExportsOf(92, 3))];
/// Records shortly before the first sign and after the last one tell of preparation and of what followed.
const MARGIN_DAYS: i64 = 7;
/// Numbers and addresses named; the rest stands in `iocs.csv`.
const MOST_NAMED: usize = 50;

/// Returns the request as Markdown.
pub fn markdown(report: &Report) -> String {
    let title = match &report.case.number {
        Some(number) => format!("Request to preserve records, case {number}"),
        None => "Request to preserve records".to_owned(),
    };
    markdown::render(&title, &blocks(report))
}

fn blocks(report: &Report) -> Vec<Block> {
    let mut blocks = vec![sender(report)];
    if report.case.redacted {
        blocks.push(Block::Paragraph(super::redact::NOTE.into()));
    }
    blocks.extend(request(report));
    blocks.extend(identifiers(report));
    blocks.extend(records(report));
    blocks.extend(deadlines(report));
    blocks.extend([Block::heading("Signed"), form(&["name", "position", "place, date", "signature"])]);
    blocks
}

/// Returns who writes to whom, under which references: what is known filled in, the rest left blank.
pub(super) fn sender(report: &Report) -> Block {
    let given = |value: &Option<String>| Line::from(value.as_deref().unwrap_or_default());
    let rows = vec![
        vec!["to (carrier's fraud desk, or hoster's abuse desk)".into(), Line::default()],
        vec!["from".into(), given(&report.case.organisation)],
        vec!["customer number, trunk or account there".into(), trunks(report)],
        vec!["our reference".into(), given(&report.case.number)],
        vec!["reference of the police, if there is one".into(), Line::default()],
        vec!["contact (name, telephone, mail)".into(), Line::default()],
        vec!["date".into(), Line::default()],
    ];
    Block::Table(Table { header: vec!["field", "entry"], rows })
}

fn trunks(report: &Report) -> Line {
    let trunks = report.reconciliation.iter().flat_map(|found| &found.trunks);
    trunks.enumerate().fold(Line::default(), |line, (index, trunk)| {
        let line = if index == 0 { line } else { line.words(", ") };
        line.evidence(trunk)
    })
}

fn request(report: &Report) -> Vec<Block> {
    let has_calls = report.incidents.iter().any(|incident| incident.totals.calls > 0);
    let what = match (report.incidents.is_empty(), has_calls) {
        (true, _) => "Our phone system is being examined after attempts on it.",
        (false, true) => "Our phone system was used without right to make calls at our expense.",
        (false, false) => {
            "Somebody got into our phone system without right; which calls were made with it is part of what we ask."
        }
    };
    let text = format!(
        "{what} We ask you to keep every record of it that you hold, to take it out of any deletion or rotation, and to tell us in writing which records you have kept, from when to when, and whom to speak to. This is a customer's request, not an authority's order; the police may ask for the records by the same identifiers."
    );
    vec![Block::Paragraph(text.into())]
}

/// What the records are found by: times, addresses, numbers, accounts.
fn identifiers(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::heading("What it is about")];
    blocks.push(Block::Paragraph(match span(report) {
        Some((first, last)) => format!(
            "Time: from {} to {} UTC. The signs of it lie within that time, {MARGIN_DAYS} days inside either end.",
            utc(&(first - Duration::days(MARGIN_DAYS))),
            utc(&(last + Duration::days(MARGIN_DAYS)))
        )
        .into(),
        None if report.incidents.is_empty() => "Time: nothing was found to have succeeded; fill in the time that you ask about.".into(),
        None => "Time: no record of it has one; to be filled in.".into(),
    }));
    let addresses = report.incidents.iter().flat_map(|incident| &incident.sources);
    let addresses: BTreeSet<String> = addresses.map(|source| source.address.to_string()).collect();
    blocks.extend(named(
        "Addresses it came from, as logged:",
        addresses.iter().map(|one| Line::from(one.as_str())).collect(),
    ));
    blocks.extend(named(
        "Addresses that were given files of ours in which secrets stand, as logged:",
        given_files(report).into_iter().map(|address| Line::from(address.to_string())).collect(),
    ));
    blocks.extend(named(
        "Addresses in the Call-IDs of the disputed calls, as whoever placed the calls wrote them:",
        in_call_ids(report).into_iter().map(|address| Line::from(address.to_string())).collect(),
    ));
    blocks.extend(named("Numbers called:", numbers(report)));
    let callers = report.incidents.iter().flat_map(|incident| &incident.callers);
    let callers: BTreeSet<&Untrusted> = callers.filter_map(|caller| caller.number.as_ref()).collect();
    blocks.extend(named(
        "Numbers that called in, as presented:",
        callers.into_iter().map(Line::from).collect(),
    ));
    let accounts = report.incidents.iter().flat_map(|incident| &incident.accounts);
    let accounts: BTreeSet<&Untrusted> = accounts.map(|account| &account.name).collect();
    blocks.extend(named(
        "Accounts of our phone system that were used:",
        accounts.into_iter().map(Line::from).collect(),
    ));
    blocks
}

/// Returns the addresses that the web server gave copies of the configuration to; where the server may give one page
/// for every name, only if something came of it.
pub(super) fn given_files(report: &Report) -> BTreeSet<IpAddr> {
    let is_grave =
        |finding: &&Finding| !report.incidents.is_empty() || finding.severity == Severity::Critical;
    let given = report.findings.iter().filter(is_grave).filter(|finding| finding.id == "secrets-downloaded");
    given.filter_map(|finding| finding.subject.raw().parse().ok()).collect()
}

/// Returns addresses behind the `@` of SIP Call-IDs that the carrier recorded, other than those that are logged.
pub(super) fn in_call_ids(report: &Report) -> BTreeSet<IpAddr> {
    let sources = report.incidents.iter().flat_map(|incident| &incident.sources);
    let known: BTreeSet<IpAddr> = sources.map(|source| source.address).collect();
    let calls = report.dispute.iter().flat_map(|dispute| &dispute.calls);
    let ids = calls.filter(|call| call.pbx_uniqueid.is_none()).filter_map(|call| call.sip_call_id.as_ref());
    let hosts = ids.filter_map(|id| id.raw().rsplit_once('@')?.1.parse::<IpAddr>().ok());
    hosts.filter(|address| !known.contains(address)).collect()
}

fn numbers(report: &Report) -> Vec<Line> {
    let calls =
        report.incidents.iter().flat_map(|incident| &incident.calls).filter(|call| !call.stayed_inside);
    let numbers: BTreeSet<Untrusted> =
        calls.map(|call| call.e164.as_deref().map_or_else(|| call.dialed.clone(), Untrusted::from)).collect();
    numbers.iter().map(Line::from).collect()
}

fn named(label: &str, names: Vec<Line>) -> Vec<Block> {
    if names.is_empty() {
        return Vec::new();
    }
    let left = names.len().saturating_sub(MOST_NAMED);
    let mut entries: Vec<Line> = names.into_iter().take(MOST_NAMED).collect();
    if left > 0 {
        entries.push(format!("and {left} more, in the enclosed iocs.csv").into());
    }
    vec![Block::Paragraph(label.into()), Block::List(entries)]
}

/// The kinds of record that settle who called, from where, and who was paid.
fn records(report: &Report) -> Vec<Block> {
    let is_fraud = !report.incidents.is_empty();
    let routes =
        "the routes and partners by which these calls left you, and which payments to them are still open";
    let carrier = [
        Some(
            "call detail records of all our trunks, in and out, rated, failed attempts included, with your own call ids",
        ),
        Some(
            "SIP signalling of our calls and registrations in that time, with source addresses, ports and user agents",
        ),
        Some(
            "logins to your customer portal and interface, and changes made there (forwards, limits, credentials)",
        ),
        is_fraud.then_some(routes),
        Some("recordings of our contacts with you about it"),
    ];
    let has_addresses = report.incidents.iter().any(|incident| !incident.sources.is_empty());
    let hoster = [
        if has_addresses {
            "flow records of our server's addresses, and of the addresses above to any of your customers"
        } else {
            "flow records of our server's addresses"
        },
        "a snapshot of our server's disk and memory before anything is repaired",
        "logins to your customer panel and rescue console, and changes made there",
    ];
    let mut blocks = vec![Block::heading("Which records"), Block::Paragraph("Of a carrier:".into())];
    blocks.extend(Block::list(carrier.into_iter().flatten()));
    blocks.push(Block::Paragraph("Of a hoster:".into()));
    blocks.extend(Block::list(hoster));
    blocks
}

/// By when records must have been asked for or exported.
fn deadlines(report: &Report) -> Vec<Block> {
    let first = report.incidents.iter().filter_map(first_sign).min();
    let row = |(name, keeps): &(&str, Keeps)| {
        vec![Line::from(*name), rule(keeps).into(), deadline(keeps, first.as_ref()).into()]
    };
    let known: &[String] = report.reconciliation.as_ref().map_or(&[], |found| &found.carriers);
    let is_theirs = |name: &str| known.iter().any(|carrier| carrier.eq_ignore_ascii_case(name));
    let rows = CARRIERS.iter().filter(|(name, _)| known.is_empty() || is_theirs(name)).map(row).collect();
    let mut blocks = vec![
        Block::heading("By when"),
        Block::Paragraph(
            if report.incidents.is_empty() {
                "Records are deleted on a schedule: ask early."
            } else {
                "Records are deleted on a schedule, and payments to those who earn by the calls are settled within weeks: ask today."
            }
            .into(),
        ),
    ];
    // A clean system has no first sign to count from.
    let table = if first.is_none() {
        Vec::new()
    } else {
        Block::table(&["carrier", "keeps", "for the first sign of this case"], rows)
    };
    if !table.is_empty() {
        let of_whom = match known {
            [] => {
                "No file here tells who the carrier is. If it is one of these, its documentation says of the records that customers can fetch themselves:"
            }
            _ => "What the carrier's documentation says of the records that customers can fetch themselves:",
        };
        blocks.push(Block::Paragraph(of_whom.into()));
        blocks.extend(table);
    }
    if !known.iter().any(|carrier| CARRIERS.iter().any(|(name, _)| carrier.eq_ignore_ascii_case(name))) {
        blocks.push(Block::Paragraph(
            "How long a carrier that is not named here keeps them is not known: ask.".into(),
        ));
    }
    blocks
}

fn rule(keeps: &Keeps) -> String {
    match keeps {
        Keeps::Months(months) => format!("the current month and the {months} before it"),
        Keeps::Days(days) => format!("{days} days"),
        Keeps::ExportsOf(days, hours) => {
            format!("one export covers at most {days} days; its file is deleted after {hours} days")
        }
    }
}

fn deadline(keeps: &Keeps, first: Option<&When>) -> String {
    let Some(first) = first.map(|first| first.to_utc().date_naive()) else { return "-".to_owned() };
    let until = match keeps {
        Keeps::Months(months) => end_of_months(first, *months),
        Keeps::Days(days) => first.checked_add_signed(Duration::days(*days)),
        Keeps::ExportsOf(..) => return "not told".to_owned(),
    };
    until.map_or_else(|| "-".to_owned(), |until| format!("fetch before {until}"))
}

/// Returns the day on which records of `day` are gone that are kept for its month and `months` more.
fn end_of_months(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(chrono::Months::new(months + 1))
}

fn span(report: &Report) -> Option<(When, When)> {
    let signs = || {
        let sources = report.incidents.iter().flat_map(|incident| &incident.sources);
        let calls = report.incidents.iter().flat_map(|incident| &incident.calls);
        sources.flat_map(|source| [source.first, source.last]).chain(calls.map(|call| call.start)).flatten()
    };
    signs().min().zip(signs().max())
}

fn first_sign(incident: &Incident) -> Option<When> {
    let calls = incident.calls.iter().filter_map(|call| call.start);
    incident.sources.iter().filter_map(|source| source.first).chain(calls).min()
}

fn utc(when: &When) -> String {
    when.to_utc().format("%Y-%m-%d %H:%M").to_string()
}

/// Returns fields that people fill in.
pub(super) fn form(fields: &[&'static str]) -> Block {
    let rows = fields.iter().map(|field| vec![Line::from(*field), Line::default()]).collect();
    Block::Table(Table { header: vec!["field", "entry"], rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{Dispute, DisputedCall};
    use crate::report::sample;

    #[test]
    fn deadlines_are_counted_from_the_first_sign() {
        let first = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        assert_eq!(end_of_months(first, 2), NaiveDate::from_ymd_opt(2026, 6, 1));
        // The first sign of the sample is ten hours before 22:14 UTC of 7 March.
        let shown = markdown(&sample::report());
        assert!(shown.contains("| sipgate | 90 days | fetch before 2026-06-05 |"), "{shown}");
        assert!(shown.contains("Time: from 2026-02-28 12:14 to 2026-03-14 23:34 UTC."), "{shown}");
        assert!(shown.contains("`+881835211000`"), "{shown}");
    }

    #[test]
    fn nothing_found_is_still_a_request() {
        let mut report = sample::report();
        report.incidents.clear();
        let shown = markdown(&report);
        assert!(shown.contains("fill in the time that you ask about"), "{shown}");
        assert!(
            !shown.contains("addresses above") && !shown.contains("sipgate"),
            "nothing is there: {shown}"
        );
    }

    #[test]
    fn whoever_was_given_the_secret_is_named() {
        let mut report = sample::report();
        let mut finding = report.findings[0].clone();
        (finding.id, finding.subject) = ("secrets-downloaded", Untrusted::from("198.51.100.77"));
        report.findings.push(finding);
        let call =
            DisputedCall { sip_call_id: Some("dd72bb@198.51.100.88".into()), ..DisputedCall::default() };
        report.dispute = Some(Dispute { calls: vec![call], ..Dispute::default() });
        let shown = markdown(&report);
        assert!(shown.contains("198.51.100.77") && shown.contains("198.51.100.88"), "{shown}");
    }
}
