//! fail2ban's own database, `/var/lib/fail2ban/fail2ban.sqlite3`: bans that its log may have lost.
//!
//! From 0.9 on the table `bans` has `jail`, `ip` and `timeofban` in seconds; one row for each ban until they
//! are purged (`dbpurgeage`, a day unless it is set). The file is read into memory and opened there: opening
//! it by its path could write beside it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB, Row};

use super::found::Found;
use super::{Access, Chunk, Content, Format, Opened, Reader, Take, Tells, text};
use crate::event::{Action, Instant, Service};
use crate::evidence::Handle;

/// How the database is told and read.
pub(super) static FORMAT: Format = Format {
    word: "fail2ban-database",
    tells: Tells::Host,
    content: Content::Database,
    looks_like: |path, head| {
        // The schema stands at the end of the first page, which may be longer than the first look.
        head.starts_with(b"SQLite format 3\0")
            && (memchr::memmem::find(head, b"fail2banDb").is_some() || path.ends_with("fail2ban.sqlite3"))
    },
    open: |_| Some(Opened::certain(Database)),
};

const LARGEST: u64 = 256 * 1024 * 1024;
/// A damaged tree may lead to the same pages over and over.
const MOST_ROWS: usize = 1_000_000;

struct Database;

impl Reader for Database {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn read_file(&self, handle: &Handle, take: &mut Take<'_>) -> Vec<String> {
        if handle.size() > LARGEST {
            return vec!["too large for fail2ban's database: not read".to_owned()];
        }
        let mut bytes = vec![0; handle.size() as usize];
        let outcome = match handle.read_at(&mut bytes, 0) {
            Ok(got) => {
                bytes.truncate(got);
                bans(bytes, take).map_err(|error| format!("read in part: {error}"))
            }
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        outcome.err().into_iter().collect()
    }
}

fn bans(mut bytes: Vec<u8>, take: &mut Take<'_>) -> Result<(), rusqlite::Error> {
    // A write-ahead log does not work in memory: two bytes tell SQLite that there is none.
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(1);
    }
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true)?;
    drop(bytes);
    connection.execute_batch("PRAGMA trusted_schema = OFF")?;
    if !has_plain_table(&connection)? {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT jail, ip, timeofban FROM bans NOT INDEXED")?;
    let mut rows = statement.query([])?;
    for number in 0..MOST_ROWS {
        let Some(row) = rows.next()? else { break };
        hand_over(row, number as u64, take)?;
    }
    Ok(())
}

/// A view, a virtual table or computed columns could make a query run without end.
fn has_plain_table(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let wanted =
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'bans' AND rootpage > 0 LIMIT 1";
    let mut statement = connection.prepare(wanted)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let sql: String = row.get(0)?;
    let mut words = sql.split(|letter: char| !letter.is_ascii_alphanumeric());
    Ok(!words.any(|word| word.eq_ignore_ascii_case("as")))
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
