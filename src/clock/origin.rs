//! Where the zone of the evidence is told.
//!
//! Asterisk writes local time by `/etc/localtime` and looks at no `TZ` variable. On most systems that is
//! a link to `/usr/share/zoneinfo/AREA/CITY`; a copy of a disk keeps its text, though not its target.
//! Some systems and some copies have a file there instead: compiled zone data, or the text of the link.
//! `/etc/timezone` (Debian) and `/etc/sysconfig/clock` (Red Hat) name the zone as well, but nothing keeps
//! them in step.

use std::sync::Arc;

use crate::evidence::{Evidence, Source};

use super::calendar::DAY;
use super::zone::{Zone, ZoneFile};

/// Compiled zone files have a few kilobytes.
const LARGEST_ZONE_FILE: usize = 256 * 1024;

/// Where a zone came from, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneOrigin {
    /// `--tz`.
    Given,
    /// A file or link of the evidence, by its path.
    Evidence(String),
    /// Records that tell both their local time and the instant.
    Ties,
    /// Nothing tells: UTC is an assumption.
    Assumed,
}

/// The text given as a zone names none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}: no known zone; wanted is a name like America/Chicago, UTC, or an offset like +02:00")]
pub struct UnknownZone {
    /// As given.
    pub text: String,
}

impl Zone {
    /// Finds the zone of the evidence; `given` stands over all.
    pub fn from_evidence(
        evidence: &Evidence,
        given: Option<&str>,
    ) -> Result<(Zone, ZoneOrigin), UnknownZone> {
        FoundZone::find(evidence, given).map(|found| (found.zone, found.origin))
    }
}

/// A zone, where it came from, and what speaks against it.
#[derive(Clone, Debug)]
pub(super) struct FoundZone {
    pub(super) zone: Zone,
    pub(super) origin: ZoneOrigin,
    pub(super) notes: Vec<String>,
}

impl FoundZone {
    /// Finds the zone, with a sentence for every contradiction.
    pub(super) fn find(evidence: &Evidence, given: Option<&str>) -> Result<Self, UnknownZone> {
        if let Some(text) = given {
            let zone = Zone::from_text(text).ok_or_else(|| UnknownZone { text: text.to_owned() })?;
            return Ok(FoundZone { zone, origin: ZoneOrigin::Given, notes: Vec::new() });
        }
        Ok(Self::below(evidence, ""))
    }

    /// Finds the zone that files of the paths with a prefix tell.
    fn below(evidence: &Evidence, prefix: &str) -> Self {
        let mut notes = Vec::new();
        let used = used_by_the_system(evidence, prefix, &mut notes);
        let named = named_by_a_file(evidence, prefix, &mut notes);
        match (used, named) {
            (Some((zone, path)), named) => FoundZone {
                zone: compare(zone, &path, named, &mut notes),
                origin: ZoneOrigin::Evidence(path),
                notes,
            },
            (None, Some((zone, path))) => FoundZone { zone, origin: ZoneOrigin::Evidence(path), notes },
            (None, None) => FoundZone { zone: Zone::UTC, origin: ZoneOrigin::Assumed, notes },
        }
    }

    /// Finds the zone of each of several roots, as its own files tell it: they may be disks of different
    /// machines. A root whose files tell none has the zone of the case.
    pub(super) fn of_roots(&self, evidence: &Evidence) -> Vec<FoundZone> {
        if evidence.roots.len() < 2 || self.origin == ZoneOrigin::Given {
            return Vec::new();
        }
        let own = |root| Self::below(evidence, &evidence.prefix(root));
        let each = (0..evidence.roots.len()).map(own);
        each.map(|own| if own.origin == ZoneOrigin::Assumed { self.clone() } else { own }).collect()
    }
}

/// Reads `etc/localtime`: a link, zone data, or the text of a link.
fn used_by_the_system(evidence: &Evidence, prefix: &str, notes: &mut Vec<String>) -> Option<(Zone, String)> {
    if let Some(link) = evidence.link_ending(prefix, "etc/localtime") {
        if let Some(zone) = zone_of_path(&link.target) {
            return Some((zone, link.path.clone()));
        }
        notes.push(format!("{}: points to no zone that is known", link.path));
    }
    let source = evidence.source_ending(prefix, "etc/localtime")?;
    let path = source.file.path.clone();
    let bytes = contents(evidence, source);
    let zone = match ZoneFile::from_bytes(&bytes, &path) {
        Some(file) => Some(Zone::File(Arc::new(file))),
        None => std::str::from_utf8(&bytes).ok().and_then(zone_of_path),
    };
    if zone.is_none() {
        notes.push(format!("{path}: neither zone data nor the name of a zone that is known"));
    }
    zone.map(|zone| (zone, path))
}

/// Reads the files that name the zone in words.
fn named_by_a_file(evidence: &Evidence, prefix: &str, notes: &mut Vec<String>) -> Option<(Zone, String)> {
    for end in ["etc/timezone", "etc/sysconfig/clock", "etc/TIMEZONE"] {
        let Some(source) = evidence.source_ending(prefix, end) else { continue };
        let path = source.file.path.clone();
        let text = String::from_utf8_lossy(&contents(evidence, source)).into_owned();
        match text.lines().take(200).find_map(zone_of_line) {
            Some(zone) => return Some((zone, path)),
            None => notes.push(format!("{path}: names no zone that is known")),
        }
    }
    None
}

fn contents(evidence: &Evidence, source: &Source) -> Vec<u8> {
    evidence.read_small(source, LARGEST_ZONE_FILE).unwrap_or_else(|_| source.head.clone())
}

/// Takes the zone's name out of `.../zoneinfo/Area/City`, also below `posix/` or `right/`.
fn zone_of_path(path: &str) -> Option<Zone> {
    let path = path.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    let (_, name) = path.rsplit_once("zoneinfo/")?;
    let name = name.strip_prefix("posix/").or(name.strip_prefix("right/")).unwrap_or(name);
    Zone::from_text(name)
}

/// Reads `America/Bogota`, `ZONE="America/Bogota"` or `TZ=:America/Bogota`.
fn zone_of_line(line: &str) -> Option<Zone> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let value = match line.split_once('=') {
        Some(("TZ" | "ZONE" | "TIMEZONE", value)) => value,
        Some(_) => return None,
        None => line,
    };
    let value = value.trim().trim_matches(['"', '\'']).trim_start_matches(':');
    zone_of_path(value).or_else(|| Zone::from_text(&value.replace(' ', "_")))
}

/// Returns the zone that the system uses, named by the other file where both are the same.
fn compare(zone: Zone, path: &str, named: Option<(Zone, String)>, notes: &mut Vec<String>) -> Zone {
    let Some((other, other_path)) = named else { return zone };
    if !is_alike(&zone, &other) {
        notes.push(format!(
            "{other_path} says {} but {path} says {}: the latter counts, as Asterisk uses it",
            other.name(),
            zone.name()
        ));
        return zone;
    }
    match &zone {
        Zone::File(file) => Zone::File(Arc::new(file.renamed(other.name()))),
        _ => zone,
    }
}

/// Returns whether two zones have had the same offsets since 2010, looked at once a fortnight.
fn is_alike(left: &Zone, right: &Zone) -> bool {
    const FROM: i64 = 1_262_304_000;
    const STEPS: i64 = 26 * 20;
    (0..STEPS).all(|step| {
        let instant = FROM + step * 14 * DAY;
        left.offset_at(instant) == right.offset_at(instant)
    })
}
