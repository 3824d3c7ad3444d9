//! The records of a chunk, taken apart one after another.

use csv::ByteRecord;

use super::place::Places;
use super::window::Window;
use super::{Extent, MOST_BYTES, Shape};
use crate::event::Span;
use crate::readers::{Skipped, Why};

/// What spreadsheets put before the first record of an export.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A walk over the records of a chunk.
pub(in crate::readers) struct Records<'a> {
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
pub(in crate::readers) struct Record {
    /// Bytes from the first record's first byte.
    pub(in crate::readers) offset: u32,
    /// The length in bytes, without the line end.
    pub(in crate::readers) length: u32,
    /// Lines from the first record's first line.
    pub(in crate::readers) line: u32,
}

impl Record {
    /// Returns the record's raw text out of the text that was walked over.
    pub(in crate::readers) fn text(self, walked: &[u8]) -> &[u8] {
        let start = self.offset as usize;
        walked.get(start..start + self.length as usize).unwrap_or_default()
    }

    /// Returns this record as one that was passed over.
    pub(in crate::readers) fn skipped(self, why: Why) -> Skipped {
        Skipped { offset: self.offset, line: self.line, why }
    }
}

impl<'a> Records<'a> {
    /// Begins before the first record of `bytes`.
    pub(super) fn new(shape: &'a Shape, bytes: &'a [u8]) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(shape.delimiter)
            .from_reader(Window::new(bytes));
        Records {
            shape,
            bytes,
            offset: 0,
            line: 0,
            reader,
            fields: ByteRecord::new(),
            places: Places::default(),
            has_nul: memchr::memchr(0, bytes).is_some(),
        }
    }

    /// Moves to the next record; a bad one is returned as what was passed over.
    pub(in crate::readers) fn next(&mut self) -> Option<Result<Record, Skipped>> {
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
        if !self.parse(start, text.len()) {
            let is_open = self.reader.get_ref().was_open;
            return Err(record.skipped(if is_open { Why::CutOff } else { Why::UnknownForm }));
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

    /// Has the `csv` reader read the text at `start`; returns whether it is one record with no quote open.
    fn parse(&mut self, start: usize, length: usize) -> bool {
        self.reader.get_mut().show(start, length);
        let was_read = self.reader.read_byte_record(&mut self.fields).unwrap_or(false);
        let is_one = self.has_read_all();
        // A lone `\r` ends a record for the reader; what it makes of the rest is of no use.
        while !self.has_read_all() && self.reader.read_byte_record(&mut self.fields).unwrap_or(false) {}
        was_read && is_one && !self.reader.get_ref().was_open
    }

    fn has_read_all(&self) -> bool {
        let window = self.reader.get_ref();
        window.has_ended && window.given == self.reader.position().byte()
    }

    /// Returns the line ends that were walked over.
    pub(in crate::readers) fn lines(&self) -> u32 {
        let has_line_end = self.bytes.is_empty() || self.bytes.ends_with(b"\n");
        self.line - u32::from(!has_line_end)
    }

    /// Returns the texts of the record's fields.
    pub(in crate::readers) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter()
    }

    /// Returns the record itself.
    pub(in crate::readers) fn whole(&self) -> &ByteRecord {
        &self.fields
    }

    /// Returns how many fields the record has.
    pub(in crate::readers) fn width(&self) -> usize {
        self.fields.len()
    }

    /// Returns a field's text, its quotes taken off.
    pub(in crate::readers) fn field(&self, column: usize) -> &[u8] {
        self.fields.get(column).unwrap_or_default()
    }

    /// Returns a field's span, its text put into `kept` where it does not stand in the chunk as such.
    pub(in crate::readers) fn span(&self, column: usize, kept: &mut Kept) -> Span {
        match self.places.get(column) {
            Some(Some(span)) => span,
            Some(None) => kept.keep(self.field(column)),
            None => Span::NONE,
        }
    }
}

fn without_marks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
        text = rest;
    }
    text
}

/// Text that is to stand behind the chunk's records.
pub(in crate::readers) struct Kept {
    base: usize,
    /// The chunk's scratch text.
    pub(in crate::readers) scratch: Vec<u8>,
}

impl Kept {
    /// Takes a chunk's scratch text, which follows `base` bytes of records.
    pub(in crate::readers) fn new(base: usize, scratch: Vec<u8>) -> Self {
        Kept { base, scratch }
    }

    fn keep(&mut self, text: &[u8]) -> Span {
        let start = self.base + self.scratch.len();
        self.scratch.extend_from_slice(text);
        Span { start: start as u32, length: text.len() as u32 }
    }
}
