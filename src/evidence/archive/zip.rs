//! zip: the directory at the end, or, where that is lost, the headers before each member.
//!
//! Read record by record, so that a directory of millions of members needs no memory. Where members
//! overlap, few bytes would be unpacked many times over; such members are told apart. The form is
//! PKWARE's APPNOTE.TXT 6.3.

use std::io;

use crate::evidence::bytes::Handle;
use crate::evidence::packing::Packing;

/// The longest comment behind the directory, with the record that ends a zip.
const LONGEST_END: u64 = 65_535 + 22;
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
/// Stands for a number that is told in an extra field.
const ELSEWHERE: u64 = 0xffff_ffff;

/// One member.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    /// The size that the zip claims, unpacked.
    pub(super) size: u64,
    /// Its bytes in the zip.
    pub(super) packed: u64,
    /// The CRC-32 of its bytes, unpacked.
    pub(super) checksum: Option<u32>,
    pub(super) is_encrypted: bool,
    pub(super) method: u16,
    /// Seconds from 1970, where the zip tells an instant: its common stamp has no zone.
    pub(super) modified: Option<i64>,
    /// The mode of Unix, where a Unix wrote it.
    pub(super) mode: Option<u32>,
    /// Where its own header begins.
    pub(super) header: u64,
}

/// Where the directory lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory {
    start: u64,
    end: u64,
    /// Bytes that stand before the zip proper, as in a program that unpacks itself.
    base: u64,
}

impl Directory {
    /// Returns whether the directory begins at or behind a place.
    pub(super) fn is_behind(self, place: u64) -> bool {
        place <= self.start
    }
}

/// Returns whether a file begins as a zip does; one without members begins with its end.
pub(super) fn is_zip(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(LOCAL) || first_bytes.starts_with(END) && first_bytes.len() >= 22
}

impl Member {
    /// Returns how the member is packed; `None` for a method that is not read.
    pub(super) fn coding(&self) -> Option<Packing> {
        match self.method {
            0 => Some(Packing::Plain),
            8 => Some(Packing::Deflate),
            12 => Some(Packing::Bzip2),
            93 => Some(Packing::Zstd),
            95 => Some(Packing::Xz),
            _ => None,
        }
    }
}

/// A number of `length` bytes, little end first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    Some(field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn read(handle: &Handle, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let got = handle.read_at(&mut bytes, offset)?;
    bytes.truncate(got);
    Ok(bytes)
}

/// Finds the directory; `None` where the zip has none, as when its end is lost.
pub(super) fn directory(handle: &Handle) -> io::Result<Option<Directory>> {
    let from = handle.size().saturating_sub(LONGEST_END);
    let tail = read(handle, from, LONGEST_END as usize)?;
    for at in memchr::memmem::rfind_iter(&tail, END) {
        let comment = number(&tail, at + 20, 2);
        if comment.is_some_and(|comment| at as u64 + 22 + comment <= tail.len() as u64)
            && let Some(directory) =
                directory_at(handle, from + at as u64, tail.get(at..).unwrap_or_default())?
        {
            return Ok(Some(directory));
        }
    }
    Ok(None)
}

fn directory_at(handle: &Handle, at: u64, end: &[u8]) -> io::Result<Option<Directory>> {
    let (Some(length), Some(offset)) = (number(end, 12, 4), number(end, 16, 4)) else { return Ok(None) };
    let (mut end, mut length, mut offset) = (at, length, offset);
    let locator = read(handle, at.saturating_sub(20), 20)?;
    if locator.starts_with(LOCATOR_64) {
        let place = number(&locator, 8, 8).unwrap_or(0);
        let record = read(handle, place, 56)?;
        if let (true, Some(large_length), Some(large_offset)) =
            (record.starts_with(END_64), number(&record, 40, 8), number(&record, 48, 8))
        {
            (end, length, offset) = (place, large_length, large_offset);
        }
    }
    // The directory ends where its end begins; what is missing before it was put in front.
    let Some(start) = end.checked_sub(length) else { return Ok(None) };
    let Some(base) = start.checked_sub(offset) else { return Ok(None) };
    let is_one = length == 0 || read(handle, start, 4)? == CENTRAL;
    Ok(is_one.then_some(Directory { start, end, base }))
}

/// Hands each member of the directory to `take` until that says no. Returns where the directory is damaged.
pub(super) fn members(
    handle: &Handle,
    directory: Directory,
    take: &mut dyn FnMut(Member) -> bool,
) -> io::Result<Option<u64>> {
    const WINDOW: usize = 256 * 1024;
    let mut at = directory.start;
    let mut window: Vec<u8> = Vec::new();
    let mut window_at = at;
    while at < directory.end {
        let have = usize::try_from(at - window_at).ok().and_then(|from| window.get(from..));
        let mut record = have.unwrap_or_default();
        if record_length(record).is_none_or(|length| length > record.len()) {
            window = read(handle, at, WINDOW)?;
            window_at = at;
            record = &window;
        }
        let length = record_length(record).filter(|&length| length <= record.len());
        let Some((member, length)) =
            length.and_then(|length| Some((central(record, directory.base)?, length)))
        else {
            return Ok(Some(at));
        };
        if !take(member) {
            return Ok(None);
        }
        at += length as u64;
    }
    Ok(None)
}

/// The length of the directory's record that `bytes` begin with.
fn record_length(bytes: &[u8]) -> Option<usize> {
    let field = |at| number(bytes, at, 2).and_then(|length| usize::try_from(length).ok());
    Some(46 + field(28)? + field(30)? + field(32)?)
}

fn central(record: &[u8], base: u64) -> Option<Member> {
    if !record.starts_with(CENTRAL) {
        return None;
    }
    let (name, extra) = (number(record, 28, 2)? as usize, number(record, 30, 2)? as usize);
    let made_by = number(record, 4, 2)? >> 8;
    let mode = (number(record, 38, 4)? >> 16) as u32;
    let mut member = Member {
        name: record.get(46..46 + name)?.to_vec(),
        size: number(record, 24, 4)?,
        packed: number(record, 20, 4)?,
        checksum: number(record, 16, 4).map(|sum| sum as u32),
        is_encrypted: number(record, 8, 2)? & 1 != 0,
        method: number(record, 10, 2)? as u16,
        modified: None,
        // 3 is Unix, 19 is macOS.
        mode: (matches!(made_by, 3 | 19) && mode != 0).then_some(mode),
        header: number(record, 42, 4)?,
    };
    take_extra(record.get(46 + name..46 + name + extra)?, &mut member, true);
    member.header = member.header.checked_add(base)?;
    Some(member)
}

/// Takes in what the extra fields tell: sizes over 4 GiB, and the time as an instant.
fn take_extra(mut extra: &[u8], member: &mut Member, has_header: bool) {
    while let (Some(id), Some(length)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let Some(field) = extra.get(4..4 + length as usize) else { return };
        match id {
            1 => {
                let mut at = 0;
                let header = has_header.then_some(&mut member.header);
                for value in [Some(&mut member.size), Some(&mut member.packed), header].into_iter().flatten()
                {
                    if *value == ELSEWHERE {
                        *value = number(field, at, 8).unwrap_or(ELSEWHERE);
                        at += 8;
                    }
                }
            }
            // Unix times: the first of them is that of the last change.
            0x5455 if field.first().is_some_and(|flags| flags & 1 != 0) => {
                member.modified = number(field, 1, 4).map(|seconds| i64::from(seconds as u32 as i32));
            }
            // NTFS: ticks of 100 ns from 1601.
            0x000a => {
                let ticks = number(field, 8, 8).filter(|&ticks| ticks != 0);
                let seconds = ticks.and_then(|ticks| i64::try_from(ticks / 10_000_000).ok());
                member.modified = seconds.map(|seconds| seconds - 11_644_473_600);
            }
            _ => {}
        }
        extra = extra.get(4 + length as usize..).unwrap_or_default();
    }
}

/// Returns where a member's bytes begin, behind its own header; `None` where no header stands there.
pub(super) fn data_offset(handle: &Handle, member: &Member) -> io::Result<Option<u64>> {
    let header = read(handle, member.header, 30)?;
    let lengths = number(&header, 26, 2).zip(number(&header, 28, 2));
    let Some((name, extra)) = lengths.filter(|_| header.starts_with(LOCAL)) else { return Ok(None) };
    Ok(member.header.checked_add(30 + name + extra))
}

/// A member found by its own header, and where its bytes are.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) member: Member,
    pub(super) offset: u64,
    /// Does its header leave the size to a record behind its bytes?
    pub(super) is_size_behind: bool,
}

/// Reads the header at `at`.
pub(super) fn local(handle: &Handle, at: u64) -> io::Result<Option<Found>> {
    let header = read(handle, at, 30 + 2 * 65_535)?;
    Ok(local_of(&header, at))
}

fn local_of(header: &[u8], at: u64) -> Option<Found> {
    if !header.starts_with(LOCAL) {
        return None;
    }
    let flags = number(header, 6, 2)?;
    let (name, extra) = (number(header, 26, 2)? as usize, number(header, 28, 2)? as usize);
    let mut member = Member {
        name: header.get(30..30 + name)?.to_vec(),
        size: number(header, 22, 4)?,
        packed: number(header, 18, 4)?,
        // Behind the bytes where their number stands there too.
        checksum: number(header, 14, 4).map(|sum| sum as u32).filter(|_| flags & 8 == 0),
        is_encrypted: flags & 1 != 0,
        method: number(header, 8, 2)? as u16,
        modified: None,
        mode: None,
        header: at,
    };
    take_extra(header.get(30 + name..30 + name + extra)?, &mut member, false);
    let offset = at.checked_add(30 + name as u64 + extra as u64)?;
    Some(Found { member, offset, is_size_behind: flags & 8 != 0 })
}

/// Returns the length of the record behind a member's bytes, which tells sizes and a sum.
pub(super) fn length_behind(handle: &Handle, at: u64, packed: u64) -> io::Result<u64> {
    let record = read(handle, at, 24)?;
    let signature = if record.starts_with(b"PK\x07\x08") { 4 } else { 0 };
    // Of a large member the sizes have 8 bytes.
    let is_large = number(&record, signature + 4, 8) == Some(packed);
    Ok(signature as u64 + if is_large { 20 } else { 12 })
}
