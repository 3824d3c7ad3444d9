//! The forms that a stamp can have.
//!
//! Asterisk writes the start of a line through `ast_strftime` with the `dateformat` of `logger.conf`:
//! `strftime` with one field more, `%q` (`%1q` to `%6q`), a fraction of the second. The built-in format
//! `%b %e %T` has no year and pads the day with a space.

use crate::event::Stamp;

use super::fields::Fields;
use super::names;

/// Longer formats are no date formats.
const LONGEST_TEXT: usize = 256;

/// A compiled date format, as Asterisk's `dateformat` or worked out from lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    pieces: Vec<Piece>,
    fixed_length: Option<usize>,
}

/// One step in reading a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// `2026-11-20`, the commonest date, in one step.
    Date,
    /// `13:07:59`, the commonest time, in one step.
    Clock,
    Number(Field, Width),
    MonthName {
        full: bool,
    },
    Weekday,
    HalfOfDay,
    Offset,
    ZoneName,
    Epoch,
    Fraction(Option<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    YearOfCentury,
    Month,
    Day,
    DayOfYear,
    Hour,
    HourOfHalf,
    Minute,
    Second,
    /// A number that tells nothing new: the week, the day of the week.
    Other(u8),
}

/// How a number is padded to its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    /// With zeros.
    Zeros,
    /// With spaces.
    Spaces,
    /// Not at all.
    Bare,
}

impl DateFormat {
    /// Asterisk's built-in format.
    pub const DEFAULT: &'static str = "%b %e %T";

    /// Compiles a `strftime` format with Asterisk's own `%q` (fractions of a second).
    ///
    /// Returns `None` for a field that is not known, or when the fields do not tell a day.
    pub fn from_strftime(text: &str) -> Option<Self> {
        let pieces = Pieces::compile(text)?;
        pieces.tells_a_day().then(|| DateFormat {
            text: text.to_owned(),
            fixed_length: pieces.fixed_length(),
            pieces: pieces.0,
        })
    }

    /// Reads a stamp at the start of `bytes` and returns it with the number of bytes it takes.
    pub fn parse(&self, bytes: &[u8]) -> Option<(Stamp, usize)> {
        let mut fields = Fields::default();
        let used = read(&self.pieces, bytes, &mut fields)?;
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
        self.pieces.iter().any(|piece| {
            matches!(piece, Piece::Date | Piece::Epoch | Piece::Number(Field::Year | Field::YearOfCentury, _))
        })
    }

    /// Returns the format as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A part of a format, compiled: a date, a time, or what stands between them.
#[derive(Clone, Debug)]
pub(super) struct Pieces(Vec<Piece>);

impl Pieces {
    /// Compiles any part of a `strftime` format.
    pub(super) fn compile(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let mut pieces = Vec::new();
        compile_into(text.as_bytes(), &mut pieces)?;
        Some(Pieces(fuse(&pieces)))
    }

    /// Reads this part at the start of `bytes` and returns how many bytes it takes.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<usize> {
        read(&self.0, bytes, &mut Fields::default())
    }

    fn tells_a_day(&self) -> bool {
        let has = |wanted: fn(&Piece) -> bool| self.0.iter().any(wanted);
        let has_month = has(|piece| {
            matches!(piece, Piece::Date | Piece::MonthName { .. } | Piece::Number(Field::Month, _))
        });
        let has_day = has(|piece| matches!(piece, Piece::Date | Piece::Number(Field::Day, _)));
        let has_day_of_year = has(|piece| matches!(piece, Piece::Number(Field::DayOfYear, _)))
            && has(|piece| matches!(piece, Piece::Number(Field::Year | Field::YearOfCentury, _)));
        has(|piece| *piece == Piece::Epoch) || (has_month && has_day) || has_day_of_year
    }

    fn fixed_length(&self) -> Option<usize> {
        self.0.iter().map(|piece| piece.length()).sum()
    }
}

impl Piece {
    fn length(self) -> Option<usize> {
        match self {
            Piece::Byte(_) => Some(1),
            Piece::Date => Some(10),
            Piece::Clock => Some(8),
            Piece::Number(_, Width::Bare) => None,
            Piece::Number(field, _) => Some(field.digits()),
            Piece::MonthName { full: false } => Some(3),
            Piece::Fraction(digits) => digits.map(usize::from),
            Piece::MonthName { full: true }
            | Piece::Weekday
            | Piece::HalfOfDay
            | Piece::Offset
            | Piece::ZoneName
            | Piece::Epoch => None,
        }
    }
}

impl Field {
    fn digits(self) -> usize {
        match self {
            Field::Year => 4,
            Field::DayOfYear => 3,
            Field::Other(digits) => usize::from(digits),
            _ => 2,
        }
    }
}

fn compile_into(text: &[u8], pieces: &mut Vec<Piece>) -> Option<()> {
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            pieces.push(Piece::Byte(byte));
            continue;
        }
        let mut width = None;
        let mut precision = None;
        let field = loop {
            match bytes.next()? {
                b'-' => width = Some(Width::Bare),
                b'_' => width = Some(Width::Spaces),
                b'0' => width = Some(Width::Zeros),
                // Other digits, other case, a colon in the zone: the reader takes them all.
                b'^' | b'#' | b'E' | b'O' | b':' => {}
                digit @ b'1'..=b'6' => precision = Some(digit - b'0'),
                field => break field,
            }
        };
        if precision.is_some() && field != b'q' {
            return None;
        }
        match field {
            b'q' => pieces.push(Piece::Fraction(precision)),
            _ => match composed(field) {
                Some(text) => compile_into(text, pieces)?,
                None => pieces.push(simple(field, width)?),
            },
        }
    }
    Some(())
}

/// The fields that stand for several others, as the C locale writes them.
fn composed(field: u8) -> Option<&'static [u8]> {
    Some(match field {
        b'T' | b'X' => b"%H:%M:%S",
        b'R' => b"%H:%M",
        b'F' => b"%Y-%m-%d",
        b'D' | b'x' => b"%m/%d/%y",
        b'r' => b"%I:%M:%S %p",
        b'c' => b"%a %b %e %H:%M:%S %Y",
        b'v' => b"%e-%b-%Y",
        _ => return None,
    })
}

fn simple(field: u8, width: Option<Width>) -> Option<Piece> {
    let number = |field, usual| Some(Piece::Number(field, width.unwrap_or(usual)));
    match field {
        b'Y' => number(Field::Year, Width::Zeros),
        b'y' => number(Field::YearOfCentury, Width::Zeros),
        b'm' => number(Field::Month, Width::Zeros),
        b'd' => number(Field::Day, Width::Zeros),
        b'e' => number(Field::Day, Width::Spaces),
        b'j' => number(Field::DayOfYear, Width::Zeros),
        b'H' => number(Field::Hour, Width::Zeros),
        b'k' => number(Field::Hour, Width::Spaces),
        b'I' => number(Field::HourOfHalf, Width::Zeros),
        b'l' => number(Field::HourOfHalf, Width::Spaces),
        b'M' => number(Field::Minute, Width::Zeros),
        b'S' => number(Field::Second, Width::Zeros),
        b'C' | b'U' | b'V' | b'W' | b'g' => number(Field::Other(2), Width::Zeros),
        b'u' | b'w' => number(Field::Other(1), Width::Zeros),
        b'G' => number(Field::Other(4), Width::Zeros),
        b'b' | b'h' => Some(Piece::MonthName { full: false }),
        b'B' => Some(Piece::MonthName { full: true }),
        b'a' | b'A' => Some(Piece::Weekday),
        b'p' | b'P' => Some(Piece::HalfOfDay),
        b'z' => Some(Piece::Offset),
        b'Z' => Some(Piece::ZoneName),
        b's' => Some(Piece::Epoch),
        b'n' => Some(Piece::Byte(b'\n')),
        b't' => Some(Piece::Byte(b'\t')),
        b'%' => Some(Piece::Byte(b'%')),
        _ => None,
    }
}

/// Joins the pieces of the commonest date and time, which are read in one step each.
fn fuse(pieces: &[Piece]) -> Vec<Piece> {
    const fn number(field: Field) -> Piece {
        Piece::Number(field, Width::Zeros)
    }
    const DATE: [Piece; 5] =
        [number(Field::Year), Piece::Byte(b'-'), number(Field::Month), Piece::Byte(b'-'), number(Field::Day)];
    const CLOCK: [Piece; 5] = [
        number(Field::Hour),
        Piece::Byte(b':'),
        number(Field::Minute),
        Piece::Byte(b':'),
        number(Field::Second),
    ];
    let mut fused = Vec::with_capacity(pieces.len());
    let mut rest = pieces;
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(&DATE) {
            fused.push(Piece::Date);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(&CLOCK) {
            fused.push(Piece::Clock);
            rest = after;
        } else {
            fused.push(first);
            rest = after;
        }
    }
    fused
}

fn read(pieces: &[Piece], bytes: &[u8], fields: &mut Fields) -> Option<usize> {
    let mut at = 0;
    for (index, &piece) in pieces.iter().enumerate() {
        let rest = bytes.get(at..)?;
        at += match piece {
            Piece::Byte(wanted) => (*rest.first()? == wanted).then_some(1)?,
            Piece::Date => fields.read_date(rest)?,
            Piece::Clock => fields.read_clock(rest)?,
            Piece::Number(field, width) => read_number(field, width, rest, fields)?,
            Piece::MonthName { .. } => {
                let (month, length) = names::month(rest)?;
                fields.month = month;
                // Some locales abbreviate with a full stop.
                let has_stop =
                    rest.get(length) == Some(&b'.') && pieces.get(index + 1) != Some(&Piece::Byte(b'.'));
                length + usize::from(has_stop)
            }
            Piece::Weekday => match names::letters(rest) {
                0 => return None,
                length => length + usize::from(rest.get(length) == Some(&b'.')),
            },
            Piece::HalfOfDay => fields.read_half_of_day(rest)?,
            Piece::Offset => fields.read_offset(rest)?,
            Piece::ZoneName => fields.read_zone_name(rest)?,
            Piece::Epoch => fields.read_epoch(rest)?,
            Piece::Fraction(digits) => fields.read_fraction(rest, digits)?,
        };
    }
    Some(at)
}

fn read_number(field: Field, width: Width, bytes: &[u8], fields: &mut Fields) -> Option<usize> {
    let most = field.digits();
    let padding = match width {
        Width::Spaces => bytes.iter().take(most - 1).take_while(|&&byte| byte == b' ').count(),
        _ => 0,
    };
    let mut value = 0;
    let mut length = padding;
    while let Some(digit) = bytes.get(length).filter(|_| length < most) {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u32::from(digit);
        length += 1;
    }
    if length == padding || (width == Width::Zeros && length < most) {
        return None;
    }
    set(field, value, fields)?;
    Some(length)
}

fn set(field: Field, value: u32, fields: &mut Fields) -> Option<()> {
    let small = value as u8;
    match field {
        Field::Year => fields.year = value as i16,
        // POSIX: 69 to 99 are of the twentieth century.
        Field::YearOfCentury => fields.year = value as i16 + if value < 69 { 2000 } else { 1900 },
        Field::Month => fields.month = (1..=12).contains(&value).then_some(small)?,
        Field::Day => fields.day = (1..=31).contains(&value).then_some(small)?,
        Field::DayOfYear => fields.day_of_year = (1..=366).contains(&value).then_some(value as u16)?,
        Field::Hour => fields.hour = (value <= 23).then_some(value)?,
        Field::HourOfHalf => fields.hour = (1..=12).contains(&value).then_some(value)?,
        Field::Minute => fields.minute = (value <= 59).then_some(value)?,
        Field::Second => fields.second = (value <= 60).then_some(value)?,
        Field::Other(_) => {}
    }
    Some(())
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
        fn any_bytes_and_formats_are_survived(format in "(%[-_0-9]?[a-zA-Z%]|[ :/T.-]){0,12}", bytes: Vec<u8>) {
            if let Some(format) = DateFormat::from_strftime(&format) {
                if let Some((stamp, length)) = format.parse(&bytes) {
                    prop_assert!(length <= bytes.len() && stamp.second <= 86_400);
                }
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
