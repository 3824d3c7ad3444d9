//! Dumps that others publish, and dumps of servers whose every row is known.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::{Whole, read_in_steps, reader_named, shared};

fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("the file can be read");
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).expect("a whole gz");
    text
}

fn read(text: &[u8]) -> Whole {
    let reader = reader_named("sql_dump", &text[..text.len().min(64 * 1024)]).expect("a dump");
    let whole = read_in_steps(reader.as_ref(), text, 1 << 20);
    assert_eq!(read_in_steps(reader.as_ref(), text, 1_000), whole);
    whole
}

#[test]
fn published_dumps_give_all_their_rows() {
    let Some(folder) = shared("corpora/config-samples/sql") else { return };
    // Counted in the files with another program.
    for (file, rows, first, last) in [
        ("asteriskcdrdb_mysqldump.sql", 49, "2017-10-19 16:29:35", None),
        ("asteriskcdrdb_navicat.sql", 196, "2024-04-14 20:27:25", None),
        ("realtime_ps_mysqldump80.sql", 23, "2023-02-05 00:09:12", Some("answered")),
        ("freepbx2x_newinstall.sql", 0, "", None),
        ("upgradefromfpbx.sql", 0, "", None),
        ("issabelpbx_newinstall.sql", 0, "", None),
        ("cel_table.sql", 0, "", None),
    ] {
        let whole = read(&std::fs::read(folder.join(file)).expect("the file can be read"));
        assert_eq!((whole.rows.len(), whole.skipped.len()), (rows, 0), "{file}");
        let start = whole.rows.first().map_or("", |row| row["start"].as_str());
        assert_eq!(start, first, "{file}");
        if let Some(column) = last {
            assert!(whole.rows.iter().any(|row| row[column] == "false"), "{file}");
        }
    }
}

#[test]
fn dumps_of_known_databases_give_the_rows_that_are_known() {
    let Some(folder) = shared("databases") else { return };
    for name in ["innodb-clean-stop", "innodb-killed", "innodb-reused", "innodb-unpurged", "myisam"] {
        let known = unpacked(&folder.join(name).join("rows.json.gz"));
        let known: serde_json::Value = serde_json::from_slice(&known).expect("rows are JSON");
        let counts: BTreeMap<String, u64> =
            serde_json::from_value(known["final_row_count_by_table"].clone()).expect("counts");
        let whole = read(&unpacked(&folder.join(name).join("asteriskcdrdb.sql.gz")));
        assert_eq!(whole.rows.len() as u64, counts.values().sum::<u64>(), "{name}");
        assert_eq!(whole.skipped, [], "{name}");
        assert!(whole.rows.iter().all(|row| row.contains_key("start") && row.contains_key("uniqueid")));
        let settings = read(&unpacked(&folder.join(name).join("asterisk.sql.gz")));
        assert_eq!((settings.rows.len(), settings.skipped.len()), (0, 0), "{name}");
    }
}

/// Calls of one account, all in one statement on one line, as `mysqldump` writes them.
fn calls(count: usize) -> String {
    let row = |call: usize| {
        let (minute, second) = (call / 60 % 60, call % 60);
        format!(
            "('2026-03-07 03:{minute:02}:{second:02}','\\\"it\\'s (),(\\\" <205>','205','0088299800{call:04}','from-internal','SIP/205-{call:08x}','SIP/trunk-{call:08x}','Dial','',58,56,'ANSWERED',3,'','{}.{call}','')",
            1_772_852_400 + call
        )
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    format!("-- MySQL dump 10.13\nINSERT INTO `cdr` VALUES {};\n", rows.join(","))
}

#[test]
fn a_row_on_a_giant_line_is_cited_alone() {
    let scratch = Scratch::new();
    scratch.file("e/asteriskcdrdb.sql", &calls(9_000));
    let output = scratch.run(&["timeline", "e", "--tz", "UTC"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = std::fs::read(scratch.path().join("e/asteriskcdrdb.sql")).unwrap();
    let rows: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 9_000);
    for row in &rows {
        let message = row["message"].as_str().unwrap();
        let offset = row["offset"].as_u64().unwrap() as usize;
        assert!(text[offset..].starts_with(message.as_bytes()), "{row}");
        assert!(message.starts_with("('2026-03-07") && message.ends_with(",'')"), "{row}");
        assert_eq!(row["line"], 2);
    }
}

#[test]
fn calls_and_accounts_are_told_by_dumps_alone() {
    let scratch = Scratch::new();
    scratch.file("e/asteriskcdrdb-202603080300.sql", &calls(300));
    scratch.file(
        "e/asterisk-202603080300.sql",
        "-- MySQL dump 10.13\nINSERT INTO `sip` VALUES ('205','account','205',2),('205','context','from-internal',3),('205','host','dynamic',4),('205','secret','205',5),('205','type','friend',6);\n",
    );
    let output = scratch.run(&["run", "e", "--tz", "UTC", "--format", "json"]);
    assert!(code(&output) < 2, "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let kinds: Vec<&str> =
        report["evidence"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["sql-dump", "sql-dump"]);
    assert_eq!(report["evidence"][1]["records"], 300);
    let gaps = report["gaps"].to_string();
    assert!(!gaps.contains("No call records"), "{gaps}");
    let findings = report["findings"].to_string();
    assert!(findings.contains("205") && findings.contains("table sip: 205"), "{findings}");
}

#[test]
fn a_database_of_sqlite_is_read_and_cited() {
    let scratch = Scratch::new();
    let path = scratch.file("e/master.db", "");
    std::fs::remove_file(&path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE cdr (AcctId INTEGER PRIMARY KEY, calldate TEXT, clid TEXT, dcontext TEXT, channel TEXT, dstchannel TEXT, lastapp TEXT, lastdata TEXT, duration TEXT, billsec TEXT, disposition TEXT, uniqueid TEXT);
             INSERT INTO cdr VALUES (7, '2026-11-11 08:12:55', '', 'internal', 'SIP/206-00000000', '', 'Dial', 'SIP/201', '10', '9', 'ANSWERED', '1794381175.0');",
        )
        .unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let output = scratch.run(&["timeline", "e"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let row: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert_eq!((&row["action"], &row["line"]), (&"call".into(), &7.into()));
    // The zone is worked out from the identifier, which holds the instant.
    assert_eq!(row["datetime"], "2026-11-11T07:12:55.000000Z");
    assert_eq!(
        row["message"],
        "7|2026-11-11 08:12:55||internal|SIP/206-00000000||Dial|SIP/201|10|9|ANSWERED|1794381175.0"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(scratch.path().join("e")).unwrap().count(), 1);
}

#[test]
fn secrets_in_a_dump_never_leave() {
    let scratch = Scratch::new();
    scratch.file("e/cdr.sql", &calls(30));
    scratch.file(
        "e/asterisk.sql",
        "-- MySQL dump 10.13\n\
         INSERT INTO `manager` VALUES (1,'admin','hidden-1','','','all','all',100);\n\
         INSERT INTO `sip` VALUES ('205','secret','hidden-2',2),('205','context','from-internal',3),('205','host','dynamic',4),('205','type','friend',6),('206','secret','hidden-3\n\
         INSERT INTO `sippeers` (`name`,`host`,`type`,`context`,`secret`) VALUES ('301','dynamic','friend','x','hidden4');\n\
         INSERT INTO `ps_auths` (`id`,`password`) VALUES ('1','hidden-5'),('hidden-6';\n",
    );
    let mut shown = String::new();
    for arguments in [&["run", "e", "-v", "-o", "case"][..], &["timeline", "e"], &["inventory", "e", "-v"]] {
        let output = scratch.run(arguments);
        assert!(code(&output) < 2, "{}", stderr(&output));
        shown.push_str(&stdout(&output));
        shown.push_str(&stderr(&output));
    }
    for file in std::fs::read_dir(scratch.path().join("case")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            shown.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    assert!(shown.contains("table sippeers: 301"), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn times_that_a_dump_turned_into_utc_are_taken_so() {
    for (kind, instant) in
        [("timestamp", "2026-11-11T08:12:55.000000Z"), ("datetime", "2026-11-11T07:12:55.000000Z")]
    {
        let scratch = Scratch::new();
        let dump = format!(
            "-- MySQL dump 10.13\n/*!40103 SET TIME_ZONE='+00:00' */;\n\
             CREATE TABLE `cdr` (`calldate` {kind} NOT NULL, `dst` text, `channel` text, `duration` int, `billsec` int, `disposition` text);\n\
             INSERT INTO `cdr` VALUES ('2026-11-11 08:12:55','1','SIP/1-00000000',1,1,'ANSWERED');\n"
        );
        scratch.file("e/cdr.sql", &dump);
        let output = scratch.run(&["timeline", "e", "--tz", "Europe/Madrid"]);
        let row: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
        assert_eq!(row["datetime"], instant, "{kind}");
    }
}

/// Returns what the timeline of a dump tells, without its text and place.
fn told_of_dump(path: &Path) -> Vec<String> {
    let output = Scratch::new().run(&["timeline", path.to_str().expect("a path")]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let told = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let parts = ["datetime", "action", "account", "address", "number", "reason"];
        parts.map(|key| event[key].to_string()).join(" ")
    };
    stdout(&output).lines().map(told).collect()
}

#[test]
fn an_archive_of_postgresql_tells_what_the_plain_dump_tells() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pg_dump");
    let plain = told_of_dump(&folder.join("plain.sql"));
    assert_eq!(plain.len(), 5);
    assert!(plain[2].contains(r#""call" "1007" "192.0.2.77" "0024390777000""#), "{plain:?}");
    for name in ["custom.sql", "unpacked.sql", "inserts.sql"] {
        assert_eq!(told_of_dump(&folder.join(name)), plain, "{name}");
    }
    // Cut anywhere, it is read up to there and said to be cut.
    let whole = std::fs::read(folder.join("custom.sql")).expect("a file");
    let scratch = Scratch::new();
    for length in [whole.len() * 3 / 4, whole.len() / 2, 800] {
        let path = scratch.path().join("cut.sql");
        std::fs::write(&path, &whole[..length]).expect("written");
        let told = told_of_dump(&path);
        assert!(
            told.iter().all(|line| plain.contains(line)) && told.len() < plain.len(),
            "{length}: {told:?}"
        );
    }
}

#[test]
fn a_dump_in_utf_16_tells_what_it_tells_in_utf_8() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pg_dump");
    let plain = std::fs::read_to_string(folder.join("plain.sql")).expect("text");
    let told = told_of_dump(&folder.join("plain.sql"));
    let scratch = Scratch::new();
    let marked = || std::iter::once(0xfeff).chain(plain.encode_utf16());
    let little: Vec<u8> = marked().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        let path = scratch.path().join("dump.sql");
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(told_of_dump(&path), told);
    }
}
