//! `cdr.db` of `mod_cdr_sqlite`: the table `cdr`, its columns named as a template's.
//!
//! The SQL that fills it is put together from the caller's words, so that its rows are claims as well.

use std::collections::HashMap;

use super::accounts::Accounts;
use super::records::{finish, put};
use super::template::Column;
use crate::clock::any_stamp;
use crate::event::{CallRow, Span};
use crate::pbx_id::is_uuid;
use crate::readers::sqlite_file::{Rows, SqliteFile};
use crate::readers::{Chunk, Cites, Content, Format, Opened, Take, Tells};
use crate::sqlite;

/// How the database is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "freeswitch-cdr-database",
    tells: Tells::Calls,
    content: Content::Database,
    cites: Cites::Record,
    looks_like: |_, head| {
        let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
        head.starts_with(sqlite::MAGIC) && has(b"CREATE TABLE cdr") && has(b"hangup_cause") && has(b"uuid")
    },
    open: |opening| Some(Opened::certain(SqliteFile(DatabaseReader { accounts: Accounts::of(opening.pbx) }))),
};

/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 5_000_000;
/// Rows have no lines: this one more is the zeroth.
const NO_LINE: u32 = u32::MAX;

/// Reads the table of calls.
struct DatabaseReader {
    accounts: Accounts,
}

impl Rows for DatabaseReader {
    fn rows(&self, bytes: Vec<u8>, take: &mut Take<'_>) -> Result<Vec<String>, rusqlite::Error> {
        let places = places(&bytes);
        let connection = sqlite::open(bytes)?;
        if !sqlite::has_plain_table(&connection, "cdr")? {
            return Ok(Vec::new());
        }
        let mut statement = connection.prepare("SELECT * FROM cdr NOT INDEXED")?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        for _ in 0..MOST_ROWS {
            let Some(row) = rows.next()? else { break };
            let mut values = Vec::with_capacity(names.len());
            for column in 0..names.len() {
                values.push(sqlite::text(row.get_ref(column)?).unwrap_or_default());
            }
            if let Some((chunk, uuid)) = self.chunk(&names, &values) {
                take(&chunk, places.get(&uuid).copied().unwrap_or(0));
            }
        }
        Ok(Vec::new())
    }
}

impl DatabaseReader {
    /// Returns a row as a chunk of its own, and its uuid.
    fn chunk(&self, names: &[String], values: &[Vec<u8>]) -> Option<(Chunk, Vec<u8>)> {
        let mut chunk = Chunk { bytes: shown(names, values), records: 1, ..Chunk::default() };
        let mut row = CallRow::new(0, chunk.bytes.len() as u32, NO_LINE);
        let stamp = |text: &[u8]| any_stamp(text).map(|(stamp, _)| stamp);
        let field = |wanted: Column| {
            let at = names.iter().position(|name| Column::of(name) == wanted);
            at.and_then(|at| values.get(at)).map_or(&[][..], Vec::as_slice)
        };
        for (name, value) in names.iter().zip(values) {
            let span = if value.is_empty() { Span::NONE } else { chunk.keep(value) };
            put(&mut row, Column::of(name), value, span, stamp(value));
        }
        let uuid = field(Column::Uuid).to_vec();
        if !is_uuid(&uuid) || row.start.is_none() {
            return None;
        }
        let (code, number) = (field(Column::AccountCode), field(Column::CallerNumber));
        let account =
            finish(&mut row, field(Column::Cause), &self.accounts, [code, number, field(Column::Context)]);
        if let Some(account) = account {
            row.account = chunk.keep(account);
        }
        (chunk.first_stamp, chunk.last_stamp) = (row.start, row.start);
        chunk.rows.push(row);
        Some((chunk, uuid))
    }
}

/// Shows a row as text.
fn shown(names: &[String], values: &[Vec<u8>]) -> Vec<u8> {
    let mut text = b"cdr:".to_vec();
    for (name, value) in names.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        text.push(b' ');
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.get(..256).unwrap_or(value));
    }
    text
}

/// Returns where each uuid stands in the file: there is no other place to cite for a row.
fn places(bytes: &[u8]) -> HashMap<Vec<u8>, u64> {
    let mut places = HashMap::new();
    for dash in memchr::memchr_iter(b'-', bytes) {
        let Some(start) = dash.checked_sub(8) else { continue };
        if let Some(uuid) = bytes.get(start..start + 36).filter(|text| is_uuid(text)) {
            places.entry(uuid.to_vec()).or_insert(start as u64);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, MAIN_DB};

    use super::*;

    #[test]
    fn a_row_is_read_with_its_place() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE cdr (caller_id_number VARCHAR, destination_number VARCHAR, context VARCHAR, start_stamp DATETIME,
                 answer_stamp DATETIME, end_stamp DATETIME, duration INTEGER, billsec INTEGER, hangup_cause VARCHAR, uuid VARCHAR, account_code VARCHAR);
                 INSERT INTO cdr VALUES ('1007', '0088', 'default', '2026-11-20 17:09:07', '2026-11-20 17:09:09', '2026-11-20 17:09:33', 26, 24,
                 'NORMAL_CLEARING', '5bd0a656-5842-4d47-8bb7-15e92240784d', '1007');
                 INSERT INTO cdr VALUES ('x', 'y', 'z', '', '', '', 0, 0, '', 'no uuid', '');",
            )
            .unwrap();
        let bytes = connection.serialize(MAIN_DB).unwrap().to_vec();
        assert!((FORMAT.looks_like)("cdr.db", &bytes));
        let mut seen = Vec::new();
        let reader = DatabaseReader { accounts: Accounts::default() };
        reader
            .rows(bytes, &mut |chunk, offset| {
                let row = chunk.rows[0];
                let text = |span| String::from_utf8_lossy(chunk.text(span).unwrap()).into_owned();
                seen.push((text(row.dst), text(row.account), row.billsec, row.is_claim, offset > 0));
            })
            .unwrap();
        assert_eq!(seen, [("0088".to_owned(), "1007".to_owned(), 24, true, true)]);
    }
}
