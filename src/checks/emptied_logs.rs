//! Logs that somebody may have emptied, and lines that are missing from them.
//!
//! Intruders truncate the logs of the web server and of logins, delete them, or take the lines of their own requests
//! out (`sed -i '/restapps/d'`). A log that was just rotated is empty as well, and a service that was stopped writes
//! nothing; so a log has to be silent for much longer than it ever was, while others of the host go on. A page that
//! failed stands in the log of errors, and its request must stand in the log of requests.

use std::collections::BTreeMap;

use super::{Show, marks};
use crate::event::{Citation, Instant, Place};
use crate::reconstruct::world::{Told, World};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// A log with fewer records has no pace.
const FEWEST: u64 = 50;
/// Silent for as long as this many records take, and for so many seconds.
const PACES: i64 = 200;
const LEAST_SECONDS: i64 = 2 * 86_400;
/// Findings of one kind.
const MOST_TOLD: usize = 20;
/// What the log is called that an intruder clears.
const TELLING: [&str; 14] = [
    "secure",
    "auth.log",
    "messages",
    "syslog",
    "access_log",
    "access.log",
    "ssl_access_log",
    "error_log",
    "error.log",
    "full",
    "security",
    "fail2ban.log",
    "freepbx_security.log",
    "audit.log",
];

/// One log: what its files tell together.
struct Log<'w> {
    /// A file of it, for the proof: the one that reaches furthest.
    newest: &'w Told<'w>,
    records: u64,
    first: Instant,
    last: Instant,
    /// Is the file there that the service writes to?
    has_live: bool,
}

/// Yields one finding for each log that may have been emptied, and one for requests that are missing.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let logs = logs(world);
    let emptied = logs.iter().filter(|(name, log)| is_emptied(world, name, log, &logs));
    let mut findings: Vec<Finding> =
        emptied.map(|(name, log)| emptied_log(name, log, world, show)).take(MOST_TOLD).collect();
    findings.extend(missing_requests(world, show));
    findings
}

fn logs<'w>(world: &'w World<'w>) -> BTreeMap<&'w str, Log<'w>> {
    let mut logs: BTreeMap<&str, Log<'_>> = BTreeMap::new();
    for told in &world.told {
        let name = told.family.rsplit('/').next().unwrap_or_default();
        let (Some(first), Some(last)) = (told.ledger.first, told.ledger.last) else { continue };
        if !TELLING.contains(&name) || told.source.duplicate_of.is_some() {
            continue;
        }
        let is_live = told.source.file.path == told.family;
        let records: u64 = told.ledger.spans.values().map(|(records, _)| records).sum();
        let log = logs.entry(&told.family).or_insert(Log {
            newest: told,
            records: 0,
            first,
            last,
            has_live: false,
        });
        if last > log.last {
            log.newest = told;
        }
        log.records += records;
        (log.first, log.last) = (log.first.min(first), log.last.max(last));
        log.has_live |= is_live;
    }
    logs
}

/// Returns whether the file that a log goes on in is empty or gone, long after the log should have had more.
fn is_emptied(world: &World<'_>, name: &str, log: &Log<'_>, logs: &BTreeMap<&str, Log<'_>>) -> bool {
    let is_empty = world.artifacts.empty_logs.iter().any(|path| path == name);
    // That one file was not copied is no sign; where its neighbours in the folder were, it is.
    let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let has_neighbour =
        || logs.iter().any(|(other, beside)| beside.has_live && folder(other) == folder(name));
    let is_gone = || !log.has_live && has_neighbour();
    let Some(end) = world.last.filter(|_| log.records >= FEWEST && !log.has_live) else { return false };
    let pace = log.last.seconds_since(log.first) / i64::try_from(log.records).unwrap_or(i64::MAX).max(1);
    let quiet = end.seconds_since(log.last);
    quiet >= LEAST_SECONDS && quiet / PACES >= pace && (is_empty || is_gone())
}

fn emptied_log(name: &str, log: &Log<'_>, world: &World<'_>, show: &Show<'_>) -> Finding {
    let is_empty = world.artifacts.empty_logs.iter().any(|path| path == name);
    let (state, what) = if is_empty { ("is empty", "emptied") } else { ("is gone", "deleted") };
    let days = world.last.map_or(0, |end| end.seconds_since(log.last) / 86_400);
    let path = visible(name);
    let told = format!("its last record is of {}; {path} {state}", marks::utc(log.last));
    let place = Place { source: log.newest.source.id, offset: 0, line: 0 };
    Finding {
        id: "log-emptied",
        severity: Severity::Medium,
        subject: Untrusted::from(name),
        title: format!("The log {path} {state} and may have been {what}"),
        detail: format!(
            "Its older files end with a record of {}; other logs of the host go on for {days} days after that, which is far \
             longer than it was ever silent. A service that was stopped, or a full disk, leaves the same.",
            marks::utc(log.last)
        ),
        remedy: "Keep the disk as it is: what was deleted may still be read from it. Look for copies at a syslog server, in \
                 the journal and in backups, and do not take the silence for peace."
            .into(),
        // MITRE ATT&CK: Indicator Removal: Clear Linux or Mac System Logs.
        attack: vec!["T1070.002"],
        evidence: show(&Citation::new(place, told.as_bytes())).into_iter().collect(),
    }
}

/// Yields one finding for pages that failed for somebody of whom the log of requests has no line at all.
fn missing_requests(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let requests: Vec<&Told<'_>> = world.told.iter().filter(|told| told.ledger.web.has_requests).collect();
    if requests.iter().any(|told| told.ledger.host.beyond > 0) {
        return None;
    }
    let is_covered = |at: Instant| {
        let covers = |told: &&&Told<'_>| {
            let (first, last) = (told.ledger.first, told.ledger.last);
            first.is_some_and(|first| first <= at) && last.is_some_and(|last| at <= last)
        };
        requests.iter().any(|told| covers(&told))
    };
    let missing = world.web.failed.iter().filter(|(address, (at, _))| {
        let asked = world.visitors.get(*address).map_or(0, |visitor| visitor.requests);
        asked == 0 && is_covered(*at) && world.neighbours.is_outside(**address)
    });
    let missing: Vec<_> = missing.collect();
    let (address, _) = missing.first()?;
    let more = missing.len() - 1;
    let whose = if more == 0 { address.to_string() } else { format!("{address} and {more} more") };
    Some(Finding {
        id: "log-lines-missing",
        severity: Severity::Medium,
        subject: Untrusted::from(whose.as_str()),
        title: "Requests are missing from the web server's log".into(),
        detail: format!(
            "The log of errors tells of pages that failed in the database for {whose}; the log of requests covers that \
             time and has no line of them. Somebody may have taken the lines out, or a site's own log was not copied."
        ),
        remedy: "See which log each site writes to (CustomLog, access_log); if it is one of those here, somebody could \
                 write there: look for copies at a proxy, a syslog server and in backups."
            .into(),
        // MITRE ATT&CK: Indicator Removal: Clear Linux or Mac System Logs.
        attack: vec!["T1070.002"],
        evidence: missing.iter().take(3).filter_map(|(_, (_, line))| show(line)).collect(),
    })
}
