//! Files of the host that were written within seconds of an intruder's requests.
//!
//! A copy that did not keep the times of files has them all from one hour: then nothing can be told, and
//! nothing is.

use super::Show;
use crate::artifacts::place;
use crate::event::{Citation, Instant, Place};
use crate::evidence::Kind;
use crate::reconstruct::web;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// So soon after a request a file is written that its page writes, in seconds.
const AFTER_SECONDS: i64 = 120;
/// Stamps are cut to the second.
const BEFORE_SECONDS: i64 = 2;
/// Findings that are shown one by one.
const MOST_SHOWN: usize = 50;

/// Yields one finding for each file of the host or of the configuration that was written then.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let Some(door) = web::find(world) else { return Vec::new() };
    let mut orders: Vec<Instant> = door.orders.iter().map(|(at, _)| *at).collect();
    let attacks = world.web.attacks.iter().filter(|((address, _), _)| door.addresses.contains_key(address));
    orders.extend(attacks.filter_map(|(_, attack)| attack.reached).flat_map(|(first, last)| [first, last]));
    orders.sort_unstable();
    let files: Vec<_> = world
        .told
        .iter()
        .map(|told| told.source)
        .filter(|source| {
            matches!(source.kind, Kind::Artifact | Kind::Configuration | Kind::HostFile | Kind::PanelFile)
        })
        .collect();
    let written: Vec<_> =
        files.iter().filter_map(|source| Some((source, after(&orders, source.file.modified?)?))).collect();
    if written.len() * 2 > files.len() {
        return Vec::new();
    }
    let findings = written.into_iter().take(MOST_SHOWN).map(|(source, seconds)| {
        let path = place::on_disk(&source.file.placed);
        let whole = Place { source: source.id, offset: 0, line: 0 };
        let text = source.file.modified.and_then(|at| chrono::DateTime::from_timestamp_micros(at.0));
        let text = text.map_or_else(String::new, |at| format!("(written at {} UTC)", at.format("%Y-%m-%d %H:%M:%S")));
        Finding {
            id: "changed-during-intrusion",
            severity: Severity::High,
            subject: Untrusted::from(path.as_ref()),
            title: format!("{} was written while the intruder was in", visible(&path)),
            detail: format!(
                "Its time is {seconds} s after a request of the intruder's. Touching a file is enough for that: compare \
                 what it says with a backup."
            ),
            remedy: "Compare it with a backup from before the intrusion, and put that back.".into(),
            // MITRE ATT&CK: Stored Data Manipulation.
            attack: vec!["T1565.001"],
            evidence: show(&Citation::new(whole, text.as_bytes())).into_iter().collect(),
        }
    });
    findings.collect()
}

/// Returns how many seconds before an instant the last request came, if that is soon enough.
fn after(orders: &[Instant], at: Instant) -> Option<i64> {
    let end = orders.partition_point(|order| *order <= at.plus_seconds(BEFORE_SECONDS));
    let before = orders.get(..end)?.last()?;
    let seconds = at.seconds_since(*before);
    (seconds <= AFTER_SECONDS).then_some(seconds.max(0))
}
