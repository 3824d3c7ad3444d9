//! Times as carriers write them.
//!
//! Forms that can be read in one way only: ISO 8601 and its relatives with the year first, a clock of twelve hours
//! (`AM`, `PM`), RFC 2822, and epochs. Which of day and month comes first elsewhere is for the layout to say.

use chrono::{DateTime, NaiveDate};

use super::layout::DateOrder;
use crate::clock::{LocalTime, Zone};

/// A time as it stands in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Seconds since 1970 as if the clock showed UTC.
    pub(super) local: i64,
    /// Seconds east of UTC, where the text says so.
    pub(super) offset: Option<i64>,
}

impl Written {
    /// Returns the instant in seconds since 1970, by the zone where the text says none.
    ///
    /// A time that the clocks showed twice is taken for the earlier one.
    pub(super) fn instant(self, zone: Option<&Zone>) -> Option<i64> {
        if let Some(offset) = self.offset {
            return Some(self.local.saturating_sub(offset));
        }
        Some(match zone?.candidates(self.local) {
            LocalTime::One(at) => at,
            LocalTime::Fold { earlier, .. } => earlier,
            LocalTime::Gap { after, .. } => after,
        })
    }
}

/// Reads a time.
pub(super) fn read(text: &str, order: DateOrder) -> Option<Written> {
    let text = text.trim();
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let at = DateTime::parse_from_rfc2822(text).ok()?;
        let offset = i64::from(at.offset().local_minus_utc());
        return Some(Written { local: at.timestamp() + offset, offset: Some(offset) });
    }
    let (date, rest) = text.split_once([' ', 'T', 't'])?;
    let day = day(date, order)?;
    let (seconds, behind) = time_of_day(rest.trim_start())?;
    Some(Written { local: day * 86_400 + seconds, offset: zone_mark(behind.trim())? })
}

/// Reads the day, as days since 1970.
fn day(date: &str, order: DateOrder) -> Option<i64> {
    let mut parts = date.split(['-', '/', '.']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match order {
        DateOrder::Year => (first, second, third),
        DateOrder::Day => (third, second, first),
        DateOrder::Month => (third, first, second),
    };
    // Two digits for a year could be a day.
    let year: i32 = year.parse().ok().filter(|_| year.len() == 4)?;
    let date = NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() / 86_400)
}

/// Reads `02:11:07`, `02:11` or `02:11:07.123 AM`, and returns what stands behind.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|next: char| !next.is_ascii_digit() && next != ':').unwrap_or(text.len());
    let (clock, mut rest) = text.split_at(end);
    let mut parts = clock.split(':');
    let mut number = |most: i64| -> Option<i64> {
        let part = parts.next()?;
        part.parse().ok().filter(|value| (1..=2).contains(&part.len()) && (0..=most).contains(value))
    };
    let (mut hour, minute) = (number(24)?, number(59)?);
    let second = number(60).unwrap_or(0);
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|next: char| next.is_ascii_digit());
    }
    let word = rest.trim_start();
    for (mark, add) in [("AM", 0), ("PM", 12)] {
        if word.get(..2).is_some_and(|half| half.eq_ignore_ascii_case(mark)) {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + add;
            rest = word.get(2..)?;
        }
    }
    Some((hour * 3_600 + minute * 60 + second, rest))
}

/// Reads the zone behind a time: nothing, `Z`, `UTC`, `+0000`, `+05:30`; `None` for anything else.
fn zone_mark(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(Some(0));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text.get(1..)?.chars().filter(|character| *character != ':').collect();
    let is_offset = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let hours: i64 = digits.get(..2).filter(|_| is_offset)?.parse().ok()?;
    let minutes: i64 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    (hours <= 14 && minutes <= 59).then_some(Some(sign * (hours * 3_600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_794_622_267;

    #[test]
    fn every_form_of_one_instant_is_read() {
        for text in [
            "2026-11-14 02:11:07 UTC",
            "2026-11-14T02:11:07Z",
            "2026-11-14 02:11:07+00:00",
            "2026-11-14T07:41:07.25+0530",
            "2026/11/14 02:11:07 AM +00",
            "Sat, 14 Nov 2026 02:11:07 +0000",
        ] {
            assert_eq!(read(text, DateOrder::Year).unwrap().instant(None), Some(AT), "{text}");
        }
        let zone = Zone::from_text("America/New_York").unwrap();
        let at = read("2026-11-13 21:11:07", DateOrder::Year).unwrap();
        assert_eq!((at.instant(Some(&zone)), at.instant(None)), (Some(AT), None));
        let at = read("13.11.2026 09:11:07 pm", DateOrder::Day).unwrap();
        assert_eq!(at.instant(Some(&zone)), Some(AT));
        assert_eq!(read("2026/11/14 12:11:07 AM", DateOrder::Year).unwrap().local, AT - 7_200);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not() {
        for text in
            ["11/14/26 02:11:07", "11/14/2026 02:11:07", "2026-11-14", "", "02:11:07", "2026-13-01 00:00:00"]
        {
            assert_eq!(read(text, DateOrder::Year), None, "{text}");
        }
        assert_eq!(read("14/11/2026 02:11:07", DateOrder::Month), None);
        assert_eq!(read("2026-11-14 13:11:07 PM", DateOrder::Year), None);
        assert_eq!(read("2026-11-14 02:11:07 CST", DateOrder::Year), None);
    }
}
