//! What of a data directory is not read: tables whose rows are missing, and forms of the redo log
//! that are older than those that are read.
//!
//! Before MySQL 5.6, and where `innodb_file_per_table` is off, the rows of all InnoDB tables lie in `ibdata1`, which
//! lists them. The redo log before MariaDB 10.5, and MySQL's, is another form.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Files, SHARED};
use super::innodb::Dictionary;

/// The number of InnoDB in a table's definition, and of Aria (`legacy_db_type`).
const INNODB: u8 = 12;
const ARIA: u8 = 42;

/// Why rows are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// They may lie in InnoDB's shared tablespace, which does not tell where.
    Shared,
    /// They may lie in a further file of that tablespace.
    Further,
    /// Their file is missing.
    Missing,
    /// The redo log is of an older form.
    OldLog,
}

impl Unread {
    /// Returns the words that the coverage has for it.
    pub fn words(self) -> &'static str {
        match self {
            Unread::Shared => {
                "the rows of this table are not read: they have no file, and ibdata1, InnoDB's tablespace for all tables, does not tell where in it they are"
            }
            Unread::Further => {
                "a further file of InnoDB's tablespace for all tables, which is not read: rows of any table without a file of its own may lie in it"
            }
            Unread::Missing => "the file with the rows of this table is not in the evidence",
            Unread::OldLog => {
                "of a form that is not read (before MariaDB 10.5, or MySQL's): rows that were deleted, and what a killed server had still to do, may stand in it"
            }
        }
    }
}

/// Tells which of the files, given by path and first bytes, stand for rows that are not read; `all` opens them.
pub fn unread<'f>(files: &[(&'f str, &[u8])], all: &dyn Files) -> Vec<(&'f str, Unread)> {
    let mut lists = BTreeMap::new();
    let paths: BTreeSet<&str> = files.iter().map(|(path, _)| *path).collect();
    let has = |path: &str| paths.contains(path);
    let mut in_shared = |shared: String, stem: &str| {
        let read = |path: &String| Dictionary::read(&*all.open(path)?).ok();
        let list = lists.entry(shared).or_insert_with_key(read).as_ref();
        let (folder, table) = stem.rsplit_once('/').unwrap_or_default();
        let place = list?.find(folder.rsplit('/').next().unwrap_or_default(), table).ok()?;
        Some(place.is_some())
    };
    let of = |(path, head): &(&'f str, &[u8])| {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name == super::directory::LOG {
            return (!super::redo::is_read(head)).then_some((*path, Unread::OldLog));
        }
        if super::directory::is_further(name) {
            return Some((*path, Unread::Further));
        }
        let stem = path.strip_suffix(".frm")?;
        let rows = super::directory::ROWS.iter().any(|ending| has(&format!("{stem}{ending}")));
        let engine = *head.get(3)?;
        if rows || !matches!(engine, INNODB | ARIA) {
            return None;
        }
        let above = stem.rsplit_once('/').map_or("", |(folder, _)| folder).rsplit_once('/');
        let shared = above.map_or(SHARED.to_owned(), |(above, _)| format!("{above}/{SHARED}"));
        let why = match engine {
            INNODB if has(&shared) => match in_shared(shared, stem) {
                Some(true) => return None,
                Some(false) => Unread::Missing,
                None => Unread::Shared,
            },
            _ => Unread::Missing,
        };
        Some((*path, why))
    };
    files.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mariadb::ReadAt;

    /// Files that cannot be opened.
    struct Nothing;

    impl Files for Nothing {
        fn paths(&self) -> Vec<String> {
            Vec::new()
        }

        fn open(&self, _path: &str) -> Option<Box<dyn ReadAt + '_>> {
            None
        }
    }

    #[test]
    fn rows_that_lie_elsewhere_are_told() {
        let innodb: &[u8] = &[0xfe, 1, 10, INNODB];
        let aria: &[u8] = &[0xfe, 1, 10, ARIA];
        let memory: &[u8] = &[0xfe, 1, 10, 6];
        let files = [
            ("mysql/ibdata1", &b""[..]),
            ("mysql/ibdata2", b""),
            ("mysql/ib_logfile0", &b"\0\0\0\0"[..]),
            ("mysql/a/cdr.frm", innodb),
            ("mysql/a/cel.frm", innodb),
            ("mysql/a/cel.ibd", b""),
            ("mysql/a/old.frm", aria),
            ("mysql/a/now.frm", memory),
            ("copy/a/cdr.frm", innodb),
            ("new/ib_logfile0", b"Phys\0\0"),
        ];
        let expected = [
            ("mysql/ibdata2", Unread::Further),
            ("mysql/ib_logfile0", Unread::OldLog),
            ("mysql/a/cdr.frm", Unread::Shared),
            ("mysql/a/old.frm", Unread::Missing),
            ("copy/a/cdr.frm", Unread::Missing),
        ];
        assert_eq!(unread(&files, &Nothing), expected);
    }
}
