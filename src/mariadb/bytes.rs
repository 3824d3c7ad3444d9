//! Positional reads of whatever holds a file, and numbers read out of bytes that may not be there.
//!
//! Nothing here trusts a length: a number that lies past the end is `None`, never a panic.

use std::io;

use crate::evidence::Handle;

/// A file that is read at positions: on a disk, in a window of an archive, or in memory.
pub trait ReadAt: Send + Sync {
    /// Fills `buffer` from `offset` on and returns how many bytes were there.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Returns the size in bytes.
    fn size(&self) -> u64;
}

impl ReadAt for Handle {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Handle::read_at(self, buffer, offset)
    }

    fn size(&self) -> u64 {
        Handle::size(self)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let held = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let length = held.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(held) {
            *to = *from;
        }
        Ok(length)
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

/// Reads up to `limit` bytes from the beginning.
pub(super) fn read_whole(file: &dyn ReadAt, limit: usize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(file.size()).unwrap_or(usize::MAX).min(limit);
    read_part(file, 0, length)
}

/// Reads `length` bytes at `offset`; fewer where the file ends.
pub(super) fn read_part(file: &dyn ReadAt, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let got = file.read_at(&mut bytes, offset)?;
    bytes.truncate(got);
    Ok(bytes)
}

/// Returns `length` bytes at `at`.
pub(super) fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

/// Reads a number of up to eight bytes, the most significant first.
pub(super) fn big(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    Some(slice(bytes, at, width)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// Reads a number of up to eight bytes, the least significant first.
pub(super) fn little(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    Some(slice(bytes, at, width)?.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// Reads one byte.
pub(super) fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Reads two bytes, the most significant first.
pub(super) fn big16(bytes: &[u8], at: usize) -> Option<usize> {
    big(bytes, at, 2).map(|value| value as usize)
}

/// Reads four bytes, the most significant first.
pub(super) fn big32(bytes: &[u8], at: usize) -> Option<u32> {
    big(bytes, at, 4).map(|value| value as u32)
}

/// Reads two bytes, the least significant first.
pub(super) fn little16(bytes: &[u8], at: usize) -> Option<usize> {
    little(bytes, at, 2).map(|value| value as usize)
}

/// Reads four bytes, the least significant first.
pub(super) fn little32(bytes: &[u8], at: usize) -> Option<usize> {
    little(bytes, at, 4).map(|value| value as usize)
}
