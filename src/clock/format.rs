//! The forms that a stamp can have.
//!
//! Asterisk writes the start of a line through `ast_strftime` with the `dateformat` of `logger.conf`:
//! `strftime` with one field more, `%q` (`%1q` to `%6q`), a fraction of the second. The built-in format
//! `%b %e %T` has no year and pads the day with a space.

use crate::event::Stamp;

use super::fields::Fields;
use super::pieces::Pieces;
use super::quick::Quick;

/// A compiled date format, as Asterisk's `dateformat` or worked out from lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    pieces: Pieces,
    quick: Option<Quick>,
    fixed_length: Option<usize>,
}

impl DateFormat {
    /// Asterisk's built-in format.
    pub const DEFAULT: &'static str = "%b %e %T";

    /// Compiles a `strftime` format with Asterisk's own `%q` (fractions of a second).
    ///
    /// Returns `None` for a field that is not known, or when the fields do not tell a day.
    pub fn from_strftime(text: &str) -> Option<Self> {
        let pieces = Pieces::compile(text)?;
        pieces.tell_a_day().then(|| DateFormat {
            text: text.to_owned(),
            fixed_length: pieces.fixed_length(),
            quick: pieces.quick(),
            pieces,
        })
    }

    /// Reads a stamp at the start of `bytes` and returns it with the number of bytes it takes.
    pub fn parse(&self, bytes: &[u8]) -> Option<(Stamp, usize)> {
        if let Some(read) = self.quick.and_then(|quick| quick.read(bytes)) {
            return Some(read);
        }
        self.parse_by_fields(bytes)
    }

    fn parse_by_fields(&self, bytes: &[u8]) -> Option<(Stamp, usize)> {
        let mut fields = Fields::default();
        let used = self.pieces.read(bytes, &mut fields)?;
        Some((fields.stamp()?, used))
    }

    /// Returns the length that every stamp of this format has, if there is one.
    ///
    /// Short month names count as three letters, as the C locale has them.
    pub fn fixed_length(&self) -> Option<usize> {
        self.fixed_length
    }

    /// Returns whether a stamp of this format tells its year.
    pub fn has_year(&self) -> bool {
        self.pieces.tell_a_year()
    }

    /// Returns the format as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::any_stamp;

    fn stamp(format: &str, text: &str) -> Option<(i16, u8, u8, u32, u32, Option<i16>)> {
        let format = DateFormat::from_strftime(format)?;
        let (stamp, length) = format.parse(text.as_bytes())?;
        assert_eq!(length, text.len(), "{text}");
        Some((stamp.year, stamp.month, stamp.day, stamp.second, stamp.micros, stamp.offset_minutes))
    }

    #[test]
    fn fields_are_read() {
        let noon = 12 * 3_600;
        for (format, text, expected) in [
            ("%b %e %T", "Nov  9 12:00:00", (0, 11, 9, noon, 0, None)),
            ("%F %T", "2026-11-20 12:00:00", (2026, 11, 20, noon, 0, None)),
            ("%Y-%m-%d %H:%M:%S", "2026-11-20 12:00:00", (2026, 11, 20, noon, 0, None)),
            ("%d/%m/%Y %H:%M:%S.%3q", "19/05/2026 12:00:00.028", (2026, 5, 19, noon, 28_000, None)),
            ("%F %T.%6q %z", "2026-05-19 12:00:00.000028 -0530", (2026, 5, 19, noon, 28, Some(-330))),
            ("%D %l:%M:%S %p", "05/19/26  1:00:00 PM", (2026, 5, 19, noon + 3_600, 0, None)),
            ("%D %r", "05/19/69 12:00:00 am", (1969, 5, 19, 0, 0, None)),
            ("%A %d. %B %Y, %R%%", "Dienstag 19. März 2026, 12:00%", (2026, 3, 19, noon, 0, None)),
            ("%d %b %Y %T", "08 févr. 2026 12:00:00", (2026, 2, 8, noon, 0, None)),
            ("%Y-%j %T", "2026-032 12:00:00", (2026, 2, 1, noon, 0, None)),
            ("%s.%3q", "1794381175.250", (2026, 11, 11, 25_975, 250_000, Some(0))),
            ("%F %T %Z", "2026-11-20 12:00:00 CET", (2026, 11, 20, noon, 0, None)),
            ("%F %T", "2016-12-31 23:59:60", (2016, 12, 31, 86_400, 0, None)),
        ] {
            assert_eq!(stamp(format, text), Some(expected), "{format}");
        }
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        for (format, text) in [
            ("%F %T", "2026-02-29 12:00:00"),
            ("%F %T", "2026-13-01 12:00:00"),
            ("%F %T", "0000-00-00 00:00:00"),
            ("%F %T", "2026-11-20 24:00:00"),
            ("%b %e %T", "Nov 31 12:00:00"),
            ("%b %e %T", "Nov 3 12:00"),
        ] {
            assert_eq!(stamp(format, text), None, "{text}");
        }
        assert!(stamp("%b %e %T", "Feb 29 12:00:00").is_some());
        assert!(DateFormat::from_strftime("%T").is_none());
        assert!(DateFormat::from_strftime("%F %").is_none());
        assert!(DateFormat::from_strftime("%F %4T").is_none());
    }

    #[test]
    fn lengths_and_years_are_told() {
        let told = |text| DateFormat::from_strftime(text).map(|it| (it.fixed_length(), it.has_year()));
        assert_eq!(told("%b %e %T"), Some((Some(15), false)));
        assert_eq!(told("%F %T"), Some((Some(19), true)));
        assert_eq!(told("%d/%m/%Y %H:%M:%S.%3q"), Some((Some(23), true)));
        assert_eq!(told("%b %-d %T"), Some((None, false)));
        assert_eq!(told("%s"), Some((None, true)));
    }

    #[test]
    fn any_common_form_is_read() {
        for (text, length, second) in [
            ("Nov  4 18:30:40 pbx sshd[1]: x", 15, 66_640),
            ("Nov 4 18:30:40 pbx", 14, 66_640),
            ("Nov  4 2026 18:30:40 pbx", 20, 66_640),
            ("Wed Nov  4 18:30:40 2026", 24, 66_640),
            ("Nov  4 18:30:40 2026-pbx", 15, 66_640),
            ("2026-11-04T18:30:40.123456+01:00 pbx", 32, 66_640),
            ("2026-11-04T18:30:40Z", 20, 66_640),
            ("2026-11-04 18:30:40,123 fail2ban", 23, 66_640),
            ("2026/11/04 18:30:40 [error]", 19, 66_640),
            ("04/Nov/2026:18:30:40 +0100]", 26, 66_640),
        ] {
            let found = any_stamp(text.as_bytes()).map(|(stamp, length)| (length, stamp.second));
            assert_eq!(found, Some((length, second)), "{text}");
        }
        assert_eq!(any_stamp(b"1794381175|NONE"), None);
    }

    proptest! {
        #[test]
        fn both_ways_read_the_same(text in "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]|\
            (Nov|Feb|Sep|Apr) [ 0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]") {
            for format in ["%F %T", DateFormat::DEFAULT] {
                let format = DateFormat::from_strftime(format).expect("a known format");
                prop_assert_eq!(format.parse(text.as_bytes()), format.parse_by_fields(text.as_bytes()));
                let quick = format.quick.and_then(|quick| quick.read(text.as_bytes()));
                prop_assert!(quick.is_none() || quick == format.parse_by_fields(text.as_bytes()));
            }
        }

        #[test]
        fn any_bytes_and_formats_are_survived(format in "(%[-_0-9]?[a-zA-Z%]|[ :/T.-]){0,12}", bytes: Vec<u8>) {
            let read = DateFormat::from_strftime(&format).and_then(|format| format.parse(&bytes));
            if let Some((stamp, length)) = read {
                prop_assert!(length <= bytes.len() && stamp.second <= 86_400);
            }
            let _ = any_stamp(&bytes);
            let _ = DateFormat::detect(&[&bytes]);
        }

        #[test]
        fn nearly_right_text_is_survived(text in "[0-9A-Za-z:/+,. -]{0,40}") {
            let _ = any_stamp(text.as_bytes());
            let _ = DateFormat::detect(&[text.as_bytes()]);
        }
    }
}
