//! Turning stamps into instants, in the order of one source.
//!
//! A clock that is turned back shows an hour twice, and a stamp without a year shows every date again
//! each year: both can only be told from the records that stand before.

use crate::event::{Instant, Resolution, Stamp};

use super::calendar::{self, DAY};
use super::zone::{LocalTime, Zone};

/// Zones change their offsets at full quarters of an hour.
const QUARTER: i64 = 900;
/// Records of several threads stand in nearly the right order; a larger step back is a fold.
const JITTER: i64 = 15 * 60;
/// Once the clock was turned back, only a record this near to that moment can be of the first pass.
const SHORT_JITTER: i64 = 5;
/// Clocks are corrected by less than this; a larger step back in a log without years is a new year.
const LARGEST_CORRECTION: i64 = 7 * DAY;

/// A stamp and its instant are no further apart: zones reach from -12 to +14 hours.
const FURTHEST_APART: i64 = 2 * DAY;

/// The years that a source without years may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Years {
    /// The year of its first record.
    pub(super) first: i32,
    /// The last year that it may reach.
    pub(super) last: i32,
}

impl Years {
    /// Returns whether a year is one of them.
    pub(super) fn has(self, year: i32) -> bool {
        (self.first..=self.last).contains(&year)
    }
}

/// Turns stamps into instants, in the order of one source.
#[derive(Clone, Debug)]
pub struct Resolver {
    zone: Zone,
    zone_resolution: Resolution,
    years: Years,
    /// The year that the source has reached.
    year: i32,
    /// The last local time, where stamps have no year.
    last_local: Option<i64>,
    /// The last instant, in seconds.
    last_instant: Option<i64>,
    today: Day,
    quarter: Option<Quarter>,
}

/// The last date that was turned into days.
#[derive(Clone, Copy, Debug)]
struct Day {
    year: i32,
    month: u8,
    day: u8,
    midnight: i64,
}

/// What holds for a whole local quarter of an hour.
#[derive(Clone, Copy, Debug)]
struct Quarter {
    number: i64,
    earlier: i64,
    later: i64,
}

impl Resolver {
    pub(super) fn new(zone: Zone, zone_resolution: Resolution, years: Years) -> Self {
        Resolver {
            zone,
            zone_resolution,
            years,
            year: years.first,
            last_local: None,
            last_instant: None,
            today: Day { year: 1970, month: 1, day: 1, midnight: 0 },
            quarter: None,
        }
    }

    /// Turns the next stamp of the source into an instant, and says how.
    pub fn resolve(&mut self, stamp: &Stamp) -> Option<(Instant, Resolution)> {
        let year = self.year_in_order(stamp)?;
        let local = self.local_seconds(stamp, year);
        let (seconds, resolution) = match stamp.offset_minutes {
            Some(minutes) => (local - i64::from(minutes) * 60, Resolution::Exact),
            None => self.by_zone(local, self.last_instant),
        };
        self.last_instant = Some(seconds);
        if stamp.year == 0 {
            self.last_local = Some(local);
        }
        Some(finish(stamp, seconds, resolution))
    }

    /// Turns a stamp into an instant without regard to order, as for the start of a call record.
    ///
    /// Call records stand in the order of their end, so their start may step back by hours: the doubled
    /// hour is then its first pass, and a missing year the one nearest to the records before. Nothing begins
    /// before its channel was made, which the record's id may tell: then the doubled hour is its second pass.
    pub fn resolve_unordered(
        &mut self,
        stamp: &Stamp,
        not_before: Option<Instant>,
    ) -> Option<(Instant, Resolution)> {
        let year = match i32::from(stamp.year) {
            0 => self.nearest_year(stamp)?,
            year => year,
        };
        let local = self.local_seconds(stamp, year);
        let (seconds, resolution) = match stamp.offset_minutes {
            Some(minutes) => (local - i64::from(minutes) * 60, Resolution::Exact),
            None => self.by_zone(local, not_before.map(Instant::seconds)),
        };
        Some(finish(stamp, seconds, resolution))
    }

    /// Takes note of a record that tells its instant itself: it settles year and fold for what follows.
    pub fn observe(&mut self, exact: Instant, stamp: &Stamp) {
        let seconds = exact.seconds();
        let year = match i32::from(stamp.year) {
            0 => year_near(stamp, seconds, FURTHEST_APART),
            year => Some(year),
        };
        // What a record tells may be an attacker's: it moves a log on by a year at most.
        let Some(year) = year.filter(|year| stamp.year != 0 || self.is_next(*year)) else { return };
        let local = calendar::local_seconds(stamp, year);
        if local.abs_diff(seconds) > FURTHEST_APART.unsigned_abs() {
            return;
        }
        if stamp.year == 0 {
            self.year = year;
            self.years.last = self.years.last.max(year);
            self.last_local = Some(local);
        }
        self.last_instant = Some(seconds);
    }

    fn is_next(&self, year: i32) -> bool {
        (self.years.first..=self.years.last.max(self.year + 1)).contains(&year)
    }

    /// Returns the year of a stamp that follows the ones before.
    fn year_in_order(&mut self, stamp: &Stamp) -> Option<i32> {
        if stamp.year != 0 {
            return Some(i32::from(stamp.year));
        }
        if !is_date(stamp) {
            return None;
        }
        let local = self.local_seconds(stamp, self.year);
        let last = self.last_local.unwrap_or(local);
        if local > last + LARGEST_CORRECTION {
            // A thread that was slower at New Year writes the old year's last line after the new one's first.
            let before = self.local_seconds(stamp, self.year - 1);
            if (last - JITTER..last).contains(&before) {
                return Some(self.year - 1);
            }
        }
        let is_new_year = local < last - LARGEST_CORRECTION && self.year < self.years.last;
        let least = self.year + i32::from(is_new_year);
        // A log may be silent for years, but only a leap year has a February 29.
        let exists = |year: i32| stamp.day <= calendar::month_length(year, stamp.month);
        self.year = (least..=self.years.last).find(|&year| exists(year)).unwrap_or(least);
        Some(self.year)
    }

    fn nearest_year(&mut self, stamp: &Stamp) -> Option<i32> {
        if !is_date(stamp) {
            return None;
        }
        let near = self.last_instant.and_then(|seconds| year_near(stamp, seconds, i64::MAX));
        Some(near.unwrap_or(self.year))
    }

    fn local_seconds(&mut self, stamp: &Stamp, year: i32) -> i64 {
        let today = self.today;
        if (today.year, today.month, today.day) != (year, stamp.month, stamp.day) {
            let midnight = calendar::days(year, stamp.month, stamp.day) * DAY;
            self.today = Day { year, month: stamp.month, day: stamp.day, midnight };
        }
        self.today.midnight + i64::from(stamp.second)
    }

    /// Returns the instant of a local time, in seconds, given the instant of the record before.
    fn by_zone(&mut self, local: i64, last_instant: Option<i64>) -> (i64, Resolution) {
        let number = local.div_euclid(QUARTER);
        let (earlier, later) = match self.quarter {
            Some(quarter) if quarter.number == number => (local - quarter.earlier, local - quarter.later),
            _ => {
                self.quarter = self.look_up(number);
                match self.zone.candidates(local) {
                    LocalTime::One(instant) => (instant, instant),
                    LocalTime::Fold { earlier, later } => (earlier, later),
                    LocalTime::Gap { before, .. } => {
                        return (before, self.zone_resolution.max(Resolution::ZoneAssumed));
                    }
                }
            }
        };
        let is_second_pass = earlier != later
            && last_instant.is_some_and(|last| {
                let was_turned_back = i64::from(self.zone.offset_at(last)) == local - later;
                earlier < last - if was_turned_back { SHORT_JITTER } else { JITTER }
            });
        (if is_second_pass { later } else { earlier }, self.zone_resolution)
    }

    /// Looks up a quarter of an hour, if the same holds for its first and its last second.
    fn look_up(&self, number: i64) -> Option<Quarter> {
        let first = number * QUARTER;
        let last = first + QUARTER - 1;
        let offsets = |local| match self.zone.candidates(local) {
            LocalTime::One(instant) => Some((local - instant, local - instant)),
            LocalTime::Fold { earlier, later } => Some((local - earlier, local - later)),
            LocalTime::Gap { .. } => None,
        };
        let (earlier, later) = offsets(first)?;
        (offsets(last)? == (earlier, later)).then_some(Quarter { number, earlier, later })
    }
}

fn finish(stamp: &Stamp, seconds: i64, resolution: Resolution) -> (Instant, Resolution) {
    let resolution = if stamp.year == 0 { Resolution::YearWorkedOut } else { resolution };
    let Instant(micros) = Instant::from_seconds(seconds);
    (Instant(micros.saturating_add(i64::from(stamp.micros))), resolution)
}

fn is_date(stamp: &Stamp) -> bool {
    (1..=12).contains(&stamp.month) && (1..=31).contains(&stamp.day)
}

/// Returns the year in which a stamp without one lies nearest to an instant, within `most` seconds.
pub(super) fn year_near(stamp: &Stamp, seconds: i64, most: i64) -> Option<i32> {
    if !is_date(stamp) {
        return None;
    }
    let (around, ..) = calendar::date(seconds.div_euclid(DAY));
    (around - 1..=around + 1)
        .map(|year| (calendar::local_seconds(stamp, year).abs_diff(seconds), year))
        .min()
        .filter(|(distance, _)| i64::try_from(*distance).is_ok_and(|distance| distance <= most))
        .map(|(_, year)| year)
}
