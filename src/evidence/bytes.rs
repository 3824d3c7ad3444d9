//! Positional reads, and the bytes of a source in order.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use super::packing::Packing;

/// An open file of the evidence.
///
/// Reads are positional: mapped memory would end the program when a live log is cut short.
#[derive(Debug)]
pub struct Handle {
    from: From,
    size: u64,
}

#[derive(Debug)]
enum From {
    File(fs::File),
    Memory(&'static [u8]),
    Kept(Arc<[u8]>),
    /// A part of another file, `length` bytes of it, packed or not.
    Part {
        outer: Box<Handle>,
        offset: u64,
        length: u64,
        coding: Packing,
    },
}

impl Handle {
    pub(super) fn from_file(file: fs::File, size: u64) -> Self {
        Handle { from: From::File(file), size }
    }

    pub(super) fn from_memory(bytes: &'static [u8]) -> Self {
        Handle { from: From::Memory(bytes), size: bytes.len() as u64 }
    }

    pub(super) fn from_kept(bytes: Arc<[u8]>) -> Self {
        Handle { size: bytes.len() as u64, from: From::Kept(bytes) }
    }

    /// Takes a part of a file for a file; `size` is its size unpacked.
    pub(super) fn part(self, offset: u64, length: u64, coding: Packing, size: u64) -> Self {
        Handle { from: From::Part { outer: Box::new(self), offset, length, coding }, size }
    }

    /// Returns the size at the time it was opened, in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns size and time of last change, which tell whether a file was written meanwhile.
    pub fn fingerprint(&self) -> io::Result<(u64, i64, i64)> {
        match &self.from {
            From::File(file) => {
                let metadata = file.metadata()?;
                Ok((metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
            }
            From::Memory(_) | From::Kept(_) => Ok((self.size, 0, 0)),
            From::Part { outer, .. } => outer.fingerprint(),
        }
    }

    /// Returns what the file system tells of a file on a disk.
    pub(crate) fn metadata(&self) -> Option<fs::Metadata> {
        match &self.from {
            From::File(file) => file.metadata().ok(),
            From::Memory(_) | From::Kept(_) | From::Part { .. } => None,
        }
    }

    /// Returns how many bytes from `offset` on are a hole of a sparse file: they are zero and lie nowhere.
    pub(crate) fn hole_at(&self, offset: u64) -> u64 {
        match &self.from {
            From::File(file) => hole_at(file, offset, self.size),
            From::Memory(_) | From::Kept(_) | From::Part { .. } => 0,
        }
    }

    /// Can any place of it be read without reading what comes before?
    pub fn is_random_access(&self) -> bool {
        !matches!(&self.from, From::Part { coding, .. } if *coding != Packing::Plain)
    }

    /// Fills `buffer` from `offset` on and returns how many bytes were there.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.from {
            From::File(file) => read_file_at(file, buffer, offset),
            From::Memory(bytes) => Ok(copy_from(bytes, buffer, offset)),
            From::Kept(bytes) => Ok(copy_from(bytes, buffer, offset)),
            From::Part { outer, offset: start, length, coding: Packing::Plain } => {
                let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
                let wanted = buffer.len().min(left);
                outer.read_at(buffer.get_mut(..wanted).unwrap_or_default(), start.saturating_add(offset))
            }
            From::Part { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Returns the file's bytes from its beginning as a stream, as packed as they are.
    pub fn stream(&self) -> Box<dyn Forward + '_> {
        match &self.from {
            From::Part { outer, offset, length, coding } if *coding != Packing::Plain => {
                let packed = Stream { handle: outer, offset: *offset, end: offset.saturating_add(*length) };
                Box::new(Unpacked(coding.unpack(packed)))
            }
            _ => Box::new(Stream { handle: self, offset: 0, end: u64::MAX }),
        }
    }

    /// Returns the bytes of the file that lie inside its packing.
    pub fn contents(&self, packing: Packing) -> Contents<'_> {
        let is_plain = packing == Packing::Plain;
        let expected = (is_plain && self.is_random_access()).then_some(self.size);
        let claimed = (is_plain && !self.is_random_access()).then_some(self.size);
        Contents { claimed, ..Contents::new(self.stream(), packing, expected) }
    }
}

/// Returns how many bytes of a file of `size` bytes are a hole from `offset` on; 0 as well where the file system
/// does not tell. It moves the place that the file is read from in order.
pub(crate) fn hole_at(file: &fs::File, offset: u64, size: u64) -> u64 {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(data) => data.min(size).saturating_sub(offset),
        // Nothing but a hole is left.
        Err(rustix::io::Errno::NXIO) => size.saturating_sub(offset),
        Err(_) => 0,
    }
}

/// Reads from a place on until the buffer is full or the file ends.
pub(crate) fn read_file_at(file: &fs::File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let got = match file.read_at(rest, offset.saturating_add(filled as u64)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if got == 0 {
            break;
        }
        filled += got;
    }
    Ok(filled)
}

fn copy_from(bytes: &[u8], buffer: &mut [u8], offset: u64) -> usize {
    let held = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    let length = held.len().min(buffer.len());
    buffer[..length].copy_from_slice(&held[..length]);
    length
}

/// A stream of bytes that can be gone forward in.
pub trait Forward: Read {
    /// Passes over `count` bytes and returns how many there were.
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        io::copy(&mut self.take(count), &mut io::sink())
    }
}

impl<F: Forward + ?Sized> Forward for Box<F> {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        (**self).skip(count)
    }
}

/// A file's bytes in order.
#[derive(Debug)]
struct Stream<'a> {
    handle: &'a Handle,
    offset: u64,
    end: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let got = self.handle.read_at(buffer.get_mut(..wanted).unwrap_or_default(), self.offset)?;
        self.offset += got as u64;
        Ok(got)
    }
}

impl Forward for Stream<'_> {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let end = self.end.min(self.handle.size());
        let passed = count.min(end.saturating_sub(self.offset));
        self.offset += passed;
        Ok(passed)
    }
}

/// A stream that is gone forward in by reading it.
pub(super) struct Unpacked<R>(pub(super) R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Forward for Unpacked<R> {}

/// The unpacked bytes of a source: all members of its packing, and everything up to a break.
pub struct Contents<'a> {
    bytes: Box<dyn Read + 'a>,
    packing: Packing,
    /// The size that it should have, where that is known.
    expected: Option<u64>,
    /// The size that an archive says it has.
    claimed: Option<u64>,
    given: u64,
    broken: Option<String>,
}

impl std::fmt::Debug for Contents<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Contents")
            .field("packing", &self.packing)
            .field("given", &self.given)
            .finish()
    }
}

impl<'a> Contents<'a> {
    /// Returns what is inside a stream of bytes.
    pub(super) fn new(bytes: impl Read + 'a, packing: Packing, expected: Option<u64>) -> Self {
        let bytes: Box<dyn Read + 'a> = match packing {
            Packing::Plain => Box::new(bytes),
            packed => packed.unpack(bytes),
        };
        Contents { bytes, packing, expected, claimed: None, given: 0, broken: None }
    }

    /// Fills `buffer` and returns how many bytes there were; fewer only at the end or at a break.
    pub fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() && self.broken.is_none() {
            match self.bytes.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken = Some(self.broken_by(filled as u64, &error)),
            }
        }
        self.given += filled as u64;
        filled
    }

    fn broken_by(&self, filled: u64, error: &io::Error) -> String {
        let at = self.given + filled;
        match self.packing {
            Packing::Plain => format!("cannot be read at byte {at}: {error}"),
            packed => format!("{} broken after {at} unpacked bytes: {error}", packed.word()),
        }
    }

    /// Returns what kept the reading from the true end, once it came to an end.
    pub fn trouble(&self) -> Option<String> {
        let short = || {
            let given = self.given;
            let is_short = self.expected.is_some_and(|expected| given < expected);
            is_short.then(|| format!("ends at byte {given}, though it was longer when it was opened"))
        };
        let lie = || {
            let (given, claimed) = (self.given, self.claimed?);
            (given != claimed).then(|| format!("holds {given} bytes, though the archive says {claimed}"))
        };
        self.broken.clone().or_else(short).or_else(lie)
    }

    /// Reads up to `limit` bytes.
    pub(crate) fn up_to(&mut self, limit: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut piece = [0; 16 * 1024];
        while bytes.len() < limit {
            let wanted = piece.len().min(limit - bytes.len());
            let got = self.fill(&mut piece[..wanted]);
            bytes.extend_from_slice(&piece[..got]);
            if got < wanted {
                break;
            }
        }
        bytes
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(buffer))
    }
}

/// Reads up to `limit` bytes, unpacked.
pub(super) fn read_up_to(handle: &Handle, packing: Packing, limit: usize) -> io::Result<Vec<u8>> {
    if packing != Packing::Plain || !handle.is_random_access() {
        return Ok(handle.contents(packing).up_to(limit));
    }
    let length = usize::try_from(handle.size()).unwrap_or(usize::MAX).min(limit);
    let mut bytes = vec![0; length];
    let got = handle.read_at(&mut bytes, 0)?;
    bytes.truncate(got);
    Ok(bytes)
}
