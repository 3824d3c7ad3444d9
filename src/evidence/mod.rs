//! What was given: folders, files and, for the demo, memory; found, recognised, opened.
//!
//! Evidence is only ever read. Regular files alone are opened, without following a link and without
//! waiting on a fifo; a link inside a folder counts for its text, never for its target. Archives
//! will be one more [`Root`]; nothing outside this module knows how a file is reached.

mod bytes;
pub mod cite;
mod duplicates;
mod output;
mod recognise;
mod root;
mod walk;

use crate::event::{Instant, SourceId};

pub use bytes::{Handle, Inflated, Packing};
pub use output::refuse_output_inside;
pub(crate) use recognise::FIRST_LOOK;
pub use recognise::Kind;
pub use root::{MemoryFile, Root};

/// The most bytes of a file that recognition looks at.
pub const HEAD: usize = 64 * 1024;

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
    pub(crate) root: usize,
    /// Its path with the root's own name before it: a folder given may be the disk's `etc` itself.
    pub(crate) placed: String,
    pub(crate) relative: std::path::PathBuf,
    pub(crate) identity: (u64, u64),
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
    /// Its last bytes; empty for a packed file.
    pub tail: Vec<u8>,
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

/// All that was given.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The paths as given.
    pub given: Vec<String>,
    /// Where files are reached.
    pub roots: Vec<Root>,
    /// Recognised files, in order of path.
    pub sources: Vec<Source>,
    /// Links, in order of path.
    pub links: Vec<Link>,
    /// Files of no known kind: the first [`Evidence::MOST_LISTED`] of them.
    pub unrecognised: Vec<Unread>,
    /// How many files are of no known kind.
    pub unrecognised_count: u64,
    /// What could not be opened or walked, devices and the like, and limits that were reached.
    pub trouble: Vec<Unread>,
}

impl Evidence {
    /// The most files of no known kind that are listed by name.
    pub const MOST_LISTED: usize = 1_000;

    /// Finds and recognises everything below the paths given.
    pub fn gather(paths: &[std::path::PathBuf]) -> Result<Self, EvidenceError> {
        let mut roots = Vec::new();
        for path in paths {
            roots.push(Root::from_path(path)?);
        }
        let given = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
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
        recognise::recognise_all(&mut evidence, files);
        duplicates::mark(&mut evidence);
        evidence
    }

    /// Opens a file, if it is still the regular file that was found.
    pub fn open(&self, file: &File) -> std::io::Result<Handle> {
        let root = self.roots.get(file.root).ok_or(std::io::ErrorKind::NotFound)?;
        root.open(file)
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
