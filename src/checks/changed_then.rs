//! Files of the host that were written within seconds of an intruder's requests.
//!
//! A copy that did not keep the times of files has them all from one hour: then nothing can be told, and
//! nothing is.

use std::collections::{BTreeMap, BTreeSet};

use super::Show;
use crate::artifacts::place;
use crate::event::{Citation, Instant, Place, SourceId};
use crate::evidence::{Kind, Source};
use crate::reconstruct::web::WebDoor;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// So soon after a request a file is written that its page writes, in seconds.
const AFTER_SECONDS: i64 = 120;
/// Stamps are cut to the second.
const BEFORE_SECONDS: i64 = 2;
/// Files that are named and shown; the rest is counted.
const MOST_SHOWN: usize = 20;

/// The files that were written then.
#[derive(Default)]
pub(super) struct Written<'w> {
    files: BTreeMap<SourceId, (&'w Source, i64)>,
}

impl<'w> Written<'w> {
    /// Finds them among the files of the host and of the configuration.
    pub(super) fn of(world: &'w World<'_>, door: Option<&WebDoor>) -> Self {
        let Some(door) = door else { return Written::default() };
        let mut orders: Vec<Instant> = door.orders.iter().map(|(at, _)| *at).collect();
        let attacks =
            world.web.attacks.iter().filter(|((address, _), _)| door.addresses.contains_key(address));
        orders
            .extend(attacks.filter_map(|(_, attack)| attack.reached).flat_map(|(first, last)| [first, last]));
        orders.sort_unstable();
        let of_host = |source: &&Source| {
            matches!(source.kind, Kind::Artifact | Kind::Configuration | Kind::HostFile | Kind::PanelFile)
        };
        let all: Vec<&Source> = world.told.iter().map(|told| told.source).filter(of_host).collect();
        let written = all.iter().filter_map(|source| {
            let seconds = after(&orders, source.file.modified?)?;
            Some((source.id, (*source, seconds)))
        });
        let files: BTreeMap<_, _> = written.collect();
        if files.len() * 2 > all.len() { Written::default() } else { Written { files } }
    }

    /// Returns how many seconds after a request of the intruder's a file was written, if it was.
    pub(super) fn seconds(&self, source: SourceId) -> Option<i64> {
        self.files.get(&source).map(|(_, seconds)| *seconds)
    }
}

/// Yields one finding for all such files that no other finding tells of as the intruder's.
pub(super) fn check(written: &Written<'_>, others: &[Finding], show: &Show<'_>) -> Option<Finding> {
    let told: BTreeSet<&str> = others.iter().map(|finding| finding.subject.raw()).collect();
    let rogue = others.iter().filter(|finding| finding.id.starts_with("rogue-"));
    let shown: BTreeSet<&str> =
        rogue.flat_map(|finding| &finding.evidence).map(|proof| proof.path.as_str()).collect();
    let is_told = |source: &Source| {
        told.contains(place::on_disk(&source.file.placed).as_ref())
            || shown.contains(source.file.path.as_str())
    };
    let (marked, bare): (Vec<_>, Vec<_>) = written.files.values().partition(|(source, _)| is_told(source));
    let (first, rest) = bare.split_at(bare.len().min(MOST_SHOWN));
    if first.is_empty() {
        return None;
    }
    let named = first.iter().map(|(source, seconds)| {
        format!("{} ({seconds} s after)", visible(&place::on_disk(&source.file.placed)))
    });
    let mut detail = format!(
        "By their times, soon after a request of the intruder's: {}",
        named.collect::<Vec<_>>().join(", ")
    );
    if !rest.is_empty() {
        detail.push_str(&format!(" and {} more", rest.len()));
    }
    detail.push_str(". Touching a file is enough for that: it does not say that anything in it was changed.");
    if !marked.is_empty() {
        detail.push_str(&format!(" {} more written then have a finding of their own.", marked.len()));
    }
    let all = bare.len() as u64;
    Some(Finding {
        id: "changed-during-intrusion",
        severity: Severity::Medium,
        subject: Untrusted::from("files of the host"),
        title: format!(
            "{} written while the intruder was in",
            if all == 1 { "1 file was".to_owned() } else { format!("{} were", counted(all, "file")) }
        ),
        detail,
        remedy: "Compare each with a backup from before the intrusion, and put that back.".into(),
        // MITRE ATT&CK: Stored Data Manipulation.
        attack: vec!["T1565.001"],
        evidence: first.iter().filter_map(|(source, _)| show(&stamp(source))).collect(),
    })
}

/// Cites a whole file by its time.
fn stamp(source: &Source) -> Citation {
    let whole = Place { source: source.id, offset: 0, line: 0 };
    let at = source.file.modified.and_then(|at| chrono::DateTime::from_timestamp_micros(at.0));
    let text =
        at.map_or_else(String::new, |at| format!("(written at {} UTC)", at.format("%Y-%m-%d %H:%M:%S")));
    Citation::new(whole, text.as_bytes())
}

/// Returns how many seconds before an instant the last request came, if that is soon enough.
fn after(orders: &[Instant], at: Instant) -> Option<i64> {
    let end = orders.partition_point(|order| *order <= at.plus_seconds(BEFORE_SECONDS));
    let before = orders.get(..end)?.last()?;
    let seconds = at.seconds_since(*before);
    (seconds <= AFTER_SECONDS).then_some(seconds.max(0))
}
