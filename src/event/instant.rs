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

/// An instant in seven bytes, for what there may be a million of: a thousand years before 1970 and behind. A date
/// further off, which only a broken or a forged record has, becomes the first or the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortInstant([u8; 7]);

impl From<Instant> for ShortInstant {
    fn from(Instant(microseconds): Instant) -> Self {
        const FURTHEST: i64 = i64::MAX >> 8;
        let [_, bytes @ ..] = microseconds.clamp(-FURTHEST, FURTHEST).to_be_bytes();
        ShortInstant(bytes)
    }
}

impl From<ShortInstant> for Instant {
    fn from(ShortInstant([a, b, c, d, e, f, g]): ShortInstant) -> Self {
        // The shift brings the sign back.
        Instant(i64::from_be_bytes([a, b, c, d, e, f, g, 0]) >> 8)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(at: Instant) -> Instant {
        ShortInstant::from(at).into()
    }

    proptest! {
        #[test]
        fn a_short_instant_is_the_instant_for_a_thousand_years(
            seconds in -36_000_000_000_i64..36_000_000_000,
            micros in 0..Instant::SECOND,
        ) {
            let at = Instant(seconds * Instant::SECOND + micros);
            prop_assert_eq!(back(at), at);
        }
    }

    #[test]
    fn what_lies_further_off_keeps_its_side() {
        let (first, last) = (back(Instant(i64::MIN)), back(Instant(i64::MAX)));
        assert!(
            first < Instant::from_seconds(-36_000_000_000) && Instant::from_seconds(36_000_000_000) < last
        );
    }
}
