//! fail2ban's own database, `/var/lib/fail2ban/fail2ban.sqlite3`: bans that its log may have lost.
//!
//! From 0.9 on the table `bans` has `jail`, `ip` and `timeofban` in seconds; one row for each ban until they
//! are purged (`dbpurgeage`, a day unless it is set).

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::found::Found;
use super::sqlite_file::{Rows, SqliteFile};
use super::{Chunk, Cites, Content, Format, Opened, Take, Tells, text};
use crate::event::{Action, Instant, Service};
use crate::sqlite;

/// How the database is told and read.
pub(super) static FORMAT: Format = Format {
    word: "fail2ban-database",
    tells: Tells::Host,
    content: Content::Database,
    cites: Cites::Record,
    looks_like: |path, head| {
        // The schema stands at the end of the first page, which may be longer than the first look.
        head.starts_with(sqlite::MAGIC)
            && (memchr::memmem::find(head, b"fail2banDb").is_some() || path.ends_with("fail2ban.sqlite3"))
    },
    open: |_| Some(Opened::certain(SqliteFile(Database))),
};

/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 1_000_000;

struct Database;

impl Rows for Database {
    fn rows(&self, bytes: Vec<u8>, take: &mut Take<'_>) -> Result<Vec<String>, rusqlite::Error> {
        let connection = sqlite::open(bytes)?;
        if !sqlite::has_plain_table(&connection, "bans")? {
            return Ok(Vec::new());
        }
        let mut statement = connection.prepare("SELECT jail, ip, timeofban FROM bans NOT INDEXED")?;
        let mut rows = statement.query([])?;
        for number in 0..MOST_ROWS {
            let Some(row) = rows.next()? else { break };
            hand_over(row, number as u64, take)?;
        }
        Ok(Vec::new())
    }
}

/// Hands one row over, whose text is `JAIL ADDRESS`; its place is its number, for a row has no other.
fn hand_over(row: &Row<'_>, number: u64, take: &mut Take<'_>) -> Result<(), rusqlite::Error> {
    let bytes = |value| match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => b"".as_slice(),
    };
    let (jail, address) = (bytes(row.get_ref(0)?), bytes(row.get_ref(1)?));
    let seconds = match row.get_ref(2)? {
        ValueRef::Integer(seconds) => seconds,
        ValueRef::Real(seconds) => seconds as i64,
        _ => return Ok(()),
    };
    let line = [jail, b" ", address].concat();
    let mut found = Found::new(Action::Banned, Service::Fail2ban).because("in the database");
    found.exact = Some(Instant::from_seconds(seconds));
    found.address = text::address(address);
    found.detail = line.get(..jail.len());
    let mut entry = found.entry(&line, 0);
    entry.length = line.len() as u32;
    let chunk = Chunk { entries: vec![entry], records: 1, lines: 1, bytes: line, ..Chunk::default() };
    take(&chunk, number);
    Ok(())
}
