//! Databases of SQLite that are read into memory and asked there: what their readers share.

use super::{Access, Chunk, Reader, Take};
use crate::evidence::Handle;
use crate::sqlite;

/// Tells what the rows of one kind of database say.
pub(super) trait Rows: Send + Sync {
    /// Hands over the rows of the database that `bytes` hold, unpacked; returns sentences for the report.
    ///
    /// Rows that were handed over before an error count.
    fn rows(&self, bytes: Vec<u8>, take: &mut Take<'_>) -> Result<Vec<String>, rusqlite::Error>;
}

/// Reads a database that is small enough.
pub(super) struct SqliteFile<R>(pub(super) R);

impl<R: Rows> Reader for SqliteFile<R> {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn unpacks(&self) -> bool {
        true
    }

    fn read(&self, _chunk: &mut Chunk) {
        // Pages tell nothing without those that say which table they belong to.
    }

    fn read_file(&self, handle: &Handle, take: &mut Take<'_>) -> Vec<String> {
        let read = sqlite::read(handle)
            .and_then(|bytes| self.0.rows(bytes, take).map_err(|error| format!("read in part: {error}")));
        read.unwrap_or_else(|why| vec![why])
    }
}
