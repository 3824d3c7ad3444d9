//! How far the sources reach: what begins too late, ends too early, or has a hole.

use std::collections::BTreeMap;

use super::build::Case;
use crate::event::Instant;
use crate::readers::Tells;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::{Told, earliest};
use crate::report::document::duration;
use crate::report::model::Vector;

/// A source that ends this much before the others is missing its end.
const EARLY_SECONDS: i64 = 86_400;
/// Silence between two files of one log from which a file is likely to be missing; a small office is
/// silent over a weekend.
const HOLE_SECONDS: i64 = 3 * 86_400;

/// First and last instant.
type Span = (Instant, Instant);

/// Adds what is missing in time.
pub(super) fn gaps(case: &Case<'_>, incidents: &[Incident], add: &mut dyn FnMut(&str, &str, &str)) {
    let logs = span_of(case, Tells::Server);
    let records = span_of(case, Tells::Calls);
    late_logs(case, incidents, logs, add);
    if let (Some(logs), Some(records)) = (logs, records) {
        ends(case, logs, records, add);
        if let Some(breach) = incidents.iter().map(|incident| incident.breach).min()
            && records.0 > breach.plus_seconds(EARLY_SECONDS)
        {
            add(
                &format!(
                    "The call records begin at {}, after the first use of the intruder",
                    show(case, records.0)
                ),
                "Fraudulent calls before that are missing from the list and from the sums.",
                "Look for rotated call records and backups, and ask the carrier for its records of that time.",
            );
        }
    }
    short_syslog(case, logs, records, add);
    only_rotated(case, add);
    holes(case, add);
}

/// A syslog that ends before the other evidence: who read phone files after that is not known.
fn short_syslog(
    case: &Case<'_>,
    logs: Option<Span>,
    records: Option<Span>,
    add: &mut dyn FnMut(&str, &str, &str),
) {
    let syslogs = || case.world.told.iter().filter(|told| told.source.kind.word() == "syslog");
    // Of several files the ones with the TFTP server's lines count.
    let serving = joined(syslogs().filter(|told| !told.ledger.fetches.services.is_empty()));
    let Some((_, end)) = serving.or_else(|| joined(syslogs())) else { return };
    let others = logs.map(|logs| logs.1).max(records.map(|records| records.1));
    // A stamp that stands absurdly far behind all others is no end.
    let others = others.min(case.world.last.filter(|_| case.options.until.is_none()).or(others));
    let Some(apart) = others.map(|others| others.seconds_since(end)).filter(|apart| *apart > EARLY_SECONDS)
    else {
        return;
    };
    add(
        &format!("The syslog ends at {}, {} before the other evidence", show(case, end), seconds(apart)),
        "Who fetched phone files after that, and whatever else only syslog tells, cannot be known.",
        "Copy /var/log/syslog or /var/log/messages anew with their rotations; see whether the disk was full or syslog was stopped.",
    );
}

fn span_of(case: &Case<'_>, what: Tells) -> Option<Span> {
    let has_calls = |told: &Told<'_>| what == Tells::Calls && told.ledger.rows.rows.iter().next().is_some();
    joined(case.world.told.iter().filter(|told| match told.source.kind.tells() {
        Some(Tells::Tables) => has_calls(told),
        tells => tells == Some(what),
    }))
}

/// Returns how far sources reach together, what the user's options leave out included.
fn joined<'t>(told: impl Iterator<Item = &'t Told<'t>>) -> Option<Span> {
    told.filter_map(|told| told.ledger.reach)
        .reduce(|(first, last), (other, end)| (first.min(other), last.max(end)))
}

fn show(case: &Case<'_>, at: Instant) -> String {
    case.when(at).map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M").to_string())
}

fn seconds(value: i64) -> String {
    duration(value.max(0) as u64)
}

/// Logs that do not reach back to before the attack leave its beginning in the dark: of a break-in by the web panel
/// the web server's, of all else the phone server's.
fn late_logs(
    case: &Case<'_>,
    incidents: &[Incident],
    logs: Option<Span>,
    add: &mut dyn FnMut(&str, &str, &str),
) {
    let web = joined(case.world.told.iter().filter(|told| told.source.kind.word() == "web-access-log"));
    for incident in incidents {
        let vector = incident.ways.first().map(|way| way.vector);
        let is_web = matches!(vector, Some(Vector::WebExploit | Vector::WebAdmin));
        let (name, span, lookup) = match is_web {
            true => (
                "web server's",
                web,
                "Look for older rotated logs (access_log-20260101.gz, access.log.2.gz), in backups and on a syslog server.",
            ),
            false => (
                "phone server's",
                logs,
                "Look for older rotated logs (full.1, full-20260101.gz), in backups and on a syslog server.",
            ),
        };
        let Some((begin, _)) = span else { continue };
        let before = first_sign(case, incident, is_web).seconds_since(begin);
        if before < EARLY_SECONDS {
            let what = match before {
                ..=0 => format!("The {name} logs begin with the first sign of the intruder"),
                before => format!(
                    "The {name} logs begin {} before the first sign of the intruder, not earlier",
                    seconds(before)
                ),
            };
            let why = "What led to it (scanning, guessing, an earlier use) may lie before; how long the intruder was in cannot be known.";
            add(&what, why, lookup);
        }
    }
}

/// Returns the first sign of those who had a part, where the logs tell it that are asked.
fn first_sign(case: &Case<'_>, incident: &Incident, is_web: bool) -> Instant {
    let signs = incident.actors.keys().filter_map(|address| match is_web {
        true => Some(case.world.visitors.get(address)?.first),
        false => case.world.parties.get(address)?.first(),
    });
    earliest(signs.min(), Some(incident.breach)).unwrap_or(incident.breach)
}

fn ends(case: &Case<'_>, logs: Span, records: Span, add: &mut dyn FnMut(&str, &str, &str)) {
    let apart = logs.1.seconds_since(records.1);
    if apart > EARLY_SECONDS {
        add(
            &format!("The call records end at {}, {} before the logs", show(case, records.1), seconds(apart)),
            "Calls after that are known from log lines at most: their seconds, and perhaps the calls themselves, are missing.",
            "Copy the current call records too (cdr-csv, cdr-custom, the database), and ask the carrier for its own.",
        );
    } else if -apart > EARLY_SECONDS {
        add(
            &format!("The logs end at {}, {} before the call records", show(case, logs.1), seconds(-apart)),
            "Who registered and called after that cannot be known; whether it is over cannot be told.",
            "Copy the current logs; see whether the disk was full or logging was switched off.",
        );
    }
}

/// Logs of which only rotated files are here: the one that was being written is newer than all of them. Files that are
/// named by a date say nothing of another that follows.
fn only_rotated(case: &Case<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let numbered = |told: &Told<'_>| {
        let path = &told.source.file.path;
        let rest = path.strip_prefix(told.family.as_str())?.strip_prefix('.')?;
        rest.split('.')
            .next()
            .is_some_and(|number| number.len() <= 3 && number.parse::<u16>().is_ok())
            .then_some(())
    };
    let mut families: BTreeMap<&str, bool> = BTreeMap::new();
    for told in of_server(case) {
        *families.entry(&told.family).or_insert(true) &= numbered(told).is_some();
    }
    for (family, _) in families.into_iter().filter(|(_, is_rotated)| *is_rotated) {
        add(
            &format!("{family}: only rotated files of it are here, not the one that was written last"),
            "What came after them is not known: whether it went on, and whether it is over.",
            "Copy the whole folder of logs, the file without a number as well.",
        );
    }
}

/// Returns the logs of phone servers.
fn of_server<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Told<'c>> {
    case.world.told.iter().filter(|told| told.source.kind.tells() == Some(Tells::Server))
}

/// A file of a log that is missing among its rotations.
fn holes(case: &Case<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let mut families: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for told in of_server(case) {
        if let Some(reach) = told.ledger.reach {
            families.entry(&told.family).or_default().push(reach);
        }
    }
    for (family, mut spans) in families {
        spans.sort_unstable();
        let mut end: Option<Instant> = None;
        for (first, last) in spans {
            if let Some(end) = end.filter(|end| first.seconds_since(*end) > HOLE_SECONDS) {
                add(
                    &format!("{family}: nothing between {} and {}", show(case, end), show(case, first)),
                    "What happened in that time is invisible in this log; a rotated file may be missing or was deleted.",
                    "Look for the missing rotation in backups; deleting logs is also what intruders do.",
                );
            }
            end = end.max(Some(last));
        }
    }
}
