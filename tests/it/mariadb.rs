//! Data directories of real servers whose every row is known, living and deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::shared;
use tolltrace::mariadb::{Files, ReadAt, Row, RowState, Summary, Table, Value, tables};

/// A data directory unpacked into a temporary folder.
struct Directory {
    root: tempfile::TempDir,
    expected: serde_json::Value,
    dump: String,
}

impl Directory {
    /// Unpacks a set of the proving ground; `None`, said aloud, where it is not there.
    fn of(set: &str) -> Option<Self> {
        let folder = shared("databases")?.join(set);
        let root = tempfile::tempdir().expect("a temporary folder");
        let unpacked = Command::new("tar")
            .args(["--sparse", "-xzf"])
            .arg(folder.join("rootfs.tar.gz"))
            .arg("-C")
            .arg(root.path())
            .args(["--strip-components=4", "--wildcards", "*/asterisk*/*", "*/ib_logfile0"])
            .status();
        if !unpacked.is_ok_and(|status| status.success()) {
            eprintln!("passed over: tar cannot unpack {set}");
            return None;
        }
        let expected = serde_json::from_str(&inflated(&folder.join("rows.json.gz"))).expect("rows as JSON");
        let dump = inflated(&folder.join("asterisk.sql.gz"));
        Some(Directory { root, expected, dump })
    }

    fn rows(&self, key: &str) -> BTreeMap<i64, Vec<String>> {
        let rows = self.expected[key].as_array().expect("rows");
        rows.iter().map(|row| texts_of(row)).map(|row| (row[25].parse().expect("sequence"), row)).collect()
    }

    /// Returns the rows of the table's final state, and those deleted, by their sequence.
    fn known(&self) -> (BTreeMap<i64, Vec<String>>, BTreeMap<i64, Vec<String>>) {
        let mut living = self.rows("rows_kept");
        living.extend(self.rows("rows_inserted_after_delete"));
        (living, self.rows("rows_deleted"))
    }

    fn table(&self, name: &str) -> Table {
        tolltrace::mariadb::table(self, name).unwrap_or_else(|| panic!("no table {name}"))
    }

    fn read(&self, table: &Table) -> (Vec<Row>, Summary) {
        let mut rows = Vec::new();
        let summary = table
            .rows(self, &mut |row| {
                rows.push(row);
                ControlFlow::Continue(())
            })
            .unwrap_or_else(|why| panic!("{}: {why}", table.name));
        (rows, summary)
    }
}

fn texts_of(row: &serde_json::Value) -> Vec<String> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    row.as_array().expect("a row").iter().map(text).collect()
}

fn inflated(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).expect("a file of the set");
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).expect("text");
    text
}

struct OnDisk(fs::File);

impl ReadAt for OnDisk {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let offset = offset + filled as u64;
            match std::os::unix::fs::FileExt::read_at(&self.0, &mut buffer[filled..], offset)? {
                0 => break,
                got => filled += got,
            }
        }
        Ok(filled)
    }

    fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }
}

fn below(folder: &Path, root: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path: PathBuf = entry.path();
        if path.is_dir() {
            below(&path, root, paths);
        } else {
            paths.push(path.strip_prefix(root).expect("below").to_str().expect("a name").to_owned());
        }
    }
}

impl Files for Directory {
    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        below(self.root.path(), self.root.path(), &mut paths);
        paths
    }

    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>> {
        Some(Box::new(OnDisk(fs::File::open(self.root.path().join(path)).ok()?)))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Lost => "?".to_owned(),
        other => String::from_utf8(other.text().expect("a value").into_owned()).expect("UTF-8"),
    }
}

fn texts(row: &Row) -> Vec<String> {
    row.values.iter().map(text).collect()
}

/// Reads the rows of the `INSERT` statements of a dump, by table.
fn dumped(dump: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut tables: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for statement in dump.split("\nINSERT INTO `").skip(1) {
        let (name, rest) = statement.split_once('`').expect("a name");
        let bytes = rest.trim_start_matches(" VALUES\n").as_bytes();
        let rows = tables.entry(name.to_owned()).or_default();
        let mut at = 0;
        while bytes[at] == b'(' {
            at += 1;
            let mut row = Vec::new();
            loop {
                let mut value = Vec::new();
                if bytes[at] == b'\'' {
                    at += 1;
                    while bytes[at] != b'\'' {
                        if bytes[at] == b'\\' {
                            at += 1;
                        }
                        value.push(match (bytes[at - 1], bytes[at]) {
                            (b'\\', b'n') => b'\n',
                            (_, byte) => byte,
                        });
                        at += 1;
                    }
                    at += 1;
                } else {
                    while !b",)".contains(&bytes[at]) {
                        value.push(bytes[at]);
                        at += 1;
                    }
                }
                row.push(String::from_utf8(value).expect("UTF-8"));
                at += 1;
                if bytes[at - 1] == b')' {
                    break;
                }
            }
            rows.push(row);
            at += 2;
            if bytes[at - 2] == b';' {
                break;
            }
        }
    }
    tables
}

const INNODB: [&str; 4] = ["innodb-clean-stop", "innodb-killed", "innodb-reused", "innodb-unpurged"];
const CDR_TABLES: [&str; 5] = ["cdr", "cdr_compact", "cdr_redundant", "cdr_compressed", "cdr_mixed"];

#[test]
fn the_configuration_tables_are_read_as_a_dump_has_them() {
    for set in INNODB {
        let Some(directory) = Directory::of(set) else { return };
        let dump = dumped(&directory.dump);
        let (found, notes) = tables(&directory);
        assert_eq!(notes, Vec::<String>::new(), "{set}");
        for table in found.iter().filter(|table| table.database == "asterisk") {
            let (rows, summary) = directory.read(table);
            let living: BTreeSet<_> =
                rows.iter().filter(|row| row.state == RowState::Live).map(texts).collect();
            let expected: BTreeSet<_> = dump.get(&table.name).cloned().unwrap_or_default().into_iter().collect();
            assert_eq!(living, expected, "{set} {} {summary:?}", table.name);
        }
        assert!(found.len() > 20);
    }
}

#[test]
fn look() {
    for set in INNODB {
        let Some(directory) = Directory::of(set) else { return };
        let (living, deleted) = directory.known();
        for name in CDR_TABLES {
            let table = directory.table(name);
            let (rows, summary) = directory.read(&table);
            let mut by_state: BTreeMap<RowState, (usize, usize, usize)> = BTreeMap::new();
            for row in &rows {
                let texts = texts(row);
                let sequence: i64 = texts[25].parse().unwrap_or(-1);
                let entry = by_state.entry(row.state).or_default();
                if living.get(&sequence) == Some(&texts) {
                    entry.0 += 1;
                } else if deleted.get(&sequence) == Some(&texts) {
                    entry.1 += 1;
                } else {
                    entry.2 += 1;
                    eprintln!("{texts:?}");
                }
            }
            eprintln!("{set} {name} living {} deleted {}: state (living, deleted, neither) {by_state:?} {summary:?}", living.len(), deleted.len());
        }
    }
}
