//! Pages of `ROW_FORMAT=COMPRESSED` tables, made into what they are in memory.
//!
//! Behind the header, which is not packed, comes a zlib stream: first a description of the fields, then the
//! records in the order of their places, without the five bytes before each and without what changes often.
//! Then follows a log of later changes. From the end of the page backwards lie two bytes for each record (its
//! place and marks: the rows in order, then the freed ones), 13 bytes for each (transaction and roll pointer),
//! and the pointers to long values. Child pages are named there as well, four bytes a record.

use flate2::{Decompress, FlushDecompress, Status};

use super::layout::Layout;
use super::record::{Format, Piece, REFERENCE, compact};
use crate::mariadb::bytes::{big16, big32, byte, slice};

/// Where records begin: behind the two that stand before and behind all others.
const RECORDS: usize = 120;
/// Where the stream begins.
const STREAM: usize = 94;
const HEADER: usize = 38;
/// Transaction and roll pointer.
const SYSTEM: usize = 13;
const SLOT: usize = 2;
const DELETED: usize = 0x8000;
const OWNER: usize = 0x4000;
/// What ends the description of the fields: zlib's mark of a full flush.
const FLUSHED: &[u8] = &[0, 0, 0xff, 0xff];

/// The list of records at a page's end.
struct Slots {
    /// Records ever put into the page.
    all: Vec<usize>,
    /// How many of them are rows, in order; the rest were freed.
    rows: usize,
}

impl Slots {
    fn read(page: &[u8]) -> Option<Self> {
        let heap = (big16(page, HEADER + 4)? & 0x7fff).checked_sub(2)?;
        let rows = big16(page, HEADER + 16)?;
        let slot = |number: usize| big16(page, page.len().checked_sub(SLOT * (number + 1))?);
        let all: Vec<usize> = (0..heap).map(slot).collect::<Option<_>>()?;
        (rows <= heap).then_some(Slots { all, rows })
    }

    /// Returns the places of the rows, sorted.
    fn rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.all.iter().take(self.rows).map(|slot| slot & (OWNER - 1)).collect();
        rows.sort_unstable();
        rows
    }

    /// Returns the places of all records in their order in the page, in which the rest of it counts them.
    fn by_place(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.all.iter().map(|slot| slot & (OWNER - 1)).collect();
        places.sort_unstable();
        places
    }
}

/// Returns the pages below a page that is no leaf.
pub(super) fn children(page: &[u8]) -> Option<Vec<u32>> {
    let slots = Slots::read(page)?;
    let start = page.len().checked_sub(slots.all.len() * SLOT)?;
    let places = slots.by_place();
    let rows = slots.rows();
    let of_rows = places.iter().enumerate().filter(|(_, place)| rows.binary_search(place).is_ok());
    of_rows.map(|(number, _)| big32(page, start.checked_sub(4 * (number + 1))?)).collect()
}

/// Makes a leaf of the clustered index into what it is in memory.
pub(super) fn unpack(page: &[u8], page_size: usize, layout: &Layout) -> Option<Vec<u8>> {
    let slots = Slots::read(page)?;
    let places = slots.by_place();
    let lists = slots.all.len().checked_mul(SLOT + SYSTEM)?;
    let mut unpacking = Unpacking::new(page, page_size, page.len().checked_sub(lists + 1)?)?;
    for (number, &place) in places.iter().enumerate() {
        if !unpacking.record(number, place, layout)? {
            break;
        }
    }
    let heap_top = big16(page, HEADER + 2)?;
    unpacking.finish(heap_top)?;
    unpacking.later_changes(&places, layout)?;
    let mut image = unpacking.image;
    restore(page, &mut image, &slots, &places, layout)?;
    link(&mut image, &slots)?;
    Some(image)
}

/// A stream that is being inflated to its places.
struct Unpacking<'a> {
    page: &'a [u8],
    inflate: Decompress,
    /// The next byte of the stream, and where it must have ended.
    input: usize,
    input_end: usize,
    image: Vec<u8>,
    output: usize,
    is_at_end: bool,
}

impl<'a> Unpacking<'a> {
    fn new(page: &'a [u8], page_size: usize, input_end: usize) -> Option<Self> {
        let mut image = vec![0; page_size];
        image.get_mut(..STREAM)?.copy_from_slice(page.get(..STREAM)?);
        let mut unpacking = Unpacking {
            page,
            inflate: Decompress::new(true),
            input: STREAM,
            input_end,
            image,
            output: RECORDS,
            is_at_end: false,
        };
        unpacking.pass_description()?;
        Some(unpacking)
    }

    /// Inflates the description of the fields, which the table's definition tells better.
    fn pass_description(&mut self) -> Option<()> {
        let stream = self.page.get(STREAM..self.input_end)?;
        let end = memchr::memmem::find(stream, FLUSHED)? + FLUSHED.len();
        let mut description = vec![0; self.image.len()];
        let status =
            self.inflate.decompress(stream.get(..end)?, &mut description, FlushDecompress::Sync).ok()?;
        self.input += self.inflate.total_in() as usize;
        (status == Status::Ok && self.input == STREAM + end).then_some(())
    }

    /// Inflates up to a place; returns whether the stream reached so far.
    fn inflate_to(&mut self, place: usize) -> Option<bool> {
        while self.output < place {
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let input = self.page.get(self.input..self.input_end)?;
            let output = self.image.get_mut(self.output..place)?;
            let status = self.inflate.decompress(input, output, FlushDecompress::Sync).ok()?;
            let (taken, given) = (self.inflate.total_in() - before_in, self.inflate.total_out() - before_out);
            self.input += taken as usize;
            self.output += given as usize;
            if status == Status::StreamEnd {
                self.is_at_end = true;
                return Some(self.output == place);
            }
            if taken == 0 && given == 0 {
                return None;
            }
        }
        (self.output == place).then_some(true)
    }

    /// Inflates one record; returns whether the stream held it.
    fn record(&mut self, number: usize, origin: usize, layout: &Layout) -> Option<bool> {
        let header = Format::Compact.header();
        if self.is_at_end {
            return Some(false);
        }
        let is_reached = self.inflate_to(origin.checked_sub(header)?)?;
        if !is_reached || self.is_at_end {
            return Some(false);
        }
        write_place_number(&mut self.image, origin, number)?;
        self.output = origin;
        let (pieces, _) = compact(&self.image, origin, layout)?;
        for (gap, length) in gaps(&pieces, layout) {
            self.inflate_to(gap)?.then_some(())?;
            self.output += length;
        }
        let end = pieces.last().map_or(origin, |last| last.at + last.length);
        self.inflate_to(end)?.then_some(())?;
        Some(true)
    }

    /// Inflates what lies behind the last record, and the stream's own end.
    fn finish(&mut self, heap_top: usize) -> Option<()> {
        if !self.is_at_end {
            self.inflate_to(heap_top.max(self.output))?;
        }
        if !self.is_at_end {
            let before = self.inflate.total_in();
            let input = self.page.get(self.input..self.input_end)?;
            let status = self.inflate.decompress(input, &mut [0; 8], FlushDecompress::Finish).ok()?;
            self.input += (self.inflate.total_in() - before) as usize;
            (status == Status::StreamEnd).then_some(())?;
        }
        Some(())
    }

    /// Applies the log of changes that were made after the page was packed.
    fn later_changes(&mut self, places: &[usize], layout: &Layout) -> Option<()> {
        let mut at = self.input;
        loop {
            let mut value = usize::from(byte(self.page, at)?);
            at += 1;
            if value == 0 {
                return Some(());
            }
            if value & 0x80 != 0 {
                value = (value & 0x7f) << 8 | usize::from(byte(self.page, at)?);
                at += 1;
            }
            if at > self.input_end {
                return None;
            }
            let number = (value >> 1).checked_sub(1)?;
            let origin = *places.get(number)?;
            write_place_number(&mut self.image, origin, number)?;
            if value & 1 == 1 {
                let pieces = Format::Compact.pieces(&self.image, origin, layout)?;
                let end = pieces.last().map_or(origin, |last| last.at + last.length);
                self.image.get_mut(origin..end)?.fill(0);
            } else {
                at = self.written_record(at, origin, layout)?;
            }
        }
    }

    /// Copies a record out of the log; its header is written backwards there. Returns where the next begins.
    fn written_record(&mut self, at: usize, origin: usize, layout: &Layout) -> Option<usize> {
        let header = Format::Compact.header();
        let longest =
            (layout.fields.len() * 2 + layout.nullable / 8 + 4).min(self.page.len().checked_sub(at)?);
        let mut backwards: Vec<u8> = slice(self.page, at, longest)?.iter().rev().copied().collect();
        backwards.extend([0; 5]);
        let (pieces, start) = compact(&backwards, longest + header, layout)?;
        let head = backwards.get(start..longest)?;
        let to = origin.checked_sub(header + head.len())?;
        self.image.get_mut(to..to + head.len())?.copy_from_slice(head);
        let mut from = at + head.len();
        let moved = |place: usize| place + origin - (longest + header);
        let end = pieces.last().map_or(origin, |last| moved(last.at + last.length));
        let mut to = origin;
        for (gap, length) in gaps(&pieces, layout).into_iter().chain([(end - origin + longest + header, 0)]) {
            let stop = moved(gap);
            let count = stop.checked_sub(to)?;
            self.image.get_mut(to..stop)?.copy_from_slice(slice(self.page, from, count)?);
            from += count;
            to = stop + length;
        }
        Some(from)
    }
}

/// Returns what of a record is not in the stream: its system fields, and pointers to long values.
fn gaps(pieces: &[Piece], layout: &Layout) -> Vec<(usize, usize)> {
    let system = pieces.get(layout.key_fields).map(|piece| (piece.at, SYSTEM));
    let references = pieces
        .iter()
        .filter(|piece| piece.is_elsewhere)
        .map(|piece| ((piece.at + piece.length).saturating_sub(REFERENCE), REFERENCE));
    let mut gaps: Vec<(usize, usize)> = system.into_iter().chain(references).collect();
    gaps.sort_unstable();
    gaps
}

fn write_place_number(image: &mut [u8], origin: usize, number: usize) -> Option<()> {
    let at = origin.checked_sub(4)?;
    image.get_mut(at..at + 2)?.copy_from_slice(&(((number + 2) << 3) as u16).to_be_bytes());
    Some(())
}

/// Puts back what is kept unpacked at the page's end.
fn restore(page: &[u8], image: &mut [u8], slots: &Slots, places: &[usize], layout: &Layout) -> Option<()> {
    let system_end = page.len().checked_sub(places.len() * SLOT)?;
    let mut references = system_end.checked_sub(places.len() * SYSTEM)?;
    let rows = slots.rows();
    for (number, &origin) in places.iter().enumerate() {
        let Some(pieces) = Format::Compact.pieces(image, origin, layout) else { continue };
        let to = pieces.get(layout.key_fields)?.at;
        let from = system_end.checked_sub(SYSTEM * (number + 1))?;
        image.get_mut(to..to + SYSTEM)?.copy_from_slice(slice(page, from, SYSTEM)?);
        if rows.binary_search(&origin).is_err() {
            continue;
        }
        for piece in pieces.iter().filter(|piece| piece.is_elsewhere) {
            references = references.checked_sub(REFERENCE)?;
            let to = (piece.at + piece.length).checked_sub(REFERENCE)?;
            image.get_mut(to..to + REFERENCE)?.copy_from_slice(slice(page, references, REFERENCE)?);
        }
    }
    Some(())
}

/// Links the rows and the freed records as they are linked in memory, and puts back the marks of deletion.
fn link(image: &mut [u8], slots: &Slots) -> Option<()> {
    let places: Vec<usize> = slots.all.iter().map(|slot| slot & (OWNER - 1)).collect();
    let (rows, freed) = places.split_at_checked(slots.rows)?;
    let mut before = Format::Compact.first();
    for &next in rows.iter().chain([&Format::Compact.last()]) {
        write_next(image, before, next.wrapping_sub(before))?;
        before = next;
    }
    for (number, &place) in freed.iter().enumerate() {
        let next = freed.get(number + 1).map_or(0, |next| next.wrapping_sub(place));
        write_next(image, place, next)?;
    }
    let first_freed = freed.first().copied().unwrap_or(0) as u16;
    image.get_mut(HEADER + 6..HEADER + 8)?.copy_from_slice(&first_freed.to_be_bytes());
    for slot in slots.all.iter().take(slots.rows) {
        let info = image.get_mut((slot & (OWNER - 1)).checked_sub(5)?)?;
        *info = if slot & DELETED != 0 { 0x20 } else { 0 };
    }
    Some(())
}

fn write_next(image: &mut [u8], origin: usize, distance: usize) -> Option<()> {
    let at = origin.checked_sub(2)?;
    image.get_mut(at..at + 2)?.copy_from_slice(&(distance as u16).to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    use super::*;
    use crate::mariadb::definition_of;

    fn layout() -> Layout {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/mariadb/innodb/asterisk/manager.frm");
        let definition = definition_of(&std::fs::read(path).expect("testdata")).expect("a definition");
        Layout::clustered(&definition)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_packed_page_does_no_harm(
            heap in 2_u16..12,
            rows in 0_u16..12,
            tail in prop::collection::vec(any::<u8>(), 200),
            records in prop::collection::vec(any::<u8>(), 0..600),
            later in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut page = vec![0; STREAM];
            page[HEADER + 4..HEADER + 6].copy_from_slice(&(0x8000 | heap).to_be_bytes());
            page[HEADER + 16..HEADER + 18].copy_from_slice(&rows.to_be_bytes());
            page[HEADER + 2..HEADER + 4].copy_from_slice(&700_u16.to_be_bytes());
            let mut compress = Compress::new(Compression::fast(), true);
            let mut stream = Vec::with_capacity(4_096);
            compress.compress_vec(&[1, 2, 3], &mut stream, FlushCompress::Full).expect("packed");
            compress.compress_vec(&records, &mut stream, FlushCompress::Finish).expect("packed");
            page.write_all(&stream).expect("memory");
            page.extend(&later);
            page.resize(8_192 - tail.len(), 0);
            page.extend(&tail);
            if let Some(image) = unpack(&page, 16_384, &layout()) {
                prop_assert_eq!(image.len(), 16_384);
            }
            let _ = children(&page);
        }
    }
}
