//! One row of PostgreSQL's `COPY ... FROM stdin`: values between tabs, a line each.

use super::columns::MOST_COLUMNS;
use super::row::{Piece, Row};

/// Reads a line without its end; `false` where it has too many values.
///
/// `\N` alone is `NULL`; a backslash escapes line ends, tabs, itself and bytes by number.
pub(super) fn read(line: &[u8], at: usize, row: &mut Row) -> bool {
    row.clear();
    let mut start = at;
    for text in line.split(|&byte| byte == b'\t') {
        let end = start + text.len();
        let piece = if text == b"\\N" {
            Piece::Null
        } else if memchr::memchr(b'\\', text).is_none() {
            Piece::Raw(start..end)
        } else {
            let from = row.decoded.len();
            unescape(text, &mut row.decoded);
            Piece::Decoded(from..row.decoded.len())
        };
        row.push(piece);
        if row.len() > MOST_COLUMNS {
            return false;
        }
        start = end + 1;
    }
    true
}

fn unescape(text: &[u8], into: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let Some((&next, behind)) = after.split_first().filter(|_| byte == b'\\') else {
            into.push(byte);
            continue;
        };
        rest = behind;
        match next {
            b'0'..=b'7' => {
                let digits = after.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                into.push(number(after.get(..digits).unwrap_or_default(), 8));
                rest = after.get(digits..).unwrap_or_default();
            }
            b'x' if behind.first().is_some_and(u8::is_ascii_hexdigit) => {
                let digits = behind.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
                into.push(number(behind.get(..digits).unwrap_or_default(), 16));
                rest = behind.get(digits..).unwrap_or_default();
            }
            b'b' => into.push(8),
            b'f' => into.push(12),
            b'n' => into.push(b'\n'),
            b'r' => into.push(b'\r'),
            b't' => into.push(b'\t'),
            b'v' => into.push(11),
            other => into.push(other),
        }
    }
}

fn number(digits: &[u8], base: u32) -> u8 {
    let value = digits.iter().filter_map(|&digit| char::from(digit).to_digit(base));
    value.fold(0_u32, |value, digit| value * base + digit) as u8
}
