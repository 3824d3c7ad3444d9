//! A stamp of any common log form, for lines whose format nobody has told.

use crate::event::Stamp;

use super::fields::Fields;
use super::names;

/// Reads a stamp of any common log form at the start of `bytes`, and how many bytes it takes.
///
/// That is `Nov  4 18:30:40` of syslog (padded or not, with a year before or after the day or after the
/// time, a weekday before it), RFC 3339 and its looser forms, `04/Nov/2026:18:30:40 +0100` of web servers.
pub fn any_stamp(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let mut reading = Reading { bytes, at: 0, fields: Fields::default() };
    if bytes.first()?.is_ascii_digit() {
        reading.dated_by_number()?;
    } else {
        reading.dated_by_name()?;
    }
    Some((reading.fields.stamp()?, reading.at))
}

/// Adds the fraction of a second that stands behind a stamp of `used` bytes, if one does.
pub fn with_fraction(stamp: Stamp, used: usize, bytes: &[u8]) -> Option<(Stamp, usize)> {
    let [b'.' | b',', after @ ..] = bytes.get(used..)? else { return None };
    let mut fields = Fields::default();
    let length = fields.read_fraction(after, None)?;
    Some((Stamp { micros: fields.micros, ..stamp }, used + 1 + length))
}

struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Fields,
}

impl<'a> Reading<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: Option<usize>) -> Option<()> {
        self.at += length?;
        Some(())
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<()> {
        let fits = self.rest().first().is_some_and(|byte| wanted.contains(byte));
        self.take(fits.then_some(1))
    }

    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let rest = self.rest();
        let length = rest.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if !(least..=most).contains(&length) {
            return None;
        }
        self.at += length;
        Some(rest.iter().take(length).fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn month_name(&mut self) -> Option<()> {
        let (month, length) = names::month(self.rest())?;
        self.fields.month = month;
        self.at += length;
        Some(())
    }

    fn day(&mut self) -> Option<()> {
        self.fields.day = self.number(1, 2).filter(|day| (1..=31).contains(day))? as u8;
        Some(())
    }

    fn year(&mut self) -> Option<()> {
        self.fields.year = self.number(4, 4).filter(|&year| year > 0)? as i16;
        Some(())
    }

    /// `2026-11-04T18:30:40.123+01:00`, `2026/11/04 18:30:40`, `04/Nov/2026:18:30:40 +0100`.
    fn dated_by_number(&mut self) -> Option<()> {
        let rest = self.rest();
        if rest.get(4).is_some_and(|byte| matches!(byte, b'-' | b'/' | b' ')) {
            self.year()?;
            self.one_of(b"-/ ")?;
            if rest.get(5).is_some_and(u8::is_ascii_digit) {
                self.fields.month = self.number(1, 2).filter(|month| (1..=12).contains(month))? as u8;
            } else {
                self.month_name()?;
            }
            self.one_of(b"-/ ")?;
            let _ = self.one_of(b" ");
            self.day()?;
            self.one_of(b" T")?;
        } else {
            self.day()?;
            self.one_of(b"/- ")?;
            self.month_name()?;
            self.one_of(b"/- ")?;
            self.year()?;
            self.one_of(b": ")?;
        }
        self.clock()?;
        self.zone();
        Some(())
    }

    /// `Nov  4 18:30:40`, `Nov  4 2026 18:30:40`, `Wed Nov  4 18:30:40 2026`.
    fn dated_by_name(&mut self) -> Option<()> {
        if names::month(self.rest()).is_none() {
            self.take(Some(names::letters(self.rest())).filter(|&length| length > 0))?;
            let _ = self.one_of(b",");
            self.one_of(b" ")?;
        }
        self.month_name()?;
        self.one_of(b" ")?;
        let _ = self.one_of(b" ");
        self.day()?;
        let _ = self.one_of(b",");
        self.one_of(b" ")?;
        let has_year = self.rest().get(4) == Some(&b' ');
        if has_year {
            self.year()?;
            self.one_of(b" ")?;
        }
        self.clock()?;
        if !has_year {
            self.year_after_time();
        }
        Some(())
    }

    fn clock(&mut self) -> Option<()> {
        let length = self.fields.read_clock(self.rest());
        self.take(length)?;
        if let [b'.' | b',', after @ ..] = self.rest()
            && let Some(length) = self.fields.read_fraction(after, None)
        {
            self.at += 1 + length;
        }
        Some(())
    }

    /// A year of this century and no longer number: what follows a syslog stamp is a host's name.
    fn year_after_time(&mut self) {
        let before = self.at;
        let is_year = self.one_of(b" ").is_some()
            && self.rest().starts_with(b"20")
            && self.rest().get(4).is_none_or(|&byte| matches!(byte, b' ' | b']' | b':' | b'\n'))
            && self.year().is_some();
        if !is_year {
            self.at = before;
        }
    }

    fn zone(&mut self) {
        let is_apart = matches!(self.rest(), [b' ', b'+' | b'-', ..]);
        let rest = self.rest().get(usize::from(is_apart)..).unwrap_or_default();
        // A number after a space is a zone only in its full form.
        let wanted = if is_apart { 5..=6 } else { 1..=6 };
        let mut fields = self.fields;
        if let Some(length) = fields.read_offset(rest).filter(|length| wanted.contains(length)) {
            self.fields = fields;
            self.at += usize::from(is_apart) + length;
        }
    }
}
