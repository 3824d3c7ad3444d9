//! Data directories of real servers whose every row is known, living and deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::containers::{inventory, write};
use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;
use tolltrace::mariadb::{Files, ReadAt, Row, RowState, Summary, Table, Value, Wanted, tables};

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
        rows.iter().map(texts_of).map(|row| (row[25].parse().expect("sequence"), row)).collect()
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

    fn read(&self, table: &Table, wanted: Wanted) -> (Vec<Row>, Summary) {
        let mut rows = Vec::new();
        let summary = table
            .rows(self, wanted, &mut |row| {
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

/// Where every row of a table that was given belongs: alive in the final state, deleted, or neither.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    living: BTreeMap<RowState, BTreeSet<i64>>,
    deleted: BTreeMap<RowState, BTreeSet<i64>>,
    neither: Vec<String>,
    twice: Vec<String>,
}

/// Judges rows by what is known; a lost value fits any.
fn judge(directory: &Directory, rows: &[Row]) -> Judged {
    let (living, deleted) = directory.known();
    let mut judged = Judged::default();
    let mut seen = BTreeSet::new();
    for row in rows {
        let texts = texts(row);
        let sequence: i64 = texts[25].parse().unwrap_or(-1);
        let fits = |known: &BTreeMap<i64, Vec<String>>| {
            let same = |known: &Vec<String>| {
                texts.iter().zip(known).all(|(text, known)| text == "?" || text == known)
            };
            known.get(&sequence).is_some_and(same)
        };
        if !seen.insert(sequence) {
            judged.twice.push(format!("{texts:?}"));
        }
        if fits(&living) {
            judged.living.entry(row.state).or_default().insert(sequence);
        } else if fits(&deleted) {
            judged.deleted.entry(row.state).or_default().insert(sequence);
        } else {
            judged.neither.push(format!("{:?} {texts:?}", row.state));
        }
    }
    judged
}

/// Reads a table and holds it to what always must be: all living rows as they are and called so, none twice, none
/// made up. Returns how many deleted rows were found, by how they were found.
fn found_deleted(directory: &Directory, name: &str) -> (BTreeMap<RowState, usize>, Summary) {
    let table = directory.table(name);
    let (rows, summary) = directory.read(&table, Wanted::All);
    let judged = judge(directory, &rows);
    let (living, _) = directory.known();
    let called = judged.living.keys().copied().collect::<Vec<_>>();
    assert_eq!(called, [RowState::Live], "{name}: what living rows are called");
    assert_eq!(judged.living[&RowState::Live].len(), living.len(), "{name}: living rows");
    assert_eq!(judged.neither, Vec::<String>::new(), "{name}: made up");
    assert_eq!(judged.twice, Vec::<String>::new(), "{name}: given twice");
    assert!(!judged.deleted.contains_key(&RowState::Live), "{name}: deleted rows called alive");
    for row in rows.iter().filter(|row| row.state == RowState::Live) {
        assert!(!row.values.contains(&Value::Lost), "{name}: a living row has lost a value");
    }
    let counts = judged.deleted.iter().map(|(&state, rows)| (state, rows.len())).collect();
    eprintln!("{name}: {counts:?}, {} wiped", summary.wiped);
    (counts, summary)
}

/// How many deleted rows the proving ground measured in a table's own file.
fn measured(directory: &Directory, name: &str) -> Option<u64> {
    let measured = &directory.expected["physical_remains_measured"][name]["deleted_rows_found_at_all"];
    let packed =
        &directory.expected["physical_remains_more"][name]["deleted_rows_found_after_inflating_each_page"];
    measured.as_u64().or(packed.as_u64())
}

#[test]
fn the_configuration_tables_are_read_as_a_dump_has_them() {
    for set in ["innodb-clean-stop", "innodb-killed", "myisam"] {
        let Some(directory) = Directory::of(set) else { return };
        let dump = dumped(&directory.dump);
        let (found, notes) = tables(&directory);
        assert_eq!(notes, Vec::<String>::new(), "{set}");
        for table in found.iter().filter(|table| table.database == "asterisk") {
            let (rows, summary) = directory.read(table, Wanted::Living);
            assert!(rows.iter().all(|row| row.state == RowState::Live), "{set} {}", table.name);
            let living: BTreeSet<_> = rows.iter().map(texts).collect();
            let expected: BTreeSet<_> =
                dump.get(&table.name).cloned().unwrap_or_default().into_iter().collect();
            assert_eq!(living, expected, "{set} {} {summary:?}", table.name);
        }
        assert!(found.iter().filter(|table| table.database == "asterisk").count() > 15, "{set}");
    }
}

#[test]
fn deleted_rows_are_found_after_a_clean_stop() {
    let Some(directory) = Directory::of("innodb-clean-stop") else { return };
    for name in ["cdr", "cdr_redundant", "cdr_compressed", "cdr_mixed"] {
        let (found, summary) = found_deleted(&directory, name);
        let in_log = found.get(&RowState::Log).copied().unwrap_or(0);
        let in_file = found.values().sum::<usize>() - in_log;
        assert_eq!(Some(in_file as u64), measured(&directory, name), "{name}");
        // Packed pages are logged as bytes, not as rows.
        assert_eq!(in_log, if name == "cdr_compressed" { 0 } else { 200 - in_file }, "{name}");
        assert!(summary.notes.is_empty(), "{name}: {:?}", summary.notes);
        let wiped = &directory.expected["physical_remains_more"][name]["free_list_records_zeroed"];
        assert_eq!(summary.wiped, wiped.as_u64().unwrap_or(0), "{name}");
    }
}

#[test]
fn deleted_rows_whose_pages_were_used_again_are_found_in_the_redo_log() {
    let Some(directory) = Directory::of("innodb-reused") else { return };
    for name in ["cdr", "cdr_mixed"] {
        let (found, _) = found_deleted(&directory, name);
        let in_log = found.get(&RowState::Log).copied().unwrap_or(0);
        let in_file = found.values().sum::<usize>() - in_log;
        assert_eq!(Some(in_file as u64), measured(&directory, name), "{name}");
        assert_eq!(in_file + in_log, 200, "{name}");
    }
    assert!(found_deleted(&directory, "cdr_compressed").0[&RowState::FreeList] > 0);
}

#[test]
fn rows_marked_as_deleted_are_told_from_living_ones() {
    let Some(directory) = Directory::of("innodb-unpurged") else { return };
    for name in ["cdr", "cdr_redundant", "cdr_compressed"] {
        let (found, _) = found_deleted(&directory, name);
        assert_eq!(found, BTreeMap::from([(RowState::DeleteMarked, 200)]), "{name}");
    }
}

#[test]
fn the_two_states_of_a_killed_server_are_told_apart() {
    let Some(directory) = Directory::of("innodb-killed") else { return };
    for name in ["cdr", "cdr_redundant", "cdr_compressed"] {
        let (found, summary) = found_deleted(&directory, name);
        assert_eq!(found, BTreeMap::from([(RowState::DeletedInLog, 200)]), "{name}");
        assert!(summary.notes[0].contains("killed"), "{name}: {:?}", summary.notes);
        let changes = "(200 rows deleted, 0 rows added)";
        assert!(summary.notes[0].contains(changes), "{name}: {:?}", summary.notes);
    }
    // Without the log, the file's state is shown and nothing is said about the other.
    fs::remove_file(directory.root.path().join("ib_logfile0")).expect("removed");
    let table = directory.table("cdr");
    let (rows, summary) = directory.read(&table, Wanted::All);
    assert_eq!(summary.count(RowState::Live), 938);
    assert_eq!(rows.len(), 938);
    assert!(summary.notes[0].contains("cannot be told"), "{:?}", summary.notes);
}

#[test]
fn deleted_rows_of_myisam_tables_are_found() {
    let Some(directory) = Directory::of("myisam") else { return };
    for name in ["cdr", "cdr_latin1", "cdr_fixed", "cdr_mixed"] {
        let (found, summary) = found_deleted(&directory, name);
        assert_eq!(found, BTreeMap::from([(RowState::DeletedBlock, 200)]), "{name} {summary:?}");
        assert_eq!(summary.notes, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_deleted_myisam_row_has_lost_only_its_beginning() {
    let Some(directory) = Directory::of("myisam") else { return };
    for (name, lost) in [("cdr", 2), ("cdr_fixed", 2)] {
        let table = directory.table(name);
        let (rows, _) = directory.read(&table, Wanted::All);
        for row in rows.iter().filter(|row| row.state == RowState::DeletedBlock) {
            let count = row.values.iter().filter(|value| **value == Value::Lost).count();
            assert_eq!(count, lost, "{name}: {:?}", texts(row));
        }
    }
}

#[test]
fn a_table_without_its_definition_is_read_as_freepbx_makes_it() {
    for (set, ending) in [("innodb-clean-stop", "ibd"), ("myisam", "MYD")] {
        let Some(directory) = Directory::of(set) else { return };
        let root = directory.root.path();
        fs::remove_file(root.join("asteriskcdrdb/cdr.frm")).expect("removed");
        fs::remove_file(root.join("asterisk/sip.frm")).expect("removed");
        let _ = fs::remove_file(root.join("asteriskcdrdb/cdr.MYI"));
        fs::remove_file(root.join("asteriskcdrdb/cdr_mixed.frm")).expect("removed");
        let table = directory.table("cdr");
        assert!(table.is_definition_known && table.path.ends_with(ending));
        let (rows, _) = directory.read(&table, Wanted::Living);
        assert_eq!(judge(&directory, &rows).living[&RowState::Live].len(), 738, "{set}");
        let (rows, _) = directory.read(&directory.table("asterisk/sip"), Wanted::Living);
        assert_eq!(rows.len(), dumped(&directory.dump)["sip"].len(), "{set}");
        let (_, notes) = tables(&directory);
        assert_eq!(notes.len(), 1, "{notes:?}");
    }
}

#[test]
fn an_index_names_deleted_calls_of_which_nothing_else_is_left() {
    for (set, name) in [
        ("innodb-clean-stop", "cdr"),
        ("innodb-clean-stop", "cdr_mixed"),
        ("innodb-clean-stop", "cdr_redundant"),
    ] {
        let Some(directory) = Directory::of(set) else { return };
        fs::remove_file(directory.root.path().join("ib_logfile0")).expect("removed");
        let (rows, summary) = directory.read(&directory.table(name), Wanted::All);
        let (living, deleted) = directory.known();
        let identifiers = |rows: &BTreeMap<i64, Vec<String>>| -> BTreeSet<String> {
            rows.values().map(|row| row[14].clone()).collect()
        };
        let (living, deleted) = (identifiers(&living), identifiers(&deleted));
        let found: BTreeSet<String> =
            rows.iter().filter(|row| row.state != RowState::Live).map(|row| texts(row)[14].clone()).collect();
        let remnants = summary.count(RowState::IndexRemnant);
        eprintln!("{set} {name}: {remnants} named by the index alone, {} in all", found.len());
        assert!(found.is_subset(&deleted) && found.is_disjoint(&living), "{set} {name}");
        let anywhere = &directory.expected["physical_remains_more"][name]["uniqueid_of_deleted_rows_present_anywhere_in_ibd"];
        // The measure counts a text wherever it stands, so a call may be named where no record is.
        let anywhere = anywhere.as_u64().expect("a measure") as usize;
        assert!(found.len() <= anywhere && found.len() + 1 >= anywhere, "{set} {name}: {anywhere}");
    }
}

fn report(scratch: &Scratch, evidence: &Path) -> serde_json::Value {
    let evidence = evidence.to_str().expect("a path");
    let output = scratch.run(&["run", evidence, "-o", "case"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = fs::read_to_string(scratch.path().join("case/report.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

/// Returns the finding on deleted call records, and the row of the table they were deleted from.
fn finding(report: &serde_json::Value) -> (serde_json::Value, serde_json::Value) {
    let find = |list: &str, key: &str, value: &str| {
        let all = report[list].as_array().expect("a list");
        all.iter().find(|it| it[key] == value).unwrap_or_else(|| panic!("no {value}")).clone()
    };
    (find("findings", "id", "call-records-deleted"), find("evidence", "kind", "mariadb-table"))
}

#[test]
fn a_copied_table_is_evidence_and_what_was_deleted_from_it_is_told() {
    let scratch = Scratch::new();
    let evidence = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb/myisam");
    let report = report(&scratch, &evidence);
    let (finding, table) = finding(&report);
    assert_eq!(table["records"], 24);
    assert!(
        table["note"].as_str().is_some_and(|note| note.contains("12 deleted rows were recovered")),
        "{table}"
    );
    assert_eq!(finding["title"], "Call records were deleted: 12 rows");
    assert_eq!(finding["severity"], "high");
    let proof = &finding["evidence"][0];
    assert_eq!((&proof["line"], &proof["path"]), (&serde_json::Value::Null, &"asteriskcdrdb/cdr.MYD".into()));
    let text = proof["text"].as_str().expect("a text");
    assert!(
        text.contains("uniqueid=1789025868.713") && text.ends_with("its beginning overwritten]"),
        "{text}"
    );
    let output = scratch.run(&["timeline", evidence.to_str().expect("a path")]);
    let lines = stdout(&output);
    assert_eq!(lines.lines().count(), 24);
    assert_eq!(lines.lines().filter(|line| line.contains("[deleted, ")).count(), 12);
    // The start of a deleted row is overwritten; its identifier tells it, and the others tell the zone.
    let row = lines.lines().find(|line| line.contains("1789025868.713")).expect("a row");
    assert!(row.contains("\"datetime\":\"2026-09-10T07:37:48.000000Z\""), "{row}");
}

#[test]
fn an_intruder_who_wiped_his_calls_is_told_all_the_same() {
    for set in ["innodb-clean-stop", "innodb-reused", "innodb-killed", "myisam"] {
        let Some(directory) = Directory::of(set) else { return };
        let report = report(&Scratch::new(), directory.root.path());
        let (finding, _) = finding(&report);
        assert_eq!(finding["title"], "Call records were deleted: 200 rows", "{set}");
        let calls = report["incidents"][0]["calls"].as_array().expect("calls");
        let proofs = calls.iter().map(|call| call["evidence"].to_string());
        let deleted = proofs.filter(|proof| proof.contains("[deleted")).count();
        assert_eq!((calls.len(), deleted), (320, 200), "{set}");
        let why = calls.iter().filter_map(|call| call["why"].as_str());
        let marked = why.filter(|why| why.contains("; its record was deleted")).count();
        assert_eq!(marked, 200, "{set}");
    }
}

/// Empties a table as `TRUNCATE` does: the rows' file is made anew under another number, and its definition and
/// the redo log stay. The file of a table that is empty in the same form stands in for the new one.
fn empty_table(directory: &Directory, name: &str) {
    let root = directory.root.path();
    fs::copy(root.join("asterisk/notifications.ibd"), root.join(format!("asteriskcdrdb/{name}.ibd")))
        .expect("a file without rows");
}

#[test]
fn rows_of_an_emptied_table_are_found_in_the_redo_log() {
    for (set, later) in [("innodb-clean-stop", 0), ("innodb-reused", 150)] {
        let Some(directory) = Directory::of(set) else { return };
        empty_table(&directory, "cdr");
        let (rows, summary) = directory.read(&directory.table("cdr"), Wanted::All);
        let (living, deleted) = directory.known();
        let known = |row: &Vec<String>| living.values().chain(deleted.values()).any(|known| known == row);
        let found: BTreeSet<Vec<String>> = rows.iter().map(texts).collect();
        eprintln!("{set}, emptied: {:?} of {}", summary.rows, living.len() + deleted.len());
        assert!(rows.iter().all(|row| row.state == RowState::Log), "{set}");
        assert!(found.iter().all(known), "{set}: made up");
        // The log of this size goes back to when the rows were loaded.
        assert_eq!((found.len(), rows.len()), (938 + later, 938 + later), "{set} {:?}", summary.notes);
    }
}

#[test]
fn what_each_way_of_finding_deleted_rows_gives() {
    let ways =
        RowState::ALL.into_iter().filter(|state| state.is_deleted() || *state == RowState::IndexRemnant);
    let ways: Vec<RowState> = ways.collect();
    eprintln!("{:18} {:15} {:>7} {ways:?} wiped", "set", "table", "deleted");
    for set in ["innodb-clean-stop", "innodb-killed", "innodb-reused", "innodb-unpurged", "myisam"] {
        let Some(directory) = Directory::of(set) else { return };
        let (found, _) = tables(&directory);
        for table in found.iter().filter(|table| table.database == "asteriskcdrdb") {
            let (rows, summary) = directory.read(table, Wanted::All);
            let judged = judge_calls(&directory, &rows);
            let counts: Vec<u64> = ways.iter().map(|&state| summary.count(state)).collect();
            eprintln!("{set:18} {:15} {judged:>7} {counts:?} {}", table.name, summary.wiped);
            assert!(judged > 0 && judged <= 200, "{set} {}", table.name);
            assert_eq!(judged as u64, summary.deleted(), "{set} {}: made up", table.name);
        }
    }
}

/// Returns how many of the rows called deleted are rows that were deleted.
fn judge_calls(directory: &Directory, rows: &[Row]) -> usize {
    let deleted: Vec<Row> = rows.iter().filter(|row| row.state.is_deleted()).cloned().collect();
    judge(directory, &deleted).deleted.values().map(BTreeSet::len).sum()
}

/// Says what a configuration tells, places left out.
fn told(evidence: &Path) -> Vec<String> {
    let evidence = tolltrace::evidence::Evidence::gather(&[evidence.to_owned()]).expect("evidence");
    let pbx = tolltrace::pbx::read(&evidence);
    let accounts =
        pbx.accounts.iter().map(|it| format!("{} {:?} {:?} {:?}", it.name, it.context, it.secret, it.permit));
    let trunks = pbx.trunks.iter().map(|it| format!("{} {:?} {:?}", it.name, it.networks, it.hosts));
    let managers = pbx.manager_users.iter().map(|it| format!("{} {:?} {:?}", it.name, it.permit, it.secret));
    let panel = &pbx.panel;
    let users = panel.users.iter().map(|it| format!("{} {} {:?}", it.table, it.name, it.sections));
    let routes = panel.outbound_routes.iter();
    let routes =
        routes.map(|it| format!("{} {} {:?} {:?} {:?}", it.id, it.name, it.patterns, it.trunks, it.position));
    let jobs = panel.jobs.iter().map(|it| String::from_utf8_lossy(&it.place.text).into_owned());
    let modules = panel.modules.iter().map(|it| format!("{} {} {}", it.name, it.version, it.is_enabled));
    let inbound =
        panel.inbound_routes.iter().map(|it| format!("{} {} {}", it.number, it.caller, it.destination));
    assert_eq!(pbx.problems.iter().map(|it| &it.what).collect::<Vec<_>>(), Vec::<&String>::new());
    accounts
        .chain(trunks)
        .chain(managers)
        .chain(users)
        .chain(routes)
        .chain(jobs)
        .chain(modules)
        .chain(inbound)
        .collect()
}

#[test]
fn a_data_directory_tells_what_a_dump_of_it_tells() {
    for (set, ending) in [("innodb-clean-stop", "ibd"), ("myisam", "MYD")] {
        let Some(directory) = Directory::of(set) else { return };
        let scratch = Scratch::new();
        fs::write(scratch.path().join("asterisk.sql"), &directory.dump).expect("written");
        let by_dump = told(scratch.path());
        assert_eq!(told(directory.root.path()), by_dump, "{set}");
        assert!(by_dump.len() > 20, "{by_dump:?}");
        // Without definitions, the tables are read as FreePBX makes them.
        for entry in fs::read_dir(directory.root.path().join("asterisk")).expect("a folder").flatten() {
            if entry.path().extension().is_some_and(|found| found != ending && found != "MYI") {
                fs::remove_file(entry.path()).expect("removed");
            }
        }
        assert_eq!(told(directory.root.path()), by_dump, "{set} without definitions");
    }
}

/// What lies in ibdata1, in Aria's files, and in an old redo log is told as not read, and how to come by it.
#[test]
fn rows_that_are_not_read_are_a_gap() {
    let held = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb");
    let scratch = Scratch::new();
    let put = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join("e/var/lib/mysql").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let definition = fs::read(held.join("innodb/asterisk/manager.frm")).unwrap();
    let first_page = fs::read(held.join("innodb/asterisk/manager.ibd")).unwrap();
    put("asterisk/manager.frm", &definition);
    put("ibdata1", &first_page);
    put("ibdata2", &[0; 4096]);
    put("ib_logfile0", &[0; 4096]);
    let mut aria = definition.clone();
    aria[3] = 42;
    put("asterisk/ampusers.frm", &aria);
    let output = scratch.run(&["run", "e", "-o", "case"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let report = fs::read_to_string(scratch.path().join("case/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let gaps: Vec<&str> =
        report["gaps"].as_array().unwrap().iter().filter_map(|gap| gap["what"].as_str()).collect();
    for (what, path, note) in [
        ("shared tablespace (ibdata1)", "var/lib/mysql/asterisk/manager.frm", "not read"),
        ("Further files of InnoDB's shared tablespace", "var/lib/mysql/ibdata2", "not read"),
        // A table of Aria's without its `.MAD`.
        ("without the files of their rows", "var/lib/mysql/asterisk/ampusers.frm", "not in the evidence"),
        ("A redo log of a form", "var/lib/mysql/ib_logfile0", "not read"),
    ] {
        assert!(gaps.iter().any(|gap| gap.contains(what) && gap.contains(path)), "{what}: {gaps:#?}");
        let rows = report["evidence"].as_array().unwrap();
        let row = rows.iter().find(|row| row["path"] == path).expect("a row");
        assert!(row["note"].as_str().is_some_and(|told| told.contains(note)), "{row}");
    }
}

#[test]
fn call_records_in_a_table_of_aria_are_told_with_the_deleted_ones() {
    let held = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb/aria/asteriskcdrdb");
    let scratch = Scratch::new();
    for name in ["cdr.frm", "cdr.MAI", "cdr.MAD"] {
        let mut bytes = Vec::new();
        let packed = fs::File::open(held.join(format!("{name}.gz"))).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut bytes).unwrap();
        write(&scratch, &format!("e/var/lib/mysql/asteriskcdrdb/{name}"), &bytes);
    }
    let report = inventory(&scratch, "e");
    let rows = report["evidence"].as_array().unwrap();
    let table = rows.iter().find(|row| row["path"] == "var/lib/mysql/asteriskcdrdb/cdr.MAD").unwrap();
    assert_eq!(table["records"], 938, "{table}");
    assert!(table["note"].as_str().unwrap().contains("200"), "{table}");
}

/// A user of the panel whom an older dump has not, and the database itself has, was made in between.
#[test]
fn an_administrator_is_told_from_the_database_itself() {
    let held = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb/innodb/asterisk");
    let scratch = Scratch::new();
    let folder = scratch.path().join("e/var/lib/mysql/asterisk");
    fs::create_dir_all(&folder).unwrap();
    for name in ["manager.frm", "manager.ibd"] {
        fs::copy(held.join(name), folder.join(name)).unwrap();
    }
    let dump = "-- MySQL dump 10.13\nCREATE TABLE `manager` (\n `manager_id` int,\n `name` varchar(15),\n `secret` varchar(50),\n `write` varchar(255)\n);\nINSERT INTO `manager` VALUES (9,'nobody','x','all');\n";
    scratch.file("e/backup/asterisk-20200101.sql", dump);
    let output = scratch.run(&["run", "e", "-o", "case"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let report = fs::read_to_string(scratch.path().join("case/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let made: Vec<&serde_json::Value> =
        findings.iter().filter(|finding| finding["id"] == "unknown-manager-user").collect();
    assert!(!made.is_empty(), "{findings:#?}");
    for finding in made {
        assert_eq!(finding["evidence"][0]["path"], "var/lib/mysql/asterisk/manager.ibd", "{finding}");
        assert!(finding["detail"].as_str().unwrap().contains("backup/asterisk-20200101.sql"), "{finding}");
    }
}

#[test]
fn calls_are_known_by_the_columns_of_their_table_whatever_it_is_called() {
    let scratch = Scratch::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb/myisam/asteriskcdrdb");
    let copy = scratch.path().join("evidence/mysql/archive");
    fs::create_dir_all(&copy).expect("a folder");
    for ending in ["frm", "MYD", "MYI"] {
        fs::copy(folder.join(format!("cdr.{ending}")), copy.join(format!("phone_book.{ending}")))
            .expect("copied");
        // A table of another kind beside it.
        fs::write(copy.join(format!("orders.{ending}")), b"\xfe\x01nothing").expect("written");
    }
    let report = report(&scratch, Path::new("evidence"));
    let sources = report["evidence"].as_array().expect("sources");
    let of = |path: &str| {
        sources.iter().find(|source| source["path"].as_str().is_some_and(|it| it.ends_with(path)))
    };
    let table = of("phone_book.MYD").expect("the table");
    assert_eq!((&table["kind"], &table["records"]), (&"mariadb-table".into(), &24.into()), "{table}");
    assert!(of("orders.MYD").is_none());
}

#[test]
fn a_copied_tablespace_of_all_tables_is_evidence() {
    let scratch = Scratch::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mariadb/shared");
    let copy = scratch.path().join("evidence/var/lib/mysql");
    fs::create_dir_all(copy.join("asteriskcdrdb")).expect("a folder");
    for name in ["ibdata1", "ib_logfile0"] {
        let packed = fs::File::open(folder.join(format!("{name}.gz"))).expect("a file");
        let mut file = fs::File::create(copy.join(name)).expect("a file");
        std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut file).expect("unpacked");
    }
    fs::copy(folder.join("asteriskcdrdb/cdr.frm"), copy.join("asteriskcdrdb/cdr.frm")).expect("copied");
    let report = report(&scratch, Path::new("evidence"));
    let (finding, table) = finding(&report);
    assert!(table["path"].as_str().is_some_and(|path| path.ends_with("ibdata1")), "{table}");
    assert_eq!(table["records"], 84, "{table}");
    assert!(
        table["note"].as_str().is_some_and(|note| note.contains("asteriskcdrdb.cdr: 24 deleted rows")),
        "{table}"
    );
    assert!(finding["count"].as_u64().is_none_or(|count| count == 24), "{finding}");
}
