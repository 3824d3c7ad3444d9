//! One row of an `INSERT`: values between parentheses.

use std::ops::Range;

use super::columns::MOST_COLUMNS;
use super::dialect::Dialect;
use super::literal;
use super::scan::{Scan, skip_blank};

/// Where the text of a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// It is `NULL`.
    Null,
    /// In the bytes of the dump.
    Raw(Range<usize>),
    /// In [`Row::decoded`].
    Decoded(Range<usize>),
}

/// The values of the row at hand.
#[derive(Debug, Default)]
pub(super) struct Row {
    pieces: Vec<Piece>,
    /// Texts that stand nowhere as such.
    pub(super) decoded: Vec<u8>,
}

impl Row {
    /// Forgets the row before.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.decoded.clear();
    }

    /// Adds a value.
    pub(super) fn push(&mut self, piece: Piece) {
        self.pieces.push(piece);
    }

    /// Returns how many values there are.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Returns a value's text; `None` for `NULL`. `bytes` are those that the row was read from.
    pub(super) fn text<'a>(&'a self, piece: &Piece, bytes: &'a [u8]) -> Option<&'a [u8]> {
        match piece {
            Piece::Null => None,
            Piece::Raw(range) => Some(bytes.get(range.clone()).unwrap_or_default()),
            Piece::Decoded(range) => Some(self.decoded.get(range.clone()).unwrap_or_default()),
        }
    }

    /// Returns all values.
    pub(super) fn values<'a>(&'a self, bytes: &'a [u8]) -> Vec<Option<&'a [u8]>> {
        self.pieces.iter().map(|piece| self.text(piece, bytes)).collect()
    }
}

/// Reads the row whose parenthesis opens at `at`; returns the place behind it.
pub(super) fn read(bytes: &[u8], at: usize, dialect: Dialect, row: &mut Row) -> Scan<usize> {
    row.clear();
    if bytes.get(at) != Some(&b'(') {
        return Scan::Bad;
    }
    let mut at = skip_blank(bytes, at + 1);
    if bytes.get(at) == Some(&b')') {
        return Scan::To(at + 1);
    }
    loop {
        match literal::read(bytes, at, dialect, row) {
            Scan::To((piece, end)) if row.len() < MOST_COLUMNS => {
                row.push(piece);
                at = skip_blank(bytes, end);
            }
            Scan::To(_) | Scan::Bad => return Scan::Bad,
            Scan::More => return Scan::More,
            Scan::Broken(at) => return Scan::Broken(at),
        }
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"::")) {
            at = skip_blank(bytes, behind_type(bytes, at + 2));
        }
        match bytes.get(at) {
            None => return Scan::More,
            Some(b',') => at = skip_blank(bytes, at + 1),
            Some(b')') => return Scan::To(at + 1),
            // The second colon of a cast may not be there yet.
            Some(b':') if bytes.len() == at + 1 => return Scan::More,
            Some(_) => return Scan::Bad,
        }
    }
}

/// Returns the place behind the type that PostgreSQL's `'...'::type` names.
fn behind_type(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let is_part =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ' | b'.' | b'"' | b'[' | b']');
    from + rest.iter().take_while(is_part).count()
}

/// Returns how many of `bytes`, which begin with a row of an `INSERT` or of a `COPY`, belong to that row.
pub(crate) fn row_length(bytes: &[u8]) -> usize {
    let line = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let dialects = [Dialect::of(b"/*!40"), Dialect::of(b"BEGIN TRANSACTION;")];
    let mut row = Row::default();
    let whole = dialects.into_iter().find_map(|dialect| match read(bytes, 0, dialect, &mut row) {
        Scan::To(end) => Some(end),
        _ => None,
    });
    whole.unwrap_or(line)
}
