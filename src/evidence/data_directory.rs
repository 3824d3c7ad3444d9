//! The files of MariaDB's data directories in the evidence, wherever they lie.

use super::{Evidence, Kind, Source};
use crate::mariadb::{Files, ReadAt, Unread, is_rows_file, unread};

/// Bytes of a packed file that are held in memory: the redo log has 96 MiB where nobody changed that.
const LARGEST_PACKED: usize = 128 * 1024 * 1024;

/// All files of data directories that were recognised.
pub(crate) struct DataDirectories<'a> {
    /// Where they are opened.
    pub(crate) evidence: &'a Evidence,
}

impl<'a> DataDirectories<'a> {
    /// Returns the source at a path.
    pub(crate) fn source(&self, path: &str) -> Option<&'a Source> {
        let sources = &self.evidence.sources;
        let at = sources.binary_search_by(|source| source.file.path.as_str().cmp(path));
        // Sources stand in the order of their paths, but for what a member overwritten is renamed to.
        at.ok()
            .and_then(|at| sources.get(at))
            .or_else(|| sources.iter().find(|source| source.file.path == path))
    }
}

impl Evidence {
    /// Returns the files of data directories, of those that may be of use.
    fn database_files(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| match source.kind {
            Kind::DatabasePart => true,
            Kind::Records(_) => is_rows_file(&source.file.path),
            _ => false,
        })
    }

    /// Returns what of the data directories is not read, by the file that tells of it.
    pub(crate) fn unread_tables(&self) -> Vec<(&str, Unread)> {
        let parts: Vec<(&str, &[u8])> =
            self.database_files().map(|source| (source.file.path.as_str(), source.head.as_slice())).collect();
        unread(&parts)
    }
}

impl Files for DataDirectories<'_> {
    fn paths(&self) -> Vec<String> {
        self.evidence.database_files().map(|source| source.file.path.clone()).collect()
    }

    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>> {
        let source = self.source(path)?;
        let handle = self.evidence.open(&source.file).ok()?;
        if source.is_random_access() {
            return Some(Box::new(handle));
        }
        // What lies packed in an archive is held in memory, if it is not too large for that.
        let length = usize::try_from(source.file.bytes).ok().filter(|length| *length <= LARGEST_PACKED)?;
        let mut bytes = vec![0; length];
        let got = handle.contents(source.packing).fill(&mut bytes);
        bytes.truncate(got);
        Some(Box::new(bytes))
    }
}
