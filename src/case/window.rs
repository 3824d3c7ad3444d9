//! The span of time that the user wants looked at.
//!
//! Options give instants or local times of the case's zone. A local time that the clocks skipped is
//! refused; one that they showed twice is taken so that nothing wanted is left out, and that is said.

use chrono::{NaiveDate, NaiveDateTime};

use super::{CaseError, Options};
use crate::clock::{Clock, LocalTime, Zone};
use crate::event::Instant;
use crate::fold::Window;

/// The span, and what is to be said about how it was read.
pub(super) struct Wanted {
    pub(super) window: Window,
    pub(super) notes: Vec<String>,
}

/// What a text of an option says.
enum Given {
    Instant(Instant),
    Local(NaiveDateTime),
    Day(NaiveDate),
}

/// Reads `--since` and `--until`.
pub(super) fn read(options: &Options, clock: &Clock) -> Result<Wanted, CaseError> {
    let mut notes = Vec::new();
    let mut read = |option, text: &Option<String>, later| {
        let text = text.as_deref();
        text.map(|text| instant(option, text, clock.zone(), later, &mut notes)).transpose()
    };
    let since = read("--since", &options.since, false)?;
    let until = read("--until", &options.until, true)?;
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let text = |option: &Option<String>| option.clone().unwrap_or_default();
        return Err(CaseError::Window { since: text(&options.since), until: text(&options.until) });
    }
    Ok(Wanted { window: Window { since, until }, notes })
}

/// Reads `--clean-since`; of two instants that show the same local time, the first.
pub(super) fn clean_since(options: &Options, clock: &Clock) -> Result<Option<Instant>, CaseError> {
    let text = options.clean_since.as_deref();
    text.map(|text| instant("--clean-since", text, clock.zone(), false, &mut Vec::new())).transpose()
}

/// Turns the text of an option into an instant; of two that show the same local time, the `later`.
fn instant(
    option: &'static str,
    text: &str,
    zone: &Zone,
    later: bool,
    notes: &mut Vec<String>,
) -> Result<Instant, CaseError> {
    let given = given(text).ok_or_else(|| CaseError::Time { option, text: text.to_owned() })?;
    let (local, is_day) = match given {
        Given::Instant(instant) => return Ok(instant),
        Given::Local(local) => (local, false),
        Given::Day(day) => (day.into(), true),
    };
    let seconds = match zone.candidates(local.and_utc().timestamp()) {
        LocalTime::One(seconds) => seconds,
        // A day whose midnight was skipped begins when the clocks were turned.
        LocalTime::Gap { before, .. } if is_day => before,
        LocalTime::Gap { .. } => {
            return Err(CaseError::Skipped { option, text: text.to_owned(), zone: zone.name() });
        }
        LocalTime::Fold { earlier, later: second } => {
            let (which, seconds) = if later { ("second", second) } else { ("first", earlier) };
            notes.push(format!(
                "the clocks of {} showed {text} twice; the {which} time was taken ({option}).",
                zone.name()
            ));
            seconds
        }
    };
    let micros = i64::from(local.and_utc().timestamp_subsec_micros());
    Ok(Instant(Instant::from_seconds(seconds).0.saturating_add(micros)))
}

/// Reads RFC 3339 or one of its looser forms, a date, or a date with hours and minutes.
fn given(text: &str) -> Option<Given> {
    if let Some((stamp, used)) = crate::clock::any_stamp(text.as_bytes())
        && used == text.len()
        && stamp.year != 0
    {
        let day = NaiveDate::from_ymd_opt(i32::from(stamp.year), stamp.month.into(), stamp.day.into())?;
        let time = day.and_hms_opt(0, 0, 0)?
            + chrono::TimeDelta::seconds(stamp.second.into())
            + chrono::TimeDelta::microseconds(stamp.micros.into());
        return Some(match stamp.offset_minutes {
            None => Given::Local(time),
            Some(minutes) => Given::Instant(Instant(
                time.and_utc().timestamp_micros() - i64::from(minutes) * 60 * Instant::SECOND,
            )),
        });
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Given::Day);
    let minute = |format| NaiveDateTime::parse_from_str(text, format).ok().map(Given::Local);
    day.or_else(|| minute("%Y-%m-%d %H:%M")).or_else(|| minute("%Y-%m-%dT%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(zone: &str, text: &str, later: bool) -> Result<(i64, usize), String> {
        let mut notes = Vec::new();
        let zone = Zone::from_text(zone).unwrap();
        let read = instant("--since", text, &zone, later, &mut notes).map_err(|error| error.to_string());
        read.map(|at| (at.0, notes.len()))
    }

    fn utc(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn a_time_that_the_clocks_skipped_is_refused() {
        let refused = read_in("Europe/Berlin", "2026-03-29 02:30", false).unwrap_err();
        assert_eq!(refused, "--since 2026-03-29 02:30: the clocks of Europe/Berlin skipped that time");
        assert!(read_in("Europe/Berlin", "2026-03-29 03:00", false).is_ok());
        // Havana turns its clocks at midnight: the day begins at one.
        assert_eq!(read_in("America/Havana", "2026-03-08", false), Ok((utc("2026-03-08T05:00:00Z"), 0)));
    }

    #[test]
    fn of_a_time_that_the_clocks_showed_twice_nothing_is_left_out() {
        for (later, instant) in [(false, "2026-10-25T00:30:00Z"), (true, "2026-10-25T01:30:00Z")] {
            assert_eq!(read_in("Europe/Berlin", "2026-10-25 02:30", later), Ok((utc(instant), 1)));
        }
    }

    #[test]
    fn fractions_and_offsets_count() {
        let wanted = Ok((utc("2026-10-25T00:30:00.250Z"), 0));
        assert_eq!(read_in("Europe/Berlin", "2026-10-25T02:30:00.250+02:00", false), wanted);
        assert_eq!(read_in("UTC", "2026-10-25 00:30:00.250", true), wanted);
    }
}
