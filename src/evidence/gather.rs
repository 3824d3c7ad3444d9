//! Files to sources: each is looked at, recognised, and, if it is an archive, listed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::archive::{self, Form, Names};
use super::bytes::{Handle, read_up_to};
use super::packing::{Packing, UNMEASURED};
use super::pg_dump;
use super::recognise::{FIRST_LOOK, Kind, is_candidate, kind_of};
use super::{Evidence, File, HEAD, Source, Unread, collector, data_directory, file_list, hole};
use crate::artifacts::{LONGEST_SIGNED, Place, Shelf, place};
use crate::event::SourceId;
use crate::sqlite;

/// Where every host has its programs, whether or not `bin` leads there.
const PROGRAMS: [&str; 2] = ["usr/bin/", "usr/sbin/"];
/// The most sources of one case.
const MOST_SOURCES: usize = u16::MAX as usize;
/// Bytes of the beginnings and ends of all sources; beyond them only the first kibibyte is kept of each.
const MOST_HEADS: usize = 128 * 1024 * 1024;
const SHORT_HEAD: usize = 1024;
/// What tells a database of SQLite, its schema, stands between its first tables.
const SCHEMA: usize = 1024 * 1024;
/// Why most files are no source.
pub(super) const NOTHING_KNOWN: &str = "of no known kind";
/// Things about one file and the archives in it that are reported one by one.
const MOST_TROUBLE: u64 = 200;

/// Everything found so far, and what the archives in the file at hand have used up.
pub(super) struct Gather<'e> {
    pub(super) evidence: &'e mut Evidence,
    pub(super) found: Vec<Source>,
    /// Bytes of members that are kept in memory, in the whole case.
    pub(super) kept: u64,
    heads: usize,
    is_full: bool,
    /// Bytes that archives in the file at hand may still unpack to.
    pub(super) budget: Rc<Cell<u64>>,
    /// Members met in the file at hand.
    pub(super) members: u64,
    troubles: u64,
    /// Names in the file at hand, which its links may point to.
    pub(super) names: Names,
    /// The pages of web roots.
    shelf: Shelf,
}

/// What a look at a source's bytes showed.
pub(super) struct Look {
    pub(super) kind: Kind,
    pub(super) packing: Packing,
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    pub(super) digest: Option<[u8; 32]>,
    /// NUL bytes before its head, where a log begins with a hole.
    pub(super) hole: u64,
}

/// Sorts files into sources and the rest.
pub(super) fn recognise_all(evidence: &mut Evidence, mut files: Vec<File>) {
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let mut gather = Gather::new(evidence);
    for file in files {
        if gather.is_full {
            break;
        }
        gather.file(file);
    }
    gather.finish();
}

impl<'e> Gather<'e> {
    fn new(evidence: &'e mut Evidence) -> Self {
        Gather {
            evidence,
            found: Vec::new(),
            kept: 0,
            heads: 0,
            is_full: false,
            budget: Rc::default(),
            members: 0,
            troubles: 0,
            names: Names::default(),
            shelf: Shelf::default(),
        }
    }

    /// Looks at one file of a root, and at all that is inside it.
    fn file(&mut self, file: File) {
        self.budget.set(UNMEASURED.saturating_add(file.bytes.saturating_mul(archive::MOST_EXPANSION)));
        (self.members, self.troubles) = (0, 0);
        let (path, bytes) = (file.path.clone(), file.bytes);
        // A decoder that fails on hostile bytes costs this file and no other.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.look_at(file, 0)));
        if outcome.is_err() {
            self.trouble(&path, Some(bytes), "the reader failed on a part of it, which is lost".to_owned());
        }
        if self.troubles > MOST_TROUBLE {
            let more = self.troubles - MOST_TROUBLE;
            let why = format!("{more} more things like these are inside it");
            self.evidence.trouble.push(Unread { path, bytes: Some(bytes), why });
        }
        archive::settle_links(self);
    }

    /// Looks at a file, which lies in `depth` archives.
    pub(super) fn look_at(&mut self, file: File, depth: usize) {
        let (path, bytes) = (file.path.clone(), file.bytes);
        if let Err(error) = self.recognise(file, depth) {
            self.trouble(&path, Some(bytes), format!("cannot be opened: {error}"));
        }
    }

    fn recognise(&mut self, file: File, depth: usize) -> std::io::Result<()> {
        let handle = self.evidence.open(&file)?;
        let first = read_up_to(&handle, Packing::Plain, FIRST_LOOK)?;
        let packing = Packing::of(&first);
        let (mut head, trouble) = match packing {
            Packing::Plain => (first.clone(), None),
            packed => {
                let mut contents = handle.contents(packed);
                (contents.up_to(HEAD), contents.trouble())
            }
        };
        if !handle.is_random_access() {
            self.spend(head.len());
        }
        if let Some(form) = archive::form(&first, &head) {
            return self.archive(file, handle, packing, form, depth);
        }
        let is_candidate = packing != Packing::Plain || is_candidate(&file, &first);
        if is_candidate && packing == Packing::Plain && first.len() == FIRST_LOOK {
            let is_sqlite = first.starts_with(sqlite::MAGIC);
            head = read_up_to(&handle, packing, if is_sqlite { SCHEMA } else { HEAD })?;
        }
        let Some(kind) = kind_of(&file, packing, is_candidate, &head) else {
            if let Some(look) = self.behind_hole(&file, &handle, packing, &head)? {
                self.add(file, look);
                return Ok(());
            }
            let why = trouble.unwrap_or_else(|| nothing_known(&head));
            if packing != Packing::Plain && Packing::of(&head) != Packing::Plain {
                self.trouble(&file.path, Some(file.bytes), why.clone());
            }
            self.unrecognised(file.path, file.bytes, &why);
            return Ok(());
        };
        let mut digest = None;
        if kind == Kind::Artifact {
            let whole = || read_up_to(&handle, packing, LONGEST_SIGNED);
            digest = Shelf::wants_digest(&file).then(|| Some(Sha256::digest(whole().ok()?).into())).flatten();
            if !self.is_wanted(&file, &head, digest, &mut || whole().unwrap_or_default()) {
                return Ok(());
            }
        }
        let tail = tail(&handle, packing, kind)?;
        self.add(file, Look { kind, packing, head, tail, digest, hole: 0 });
        Ok(())
    }

    /// Looks at what stands behind the hole of NUL bytes with which a file begins; nothing where that is no log.
    fn behind_hole(
        &self,
        file: &File,
        handle: &Handle,
        packing: Packing,
        head: &[u8],
    ) -> std::io::Result<Option<Look>> {
        if !hole::may_begin(head) {
            return Ok(None);
        }
        let mut contents = handle.contents(packing);
        let Some((hole, mut head)) = hole::pass_over(&mut contents) else { return Ok(None) };
        head.extend(contents.up_to(HEAD.saturating_sub(head.len())));
        if !handle.is_random_access() {
            self.spend(usize::try_from(hole).unwrap_or(usize::MAX));
        }
        let kind = kind_of(file, packing, hole::is_text(&head), &head);
        let Some(kind) = kind.filter(|kind| kind.has_records() && !kind.is_binary()) else { return Ok(None) };
        let tail = tail(handle, packing, kind)?;
        Ok(Some(Look { kind, packing, head, tail, digest: None, hole }))
    }

    /// Returns whether a file of the host becomes a source; a page without a mark does not. `whole` reads all
    /// of it, which a signature needs.
    pub(super) fn is_wanted(
        &mut self,
        file: &File,
        head: &[u8],
        digest: Option<[u8; 32]>,
        whole: &mut dyn FnMut() -> Vec<u8>,
    ) -> bool {
        match place::of(file, head) {
            Some(Place::Page) => self.shelf.page(file, head, digest),
            Some(Place::Signature) => {
                self.shelf.signature(file, &whole());
                true
            }
            _ => true,
        }
    }

    fn archive(
        &mut self,
        file: File,
        handle: Handle,
        packing: Packing,
        form: Form,
        depth: usize,
    ) -> std::io::Result<()> {
        if depth > archive::DEEPEST {
            let why = format!("more than {} archives inside one another: not opened", archive::DEEPEST);
            self.trouble(&file.path, Some(file.bytes), why);
            return Ok(());
        }
        match form {
            Form::Tar => archive::list_tar(self, file, &handle, packing, depth),
            Form::Zip => archive::list_zip(self, file, handle, depth)?,
        }
        Ok(())
    }

    /// Counts bytes that were unpacked.
    pub(super) fn spend(&self, bytes: usize) {
        self.budget.set(self.budget.get().saturating_sub(bytes as u64));
    }

    pub(super) fn unrecognised(&mut self, path: String, bytes: u64, why: &str) {
        self.evidence.unrecognised_count += 1;
        let is_log = path.starts_with("var/log/") || path.contains("/var/log/");
        if bytes == 0 && is_log && self.evidence.empty_logs.len() < Evidence::MOST_LISTED {
            self.evidence.empty_logs.push(path.clone());
        }
        self.evidence.has_programs |= PROGRAMS.iter().any(|folder| path.contains(folder));
        let product = if why == NOTHING_KNOWN { collector::product(&path) } else { None };
        let why = product.as_deref().unwrap_or(why);
        if self.evidence.unrecognised.len() < Evidence::MOST_LISTED {
            self.evidence.unrecognised.push(Unread { path, bytes: Some(bytes), why: why.to_owned() });
        }
    }

    pub(super) fn trouble(&mut self, path: &str, bytes: Option<u64>, why: String) {
        self.troubles += 1;
        if self.troubles <= MOST_TROUBLE {
            self.evidence.trouble.push(Unread { path: path.to_owned(), bytes, why });
        }
    }

    /// Adds a source.
    pub(super) fn add(&mut self, file: File, look: Look) {
        if self.found.len() == MOST_SOURCES {
            if !self.is_full {
                self.is_full = true;
                let why =
                    format!("more than {MOST_SOURCES} sources: this and all later files were not looked at");
                self.evidence.trouble.push(Unread { path: file.path, bytes: Some(file.bytes), why });
            }
            return;
        }
        let Look { kind, packing, mut head, mut tail, digest, hole } = look;
        let is_head_all = match packing {
            Packing::Plain if file.has_known_size() => file.bytes <= hole + head.len() as u64,
            _ => head.len() < HEAD,
        };
        self.heads += head.len() + tail.len();
        if self.heads > MOST_HEADS && kind.has_records() {
            head.truncate(SHORT_HEAD);
            tail = tail.split_off(tail.len().saturating_sub(SHORT_HEAD));
        }
        (head, tail) = (head.into_boxed_slice().into_vec(), tail.into_boxed_slice().into_vec());
        let is_head_all = is_head_all && (self.heads <= MOST_HEADS || !kind.has_records());
        let id = SourceId(0);
        self.found.push(Source {
            id,
            file,
            kind,
            packing,
            duplicate_of: None,
            head,
            is_head_all,
            tail,
            digest,
            hole,
        });
    }

    /// Puts the sources in order of path and numbers them.
    fn finish(mut self) {
        self.evidence.file_lists = file_list::settle(self.evidence, &mut self.found, &mut self.shelf);
        let (late, web_code) = self.shelf.settle();
        self.evidence.web_code = web_code;
        for page in late {
            let look = Look {
                kind: Kind::Artifact,
                packing: Packing::Plain,
                head: page.beginning,
                tail: Vec::new(),
                digest: page.digest,
                hole: 0,
            };
            self.add(page.file, look);
        }
        let mut found = std::mem::take(&mut self.found);
        for source in data_directory::settle(&mut found) {
            self.unrecognised(source.file.path, source.file.bytes, NOTHING_KNOWN);
        }
        for source in collector::settle(&mut found) {
            self.unrecognised(source.file.path, source.file.bytes, collector::PRINTED_TWICE);
        }
        found.sort_by(|left, right| left.file.path.cmp(&right.file.path));
        self.tell_apart(&mut found);
        for (index, source) in found.iter_mut().enumerate() {
            source.id = SourceId(index as u16);
        }
        self.evidence.sources = found;
        self.evidence.links.sort();
        self.evidence.empty_logs.sort();
    }

    /// Gives members of one archive under one name a path of their own: the last is what unpacking leaves.
    fn tell_apart(&mut self, found: &mut [Source]) {
        let mut start = 0;
        while start < found.len() {
            let same = found.iter().skip(start).take_while(|next| next.file.path == found[start].file.path);
            let end = start + same.count();
            for (number, source) in found[start..end - 1].iter_mut().enumerate() {
                // Two names of a folder may look alike where they are no UTF-8.
                if source.file.container.is_none() {
                    continue;
                }
                let mark = format!(" (overwritten {})", number + 1);
                let why =
                    format!("a later member has this name too: it is shown as {}{mark}", source.file.path);
                let path = source.file.path.clone();
                self.evidence.trouble.push(Unread { path, bytes: Some(source.file.bytes), why });
                source.file.path.push_str(&mark);
                source.file.placed.push_str(&mark);
            }
            start = end;
        }
    }
}

/// Says why a file is no source.
pub(super) fn nothing_known(head: &[u8]) -> String {
    if head.is_empty() {
        return "empty".to_owned();
    }
    if pg_dump::is_contents_alone(head) {
        let how = "make a plain dump of the whole with pg_restore -f -";
        return format!("the contents of a PostgreSQL archive whose rows lie in other files: {how}");
    }
    match Packing::of(head) {
        Packing::Plain => NOTHING_KNOWN.to_owned(),
        packed => format!("packed twice: {} inside, which is not opened; unpack it once", packed.word()),
    }
}

/// Returns the last bytes of a log that can be read anywhere.
fn tail(handle: &Handle, packing: Packing, kind: Kind) -> std::io::Result<Vec<u8>> {
    let has_tail = packing == Packing::Plain && handle.is_random_access() && kind.has_records();
    if has_tail { last_bytes(handle) } else { Ok(Vec::new()) }
}

fn last_bytes(handle: &Handle) -> std::io::Result<Vec<u8>> {
    let length = handle.size().min(HEAD as u64);
    let mut bytes = vec![0; length as usize];
    let got = handle.read_at(&mut bytes, handle.size() - length)?;
    bytes.truncate(got);
    Ok(bytes)
}
