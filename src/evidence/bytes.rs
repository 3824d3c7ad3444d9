//! Positional reads, and the stream inside a packed file.

use std::fs;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};

use flate2::bufread::MultiGzDecoder;

/// How a source is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, of one member or many.
    Gzip,
}

impl Packing {
    /// Tells the packing from a file's first bytes.
    pub fn of(first_bytes: &[u8]) -> Self {
        // RFC 1952: two magic bytes, then the only compression method there is.
        if first_bytes.starts_with(&[0x1f, 0x8b, 8]) { Packing::Gzip } else { Packing::Plain }
    }
}

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
}

impl Handle {
    pub(super) fn from_file(file: fs::File, size: u64) -> Self {
        Handle { from: From::File(file), size }
    }

    pub(super) fn from_memory(bytes: &'static [u8]) -> Self {
        Handle { from: From::Memory(bytes), size: bytes.len() as u64 }
    }

    /// Returns the size at the time it was opened, in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the size as it is now, in bytes.
    pub fn size_now(&self) -> io::Result<u64> {
        match &self.from {
            From::File(file) => Ok(file.metadata()?.size()),
            From::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Returns size and time of last change, which tell whether a file was written meanwhile.
    pub fn fingerprint(&self) -> io::Result<(u64, i64, i64)> {
        match &self.from {
            From::File(file) => {
                let metadata = file.metadata()?;
                Ok((metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
            }
            From::Memory(bytes) => Ok((bytes.len() as u64, 0, 0)),
        }
    }

    /// Fills `buffer` from `offset` on and returns how many bytes were there.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let got = match &self.from {
                From::File(file) => match file.read_at(rest, offset + filled as u64) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    other => other?,
                },
                From::Memory(bytes) => {
                    let at = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(filled);
                    let held = bytes.get(at..).unwrap_or_default();
                    let length = held.len().min(rest.len());
                    rest[..length].copy_from_slice(&held[..length]);
                    length
                }
            };
            if got == 0 {
                break;
            }
            filled += got;
        }
        Ok(filled)
    }

    /// Returns the file's bytes from its beginning as a stream.
    pub fn stream(&self) -> Stream<'_> {
        Stream { handle: self, offset: 0 }
    }

    /// Returns the stream inside a packed file.
    pub fn inflate(&self) -> Inflated<'_> {
        Inflated {
            decoder: MultiGzDecoder::new(BufReader::with_capacity(256 * 1024, self.stream())),
            given: 0,
            broken: None,
        }
    }
}

/// A file's bytes in order.
#[derive(Debug)]
pub struct Stream<'a> {
    handle: &'a Handle,
    offset: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.handle.read_at(buffer, self.offset)?;
        self.offset += got as u64;
        Ok(got)
    }
}

/// The bytes inside a gzip file: all members, and everything up to a break.
#[derive(Debug)]
pub struct Inflated<'a> {
    decoder: MultiGzDecoder<BufReader<Stream<'a>>>,
    given: u64,
    broken: Option<String>,
}

impl Read for Inflated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(buffer))
    }
}

impl Inflated<'_> {
    /// Fills `buffer` and returns how many bytes there were; fewer only at the end or at a break.
    pub fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() && self.broken.is_none() {
            match self.decoder.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let at = self.given + filled as u64;
                    self.broken = Some(format!("gz broken after {at} unpacked bytes: {error}"));
                }
            }
        }
        self.given += filled as u64;
        filled
    }

    /// Returns what broke and where, if anything did.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }
}

/// Reads up to `limit` bytes, unpacked.
pub(super) fn read_up_to(handle: &Handle, packing: Packing, limit: usize) -> io::Result<Vec<u8>> {
    match packing {
        Packing::Plain => {
            let length = usize::try_from(handle.size()).unwrap_or(usize::MAX).min(limit);
            let mut bytes = vec![0; length];
            let got = handle.read_at(&mut bytes, 0)?;
            bytes.truncate(got);
            Ok(bytes)
        }
        Packing::Gzip => {
            let mut bytes = Vec::new();
            let mut inflated = handle.inflate();
            let mut piece = [0; 16 * 1024];
            while bytes.len() < limit {
                let wanted = piece.len().min(limit - bytes.len());
                let got = inflated.fill(&mut piece[..wanted]);
                if got == 0 {
                    break;
                }
                bytes.extend_from_slice(&piece[..got]);
            }
            Ok(bytes)
        }
    }
}
