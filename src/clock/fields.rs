//! What a stamp says, field by field, while it is read.

use crate::event::Stamp;

use super::calendar;

/// The fields of a stamp; each is in its range, but the date as a whole is not yet checked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    /// 0 where not told.
    pub(super) year: i16,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) day_of_year: u16,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) micros: u32,
    pub(super) offset_minutes: Option<i16>,
    is_afternoon: Option<bool>,
    epoch: Option<i64>,
}

impl Fields {
    /// Builds the stamp, if the fields make a date that exists.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        if let Some(epoch) = self.epoch {
            let stamp = calendar::stamp_of(epoch, self.micros);
            return Some(Stamp { offset_minutes: Some(0), ..stamp });
        }
        let (month, day) = self.month_and_day()?;
        let hour = match self.is_afternoon {
            // Noon and midnight are 12 of their half of the day.
            Some(is_afternoon) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
            None => self.hour,
        };
        Some(Stamp {
            year: self.year,
            month,
            day,
            second: hour * 3_600 + self.minute * 60 + self.second,
            micros: self.micros,
            offset_minutes: self.offset_minutes,
        })
    }

    fn month_and_day(&self) -> Option<(u8, u8)> {
        if self.month != 0 && self.day != 0 {
            let fits = self.day <= 28 || self.day <= calendar::month_length(i32::from(self.year), self.month);
            return fits.then_some((self.month, self.day));
        }
        if self.day_of_year == 0 || self.year == 0 {
            return None;
        }
        let first = calendar::days(i32::from(self.year), 1, 1);
        let (year, month, day) = calendar::date(first + i64::from(self.day_of_year) - 1);
        (year == i32::from(self.year)).then_some((month, day))
    }

    /// Reads `YYYY-MM-DD`.
    pub(super) fn read_date(&mut self, bytes: &[u8]) -> Option<usize> {
        let bytes = bytes.first_chunk::<10>()?;
        let century = pair(bytes[0], bytes[1])?;
        let year = pair(bytes[2], bytes[3])?;
        let month = pair(bytes[5], bytes[6])?;
        let day = pair(bytes[8], bytes[9])?;
        let fits = bytes[4] == b'-' && bytes[7] == b'-' && month.wrapping_sub(1) < 12;
        if !fits || day.wrapping_sub(1) >= 31 || (century, year) == (0, 0) {
            return None;
        }
        self.year = (century * 100 + year) as i16;
        self.month = month as u8;
        self.day = day as u8;
        Some(10)
    }

    /// Reads `HH:MM:SS`.
    pub(super) fn read_clock(&mut self, bytes: &[u8]) -> Option<usize> {
        let bytes = bytes.first_chunk::<8>()?;
        let hour = pair(bytes[0], bytes[1])?;
        let minute = pair(bytes[3], bytes[4])?;
        let second = pair(bytes[6], bytes[7])?;
        if bytes[2] != b':' || bytes[5] != b':' || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        (self.hour, self.minute, self.second) = (hour, minute, second);
        Some(8)
    }

    /// Reads `AM`, `pm`, `a. m.` and the like.
    pub(super) fn read_half_of_day(&mut self, bytes: &[u8]) -> Option<usize> {
        const FORMS: [(&[u8], bool); 6] = [
            (b"am", false),
            (b"pm", true),
            (b"a.m.", false),
            (b"p.m.", true),
            (b"a. m.", false),
            (b"p. m.", true),
        ];
        let (form, is_afternoon) = FORMS.iter().find(|(form, _)| {
            bytes.get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form))
        })?;
        self.is_afternoon = Some(*is_afternoon);
        Some(form.len())
    }

    /// Reads `+0100`, `+01:00`, `+01` or `Z`.
    pub(super) fn read_offset(&mut self, bytes: &[u8]) -> Option<usize> {
        let sign = match bytes.first()? {
            b'Z' => {
                self.offset_minutes = Some(0);
                return Some(1);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let two = |at: usize| pair(*bytes.get(at)?, *bytes.get(at + 1)?);
        let hours = two(1)?;
        let (minutes, length) = match (bytes.get(3), two(3), two(4)) {
            (Some(b':'), _, Some(minutes)) => (minutes, 6),
            (_, Some(minutes), _) => (minutes, 5),
            _ => (0, 3),
        };
        // No zone was ever further from UTC than 15 hours and a half.
        if hours > 15 || minutes > 59 {
            return None;
        }
        self.offset_minutes = Some(sign * (hours * 60 + minutes) as i16);
        Some(length)
    }

    /// Reads the short name of a zone; `UTC`, `GMT` and names that are numbers tell the offset.
    pub(super) fn read_zone_name(&mut self, bytes: &[u8]) -> Option<usize> {
        if matches!(bytes.first()?, b'+' | b'-') {
            return self.read_offset(bytes);
        }
        let length = bytes.iter().take(7).take_while(|byte| byte.is_ascii_alphabetic()).count();
        // POSIX: three letters at least; two are the half of the day.
        let name = bytes.get(..length).filter(|_| (3..=6).contains(&length))?;
        if matches!(name, b"UTC" | b"GMT") {
            self.offset_minutes = Some(0);
        }
        Some(length)
    }

    /// Reads whole seconds since 1970, of 9 to 11 digits: from 1973 on.
    pub(super) fn read_epoch(&mut self, bytes: &[u8]) -> Option<usize> {
        let length = bytes.iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
        if !(9..=11).contains(&length) {
            return None;
        }
        let digits = bytes.get(..length)?;
        self.epoch = Some(digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')));
        Some(length)
    }

    /// Reads `digits` digits of a fraction of the second, or all of up to nine that are there.
    pub(super) fn read_fraction(&mut self, bytes: &[u8], digits: Option<u8>) -> Option<usize> {
        let most = digits.map_or(9, usize::from);
        let length = bytes.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || digits.is_some_and(|_| length < most) {
            return None;
        }
        let mut micros = 0;
        for place in 0..6 {
            let digit = bytes.get(place).filter(|_| place < length).map_or(0, |digit| digit - b'0');
            micros = micros * 10 + u32::from(digit);
        }
        self.micros = micros;
        Some(length)
    }
}

/// Reads a number of two digits.
pub(super) fn pair(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}
