//! Logs of phone and web server that are gone after a few days, and what that costs here.
//!
//! An intruder looks around days or weeks before he calls, and the bill comes a month later. FreePBX's distribution
//! keeps a week.

use super::{Show, marks};
use crate::event::Instant;
use crate::pbx::LogRotation;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Fewer days than this are told: two weeks are what Debian keeps of a web server's logs.
const FEWEST_DAYS: u32 = 14;
/// Logs named.
const MOST_NAMED: usize = 5;
/// Lines shown.
const MOST_PROOFS: usize = 4;
/// Folders of the logs that an inquiry rests on.
const TELLING: [&str; 7] =
    ["/asterisk/", "/freeswitch/", "/httpd/", "/apache2/", "/nginx/", "/issabel/", "/elastix/"];

/// Yields at most one finding, for all such logs.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let is_telling = |path: &&String| TELLING.iter().any(|folder| path.contains(folder));
    let short = world.pbx.rotations.iter().filter(|held| held.days < FEWEST_DAYS);
    let short: Vec<(&LogRotation, Vec<&String>)> = short
        .map(|held| (held, held.logs.iter().filter(is_telling).collect::<Vec<_>>()))
        .filter(|(_, logs)| !logs.is_empty())
        .collect();
    let days = short.iter().map(|(held, _)| held.days).min()?;
    let logs: Vec<&String> = short.iter().flat_map(|(_, logs)| logs.iter().copied()).collect();
    let named: Vec<String> = logs.iter().take(MOST_NAMED).map(|path| visible(path)).collect();
    let more = logs.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let cost = begin(world, &logs).map_or_else(String::new, |first| {
        format!(" Here they begin on {}: who looked around, guessed or came in before that cannot be known from them.", marks::utc(first))
    });
    Some(Finding {
        id: "logs-kept-briefly",
        severity: Severity::Low,
        subject: Untrusted::from("rotation of logs"),
        title: format!("Logs are kept for {} only", counted(u64::from(days), "day")),
        detail: format!(
            "It is so set for {}{more}.{cost} An intruder may be in for weeks before he calls, and the carrier's bill comes \
             a month later.",
            named.join(", ")
        ),
        remedy: "Keep them for ninety days (daily, rotate 90, compress), and send them to another machine as well, where \
                 nobody who breaks in here can empty them."
            .into(),
        // MITRE ATT&CK: Impair Defenses: Indicator Blocking is its nearest.
        attack: vec!["T1562.006"],
        evidence: short.iter().filter_map(|(held, _)| show(&held.place)).take(MOST_PROOFS).collect(),
    })
}

/// Returns when the first of the logs named begins, of those that the evidence has.
fn begin(world: &World<'_>, logs: &[&String]) -> Option<Instant> {
    let folders: Vec<&str> = logs.iter().filter_map(|path| folder(path.trim_start_matches('/'))).collect();
    let is_of = |path: &str| folder(path).is_some_and(|held| folders.iter().any(|log| held.ends_with(log)));
    let told = world.told.iter().filter(|told| is_of(&told.family));
    told.filter_map(|told| told.ledger.first).min()
}

fn folder(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}
