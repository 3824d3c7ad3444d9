//! Dumps of databases: the tables that hold call records, channel events and what FusionPBX keeps.
//!
//! The columns decide what a table holds, wherever it stands in the dump and whatever it is called; other
//! tables are counted. A dump is read as a stream, because the head of an `INSERT` that says which table
//! its rows belong to may stand gigabytes before them.

use std::io::Read;

use super::freeswitch::Accounts;
use super::table_rows::{RowPlace, TableRows};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Take, Tells, Why};
use crate::tables::{Dialect, Dump, Place, Rows, Table, looks_like_dump, pump};

/// How a dump is told and read.
pub(super) static FORMAT: Format = Format {
    word: "sql-dump",
    tells: Tells::Tables,
    content: Content::Text,
    cites: Cites::Piece(crate::tables::row_length),
    looks_like: |_, head| looks_like_dump(head),
    open: |opening| {
        let dialect = Dialect::of(opening.head);
        Some(Opened::certain(DumpReader { dialect, accounts: Accounts::of(opening.pbx) }))
    },
};

/// Reads one dump.
#[derive(Clone, Debug)]
struct DumpReader {
    dialect: Dialect,
    accounts: Accounts,
}

/// What is gathered of one piece of a dump.
#[derive(Default)]
struct Gathered {
    accounts: Accounts,
    table: Option<TableRows>,
    /// Tables of calls and events by name, with the rows read of each.
    tables: Vec<(String, u64)>,
    chunk: Chunk,
}

/// Tables told by name in the report.
const MOST_NAMED: usize = 20;

impl Rows for Gathered {
    fn begin(&mut self, table: &Table) -> bool {
        self.table = TableRows::of(&table.columns, &self.accounts);
        if self.table.is_some() && self.tables.last().is_none_or(|(name, _)| *name != table.name) {
            self.tables.truncate(MOST_NAMED);
            self.tables.push((table.name.clone(), 0));
        }
        self.table.is_some()
    }

    fn row(&mut self, values: &[Option<&[u8]>], place: Place) {
        let at =
            RowPlace { offset: place.offset as u32, length: place.length as u32, line: place.line as u32 };
        if let Some(table) = &self.table {
            table.read(values, at, &mut self.chunk);
        }
        if let Some((_, count)) = self.tables.last_mut() {
            *count += 1;
        }
    }

    fn lost(&mut self, place: Place, why: Why) {
        let (offset, line) = (place.offset as u32, place.line as u32);
        self.chunk.skipped.push(Skipped { offset, line, why });
    }
}

impl Reader for DumpReader {
    fn access(&self) -> Access {
        Access::Stream
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }

    fn read(&self, chunk: &mut Chunk) {
        let mut gathered =
            Gathered { accounts: self.accounts.clone(), chunk: std::mem::take(chunk), ..Gathered::default() };
        let mut bytes = std::mem::take(&mut gathered.chunk.bytes);
        bytes.drain(..gathered.chunk.context.min(bytes.len()));
        gathered.chunk.context = 0;
        let length = bytes.len();
        bytes.push(b'\n');
        Dump::new(self.dialect).feed(&bytes, gathered.chunk.at_end, &mut gathered);
        bytes.truncate(length);
        *chunk = gathered.chunk;
        chunk.lines = count_lines(&bytes);
        chunk.set_records(bytes);
    }

    fn read_stream(&self, bytes: &mut dyn Read, piece: usize, take: &mut Take<'_>) -> Vec<String> {
        let mut dump = Dump::new(self.dialect);
        let mut gathered = Gathered { accounts: self.accounts.clone(), ..Gathered::default() };
        let mut offset = 0;
        let outcome = pump(bytes, piece, |buffer, at_end| {
            let length = buffer.len() - usize::from(at_end);
            let done = dump.feed(buffer, at_end, &mut gathered).min(length);
            let records = buffer.get(..done).unwrap_or_default().to_vec();
            let chunk = &mut gathered.chunk;
            chunk.at_end = at_end;
            chunk.lines = count_lines(&records);
            chunk.set_records(records);
            take(chunk, offset);
            offset += done as u64;
            chunk.clear();
            done
        });
        let broken = outcome.err().map(|error| format!("cannot be read at byte {offset}: {error}"));
        let full = "more tables are created than are remembered: rows of later ones may be missing";
        let full = dump.is_full.then(|| full.to_owned());
        broken.into_iter().chain(full).chain(said_of_tables(&gathered.tables, dump.others)).collect()
    }
}

fn count_lines(bytes: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', bytes).count() as u32
}

/// Says which tables were read and how many rows of others were not.
fn said_of_tables(tables: &[(String, u64)], others: u64) -> Option<String> {
    let names: Vec<String> = tables
        .iter()
        .map(|(name, rows)| format!("{} ({rows} rows)", crate::untrusted::visible(name)))
        .collect();
    Some(match names.as_slice() {
        [] => format!("no table of call records or channel events in it; {others} rows of others"),
        names => format!("tables of calls and channel events: {}; {others} rows of others", names.join(", ")),
    })
}
