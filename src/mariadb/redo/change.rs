//! One change of a page, or a file that was named.
//!
//! A record begins with a byte: its kind in bits 4 to 6, its length in the lower four, and whether it is about the
//! same page as the one before. Numbers take one to five bytes; the first tells how many.

use crate::mariadb::bytes::{byte, slice};

/// What a record of the log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) enum Change<'a> {
    /// A file of that number was created, renamed to or written.
    File {
        /// The file's number.
        space: u32,
        /// Its path.
        name: &'a [u8],
    },
    /// A page was changed.
    Page {
        /// The file's number.
        space: u32,
        /// The page.
        page: u32,
        /// How.
        how: How<'a>,
    },
}

/// How a page was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) enum How<'a> {
    /// It was given back.
    Freed,
    /// It was made anew, all zero.
    Made,
    /// An operation on its records.
    Records(&'a [u8]),
    /// Bytes were written.
    Written {
        /// Where.
        at: usize,
        /// What.
        bytes: &'a [u8],
    },
    /// Bytes were filled with a pattern.
    Filled {
        /// Where.
        at: usize,
        /// How many.
        length: usize,
        /// With what, again and again.
        pattern: &'a [u8],
    },
    /// Bytes were copied within the page.
    Moved {
        /// To where.
        at: usize,
        /// How many.
        length: usize,
        /// From where.
        from: usize,
    },
}

/// Where a page's kind stands; places count from there after a page was made.
const PAGE_KIND: usize = 24;

/// Reads a number; returns with it how many bytes it took.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = byte(bytes, at)?;
    let (length, least, mask) = match first {
        0..=0x7f => return Some((u64::from(first), 1)),
        0x80..=0xbf => (2, 1 << 7, 0x3f),
        0xc0..=0xdf => (3, (1 << 7) + (1 << 14), 0x1f),
        0xe0..=0xef => (4, (1 << 7) + (1 << 14) + (1 << 21), 0x0f),
        _ => (5, (1 << 7) + (1 << 14) + (1 << 21) + (1 << 28), 0x07),
    };
    let rest = slice(bytes, at + 1, length - 1)?;
    let value = rest.iter().fold(u64::from(first & mask), |value, &byte| value << 8 | u64::from(byte));
    Some((value + least, length))
}

/// Returns how many bytes a record takes, its first byte included.
pub(super) fn record_length(bytes: &[u8], at: usize) -> Option<usize> {
    match byte(bytes, at)? & 15 {
        0 => number(bytes, at + 1).map(|(more, _)| 1 + more as usize + 15),
        length => Some(1 + usize::from(length)),
    }
}

/// Gives the changes that the records of one group tell.
pub(in crate::mariadb) fn changes(records: &[u8], take: &mut dyn FnMut(Change<'_>)) {
    let mut reading = Reading { space: 0, page: 0, place: 0, is_page: false };
    let mut at = 0;
    while let Some(length) = record_length(records, at) {
        let Some(record) = slice(records, at, length) else { return };
        if let Some(change) = reading.record(record) {
            take(change);
        }
        at += length;
    }
}

/// What records take over from those before them.
struct Reading {
    space: u32,
    page: u32,
    place: usize,
    is_page: bool,
}

impl Reading {
    fn record<'a>(&mut self, record: &'a [u8]) -> Option<Change<'a>> {
        let first = byte(record, 0)?;
        let header = if first & 15 == 0 { 1 + number(record, 1)?.1 } else { 1 };
        let mut body = record.get(header..)?;
        let is_same = first & 0x80 != 0 && self.is_page;
        if !is_same {
            let (space, length) = number(body, 0)?;
            let (page, more) = number(body, length)?;
            (self.space, self.page) = (u32::try_from(space).ok()?, u32::try_from(page).ok()?);
            body = body.get(length + more..)?;
            self.place = 0;
            self.is_page = first & 0x80 == 0;
            if !self.is_page {
                return self.file(first, body);
            }
        }
        let how = self.how(first, body)?;
        Some(Change::Page { space: self.space, page: self.page, how })
    }

    /// Files are created (0x80), deleted, renamed and named again (0xb0), which carries the newest name.
    fn file<'a>(&self, first: u8, body: &'a [u8]) -> Option<Change<'a>> {
        let kind = first & 0xf0;
        let name = body.rsplit(|&byte| byte == 0).next()?;
        let is_named = matches!(kind, 0x80 | 0xa0 | 0xb0) && !name.is_empty();
        is_named.then_some(Change::File { space: self.space, name })
    }

    fn how<'a>(&mut self, first: u8, body: &'a [u8]) -> Option<How<'a>> {
        match first & 0x70 {
            0x00 => Some(How::Freed),
            0x10 => {
                self.place = PAGE_KIND;
                Some(How::Made)
            }
            0x20 => {
                self.place = PAGE_KIND;
                Some(How::Records(body))
            }
            0x30..=0x50 => self.bytes(first & 0x70, body),
            _ => None,
        }
    }

    fn bytes<'a>(&mut self, kind: u8, body: &'a [u8]) -> Option<How<'a>> {
        let (distance, taken) = number(body, 0)?;
        let at = self.place + distance as usize;
        let body = body.get(taken..)?;
        if kind == 0x30 {
            self.place = at + body.len();
            return Some(How::Written { at, bytes: body });
        }
        let (length, taken) = number(body, 0)?;
        let (length, body) = (length as usize, body.get(taken..)?);
        self.place = at + length;
        if kind == 0x40 {
            return Some(How::Filled { at, length, pattern: body });
        }
        let (distance, _) = number(body, 0)?;
        let half = (distance >> 1) as usize + 1;
        let from = if distance & 1 == 1 { at.checked_sub(half)? } else { at + half };
        Some(How::Moved { at, length, from })
    }
}
