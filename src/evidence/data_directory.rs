//! The files of MariaDB's data directories in the evidence, wherever they lie.

use super::{Evidence, Kind, Source};
use crate::mariadb::{Files, ReadAt, is_rows_file};

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

impl Files for DataDirectories<'_> {
    fn paths(&self) -> Vec<String> {
        let is_of_database = |source: &&Source| match source.kind {
            Kind::DatabasePart => true,
            Kind::Records(_) => is_rows_file(&source.file.path),
            _ => false,
        };
        self.evidence.sources.iter().filter(is_of_database).map(|source| source.file.path.clone()).collect()
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
