//! The places that evidence is reached in.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::EvidenceError;
use super::bytes::Handle;

/// One file of evidence that lies in memory: the demo's is built into the program.
#[derive(Clone, Copy, Debug)]
pub struct MemoryFile {
    /// Path below the root.
    pub path: &'static str,
    /// What the file holds; a link holds its target.
    pub bytes: &'static [u8],
    /// Is it a symbolic link?
    pub is_link: bool,
}

/// A place that evidence is reached in.
#[derive(Debug)]
pub enum Root {
    /// A folder: a mounted or copied file system, or any part of one.
    Folder(PathBuf),
    /// One file.
    File(PathBuf),
    /// Files in memory.
    Memory(&'static [MemoryFile]),
}

impl Root {
    /// Looks at a path that a user gave; a link given by hand is followed, once and here only.
    pub fn from_path(path: &Path) -> Result<Self, EvidenceError> {
        let shown = || path.to_string_lossy().into_owned();
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => EvidenceError::Missing { path: shown() },
            _ => EvidenceError::Unreadable { path: shown(), cause },
        };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            fs::read_dir(path).map_err(unreadable)?;
            Ok(Root::Folder(path.to_owned()))
        } else if metadata.is_file() {
            let resolved = fs::canonicalize(path).map_err(unreadable)?;
            open_regular(&resolved).map_err(unreadable)?;
            Ok(Root::File(resolved))
        } else {
            Err(EvidenceError::Special { path: shown() })
        }
    }

    /// Opens a file that a user names beside the evidence; a link given by hand is followed, once and here only.
    pub(crate) fn open_given(path: &Path) -> io::Result<Handle> {
        let file = open_regular(&fs::canonicalize(path)?)?;
        let size = file.metadata()?.size();
        Ok(Handle::from_file(file, size))
    }

    /// Reads a file that lies in a folder which a user names, up to `most` bytes, and follows no link of that name;
    /// `None` where it is longer.
    pub(crate) fn read_beside(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        open_regular(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() <= most).then_some(bytes))
    }

    /// Opens the file at a path below this root, if it is still the one that was found.
    pub(super) fn open(&self, relative: &Path, identity: (u64, u64)) -> io::Result<Handle> {
        match self {
            Root::Folder(base) => open_found(&base.join(relative), identity),
            Root::File(path) => open_found(path, identity),
            Root::Memory(files) => files
                .iter()
                .find(|held| Path::new(held.path) == relative)
                .map(|held| Handle::from_memory(held.bytes))
                .ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }
}

/// Opens a path if the same file still stands there that was found: a folder on the way may have
/// been changed into a link since.
fn open_found(path: &Path, identity: (u64, u64)) -> io::Result<Handle> {
    let file = open_regular(path)?;
    let metadata = file.metadata()?;
    if (metadata.dev(), metadata.ino()) != identity {
        return Err(io::Error::other("another file took its place while the evidence was read"));
    }
    Ok(Handle::from_file(file, metadata.size()))
}

/// Opens a regular file: no link followed, no wait on a fifo, no terminal taken over.
pub(crate) fn open_regular(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(file)
}
