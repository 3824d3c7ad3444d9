//! One row: its flags, NULL bits, empty bits, lengths and columns, on its page and on those that it goes on in.
//!
//! A row begins with a byte of flags, the numbers of transactions that the flags tell of, and, where it goes on
//! elsewhere, the count of extents and the first of them: a page's number and how many pages, or the tail on it.

use std::cell::Cell;

use super::form::{Field, Form, Packing};
use crate::mariadb::bytes::{ReadAt, big16, byte, little, little16, read_part, slice};
use crate::mariadb::column::Kind;
use crate::mariadb::definition::Definition;
use crate::mariadb::value::{Order, Value, read};

/// The flags of a row, with the bytes that each stands for.
const STAMPS: [(u8, usize); 3] = [(1, 6), (2, 7), (4, 6)];
const MORE_NULLS: u8 = 8;
const EXTENTS: u8 = 128;
const FLAGS: u8 = 1 | 2 | 4 | MORE_NULLS | EXTENTS;
/// Bytes of an extent: a page's number in five, then how many pages in two, with the bits of what it is.
const EXTENT: usize = 7;
const IS_TAIL: usize = 0x8000;
const BEGINS: usize = 0x4000;
/// The longest row that is put together.
const LONGEST_ROW: usize = 4 * 1024 * 1024;
/// Bytes before and behind what a full page holds.
const FULL_HEADER: usize = 8;
pub(super) const SUFFIX: usize = 4;
/// The kinds of a page, in the lowest bits of a byte.
const KIND: usize = 7;
pub(super) const HEAD: u8 = 1;
const TAIL: u8 = 2;
const BLOB: u8 = 3;

/// Returns what kind a page is.
pub(super) fn kind_of(page: &[u8]) -> Option<u8> {
    byte(page, KIND).map(|kind| kind & 7)
}

/// Returns where an entry of a page's directory says that its row lies; nothing for one that is free.
pub(super) fn entry(page: &[u8], number: usize) -> Option<(usize, usize)> {
    let at = page.len().checked_sub(SUFFIX)?.checked_sub(number.checked_add(1)?.checked_mul(4)?)?;
    let (place, length) = (little16(page, at)?, little16(page, at + 2)?);
    (place != 0).then_some((place, length))
}

/// A row that was read.
pub(super) struct Read {
    /// A value for each column of the definition.
    pub(super) values: Vec<Value>,
    /// Bytes that it takes on its page.
    pub(super) taken: usize,
    /// Bytes of text in it.
    pub(super) text: usize,
    /// Did every column have a value that can be one of it, and every length its column?
    pub(super) is_plain: bool,
}

/// What reading may cost: each page belongs to one row, so that no sound file needs more than a few looks at each.
pub(super) struct Effort {
    left: Cell<u64>,
}

impl Effort {
    /// Allows so many bytes.
    pub(super) fn of(bytes: u64) -> Self {
        Effort { left: Cell::new(bytes) }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.left.get() == 0
    }

    fn spend(&self, bytes: usize) -> Option<()> {
        let left = self.left.get().checked_sub(bytes as u64);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}

/// Reads the row that `bytes` begin with; the pages that it goes on in are read from `file`, if that is given.
pub(super) fn row(
    form: &Form,
    definition: &Definition,
    bytes: &[u8],
    file: Option<&dyn ReadAt>,
    effort: &Effort,
) -> Option<Read> {
    let mut reading =
        Reading { form, file, effort, here: bytes, at: 0, extents: Vec::new(), next: 0, page: None };
    reading.row(definition)
}

/// A row while it is read.
struct Reading<'a> {
    form: &'a Form,
    file: Option<&'a dyn ReadAt>,
    effort: &'a Effort,
    /// The row's part on its own page, and how far it was read.
    here: &'a [u8],
    at: usize,
    /// Pages that the row goes on in, those that are not read yet, and the extent at hand.
    extents: Vec<(u64, usize)>,
    next: usize,
    /// What is left of the page at hand, once the row has left its own.
    page: Option<Vec<u8>>,
}

impl Reading<'_> {
    fn row(&mut self, definition: &Definition) -> Option<Read> {
        let flags = byte(self.here, 0)?;
        if flags & !FLAGS != 0 {
            return None;
        }
        self.at =
            1 + STAMPS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bytes)| bytes).sum::<usize>();
        let more_nulls =
            if flags & MORE_NULLS != 0 { usize::from(self.take(1)?.first().copied()?) } else { 0 };
        let extents = if flags & EXTENTS != 0 { self.count()? } else { 0 };
        if extents > 0 {
            self.file?;
            let first = self.take(EXTENT)?;
            self.add_extents(&first);
        }
        let lengths = if self.form.has_lengths { self.count()? } else { 0 };
        self.at += usize::from(self.form.has_checksums);
        let nulls = self.take(self.form.null_bytes.checked_add(more_nulls)?)?;
        let empty = self.take(self.form.empty_bytes)?;
        if extents > 1 {
            let more = self.take((extents - 1).checked_mul(EXTENT).filter(|bytes| *bytes <= LONGEST_ROW)?)?;
            self.add_extents(&more);
        }
        let mut read =
            Read { values: vec![Value::Lost; definition.columns.len()], taken: 0, text: 0, is_plain: true };
        let (always, others) = self.form.fields.split_at_checked(self.form.always)?;
        for field in always {
            let value = self.take(field.length)?;
            put(field, definition, &value, &mut read)?;
        }
        let lengths = self.take(lengths)?;
        let mut lengths = lengths.as_slice();
        let has = |bits: &[u8], bit: Option<(usize, u8)>| {
            bit.is_some_and(|(place, bit)| byte(bits, place).unwrap_or(0) & bit != 0)
        };
        for field in others {
            self.effort.spend(1)?;
            if has(&nulls, field.null) {
                if let Some(column) = field.column {
                    *read.values.get_mut(column)? = Value::Null;
                }
            } else if has(&empty, field.empty) {
                let nothing =
                    if field.packing == Packing::Plain { vec![0; field.length] } else { Vec::new() };
                put(field, definition, &nothing, &mut read)?;
            } else {
                let value = self.value(field, &mut lengths)?;
                put(field, definition, &value, &mut read)?;
            }
        }
        read.is_plain &= lengths.is_empty();
        read.taken = self.at;
        Some(read)
    }

    /// Reads a column's bytes, whose length stands among the lengths.
    fn value(&mut self, field: &Field, lengths: &mut &[u8]) -> Option<Vec<u8>> {
        let (width, is_blob) = match field.packing {
            Packing::Plain => return self.take(field.length),
            Packing::Measured(width) => (width, false),
            Packing::Blob(width) => (width, true),
        };
        let length = little(lengths, 0, width)? as usize;
        *lengths = lengths.get(width..)?;
        if (!is_blob && length > field.length) || length > LONGEST_ROW {
            return None;
        }
        let has_left = self.page.is_some() || self.here.len().saturating_sub(self.at) < length;
        if is_blob && has_left && length > 0 {
            // A long value that lies elsewhere begins there.
            self.turn()?;
        }
        self.take(length)
    }

    /// Reads a count of one byte, or of two behind a byte of 255.
    fn count(&mut self) -> Option<usize> {
        match *self.take(1)?.first()? {
            255 => big16(&self.take(2)?, 0),
            count => Some(usize::from(count)),
        }
    }

    fn add_extents(&mut self, bytes: &[u8]) {
        let read = |extent: &[u8]| Some((little(extent, 0, 5)?, little16(extent, 5)? & !BEGINS));
        self.extents.extend(bytes.chunks_exact(EXTENT).filter_map(read));
    }

    /// Takes bytes of the row, from the next of its pages where this one ends.
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        self.effort.spend(length + 1)?;
        let mut taken = Vec::new();
        loop {
            let wanted = length - taken.len();
            match &mut self.page {
                None => {
                    let rest = self.here.get(self.at..)?;
                    let part = rest.get(..wanted.min(rest.len()))?;
                    self.at += part.len();
                    taken.extend_from_slice(part);
                }
                Some(page) => taken.extend(page.drain(..wanted.min(page.len()))),
            }
            if taken.len() == length {
                return Some(taken);
            }
            self.turn()?;
        }
    }

    /// Goes on to the next page of the row.
    fn turn(&mut self) -> Option<()> {
        let (number, count) = loop {
            let extent = self.extents.get_mut(self.next)?;
            match extent.1 {
                0 => self.next += 1,
                tail if tail & IS_TAIL != 0 => {
                    self.next += 1;
                    break (extent.0, tail);
                }
                _ => {
                    let number = extent.0;
                    *extent = (number + 1, extent.1 - 1);
                    break (number, 0);
                }
            }
        };
        let length = self.form.page;
        self.effort.spend(length)?;
        let page = read_part(self.file?, number.checked_mul(length as u64)?, length).ok()?;
        if page.len() < length {
            return None;
        }
        let part = if count & IS_TAIL != 0 {
            let (place, bytes) = entry(&page, count & !IS_TAIL).filter(|_| kind_of(&page) == Some(TAIL))?;
            slice(&page, place, bytes)?.to_vec()
        } else {
            let is_full = kind_of(&page) == Some(BLOB);
            page.get(FULL_HEADER..length - SUFFIX).filter(|_| is_full)?.to_vec()
        };
        self.page = Some(part);
        Some(())
    }
}

fn put(field: &Field, definition: &Definition, bytes: &[u8], read_row: &mut Read) -> Option<()> {
    let Some(number) = field.column else { return Some(()) };
    let column = definition.columns.get(number)?;
    if column.is_text() {
        let is_long = matches!(column.kind, Kind::Blob { .. });
        let may_be = |byte: &u8| *byte >= b' ' || (is_long && matches!(byte, b'\t' | b'\n' | b'\r'));
        read_row.is_plain &= bytes.iter().all(may_be);
        read_row.text += bytes.len();
    }
    let value = read(column, bytes, Order::Native);
    read_row.is_plain &= value.is_some();
    *read_row.values.get_mut(number)? = value.unwrap_or(Value::Lost);
    Some(())
}
