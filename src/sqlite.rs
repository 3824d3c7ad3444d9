//! SQLite files of the evidence, opened in memory: opening one by its path could write beside it.
//!
//! A file is hostile until shown otherwise. Only plain tables are asked, from beginning to end: a view, a
//! virtual table, a computed column or an index could make a query run without end or name a function.

use std::io::{self, Read};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB};

use crate::evidence::{Handle, Packing};

/// What every SQLite file begins with.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";
/// A larger file is not read into memory.
pub(crate) const LARGEST: usize = 128 * 1024 * 1024;
/// No value that counts is longer, in bytes.
const LONGEST_VALUE: i32 = 1024 * 1024;

/// A table that can be asked safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlainTable {
    /// Its name.
    pub(crate) name: String,
    /// The number of the page that it begins with, from 1.
    pub(crate) root: u32,
}

/// Opens the database that `bytes` hold, for reading only.
pub(crate) fn open(mut bytes: Vec<u8>) -> Result<Connection, rusqlite::Error> {
    // A write-ahead log does not work in memory: two bytes tell SQLite that there is none.
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(1);
    }
    let mut connection = Connection::open_in_memory()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST as i32)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true)?;
    drop(bytes);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON")?;
    Ok(connection)
}

/// Returns the tables that are neither views nor virtual and have no computed columns.
pub(crate) fn plain_tables(connection: &Connection) -> Result<Vec<PlainTable>, rusqlite::Error> {
    const MOST: usize = 1_000;
    let wanted = "SELECT name, rootpage, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0";
    let mut statement = connection.prepare(wanted)?;
    let mut rows = statement.query([])?;
    let mut tables = Vec::new();
    while tables.len() < MOST {
        let Some(row) = rows.next()? else { break };
        let (Ok(name), Ok(root)) = (row.get::<_, String>(0), row.get::<_, u32>(1)) else { continue };
        // A name in it that is no text would end the program when the columns are asked for.
        let Ok(sql) = row.get::<_, String>(2) else { continue };
        let mut words = sql.split(|letter: char| !letter.is_ascii_alphanumeric());
        if !words.any(|word| word.eq_ignore_ascii_case("as")) {
            tables.push(PlainTable { name, root });
        }
    }
    Ok(tables)
}

/// Returns whether there is a table of that name that can be asked safely.
pub(crate) fn has_plain_table(connection: &Connection, name: &str) -> Result<bool, rusqlite::Error> {
    Ok(plain_tables(connection)?.iter().any(|table| table.name == name))
}

/// Quotes a name for a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns a value's text; `None` for `NULL`.
pub(crate) fn text(value: ValueRef<'_>) -> Option<Vec<u8>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
        ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
        ValueRef::Real(number) => Some(number.to_string().into_bytes()),
    }
}

/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 10_000_000;

/// Reads a whole database, unpacked, or says why it is not read.
pub(crate) fn read(handle: &Handle) -> Result<Vec<u8>, String> {
    match unpacked(handle) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            Err(format!("larger than {} MB: not read; a dump of its tables can be", LARGEST / 1024 / 1024))
        }
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn unpacked(handle: &Handle) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0; 6];
    let got = handle.contents(Packing::Plain).read(&mut first)?;
    let packing = Packing::of(first.get(..got).unwrap_or_default());
    let bytes = handle.contents(packing).up_to(LARGEST + 1);
    Ok((bytes.len() <= LARGEST).then_some(bytes))
}

/// Calls back for each row of a table, with the row's number and each column's name and value; the rows
/// before a damaged place count. Returns whether there is such a table.
pub(crate) fn each_row(
    connection: &Connection,
    table: &str,
    mut take: impl FnMut(i64, &[(&str, ValueRef<'_>)]),
) -> Result<bool, rusqlite::Error> {
    if !has_plain_table(connection, table)? {
        return Ok(false);
    }
    let mut statement = connection.prepare(&format!("SELECT rowid, * FROM {} NOT INDEXED", quoted(table)))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    for _ in 0..MOST_ROWS {
        let Some(row) = rows.next()? else { break };
        let number = row.get(0)?;
        let mut values = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate().skip(1) {
            values.push((name.as_str(), row.get_ref(index)?));
        }
        take(number, &values);
    }
    Ok(true)
}
