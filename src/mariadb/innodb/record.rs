//! One record of a page: its header, and where its fields lie.
//!
//! A record is named by the byte at which its first field begins; the header lies before it and is read
//! backwards. `COMPACT`, `DYNAMIC` and unpacked `COMPRESSED` rows have lengths and NULL bits there, `REDUNDANT`
//! rows the end of every field.

use super::layout::Layout;
use crate::mariadb::bytes::{big16, byte};

/// A pointer to a value in pages of its own takes 20 bytes at the end of the field.
pub(super) const REFERENCE: usize = 20;
const DELETED: u8 = 0x20;
const FIRST_OF_LEVEL: u8 = 0x10;

/// Where a field lies in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: usize,
    pub(super) length: usize,
    /// Is it NULL?
    pub(super) is_null: bool,
    /// Do its last 20 bytes say where the rest is?
    pub(super) is_elsewhere: bool,
    /// Is it of a column that was added after the record was written?
    pub(super) is_missing: bool,
}

impl Piece {
    fn new(at: usize, length: usize) -> Self {
        Piece { at, length, is_null: false, is_elsewhere: false, is_missing: false }
    }

    fn null(at: usize) -> Self {
        Piece { is_null: true, ..Piece::new(at, 0) }
    }

    fn missing(at: usize) -> Self {
        Piece { is_missing: true, ..Piece::new(at, 0) }
    }
}

/// How rows are written in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `REDUNDANT`, the only one before MySQL 5.0.3.
    Redundant,
    /// All others.
    Compact,
}

impl Format {
    /// Returns how many bytes of the header have a fixed place.
    pub(super) fn header(self) -> usize {
        match self {
            Format::Redundant => 6,
            Format::Compact => 5,
        }
    }

    /// Returns where the record lies that stands before all others.
    pub(super) fn first(self) -> usize {
        match self {
            Format::Redundant => 101,
            Format::Compact => 99,
        }
    }

    /// Returns where the record lies that stands behind all others.
    pub(super) fn last(self) -> usize {
        match self {
            Format::Redundant => 116,
            Format::Compact => 112,
        }
    }

    /// Returns the record that follows the one at `origin`, 0 being none.
    pub(super) fn next(self, page: &[u8], origin: usize) -> Option<usize> {
        let next = big16(page, origin.checked_sub(2)?)?;
        Some(match self {
            Format::Redundant => next,
            Format::Compact if next == 0 => 0,
            // The distance counts around 64 KiB.
            Format::Compact => (origin + next) & 0xffff,
        })
    }

    fn info(self, page: &[u8], origin: usize) -> u8 {
        origin.checked_sub(self.header()).and_then(|at| byte(page, at)).unwrap_or(0)
    }

    /// Is the record marked as deleted?
    pub(super) fn is_deleted(self, page: &[u8], origin: usize) -> bool {
        self.info(page, origin) & DELETED != 0
    }

    /// Is it the record that keeps the values of added columns, and no row?
    pub(super) fn is_note_of_added_columns(self, page: &[u8], origin: usize) -> bool {
        self.info(page, origin) & FIRST_OF_LEVEL != 0
    }

    /// Finds the fields of a record; `None` where the record cannot be one of that layout.
    pub(super) fn pieces(self, page: &[u8], origin: usize, layout: &Layout) -> Option<Vec<Piece>> {
        let pieces = match self {
            Format::Redundant => redundant(page, origin, layout),
            Format::Compact => compact(page, origin, layout).map(|(pieces, _)| pieces),
        }?;
        let end = pieces.last().map_or(origin, |last| last.at + last.length);
        (end <= page.len()).then_some(pieces)
    }
}

/// Reads the bytes before a record one by one, the nearest first.
struct Backwards<'a> {
    page: &'a [u8],
    at: usize,
}

impl Backwards<'_> {
    fn next(&mut self) -> Option<u8> {
        self.at = self.at.checked_sub(1)?;
        byte(self.page, self.at)
    }
}

/// Finds the fields of a newer record, and where its header begins.
pub(super) fn compact(page: &[u8], origin: usize, layout: &Layout) -> Option<(Vec<Piece>, usize)> {
    const INSTANT: u8 = 4;
    let status = byte(page, origin.checked_sub(3)?)? & 7;
    let mut before = Backwards { page, at: origin.checked_sub(5)? };
    let all = layout.fields.len();
    let held = match (status, layout.first_fields) {
        (0, None) => all,
        (0, Some(first)) => first.min(all),
        (INSTANT, Some(first)) => first + 1 + added_fields(&mut before)?,
        _ => return None,
    };
    if held > all {
        return None;
    }
    let null_bytes = layout.nullable_of(held).div_ceil(8);
    let nulls: Vec<u8> = (0..null_bytes).map(|_| before.next()).collect::<Option<_>>()?;
    let mut is_null = nulls.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    let mut at = origin;
    let mut pieces = Vec::with_capacity(all);
    for field in layout.fields.iter().take(held) {
        if field.is_nullable && is_null.next()? {
            pieces.push(Piece::null(at));
            continue;
        }
        let mut piece = Piece::new(at, 0);
        match field.width {
            Some(width) => piece.length = width,
            None => (piece.length, piece.is_elsewhere) = length(&mut before, field.is_long)?,
        }
        if piece.is_elsewhere && piece.length < REFERENCE {
            return None;
        }
        at += piece.length;
        pieces.push(piece);
    }
    pieces.resize(all, Piece::missing(at));
    Some((pieces, before.at))
}

/// Reads how many fields a record has beyond one more than the first records had.
fn added_fields(before: &mut Backwards<'_>) -> Option<usize> {
    let low = usize::from(before.next()?);
    if low < 0x80 {
        return Some(low);
    }
    Some(low & 0x7f | usize::from(before.next()?) << 7)
}

/// Reads a field's length: a second byte follows where the field may be long and the first is 128 or more.
fn length(before: &mut Backwards<'_>, is_long: bool) -> Option<(usize, bool)> {
    let first = usize::from(before.next()?);
    if !is_long || first < 0x80 {
        return Some((first, false));
    }
    let both = first << 8 | usize::from(before.next()?);
    Some((both & 0x3fff, both & 0x4000 != 0))
}

fn redundant(page: &[u8], origin: usize, layout: &Layout) -> Option<Vec<Piece>> {
    let header = big16(page, origin.checked_sub(4)?)?;
    let (count, is_short) = (header >> 1 & 0x3ff, header & 1 == 1);
    let all = layout.fields.len();
    // Columns that were added later may be missing at the end.
    if count > all || count < layout.first_fields.unwrap_or(all) {
        return None;
    }
    let mut pieces = Vec::with_capacity(all);
    let mut start = 0;
    for number in 0..count {
        let (end, is_null, is_elsewhere) = if is_short {
            let end = usize::from(byte(page, origin.checked_sub(7 + number)?)?);
            (end & 0x7f, end & 0x80 != 0, false)
        } else {
            let end = big16(page, origin.checked_sub(8 + 2 * number)?)?;
            (end & 0x3fff, end & 0x8000 != 0, end & 0x4000 != 0)
        };
        let length = end.checked_sub(start)?;
        if is_elsewhere && length < REFERENCE {
            return None;
        }
        pieces.push(Piece { is_null, is_elsewhere, ..Piece::new(origin + start, length) });
        start = end;
    }
    pieces.resize(all, Piece::missing(origin + start));
    Some(pieces)
}
