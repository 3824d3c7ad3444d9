//! Databases of SQLite, read into memory and opened there: opening one by its path could write beside it.

use std::io;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB};

use super::bytes::read_up_to;
use super::{Handle, Packing};

/// How every database of SQLite begins.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The largest that is read: it stands in memory twice for a moment.
pub(crate) const LARGEST: usize = 256 * 1024 * 1024;
/// A damaged tree may lead to the same pages over and over.
pub(crate) const MOST_ROWS: usize = 10_000_000;

/// Reads a whole database, unpacked; `None` where it is larger than [`LARGEST`].
pub(crate) fn read(handle: &Handle) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0; 3];
    let got = handle.read_at(&mut first, 0)?;
    let packing = Packing::of(first.get(..got).unwrap_or_default());
    let bytes = read_up_to(handle, packing, LARGEST + 1)?;
    Ok((bytes.len() <= LARGEST).then_some(bytes))
}

/// Opens a database that was read into memory.
pub(crate) fn open(mut bytes: Vec<u8>) -> Result<Connection, rusqlite::Error> {
    // A write-ahead log does not work in memory: two bytes tell SQLite that there is none.
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(1);
    }
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true)?;
    drop(bytes);
    connection.execute_batch("PRAGMA trusted_schema = OFF")?;
    Ok(connection)
}

/// Calls back for each row of a table, with the row's number and each column's name and value; the rows
/// before a damaged place count. Returns whether there is such a table.
///
/// `table` is a name of ours, never one of the database.
pub(crate) fn each_row(
    connection: &Connection,
    table: &str,
    mut take: impl FnMut(i64, &[(&str, ValueRef<'_>)]),
) -> Result<bool, rusqlite::Error> {
    if !is_plain_table(connection, table)? {
        return Ok(false);
    }
    let mut statement = connection.prepare(&format!("SELECT rowid, * FROM {table} NOT INDEXED"))?;
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

/// A view, a virtual table or computed columns could make a query run without end.
fn is_plain_table(connection: &Connection, table: &str) -> Result<bool, rusqlite::Error> {
    let wanted = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1 AND rootpage > 0 LIMIT 1";
    let mut statement = connection.prepare(wanted)?;
    let mut rows = statement.query([table])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let sql: String = row.get(0)?;
    let mut words = sql.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_computed = words.any(|word| word.eq_ignore_ascii_case("as"));
    Ok(!is_computed && !sql.to_ascii_lowercase().contains("without rowid"))
}
