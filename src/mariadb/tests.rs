//! Small files of real servers, whole and damaged at random: rows come out as they are, and nothing else happens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::redo::{Change, Image, Log};
use super::{Files, ReadAt, Row, RowState, Summary, Value, Wanted, definition_of, tables};

/// Files in memory, by path.
#[derive(Clone, Default)]
struct Held(BTreeMap<String, Vec<u8>>);

impl Files for Held {
    fn paths(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>> {
        Some(Box::new(self.0.get(path)?.clone()))
    }
}

impl Held {
    fn of(folder: &str, files: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb").join(folder);
        let read = |name: &&str| {
            let bytes = std::fs::read(root.join(name)).expect("a file of testdata");
            ((*name).to_owned(), bytes)
        };
        Held(files.iter().map(read).collect())
    }

    /// Files that are kept packed, being mostly zeros.
    fn packed(folder: &str, files: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb").join(folder);
        let read = |name: &&str| {
            let file = std::fs::File::open(root.join(format!("{name}.gz"))).expect("a file of testdata");
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).expect("whole");
            ((*name).to_owned(), bytes)
        };
        Held(files.iter().map(read).collect())
    }

    fn rows(&self, wanted: Wanted) -> (Vec<Row>, Vec<Result<Summary, String>>) {
        let mut rows = Vec::new();
        let mut outcomes = Vec::new();
        for table in tables(self).0 {
            outcomes.push(table.rows(self, wanted, &mut |row| {
                assert_eq!(row.values.len(), table.columns.len());
                rows.push(row);
                ControlFlow::Continue(())
            }));
        }
        (rows, outcomes)
    }
}

fn innodb() -> Held {
    Held::of("innodb", &["asterisk/manager.frm", "asterisk/manager.ibd"])
}

fn myisam() -> Held {
    let names = ["asteriskcdrdb/cdr.frm", "asteriskcdrdb/cdr.MYI", "asteriskcdrdb/cdr.MYD"];
    Held::of("myisam", &names)
}

/// A table of Aria's, by its path without ending.
fn aria(table: &str) -> Held {
    let names = ["frm", "MAI", "MAD"].map(|ending| format!("{table}.{ending}"));
    Held::packed("aria", &names.each_ref().map(String::as_str))
}

/// A data directory whose tables all lie in `ibdata1`: 60 calls are alive, 24 were deleted.
fn shared() -> Held {
    static HELD: LazyLock<Held> = LazyLock::new(|| {
        let mut held = Held::packed("shared", &["ibdata1", "ib_logfile0"]);
        held.0.extend(Held::of("shared", &["asteriskcdrdb/cdr.frm"]).0);
        held
    });
    HELD.clone()
}

/// The same, but that all 84 calls were deleted by `TRUNCATE`, and the first five written again.
fn truncated() -> Held {
    static HELD: LazyLock<Held> = LazyLock::new(|| {
        let mut held = Held::packed("truncated", &["ibdata1"]);
        held.0.extend(Held::of("shared", &["asteriskcdrdb/cdr.frm"]).0);
        held
    });
    HELD.clone()
}

/// The calls by their sequence: the living, and the deleted by how they were found.
fn by_sequence(rows: &[Row]) -> (BTreeSet<i64>, BTreeMap<RowState, BTreeSet<i64>>) {
    let (mut living, mut deleted) = (BTreeSet::new(), BTreeMap::<_, BTreeSet<i64>>::new());
    for row in rows {
        let sequence = text(row, 25).parse().expect("a sequence");
        let is_new = match row.state {
            RowState::Live => living.insert(sequence),
            state => deleted.entry(state).or_default().insert(sequence),
        };
        assert!(is_new, "{sequence} was given twice");
    }
    (living, deleted)
}

fn text(row: &Row, column: usize) -> String {
    String::from_utf8_lossy(&row.values[column].text().unwrap_or_default()).into_owned()
}

#[test]
fn a_table_of_innodb_is_read() {
    let (rows, _) = innodb().rows(Wanted::All);
    let names: Vec<String> = rows.iter().map(|row| text(row, 1)).collect();
    assert_eq!(names, ["cxpanel", "firewall"]);
    assert!(rows.iter().all(|row| row.state == RowState::Live));
}

#[test]
fn a_table_of_myisam_is_read_with_its_deleted_rows() {
    let (rows, outcomes) = myisam().rows(Wanted::All);
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    assert_eq!((count(RowState::Live), count(RowState::DeletedBlock)), (12, 12));
    assert_eq!(outcomes[0].as_ref().expect("read").notes, Vec::<String>::new());
    let deleted = rows.iter().find(|row| row.state == RowState::DeletedBlock).expect("a deleted row");
    assert_eq!((&deleted.values[0], &deleted.values[1]), (&Value::Lost, &Value::Lost));
    assert_eq!((text(deleted, 3), text(deleted, 14)), ("01188228990417".into(), "1789025868.713".into()));
}

#[test]
fn a_table_of_aria_is_read_with_its_deleted_rows() {
    let held = aria("asteriskcdrdb/cdr");
    let (rows, outcomes) = held.rows(Wanted::All);
    let (living, deleted) = by_sequence(&rows);
    assert_eq!(outcomes[0].as_ref().expect("read").notes, Vec::<String>::new());
    let counts: Vec<(RowState, usize)> = deleted.iter().map(|(state, found)| (*state, found.len())).collect();
    assert_eq!((living.len(), counts), (738, vec![(RowState::FreedPage, 124), (RowState::FreeSpace, 76)]));
    assert!(deleted.values().all(|found| living.is_disjoint(found)));
    assert!(rows.iter().all(|row| !row.values.contains(&Value::Lost)));
    let first = rows.first().expect("a row");
    assert_eq!((text(first, 0), text(first, 14)), ("2026-09-08 08:20:57".into(), "1788873657.0".into()));
    let (rows, _) = held.rows(Wanted::Living);
    assert_eq!(by_sequence(&rows), (living, BTreeMap::new()));
}

#[test]
fn a_row_of_aria_is_followed_over_its_pages() {
    let (rows, outcomes) = aria("mysql/help_topic").rows(Wanted::Living);
    assert_eq!(outcomes[0].as_ref().expect("read").unreadable, 0);
    let longest = rows.iter().map(|row| text(row, 3).len()).max();
    assert!(longest.is_some_and(|bytes| bytes > 8_192), "{longest:?}");
    assert!(rows.iter().all(|row| text(row, 5).starts_with("https://mariadb.com/kb/en/")));
}

#[test]
fn a_table_of_aria_without_its_index_file_is_said_not_to_be_read() {
    let mut held = aria("asteriskcdrdb/cdr");
    held.0.remove("asteriskcdrdb/cdr.MAI");
    let (rows, outcomes) = held.rows(Wanted::All);
    assert!(rows.is_empty());
    assert!(outcomes[0].as_ref().expect_err("not read").contains(".MAI"));
}

#[test]
fn a_table_in_the_tablespace_of_all_tables_is_read_with_its_deleted_rows() {
    let (rows, outcomes) = shared().rows(Wanted::All);
    let (living, deleted) = by_sequence(&rows);
    assert_eq!(outcomes[0].as_ref().expect("read").notes, Vec::<String>::new());
    let gone: BTreeSet<i64> = (389..=412).collect();
    assert!(living.len() == 60 && living.is_disjoint(&gone), "{living:?}");
    assert_eq!(deleted.values().flatten().copied().collect::<BTreeSet<i64>>(), gone, "{deleted:?}");
    assert!(rows.iter().all(|row| row.state != RowState::Live || !row.values.contains(&Value::Lost)));
    let (rows, _) = shared().rows(Wanted::Living);
    assert_eq!(by_sequence(&rows), (living, BTreeMap::new()));
}

#[test]
fn rows_of_a_table_that_was_emptied_are_found_in_the_tablespace_of_all_tables() {
    let (rows, _) = truncated().rows(Wanted::All);
    let (living, deleted) = by_sequence(&rows);
    assert_eq!(living.len(), 5);
    let gone = &deleted[&RowState::FreedPage];
    assert!(gone.len() == 79 && gone.is_disjoint(&living) && (389..=412).all(|call| gone.contains(&call)));
    assert_eq!(deleted.len(), 1);
}

#[test]
fn a_table_that_the_tablespace_of_all_tables_does_not_list_is_told() {
    let mut held = shared();
    let definition = held.0.remove("asteriskcdrdb/cdr.frm").expect("a definition");
    held.0.insert("asteriskcdrdb/other.frm".to_owned(), definition);
    let (rows, outcomes) = held.rows(Wanted::All);
    assert!(rows.is_empty());
    assert_eq!(outcomes[0].as_ref().expect_err("not read"), "InnoDB does not list this table");
}

#[test]
fn the_same_rows_come_out_without_an_index_file() {
    let whole = myisam();
    let mut without = whole.clone();
    without.0.remove("asteriskcdrdb/cdr.MYI");
    assert_eq!(whole.rows(Wanted::All).0, without.rows(Wanted::All).0);
}

#[test]
fn a_table_that_was_packed_is_said_not_to_be_read() {
    let mut held = myisam();
    held.0.get_mut("asteriskcdrdb/cdr.MYI").expect("the index")[5] |= 4;
    let (rows, outcomes) = held.rows(Wanted::All);
    assert!(rows.is_empty());
    assert!(outcomes[0].as_ref().expect_err("not read").contains("myisampack"));
}

#[test]
fn a_damaged_page_is_told_and_its_rows_are_still_given() {
    let mut held = innodb();
    let page = 3 * 16_384;
    held.0.get_mut("asterisk/manager.ibd").expect("the table")[page + 16_000] ^= 1;
    let (rows, outcomes) = held.rows(Wanted::All);
    assert_eq!(rows.len(), 2);
    let notes = &outcomes[0].as_ref().expect("read").notes;
    assert!(notes.iter().any(|note| note.contains("(3) have a checksum")), "{notes:?}");
}

#[test]
fn chains_that_run_in_a_circle_end() {
    let mut held = innodb();
    let bytes = held.0.get_mut("asterisk/manager.ibd").expect("the table");
    let page = 3 * 16_384;
    let first = page + 99;
    let next = usize::from(bytes[first - 2]) << 8 | usize::from(bytes[first - 1]);
    // The first row is followed by itself.
    let row = first + next;
    (bytes[row - 2], bytes[row - 1]) = (0, 0);
    let (rows, outcomes) = held.rows(Wanted::All);
    assert!(rows.len() <= 2);
    assert!(outcomes[0].as_ref().is_ok_and(|summary| !summary.notes.is_empty()));
}

/// Bytes put over a file's own at places.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, Vec<u8>)>> {
    prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..5)), 1..40)
}

fn damaged(held: &Held, damage: &[(prop::sample::Index, Vec<u8>)], cut: &prop::sample::Index) -> Held {
    let mut held = held.clone();
    for (number, bytes) in held.0.values_mut().enumerate() {
        for (at, patch) in damage.iter().skip(number % 2) {
            let at = at.index(bytes.len());
            let end = (at + patch.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&patch[..end - at]);
        }
        if number % 2 == 1 {
            bytes.truncate(bytes.len() - cut.index(bytes.len() / 4 + 1));
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_to_innodb_files_does_no_harm(damage in damage(), cut in any::<prop::sample::Index>()) {
        damaged(&innodb(), &damage, &cut).rows(Wanted::All);
    }

    #[test]
    fn damage_to_the_list_of_tables_does_no_harm(at in 0_usize..6 * 16_384, bytes in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut held = truncated();
        let shared = held.0.get_mut("ibdata1").expect("the tablespace");
        let at = 7 * 16_384 + at;
        shared[at..at + bytes.len()].copy_from_slice(&bytes);
        held.rows(Wanted::Living);
    }

    #[test]
    fn damage_to_aria_files_does_no_harm(damage in damage(), cut in any::<prop::sample::Index>()) {
        damaged(&aria("mysql/help_topic"), &damage, &cut).rows(Wanted::All);
    }

    #[test]
    fn damage_to_myisam_files_does_no_harm(damage in damage(), cut in any::<prop::sample::Index>()) {
        damaged(&myisam(), &damage, &cut).rows(Wanted::All);
    }

    #[test]
    fn damage_to_the_header_of_a_page_does_no_harm(at in 0_usize..200, bytes in prop::collection::vec(any::<u8>(), 1..24)) {
        let mut held = innodb();
        let table = held.0.get_mut("asterisk/manager.ibd").expect("the table");
        let at = 3 * 16_384 + at;
        table[at..at + bytes.len()].copy_from_slice(&bytes);
        held.rows(Wanted::All);
    }

    #[test]
    fn any_bytes_are_no_definition_or_a_sound_one(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = definition_of(&bytes);
        let mut begun = vec![0xfe, 1, 10, 12, 0, 0];
        begun.extend(&bytes);
        let _ = definition_of(&begun);
    }

    #[test]
    fn any_changes_can_be_applied_to_a_page(records in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut image = Image::blank(4_096);
        super::redo::each_change(&records, &mut |change| {
            if let Change::Page { how, .. } = change {
                image.apply(how);
            }
        });
        prop_assert_eq!(image.bytes.len(), 4_096);
    }

    #[test]
    fn any_bytes_in_a_log_of_blocks_do_no_harm(patches in prop::collection::vec((2_048_usize..200_000, any::<u64>()), 0..40)) {
        let mut file = shared().0.remove("ib_logfile0").expect("a log");
        for (at, bytes) in patches {
            file[at..at + 8].copy_from_slice(&bytes.to_be_bytes());
            let block = at / 512 * 512;
            let sum = super::checksum::crc32c(&file[block..block + 508]);
            file[block + 508..block + 512].copy_from_slice(&sum.to_be_bytes());
        }
        if let Ok(log) = Log::open(&file) {
            let end = log.groups(log.checkpoint, &mut |_| ControlFlow::Continue(()));
            let mut last = 0;
            log.groups(log.oldest(end), &mut |group| {
                assert!(group.start >= last && group.end > group.start);
                last = group.end;
                ControlFlow::Continue(())
            });
        }
    }

    #[test]
    fn any_bytes_are_a_log_that_ends(bytes in prop::collection::vec(any::<u8>(), 0..4_000), first in 0_u64..20_000) {
        let mut file = vec![0_u8; 12_288];
        file[..4].copy_from_slice(b"Phys");
        file[8..16].copy_from_slice(&first.to_be_bytes());
        for at in [0x1000, 0x2000] {
            file[at..at + 8].copy_from_slice(&(first + 100).to_be_bytes());
            let sum = super::checksum::crc32c(&file[at..at + 60]);
            file[at + 60..at + 64].copy_from_slice(&sum.to_be_bytes());
        }
        file.extend(bytes);
        file.resize(4 * 1024 * 1024, 0);
        if let Ok(log) = Log::open(&file) {
            let end = log.groups(log.checkpoint, &mut |_| ControlFlow::Continue(()));
            log.oldest(end);
        }
    }
}
