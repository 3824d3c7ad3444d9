//! Time as a record writes it, and time as the case counts it.

use serde::Serialize;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// One second, in the unit of [`Instant`].
    pub const SECOND: i64 = 1_000_000;

    /// Builds an instant from whole seconds since the epoch.
    pub fn from_seconds(seconds: i64) -> Self {
        Instant(seconds.saturating_mul(Self::SECOND))
    }

    /// Returns the whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// Returns `self` moved by `seconds`.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Instant(self.0.saturating_add(seconds.saturating_mul(Self::SECOND)))
    }

    /// Returns the seconds from `earlier` to `self`, rounded down.
    pub fn seconds_since(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(Self::SECOND)
    }
}

/// How an instant was worked out from its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The record carries an offset or an epoch.
    Exact,
    /// The zone is the evidence's own, or was given.
    ZoneKnown,
    /// The zone is an assumption.
    ZoneAssumed,
    /// The year is an assumption or worked out from neighbours.
    YearWorkedOut,
}

/// A wall-clock time as written in a record: no zone, perhaps no year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Calendar year, or 0 where the record has none.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Seconds since local midnight, 0 to 86,400 (a leap second counts as its successor).
    pub second: u32,
    /// Microseconds within the second.
    pub micros: u32,
    /// Minutes east of UTC, where the record itself says so.
    pub offset_minutes: Option<i16>,
}
