//! Zones: offsets from UTC, from the bundled database or a compiled zone file (RFC 8536, TZif).

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{Offset, TimeZone as _};
use chrono_tz::Tz;

use super::calendar::DAY;
use super::fields::Fields;

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

    /// Gives the same data another name.
    pub(super) fn renamed(&self, name: String) -> Self {
        ZoneFile { name, data: self.data.clone() }
    }

    fn offset_at(&self, utc_seconds: i64) -> i32 {
        let zone = self.data.as_ref();
        match zone.find_local_time_type(utc_seconds) {
            Ok(local) => local.ut_offset(),
            // Data without a rule for the time after its last transition: that transition stays.
            Err(_) => {
                let last =
                    zone.transitions().last().map_or(0, tz::timezone::Transition::local_time_type_index);
                zone.local_time_types().get(last).map_or(0, tz::LocalTimeType::ut_offset)
            }
        }
    }
}
