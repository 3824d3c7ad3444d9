//! Call records and channel events in SQLite: what `cdr_sqlite3_custom` and `cel_sqlite3_custom` write into
//! `master.db`, and any other file with a table of their columns.
//!
//! A row stands at no one line: its place is the byte at which the pages of its table begin, and its
//! number (`rowid`) for the line. Its text is the values with `|` between them, as SQLite's shell shows
//! them.

use std::collections::BTreeMap;
use std::io::Read;

use rusqlite::Connection;

use super::freeswitch::Accounts;
use super::table_rows::{RowPlace, TableRows};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Take, Tells};
use crate::event::Place;
use crate::sqlite::{self, LARGEST, MAGIC, PlainTable, quoted};
use crate::tables::Column;

/// How a database is told and read.
pub(super) static FORMAT: Format = Format {
    word: "sqlite-tables",
    tells: Tells::Tables,
    content: Content::Database,
    cites: Cites::Rows(texts_at),
    looks_like: |_, head| looks_like(head),
    open: |opening| Some(Opened::certain(DatabaseReader { accounts: Accounts::of(opening.pbx) })),
};

/// Returns whether a database begins whose schema names the columns of call records or channel events.
fn looks_like(head: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    let is_of_calls = has(b"billsec") && has(b"disposition") && has(b"channel");
    let is_of_events = has(b"eventtype") && has(b"eventtime") && has(b"channame");
    let is_of_fusionpbx = has(b"xml_cdr_uuid") || has(b"user_log_uuid");
    head.starts_with(MAGIC) && (is_of_calls || is_of_events || is_of_fusionpbx)
}

/// Reads one database.
#[derive(Clone, Debug, Default)]
struct DatabaseReader {
    accounts: Accounts,
}

impl Reader for DatabaseReader {
    fn access(&self) -> Access {
        Access::Stream
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }

    fn read(&self, _chunk: &mut Chunk) {
        // Pages tell nothing without those that say which table they belong to.
    }

    fn read_stream(&self, bytes: &mut dyn Read, _piece: usize, take: &mut Take<'_>) -> Vec<String> {
        let database = match Database::open(bytes) {
            Ok(database) => database,
            Err(why) => return vec![why],
        };
        let tables = match sqlite::plain_tables(&database.connection) {
            Ok(tables) => tables,
            Err(error) => return vec![format!("its schema cannot be read: {error}")],
        };
        let mut notes = Vec::new();
        for table in tables {
            if let Err(error) = database.read(&table, &self.accounts, take) {
                notes.push(format!(
                    "table {} was read in part: {error}",
                    crate::untrusted::visible(&table.name)
                ));
            }
        }
        notes
    }
}

/// An open database.
struct Database {
    connection: Connection,
    page_size: u64,
    /// Its length in bytes.
    length: u64,
}

/// Rows have no more bytes of text than this for each of the file's: numbers are longer as text.
const MOST_TEXT: u64 = 16;

impl Database {
    fn open(bytes: &mut dyn Read) -> Result<Self, String> {
        let mut held = Vec::new();
        if let Err(error) = bytes.take(LARGEST as u64 + 1).read_to_end(&mut held) {
            return Err(format!("cannot be read: {error}"));
        }
        if held.len() > LARGEST {
            return Err("too large for a database of calls: not read".to_owned());
        }
        // Bytes 16 and 17 of the header; 1 stands for 65,536.
        let page_size = match held.get(16..18) {
            Some(&[0, 1]) => 65_536,
            Some(&[high, low]) => u64::from(u16::from_be_bytes([high, low])),
            _ => 0,
        };
        let length = held.len() as u64;
        let connection = sqlite::open(held).map_err(|error| format!("cannot be opened: {error}"))?;
        Ok(Database { connection, page_size, length })
    }

    /// Returns where the pages of a table begin.
    fn offset(&self, table: &PlainTable) -> u64 {
        u64::from(table.root.saturating_sub(1)) * self.page_size
    }

    /// Reads the rows of a table, if it holds any of interest; those before a damaged page count.
    fn read(
        &self,
        table: &PlainTable,
        accounts: &Accounts,
        take: &mut Take<'_>,
    ) -> Result<(), rusqlite::Error> {
        let asked = format!("SELECT rowid, * FROM {} NOT INDEXED", quoted(&table.name));
        let mut statement = self.connection.prepare(&asked)?;
        let columns: Vec<Column> = statement.column_names().skip(1).map(Column::named).collect();
        let Some(reader) = TableRows::of(&columns, accounts) else { return Ok(()) };
        let mut rows = statement.query([])?;
        let mut chunk = Chunk::default();
        // A damaged tree may lead to the same pages over and over.
        let mut left = self.length.saturating_mul(MOST_TEXT);
        while left > 0 {
            let Some(row) = rows.next()? else { break };
            let values = values_of(row, columns.len())?;
            let number: i64 = row.get(0)?;
            chunk.clear();
            let text = shown(&values);
            left = left.saturating_sub(text.len() as u64 + 1);
            let line = u32::try_from(number).unwrap_or(0).saturating_sub(1);
            let place = RowPlace { offset: 0, length: text.len() as u32, line };
            chunk.bytes = text;
            let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
            reader.read(&values, place, &mut chunk);
            take(&chunk, self.offset(table));
        }
        Ok(())
    }

    /// Returns the text of one row.
    fn text(&self, table: &PlainTable, number: u32) -> Result<Vec<u8>, rusqlite::Error> {
        let asked = format!("SELECT rowid, * FROM {} NOT INDEXED WHERE rowid = ?1", quoted(&table.name));
        let mut statement = self.connection.prepare(&asked)?;
        let width = statement.column_count().saturating_sub(1);
        let mut rows = statement.query([number])?;
        let Some(row) = rows.next()? else { return Ok(Vec::new()) };
        Ok(shown(&values_of(row, width)?))
    }
}

fn values_of(row: &rusqlite::Row<'_>, width: usize) -> Result<Vec<Option<Vec<u8>>>, rusqlite::Error> {
    (1..=width).map(|at| Ok(sqlite::text(row.get_ref(at)?))).collect()
}

fn shown(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let texts: Vec<&[u8]> = values.iter().map(|value| value.as_deref().unwrap_or_default()).collect();
    texts.join(&b'|')
}

/// Returns the texts of rows that are cited.
pub(super) fn texts_at(bytes: &mut dyn Read, places: &[Place]) -> BTreeMap<Place, Vec<u8>> {
    let mut texts = BTreeMap::new();
    let Ok(database) = Database::open(bytes) else { return texts };
    let tables = sqlite::plain_tables(&database.connection).unwrap_or_default();
    for place in places {
        let table = tables.iter().find(|table| database.offset(table) == place.offset);
        if let Some(text) = table.and_then(|table| database.text(table, place.line).ok()) {
            texts.insert(*place, text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use rusqlite::MAIN_DB;

    use super::*;
    use crate::event::SourceId;

    const CALLS: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
        CREATE TABLE cdr (AcctId INTEGER PRIMARY KEY, calldate TEXT, clid TEXT, dcontext TEXT, channel TEXT, dstchannel TEXT, lastapp TEXT, lastdata TEXT, duration TEXT, billsec TEXT, disposition TEXT, uniqueid TEXT);
        INSERT INTO cdr VALUES (7, '2026-11-11 08:12:55', '\"A|B\" <206>', 'internal', 'SIP/206-00000000', NULL, 'Dial', 'SIP/201', '10', 9, 'ANSWERED', '1794381175.0');
        INSERT INTO cdr VALUES (9, '2026-11-11 08:13:55', '', 'internal', 'SIP/206-00000001', '', 'Dial', '', 'many', 9, 'ANSWERED', '1794381235.1');
        CREATE TABLE cel (id INTEGER PRIMARY KEY, eventtype TEXT, eventtime TEXT, channame TEXT, exten TEXT, uniqueid TEXT);
        INSERT INTO cel VALUES (1, 'CHAN_START', '1794381175.648100', 'SIP/206-00000000', '201', '1794381175.0');";

    fn database(statements: &str) -> Vec<u8> {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(statements).unwrap();
        connection.serialize(MAIN_DB).unwrap().to_vec()
    }

    /// Returns `offset:line text` of each row, how many were passed over, and the notes.
    fn read(bytes: &[u8]) -> (Vec<(u64, u32, String)>, usize, Vec<String>) {
        let (mut told, mut skipped) = (Vec::new(), 0);
        let notes = DatabaseReader::default().read_stream(&mut &*bytes, 1, &mut |chunk: &Chunk, offset| {
            skipped += chunk.skipped.len();
            let text = |span| String::from_utf8_lossy(chunk.text(span).unwrap_or_default()).into_owned();
            told.extend(chunk.rows.iter().map(|row| (offset, row.line + 1, text(row.caller_id))));
            told.extend(chunk.entries.iter().map(|entry| (offset, entry.line + 1, text(entry.number))));
        });
        (told, skipped, notes)
    }

    #[test]
    fn rows_are_read_and_cited_by_table_and_number() {
        let bytes = database(CALLS);
        assert!(looks_like(&bytes));
        let (told, skipped, notes) = read(&bytes);
        assert_eq!((told.len(), skipped, notes), (2, 1, Vec::new()));
        assert_eq!((told[0].1, told[0].2.as_str()), (7, "\"A|B\" <206>"));
        assert_eq!(told[1].2, "201");
        let place = Place { source: SourceId(0), offset: told[0].0, line: 7 };
        let texts = texts_at(&mut bytes.as_slice(), &[place]);
        let text = String::from_utf8_lossy(&texts[&place]).into_owned();
        assert!(
            text.starts_with("7|2026-11-11 08:12:55|\"A|B\" <206>|internal|SIP/206-00000000||Dial|"),
            "{text}"
        );
    }

    #[test]
    fn a_view_is_not_asked() {
        let endless = "CREATE VIEW cdr AS WITH RECURSIVE n(calldate, channel, billsec, disposition, dst) AS \
            (SELECT 1, 1, 1, 1, 1 UNION ALL SELECT * FROM n) SELECT * FROM n";
        assert_eq!(read(&database(endless)).0, []);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn damage_is_survived(at in 0_usize..20_480, byte in proptest::num::u8::ANY, cut in 0_usize..24_000) {
            let mut bytes = database(CALLS);
            if let Some(hit) = bytes.get_mut(at) {
                *hit = byte;
            }
            bytes.truncate(cut.max(1));
            let _ = read(&bytes);
        }
    }
}
