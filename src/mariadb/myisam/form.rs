//! How the rows of a MyISAM table are written: from the index file's header, or from the table's definition.
//!
//! The `.MYI` file tells for each part of a row how it is packed; its numbers have the most significant byte
//! first. It counts the rows and the deleted ones, too.

use crate::mariadb::bytes::{big, big16, big32, byte, slice};
use crate::mariadb::column::{Column, Kind};
use crate::mariadb::definition::Definition;

/// The longest header of an index file that is read.
pub(in crate::mariadb) const LONGEST: usize = 1024 * 1024;
const ENTRY: usize = 7;
const VARYING_ROWS: usize = 1;
const PACKED_TABLE: usize = 4;
/// Bytes of an address in memory, which the row has behind the length of a long value.
const ADDRESS: usize = 8;

/// How one part of a row is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// Left out where it is zero, which a bit says.
    Zero,
    /// Without its spaces at the end or at the beginning where a bit says so.
    Spaces,
    /// A length, then as many bytes.
    Varying,
    /// A length and as many bytes, left out where it is empty, which a bit says.
    Blob,
}

/// A part of a row: a column, or bytes that belong to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) packing: Packing,
    /// Bytes in memory.
    pub(super) length: usize,
    /// The column.
    pub(super) column: Option<usize>,
    /// The byte of the row that says whether it is NULL, and the bit of it.
    pub(super) null: Option<(usize, u8)>,
}

impl Part {
    /// Does a bit tell how it is packed?
    pub(super) fn has_bit(self) -> bool {
        matches!(self.packing, Packing::Zero | Packing::Spaces | Packing::Blob)
    }

    /// Returns how many bytes the length of a long value takes.
    pub(super) fn blob_width(self) -> usize {
        self.length.saturating_sub(ADDRESS)
    }
}

/// How a table's rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mariadb) struct Form {
    pub(super) parts: Vec<Part>,
    /// May rows differ in length?
    pub(super) is_varying: bool,
    /// Bytes of a row of fixed length.
    pub(super) row_length: usize,
    /// Bytes at the beginning that hold the bits.
    pub(super) bit_bytes: usize,
    /// Bytes at the beginning of a deleted row of fixed length that are overwritten.
    pub(super) overwritten: usize,
    /// What the index file counts.
    pub(in crate::mariadb) counts: Option<Counts>,
}

/// What an index file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) struct Counts {
    pub(in crate::mariadb) rows: u64,
    pub(in crate::mariadb) deleted: u64,
    /// Was the table open when the server ended?
    pub(in crate::mariadb) was_open: bool,
}

impl Form {
    /// Reads how rows are written from the index file, or tells why they cannot be read.
    pub(in crate::mariadb) fn read(index: &[u8], definition: &Definition) -> Result<Self, String> {
        if slice(index, 0, 3) != Some(&[0xfe, 0xfe, 7]) {
            return Ok(Self::of_definition(definition));
        }
        let options = big16(index, 4).unwrap_or(0);
        if options & PACKED_TABLE != 0 {
            return Err("it was packed with myisampack, which is not read".to_owned());
        }
        let counts = counts(index);
        let form = Self::of_index(index, options, definition);
        Ok(Form { counts, ..form.unwrap_or_else(|| Self::of_definition(definition)) })
    }

    fn of_index(index: &[u8], options: usize, definition: &Definition) -> Option<Self> {
        let base = big16(index, 12)?;
        let number = |at: usize| big32(index, base + at).map(|value| value as usize);
        let (reclength, packed_length, fields) = (number(44)?, number(48)?, number(64)?);
        let entries_end = big16(index, 6)?;
        let entries = slice(index, entries_end.checked_sub(fields * ENTRY)?, fields * ENTRY)?;
        let mut at = 0;
        let mut parts = Vec::new();
        for entry in entries.chunks_exact(ENTRY) {
            let part = part(entry, at, definition)?;
            at += part.length;
            parts.push(part);
        }
        let is_whole = definition.places.columns.iter().all(|place| places(&parts).contains(place));
        let is_varying = options & VARYING_ROWS != 0;
        is_whole.then_some(Form {
            bit_bytes: big16(index, base + 76)?,
            parts,
            is_varying,
            row_length: if packed_length > 0 && !is_varying { packed_length } else { reclength },
            overwritten: 1 + usize::from(byte(index, base + 72)?),
            counts: None,
        })
    }

    /// Makes out from the definition how rows are written, as the server does when it makes a table.
    fn of_definition(definition: &Definition) -> Self {
        let mut parts = Vec::new();
        let mut at = 0;
        let first_bit = usize::from(!definition.places.is_packed);
        let mut in_order: Vec<(usize, usize)> =
            definition.places.columns.iter().enumerate().map(|(column, &place)| (place, column)).collect();
        in_order.sort_unstable();
        for (place, number) in in_order {
            let Some(column) = definition.columns.get(number) else { continue };
            if place > at {
                parts.push(Part { packing: Packing::Plain, length: place - at, column: None, null: None });
            }
            let (packing, length) = packing(column, definition.places.is_packed);
            let bit = definition.places.null_bits.get(number).copied().flatten().map(|bit| bit + first_bit);
            let null = bit.map(|bit| (bit / 8, 1 << (bit % 8)));
            parts.push(Part { packing, length, column: Some(number), null });
            at = place + length;
        }
        let bits = parts.iter().filter(|part| part.has_bit()).count();
        Form {
            parts,
            is_varying: definition.places.is_packed,
            row_length: definition.places.length.max(at),
            bit_bytes: bits.div_ceil(8),
            overwritten: 7,
            counts: None,
        }
    }
}

fn places(parts: &[Part]) -> Vec<usize> {
    let mut at = 0;
    parts
        .iter()
        .map(|part| {
            at += part.length;
            at - part.length
        })
        .collect()
}

/// Reads one entry: how it is packed, its length, its NULL bit.
fn part(entry: &[u8], at: usize, definition: &Definition) -> Option<Part> {
    let packing = match big16(entry, 0)? {
        1 | 2 => Packing::Spaces,
        3 => Packing::Zero,
        4 => Packing::Blob,
        8 => Packing::Varying,
        0 | 9 => Packing::Plain,
        _ => return None,
    };
    let bit = byte(entry, 4)?;
    Some(Part {
        packing,
        length: big16(entry, 2)?,
        column: definition.places.columns.iter().position(|&place| place == at),
        null: (bit != 0).then_some((big16(entry, 5)?, bit)),
    })
}

fn packing(column: &Column, is_packed: bool) -> (Packing, usize) {
    match column.kind {
        Kind::Varying { longest } => {
            let length = longest + if longest > 255 { 2 } else { 1 };
            (if is_packed { Packing::Varying } else { Packing::Plain }, length)
        }
        Kind::Blob { width } => (Packing::Blob, width + ADDRESS),
        Kind::Fixed { width } if is_packed && width > 3 => (Packing::Spaces, width),
        Kind::Fixed { width } | Kind::Enum { width, .. } | Kind::Set { width, .. } => (Packing::Plain, width),
        _ => (if is_packed { Packing::Zero } else { Packing::Plain }, column.width().unwrap_or(0)),
    }
}

fn counts(index: &[u8]) -> Option<Counts> {
    Some(Counts { rows: big(index, 28, 8)?, deleted: big(index, 36, 8)?, was_open: big16(index, 24)? != 0 })
}
