//! Records of delimited text, found in a way that one stray quote cannot undo.
//!
//! Asterisk's `cdr_csv`, `cdr_custom` and `cel_custom` write one record a line, quote with `"` and
//! double a quote inside. A quoted field may hold a line end in theory, and `cdr_custom` mappings
//! without `CSV_QUOTE` let a caller write a lone quote. So a record may span lines only as long as it
//! closes soon, comes out with the right number of columns, and swallows no line that is a record by
//! itself; else its first line alone is bad. The fields themselves are taken apart by the `csv` crate.

mod place;
mod quotes;

use std::io::Read;
use std::ops::RangeInclusive;

use csv::ByteRecord;

use self::place::Places;
use self::quotes::Quotes;
use super::{Skipped, Why};
use crate::event::Span;

/// The most lines that one record may span.
const MOST_LINES: u32 = 8;
/// The most bytes of one record.
const MOST_BYTES: usize = 64 * 1024;
/// What spreadsheets put before the first record of an export.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What delimits the fields of a file, and how many there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// `,`, `;` or a tab.
    pub(super) delimiter: u8,
    /// How many columns a record may have.
    pub(super) widths: RangeInclusive<usize>,
    /// How many columns most records have: a last one with fewer and no line end was cut.
    pub(super) usual: usize,
}

/// What the bytes at hand say about the record that they begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// It takes this many bytes, line end included, and so many lines.
    Record { length: usize, lines: u32 },
    /// Its first line, of this many bytes, leaves a quote open that nothing sensible closes.
    Stray(usize),
    /// More bytes are needed to tell; its first line takes this many.
    Open(usize),
}

impl Shape {
    /// Returns how many of `bytes` hold records whose end is certain.
    pub(super) fn whole_records(&self, bytes: &[u8]) -> usize {
        let mut whole = 0;
        while let Some(rest) = bytes.get(whole..).filter(|rest| !rest.is_empty()) {
            match self.extent(rest) {
                Extent::Record { length, .. } | Extent::Stray(length) if ends_a_line(rest, length) => {
                    whole += length;
                }
                _ => break,
            }
        }
        whole
    }

    fn extent(&self, bytes: &[u8]) -> Extent {
        let first = line_length(bytes);
        let line = bytes.get(..first).unwrap_or(bytes);
        if memchr::memchr_iter(b'"', line).count().is_multiple_of(2) {
            return Extent::Record { length: first, lines: 1 };
        }
        let mut quotes = Quotes::new(self.delimiter);
        quotes.follow(line);
        if !quotes.are_open() {
            return Extent::Record { length: first, lines: 1 };
        }
        self.later_lines(bytes, first, quotes)
    }

    /// Looks for the line that closes the quote which the first line left open.
    fn later_lines(&self, bytes: &[u8], first: usize, mut quotes: Quotes) -> Extent {
        let mut length = first;
        for lines in 2..=MOST_LINES {
            let rest = bytes.get(length..).unwrap_or_default();
            let taken = line_length(rest);
            let line = rest.get(..taken).unwrap_or(rest);
            if length + taken > MOST_BYTES {
                return Extent::Stray(first);
            }
            if !ends_a_line(rest, taken) {
                return Extent::Open(first);
            }
            if self.is_a_record(line) {
                return Extent::Stray(first);
            }
            quotes.follow(line);
            length += taken;
            if !quotes.are_open() {
                let fits = self.widths.contains(&quotes.fields());
                return if fits { Extent::Record { length, lines } } else { Extent::Stray(first) };
            }
        }
        Extent::Stray(first)
    }

    fn is_a_record(&self, line: &[u8]) -> bool {
        let mut quotes = Quotes::new(self.delimiter);
        quotes.follow(line);
        !quotes.are_open() && self.widths.contains(&quotes.fields())
    }

    /// Returns a walk over the records of `bytes`, which begin with one.
    pub(super) fn records<'a>(&'a self, bytes: &'a [u8]) -> Records<'a> {
        Records {
            shape: self,
            bytes,
            offset: 0,
            line: 0,
            reader: self.reader(bytes),
            fields: ByteRecord::new(),
            places: Places::default(),
            has_nul: memchr::memchr(0, bytes).is_some(),
        }
    }

    fn reader<'a>(&self, bytes: &'a [u8]) -> csv::Reader<Window<'a>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(Window { bytes, next: 0, end: 0, starved: false })
    }
}

/// So many bytes of a head are enough to tell its columns.
const LOOKED_AT: usize = 32 * 1024;
/// So many rows of a head are enough to tell its columns.
const MOST_ROWS: usize = 200;
/// A table with fewer or more columns holds nothing that is read here.
const WIDTHS: RangeInclusive<usize> = 4..=64;

/// Returns the first whole rows of a file; of a file with no whole row, what there is of its first.
pub(super) fn sample(head: &[u8], delimiter: u8) -> Vec<ByteRecord> {
    let head = head.get(..LOOKED_AT).unwrap_or(head);
    let shape = Shape { delimiter, widths: WIDTHS, usual: 0 };
    let whole = memchr::memrchr(b'\n', head).and_then(|newline| head.get(..=newline)).unwrap_or(head);
    let mut records = shape.records(whole);
    let mut rows = Vec::new();
    while let Some(next) = records.next().filter(|_| rows.len() < MOST_ROWS) {
        if next.is_ok() {
            rows.push(records.fields.clone());
        }
    }
    if rows.is_empty() {
        let first = whole.get(..line_length(whole)).unwrap_or(whole);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(first);
        let cut = reader.byte_records().next().and_then(Result::ok);
        rows.extend(cut.filter(|row| WIDTHS.contains(&row.len())));
    }
    rows
}

/// Returns the length of the line that `bytes` begin with, its line end included.
fn line_length(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1)
}

fn without_marks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
        text = rest;
    }
    text
}

fn ends_a_line(bytes: &[u8], length: usize) -> bool {
    length.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'\n')
}

/// Hands the `csv` reader one record's bytes at a time, so that it cannot read past its end.
struct Window<'a> {
    bytes: &'a [u8],
    next: usize,
    end: usize,
    /// Did the reader ask for more than the record holds?
    starved: bool,
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = self.bytes.get(self.next..self.end).unwrap_or_default();
        let taken = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..taken), rest.get(..taken)) {
            to.copy_from_slice(from);
        }
        self.next += taken;
        self.starved |= taken == 0;
        Ok(taken)
    }
}

/// A walk over the records of a chunk.
pub(super) struct Records<'a> {
    shape: &'a Shape,
    bytes: &'a [u8],
    offset: usize,
    line: u32,
    reader: csv::Reader<Window<'a>>,
    fields: ByteRecord,
    places: Places,
    /// Is there any byte in the chunk that no text has?
    has_nul: bool,
}

/// Where the record stands whose fields [`Records`] holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Bytes from the first record's first byte.
    pub(super) offset: u32,
    /// The length in bytes, without the line end.
    pub(super) length: u32,
    /// Lines from the first record's first line.
    pub(super) line: u32,
}

impl Record {
    /// Returns the record's raw text out of the text that was walked over.
    pub(super) fn text(self, walked: &[u8]) -> &[u8] {
        let start = self.offset as usize;
        walked.get(start..start + self.length as usize).unwrap_or_default()
    }

    /// Returns this record as one that was passed over.
    pub(super) fn skipped(self, why: Why) -> Skipped {
        Skipped { offset: self.offset, line: self.line, why }
    }
}

impl Records<'_> {
    /// Moves to the next record; a bad one is returned as what was passed over.
    pub(super) fn next(&mut self) -> Option<Result<Record, Skipped>> {
        loop {
            let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty())?;
            let (taken, lines, is_stray) = match self.shape.extent(rest) {
                Extent::Record { length, lines } => (length, lines, false),
                Extent::Stray(length) | Extent::Open(length) => (length, 1, true),
            };
            let raw = rest.get(..taken).unwrap_or(rest);
            let text = raw.strip_suffix(b"\n").unwrap_or(raw);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let record = Record { offset: self.offset as u32, length: text.len() as u32, line: self.line };
            let text_alone = without_marks(text);
            let start = self.offset + text.len() - text_alone.len();
            self.offset += taken;
            self.line += lines;
            if text_alone.is_empty() {
                continue;
            }
            return Some(self.take_apart(record, start, text_alone, is_stray));
        }
    }

    fn take_apart(
        &mut self,
        record: Record,
        start: usize,
        text: &[u8],
        is_stray: bool,
    ) -> Result<Record, Skipped> {
        if text.len() > MOST_BYTES {
            return Err(record.skipped(Why::TooLong));
        }
        if self.has_nul && memchr::memchr(0, text).is_some() {
            return Err(record.skipped(Why::Binary));
        }
        if is_stray {
            return Err(record.skipped(Why::CutOff));
        }
        if !self.parse(start) {
            return Err(record.skipped(Why::UnknownForm));
        }
        let is_closed = self.places.find(text, start, self.shape.delimiter, &self.fields);
        if !is_closed {
            return Err(record.skipped(Why::CutOff));
        }
        let has_line_end = self.bytes.get(..self.offset).is_some_and(|read| read.ends_with(b"\n"));
        if !has_line_end && self.fields.len() < self.shape.usual {
            return Err(record.skipped(Why::CutOff));
        }
        if !self.shape.widths.contains(&self.fields.len()) {
            return Err(record.skipped(Why::WrongColumns));
        }
        Ok(record)
    }

    /// Has the `csv` reader read the record from `start` to the current offset, and no byte further.
    fn parse(&mut self, start: usize) -> bool {
        let window = self.reader.get_mut();
        window.next = start;
        window.end = self.offset;
        let before = self.reader.position().byte();
        let was_read = self.reader.read_byte_record(&mut self.fields).unwrap_or(false);
        let consumed = self.reader.position().byte() - before;
        let wanted = (self.offset - start) as u64;
        // The reader stops at `\r` and passes over the `\n` when it is asked for the next record.
        let is_whole = consumed + 1 >= wanted && consumed <= wanted + 1;
        if !is_whole || self.reader.get_ref().starved {
            self.reader = self.shape.reader(self.bytes);
        }
        was_read && is_whole
    }

    /// Returns the line ends that were walked over.
    pub(super) fn lines(&self) -> u32 {
        let has_line_end = self.bytes.is_empty() || self.bytes.ends_with(b"\n");
        self.line - u32::from(!has_line_end)
    }

    /// Returns the texts of the record's fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter()
    }

    /// Returns how many fields the record has.
    pub(super) fn width(&self) -> usize {
        self.fields.len()
    }

    /// Returns a field's text, its quotes taken off.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        self.fields.get(column).unwrap_or_default()
    }

    /// Returns a field's span, its text put into `kept` where it does not stand in the chunk as such.
    pub(super) fn span(&self, column: usize, kept: &mut Kept) -> Span {
        match self.places.get(column) {
            Some(Some(span)) => span,
            Some(None) => kept.keep(self.field(column)),
            None => Span::NONE,
        }
    }
}

/// Text that is to stand behind the chunk's records.
pub(super) struct Kept {
    base: usize,
    /// The chunk's scratch text.
    pub(super) scratch: Vec<u8>,
}

impl Kept {
    /// Takes a chunk's scratch text, which follows `base` bytes of records.
    pub(super) fn new(base: usize, scratch: Vec<u8>) -> Self {
        Kept { base, scratch }
    }

    fn keep(&mut self, text: &[u8]) -> Span {
        let start = self.base + self.scratch.len();
        self.scratch.extend_from_slice(text);
        Span { start: start as u32, length: text.len() as u32 }
    }
}
