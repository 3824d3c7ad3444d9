//! The members of a tar in their order, those of the tars inside it among them.
//!
//! Two who read the same bytes come to the same members under the same numbers: the one who lists them,
//! and the one who reads again what was too large to keep.

use std::cell::{Cell, RefCell};
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::names::{Name, clean};
use super::tar::{Entry, Kind, Tar};
use super::{DEEPEST, Form, INSIDE, form};
use crate::evidence::bytes::{Contents, Forward, Unpacked};
use crate::evidence::packing::Packing;
use crate::evidence::{HEAD, collector};

/// What a decoder may need before it gives the first byte: a block of bzip2 has up to 900,000.
const LONGEST_BLOCK: usize = 1024 * 1024;

/// Where an archive lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its path as it is shown.
    pub(super) path: String,
    /// Its path with the root's own name before it.
    pub(super) placed: String,
    /// Archives around it.
    pub(super) depth: usize,
}

impl Place {
    /// Returns the place of a file or an archive that is a member of this one.
    pub(super) fn of_member(&self, name: &str) -> Place {
        let decoded = collector::decoded(name);
        let name = decoded.as_deref().unwrap_or(name);
        Place {
            path: format!("{}{INSIDE}{name}", self.path),
            placed: format!("{}{INSIDE}{name}", self.placed),
            depth: self.depth + 1,
        }
    }
}

/// One member that is a file.
#[derive(Debug)]
pub(super) struct Member<'m> {
    pub(super) archive: &'m Place,
    pub(super) name: &'m str,
    /// Its number among the files of this archive and those inside it.
    pub(super) number: u64,
    /// The size that its header tells.
    pub(super) size: u64,
    /// Seconds from 1970.
    pub(super) modified: Option<i64>,
    /// Its rights.
    pub(super) mode: Option<u32>,
}

/// What an archive that lies inside another is by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    pub(super) bytes: u64,
    pub(super) digest: [u8; 32],
}

/// Is told what there is; each answer says whether to go on.
pub(super) trait Visit {
    /// Takes a member that stands at `offset` of an archive that can be read at any place.
    fn part(&mut self, _member: &Member<'_>, _offset: u64) -> bool {
        true
    }
    /// Takes a member that begins with `head`; `rest` gives what follows.
    fn member(&mut self, member: &Member<'_>, head: &[u8], rest: &mut dyn Read) -> bool;
    /// Takes a link.
    fn link(&mut self, _archive: &Place, _name: &str, _target: &[u8], _is_hard: bool) -> bool {
        true
    }
    /// Takes a folder.
    fn folder(&mut self, _archive: &Place, _name: &str) {}
    /// Takes what was not read, or not as it claims to be.
    fn trouble(&mut self, _path: &str, _bytes: Option<u64>, _why: String) {}
    /// An archive begins that is a member itself.
    fn begin(&mut self, _archive: &Place) {}
    /// That archive is over.
    fn end(&mut self, _member: &Member<'_>, _archive: &Place, _measure: Option<Measure>) {}
    /// Are archives inside archives to be measured?
    fn measures(&self) -> bool {
        false
    }
}

/// A walk through an archive and those inside it.
pub(super) struct Walk<'v> {
    pub(super) visit: &'v mut dyn Visit,
    /// Bytes that may still be unpacked, where that is limited.
    pub(super) budget: Option<Rc<Cell<u64>>>,
    /// The number of the next file.
    pub(super) number: u64,
}

impl Walk<'_> {
    /// Goes through a tar. `is_random` where its unpacked bytes can be read at any place.
    pub(super) fn tar(&mut self, bytes: Box<dyn Forward + '_>, archive: &Place, is_random: bool) -> bool {
        let mut tar = Tar::new(bytes);
        while let Some(entry) = tar.next() {
            if !self.entry(&entry, &mut tar, archive, is_random) {
                return false;
            }
        }
        if let Some(broken) = tar.broken() {
            self.visit.trouble(&archive.path, None, format!("{broken}; what comes before it was used"));
        }
        true
    }

    fn entry(&mut self, entry: &Entry, tar: &mut Tar<'_>, archive: &Place, is_random: bool) -> bool {
        let Some(Name { path: name, odd }) = clean(&entry.name) else {
            if matches!(entry.kind, Kind::File | Kind::Special) {
                self.visit.trouble(&archive.path, None, "a member without a name".to_owned());
            }
            return true;
        };
        if let Some(odd) = odd {
            self.visit.trouble(&archive.of_member(&name).path, None, odd.to_owned());
        }
        match entry.kind {
            Kind::Folder => self.visit.folder(archive, &name),
            Kind::HardLink | Kind::SymbolicLink => {
                return self.visit.link(archive, &name, &entry.target, entry.kind == Kind::HardLink);
            }
            Kind::Special => {
                let path = archive.of_member(&name).path;
                self.visit.trouble(&path, None, "a device or fifo".to_owned());
            }
            Kind::Other => {}
            Kind::File => return self.file(entry, &name, tar, archive, is_random),
        }
        true
    }

    fn file(
        &mut self,
        entry: &Entry,
        name: &str,
        tar: &mut Tar<'_>,
        archive: &Place,
        is_random: bool,
    ) -> bool {
        let (number, size, modified) = (self.number, entry.size, entry.modified);
        let member = Member { archive, name, number, size, modified, mode: entry.mode };
        self.number += 1;
        if let Some(offset) = entry.offset.filter(|_| is_random) {
            return self.visit.part(&member, offset);
        }
        let head = beginning(tar);
        let packing = Packing::of(&head);
        let unpacked = Contents::new(head.as_slice(), packing, None).up_to(HEAD);
        if form(&head, &unpacked) != Some(Form::Tar) {
            return self.visit.member(&member, &head, tar);
        }
        if archive.depth >= DEEPEST {
            let why = format!("more than {DEEPEST} archives inside one another: not opened");
            self.visit.trouble(&archive.of_member(name).path, Some(size), why);
            return true;
        }
        self.archive(&member, Cursor::new(head).chain(tar), packing)
    }

    /// Goes through an archive that is a member.
    fn archive(&mut self, member: &Member<'_>, bytes: impl Read, packing: Packing) -> bool {
        let place = member.archive.of_member(member.name);
        self.visit.begin(&place);
        let hasher = self.visit.measures().then(|| RefCell::new((0, Sha256::new())));
        let mut bytes = Tee { inner: bytes, hasher: hasher.as_ref() };
        let unpacked: Box<dyn Read + '_> = match packing {
            Packing::Plain => Box::new(&mut bytes),
            packed => packed.unpack(&mut bytes),
        };
        let goes_on = match &self.budget {
            Some(budget) => {
                let limited = Limited { inner: unpacked, budget: Rc::clone(budget) };
                self.tar(Box::new(Unpacked(limited)), &place, false)
            }
            None => self.tar(Box::new(Unpacked(unpacked)), &place, false),
        };
        let is_whole = goes_on && io::copy(&mut bytes, &mut io::sink()).is_ok();
        let measure = hasher.filter(|_| is_whole).map(|hasher| {
            let (bytes, hasher) = hasher.into_inner();
            Measure { bytes, digest: hasher.finalize().into() }
        });
        self.visit.end(member, &place, measure);
        goes_on
    }
}

/// Reads the beginning of a member, as much as tells what it is.
fn beginning(member: &mut dyn Read) -> Vec<u8> {
    let mut head = Vec::new();
    // What cannot be read on ends here; the archive tells why.
    let _ = (&mut *member).take(HEAD as u64).read_to_end(&mut head);
    if head.len() == HEAD && matches!(Packing::of(&head), Packing::Bzip2 | Packing::Xz | Packing::Zstd) {
        let _ = member.take((LONGEST_BLOCK - HEAD) as u64).read_to_end(&mut head);
    }
    head
}

/// Hashes what is read.
struct Tee<'h, R> {
    inner: R,
    hasher: Option<&'h RefCell<(u64, Sha256)>>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        if let Some(hasher) = self.hasher {
            let (count, hasher) = &mut *hasher.borrow_mut();
            *count += got as u64;
            hasher.update(buffer.get(..got).unwrap_or_default());
        }
        Ok(got)
    }
}

/// Ends a stream when all archives inside one file have unpacked to more than they may.
pub(super) struct Limited<R> {
    pub(super) inner: R,
    pub(super) budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.get() == 0 {
            return Err(io::Error::other("unpacks to far more than any log could: the rest was not read"));
        }
        let got = self.inner.read(buffer)?;
        self.budget.set(self.budget.get().saturating_sub(got as u64));
        Ok(got)
    }
}
