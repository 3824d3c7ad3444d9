//! The fields of `strftime`, compiled into the steps that read them.

use super::fields::Fields;
use super::names;
use super::quick::Quick;

/// Longer formats are no date formats.
const LONGEST_TEXT: usize = 256;

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

/// A part of a format, compiled: a date, a time, or what stands between them.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub(super) fn read(&self, bytes: &[u8], fields: &mut Fields) -> Option<usize> {
        read(&self.0, bytes, fields)
    }

    /// Returns whether a year is told.
    pub(super) fn tell_a_year(&self) -> bool {
        let is_year = |piece: &Piece| {
            matches!(piece, Piece::Date | Piece::Epoch | Piece::Number(Field::Year | Field::YearOfCentury, _))
        };
        self.0.iter().any(is_year)
    }

    /// Returns whether a day of the year is told.
    pub(super) fn tell_a_day(&self) -> bool {
        let has = |wanted: fn(&Piece) -> bool| self.0.iter().any(wanted);
        let has_month = has(|piece| {
            matches!(piece, Piece::Date | Piece::MonthName { .. } | Piece::Number(Field::Month, _))
        });
        let has_day = has(|piece| matches!(piece, Piece::Date | Piece::Number(Field::Day, _)));
        let has_day_of_year = has(|piece| matches!(piece, Piece::Number(Field::DayOfYear, _)))
            && has(|piece| matches!(piece, Piece::Number(Field::Year | Field::YearOfCentury, _)));
        has(|piece| *piece == Piece::Epoch) || (has_month && has_day) || has_day_of_year
    }

    /// Returns the way to read the whole in one step, where there is one.
    pub(super) fn quick(&self) -> Option<Quick> {
        match self.0.as_slice() {
            [Piece::Date, Piece::Byte(between), Piece::Clock] => Some(Quick::DateAndClock(*between)),
            [
                Piece::MonthName { full: false },
                Piece::Byte(b' '),
                Piece::Number(Field::Day, Width::Spaces),
                Piece::Byte(b' '),
                Piece::Clock,
            ] => Some(Quick::MonthAndClock),
            _ => None,
        }
    }

    /// Returns the length in bytes that this part always has, if there is one.
    pub(super) fn fixed_length(&self) -> Option<usize> {
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
        // The year 0 stands for none.
        Field::Year => fields.year = (value > 0).then_some(value as i16)?,
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
