//! tar: headers and contents in order, from a stream, in bounded memory.
//!
//! Read are the forms of v7, POSIX (ustar and pax) and GNU, with their long names, numbers in base
//! 256 and sparse members. Every entry is a block of 512 bytes and its contents, filled up to blocks. A
//! sum over the block tells a header from anything else, so a tar is recognised by it, not by its name.
//! Two blocks of zeros end an archive; what is appended behind them counts too, as it may have been cut
//! off from a reader that stops there.

use std::io::{self, Read};

use super::pax::{Pax, number, text};
use super::sparse::{self, Sparse};
use crate::evidence::bytes::Forward;

pub(super) const BLOCK: usize = 512;
/// The longest name, target or set of pax records that is kept; Linux has no path over 4,096 bytes.
const LONGEST_META: u64 = 64 * 1024;

/// What an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    HardLink,
    SymbolicLink,
    Folder,
    /// A device or fifo.
    Special,
    /// A volume's label and the like.
    Other,
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    /// Where a link points to.
    pub(super) target: Vec<u8>,
    /// The size of the contents as the header has it, holes included.
    pub(super) size: u64,
    /// Seconds from 1970.
    pub(super) modified: Option<i64>,
    /// Its rights.
    pub(super) mode: Option<u32>,
    /// Where the contents begin in the unpacked archive, for contents that stand there as they are.
    pub(super) offset: Option<u64>,
}

/// Returns whether a block is the header of an entry.
pub(super) fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.get(..BLOCK) else { return false };
    let Some(written) = block.get(148..156).and_then(number) else { return false };
    // The sum is taken with spaces in its own place; old programs took bytes as signed.
    let (mut unsigned, mut signed) = (0_u64, 0_i64);
    for (at, &byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { byte };
        unsigned += u64::from(byte);
        signed += i64::from(byte as i8);
    }
    block.first() != Some(&0) && (written == unsigned || i64::try_from(written) == Ok(signed))
}

/// A tar that is read. As [`Read`], it gives the contents of the entry it came to last.
pub(super) struct Tar<'a> {
    bytes: Box<dyn Forward + 'a>,
    /// Bytes passed.
    at: u64,
    /// Bytes of the entry's contents that stand in the archive and were not read yet.
    left: u64,
    /// Bytes that fill the last block.
    padding: u64,
    sparse: Option<Sparse>,
    global: Pax,
    broken: Option<String>,
}

impl<'a> Tar<'a> {
    pub(super) fn new(bytes: Box<dyn Forward + 'a>) -> Self {
        let global = Pax::default();
        Tar { bytes, at: 0, left: 0, padding: 0, sparse: None, global, broken: None }
    }

    /// Returns what broke, and where, if anything did.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Comes to the next entry.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let mut pax = self.global.clone();
        loop {
            self.leave()?;
            let block = self.header()?;
            let size = block.get(124..136).and_then(number);
            let Some(size) = size.filter(|&size| i64::try_from(size).is_ok()) else {
                return self.stop(format!("an entry at byte {} has no size", self.at));
            };
            self.set_left(size);
            match block.get(156) {
                Some(b'L') => pax.path = Some(self.meta_text()?),
                Some(b'K') => pax.target = Some(self.meta_text()?),
                Some(b'x' | b'X') => pax.take(&self.meta()?),
                Some(b'g') => {
                    let records = self.meta()?;
                    self.global.take(&records);
                    pax = self.global.clone();
                }
                _ => return self.entry(&block, size, &pax),
            }
        }
    }

    fn set_left(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        self.sparse = None;
    }

    /// Passes over what is left of the entry.
    fn leave(&mut self) -> Option<()> {
        if self.broken.is_some() {
            return None;
        }
        let left = self.left.saturating_add(self.padding);
        let passed = match self.bytes.skip(left) {
            Ok(passed) => passed,
            Err(error) => return self.stop(self.unreadable(&error)),
        };
        self.at += passed;
        // An archive may lack the filling of its last block.
        if passed < self.left {
            return self.stop(self.cut_short());
        }
        (self.left, self.padding) = (0, 0);
        Some(())
    }

    fn cut_short(&self) -> String {
        format!("ends at byte {} of the archive, inside a member", self.at)
    }

    fn unreadable(&self, error: &io::Error) -> String {
        format!("cannot be read on after byte {} of the archive: {error}", self.at)
    }

    fn stop<T>(&mut self, why: String) -> Option<T> {
        self.broken.get_or_insert(why);
        None
    }

    /// Returns the next header, behind any blocks of zeros.
    fn header(&mut self) -> Option<[u8; BLOCK]> {
        loop {
            let mut block = [0; BLOCK];
            let got = self.fill(&mut block)?;
            let is_empty = block.iter().all(|&byte| byte == 0);
            if got < BLOCK {
                return if is_empty { None } else { self.stop(self.cut_short()) };
            }
            if is_header(&block) {
                return Some(block);
            }
            if !is_empty {
                let at = self.at - BLOCK as u64;
                return self.stop(format!("what stands at byte {at} of the archive is no header"));
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.bytes.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.stop(self.unreadable(&error)),
            }
        }
        self.at += filled as u64;
        Some(filled)
    }

    /// Reads an entry that tells about the next one; of one that is far too long nothing is kept.
    fn meta(&mut self) -> Option<Vec<u8>> {
        if self.left > LONGEST_META {
            return Some(Vec::new());
        }
        let mut bytes = vec![0; self.left as usize];
        let got = self.fill(&mut bytes)?;
        if got < bytes.len() {
            return self.stop(self.cut_short());
        }
        self.left = 0;
        Some(bytes)
    }

    fn meta_text(&mut self) -> Option<Vec<u8>> {
        Some(text(&self.meta()?).to_vec())
    }

    fn entry(&mut self, block: &[u8; BLOCK], size: u64, pax: &Pax) -> Option<Entry> {
        let size = pax.size.unwrap_or(size);
        if i64::try_from(size).is_err() {
            return self.stop(format!("an entry before byte {} has no size", self.at));
        }
        let name = pax.path.clone().unwrap_or_else(|| name_of(block));
        let kind = kind_of(block.get(156).copied().unwrap_or(0), &name);
        // Only files have contents; a header of another kind may still tell a size.
        self.set_left(if matches!(kind, Kind::File | Kind::Other) { size } else { 0 });
        let mut entry = Entry {
            name,
            kind,
            target: pax
                .target
                .clone()
                .unwrap_or_else(|| text(block.get(157..257).unwrap_or_default()).to_vec()),
            size,
            modified: pax.modified.or_else(|| block.get(136..148).and_then(number)?.try_into().ok()),
            mode: block.get(100..108).and_then(number).and_then(|mode| mode.try_into().ok()),
            offset: Some(self.at),
        };
        if kind == Kind::File {
            self.find_holes(block, pax, &mut entry)?;
        }
        Some(entry)
    }

    fn find_holes(&mut self, block: &[u8; BLOCK], pax: &Pax, entry: &mut Entry) -> Option<()> {
        let mut read = |buffer: &mut [u8]| self.fill(buffer);
        let found = if block.get(156) == Some(&b'S') {
            Some(sparse::of_gnu_header(block, &mut read)?)
        } else if pax.is_sparse_by_map_in_contents() {
            let (sparse, passed) = sparse::of_contents(pax.real_size.unwrap_or(0), &mut read)?;
            self.left = self.left.saturating_sub(passed);
            Some(sparse)
        } else {
            pax.sparse()
        };
        if let Some(sparse) = found {
            if let Some(name) = &pax.sparse_name {
                entry.name.clone_from(name);
            }
            entry.size = sparse.size();
            entry.offset = None;
            self.sparse = Some(sparse);
        }
        Some(())
    }

    /// Reads contents as they stand in the archive.
    fn read_stored(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 || self.broken.is_some() {
            return Ok(0);
        }
        match self.bytes.read(&mut buffer[..wanted]) {
            Ok(0) => self.broken = Some(self.cut_short()),
            Ok(got) => {
                self.at += got as u64;
                self.left -= got as u64;
                return Ok(got);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => self.broken = Some(self.unreadable(&error)),
        }
        Ok(0)
    }
}

impl Read for Tar<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut sparse) = self.sparse.take() else { return self.read_stored(buffer) };
        let got = sparse.read(buffer, |buffer| self.read_stored(buffer));
        self.sparse = Some(sparse);
        got
    }
}

fn name_of(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(block.get(..100).unwrap_or_default());
    // GNU's own form keeps times where POSIX has the beginning of a long name.
    let is_posix = block.get(257..263) == Some(b"ustar\0");
    let prefix = text(block.get(345..500).unwrap_or_default());
    if !is_posix || prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn kind_of(flag: u8, name: &[u8]) -> Kind {
    match flag {
        b'1' => Kind::HardLink,
        b'2' => Kind::SymbolicLink,
        b'3' | b'4' | b'6' => Kind::Special,
        b'5' | b'D' => Kind::Folder,
        b'V' | b'N' => Kind::Other,
        // v7 told a folder by its name.
        0 | b'0' if name.ends_with(b"/") => Kind::Folder,
        // POSIX has unknown kinds read as files.
        _ => Kind::File,
    }
}
