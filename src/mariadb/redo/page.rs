//! A page to which changes of the log are applied.
//!
//! Inserting and deleting a record is logged as that, not as the bytes it changes: what the new record has in common
//! with the one before it is left out. The directory of a page, which only speeds up searching, is not kept here.

use super::change::{How, number};
use crate::mariadb::bytes::{big16, byte, slice};

const HEADER: usize = 38;
const HEAP_TOP: usize = HEADER + 2;
const HEAP: usize = HEADER + 4;
const FREE: usize = HEADER + 6;
const ROWS: usize = HEADER + 16;
const NEWER_FORMAT: usize = 0x8000;
/// The two records before and behind all others, with their headers, in both forms.
const COMPACT_ENDS: &[u8] = b"\x01\x00\x02\x00\x0dinfimum\x00\x01\x00\x0b\x00\x00supremum";
const REDUNDANT_ENDS: &[u8] =
    b"\x08\x01\x00\x00\x03\x00\x74infimum\x00\x09\x01\x00\x08\x03\x00\x00supremum\x00";
const ENDS: usize = 94;

/// A page as it was at some moment.
#[derive(Clone, Debug)]
pub(in crate::mariadb) struct Image {
    /// Its bytes.
    pub(in crate::mariadb) bytes: Vec<u8>,
    /// Does the log tell all of it, from the page's making on, or from an older state in the file?
    pub(in crate::mariadb) is_certain: bool,
    /// Was it given back?
    pub(in crate::mariadb) is_freed: bool,
}

/// A record that was inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) struct Inserted {
    /// Its place.
    pub(in crate::mariadb) origin: usize,
    /// The place of the record before it, from which it took bytes.
    pub(in crate::mariadb) before: usize,
    /// Did it take any?
    pub(in crate::mariadb) shares: bool,
}

impl Image {
    /// Returns a page of zeros.
    pub(in crate::mariadb) fn blank(size: usize) -> Self {
        Image { bytes: vec![0; size], is_certain: true, is_freed: false }
    }

    /// Applies a change; returns the record that it inserted, if it did.
    pub(in crate::mariadb) fn apply(&mut self, how: How<'_>) -> Option<Inserted> {
        match how {
            How::Freed => self.is_freed = true,
            How::Made => {
                self.bytes.fill(0);
                (self.is_certain, self.is_freed) = (true, false);
            }
            How::Written { at, bytes } => self.write(at, bytes)?,
            How::Filled { at, length, pattern } => {
                let to = self.bytes.get_mut(at..at.checked_add(length)?)?;
                to.iter_mut().zip(pattern.iter().cycle()).for_each(|(to, from)| *to = *from);
            }
            How::Moved { at, length, from } => {
                let moved = slice(&self.bytes, from, length)?.to_vec();
                self.write(at, &moved)?;
            }
            How::Records(body) => return self.records(body),
        }
        None
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(at..at.checked_add(bytes.len())?)?.copy_from_slice(bytes);
        Some(())
    }

    fn write16(&mut self, at: usize, value: usize) -> Option<()> {
        self.write(at, &(value as u16).to_be_bytes())
    }

    fn add16(&mut self, at: usize, value: isize) -> Option<()> {
        let now = big16(&self.bytes, at)?;
        self.write16(at, now.wrapping_add_signed(value))
    }

    fn records(&mut self, body: &[u8]) -> Option<Inserted> {
        let (&kind, body) = body.split_first()?;
        match kind {
            0 => self.make(REDUNDANT_ENDS, 0),
            1 => self.make(COMPACT_ENDS, NEWER_FORMAT),
            4 | 5 => return self.insert_redundant(kind == 5, body),
            6 | 7 => return self.insert_compact(kind == 7, body),
            8 => self.delete_redundant(body),
            9 => self.delete_compact(body),
            _ => None,
        };
        None
    }

    /// Makes a page of an index without rows.
    fn make(&mut self, ends: &[u8], format: usize) -> Option<()> {
        // The kind of a page of an index.
        self.write16(24, 17_855)?;
        self.bytes.get_mut(HEADER..HEADER + 26)?.fill(0);
        self.write16(HEADER, 2)?;
        self.write16(HEAP_TOP, ENDS + ends.len())?;
        self.write16(HEAP, format | 2)?;
        self.bytes.get_mut(ENDS..)?.fill(0);
        self.write(ENDS, ends)
    }

    /// Inserts a record: place of the one before, shift in reused room, length and marks of the header, bytes in
    /// common in header and data, then the rest of both.
    fn insert_compact(&mut self, is_reused: bool, body: &[u8]) -> Option<Inserted> {
        const FIRST: usize = 99;
        let mut numbers = Numbers { body, at: 0 };
        let before = (FIRST + numbers.next()?) & 0xffff;
        let shift = if is_reused { numbers.next()? } else { 0 };
        let marks = numbers.next()?;
        let (common_header, common_data) = (numbers.next()?, numbers.next()?);
        let (header, data) = numbers.rest()?.split_at_checked(marks >> 3)?;
        let size = 5 + common_header + header.len() + common_data + data.len();
        let shared_header =
            slice(&self.bytes, before.checked_sub(5 + common_header)?, common_header)?.to_vec();
        let shared_data = slice(&self.bytes, before, common_data)?.to_vec();
        let next = (before + big16(&self.bytes, before.checked_sub(2)?)?) & 0xffff;
        let (at, heap_number) = if is_reused {
            self.reused_compact(5 + common_header + header.len(), shift)?
        } else {
            self.heap(size)?
        };
        let origin = at + header.len() + common_header + 5;
        self.write(at, header)?;
        self.write(at + header.len(), &shared_header)?;
        let is_leaf = big16(&self.bytes, HEADER + 26)? == 0;
        let status = if is_leaf { marks & 4 } else { 1 };
        self.write(origin - 5, &[((marks & 3) << 4) as u8])?;
        self.write16(origin - 4, heap_number << 3 | status)?;
        self.write16(origin - 2, next.wrapping_sub(origin))?;
        self.write16(before - 2, origin.wrapping_sub(before))?;
        self.write(origin, &shared_data)?;
        self.write(origin + common_data, data)?;
        self.add16(ROWS, 1)?;
        Some(Inserted { origin, before, shares: common_header > 0 || common_data > 0 })
    }

    /// Takes room behind all records.
    fn heap(&mut self, size: usize) -> Option<(usize, usize)> {
        let at = big16(&self.bytes, HEAP_TOP)?;
        let number = big16(&self.bytes, HEAP)?;
        self.write16(HEAP_TOP, at + size)?;
        self.write16(HEAP, number + 1)?;
        Some((at, number & !NEWER_FORMAT))
    }

    /// Takes the room of the record that was freed last.
    fn reused_compact(&mut self, header: usize, shift: usize) -> Option<(usize, usize)> {
        let freed = big16(&self.bytes, FREE)?;
        let at = freed.checked_sub(header)?;
        let at = if shift & 1 == 1 { at.checked_sub(shift >> 1)? } else { at + (shift >> 1) };
        let next = big16(&self.bytes, freed.checked_sub(2)?)?;
        let number = big16(&self.bytes, freed.checked_sub(4)?)? >> 3;
        self.write16(FREE, if next == 0 { 0 } else { (freed + next) & 0xffff })?;
        Some((at, number))
    }

    /// As above, in the older form, whose header tells the count of fields.
    fn insert_redundant(&mut self, is_reused: bool, body: &[u8]) -> Option<Inserted> {
        const FIRST: usize = 101;
        let mut numbers = Numbers { body, at: 0 };
        let before = (FIRST + numbers.next()?) & 0xffff;
        let marks = numbers.next()?;
        let (common_header, common_data) = (numbers.next()? + 6, numbers.next()?);
        let (is_short, fields) = (marks >> 2 & 1, (marks >> 3) + 1);
        let header = 6 + fields * if is_short == 1 { 1 } else { 2 };
        let (own_header, data) = numbers.rest()?.split_at_checked(header.checked_sub(common_header)?)?;
        let shared_header = slice(&self.bytes, before.checked_sub(common_header)?, common_header)?.to_vec();
        let shared_data = slice(&self.bytes, before, common_data)?.to_vec();
        let next = big16(&self.bytes, before.checked_sub(2)?)?;
        let (at, heap_number) =
            if is_reused { self.reused_redundant()? } else { self.heap(header + common_data + data.len())? };
        let origin = at + header;
        self.write(at, own_header)?;
        self.write(at + own_header.len(), &shared_header)?;
        self.write(origin - 6, &[((marks & 3) << 4) as u8])?;
        // Thirteen bits of heap number, ten of the count of fields, one for short ends.
        let packed = (heap_number << 11 | fields << 1 | is_short) as u32;
        self.write(origin - 5, packed.to_be_bytes().get(1..)?)?;
        self.write16(origin - 2, next)?;
        self.write16(before - 2, origin)?;
        self.write(origin, &shared_data)?;
        self.write(origin + common_data, data)?;
        self.add16(ROWS, 1)?;
        Some(Inserted { origin, before, shares: common_header > 6 || common_data > 0 })
    }

    fn reused_redundant(&mut self) -> Option<(usize, usize)> {
        let freed = big16(&self.bytes, FREE)?;
        let header = redundant_header(&self.bytes, freed)?;
        let next = big16(&self.bytes, freed.checked_sub(2)?)?;
        let number = big16(&self.bytes, freed.checked_sub(5)?)? >> 3;
        self.write16(FREE, next)?;
        Some((freed.checked_sub(header)?, number))
    }

    /// Unlinks the record behind the one that is named.
    fn delete_compact(&mut self, body: &[u8]) -> Option<()> {
        let mut numbers = Numbers { body, at: 0 };
        let before = (99 + numbers.next()?) & 0xffff;
        let (header, data) = (numbers.next()? + 5, numbers.next()?);
        let origin = (before + big16(&self.bytes, before.checked_sub(2)?)?) & 0xffff;
        let next = (origin + big16(&self.bytes, origin.checked_sub(2)?)?) & 0xffff;
        self.write16(before - 2, next.wrapping_sub(before))?;
        let heap_number = big16(&self.bytes, origin.checked_sub(4)?)? >> 3;
        let free = big16(&self.bytes, FREE)?;
        let to_free = if free == 0 { 0 } else { free.wrapping_sub(origin) };
        self.free(origin, header, data, heap_number, to_free)
    }

    fn delete_redundant(&mut self, body: &[u8]) -> Option<()> {
        let before = (101 + Numbers { body, at: 0 }.next()?) & 0xffff;
        let origin = big16(&self.bytes, before.checked_sub(2)?)?;
        let next = big16(&self.bytes, origin.checked_sub(2)?)?;
        let header = redundant_header(&self.bytes, origin)?;
        let count = big16(&self.bytes, origin.checked_sub(4)?)?;
        let data = if count & 1 == 1 {
            usize::from(byte(&self.bytes, origin.checked_sub(header)?)?) & 0x7f
        } else {
            big16(&self.bytes, origin.checked_sub(header)?)? & 0x3fff
        };
        self.write16(before - 2, next)?;
        let heap_number = big16(&self.bytes, origin.checked_sub(5)?)? >> 3;
        let free = big16(&self.bytes, FREE)?;
        self.free(origin, header, data, heap_number, free)
    }

    /// Puts a record on the list of freed ones; the last of the heap gives its room back instead.
    fn free(&mut self, origin: usize, header: usize, data: usize, number: usize, next: usize) -> Option<()> {
        self.add16(ROWS, -1)?;
        let heap = big16(&self.bytes, HEAP)?;
        if heap & !NEWER_FORMAT == number + 1 {
            self.write16(HEAP_TOP, origin.checked_sub(header)?)?;
            self.write16(HEAP, heap.checked_sub(1)?)?;
        } else {
            self.write16(FREE, origin)?;
            self.write16(origin.checked_sub(2)?, next)?;
        }
        self.bytes.get_mut(origin..origin.checked_add(data)?)?.fill(0);
        Some(())
    }
}

fn redundant_header(page: &[u8], origin: usize) -> Option<usize> {
    let counts = big16(page, origin.checked_sub(4)?)?;
    let (fields, is_short) = (counts >> 1 & 0x3ff, counts & 1 == 1);
    Some(6 + fields * if is_short { 1 } else { 2 })
}

/// Numbers one after another.
struct Numbers<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Numbers<'a> {
    fn next(&mut self) -> Option<usize> {
        let (value, length) = number(self.body, self.at)?;
        self.at += length;
        usize::try_from(value).ok().filter(|&value| value <= 0xffff)
    }

    fn rest(&self) -> Option<&'a [u8]> {
        self.body.get(self.at..)
    }
}
