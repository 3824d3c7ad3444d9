//! What was given: folders, files and, for the demo, memory; found, recognised, opened.
//!
//! Evidence is only ever read. Regular files alone are opened, without following a link and without
//! waiting on a fifo; a link inside a folder counts for its text, never for its target. Archives are
//! read as streams and never unpacked. Nothing outside this module knows how a file is reached, but for
//! one thing: members of a packed archive are read together, in one [pass](Evidence::pass) over it.

mod archive;
mod bytes;
pub mod cite;
mod collector;
mod data_directory;
mod duplicates;
mod file_list;
mod gather;
pub(crate) mod hole;
pub mod live;
mod measures;
mod output;
mod packing;
mod pg_dump;
mod recognise;
mod root;
mod side_by_side;
mod utf16;
mod walk;

use std::sync::Arc;

use crate::event::{Instant, SourceId};

pub use bytes::{Contents, Handle};
pub(crate) use bytes::{hole_at, read_file_at};
pub(crate) use data_directory::DataDirectories;
use file_list::FileLists;
pub(crate) use file_list::sort_of;
pub use output::refuse_output_inside;
pub use packing::Packing;
pub(crate) use recognise::FIRST_LOOK;
pub use recognise::Kind;
pub(crate) use root::open_regular;
pub use root::{MemoryFile, Root};

/// The most bytes of a file that recognition looks at.
pub const HEAD: usize = 64 * 1024;

/// The bits of a mode that tell rights; the others tell what kind of file it is.
const MODE_BITS: u32 = 0o7777;

/// What cannot be worked with at all; anything less is a note on a file.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The path names nothing.
    #[error("{path}: no such file or folder")]
    Missing {
        /// As given.
        path: String,
    },
    /// The path cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The path is a device, a fifo or a socket.
    #[error("{path}: neither a file nor a folder")]
    Special {
        /// As given.
        path: String,
    },
    /// The output would lie in the evidence.
    #[error("{output}: lies inside the evidence {evidence}, where nothing is ever written")]
    OutputInside {
        /// The output as given.
        output: String,
        /// The evidence as given.
        evidence: String,
    },
}

/// One regular file of the evidence, recognised or not.
#[derive(Clone, Debug)]
pub struct File {
    /// Path below its root, `root2/...` when several were given; what reports cite.
    pub path: String,
    /// Its size when it was found.
    pub bytes: u64,
    /// When it was last written, as far as the copy kept it.
    pub modified: Option<Instant>,
    /// Who may read, write and run it: the bits of Unix, as far as the copy kept them.
    pub mode: Option<u32>,
    /// Its path with the root's own name before it: a folder given may be the disk's `etc` itself.
    pub(crate) placed: String,
    pub(crate) reach: Reach,
    /// The path of the archive that it lies in.
    pub(crate) container: Option<Arc<str>>,
    /// Its path as the collector wrote it, where that is escaped.
    pub(crate) stored_as: Option<Arc<str>>,
}

/// How a file's bytes are reached.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// It lies in a root.
    Found { root: usize, relative: std::path::PathBuf, identity: (u64, u64) },
    /// It is a part of another file, packed or not; `checksum` is what that says the CRC-32 of its bytes is.
    Part { around: Arc<File>, offset: u64, length: u64, coding: Packing, checksum: Option<u32> },
    /// It was taken out of an archive into memory.
    Kept(Arc<[u8]>),
    /// It is met on a pass over an archive, under this number.
    Streamed { archive: usize, number: u64 },
}

impl File {
    /// Builds a file that is nowhere, for tests of what its path and rights tell.
    #[cfg(test)]
    pub(crate) fn of_test(path: &str, mode: Option<u32>) -> Self {
        let reach = Reach::Kept(Arc::from(&b""[..]));
        File {
            path: path.into(),
            bytes: 0,
            modified: None,
            mode,
            placed: path.into(),
            reach,
            container: None,
            stored_as: None,
        }
    }

    /// Returns whether the size is the true one: of a packed member only the archive's claim is known.
    pub(crate) fn has_known_size(&self) -> bool {
        !matches!(&self.reach, Reach::Part { coding, .. } if *coding != Packing::Plain)
    }

    /// Returns whether the file can be opened at any place of it, without reading what comes before.
    fn is_random_access(&self) -> bool {
        self.has_known_size() && !matches!(self.reach, Reach::Streamed { .. })
    }

    /// Returns the CRC-32 that the archive around it says its bytes have.
    pub(crate) fn checksum(&self) -> Option<u32> {
        match &self.reach {
            Reach::Part { checksum, .. } => *checksum,
            _ => None,
        }
    }

    /// Returns the path of the archive that it lies in, if it lies in one.
    pub fn container(&self) -> Option<&str> {
        self.container.as_deref()
    }
}

/// An archive whose members are reached by passes over it.
#[derive(Debug)]
pub(crate) struct Wrapped {
    file: Arc<File>,
    packing: Packing,
    /// Archives around it.
    depth: usize,
}

/// A recognised file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its place in [`Evidence::sources`].
    pub id: SourceId,
    /// The file.
    pub file: File,
    /// What it holds.
    pub kind: Kind,
    /// How it is packed.
    pub packing: Packing,
    /// The source that has the same bytes, or these and more; this one is then not read.
    pub duplicate_of: Option<SourceId>,
    /// Its first bytes, unpacked.
    pub head: Vec<u8>,
    /// Is that all of it?
    pub is_head_all: bool,
    /// Its last bytes; empty for a packed file.
    pub tail: Vec<u8>,
    /// SHA-256 of its bytes, where it was found out on the way.
    pub(crate) digest: Option<[u8; 32]>,
    /// NUL bytes before its head, where a log begins with a hole.
    pub(crate) hole: u64,
}

impl Source {
    /// Returns whether any place of its unpacked bytes can be read without reading what comes before.
    pub fn is_random_access(&self) -> bool {
        self.packing == Packing::Plain && self.file.is_random_access()
    }

    /// Returns whether its unpacked size is known for sure.
    fn has_known_end(&self) -> bool {
        self.packing == Packing::Plain && self.file.has_known_size()
    }

    /// Returns the SHA-256 of its bytes, if that was found out when it was listed.
    pub fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.as_ref()
    }
}

/// A link and where it points to, both as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Path below its root.
    pub path: String,
    /// The link's text.
    pub target: String,
    /// Does the target, re-rooted, lie in the evidence?
    pub inside: bool,
    /// Its path with the root's own name before it.
    pub(crate) placed: String,
    /// The very bytes, where it lies on the disk.
    pub(crate) on_disk: Option<Box<LinkOnDisk>>,
}

/// A link with the bytes of its name and its text, which need be no text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkOnDisk {
    /// Path below its root, `root2/...` when several were given.
    pub(crate) path: std::path::PathBuf,
    /// The link's text.
    pub(crate) target: std::path::PathBuf,
}

/// Something that was found and not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Path below its root.
    pub path: String,
    /// Its size, where known.
    pub bytes: Option<u64>,
    /// Why it was not read.
    pub why: String,
}

impl Unread {
    /// Returns whether it could be read, and nothing is known of its kind.
    pub fn is_of_no_known_kind(&self) -> bool {
        self.why == gather::NOTHING_KNOWN
    }
}

/// What lies below the roots, as it lies there.
pub(crate) struct Lying {
    /// Regular files, in order of path.
    pub(crate) files: Vec<File>,
    /// Links.
    pub(crate) links: Vec<Link>,
    /// What cannot be listed or is no file.
    pub(crate) trouble: Vec<Unread>,
}

/// All that was given.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The paths as given.
    pub given: Vec<String>,
    /// Where files are reached.
    pub roots: Vec<Root>,
    /// Archives that are read from their beginning.
    pub(crate) archives: Vec<Wrapped>,
    /// Recognised files, in order of path.
    pub sources: Vec<Source>,
    /// Links, in order of path.
    pub links: Vec<Link>,
    /// Files of no known kind: the first [`Evidence::MOST_LISTED`] of them.
    pub unrecognised: Vec<Unread>,
    /// How many files are of no known kind.
    pub unrecognised_count: u64,
    /// Files among a host's logs that have no bytes: the first [`Evidence::MOST_LISTED`] of them.
    pub empty_logs: Vec<String>,
    /// Are the host's programs among them, as they are in the copy of a whole disk?
    pub(crate) has_programs: bool,
    /// What could not be opened or walked, devices and the like, and limits that were reached.
    pub trouble: Vec<Unread>,
    /// What going through the pages of web roots showed.
    pub(crate) web_code: crate::artifacts::WebCode,
    /// What lists of the host's files told.
    pub(crate) file_lists: FileLists,
}

impl Evidence {
    /// The most files of no known kind that are listed by name.
    pub const MOST_LISTED: usize = 1_000;

    /// Finds and recognises everything below the paths given; disks of several machines in one folder are told apart.
    pub fn gather(paths: &[std::path::PathBuf]) -> Result<Self, EvidenceError> {
        let mut given = Vec::new();
        let mut roots = Vec::new();
        for path in paths {
            let opened = Root::from_path(path)?;
            let apart = side_by_side::apart(path).unwrap_or_default();
            // Where one of several disks cannot be opened, the folder as a whole tells why.
            let each: Result<Vec<Root>, _> = apart.iter().map(|path| Root::from_path(path)).collect();
            let (paths, opened) = match each {
                Ok(each) if !each.is_empty() => (apart, each),
                _ => (vec![path.clone()], vec![opened]),
            };
            given.extend(paths.iter().map(|path| path.to_string_lossy().into_owned()));
            roots.extend(opened);
        }
        Ok(Self::from_roots(given, roots))
    }

    /// Finds and recognises everything in the roots.
    pub fn from_roots(given: Vec<String>, roots: Vec<Root>) -> Self {
        let mut evidence = Evidence { given, roots, ..Evidence::default() };
        let mut files = Vec::new();
        for index in 0..evidence.roots.len() {
            let prefix = evidence.prefix(index);
            walk::walk(&mut evidence, index, &prefix, &mut files);
        }
        gather::recognise_all(&mut evidence, files);
        duplicates::mark(&mut evidence);
        evidence
    }

    /// Returns whether this is the copy of one whole disk, so that what is not in it is not there.
    pub(crate) fn is_whole_disk(&self) -> bool {
        let is_users = |source: &Source| ends_with_path(&source.file.placed, "etc/passwd");
        self.roots.len() == 1 && self.has_programs && self.sources.iter().any(is_users)
    }

    /// Recognises one file that lies in memory, as the samples of rules do.
    pub(crate) fn of_text(path: &str, text: &[u8]) -> Self {
        let mut evidence = Evidence { given: vec![path.to_owned()], ..Evidence::default() };
        let file = File {
            path: path.to_owned(),
            bytes: text.len() as u64,
            modified: None,
            mode: None,
            placed: path.to_owned(),
            reach: Reach::Kept(Arc::from(text)),
            container: None,
            stored_as: None,
        };
        gather::recognise_all(&mut evidence, vec![file]);
        evidence
    }

    /// Goes through the roots once more and returns all that lies there as it lies there, archives unopened.
    pub(crate) fn go_through(&mut self) -> Lying {
        let (links, trouble) = (self.links.len(), self.trouble.len());
        let mut files = Vec::new();
        for index in 0..self.roots.len() {
            let prefix = self.prefix(index);
            walk::walk(self, index, &prefix, &mut files);
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Lying { files, links: self.links.split_off(links), trouble: self.trouble.split_off(trouble) }
    }

    /// Returns a file's path with the very bytes of its name.
    pub(crate) fn path_on_disk(&self, file: &File) -> std::path::PathBuf {
        match &file.reach {
            Reach::Found { root, relative, .. } => std::path::Path::new(&self.prefix(*root)).join(relative),
            _ => file.path.clone().into(),
        }
    }

    /// Opens a file, if it is still the regular file that was found.
    pub fn open(&self, file: &File) -> std::io::Result<Handle> {
        match &file.reach {
            Reach::Found { root, relative, identity } => {
                let root = self.roots.get(*root).ok_or(std::io::ErrorKind::NotFound)?;
                root.open(relative, *identity)
            }
            Reach::Part { around, offset, length, coding, .. } => {
                Ok(self.open(around)?.part(*offset, *length, *coding, file.bytes))
            }
            Reach::Kept(bytes) => Ok(Handle::from_kept(Arc::clone(bytes))),
            Reach::Streamed { .. } => {
                Err(std::io::Error::other("a large member of a packed archive cannot be opened by itself"))
            }
        }
    }

    /// Returns a source by its id.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))
    }

    /// Reads a whole small file, unpacked, up to `limit` bytes.
    pub fn read_small(&self, source: &Source, limit: usize) -> std::io::Result<Vec<u8>> {
        let handle = self.open(&source.file)?;
        bytes::read_up_to(&handle, source.packing, limit)
    }

    /// Returns which of the roots a file lies in, be it in an archive there.
    pub(crate) fn root_of(&self, file: &File) -> usize {
        (0..self.roots.len()).find(|&root| file.path.starts_with(&self.prefix(root))).unwrap_or(0)
    }

    /// Returns what the paths of a root's files begin with; nothing where only one root was given.
    pub fn prefix(&self, root: usize) -> String {
        if self.roots.len() > 1 { format!("root{}/", root + 1) } else { String::new() }
    }

    /// Returns the text of the link at `path` (`etc/localtime`), searched below every folder of the roots
    /// whose prefix is given, or of all.
    ///
    /// A copied file system may lie deeper than the root, so a path that ends so counts too; the
    /// shortest wins.
    pub fn link_ending(&self, prefix: &str, path: &str) -> Option<&Link> {
        self.links
            .iter()
            .filter(|link| link.path.starts_with(prefix) && ends_with_path(&link.placed, path))
            .min_by_key(|link| (link.path.len(), link.path.as_str()))
    }

    /// Returns the source whose path is, or ends with, `path`, below a prefix; the shortest wins.
    pub fn source_ending(&self, prefix: &str, path: &str) -> Option<&Source> {
        self.sources
            .iter()
            .filter(|source| {
                source.file.path.starts_with(prefix) && ends_with_path(&source.file.placed, path)
            })
            .min_by_key(|source| (source.file.path.len(), source.file.path.as_str()))
    }
}

/// Returns whether `path` is `end` or ends with it after a slash.
pub fn ends_with_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}
