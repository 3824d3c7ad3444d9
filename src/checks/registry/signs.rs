//! What a report says as a whole: whether there is an intrusion, whether it is over, what is missing.
//!
//! An incident of which a stranger could have written every line is no sign of anything: it leaves open what it
//! would otherwise settle.

use std::collections::BTreeSet;

use super::needs::NOTHING;
use super::{Check, CheckKind, Outcome};
use crate::report::document::counted;
use crate::report::model::{CarrierClass, Incident, Likelihood, Report, Severity, Vector, Verdict};
use crate::untrusted::Untrusted;

/// Answers of a report.
pub(super) type Ask = fn(&Report) -> Outcome;

/// So shortly before the evidence ends a sign of the intruder leaves open whether more followed.
const STILL_WARM_HOURS: i64 = 24;

#[rustfmt::skip]
const SIGNS: &[(&str, &str, &str, Ask)] = &[
    ("intrusion", "Somebody got in", "At least one intrusion succeeded.", intrusion),
    ("fraudulent-calls", "Fraudulent calls were made", "They are on the carrier's next bill.", fraudulent_calls),
    ("calls-not-on-record", "Somebody got in, and what he called is not on record", "Without call records the loss is not known, and may be running.", calls_not_on_record),
    ("calls-through-the-system", "The phone system itself placed fraudulent calls", "It can be kept from placing more; calls placed elsewhere with the trunk's secret only the carrier can stop.", through_the_system),
    ("left-behind", "Something of an intruder's lies on the machine", "It lets him in again, whatever the secrets are.", left_behind),
    ("intrusion-not-over", "The intrusion may go on", "The intruder was there less than a day before the evidence ends, or is still registered.", not_over),
    ("intruder-addresses", "Addresses of the intruder are known", "They can be shut out; that alone stops nobody who has a secret.", addresses),
    ("addresses-to-report", "Addresses can be reported to their networks", "Whoever runs the network can take the machine off; `abuse/` of a case has a report for each.", to_report),
    ("telephone-intruders", "The intruder came in by telephone", "No firewall sees that.", by_telephone),
    ("way-in-uncertain", "How they got in is not certain", "A hole may stay open that nobody thought of.", way_uncertain),
    ("rival-ways-in", "Another way in is possible too", "It has to be closed or ruled out as well.", rivals),
    ("defence-failed", "A defence was there and did not stop it", "It gives a safety that is none.", defence_failed),
    ("failed-attackers", "Others tried and got nothing", "They are the Internet's noise, unless the same party came back from elsewhere.", failed_attackers),
    ("questions-open", "Only the users of accounts can tell", "What looks odd may be honest, and the other way round.", questions),
    ("evidence-missing", "Evidence is missing", "What it would show is not known.", gaps),
    ("files-unread", "Files could not be read", "What stands in them is not known.", unread),
    ("zone-assumed", "The zone of the times is assumed", "Every time may be off by hours.", zone_assumed),
    ("limits-reached", "A limit was reached", "Something was counted and not kept.", limits),
    ("hashing-off", "The evidence was not hashed", "Nobody can show later that it is unchanged.", hashing_off),
    ("cost-unknown", "What the calls cost is not known", "No carrier's record and no rate deck was given.", cost_unknown),
    ("carrier-records-missing", "The carrier's records were not given", "Calls that never passed the phone system are not seen.", carrier_missing),
    ("carrier-tells-other-calls", "The carrier bills calls that the phone system did not make", "The trunk's secret is used elsewhere, or records were wiped.", carrier_only),
    ("calls-to-dispute", "There are calls to dispute", "The carrier can hold back payment only for a while.", to_dispute),
];

pub(super) fn checks() -> impl Iterator<Item = Check> {
    SIGNS.iter().map(|(id, title, meaning, ask)| Check {
        id,
        title,
        meaning,
        needs: vec![&NOTHING],
        settings: Vec::new(),
        kind: CheckKind::Sign(*ask),
    })
}

/// Returns incidents that records of the server's own bear out.
fn certain(report: &Report) -> impl Iterator<Item = &Incident> {
    report.incidents.iter().filter(|incident| !incident.cannot_tell)
}

/// Returns what is to be said where no incident is certain: whether there can be none.
fn without_incident(report: &Report) -> Outcome {
    if let Some(doubtful) = report.incidents.first() {
        return Outcome::not_checked(format!(
            "{}: a stranger could have written every line that speaks for it",
            doubtful.id
        ));
    }
    if report.has_calls_to_ask_about() {
        return Outcome::not_checked(
            "calls look like fraud, and what is usual here is not on record: only their account's user can tell",
        );
    }
    match (report.judged.logins, report.judged.calls) {
        (true, _) if report.judged.by_calls_alone => Outcome::not_found(
            "the calls on record, each of which its caller logged in for, show no intruder's; who only registered is in no log here",
        ),
        (true, _) => Outcome::not_found("logins that succeed are on record, and none was an intruder's"),
        (false, true) => Outcome::not_checked("no log here shows logins that succeed"),
        (false, false) => Outcome::not_checked("these files show neither logins that succeed nor calls"),
    }
}

fn intrusion(report: &Report) -> Outcome {
    let ids: Vec<&Incident> = certain(report).collect();
    match ids.as_slice() {
        [] => without_incident(report),
        [one] => Outcome::found(Severity::Critical, one.entry_in_short(), Vec::new()),
        several => Outcome::found(
            Severity::Critical,
            format!("{} succeeded", counted(several.len() as u64, "intrusion")),
            Vec::new(),
        ),
    }
}

fn fraudulent_calls(report: &Report) -> Outcome {
    let calls: u64 = certain(report).map(|incident| incident.totals.calls).sum();
    match calls {
        0 if !report.judged.calls => Outcome::not_checked("these files show no calls"),
        0 if certain(report).next().is_none() && !report.incidents.is_empty() => without_incident(report),
        0 => Outcome::not_found("calls are on record, and none was judged fraudulent"),
        some => Outcome::found(Severity::Critical, counted(some, "fraudulent call"), accounts(report)),
    }
}

fn calls_not_on_record(report: &Report) -> Outcome {
    match (certain(report).next().is_some(), report.judged.calls) {
        (true, false) => {
            Outcome::found(Severity::High, "somebody got in, and these files show no calls", Vec::new())
        }
        (true, true) => Outcome::not_found("calls are on record"),
        (false, _) => without_incident(report),
    }
}

fn through_the_system(report: &Report) -> Outcome {
    let own = certain(report).filter(|incident| incident.entry.vector != Vector::TrunkCredential);
    match own.map(|incident| incident.totals.calls).sum() {
        0 if certain(report).any(|incident| incident.totals.calls > 0) => {
            Outcome::not_found("the calls were placed elsewhere, with the trunk's secret")
        }
        0 => fraudulent_calls(report),
        some => Outcome::found(Severity::Critical, counted(some, "fraudulent call"), accounts(report)),
    }
}

/// Findings that are an intruder's own work where they are critical.
const LEFT_BEHIND: [&str; 13] = [
    "web-shell",
    "persistence-cron",
    "persistence-panel-job",
    "persistence-service",
    "persistence-startup",
    "persistence-backup-hook",
    "rogue-ssh-key",
    "rogue-dialplan",
    "unknown-host-user",
    "unknown-admin",
    "unknown-manager-user",
    "account-made-by-intruder",
    "set-user-program",
];

fn left_behind(report: &Report) -> Outcome {
    let is_his = |id: &str, severity| LEFT_BEHIND.contains(&id) && severity == Severity::Critical;
    let found: Vec<_> =
        report.findings.iter().filter(|finding| is_his(finding.id, finding.severity)).collect();
    if let Some(first) = found.first() {
        let more = found.len() - 1;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let subjects = found.iter().map(|finding| finding.subject.clone()).collect();
        return Outcome::found(Severity::Critical, format!("{}{more}", first.title), subjects);
    }
    // What cannot be looked at leaves the question open.
    let asked = LEFT_BEHIND.iter().filter_map(|id| super::find(id));
    let mut silent = asked.map(|check| check.silence(report));
    silent.find(|outcome| outcome.answer == super::Answer::NotChecked).unwrap_or_else(|| {
        Outcome::not_found("pages, jobs, keys, users, dialplan and the panel's tables were looked at")
    })
}

fn accounts(report: &Report) -> Vec<Untrusted> {
    let mut names: Vec<Untrusted> =
        certain(report).flat_map(|incident| &incident.accounts).map(|account| account.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn not_over(report: &Report) -> Outcome {
    if certain(report).next().is_none() {
        return without_incident(report);
    }
    if let Some(address) = certain(report).flat_map(|incident| &incident.still_registered).next() {
        return Outcome::found(Severity::Critical, format!("{address} is still registered"), Vec::new());
    }
    let calls = certain(report).flat_map(|incident| &incident.calls).filter_map(|call| call.end);
    let sources = certain(report).flat_map(|incident| &incident.sources).filter_map(|source| source.last);
    let callers = certain(report).flat_map(|incident| &incident.callers).filter_map(|caller| caller.last);
    let Some((last, end)) = calls.chain(sources).chain(callers).max().zip(report.case.evidence_ends) else {
        return Outcome::not_checked(
            "no record of the intruder has a time, or where the evidence ends is not known",
        );
    };
    if end.signed_duration_since(last).num_hours() < STILL_WARM_HOURS {
        return Outcome::found(
            Severity::Critical,
            "the evidence ends less than a day after the intruder's last sign",
            Vec::new(),
        );
    }
    Outcome::not_found("the evidence goes on for a day and more without a sign of the intruder")
}

fn addresses(report: &Report) -> Outcome {
    let mut all: Vec<_> =
        certain(report).flat_map(|incident| &incident.sources).map(|source| source.address).collect();
    all.sort();
    all.dedup();
    match all.len() {
        0 if certain(report).next().is_none() => without_incident(report),
        0 => Outcome::not_found("no address belongs to the intrusion"),
        some => Outcome::found(
            Severity::High,
            format!("{some} known"),
            all.into_iter().map(|address| Untrusted::from(address.to_string().as_str())).collect(),
        ),
    }
}

fn to_report(report: &Report) -> Outcome {
    match crate::report::abuse::addresses(report) {
        none if none.is_empty() => {
            Outcome::not_found("no address that attacked belongs to a network that could be told")
        }
        some => Outcome::found(
            Severity::Info,
            counted(some.len() as u64, "attacking address"),
            some.into_iter().map(|address| Untrusted::from(address.to_string().as_str())).collect(),
        ),
    }
}

fn by_telephone(report: &Report) -> Outcome {
    let numbers: Vec<Untrusted> = certain(report)
        .flat_map(|incident| &incident.callers)
        .filter_map(|caller| caller.number.clone())
        .collect();
    let is_so = certain(report).any(|incident| !incident.callers.is_empty());
    match is_so {
        true => Outcome::found(Severity::High, "callers from the telephone network", numbers),
        false if certain(report).next().is_none() => without_incident(report),
        false => Outcome::not_found("no caller from the telephone network belongs to the intrusion"),
    }
}

fn way_uncertain(report: &Report) -> Outcome {
    if certain(report).next().is_none() {
        return without_incident(report);
    }
    let is_open = |incident: &&Incident| {
        incident.entry.vector == Vector::Unknown || incident.entry.likelihood > Likelihood::Likely
    };
    match certain(report).find(is_open) {
        Some(incident) => Outcome::found(
            Severity::High,
            format!(
                "{}: {} is {}",
                incident.id,
                incident.entry.vector.word(),
                incident.entry.likelihood.word()
            ),
            Vec::new(),
        ),
        None => Outcome::not_found("the way in is likely or almost certain"),
    }
}

fn rivals(report: &Report) -> Outcome {
    if certain(report).next().is_none() {
        return without_incident(report);
    }
    let named = |is_without_ground: bool| {
        let rivals = certain(report).flat_map(|incident| &incident.entry.alternatives);
        let close = rivals.filter(|rival| rival.likelihood <= Likelihood::Possible);
        let these = close.filter(|rival| rival.is_without_ground() == is_without_ground);
        let words: BTreeSet<&str> = these.map(|rival| rival.vector.word()).collect();
        words.into_iter().collect::<Vec<_>>().join(", ")
    };
    let told = [("possible too", named(false)), ("not ruled out by this evidence", named(true))];
    let told: Vec<String> = told
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(label, words)| format!("{label}: {words}"))
        .collect();
    match told.is_empty() {
        true => Outcome::not_found("every other way is unlikely"),
        false => Outcome::found(Severity::Medium, told.join("; "), Vec::new()),
    }
}

fn defence_failed(report: &Report) -> Outcome {
    if certain(report).next().is_none() {
        return without_incident(report);
    }
    let all: Vec<_> = certain(report).flat_map(|incident| &incident.not_blocked).collect();
    let is_unknown = |verdict: Verdict| matches!(verdict, Verdict::NotChecked | Verdict::CannotTell);
    let failed: Vec<String> = all
        .iter()
        .filter(|defence| !is_unknown(defence.verdict) && defence.verdict != Verdict::CouldNotHelp)
        .map(|defence| format!("{} ({})", defence.defence, defence.verdict.word()))
        .collect();
    if let Some(first) = failed.first() {
        let more = failed.len() - 1;
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        return Outcome::found(Severity::High, format!("{first}{more}"), Vec::new());
    }
    match all.iter().find(|defence| is_unknown(defence.verdict)) {
        Some(unknown) => Outcome::not_checked(format!("{}: {}", unknown.defence, unknown.why)),
        None => Outcome::not_found("no defence could have helped"),
    }
}

fn failed_attackers(report: &Report) -> Outcome {
    match report.failed_attackers_count {
        0 if report.judged.logins => Outcome::not_found("nobody else tried"),
        0 => Outcome::not_checked("no log here shows who tries and fails"),
        some => {
            let all = report.failed_attackers.iter();
            Outcome::found(
                Severity::Info,
                if some == 1 { "one address".to_owned() } else { format!("{some} addresses") },
                all.map(|failed| Untrusted::from(failed.address.to_string().as_str())).collect(),
            )
        }
    }
}

fn questions(report: &Report) -> Outcome {
    match report.to_confirm.is_empty() {
        true => Outcome::not_found("nothing to ask"),
        false => Outcome::found(
            Severity::Low,
            counted(report.to_confirm.len() as u64 + report.to_confirm_left_out, "question"),
            report.to_confirm.iter().map(|question| question.account.clone()).collect(),
        ),
    }
}

fn gaps(report: &Report) -> Outcome {
    match report.gaps.as_slice() {
        [] => Outcome::not_found("no gap was noticed"),
        [one] => Outcome::found(Severity::Low, one.what.clone(), Vec::new()),
        [first, others @ ..] => {
            Outcome::found(Severity::Low, format!("{}; and {} more", first.what, others.len()), Vec::new())
        }
    }
}

fn unread(report: &Report) -> Outcome {
    let is_trouble =
        |why: &str| ["cannot be", "larger than", "encrypted"].iter().any(|word| why.contains(word));
    let files: Vec<Untrusted> = report
        .not_read
        .iter()
        .filter(|file| is_trouble(&file.why))
        .map(|file| Untrusted::from(file.path.as_str()))
        .collect();
    match files.len() {
        0 => Outcome::not_found("all files that are known were read"),
        some => Outcome::found(Severity::Medium, counted(some as u64, "file"), files),
    }
}

fn zone_assumed(report: &Report) -> Outcome {
    match report.case.timezone_origin.starts_with("assumed") {
        true => Outcome::found(Severity::Medium, report.case.timezone_origin.clone(), Vec::new()),
        false => Outcome::not_found(format!("{}, {}", report.case.timezone, report.case.timezone_origin)),
    }
}

fn limits(report: &Report) -> Outcome {
    match report.limits.first() {
        None => Outcome::not_found("none"),
        Some(first) => Outcome::found(Severity::Low, first.clone(), Vec::new()),
    }
}

fn hashing_off(report: &Report) -> Outcome {
    match report.hashing_off {
        true => Outcome::found(Severity::Medium, "--no-hash was given", Vec::new()),
        false => Outcome::not_found("every source has its SHA-256"),
    }
}

fn cost_unknown(report: &Report) -> Outcome {
    let calls = fraudulent_calls(report);
    if calls.answer != super::Answer::Found {
        return calls;
    }
    let without: u64 = certain(report)
        .filter(|incident| incident.loss.known.is_empty())
        .map(|incident| incident.totals.answered)
        .sum();
    match without {
        0 => Outcome::not_found("the carrier's records or a rate deck tell it"),
        some => {
            Outcome::found(Severity::Medium, format!("{} without a price", counted(some, "call")), Vec::new())
        }
    }
}

fn carrier_missing(report: &Report) -> Outcome {
    match report.reconciliation {
        None => Outcome::found(Severity::Medium, "--carrier-cdr was not given", Vec::new()),
        Some(_) => Outcome::not_found("they were given"),
    }
}

fn carrier_only(report: &Report) -> Outcome {
    let Some(reconciliation) = &report.reconciliation else {
        return Outcome::not_checked(
            "needs the carrier's call records. Export them from its portal and give them with --carrier-cdr.",
        );
    };
    let rows = &reconciliation.rows;
    match rows.iter().filter(|row| row.class == CarrierClass::CarrierOnly).count() {
        0 => Outcome::not_found("every call of the carrier's is on record here"),
        some => Outcome::found(Severity::Critical, counted(some as u64, "call"), Vec::new()),
    }
}

fn to_dispute(report: &Report) -> Outcome {
    match report.dispute.as_ref().map_or(0, |dispute| dispute.calls.len()) {
        0 => fraudulent_calls(report),
        some => Outcome::found(Severity::High, counted(some as u64, "call"), Vec::new()),
    }
}
