//! The smallest pieces of SQL: blanks, words, names, strings.

use super::dialect::Dialect;

/// What the bytes at hand say of a piece that begins in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan<T> {
    /// It is whole.
    To(T),
    /// It does not end in the bytes at hand.
    More,
    /// It was cut: a string is open at the line's end at this place, where none can be.
    Broken(usize),
    /// It cannot be what it should be.
    Bad,
}

/// Returns where the first byte stands, from `at` on, that is no blank.
pub(super) fn skip_blank(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Returns the letters, digits and underlines at `at`.
pub(super) fn word(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let length =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')).count();
    rest.get(..length).unwrap_or_default()
}

/// Returns where the string ends whose text begins at `from`, behind its closing quote.
///
/// A quote as the last byte may be the first half of a doubled one: then more bytes are needed. A file is
/// read with a line end behind its last byte.
pub(super) fn string_end(bytes: &[u8], from: usize, quote: u8, dialect: Dialect) -> Scan<usize> {
    let escapes = dialect.has_backslashes && quote != b'`';
    string_end_as(bytes, from, quote, escapes, dialect.escapes_line_ends)
}

/// Returns where a string ends, with or without escapes and line ends inside.
pub(super) fn string_end_as(
    bytes: &[u8],
    from: usize,
    quote: u8,
    escapes: bool,
    breaks_at_line_end: bool,
) -> Scan<usize> {
    let mut at = from;
    loop {
        let Some(rest) = bytes.get(at..) else { return Scan::More };
        let Some(found) = memchr::memchr3(quote, b'\\', b'\n', rest) else { return Scan::More };
        let place = at + found;
        let next = bytes.get(place + 1);
        match bytes.get(place) {
            Some(b'\\') if escapes => {
                if next.is_none() {
                    return Scan::More;
                }
                at = place + 2;
            }
            Some(b'\n') if breaks_at_line_end => return Scan::Broken(place),
            Some(&byte) if byte == quote => match next {
                None => return Scan::More,
                Some(&next) if next == quote => at = place + 2,
                Some(_) => return Scan::To(place + 1),
            },
            _ => at = place + 1,
        }
    }
}

/// Reads a name, quoted or bare, and returns it with the place behind it.
pub(super) fn identifier(bytes: &[u8], at: usize) -> Scan<(String, usize)> {
    let Some(&first) = bytes.get(at) else { return Scan::More };
    let close = match first {
        b'`' | b'"' => first,
        b'[' => b']',
        _ => {
            let name = word(bytes, at);
            let end = at + name.len();
            return match (name.is_empty(), bytes.get(end)) {
                (true, _) => Scan::Bad,
                (false, None) => Scan::More,
                (false, Some(_)) => Scan::To((text(name), end)),
            };
        }
    };
    match string_end_as(bytes, at + 1, close, false, true) {
        Scan::To(end) => {
            let inner = bytes.get(at + 1..end - 1).unwrap_or_default();
            Scan::To((text(inner), end))
        }
        Scan::More => Scan::More,
        Scan::Broken(_) | Scan::Bad => Scan::Bad,
    }
}

/// Reads `name`, `schema.name` or `database.schema.name`; returns the last and the place behind it.
pub(super) fn last_name(bytes: &[u8], at: usize) -> Scan<(String, usize)> {
    let mut at = at;
    loop {
        match identifier(bytes, at) {
            Scan::To((_, end)) if bytes.get(end) == Some(&b'.') => at = end + 1,
            Scan::To((_, end)) if bytes.get(end).is_none() => return Scan::More,
            other => return other,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
