//! The first pass over a tar: what is there, what it is, and what of it is kept.

use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::streamed::{Limited, Measure, Member, Place, Visit, Walk};
use super::{MOST_MEMBERS, zip};
use crate::artifacts::{LONGEST_SIGNED, Shelf};
use crate::event::Instant;
use crate::evidence::bytes::{Contents, Forward, Handle, Unpacked};
use crate::evidence::gather::{Gather, Look, nothing_known};
use crate::evidence::packing::Packing;
use crate::evidence::recognise::{FIRST_LOOK, Kind, is_candidate, kind_of};
use crate::evidence::{File, HEAD, MODE_BITS, Reach, Wrapped, collector, hole};

/// A log up to this many bytes is kept in memory, so that threads can read it side by side with others.
const SMALL_LOG: u64 = 4 * 1024 * 1024;
/// What is not read line by line (configuration, databases, zips) must be kept whole, up to this: MariaDB's redo
/// log is 96 MiB unless it is set otherwise.
pub(super) const LARGEST_WHOLE: u64 = 100 * 1024 * 1024;
/// Bytes of members that are kept in memory, in the whole case.
pub(super) const MOST_KEPT: u64 = 192 * 1024 * 1024;

/// Lists the members of a tar.
pub(in crate::evidence) fn list_tar(
    gather: &mut Gather<'_>,
    file: File,
    handle: &Handle,
    packing: Packing,
    depth: usize,
) {
    let place = Place { path: file.path.clone(), placed: file.placed.clone(), depth };
    let is_random = packing == Packing::Plain && handle.is_random_access();
    let budget = std::rc::Rc::clone(&gather.budget);
    let bytes: Box<dyn Forward + '_> = match is_random {
        true => handle.stream(),
        false => {
            let inner = packing.unpack(handle.stream());
            Box::new(Unpacked(Limited { inner, budget: std::rc::Rc::clone(&budget) }))
        }
    };
    let around = Arc::new(file);
    let wrapped = gather.evidence.archives.len();
    gather.evidence.archives.push(Wrapped { file: Arc::clone(&around), packing, depth });
    let mut lister = Lister { gather, around: &around, wrapped, open: Vec::new() };
    lister.open.push(lister.gather.found.len());
    Walk { visit: &mut lister, budget: Some(budget), number: 0 }.tar(bytes, &place, is_random);
    let before = lister.open.pop().unwrap_or(0);
    gather.add_archive(Arc::unwrap_or_clone(around), before, packing, None);
}

impl Gather<'_> {
    /// Counts a member; says no, and once why, when there are too many.
    pub(super) fn count_member(&mut self, archive: &Place) -> bool {
        self.members += 1;
        if self.members == MOST_MEMBERS + 1 {
            let why = format!("more than {MOST_MEMBERS} members: the rest was not looked at");
            self.trouble(&archive.path, None, why);
        }
        self.members <= MOST_MEMBERS
    }

    /// Adds an archive, if something of it was recognised since there were `before` sources.
    pub(super) fn add_archive(
        &mut self,
        file: File,
        before: usize,
        packing: Packing,
        digest: Option<[u8; 32]>,
    ) {
        if self.found.len() == before {
            return self.unrecognised(file.path, file.bytes, "an archive with no file of a known kind");
        }
        let look = Look { kind: Kind::Archive, packing, head: Vec::new(), tail: Vec::new(), digest, hole: 0 };
        self.add(file, look);
    }
}

struct Lister<'g, 'e> {
    gather: &'g mut Gather<'e>,
    /// The file that is read.
    around: &'g Arc<File>,
    /// Its place among the archives that are read in passes.
    wrapped: usize,
    /// For each archive that is not over, how many sources there were before it.
    open: Vec<usize>,
}

impl Lister<'_, '_> {
    fn file(&self, member: &Member<'_>, bytes: u64, reach: Reach) -> File {
        let place = member.archive.of_member(member.name);
        File {
            path: place.path,
            bytes,
            modified: member.modified.map(Instant::from_seconds),
            mode: member.mode.map(|mode| mode & MODE_BITS),
            placed: place.placed,
            reach,
            container: Some(member.archive.path.as_str().into()),
            stored_as: collector::decoded(member.name).map(|_| member.name.into()),
        }
    }

    fn streamed(&self, member: &Member<'_>) -> Reach {
        Reach::Streamed { archive: self.wrapped, number: member.number }
    }

    /// Keeps a member in memory, `rest` behind `head`; `None` where it is longer than `most`.
    fn keep(&mut self, head: &[u8], rest: &mut dyn Read, most: u64) -> Option<Arc<[u8]>> {
        let most = most.min(MOST_KEPT.saturating_sub(self.gather.kept));
        let mut bytes = head.to_vec();
        // What cannot be read on ends here; the archive tells why.
        let _ = rest.take(most.saturating_add(1).saturating_sub(head.len() as u64)).read_to_end(&mut bytes);
        if bytes.len() as u64 > most {
            return None;
        }
        self.gather.kept += bytes.len() as u64;
        Some(bytes.into())
    }

    /// Keeps a member and looks at it as at a file by itself; `what` it is, in words.
    fn whole(&mut self, member: &Member<'_>, head: &[u8], rest: &mut dyn Read, what: &str) {
        let path = member.archive.of_member(member.name).path;
        match self.keep(head, rest, LARGEST_WHOLE) {
            Some(bytes) => {
                let (length, before) = (bytes.len() as u64, self.gather.found.len());
                let file = self.file(member, length, Reach::Kept(bytes));
                self.gather.look_at(file, member.archive.depth + 1);
                if self.gather.found.len() == before {
                    // Nothing of it was wanted, so nothing holds it any longer.
                    self.gather.kept = self.gather.kept.saturating_sub(length);
                }
            }
            None => self.gather.trouble(&path, Some(member.size), too_large(what)),
        }
    }

    /// Looks at a file of the host; what bears no mark is not kept.
    fn artifact(
        &mut self,
        member: &Member<'_>,
        file: &File,
        packing: Packing,
        unpacked: Vec<u8>,
        head: &[u8],
        rest: &mut dyn Read,
    ) {
        let mut bytes = head.to_vec();
        if member.size <= LONGEST_SIGNED as u64 {
            // What cannot be read on ends here; the archive tells why.
            let _ = rest.take(LONGEST_SIGNED as u64).read_to_end(&mut bytes);
        }
        let digest = Shelf::wants_digest(file).then(|| Sha256::digest(&bytes).into());
        if self.gather.is_wanted(file, &unpacked, digest, &mut || bytes.clone()) {
            let look =
                Look { kind: Kind::Artifact, packing, head: unpacked, tail: Vec::new(), digest, hole: 0 };
            self.source(member, look, &bytes, rest);
        }
    }

    fn source(&mut self, member: &Member<'_>, mut look: Look, head: &[u8], rest: &mut dyn Read) {
        let is_log = (look.kind.has_records() && !look.kind.is_database()) || look.kind == Kind::Artifact;
        let most = if is_log { SMALL_LOG } else { LARGEST_WHOLE };
        // A header may lie about the size, but one that tells a large one need not be tried.
        if member.size <= most && member.size.saturating_add(self.gather.kept) <= MOST_KEPT {
            if let Some(bytes) = self.keep(head, rest, most) {
                if is_log && look.packing == Packing::Plain {
                    look.tail = bytes.get(bytes.len().saturating_sub(HEAD)..).unwrap_or_default().to_vec();
                }
                let file = self.file(member, bytes.len() as u64, Reach::Kept(bytes));
                return self.gather.add(file, look);
            }
        } else if is_log {
            let measured = measure(head, rest);
            (look.digest, look.tail) = (Some(measured.0.digest), measured.1);
            if look.packing != Packing::Plain {
                look.tail.clear();
            }
            let file = self.file(member, measured.0.bytes, self.streamed(member));
            return self.gather.add(file, look);
        }
        let path = member.archive.of_member(member.name).path;
        self.gather.trouble(&path, Some(member.size), too_large(look.kind.word()));
    }
}

pub(super) fn too_large(what: &str) -> String {
    let (each, all) = (LARGEST_WHOLE >> 20, MOST_KEPT >> 20);
    format!("{what}, which has to be kept in memory: larger than {each} MiB, or {all} MiB are kept already")
}

impl Visit for Lister<'_, '_> {
    fn part(&mut self, member: &Member<'_>, offset: u64) -> bool {
        if !self.gather.count_member(member.archive) {
            return false;
        }
        self.gather.names.add(member.archive, member.name);
        let around = Arc::clone(self.around);
        let left = around.bytes.saturating_sub(offset);
        let bytes = member.size.min(left);
        let reach = Reach::Part { around, offset, length: bytes, coding: Packing::Plain, checksum: None };
        let file = self.file(member, bytes, reach);
        self.gather.look_at(file, member.archive.depth + 1);
        true
    }

    fn member(&mut self, member: &Member<'_>, head: &[u8], rest: &mut dyn Read) -> bool {
        if !self.gather.count_member(member.archive) {
            return false;
        }
        self.gather.names.add(member.archive, member.name);
        if zip::is_zip(head) {
            self.whole(member, head, rest, "a zip inside a packed archive");
            return true;
        }
        let packing = Packing::of(head);
        let mut contents = Contents::new(head, packing, None);
        let unpacked = contents.up_to(HEAD);
        let file = self.file(member, member.size, self.streamed(member));
        let first = unpacked.get(..unpacked.len().min(FIRST_LOOK)).unwrap_or_default();
        let is_candidate = packing != Packing::Plain || is_candidate(&file, first);
        match kind_of(&file, packing, is_candidate, &unpacked) {
            Some(Kind::Artifact) => self.artifact(member, &file, packing, unpacked, head, rest),
            Some(kind) => {
                let look = Look { kind, packing, head: unpacked, tail: Vec::new(), digest: None, hole: 0 };
                self.source(member, look, head, rest);
            }
            None if hole::may_begin(&unpacked) => {
                self.whole(member, head, rest, "a file inside a packed archive that begins with NUL bytes");
            }
            None => {
                // Of a longer member the head breaks off, which is no damage.
                let trouble = contents.trouble().filter(|_| packing != Packing::Plain && head.len() < HEAD);
                let why = trouble.unwrap_or_else(|| nothing_known(&unpacked));
                self.gather.unrecognised(file.path, file.bytes, &why);
            }
        }
        true
    }

    fn link(&mut self, archive: &Place, name: &str, target: &[u8], is_hard: bool) -> bool {
        self.gather.names.add_link(archive, name, target, is_hard);
        self.gather.count_member(archive)
    }

    fn folder(&mut self, archive: &Place, name: &str) {
        self.gather.names.add(archive, name);
    }

    fn trouble(&mut self, path: &str, bytes: Option<u64>, why: String) {
        self.gather.trouble(path, bytes, why);
    }

    fn begin(&mut self, _archive: &Place) {
        self.open.push(self.gather.found.len());
    }

    fn end(&mut self, member: &Member<'_>, _archive: &Place, measure: Option<Measure>) {
        let before = self.open.pop().unwrap_or(0);
        let bytes = measure.map_or(member.size, |measure| measure.bytes);
        let file = self.file(member, bytes, self.streamed(member));
        self.gather.add_archive(file, before, Packing::Plain, measure.map(|measure| measure.digest));
    }

    fn measures(&self) -> bool {
        true
    }
}

/// Reads a member to its end: its size and hash, and its last bytes.
fn measure(head: &[u8], rest: &mut dyn Read) -> (Measure, Vec<u8>) {
    let mut hasher = Sha256::new();
    hasher.update(head);
    let mut bytes = head.len() as u64;
    let mut tail = head.to_vec();
    let mut piece = vec![0; 256 * 1024];
    loop {
        match rest.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => {
                let read = piece.get(..got).unwrap_or_default();
                hasher.update(read);
                bytes += got as u64;
                tail.drain(..tail.len().saturating_sub(HEAD.saturating_sub(got)));
                tail.extend_from_slice(read.get(got.saturating_sub(HEAD)..).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The archive tells why.
            Err(_) => break,
        }
    }
    tail.drain(..tail.len().saturating_sub(HEAD));
    (Measure { bytes, digest: hasher.finalize().into() }, tail)
}
