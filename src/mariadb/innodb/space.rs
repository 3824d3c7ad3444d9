//! An `.ibd` file as pages: their size, whether they are whole, and which of them are free.
//!
//! The flags of page 0 tell the size and the form of the checksum. Every page has a bit in a map that says
//! whether it is free; the maps lie in the first page of every so many.

use flate2::{Decompress, FlushDecompress};

use crate::mariadb::bytes::{ReadAt, big, big16, big32, byte, read_part, slice};
use crate::mariadb::checksum::crc32c;

/// Where a page's own header ends.
pub(super) const PAGE_DATA: usize = 38;
const PAGE_NUMBER: usize = 4;
const SPACE_ID: usize = 34;
/// The number of the index to which a page belongs.
const PAGE_INDEX: usize = PAGE_DATA + 28;
/// The bytes of a page that hold both.
const HEADERS: usize = PAGE_INDEX + 8;
const SPACE_HEADER: usize = 38;
const FLAGS: usize = SPACE_HEADER + 16;
const EXTENTS: usize = SPACE_HEADER + 112;
/// Pages of other sizes than these do not exist.
const SIZES: std::ops::RangeInclusive<usize> = 1_024..=65_536;
/// A page whose checksum was switched off (`innodb_checksum_algorithm=none`).
const NO_CHECKSUM: u32 = 0xdead_beef;
/// The most bytes of one value that are put together from pages of its own.
const LONGEST_VALUE: usize = 1024 * 1024;

/// The kinds of page that matter here, by the number in the page.
pub(super) mod page_kind {
    /// A page of an index.
    pub(in crate::mariadb) const INDEX: usize = 17_855;
    /// The root of an index to which columns were added without writing the rows again.
    pub(in crate::mariadb) const INSTANT: usize = 18;
    /// Part of a long value.
    pub(in crate::mariadb) const BLOB: usize = 10;
    /// First part of a packed long value.
    pub(in crate::mariadb) const ZBLOB: usize = 11;
    /// Further part of a packed long value.
    pub(in crate::mariadb) const ZBLOB_MORE: usize = 12;
    /// A page that was packed as a whole (`PAGE_COMPRESSED=1`), in both forms.
    pub(in crate::mariadb) const PACKED: [usize; 2] = [34_354, 37_401];
}

/// An `.ibd` file.
pub(super) struct Space<'a> {
    file: &'a dyn ReadAt,
    /// Bytes of a page in memory.
    pub(super) page_size: usize,
    /// Bytes of a page in the file: fewer where rows are packed.
    pub(super) physical_size: usize,
    /// The number under which the redo log knows it.
    pub(super) id: u32,
    has_full_checksum: bool,
    /// Can page 0, which says all this, be trusted?
    pub(super) is_header_whole: bool,
}

impl<'a> Space<'a> {
    /// Opens a file, or tells why it is none.
    pub(super) fn open(file: &'a dyn ReadAt) -> Result<Self, String> {
        let head = read_part(file, 0, 1024).map_err(|error| format!("cannot be read: {error}"))?;
        let flags = big32(&head, FLAGS).ok_or("shorter than a page")?;
        let (page_size, physical_size, has_full_checksum) = sizes(flags);
        if !SIZES.contains(&page_size) || !SIZES.contains(&physical_size) || physical_size > page_size {
            return Err(format!("its flags {flags:#x} are none of a table"));
        }
        let id = big32(&head, SPACE_ID).ok_or("shorter than a page")?;
        if Some(id) != big32(&head, SPACE_HEADER) {
            return Err("its first page is not that of a table".to_owned());
        }
        let mut space =
            Space { file, page_size, physical_size, id, has_full_checksum, is_header_whole: false };
        space.is_header_whole = space.page(0).is_some_and(|page| space.is_whole(&page));
        Ok(space)
    }

    /// Returns how many pages the file has.
    pub(super) fn pages(&self) -> u32 {
        u32::try_from(self.file.size() / self.physical_size as u64).unwrap_or(u32::MAX)
    }

    /// Are rows packed (`ROW_FORMAT=COMPRESSED`)?
    pub(super) fn is_packed(&self) -> bool {
        self.physical_size < self.page_size
    }

    /// Returns the byte at which a page begins.
    pub(super) fn offset(&self, number: u32) -> u64 {
        u64::from(number) * self.physical_size as u64
    }

    /// Reads a page as it lies in the file.
    pub(super) fn page(&self, number: u32) -> Option<Vec<u8>> {
        let bytes = read_part(self.file, self.offset(number), self.physical_size).ok()?;
        (bytes.len() == self.physical_size).then_some(bytes)
    }

    /// Returns the number of the index to which a page says it belongs, from its header alone.
    ///
    /// A copy of a page that waits to be written has another number than its place: it is of no index.
    pub(super) fn index_of(&self, number: u32) -> Option<u64> {
        let head = read_part(self.file, self.offset(number), HEADERS).ok()?;
        let is_in_place = big32(&head, PAGE_NUMBER) == Some(number);
        let is_of_index = matches!(self.kind(&head), page_kind::INDEX | page_kind::INSTANT);
        (is_in_place && is_of_index).then(|| big(&head, PAGE_INDEX, 8))?
    }

    /// Returns whether a page's checksum agrees with its bytes.
    pub(super) fn is_whole(&self, page: &[u8]) -> bool {
        self.is_whole_or_unknown(page).unwrap_or(false)
    }

    fn is_whole_or_unknown(&self, page: &[u8]) -> Option<bool> {
        if self.has_full_checksum {
            let end = page.len().checked_sub(4)?;
            return Some(crc32c(page.get(..end)?) == big32(page, end)?);
        }
        let told = big32(page, 0)?;
        if told == NO_CHECKSUM {
            return Some(true);
        }
        if self.is_packed() {
            // The places that are written after the checksum are left out.
            let parts = [page.get(4..16)?, page.get(24..26)?, page.get(PAGE_DATA - 4..)?];
            let sum = crc32c(parts.first()?) ^ crc32c(parts.get(1)?) ^ crc32c(parts.get(2)?);
            return Some(told == sum || !is_crc_likely(page));
        }
        let end = page.len().checked_sub(8)?;
        let sum = crc32c(page.get(4..26)?) ^ crc32c(page.get(PAGE_DATA..end)?);
        // The older checksum is not worked out; then the end must repeat the log position of the header.
        let is_older = big32(page, end)? != told && big32(page, end + 4)? == big32(page, 20)?;
        Some(told == sum || is_older)
    }

    /// Returns a page's kind.
    pub(super) fn kind(&self, page: &[u8]) -> usize {
        big16(page, 24).unwrap_or(0)
    }

    /// Returns whether the map of free pages says that a page is free; `None` where the map is damaged.
    pub(super) fn is_free(&self, number: u32, maps: &mut FreeMaps) -> Option<bool> {
        let per_map = self.physical_size as u32;
        let map = number / per_map * per_map;
        if maps.of != Some(map) {
            let page = self.page(map).filter(|page| self.is_whole(page));
            *maps = FreeMaps { of: Some(map), page };
        }
        let page = maps.page.as_ref()?;
        let extent_pages = (1024 * 1024 / self.physical_size).clamp(64, 256);
        let within = (number - map) as usize;
        let entry = 24 + extent_pages / 4;
        let bit = within % extent_pages * 2;
        let flags = byte(page, EXTENTS + within / extent_pages * entry + 24 + bit / 8)?;
        Some(flags >> (bit % 8) & 1 == 1)
    }

    /// Puts together a value that lies in pages of its own, from the 20 bytes that say where.
    ///
    /// Returns `None` where a page is not, or no longer, part of a long value.
    pub(super) fn long_value(&self, reference: &[u8]) -> Option<Vec<u8>> {
        if big32(reference, 0)? != self.id {
            return None;
        }
        let length = usize::try_from(big(reference, 12, 8)? & 0xffff_ffff).ok()?.min(LONGEST_VALUE);
        let mut at = (big32(reference, 4)?, big32(reference, 8)? as usize);
        let mut value = Vec::new();
        let mut inflate = Decompress::new(true);
        for _ in 0..self.pages().min(LONGEST_VALUE as u32) {
            let page = self.page(at.0)?;
            let (part, next) = self.part_of_value(&page, at.1)?;
            if self.is_packed() {
                inflate_part(&mut inflate, part, &mut value, length)?;
            } else {
                value.extend_from_slice(part);
            }
            if value.len() >= length || next == u32::MAX {
                value.truncate(length);
                return (value.len() == length).then_some(value);
            }
            at = (next, if self.is_packed() { 12 } else { PAGE_DATA });
        }
        None
    }

    fn part_of_value<'p>(&self, page: &'p [u8], at: usize) -> Option<(&'p [u8], u32)> {
        let kind = self.kind(page);
        if self.is_packed() {
            if kind != page_kind::ZBLOB && kind != page_kind::ZBLOB_MORE {
                return None;
            }
            let from = if at == 12 { PAGE_DATA } else { at.checked_add(4)? };
            return Some((page.get(from..)?, big32(page, at)?));
        }
        if kind != page_kind::BLOB {
            return None;
        }
        let length = big32(page, at)? as usize;
        Some((slice(page, at.checked_add(8)?, length)?, big32(page, at + 4)?))
    }
}

/// The part of the map of free pages that was read last.
#[derive(Default)]
pub(super) struct FreeMaps {
    of: Option<u32>,
    page: Option<Vec<u8>>,
}

/// Returns the size of a page in memory, in the file, and whether its checksum covers all of it.
fn sizes(flags: u32) -> (usize, usize, bool) {
    const FULL_CHECKSUM: u32 = 0x10;
    const USUAL: usize = 16 * 1024;
    let size = |shift: u32| if shift == 0 { USUAL } else { 512 << shift };
    if flags & FULL_CHECKSUM != 0 {
        let size = size(flags & 15);
        return (size, size, true);
    }
    let (packed, logical) = (flags >> 1 & 15, size(flags >> 6 & 15));
    (logical, if packed == 0 { logical } else { 512 << packed }, false)
}

/// Is the checksum of a packed page worked out as this program can?
///
/// Older versions wrote Adler-32 there, whose upper half is small on small pages.
fn is_crc_likely(page: &[u8]) -> bool {
    big32(page, 0).is_some_and(|sum| sum != 0)
}

fn inflate_part(inflate: &mut Decompress, part: &[u8], value: &mut Vec<u8>, length: usize) -> Option<()> {
    value.reserve(length.saturating_sub(value.len()).max(1));
    inflate.decompress_vec(part, value, FlushDecompress::None).ok()?;
    Some(())
}
