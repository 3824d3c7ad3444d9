//! Values as they are stored, made readable.
//!
//! InnoDB keeps whole numbers with the most significant byte first and the sign turned, so that they
//! sort as bytes; MyISAM keeps them as the processor does. Newer dates are the same in both.

use std::borrow::Cow;

use super::bytes::{big, little};
use super::column::{Column, Kind, fraction_width, is_latin1, is_utf8};

/// The value of one column of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// Nobody knows any more: the bytes were overwritten, or lie where nothing is left.
    Lost,
    /// A whole number.
    Integer(i64),
    /// A whole number without a sign.
    Unsigned(u64),
    /// A floating number.
    Real(f64),
    /// Text, a date, a decimal number: as MariaDB would print it, in UTF-8 where its character set is known.
    Text(Vec<u8>),
}

impl Value {
    /// Returns the value as text, as a dump would have it; `None` for NULL and what is lost.
    pub fn text(&self) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            Value::Null | Value::Lost => return None,
            Value::Text(text) => Cow::Borrowed(text.as_slice()),
            Value::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
            Value::Unsigned(number) => Cow::Owned(number.to_string().into_bytes()),
            Value::Real(number) => Cow::Owned(number.to_string().into_bytes()),
        })
    }
}

/// How an engine orders the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As InnoDB does.
    Sorted,
    /// As MyISAM does.
    Native,
}

impl Order {
    fn number(self, bytes: &[u8]) -> Option<u64> {
        match self {
            Order::Sorted => big(bytes, 0, bytes.len()),
            Order::Native => little(bytes, 0, bytes.len()),
        }
    }

    /// Reads a number that has a sign, or room for one.
    fn signed(self, bytes: &[u8]) -> Option<i64> {
        let bits = u32::try_from(bytes.len()).ok()?.checked_mul(8).filter(|bits| (1..=64).contains(bits))?;
        let mut number = self.number(bytes)?;
        if self == Order::Sorted {
            number ^= 1 << (bits - 1);
        }
        let unused = 64 - bits;
        Some((number << unused) as i64 >> unused)
    }
}

/// Reads a value; `None` where the bytes can be no value of that column.
pub(super) fn read(column: &Column, bytes: &[u8], order: Order) -> Option<Value> {
    if column.width().is_some_and(|width| width != bytes.len() && !column.is_text()) {
        return None;
    }
    Some(match &column.kind {
        Kind::Integer { is_unsigned: true, .. } => Value::Unsigned(order.number(bytes)?),
        Kind::Integer { .. } => Value::Integer(order.signed(bytes)?),
        Kind::Real { width: 4 } => Value::Real(f32::from_bits(little(bytes, 0, 4)? as u32).into()),
        Kind::Real { .. } => Value::Real(f64::from_bits(little(bytes, 0, 8)?)),
        Kind::Decimal { digits, scale } => Value::Text(decimal(bytes, *digits, *scale)?.into_bytes()),
        Kind::Varying { longest } if bytes.len() > *longest => return None,
        Kind::Varying { .. } | Kind::Blob { .. } => Value::Text(text(column, bytes)?),
        Kind::Fixed { .. } => Value::Text(text(column, trim(column, bytes))?),
        Kind::DateTime { decimals } => Value::Text(date_time(bytes, *decimals)?.into_bytes()),
        Kind::Timestamp { decimals } => Value::Text(timestamp(big(bytes, 0, 4)?, bytes, *decimals)?),
        Kind::OldTimestamp => Value::Text(timestamp(order.number(bytes)?, bytes, 0)?),
        Kind::Time { decimals } => Value::Text(time(bytes, *decimals)?.into_bytes()),
        Kind::OldDateTime => Value::Text(old_date_time(order.signed(bytes)?)?.into_bytes()),
        Kind::OldTime => Value::Text(clock(order.signed(bytes)?)?.into_bytes()),
        Kind::Date => Value::Text(date(order.signed(bytes)?)?.into_bytes()),
        Kind::Year => Value::Integer(year(*bytes.first()?)),
        Kind::Enum { words, .. } => Value::Text(word(words, order.number(bytes)?)?),
        Kind::Set { words, .. } => Value::Text(words_of(words, order.number(bytes)?)),
        Kind::Bit { .. } => Value::Unsigned(big(bytes, 0, bytes.len().min(8))?),
    })
}

/// Returns the text in UTF-8, or `None` where it is no text of its character set.
fn text(column: &Column, bytes: &[u8]) -> Option<Vec<u8>> {
    if is_latin1(column.collation) {
        return Some(bytes.iter().map(|&byte| windows_1252(byte)).collect::<String>().into_bytes());
    }
    if is_utf8(column.collation) && std::str::from_utf8(bytes).is_err() {
        return None;
    }
    Some(bytes.to_vec())
}

/// What the bytes 0x80 to 0x9f are in Windows-1252; the five that it lacks stay control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
    special.copied().unwrap_or(char::from(byte))
}

/// Takes off the spaces that fill up a `CHAR`.
fn trim<'a>(column: &Column, bytes: &'a [u8]) -> &'a [u8] {
    if column.collation == super::column::BINARY {
        return bytes;
    }
    let kept = bytes.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    bytes.get(..kept).unwrap_or(bytes)
}

/// Reads a `DATETIME`: a sign bit, then 17 bits of year and month, 5 of day, 5, 6 and 6 of the time.
fn date_time(bytes: &[u8], decimals: usize) -> Option<String> {
    let packed = big(bytes, 0, 5)?.checked_sub(0x80_0000_0000)?;
    let (month_of_all, day) = (packed >> 22, packed >> 17 & 31);
    let (hour, minute, second) = (packed >> 12 & 31, packed >> 6 & 63, packed & 63);
    let (year, month) = (month_of_all / 13, month_of_all % 13);
    is_date_time(year, month, day, hour, minute, second)?;
    let fraction = fraction(bytes, 5, decimals)?;
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}"))
}

fn is_date_time(year: u64, month: u64, day: u64, hour: u64, minute: u64, second: u64) -> Option<()> {
    let is_date = year <= 9999 && month <= 12 && day <= 31;
    (is_date && hour <= 23 && minute <= 59 && second <= 59).then_some(())
}

/// Returns the digits behind a second with their point, or nothing where there are none.
fn fraction(bytes: &[u8], at: usize, decimals: usize) -> Option<String> {
    if decimals == 0 {
        return Some(String::new());
    }
    let width = fraction_width(decimals);
    let micros = big(bytes, at, width)? * 10_u64.pow(6 - 2 * width as u32);
    if micros > 999_999 {
        return None;
    }
    let digits = format!("{micros:06}");
    Some(format!(".{}", digits.get(..decimals.min(6))?))
}

/// Writes seconds since 1970 as date and time in UTC, as a dump does.
fn timestamp(seconds: u64, bytes: &[u8], decimals: usize) -> Option<Vec<u8>> {
    if seconds == 0 {
        return Some(b"0000-00-00 00:00:00".to_vec());
    }
    let time = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    let fraction = fraction(bytes, 4, decimals)?;
    Some(format!("{}{fraction}", time.format("%Y-%m-%d %H:%M:%S")).into_bytes())
}

/// Reads a `TIME` that is not negative: a sign bit, an unused one, 10 bits of hours, 6 and 6.
fn time(bytes: &[u8], decimals: usize) -> Option<String> {
    let packed = big(bytes, 0, 3)?.checked_sub(0x80_0000)?;
    let (hour, minute, second) = (packed >> 12 & 1023, packed >> 6 & 63, packed & 63);
    if hour > 838 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = fraction(bytes, 3, decimals)?;
    Some(format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
}

/// Reads the decimal digits `YYYYMMDDhhmmss`.
fn old_date_time(number: i64) -> Option<String> {
    let number = u64::try_from(number).ok()?;
    let (date, clock) = (number / 1_000_000, number % 1_000_000);
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let (hour, minute, second) = (clock / 10_000, clock / 100 % 100, clock % 100);
    is_date_time(year, month, day, hour, minute, second)?;
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

/// Reads the decimal digits `hhmmss`.
fn clock(number: i64) -> Option<String> {
    let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100);
    (minute <= 59 && second <= 59).then(|| format!("{sign}{hour:02}:{minute:02}:{second:02}"))
}

/// Reads a `DATE`: year, four bits of month, five of day.
fn date(number: i64) -> Option<String> {
    let number = u64::try_from(number).ok()?;
    let (year, month, day) = (number >> 9, number >> 5 & 15, number & 31);
    is_date_time(year, month, day, 0, 0, 0)?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn year(byte: u8) -> i64 {
    if byte == 0 { 0 } else { 1900 + i64::from(byte) }
}

fn word(words: &[String], number: u64) -> Option<Vec<u8>> {
    match usize::try_from(number).ok()?.checked_sub(1) {
        None => Some(Vec::new()),
        Some(at) => words.get(at).map(|word| word.clone().into_bytes()),
    }
}

fn words_of(words: &[String], bits: u64) -> Vec<u8> {
    let chosen = words.iter().enumerate().filter(|(at, _)| *at < 64 && bits >> at & 1 == 1);
    chosen.map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(",").into_bytes()
}

/// Reads a packed decimal number: groups of nine digits in four bytes each, the first bit turned.
fn decimal(bytes: &[u8], digits: usize, scale: usize) -> Option<String> {
    let mut bytes = bytes.to_vec();
    let first = bytes.first_mut()?;
    *first ^= 0x80;
    let is_negative = *first & 0x80 != 0;
    if is_negative {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let whole = digits.checked_sub(scale)?;
    let mut groups = vec![whole % 9];
    groups.extend(std::iter::repeat_n(9, whole / 9));
    let whole_groups = groups.len();
    groups.extend(std::iter::repeat_n(9, scale / 9));
    groups.push(scale % 9);
    let (mut at, mut text) = (0, String::new());
    for (place, group) in groups.into_iter().enumerate() {
        if place == whole_groups && scale > 0 {
            text.push('.');
        }
        let width = super::column::decimal_width(group, 0);
        if group > 0 {
            text.push_str(&format!("{:0group$}", big(&bytes, at, width)?));
        }
        at += width;
    }
    let shown = text.trim_start_matches('0');
    let zero = if shown.is_empty() || shown.starts_with('.') { "0" } else { "" };
    Some(format!("{}{zero}{shown}", if is_negative { "-" } else { "" }))
}
