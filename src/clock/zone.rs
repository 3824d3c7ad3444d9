//! Zones: offsets from UTC, from the evidence's own files or the bundled database.
//!
//! Asterisk writes local time by `/etc/localtime` and looks at no `TZ` variable. On most systems that is
//! a link to `/usr/share/zoneinfo/AREA/CITY`; a copy of a disk keeps its text, though not its target.
//! Some systems and some copies have a file there instead: compiled zone data (RFC 8536, TZif), or the
//! text of the link. `/etc/timezone` (Debian) and `/etc/sysconfig/clock` (Red Hat) name the zone as well,
//! but nothing keeps them in step.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{Offset, TimeZone as _};
use chrono_tz::Tz;

use crate::evidence::{Evidence, Source};

use super::calendar::DAY;
use super::fields::Fields;

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

/// A zone.
#[derive(Clone, Debug)]
pub enum Zone {
    /// A zone of the bundled database.
    Named(Tz),
    /// A zone file of the evidence.
    File(Arc<ZoneFile>),
    /// Seconds east of UTC, all the time.
    Fixed(i32),
}

/// A compiled zone file of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneFile {
    name: String,
    data: tz::TimeZone,
}

/// The instants, in seconds since 1970, at which a local clock shows a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalTime {
    /// It shows it once.
    One(i64),
    /// It is turned back and shows it twice.
    Fold {
        /// The first time.
        earlier: i64,
        /// The second time.
        later: i64,
    },
    /// It is turned forward and never shows it.
    Gap {
        /// The instant by the offset that held before.
        before: i64,
        /// The instant by the offset that holds after.
        after: i64,
    },
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Fixed(0);

    /// Reads a zone's name, `UTC` or an offset like `+02:00`.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if matches!(text, "UTC" | "utc" | "Z" | "GMT") {
            return Some(Zone::UTC);
        }
        if text.starts_with(['+', '-']) {
            let mut fields = Fields::default();
            let length = fields.read_offset(text.as_bytes())?;
            let minutes = fields.offset_minutes.filter(|_| length == text.len())?;
            return Some(Zone::Fixed(i32::from(minutes) * 60));
        }
        text.parse().ok().map(Zone::Named)
    }

    /// Returns the seconds east of UTC at an instant.
    pub fn offset_at(&self, utc_seconds: i64) -> i32 {
        match self {
            Zone::Fixed(seconds) => *seconds,
            Zone::Named(zone) => chrono::DateTime::from_timestamp(utc_seconds, 0).map_or(0, |instant| {
                zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()
            }),
            Zone::File(file) => file.offset_at(utc_seconds),
        }
    }

    /// Returns the instants at which this zone's clocks show a local time.
    pub fn candidates(&self, local_seconds: i64) -> LocalTime {
        // No offset exceeds a day, and no zone changes twice within two days.
        let before = i64::from(self.offset_at(local_seconds.saturating_sub(DAY)));
        let after = i64::from(self.offset_at(local_seconds.saturating_add(DAY)));
        let by_before = local_seconds.saturating_sub(before);
        let by_after = local_seconds.saturating_sub(after);
        let holds_before = i64::from(self.offset_at(by_before)) == before;
        let holds_after = i64::from(self.offset_at(by_after)) == after;
        match (holds_before, holds_after) {
            (true, true) if by_before != by_after => {
                LocalTime::Fold { earlier: by_before.min(by_after), later: by_before.max(by_after) }
            }
            (true, _) => LocalTime::One(by_before),
            (_, true) => LocalTime::One(by_after),
            _ => LocalTime::Gap { before: by_before, after: by_after },
        }
    }

    /// Returns the zone's name, or its offset.
    pub fn name(&self) -> String {
        match self {
            Zone::Named(zone) => zone.name().to_owned(),
            Zone::File(file) => file.name.clone(),
            Zone::Fixed(0) => "UTC".to_owned(),
            Zone::Fixed(seconds) => offset_text(*seconds),
        }
    }

    /// Finds the zone of the evidence; `given` stands over all.
    pub fn from_evidence(
        evidence: &Evidence,
        given: Option<&str>,
    ) -> Result<(Zone, ZoneOrigin), UnknownZone> {
        FoundZone::find(evidence, given).map(|found| (found.zone, found.origin))
    }
}

/// Writes seconds east of UTC as `+02:00`.
pub(super) fn offset_text(seconds: i32) -> String {
    let minutes = seconds.unsigned_abs() / 60;
    let mut text = format!("{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60);
    if seconds % 60 != 0 {
        let _ = write!(text, ":{:02}", seconds.unsigned_abs() % 60);
    }
    text
}

impl ZoneFile {
    /// Reads compiled zone data.
    pub fn from_bytes(bytes: &[u8], path: &str) -> Option<Self> {
        let data = tz::TimeZone::from_tz_data(bytes).ok()?;
        let rule = bytes
            .strip_suffix(b"\n")
            .and_then(|bytes| bytes.rsplit(|&byte| byte == b'\n').next())
            .filter(|rule| rule.len() <= 64 && rule.iter().all(u8::is_ascii_graphic))
            .and_then(|rule| std::str::from_utf8(rule).ok());
        let name = match rule {
            Some(rule) if !rule.is_empty() => format!("{path} ({rule})"),
            _ => path.to_owned(),
        };
        Some(ZoneFile { name, data })
    }

    fn offset_at(&self, utc_seconds: i64) -> i32 {
        let zone = self.data.as_ref();
        match zone.find_local_time_type(utc_seconds) {
            Ok(local) => local.ut_offset(),
            // Data without a rule for the time after its last transition: that transition stays.
            Err(_) => {
                let last = zone.transitions().last().map_or(0, |last| last.local_time_type_index());
                zone.local_time_types().get(last).map_or(0, tz::LocalTimeType::ut_offset)
            }
        }
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
        let mut notes = Vec::new();
        let used = used_by_the_system(evidence, &mut notes);
        let named = named_by_a_file(evidence, &mut notes);
        Ok(match (used, named) {
            (Some((zone, path)), named) => FoundZone {
                zone: compare(zone, &path, named, &mut notes),
                origin: ZoneOrigin::Evidence(path),
                notes,
            },
            (None, Some((zone, path))) => FoundZone { zone, origin: ZoneOrigin::Evidence(path), notes },
            (None, None) => FoundZone { zone: Zone::UTC, origin: ZoneOrigin::Assumed, notes },
        })
    }
}

/// Reads `etc/localtime`: a link, zone data, or the text of a link.
fn used_by_the_system(evidence: &Evidence, notes: &mut Vec<String>) -> Option<(Zone, String)> {
    if let Some(link) = evidence.link_ending("etc/localtime") {
        if let Some(zone) = zone_of_path(&link.target) {
            return Some((zone, link.path.clone()));
        }
        notes.push(format!("{}: points to no zone that is known", link.path));
    }
    let source = evidence.source_ending("etc/localtime")?;
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
fn named_by_a_file(evidence: &Evidence, notes: &mut Vec<String>) -> Option<(Zone, String)> {
    for end in ["etc/timezone", "etc/sysconfig/clock", "etc/TIMEZONE"] {
        let Some(source) = evidence.source_ending(end) else { continue };
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
        Zone::File(file) => Zone::File(Arc::new(ZoneFile { name: other.name(), data: file.data.clone() })),
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
