//! One value of a row: a string in any system's spelling, a number, `NULL`, a call that makes a string.

use super::dialect::Dialect;
use super::row::{Piece, Row};
use super::scan::{Scan, skip_blank, string_end_as, word};

/// Calls within calls: SQLite writes `replace(replace('...','\r',char(13)),'\n',char(10))`.
const DEEPEST: u32 = 6;
/// Arguments of one call.
const MOST_ARGUMENTS: usize = 16;

/// Reads the value at `at` into `row` and returns the place behind it.
pub(super) fn read(bytes: &[u8], at: usize, dialect: Dialect, row: &mut Row) -> Scan<(Piece, usize)> {
    value(bytes, at, dialect, row, 0)
}

fn value(bytes: &[u8], at: usize, dialect: Dialect, row: &mut Row, depth: u32) -> Scan<(Piece, usize)> {
    let Some(&first) = bytes.get(at) else { return Scan::More };
    match first {
        b'\'' | b'"' => string(bytes, at, dialect, dialect.has_backslashes, row),
        b'0'..=b'9' | b'-' | b'+' | b'.' => number(bytes, at, row),
        b'A'..=b'Z' | b'a'..=b'z' | b'_' => named(bytes, at, dialect, row, depth),
        _ => Scan::Bad,
    }
}

/// Reads a string; its text is copied only where it differs from what stands there.
fn string(bytes: &[u8], at: usize, dialect: Dialect, escapes: bool, row: &mut Row) -> Scan<(Piece, usize)> {
    let quote = bytes.get(at).copied().unwrap_or(b'\'');
    let end = match string_end_as(bytes, at + 1, quote, escapes, dialect.escapes_line_ends) {
        Scan::To(end) => end,
        Scan::More => return Scan::More,
        Scan::Broken(at) => return Scan::Broken(at),
        Scan::Bad => return Scan::Bad,
    };
    let inner = bytes.get(at + 1..end - 1).unwrap_or_default();
    if memchr::memchr2(quote, b'\\', inner).is_none() {
        return Scan::To((Piece::Raw(at + 1..end - 1), end));
    }
    let start = row.decoded.len();
    unescape(inner, quote, escapes, &mut row.decoded);
    Scan::To((Piece::Decoded(start..row.decoded.len()), end))
}

/// Takes the doubled quotes and, where they escape, the backslashes out of a string.
fn unescape(inner: &[u8], quote: u8, escapes: bool, into: &mut Vec<u8>) {
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            (b'\\', Some(&next)) if escapes => {
                rest = after.get(1..).unwrap_or_default();
                match escaped(next) {
                    Some(meant) => into.push(meant),
                    // `\%` and `\_` keep their backslash outside of patterns.
                    None => into.extend_from_slice(&[b'\\', next]),
                }
            }
            (byte, Some(&next)) if byte == quote && next == quote => {
                rest = after.get(1..).unwrap_or_default();
                into.push(quote);
            }
            (byte, _) => into.push(byte),
        }
    }
}

/// Returns what a byte means behind a backslash.
pub(super) fn escaped(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0' => 0,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'Z' => 26,
        b'%' | b'_' => return None,
        other => other,
    })
}

/// Reads a number, or `0x` with the bytes of a text in hexadecimal.
fn number(bytes: &[u8], at: usize, row: &mut Row) -> Scan<(Piece, usize)> {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    let length = rest.iter().take_while(is_part).count();
    if length == rest.len() {
        return Scan::More;
    }
    let text = rest.get(..length).unwrap_or_default();
    if let Some(digits) = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")) {
        return hexadecimal(digits, at + length, row);
    }
    let is_number = text.iter().all(|byte| byte.is_ascii_digit() || b".+-eE".contains(byte));
    if is_number { Scan::To((Piece::Raw(at..at + length), at + length)) } else { Scan::Bad }
}

fn hexadecimal(digits: &[u8], end: usize, row: &mut Row) -> Scan<(Piece, usize)> {
    let start = row.decoded.len();
    for pair in digits.chunks(2) {
        let text = std::str::from_utf8(pair).ok();
        let Some(byte) = text.and_then(|text| u8::from_str_radix(text, 16).ok()) else { return Scan::Bad };
        row.decoded.push(byte);
    }
    Scan::To((Piece::Decoded(start..row.decoded.len()), end))
}

/// Reads what begins with a letter: `NULL`, a prefixed string, a call, another constant.
fn named(bytes: &[u8], at: usize, dialect: Dialect, row: &mut Row, depth: u32) -> Scan<(Piece, usize)> {
    let name = word(bytes, at);
    let end = at + name.len();
    let Some(&next) = bytes.get(end) else { return Scan::More };
    if next == b'\'' && name.len() == 1 {
        return prefixed(bytes, name, end, dialect, row);
    }
    if name.starts_with(b"_") {
        // The character set of the string that follows: `_binary 'x'`, `_utf8mb4'x'`, `_binary 0x41`.
        return match bytes.get(skip_blank(bytes, end)) {
            None => Scan::More,
            Some(b'\'' | b'"' | b'0') => value(bytes, skip_blank(bytes, end), dialect, row, depth),
            Some(_) => Scan::Bad,
        };
    }
    if next == b'(' {
        return call(bytes, name, end + 1, dialect, row, depth);
    }
    let is_null = name.eq_ignore_ascii_case(b"NULL");
    Scan::To((if is_null { Piece::Null } else { Piece::Raw(at..end) }, end))
}

/// Reads a string with a letter before it: `E'...'` with backslashes, `X'...'` of hexadecimal digits.
fn prefixed(bytes: &[u8], prefix: &[u8], at: usize, dialect: Dialect, row: &mut Row) -> Scan<(Piece, usize)> {
    match prefix {
        b"E" | b"e" => string(bytes, at, dialect, true, row),
        b"X" | b"x" => match string(bytes, at, dialect, false, row) {
            Scan::To((piece, end)) => {
                let digits = row.text(&piece, bytes).unwrap_or_default().to_vec();
                hexadecimal(&digits, end, row)
            }
            other => other,
        },
        _ => string(bytes, at, dialect, dialect.has_backslashes, row),
    }
}

/// Reads a call. `replace`, `char` and `unistr` are what SQLite writes for line ends; of others the first
/// argument counts.
fn call(
    bytes: &[u8],
    name: &[u8],
    from: usize,
    dialect: Dialect,
    row: &mut Row,
    depth: u32,
) -> Scan<(Piece, usize)> {
    if depth >= DEEPEST {
        return Scan::Bad;
    }
    let mut arguments = Vec::new();
    let mut at = skip_blank(bytes, from);
    if bytes.get(at) != Some(&b')') {
        loop {
            match value(bytes, at, dialect, row, depth + 1) {
                Scan::To((piece, end)) if arguments.len() < MOST_ARGUMENTS => {
                    arguments.push(piece);
                    at = skip_blank(bytes, end);
                }
                Scan::To(_) => return Scan::Bad,
                other => return other,
            }
            match bytes.get(at) {
                None => return Scan::More,
                Some(b',') => at = skip_blank(bytes, at + 1),
                Some(b')') => break,
                Some(_) => return Scan::Bad,
            }
        }
    }
    Scan::To((result(bytes, name, &arguments, row), at + 1))
}

fn result(bytes: &[u8], name: &[u8], arguments: &[Piece], row: &mut Row) -> Piece {
    let text = |piece: &Piece| row.text(piece, bytes).unwrap_or_default().to_vec();
    let made = match (name.to_ascii_lowercase().as_slice(), arguments) {
        (b"replace", [text_of, wanted, instead]) => replaced(&text(text_of), &text(wanted), &text(instead)),
        (b"char", codes) => codes.iter().filter_map(|code| decimal(&text(code))).collect(),
        (b"unistr", [escaped]) => unistr(&text(escaped)),
        (_, [first, ..]) => return first.clone(),
        (_, []) => return Piece::Null,
    };
    let start = row.decoded.len();
    row.decoded.extend_from_slice(&made);
    Piece::Decoded(start..row.decoded.len())
}

fn replaced(text: &[u8], wanted: &[u8], instead: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len());
    let mut from = 0;
    if !wanted.is_empty() {
        for found in memchr::memmem::find_iter(text, wanted) {
            made.extend_from_slice(text.get(from..found).unwrap_or_default());
            made.extend_from_slice(instead);
            from = found + wanted.len();
        }
    }
    made.extend_from_slice(text.get(from..).unwrap_or_default());
    made
}

fn decimal(text: &[u8]) -> Option<u8> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Turns `\000a` into the character of that number, as SQLite's `unistr` does for control characters.
fn unistr(text: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = after.strip_prefix(b"u").unwrap_or(after);
        let code = digits
            .get(..4)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        match (byte, code) {
            (b'\\', _) if after.first() == Some(&b'\\') => {
                made.push(b'\\');
                rest = after.get(1..).unwrap_or_default();
            }
            (b'\\', Some(letter)) => {
                made.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = digits.get(4..).unwrap_or_default();
            }
            _ => made.push(byte),
        }
    }
    made
}
