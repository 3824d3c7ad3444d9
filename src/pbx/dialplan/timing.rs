//! When an include or a branch holds: `09:00-17:00,mon-fri,*,*[,zone]`.
//!
//! Facts relied on: the parts are parted by `|` or `,`; `&` joins ranges; ranges go round (`fri-mon`,
//! `22:00-06:00`), each part for itself, so that a night from Friday does not reach into Saturday; the last
//! minute belongs to the range; names have three letters, numbers count from 1 (Sunday, January); what cannot
//! be read counts for nothing (`main/pbx_timing.c`, `ast_build_timing`).

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A moment by the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Minutes since midnight.
    pub minute: u32,
    /// 0 for Sunday.
    pub weekday: u32,
    /// 1 to 31.
    pub day: u32,
    /// 1 to 12.
    pub month: u32,
}

impl Moment {
    /// Returns the moment of a local time in seconds since 1970.
    pub fn of_local(seconds: i64) -> Option<Self> {
        use chrono::{Datelike, Timelike};
        let local = chrono::DateTime::from_timestamp(seconds, 0)?.naive_utc();
        Some(Moment {
            minute: local.hour() * 60 + local.minute(),
            weekday: local.weekday().num_days_from_sunday(),
            day: local.day(),
            month: local.month(),
        })
    }
}

/// The times at which something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    times: String,
    weekdays: u32,
    days: u32,
    months: u32,
    /// The zone that the times are of, where it is not the server's.
    pub zone: Option<String>,
}

impl Timing {
    /// Reads a specification.
    pub fn new(text: &str) -> Self {
        let sign = if text.contains('|') { '|' } else { ',' };
        let mut parts = text.split(sign);
        let mut next = || parts.next().unwrap_or("*");
        let (times, weekdays, days, months) = (next(), next(), next(), next());
        Timing {
            times: times.to_owned(),
            weekdays: mask(weekdays, 7, &WEEKDAYS),
            days: mask(days, 31, &[]),
            months: mask(months, 12, &MONTHS),
            zone: parts.next().map(|zone| zone.trim().to_owned()).filter(|zone| !zone.is_empty()),
        }
    }

    /// Returns whether it holds always.
    pub fn is_always(&self) -> bool {
        let all = [(self.weekdays, 7), (self.days, 31), (self.months, 12)];
        matches!(self.times.trim(), "*" | "") && all.iter().all(|(mask, count)| *mask == (1 << count) - 1)
    }

    /// Returns whether it holds at a moment of its zone.
    pub fn holds(&self, at: Moment) -> bool {
        let has = |mask: u32, index: u32| mask.checked_shr(index).is_some_and(|mask| mask & 1 == 1);
        has(self.weekdays, at.weekday)
            && has(self.days, at.day.wrapping_sub(1))
            && has(self.months, at.month.wrapping_sub(1))
            && self.holds_minute(at.minute)
    }

    fn holds_minute(&self, minute: u32) -> bool {
        if matches!(self.times.trim(), "*" | "") {
            return true;
        }
        self.times.split('&').any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            match (minute_of(first), minute_of(last)) {
                (Some(first), Some(last)) if first <= last => (first..=last).contains(&minute),
                (Some(first), Some(last)) => minute >= first || minute <= last,
                _ => false,
            }
        })
    }
}

/// What makes a specification hold at other times than it seems to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeFault {
    /// A part cannot be read: it holds never.
    Unread,
    /// The hours go over midnight on some weekdays only: those after midnight belong to the next day.
    OverMidnight,
}

/// Returns what is wrong with a specification.
pub(in crate::pbx) fn fault(text: &str) -> Option<TimeFault> {
    let sign = if text.contains('|') { '|' } else { ',' };
    let mut parts = text.split(sign).map(str::trim);
    let mut next = || parts.next().unwrap_or("*");
    let (times, weekdays, days, months) = (next(), next(), next(), next());
    // What a variable holds is not known here; and what has no hours where they belong is no limit of times at all.
    let has_times = !matches!(times, "*" | "");
    if text.contains("${") || (has_times && !times.contains(':')) {
        return None;
    }
    let is_read = |text: &str, count: u32, names: &[&str]| {
        let mut ends = text.split('&').flat_map(|range| range.split('-'));
        matches!(text, "*" | "") || ends.all(|end| index(end, count, names).is_some())
    };
    let is_read_time = |range: &str| range.split('-').all(|end| minute_of(end).is_some());
    let all = is_read(weekdays, 7, &WEEKDAYS) && is_read(days, 31, &[]) && is_read(months, 12, &MONTHS);
    if !all || (has_times && !times.split('&').all(is_read_time)) {
        return Some(TimeFault::Unread);
    }
    let is_over_midnight = |range: &str| {
        let ends = range.split_once('-').and_then(|(first, last)| minute_of(first).zip(minute_of(last)));
        // Until 00:00 is until the end of the day but for one minute.
        ends.is_some_and(|(first, last)| first > last && last > 0)
    };
    let is_limited = mask(weekdays, 7, &WEEKDAYS) != (1 << 7) - 1;
    (is_limited && has_times && times.split('&').any(is_over_midnight)).then_some(TimeFault::OverMidnight)
}

fn minute_of(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let minutes = hour.parse::<u32>().ok()?.checked_mul(60)?.checked_add(minute.parse::<u32>().ok()?)?;
    (minutes < DAY_MINUTES).then_some(minutes)
}

/// Reads the ranges of weekdays, days or months into one bit each.
fn mask(text: &str, count: u32, names: &[&str]) -> u32 {
    let text = text.trim();
    if matches!(text, "*" | "") {
        return (1 << count) - 1;
    }
    let mut mask = 0;
    for range in text.split('&') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (Some(mut at), Some(last)) = (index(first, count, names), index(last, count, names)) else {
            continue;
        };
        mask |= 1 << last;
        while at != last {
            mask |= 1 << at;
            at = (at + 1) % count;
        }
    }
    mask
}

fn index(text: &str, count: u32, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| text.trim().eq_ignore_ascii_case(name));
    let number = || text.trim().parse::<u32>().ok()?.checked_sub(1).filter(|index| *index < count);
    named.map(|index| index as u32).or_else(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Zone;

    /// What a running Asterisk on a server in UTC answered.
    #[test]
    fn times_hold_as_asterisk_says() {
        let mut reader = csv::ReaderBuilder::new()
            .from_reader(&include_bytes!("../../../testdata/dialplan/timings.csv")[..]);
        let mut seen = 0;
        for row in reader.records().map(Result::unwrap) {
            let timing = Timing::new(&row[0]);
            let zone = timing.zone.as_deref().map_or(Zone::UTC, |zone| Zone::from_text(zone).unwrap());
            let utc: i64 = row[1].parse().unwrap();
            let at = Moment::of_local(utc + i64::from(zone.offset_at(utc))).unwrap();
            assert_eq!(timing.holds(at), &row[3] == "1", "{} at {}", &row[0], &row[2]);
            seen += 1;
        }
        assert!(seen > 20, "{seen}");
        for (text, expected) in [
            ("09:00-17:00|mon-fri|*|*", None),
            ("17:02-08:00,mon-fri,*,*", Some(TimeFault::OverMidnight)),
            ("22:00-06:00,*,*,*", None),
            ("18:00-00:00,fri,*,*", None),
            ("09:00-24:00,mon-fri,*,*", Some(TimeFault::Unread)),
            ("09:00-17:00,monday-friday,*,*", Some(TimeFault::Unread)),
            ("*,*,24,december", Some(TimeFault::Unread)),
            ("${HOURS},mon-fri,*,*", None),
            ("*,*,*,*,Europe/Madrid", None),
            ("", None),
            ("type=friend,host=dynamic", None),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
        assert!(Timing::new("*,*,*,*").is_always() && !Timing::new("*,mon,*,*").is_always());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_timing(text in "[0-9:a-z*|,& -]{0,30}", seconds in proptest::num::i64::ANY) {
            let timing = Timing::new(&text);
            if let Some(at) = Moment::of_local(seconds) {
                let _ = timing.holds(at);
            }
        }
    }
}
