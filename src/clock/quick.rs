//! The two commonest stamps of Asterisk's logs, read in one step each.
//!
//! Every line begins with a stamp, so these two (the built-in `%b %e %T`, and `%F %T`, which FreePBX
//! sets) decide how long a large log takes. What they do not take, the general way may.

use crate::event::Stamp;

use super::calendar;
use super::fields::pair;
use super::names;

/// A whole format that is read in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quick {
    /// `2026-11-20 13:07:59`, with this byte between date and time.
    DateAndClock(u8),
    /// `Nov  9 02:13:07`.
    MonthAndClock,
}

impl Quick {
    /// Reads a stamp at the start of `bytes` and returns it with the number of bytes it takes.
    #[inline]
    pub(super) fn read(self, bytes: &[u8]) -> Option<(Stamp, usize)> {
        match self {
            Quick::DateAndClock(between) => {
                let stamp = date_and_clock(bytes.first_chunk()?, between)?;
                Some((stamp, 19))
            }
            Quick::MonthAndClock => Some((month_and_clock(bytes.first_chunk()?)?, 15)),
        }
    }
}

fn date_and_clock(bytes: &[u8; 19], between: u8) -> Option<Stamp> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, found, h1, h2, b':', n1, n2, b':', s1, s2] = *bytes
    else {
        return None;
    };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let second = second_of_day([h1, h2, n1, n2, s1, s2])?;
    if found != between || year == 0 {
        return None;
    }
    stamp(year as i16, month, day, second)
}

fn month_and_clock(bytes: &[u8; 15]) -> Option<Stamp> {
    let [m1, m2, m3, b' ', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *bytes else { return None };
    let month = names::english([m1, m2, m3])?;
    // The day is padded with a space.
    let day = pair(if d1 == b' ' { b'0' } else { d1 }, d2)?;
    stamp(0, u32::from(month), day, second_of_day([h1, h2, n1, n2, s1, s2])?)
}

fn second_of_day([h1, h2, n1, n2, s1, s2]: [u8; 6]) -> Option<u32> {
    let (hour, minute, second) = (pair(h1, h2)?, pair(n1, n2)?, pair(s1, s2)?);
    (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

fn stamp(year: i16, month: u32, day: u32, second: u32) -> Option<Stamp> {
    let (month, day) = (month as u8, day as u8);
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let exists = day <= 28 || day <= calendar::month_length(i32::from(year), month);
    exists.then_some(Stamp { year, month, day, second, micros: 0, offset_minutes: None })
}
