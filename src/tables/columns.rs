//! A table's name and columns, and how a `CREATE TABLE` tells them.

use super::dialect::Dialect;
use super::scan::{Scan, identifier, skip_blank, string_end, word};

/// No name of a database object is longer in any of the systems.
const LONGEST_NAME: usize = 128;
/// MySQL allows no more columns.
pub(super) const MOST_COLUMNS: usize = 4_096;

/// One column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name as written.
    pub(crate) name: String,
    /// Are its times written in UTC, whatever the server's zone was?
    ///
    /// `mysqldump` sets the session's zone to UTC, which turns columns of type `timestamp`, not `datetime`.
    pub(crate) in_utc: bool,
}

impl Column {
    /// Builds a column whose times, if it has any, are as the server wrote them.
    pub(crate) fn named(name: &str) -> Self {
        Column { name: name.to_owned(), in_utc: false }
    }
}

/// A table whose rows follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name, without database or schema.
    pub(crate) name: String,
    /// Its columns, in the order of the rows.
    pub(crate) columns: Vec<Column>,
}

/// The words that begin a key or a condition in a `CREATE TABLE`, where a column could stand.
const NO_COLUMNS: [&[u8]; 12] = [
    b"PRIMARY",
    b"KEY",
    b"UNIQUE",
    b"INDEX",
    b"CONSTRAINT",
    b"FOREIGN",
    b"FULLTEXT",
    b"SPATIAL",
    b"CHECK",
    b"EXCLUDE",
    b"LIKE",
    b"PERIOD",
];

/// Reads the columns out of a whole `CREATE TABLE`, from behind the table's name on.
pub(super) fn of_create(definition: &[u8], dialect: Dialect, is_utc_session: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut at = skip_blank(definition, 0);
    if definition.get(at) != Some(&b'(') {
        return columns;
    }
    while definition.get(at).is_some_and(|byte| matches!(byte, b'(' | b',')) && columns.len() < MOST_COLUMNS {
        at = skip_blank(definition, at + 1);
        columns.extend(column(definition, at, is_utc_session));
        let Some(end) = end_of_item(definition, at, dialect) else { break };
        at = end;
    }
    columns
}

/// Reads one column's name and type.
fn column(definition: &[u8], at: usize, is_utc_session: bool) -> Option<Column> {
    let is_quoted = matches!(definition.get(at), Some(b'`' | b'"' | b'['));
    let bare = word(definition, at);
    if !is_quoted && NO_COLUMNS.iter().any(|other| other.eq_ignore_ascii_case(bare)) {
        return None;
    }
    let Scan::To((name, end)) = identifier(definition, at) else { return None };
    let kind = word(definition, skip_blank(definition, end));
    let in_utc = is_utc_session && kind.eq_ignore_ascii_case(b"timestamp");
    (name.len() <= LONGEST_NAME).then_some(Column { name, in_utc })
}

/// Returns where the comma or parenthesis stands that ends the item at `at`.
fn end_of_item(definition: &[u8], at: usize, dialect: Dialect) -> Option<usize> {
    let mut at = at;
    let mut depth = 0_u32;
    loop {
        match *definition.get(at)? {
            b'(' => depth += 1,
            b')' | b',' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            quote @ (b'\'' | b'"' | b'`') => {
                let Scan::To(end) = string_end(definition, at + 1, quote, dialect) else { return None };
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}
