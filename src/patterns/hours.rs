//! Hours: far more calls than in such hours before, and calls while nobody works.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pattern, Thresholds};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// 1970 began on a Thursday.
const FIRST_WEEKDAY: i64 = 3;
/// Days of calls before which there is no average.
const LEAST_DAYS: usize = 3;
/// Hours told.
const MOST_HOURS: usize = 20;

pub(super) fn patterns(thresholds: &Thresholds) -> Vec<Box<dyn Pattern + '_>> {
    vec![Box::new(Busy::new(thresholds)), Box::new(OffHours::new(thresholds))]
}

/// Hours with far more costly calls than the average hour of the days before.
struct Busy<'t> {
    thresholds: &'t Thresholds,
    first_day: Option<i64>,
    hours: BTreeMap<i64, Shown>,
}

impl<'t> Busy<'t> {
    fn new(thresholds: &'t Thresholds) -> Self {
        Busy { thresholds, first_day: None, hours: BTreeMap::new() }
    }
}

impl Pattern for Busy<'_> {
    fn take(&mut self, call: &OutCall) {
        self.first_day.get_or_insert(call.local.div_euclid(DAY));
        if call.is_costly {
            self.hours.entry(call.local.div_euclid(HOUR)).or_default().add(call);
        }
    }

    fn tell(&mut self, _: &Names) -> Vec<Observation> {
        let thresholds = self.thresholds;
        let first_day = self.first_day.unwrap_or(0);
        let mut told = Vec::new();
        let mut before = 0u64;
        let mut by_day: BTreeMap<i64, u64> = BTreeMap::new();
        let mut today = i64::MIN;
        for (hour, these) in &self.hours {
            let day = hour.div_euclid(24);
            if day != today {
                // Only whole days before this one make the average.
                before = by_day.values().sum();
                today = day;
            }
            let days = (day - first_day).max(0) as u64;
            let count = these.count;
            *by_day.entry(day).or_default() += count;
            let is_known = days >= LEAST_DAYS as u64;
            // The average hour: all calls before over all hours before.
            let is_above = count.saturating_mul(100).saturating_mul(days * 24)
                > before.saturating_mul(thresholds.hour_above_average);
            if is_known && is_above && count >= thresholds.hour_least_calls && told.len() < MOST_HOURS {
                let what = format!("{count} costly calls in an hour; {before} in the {days} days before");
                let threshold = format!(
                    "above {} percent of the average hour, from {} calls on",
                    thresholds.hour_above_average, thresholds.hour_least_calls
                );
                let subject = "all accounts";
                told.push(Observation::of("busy-hour", Level::Warning, subject, what, threshold, these));
            }
        }
        told
    }
}

/// Costly calls at night, on weekends and holidays, by account.
struct OffHours<'t> {
    thresholds: &'t Thresholds,
    holidays: BTreeSet<i64>,
    found: BTreeMap<(u32, &'static str), Shown>,
}

impl<'t> OffHours<'t> {
    fn new(thresholds: &'t Thresholds) -> Self {
        let holidays = thresholds
            .holidays
            .iter()
            .filter_map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
            .map(|day| day.signed_duration_since(NaiveDate::default()).num_days())
            .collect();
        OffHours { thresholds, holidays, found: BTreeMap::new() }
    }
}

impl Pattern for OffHours<'_> {
    fn take(&mut self, call: &OutCall) {
        let when = Some(call).filter(|call| call.is_costly);
        if let Some(what) = when.and_then(|call| off_hour(call.local, self.thresholds, &self.holidays)) {
            self.found.entry((call.account, what)).or_default().add(call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let thresholds = self.thresholds;
        let told = self.found.iter().filter(|(_, these)| these.count >= thresholds.off_hours_calls);
        let told = told.filter_map(|((_, what), these)| {
            let account = names.account(these.first.as_ref()?);
            let words = format!("{} costly calls {what}, site time", these.count);
            let threshold = format!(
                "night from {} to {} o'clock, {} days given as holidays, from {} calls on",
                thresholds.night_from,
                thresholds.night_to,
                self.holidays.len(),
                thresholds.off_hours_calls
            );
            Some(Observation::of("off-hours", Level::Warning, account, words, threshold, these))
        });
        told.collect()
    }
}

fn off_hour(local: i64, thresholds: &Thresholds, holidays: &BTreeSet<i64>) -> Option<&'static str> {
    let day = local.div_euclid(DAY);
    let hour = local.rem_euclid(DAY) / HOUR;
    if holidays.contains(&day) {
        return Some("on a holiday");
    }
    if (day + FIRST_WEEKDAY).rem_euclid(7) >= 5 {
        return Some("on a weekend");
    }
    let (from, to) = (i64::from(thresholds.night_from), i64::from(thresholds.night_to));
    let is_night = if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to };
    is_night.then_some("at night")
}

#[cfg(test)]
mod tests {
    use super::super::{Made, call, told};
    use super::*;

    /// Monday, 2 March 2026, midnight.
    const MONDAY: i64 = 1_772_409_600;

    #[test]
    fn night_weekend_and_holiday_are_told_apart() {
        let thresholds = Thresholds { holidays: vec!["2026-03-03".to_owned()], ..Thresholds::default() };
        let holidays = BTreeSet::from([20_515]);
        let told = |hours: i64| off_hour(MONDAY + hours * HOUR, &thresholds, &holidays);
        assert_eq!(told(10), None);
        assert_eq!(told(3), Some("at night"));
        assert_eq!(told(22), Some("at night"));
        assert_eq!(told(24 + 10), Some("on a holiday"));
        assert_eq!(told(5 * 24 + 10), Some("on a weekend"));
        assert_eq!(told(7 * 24 + 10), None);
    }

    #[test]
    fn an_hour_is_held_against_the_days_before() {
        let mut list: Vec<OutCall> =
            (0..5).map(|day| call(MONDAY + day * DAY + 10 * HOUR, 60, 0, 33_142_685_300)).collect();
        list.extend((0..8).map(|at| call(MONDAY + 5 * DAY + 3 * HOUR + at, 60, 0, 252_610_000_001)));
        let thresholds = Thresholds::default();
        let busy = |list: &[OutCall]| {
            let made = Made { list: list.to_vec(), ..Made::default() };
            told(vec![Box::new(Busy::new(&thresholds))], &made)
        };
        let all = busy(&list);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].what, "8 costly calls in an hour; 5 in the 5 days before");
        assert!(busy(&list[5..]).is_empty(), "no days before");
    }
}
