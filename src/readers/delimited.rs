//! Records of delimited text, found in a way that one stray quote cannot undo.
//!
//! Asterisk's `cdr_csv`, `cdr_custom` and `cel_custom` write one record a line, quote with `"` and
//! double a quote inside. A quoted field may hold a line end in theory, and `cdr_custom` mappings
//! without `CSV_QUOTE` let a caller write a lone quote. So a record may span lines only as long as it
//! closes soon, comes out with the right number of columns, and swallows no line that is a record by
//! itself; else its first line alone is bad. The fields themselves are taken apart by the `csv` crate.

mod place;
mod quotes;
mod records;
mod window;

pub(super) use records::{Kept, Record, Records};

use std::ops::RangeInclusive;

use csv::ByteRecord;

use quotes::Quotes;

/// The most lines that one record may span.
const MOST_LINES: u32 = 8;
/// The most bytes of one record.
const MOST_BYTES: usize = 64 * 1024;

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
        Records::new(self, bytes)
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
            rows.push(records.whole().clone());
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

fn ends_a_line(bytes: &[u8], length: usize) -> bool {
    length.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'\n')
}
