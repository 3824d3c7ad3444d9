//! Days and dates of the Gregorian calendar, without a library call per record.

use crate::event::Stamp;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Returns the days from 1970-01-01 to a date.
pub(super) fn days(year: i32, month: u8, day: u8) -> i64 {
    // The year is taken to begin in March, which puts the leap day at its end.
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns year, month and day of a day counted from 1970-01-01.
pub(super) fn date(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}

/// Returns whether a year has a February 29.
pub(super) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the days of a month; February has 29 where the year is not known (0).
pub(super) fn month_length(year: i32, month: u8) -> u8 {
    match month {
        2 if year == 0 || is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns a stamp's seconds since 1970 as if its clock showed UTC, its year given.
pub(super) fn local_seconds(stamp: &Stamp, year: i32) -> i64 {
    days(year, stamp.month, stamp.day) * DAY + i64::from(stamp.second)
}

/// Builds the stamp of a local time.
pub(super) fn stamp_of(local_seconds: i64, micros: u32) -> Stamp {
    let (year, month, day) = date(local_seconds.div_euclid(DAY));
    Stamp {
        year: i16::try_from(year).unwrap_or(0),
        month,
        day,
        second: local_seconds.rem_euclid(DAY) as u32,
        micros,
        offset_minutes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2026, 11, 20), 20_777);
        for day in (-200_000..200_000).step_by(7) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
            assert!(of_month <= month_length(year, month));
        }
    }
}
