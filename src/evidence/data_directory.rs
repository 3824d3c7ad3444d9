//! The files of MariaDB's data directories in the evidence, wherever they lie.

use std::collections::BTreeSet;

use super::{Evidence, Kind, Source};
use crate::mariadb::{self, Files, Part, ReadAt, Unread, is_rows_file, unread};
use crate::{pbx, readers};

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

/// Settles which files of data directories hold records, now that the definitions are known: a table's columns tell what
/// it holds, whatever it is called, and its rows may lie among all others'. Returns the files of tables that nothing
/// asks.
pub(super) fn settle(found: &mut Vec<Source>) -> Vec<Source> {
    let stem = |path: &str, ending: &str| path.strip_suffix(ending).map(str::to_owned);
    let is_rows = |source: &Source| is_rows_file(&source.file.path);
    let rows: BTreeSet<String> = found.iter().filter(|source| is_rows(source)).filter_map(stem_of).collect();
    let mut telling = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for source in found.iter().filter(|source| source.kind == Kind::DatabasePart) {
        let Some(stem) = stem(&source.file.path, ".frm").filter(|_| has_records(&source.head)) else {
            continue;
        };
        if !rows.contains(&stem) {
            shared.extend(mariadb::shared_beside(&stem));
        }
        telling.insert(stem);
    }
    for source in found.iter_mut().filter(|source| source.kind == Kind::DatabasePart) {
        let tells = is_rows(source) && stem_of(source).is_some_and(|stem| telling.contains(&stem));
        if tells || shared.contains(&source.file.path) {
            source.kind = Kind::Records(readers::TABLE);
        }
    }
    let is_asked = |source: &Source| {
        let part = mariadb::part_of(&source.file.path, &source.head);
        let Some((Part::Rows | Part::Index, table)) = part.filter(|_| source.kind == Kind::DatabasePart)
        else {
            return true;
        };
        let is_known = pbx::is_table(table) || readers::may_be_table_of_records(&source.file.path, table);
        is_known || stem_of(source).is_some_and(|stem| telling.contains(&stem))
    };
    found.extract_if(.., |source| !is_asked(source)).collect()
}

/// Returns the path of a file without its ending.
fn stem_of(source: &Source) -> Option<String> {
    source.file.path.rsplit_once('.').map(|(stem, _)| stem.to_owned())
}

/// Does a definition have the columns of call records, or of anything else that a reader reads?
pub(super) fn has_records(definition: &[u8]) -> bool {
    let Ok(definition) = mariadb::definition_of(definition) else { return false };
    readers::are_columns_of_records(definition.columns.iter().map(|column| column.name.as_str()))
}

impl Evidence {
    /// Returns the files of data directories, of those that may be of use.
    fn database_files(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| match source.kind {
            Kind::DatabasePart => true,
            Kind::Records(format) => format.word == readers::TABLE.word,
            _ => false,
        })
    }

    /// Returns what of the data directories is not read, by the file that tells of it.
    pub(crate) fn unread_tables(&self) -> Vec<(&str, Unread)> {
        let parts: Vec<(&str, &[u8])> =
            self.database_files().map(|source| (source.file.path.as_str(), source.head.as_slice())).collect();
        unread(&parts, &DataDirectories { evidence: self })
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
