//! What stops a copy or a check.

use std::io;
use std::path::Path;

/// Why nothing could be preserved, or not all.
#[derive(Debug, thiserror::Error)]
pub enum PreserveError {
    /// The folder holds something already.
    #[error("{0}: is not empty")]
    NotEmpty(String),
    /// There is not enough room.
    #[error("{path}: {needed} bytes are needed and {free} are free")]
    NoRoom {
        /// The folder.
        path: String,
        /// Bytes of the evidence.
        needed: u64,
        /// Bytes that the file system has left.
        free: u64,
    },
    /// The folder, or a file in it, could not be written.
    #[error("{path}: {cause}")]
    Unwritable {
        /// Which.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The folder holds neither preserved evidence nor a case.
    #[error("{0}: holds neither preserved evidence nor a case")]
    Foreign(String),
    /// A file of the folder could not be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
}

impl PreserveError {
    /// Returns what may help.
    pub fn hint(&self) -> &'static str {
        match self {
            PreserveError::NotEmpty(_) => {
                "choose a new or empty folder: what was preserved is never written over"
            }
            PreserveError::NoRoom { .. } => "choose a folder on a larger disk",
            PreserveError::Unwritable { .. } => {
                "choose a folder that may be written to, on a disk with room; what was begun is not whole"
            }
            PreserveError::Foreign(_) => "give the folder that 'tolltrace preserve' or 'run -o' wrote",
            PreserveError::Unreadable { .. } => {
                "ask for the right to read it, or copy it from where it is whole"
            }
        }
    }

    /// Names what could not be written.
    pub(super) fn unwritable(path: &Path, cause: io::Error) -> Self {
        PreserveError::Unwritable { path: path.to_string_lossy().into_owned(), cause }
    }

    /// Names what could not be read.
    pub(super) fn unreadable(path: &Path, cause: io::Error) -> Self {
        PreserveError::Unreadable { path: path.to_string_lossy().into_owned(), cause }
    }
}
