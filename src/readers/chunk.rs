//! A piece of one source, and what a reader understood of it.

use std::ops::Range;

use crate::event::{CallRow, Entry, SipMessage, Span, Stamp};

/// Why a line was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// It has none of the forms that this kind of source has.
    UnknownForm,
    /// It has fewer or more columns than its neighbours, or a column of another kind.
    WrongColumns,
    /// It ends in the middle.
    CutOff,
    /// It is longer than any record of its kind.
    TooLong,
    /// It is no text.
    Binary,
}

impl Why {
    /// Returns why a line was not understood that `raw` holds, its end included, where no line of its kind
    /// is longer than `longest` bytes.
    pub(super) fn of_line(raw: &[u8], longest: usize) -> Self {
        if raw.len() > longest {
            Why::TooLong
        } else if memchr::memchr(0, raw).is_some() {
            Why::Binary
        } else if !raw.ends_with(b"\n") {
            Why::CutOff
        } else {
            Why::UnknownForm
        }
    }

    /// Returns the reason as the coverage table gives it.
    pub fn words(self) -> &'static str {
        match self {
            Why::UnknownForm => "a form that this kind of file does not have",
            Why::WrongColumns => "columns missing, in excess or of another kind",
            Why::CutOff => "the record ends in the middle",
            Why::TooLong => "longer than any record of its kind",
            Why::Binary => "not text",
        }
    }
}

/// A line that was passed over: where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Bytes from the chunk's first byte.
    pub offset: u32,
    /// Lines from the chunk's first line.
    pub line: u32,
    /// The reason.
    pub why: Why,
}

/// Whole records of one source, and what was understood of them.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Bytes before the chunk's first record, for context only, then the records.
    pub bytes: Vec<u8>,
    /// How many of `bytes` are context.
    pub context: usize,
    /// Text that stands nowhere in the source as such: decoded JSON, lines without their colours.
    pub scratch: Vec<u8>,
    /// What happened, in the order of the source.
    pub entries: Vec<Entry>,
    /// Call records, in the order of the source.
    pub rows: Vec<CallRow>,
    /// SIP messages, whether they tell of an event or not.
    pub sip: Vec<SipMessage>,
    /// Records understood, those that tell of no event included.
    pub records: u64,
    /// Lines that fit no form.
    pub skipped: Vec<Skipped>,
    /// Bytes, from the first record's first, that stand so close behind a printed packet without a length
    /// that its sender may have written them; in order, perhaps overlapping.
    pub doubtful: Vec<Range<u32>>,
    /// Line ends in the chunk.
    pub lines: u32,
    /// The stamp of the first record that has one, whether it tells of an event or not.
    pub first_stamp: Option<Stamp>,
    /// The stamp of the last record that has one.
    pub last_stamp: Option<Stamp>,
    /// Does the source end with this chunk?
    pub at_end: bool,
    /// Were the chunk's records deleted from their table, and recovered from what is left of it?
    pub is_deleted: bool,
    /// Is it one row of a table whose rows are events of calls, and are kept as call records are?
    pub is_event_row: bool,
    /// Should only the entries be made that the folding sink keeps?
    ///
    /// A dialplan step is then told once for each call of a chunk.
    pub sparse: bool,
}

impl Chunk {
    /// Returns the bytes of the chunk's records, context left out.
    pub fn records_bytes(&self) -> &[u8] {
        self.bytes.get(self.context..).unwrap_or_default()
    }

    /// Returns a span's text, or `None` where the record does not say.
    ///
    /// Spans count from the first record's first byte; those past its end lie in `scratch`.
    pub fn text(&self, span: Span) -> Option<&[u8]> {
        if span.is_none() {
            return None;
        }
        let (start, length) = (span.start as usize, span.length as usize);
        let records = self.records_bytes();
        if start < records.len() || (start == records.len() && length == 0) {
            records.get(start..start + length)
        } else {
            let start = start - records.len();
            self.scratch.get(start..start + length)
        }
    }

    /// Puts `text` into `scratch` and returns its span.
    pub fn keep(&mut self, text: &[u8]) -> Span {
        let start = self.bytes.len() - self.context + self.scratch.len();
        self.scratch.extend_from_slice(text);
        Span { start: start as u32, length: text.len() as u32 }
    }

    /// Gives a chunk that has none the bytes of its records, after its texts were kept.
    pub(crate) fn set_records(&mut self, bytes: Vec<u8>) {
        let length = bytes.len() as u32;
        let move_span = |span: &mut Span| {
            if !span.is_none() {
                span.start += length;
            }
        };
        for entry in &mut self.entries {
            entry.spans_mut().into_iter().for_each(move_span);
        }
        for row in &mut self.rows {
            row.spans_mut().into_iter().for_each(move_span);
        }
        self.bytes = bytes;
    }

    /// Forgets what was read, keeping the room for it.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.forget();
    }

    /// Forgets what was read but leaves the bytes as they are, to be read over: clearing a piece only to
    /// fill it with zeros again would cost as much as a tenth of the scan.
    pub fn forget(&mut self) {
        self.scratch.clear();
        self.entries.clear();
        self.rows.clear();
        self.sip.clear();
        self.skipped.clear();
        self.doubtful.clear();
        self.context = 0;
        self.first_stamp = None;
        self.last_stamp = None;
        self.records = 0;
        self.lines = 0;
        self.at_end = false;
        self.is_deleted = false;
        self.is_event_row = false;
    }
}
