//! In which order an index keeps its fields, and how they lie in a record.
//!
//! The clustered index, which is the table itself, has its key first, then the number of the transaction that
//! wrote the row and where its older version lies, then all other columns. Without a key, a hidden row number
//! of six bytes stands in its place.

use crate::mariadb::column::{Column, Kind};
use crate::mariadb::definition::{Definition, Key};

const ROW_ID: usize = 6;
const TRANSACTION: usize = 6;
const ROLL_POINTER: usize = 7;

/// One field of a record.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The column it holds whole; `None` for what is hidden, and for the beginning of a long column.
    pub(super) column: Option<usize>,
    /// Bytes in the newer row formats, where every value has as many.
    pub(super) width: Option<usize>,
    /// May it be NULL?
    pub(super) is_nullable: bool,
    /// May its length take two bytes?
    pub(super) is_long: bool,
}

/// The fields of an index's records.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// In the order of the record.
    pub(super) fields: Vec<Field>,
    /// How many fields tell a row from all others.
    pub(super) key_fields: usize,
    /// How many fields may be NULL.
    pub(super) nullable: usize,
    /// Fields of the records that were written before columns were added, where that differs.
    pub(super) first_fields: Option<usize>,
}

impl Layout {
    /// Returns the layout of the clustered index.
    pub(super) fn clustered(definition: &Definition) -> Self {
        let mut fields = match definition.clustered_key() {
            Some(key) => key_fields(definition, key),
            None => vec![hidden(ROW_ID)],
        };
        let key_fields = fields.len();
        fields.push(hidden(TRANSACTION));
        fields.push(hidden(ROLL_POINTER));
        for (number, column) in definition.columns.iter().enumerate() {
            if !fields.iter().any(|field| field.column == Some(number)) {
                fields.push(whole(number, column));
            }
        }
        Layout::of(fields, key_fields)
    }

    /// Returns the layout of another index: its columns, then what of the clustered key it lacks.
    pub(super) fn secondary(definition: &Definition, key: &Key) -> Self {
        let mut fields = key_fields(definition, key);
        match definition.clustered_key() {
            None => fields.push(hidden(ROW_ID)),
            Some(clustered) => {
                for field in key_fields(definition, clustered) {
                    if field.column.is_none() || !fields.iter().any(|known| known.column == field.column) {
                        fields.push(field);
                    }
                }
            }
        }
        let key_fields = fields.len();
        Layout::of(fields, key_fields)
    }

    fn of(fields: Vec<Field>, key_fields: usize) -> Self {
        let nullable = fields.iter().filter(|field| field.is_nullable).count();
        Layout { fields, key_fields, nullable, first_fields: None }
    }

    /// Returns how many of the first `count` fields may be NULL.
    pub(super) fn nullable_of(&self, count: usize) -> usize {
        self.fields.iter().take(count).filter(|field| field.is_nullable).count()
    }
}

fn key_fields(definition: &Definition, key: &Key) -> Vec<Field> {
    let part = |&(number, length): &(usize, usize)| {
        let column = definition.columns.get(number)?;
        Some(if is_whole(column, length) { whole(number, column) } else { beginning(column, length) })
    };
    key.parts.iter().filter_map(part).collect()
}

/// Does a part of a key of that many bytes hold the column whole?
fn is_whole(column: &Column, length: usize) -> bool {
    match column.kind {
        Kind::Varying { longest } => length >= longest,
        Kind::Fixed { width } => length >= width,
        Kind::Blob { .. } => false,
        _ => true,
    }
}

fn hidden(width: usize) -> Field {
    Field { column: None, width: Some(width), is_nullable: false, is_long: false }
}

fn whole(number: usize, column: &Column) -> Field {
    Field {
        column: Some(number),
        width: column.compact_width(),
        is_nullable: column.is_nullable,
        is_long: column.is_long(),
    }
}

/// The beginning of a column: whether its length may take two bytes goes by the whole column.
fn beginning(column: &Column, length: usize) -> Field {
    Field {
        column: None,
        width: column.compact_width().map(|width| width.min(length)),
        is_nullable: column.is_nullable,
        is_long: column.is_long(),
    }
}
