//! What a table looks like: its columns and keys, from its `.frm` or from what FreePBX is known to make.

use super::column::Column;

/// A table's columns and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its columns, in the order of the definition.
    pub columns: Vec<Column>,
    /// Its keys, in the order of the definition; the primary key first.
    pub keys: Vec<Key>,
    /// Who keeps the rows.
    pub engine: Engine,
    /// How long a row of fixed length is in memory, and where each column stands in it.
    pub(super) places: Places,
}

/// Where the columns stand in a row as MariaDB has it in memory, which MyISAM writes nearly as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Bytes of a row.
    pub(super) length: usize,
    /// The first byte of each column.
    pub(super) columns: Vec<usize>,
    /// Has each column a bit of its own in the null bytes at the row's start? Its number, from 0.
    pub(super) null_bits: Vec<Option<usize>>,
    /// May rows be of varying length?
    pub(super) is_packed: bool,
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its parts: the column's number and how many bytes of it belong to the key.
    pub parts: Vec<(usize, usize)>,
    /// May no two rows have the same value?
    pub is_unique: bool,
    /// Is it the primary key?
    pub is_primary: bool,
}

/// Who keeps the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// InnoDB: `.ibd`.
    InnoDb,
    /// MyISAM: `.MYD` and `.MYI`.
    MyIsam,
    /// Aria: `.MAD` and `.MAI`.
    Aria,
    /// Another, which is not read.
    Other,
}

impl Definition {
    /// Returns the number of the column of that name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Returns the key by which InnoDB orders the rows: the primary key, else the first that is unique and
    /// never NULL; `None` where it orders them by a hidden number.
    pub(super) fn clustered_key(&self) -> Option<&Key> {
        let is_never_null = |key: &&Key| {
            key.parts.iter().all(|&(column, _)| self.columns.get(column).is_some_and(|it| !it.is_nullable))
        };
        self.keys
            .iter()
            .find(|key| key.is_primary)
            .or_else(|| self.keys.iter().filter(|key| key.is_unique).find(is_never_null))
    }
}
