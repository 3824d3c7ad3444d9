//! The call records and channel events in a copied data directory of MariaDB: the tables `cdr` and `cel`,
//! deleted rows too.
//!
//! A row stands nowhere as text, so it is shown as `cdr: column=value ...`, empty columns left out, with a remark in
//! brackets where it was deleted. Its columns say what it is, whatever the table is called: whoever puts old calls
//! aside renames the table. A row's place is the byte of its record in the table's file; one that is only in the redo
//! log has the log's byte, counted on from the end of the table's file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;

use super::freeswitch::Accounts;
use super::table_rows::{RowPlace, TableRows};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Take, Tells};
use crate::evidence::{DataDirectories, Evidence, Handle, Source};
use crate::mariadb::{Part, Row, RowFile, RowState, Summary, Table, Wanted, part_of, tables};
use crate::tables::Column;

/// How a table of call records is told and read.
pub(super) static FORMAT: Format = Format {
    word: "mariadb-table",
    tells: Tells::Tables,
    content: Content::Database,
    cites: Cites::Record,
    looks_like: |path, head| {
        part_of(path, head)
            .is_some_and(|(part, table)| part == Part::Rows && may_be_table_of_records(path, table))
    },
    open: |_| Some(Opened::certain(TableReader)),
};

/// Returns whether a table may hold call records or channel events, by its name or its database's; whether it
/// does, its columns tell.
pub(crate) fn may_be_table_of_records(path: &str, table: &str) -> bool {
    let database = path.rsplit('/').nth(1).unwrap_or_default();
    let has = |name: &str, word: &str| name.to_ascii_lowercase().contains(word);
    // `acc` and `location` are a SIP proxy's.
    let is_proxys = ["acc", "missed_calls", "location"].contains(&table.to_ascii_lowercase().as_str());
    is_proxys || ["cdr", "cel", "call"].iter().any(|word| has(table, word)) || has(database, "cdr")
}

/// Returns whether a table with those columns holds records that are read, whatever it is called.
pub(crate) fn are_columns_of_records<'c>(names: impl Iterator<Item = &'c str>) -> bool {
    let columns: Vec<Column> = names.map(Column::named).collect();
    TableRows::of(&columns, &Accounts::default()).is_some()
}

/// Rows have no lines: this one more is the zeroth.
const NO_LINE: u32 = u32::MAX;
/// Rows that are enough to tell a clock by.
const SAMPLE: u32 = 256;
/// Deleted rows of the tablespace of all tables that are told apart by their places.
const MOST_TOLD_APART: usize = 1_000_000;
/// Bytes of a value that are shown.
const LONGEST_VALUE: usize = 512;

/// Reads a table of call records or channel events.
#[derive(Clone, Copy, Debug)]
struct TableReader;

impl Reader for TableReader {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn sample(&self, source: &Source, evidence: &Evidence, take: &mut Take<'_>) {
        let files = DataDirectories { evidence };
        for table in find(&files, &source.file.path).unwrap_or_default() {
            let Some(mut giving) = Giving::of(&table, source.file.bytes, take) else { continue };
            let mut left = SAMPLE;
            // What cannot be read is told when the table is read.
            let _ = table.rows(&files, Wanted::Living, &mut |row| {
                giving.row(&row);
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
    }

    fn read_file_among(
        &self,
        _file: &Handle,
        source: &Source,
        evidence: &Evidence,
        take: &mut Take<'_>,
    ) -> Vec<String> {
        let files = DataDirectories { evidence };
        match find(&files, &source.file.path) {
            Ok(tables) => read_tables(&tables, &files, source, take),
            Err(notes) => notes,
        }
    }
}

/// Reads the tables of a file and returns what there is to say of them.
fn read_tables(
    tables: &[Table],
    files: &DataDirectories<'_>,
    source: &Source,
    take: &mut Take<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    // What is left of a table that was dropped may have been any of those that look so.
    let mut given = HashSet::new();
    for table in tables {
        let Some(mut giving) = Giving::of(table, source.file.bytes, take) else {
            if !table.is_shared {
                notes
                    .push("its columns are not those of call records or channel events: not read".to_owned());
            }
            continue;
        };
        let outcome = table.rows(files, Wanted::All, &mut |row| {
            let is_known = table.is_shared && row.state.is_deleted() && given.len() < MOST_TOLD_APART;
            if !is_known || given.insert((row.file, row.offset)) {
                giving.row(&row);
            }
            ControlFlow::Continue(())
        });
        let said = match outcome {
            Ok(summary) => sentences(table, &summary),
            Err(why) => vec![why],
        };
        let of = if table.is_shared { format!("{}.{}: ", table.database, table.name) } else { String::new() };
        notes.extend(said.into_iter().map(|what| format!("{of}{what}")));
    }
    notes
}

/// Finds the tables of a file, which is one unless it is the tablespace of all, or tells why it cannot be read.
fn find(files: &DataDirectories<'_>, path: &str) -> Result<Vec<Table>, Vec<String>> {
    let (tables, notes) = tables(files);
    let found: Vec<Table> = tables.into_iter().filter(|table| table.path == path).collect();
    if found.is_empty() {
        return Err(notes.into_iter().filter(|note| note.starts_with(path)).collect());
    }
    Ok(found)
}

/// Says what was found beside the living rows.
fn sentences(table: &Table, summary: &Summary) -> Vec<String> {
    let mut notes = summary.notes.clone();
    if table.is_definition_known {
        notes.push("its definition (.frm) is missing: read as FreePBX makes the table".to_owned());
    }
    let mut by_state = Vec::new();
    for (state, count) in summary.rows.iter().filter(|(state, _)| state.is_deleted()) {
        by_state.push(format!("{count} {}", state.words()));
    }
    if !by_state.is_empty() {
        let deleted = summary.deleted();
        notes.push(format!("{deleted} deleted rows were recovered: {}", by_state.join(", ")));
    }
    let counted = [
        (
            summary.count(RowState::IndexRemnant),
            "calls more were probably deleted: only their identifiers are left, in an index",
        ),
        (summary.wiped, "freed records are wiped: rows were deleted of which nothing is left here"),
        (summary.unreadable, "rows could not be read"),
    ];
    notes.extend(
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")),
    );
    notes
}

/// Rows on their way to whoever takes them.
struct Giving<'g, 't> {
    names: Vec<String>,
    table: String,
    reader: TableRows,
    /// Bytes of the table's file, behind which places in the redo log are counted.
    size: u64,
    take: &'g mut Take<'t>,
    chunk: Chunk,
}

impl<'g, 't> Giving<'g, 't> {
    /// Begins a table whose columns have those names; `None` where it holds no records.
    fn new(table: &str, names: Vec<String>, size: u64, take: &'g mut Take<'t>) -> Option<Self> {
        let columns: Vec<Column> = names.iter().map(|name| Column::named(name)).collect();
        let reader = TableRows::of(&columns, &Accounts::default())?;
        Some(Giving { names, table: table.to_owned(), reader, size, take, chunk: Chunk::default() })
    }

    fn of(table: &Table, size: u64, take: &'g mut Take<'t>) -> Option<Self> {
        let names = table.columns.iter().map(|column| column.name.clone()).collect();
        Giving::new(&table.name, names, size, take)
    }

    fn row(&mut self, row: &Row) {
        self.chunk.clear();
        self.chunk.bytes = self.shown(row);
        self.chunk.is_deleted = row.state.is_deleted();
        // What is lost reads as empty.
        let values: Vec<Option<Cow<'_, [u8]>>> =
            row.values.iter().map(|value| Some(value.text().unwrap_or_default())).collect();
        let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
        let place = RowPlace { offset: 0, length: self.chunk.bytes.len() as u32, line: NO_LINE };
        self.reader.read(&values, place, &mut self.chunk);
        self.chunk.is_event_row = self.chunk.records > 0 && self.reader.tells_events();
        let before = if row.file == RowFile::Log { self.size } else { 0 };
        (self.take)(&self.chunk, before.saturating_add(row.offset));
    }

    /// Shows a row as text.
    fn shown(&self, row: &Row) -> Vec<u8> {
        let mut text = self.table.clone().into_bytes();
        text.push(b':');
        for (name, value) in self.names.iter().zip(&row.values) {
            let Some(value) = value.text().filter(|value| !value.is_empty()) else { continue };
            text.push(b' ');
            text.extend_from_slice(name.as_bytes());
            text.push(b'=');
            text.extend_from_slice(value.get(..LONGEST_VALUE).unwrap_or(&value));
        }
        if !row.state.words().is_empty() {
            text.push(b' ');
            text.extend_from_slice(row.state.words().as_bytes());
        }
        if row.file == RowFile::Log {
            text.extend_from_slice(format!(" (ib_logfile0, byte {})", row.offset).as_bytes());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;
    use crate::mariadb::Value;

    fn names(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn channel_events_are_read_whatever_their_table_is_called() {
        let columns =
            ["id", "eventtype", "eventtime", "context", "exten", "channame", "uniqueid", "linkedid"];
        let values =
            ["7", "CHAN_START", "2026-09-10 02:37:48", "inside", "0044", "PJSIP/304-000002c9", "1.7", "1.7"];
        let values = values.map(|text| Value::Text(text.as_bytes().to_vec())).to_vec();
        let row = Row { values, state: RowState::Log, file: RowFile::Log, offset: 90 };
        let mut told = Vec::new();
        let mut take = |chunk: &Chunk, offset: u64| {
            let text = |span| String::from_utf8_lossy(chunk.text(span).unwrap_or_default()).into_owned();
            let entry = chunk.entries.first().expect("an event");
            told.push((offset, entry.action, text(entry.account), text(entry.number)));
            let line = String::from_utf8_lossy(&chunk.bytes).into_owned();
            assert!(chunk.is_deleted && chunk.is_event_row);
            assert!(line.starts_with("old_events: id=7 eventtype=CHAN_START"), "{line}");
            assert!(
                line.ends_with("[deleted, recovered from the redo log] (ib_logfile0, byte 90)"),
                "{line}"
            );
        };
        Giving::new("old_events", names(&columns), 1_000, &mut take).expect("a table of events").row(&row);
        assert_eq!(told, [(1_090, Action::CallAttempt, "304".to_owned(), "0044".to_owned())]);
    }

    #[test]
    fn contacts_that_a_proxy_dropped_are_no_events_that_somebody_deleted() {
        let columns = ["username", "contact", "callid", "cseq", "expires", "last_modified"];
        let values = ["304", "sip:304@198.51.100.7", "a1", "2", "2026-09-10 03:37:48", "2026-09-10 02:37:48"];
        let values = values.map(|text| Value::Text(text.as_bytes().to_vec())).to_vec();
        let row = Row { values, state: RowState::Log, file: RowFile::Log, offset: 90 };
        let mut told = Vec::new();
        let mut take = |chunk: &Chunk, _| told.push((chunk.records, chunk.is_event_row));
        Giving::new("location", names(&columns), 0, &mut take).expect("a table of contacts").row(&row);
        assert_eq!(told, [(1, false)]);
    }

    #[test]
    fn a_table_of_anything_else_is_not_read() {
        assert!(Giving::new("cdr_notes", names(&["id", "channel", "note"]), 0, &mut |_, _| {}).is_none());
        assert!(may_be_table_of_records("mysql/asteriskcdrdb/x.ibd", "x"));
        assert!(may_be_table_of_records("mysql/shop/CDR_2019.ibd", "CDR_2019"));
        assert!(!may_be_table_of_records("mysql/shop/orders.ibd", "orders"));
    }
}
