//! The call records in a copied data directory of MariaDB: the table `cdr`, deleted rows too.
//!
//! A row stands nowhere as text, so it is shown as `cdr: column=value ...`, empty columns left out, with a remark in
//! brackets where it was deleted. Its columns are read by the reader of call records that are text. A row's place is
//! the byte of its record in the table's file; one that is only in the redo log has the log's byte, counted on from
//! the end of the table's file.

use std::ops::ControlFlow;

use super::call_records::CallRecordReader;
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Take, Tells};
use crate::event::{CallRow, Span};
use crate::evidence::{Evidence, Handle, Kind, Source};
use crate::mariadb::{Files, ReadAt, Row, RowFile, RowState, Summary, Table, Wanted, is_innodb_file, tables};

/// How a table of call records is told and read.
pub(super) static FORMAT: Format = Format {
    word: "mariadb-table",
    tells: Tells::Calls,
    content: Content::Database,
    cites: Cites::Record,
    looks_like: |path, head| {
        let name = path.rsplit('/').next().unwrap_or_default();
        (name == "cdr.ibd" && is_innodb_file(head)) || name == "cdr.MYD"
    },
    open: |_| Some(Opened::certain(TableReader)),
};

/// Rows have no lines: this one more is the zeroth.
const NO_LINE: u32 = u32::MAX;
/// Rows that are enough to tell a clock by.
const SAMPLE: u32 = 256;
/// Bytes of a packed file that are held in memory: the redo log has 96 MiB where nobody changed that.
const LARGEST_PACKED: usize = 128 * 1024 * 1024;
/// Bytes of a value that are shown.
const LONGEST_VALUE: usize = 512;

/// Reads a table of call records.
#[derive(Clone, Copy, Debug)]
struct TableReader;

impl Reader for TableReader {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn sample(&self, source: &Source, evidence: &Evidence, take: &mut Take<'_>) {
        let beside = Beside { evidence };
        let Some(table) = find(&beside, &source.file.path).ok() else { return };
        let Some(mut giving) = Giving::new(&table, source.file.bytes, take) else { return };
        let mut left = SAMPLE;
        // What cannot be read is told when the table is read.
        let _ = table.rows(&beside, Wanted::Living, &mut |row| {
            giving.row(&row);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    fn read_file_among(
        &self,
        _file: &Handle,
        source: &Source,
        evidence: &Evidence,
        take: &mut Take<'_>,
    ) -> Vec<String> {
        let beside = Beside { evidence };
        let table = match find(&beside, &source.file.path) {
            Ok(table) => table,
            Err(notes) => return notes,
        };
        let Some(mut giving) = Giving::new(&table, source.file.bytes, take) else {
            return vec!["its columns are not those of call records".to_owned()];
        };
        let outcome = table.rows(&beside, Wanted::All, &mut |row| {
            giving.row(&row);
            ControlFlow::Continue(())
        });
        match outcome {
            Ok(summary) => sentences(&table, &summary),
            Err(why) => vec![why],
        }
    }
}

/// Finds the table of a file, or tells why it cannot be read.
fn find(beside: &Beside<'_>, path: &str) -> Result<Table, Vec<String>> {
    let (tables, notes) = tables(beside);
    let found = tables.into_iter().find(|table| table.path == path);
    found.ok_or_else(|| notes.into_iter().filter(|note| note.starts_with(path)).collect())
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

/// The files of data directories in the evidence.
struct Beside<'a> {
    evidence: &'a Evidence,
}

impl Files for Beside<'_> {
    fn paths(&self) -> Vec<String> {
        let is_of_database = |source: &&Source| match source.kind {
            Kind::DatabasePart => true,
            Kind::Records(format) => *format == FORMAT,
            _ => false,
        };
        self.evidence.sources.iter().filter(is_of_database).map(|source| source.file.path.clone()).collect()
    }

    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>> {
        let source = self.evidence.sources.iter().find(|source| source.file.path == path)?;
        let handle = self.evidence.open(&source.file).ok()?;
        if source.is_random_access() {
            return Some(Box::new(handle));
        }
        // What lies packed in an archive is held in memory, if it is not too large for that.
        let length = usize::try_from(source.file.bytes).ok().filter(|length| *length <= LARGEST_PACKED)?;
        let mut bytes = vec![0; length];
        let got = handle.contents(source.packing).fill(&mut bytes);
        bytes.truncate(got);
        Some(Box::new(bytes))
    }
}

/// Rows on their way to whoever takes them.
struct Giving<'g, 't> {
    names: Vec<String>,
    reader: CallRecordReader,
    /// Bytes of the table's file, behind which places in the redo log are counted.
    size: u64,
    take: &'g mut Take<'t>,
    as_text: Chunk,
}

impl<'g, 't> Giving<'g, 't> {
    fn new(table: &Table, size: u64, take: &'g mut Take<'t>) -> Option<Self> {
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        let header = format!("{}\n", names.join(","));
        let (reader, _) = CallRecordReader::find(header.as_bytes(), None)?;
        Some(Giving { names, reader, size, take, as_text: Chunk::default() })
    }

    fn row(&mut self, row: &Row) {
        self.as_text.clear();
        self.as_text.bytes = delimited(row);
        self.reader.read(&mut self.as_text);
        let Some(mut call) = self.as_text.rows.first().copied() else { return };
        let mut chunk =
            Chunk { bytes: self.shown(row), is_deleted: row.state.is_deleted(), ..Chunk::default() };
        let length = chunk.bytes.len() as u32;
        spans(&mut call).into_iter().filter(|span| !span.is_none()).for_each(|span| span.start += length);
        (call.offset, call.length, call.line) = (0, length, NO_LINE);
        chunk.scratch = [self.as_text.bytes.as_slice(), &self.as_text.scratch].concat();
        chunk.records = 1;
        chunk.first_stamp = call.start;
        chunk.last_stamp = call.start;
        chunk.rows.push(call);
        let before = if row.file == RowFile::Log { self.size } else { 0 };
        (self.take)(&chunk, before.saturating_add(row.offset));
    }

    /// Shows a row as text.
    fn shown(&self, row: &Row) -> Vec<u8> {
        let mut text = b"cdr:".to_vec();
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

/// Writes a row as a line of delimited text; what is lost is empty.
fn delimited(row: &Row) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let values: Vec<Vec<u8>> = row
        .values
        .iter()
        .map(|value| value.text().map(std::borrow::Cow::into_owned).unwrap_or_default())
        .collect();
    // Writing to memory does not fail.
    let _ = writer.write_byte_record(&csv::ByteRecord::from(values));
    writer.into_inner().unwrap_or_default()
}

fn spans(row: &mut CallRow) -> [&mut Span; 12] {
    [
        &mut row.account_code,
        &mut row.src,
        &mut row.dst,
        &mut row.context,
        &mut row.caller_id,
        &mut row.channel,
        &mut row.dst_channel,
        &mut row.last_app,
        &mut row.last_data,
        &mut row.uniqueid,
        &mut row.linkedid,
        &mut row.userfield,
    ]
}
