//! `.MAI`: how the rows of a table are written, and how many there are.

use crate::mariadb::bytes::{big, big16, byte, slice};
use crate::mariadb::definition::Definition;

/// Bytes of an index file that are read: its head tells all.
pub(in crate::mariadb) const LONGEST: usize = 1024 * 1024;
/// What an index file begins with.
pub(in crate::mariadb) const MAGIC: &[u8] = &[0xfe, 0xfe, 9];
/// Bytes of a column's entry, and of the list of columns behind all of them, for each column.
const ENTRY: usize = 20;
const NUMBER: usize = 2;
/// The option of a table whose rows have a checksum each (`CHECKSUM=1`).
const HAS_CHECKSUMS: usize = 32;
/// Where the table's own numbers begin behind its base.
const BASE: usize = 16 + 5 * 8;
/// Columns that MariaDB adds for itself.
const MOST_HIDDEN: usize = 64;
/// The size of a page; no server was built with others than these.
const PAGES: std::ops::RangeInclusive<usize> = 1_024..=32_768;

/// How the rows of a table are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) enum Written {
    /// In pages.
    Pages,
    /// As MyISAM writes them.
    LikeMyIsam,
    /// In a way that is not read.
    Packed,
}

/// Tells how the rows are written; `None` for what is no index file.
pub(in crate::mariadb) fn written(index: &[u8]) -> Option<Written> {
    if !index.starts_with(MAGIC) {
        return None;
    }
    match byte(index, 22)? {
        0 | 1 => Some(Written::LikeMyIsam),
        3 => Some(Written::Pages),
        _ => Some(Written::Packed),
    }
}

/// Was the table open when the server ended?
pub(in crate::mariadb) fn was_open(index: &[u8]) -> bool {
    big16(index, 24).is_some_and(|count| count != 0)
}

/// What a column is to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// So many bytes.
    Plain,
    /// Bytes whose length stands among the lengths, in so many bytes.
    Measured(usize),
    /// The same, and it may lie in pages of its own.
    Blob(usize),
}

/// A column, in the order in which rows have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number in the definition.
    pub(super) column: Option<usize>,
    pub(super) packing: Packing,
    /// Bytes in memory.
    pub(super) length: usize,
    /// The byte that says whether it is NULL, and the bit of it.
    pub(super) null: Option<(usize, u8)>,
    /// The byte that says whether it is empty, and the bit of it.
    pub(super) empty: Option<(usize, u8)>,
}

/// How a table's rows are written in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mariadb) struct Form {
    pub(super) fields: Vec<Field>,
    /// How many of the first fields are always there, before the lengths.
    pub(super) always: usize,
    /// Have rows lengths at all?
    pub(super) has_lengths: bool,
    pub(super) null_bytes: usize,
    pub(super) empty_bytes: usize,
    pub(super) has_checksums: bool,
    pub(super) page: usize,
    /// How many rows the index file counts.
    pub(super) rows: u64,
}

impl Form {
    /// Reads it, or tells why it cannot be read.
    pub(in crate::mariadb) fn read(index: &[u8], definition: &Definition) -> Result<Self, String> {
        let form = Self::of(index, definition).ok_or("its index file (.MAI) is damaged")?;
        let known = form.fields.iter().filter(|field| field.column.is_some()).count();
        if known != definition.columns.len() || form.fields.len() > known + MOST_HIDDEN {
            return Err("its index file (.MAI) has other columns than its definition (.frm)".to_owned());
        }
        Ok(form)
    }

    fn of(index: &[u8], definition: &Definition) -> Option<Self> {
        let base = big16(index, 12)?.checked_add(BASE)?;
        let number = |at: usize| big16(index, base + 24 + at);
        let count = number(0)?;
        let end = big16(index, 6)?.checked_sub(count * NUMBER)?;
        let entries = slice(index, end.checked_sub(count * ENTRY)?, count * ENTRY)?;
        let fields: Vec<Field> =
            entries.chunks_exact(ENTRY).map(|entry| field(entry, definition)).collect::<Option<_>>()?;
        let page = number(20)?;
        PAGES.contains(&page).then_some(Form {
            fields,
            always: number(2)?,
            has_lengths: number(6)? != 0,
            null_bytes: number(14)?,
            empty_bytes: number(28)?,
            has_checksums: big16(index, 4)? & HAS_CHECKSUMS != 0,
            page,
            rows: big(index, 49, 8)?,
        })
    }
}

/// Reads a column's entry: number, place in memory, kind, length, filling, then the places of its bits.
fn field(entry: &[u8], definition: &Definition) -> Option<Field> {
    /// The address of a long value in memory.
    const ADDRESS: usize = 8;
    let length = big16(entry, 6)?;
    let packing = match big16(entry, 4)? {
        0 | 2 | 3 => Packing::Plain,
        1 => Packing::Measured(if length <= 255 { 1 } else { 2 }),
        8 => Packing::Measured(big16(entry, 8).filter(|width| [1, 2].contains(width))?),
        4 => Packing::Blob(length.checked_sub(ADDRESS).filter(|width| (1..=4).contains(width))?),
        _ => return None,
    };
    let place = big16(entry, 2)?;
    let bit = |at: usize, bit: usize| Some((big16(entry, at)?, byte(entry, bit).filter(|bit| *bit != 0)?));
    Some(Field {
        column: definition.places.columns.iter().position(|&known| known == place),
        packing,
        length,
        null: bit(10, 14),
        empty: bit(12, 15),
    })
}
