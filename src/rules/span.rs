//! Spans of time and hours of the day, as rules write them.

/// The longest window, in days: a larger one is a slip of the pen.
const MOST_DAYS: i64 = 400;

/// Reads `90s`, `5m`, `1h`, `2d` into seconds.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(each).filter(|seconds| *seconds <= MOST_DAYS * 86_400)
}

/// Hours of the day, in minutes since midnight: from the first up to the last, over midnight where the last is
/// the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    from: u16,
    to: u16,
}

impl Hours {
    /// Reads `07:00-19:00`.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let hours = Hours { from: minute(from.trim())?, to: minute(to.trim())? };
        // Neither no hour at all nor every hour can be meant.
        (hours.from % 1_440 != hours.to % 1_440).then_some(hours)
    }

    /// Returns whether a time of day lies in them, given in seconds since midnight.
    pub(super) fn holds(self, second: i64) -> bool {
        let minute = second.div_euclid(60).rem_euclid(1_440) as u16;
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_time = hour < 24 && minute < 60 || (hour, minute) == (24, 0);
    is_time.then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        let read = ["90s", "5m", "1h", "2d"].map(seconds);
        assert_eq!(read, [Some(90), Some(300), Some(3_600), Some(172_800)]);
        for wrong in ["", "m", "5", "0m", "-5m", "5 m", "1.5h", "5w", "500d", "9223372036854775807d", "5é"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hours_may_pass_midnight() {
        let at = |text: &str, hour: i64| Hours::from_text(text).map(|hours| hours.holds(hour * 3_600));
        assert_eq!(at("07:00-19:00", 7), Some(true));
        assert_eq!(at("07:00-19:00", 19), Some(false));
        assert_eq!(at("22:00-06:00", 23), Some(true));
        assert_eq!(at("22:00-06:00", 6), Some(false));
        assert_eq!(at("18:00-24:00", 23), Some(true));
        for wrong in ["7-19", "07:00", "25:00-06:00", "07:60-08:00", "07:00-07:00", "00:00-24:00"] {
            assert_eq!(Hours::from_text(wrong), None, "{wrong}");
        }
    }
}
