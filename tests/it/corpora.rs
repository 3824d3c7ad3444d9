//! Files that others publish, and servers attacked on purpose, beside what is known of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Told, Whole, opened, read_at_once, read_in_steps, reader_named, shared};

fn read(name: &str, path: &Path) -> Whole {
    let text = std::fs::read(path).expect("the file can be read");
    let reader = reader_named(name, &text).unwrap_or_else(|| panic!("{} is not recognised", path.display()));
    let whole = read_at_once(reader.as_ref(), &text);
    for step in [97, 4_096] {
        assert_eq!(
            read_in_steps(reader.as_ref(), &text, step),
            whole,
            "{} in steps of {step}",
            path.display()
        );
    }
    whole
}

fn dispositions(rows: &[Told]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row["disposition"].clone()).or_default() += 1;
    }
    counts
}

fn sum(rows: &[Told], column: &str) -> u64 {
    rows.iter().map(|row| row[column].parse::<u64>().expect("a count")).sum()
}

#[test]
fn published_call_records_agree_with_their_expected_counts() {
    let Some(logs) = shared("corpora/logs") else { return };
    let files = [
        ("apspoliveira-freepbx-cdr-2017", "cdr.csv"),
        ("asterisk-testsuite-cdr", "Master.csv"),
        ("asterisk-testsuite-cdr", "Master2.csv"),
        ("asterisk-testsuite-cdr", "good.csv"),
        ("tejdeep-asterisk18-2025", "Master.csv"),
    ];
    for (folder, file) in files {
        let whole = read("call_records", &logs.join(folder).join(file));
        let expected = std::fs::read_to_string(logs.join(folder).join("expected.json")).expect("counts");
        let expected: serde_json::Value = serde_json::from_str(&expected).expect("counts are JSON");
        let expected = &expected[file];
        assert_eq!(whole.rows.len() as u64, expected["rows"].as_u64().expect("rows"), "{folder}/{file}");
        let counts: BTreeMap<String, u64> =
            serde_json::from_value(expected["dispositions"].clone()).expect("dispositions");
        assert_eq!(dispositions(&whole.rows), counts, "{folder}/{file}");
        if let Some(billsec) = expected["billsec_total"].as_u64() {
            assert_eq!(sum(&whole.rows, "billsec"), billsec, "{folder}/{file}");
        }
        for (key, column) in [("first_start", whole.rows.first()), ("last_start", whole.rows.last())] {
            if let (Some(wanted), Some(row)) = (expected[key].as_str(), column) {
                assert_eq!(row["start"], wanted, "{folder}/{file}");
            }
        }
        assert!(whole.skipped.is_empty(), "{folder}/{file}");
    }
}

#[test]
fn a_panels_dates_are_settled_by_the_rows_own_identifiers() {
    let Some(logs) = shared("corpora/logs") else { return };
    let text =
        std::fs::read(logs.join("apspoliveira-freepbx-cdr-2017/cdr.csv")).expect("the file can be read");
    assert_eq!(opened("call-records", &text).expect("call records").note, None);
    let whole = read("call_records", &logs.join("apspoliveira-freepbx-cdr-2017/cdr.csv"));
    assert_eq!(whole.rows[0]["start"], "2017-09-01 16:33:01");
    assert_eq!(whole.rows[0]["uniqueid"], "1504279981.1");
    assert_eq!(whole.rows[0]["dst"], "*60");
}

#[test]
fn a_row_that_ends_in_the_middle_is_reported() {
    let Some(logs) = shared("corpora/logs") else { return };
    let whole = read("call_records", &logs.join("asterisk-testsuite-cdr/buggy.csv"));
    assert_eq!(whole.rows.len(), 0);
    assert_eq!(whole.skipped.len(), 1);
}

#[test]
fn other_programs_records_are_not_taken_for_asterisks() {
    let Some(shared) = shared("corpora/logs") else { return };
    let files = [
        "kxing-freeswitch-cdr-2020/Master.csv",
        "kxing-freeswitch-cdr-2020/newfile.csv",
        "cdr-stats-import-2015/CDRImport-2015-10-26.csv",
        "asterisk-testsuite-cdr/CELMaster1.csv",
        "tejdeep-asterisk18-2025/full",
        "jmgsurfer-fail2ban-2016/fail2ban.log",
    ];
    for file in files {
        let head = std::fs::read(shared.join(file)).expect("the file can be read");
        assert!(opened("call-records", &head).is_none(), "{file}");
        assert!(opened("queue-log", &head).is_none(), "{file}");
        assert_eq!(opened("channel-events", &head).is_some(), file.contains("CEL"), "{file}");
        assert_eq!(opened("fail2ban-log", &head).is_some(), file.contains("fail2ban"), "{file}");
    }
}

#[test]
fn published_bans_are_counted() {
    let Some(logs) = shared("corpora/logs") else { return };
    let whole = read("fail2ban_log", &logs.join("jmgsurfer-fail2ban-2016/fail2ban.log"));
    let count = |action: &str| whole.entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!((count("banned"), count("unbanned"), whole.lines), (15, 22, 37));
    assert!(whole.entries.iter().all(|entry| entry.contains_key("address") && entry.contains_key("time")));
}

/// Returns the files below `folder` whose path satisfies `wanted`.
fn files_below(folder: &Path, wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(wanted) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn lines_of(path: &Path) -> usize {
    std::fs::read(path).expect("the file can be read").iter().filter(|&&byte| byte == b'\n').count()
}

#[test]
fn every_row_of_the_staged_servers_is_read() {
    let Some(evidence) = shared("evidence") else { return };
    type Wanted = fn(&str) -> bool;
    let kinds: [(&str, Wanted); 3] = [
        ("call_records", |path| path.contains("/log/asterisk/cdr-") && path.ends_with(".csv")),
        ("channel_events", |path| path.contains("/log/asterisk/cel-custom/")),
        ("queue_log", |path| path.contains("/log/asterisk/queue_log")),
    ];
    for (name, wanted) in kinds {
        let paths = files_below(&evidence, wanted);
        assert!(!paths.is_empty(), "{name}");
        for path in paths {
            let whole = read(name, &path);
            assert_eq!(whole.records, lines_of(&path) as u64, "{}", path.display());
            assert_eq!(whole.skipped, [], "{}", path.display());
            for row in &whole.rows {
                assert!(
                    row.contains_key("start") && row.contains_key("uniqueid"),
                    "{}: {row:#?}",
                    path.display()
                );
                assert!(!row["dst"].is_empty(), "{}: {row:#?}", path.display());
                assert!(row["channel"].contains('/'), "{}: {row:#?}", path.display());
            }
        }
    }
}

#[test]
fn both_kinds_of_call_records_tell_the_same_calls() {
    let Some(evidence) = shared("evidence") else { return };
    for scenario in ["asterisk-bruteforce", "asterisk-disa-voicemail"] {
        let logs = evidence.join(scenario).join("rootfs/var/log/asterisk");
        let plain = read("call_records", &logs.join("cdr-csv/Master.csv"));
        let custom = read("call_records", &logs.join("cdr-custom/Master.csv"));
        for (plain, custom) in plain.rows.iter().zip(&custom.rows) {
            let differ = ["offset", "length", "sequence", "linkedid"];
            for (key, value) in plain.iter().filter(|(key, _)| !differ.contains(key)) {
                assert_eq!(custom.get(key), Some(value), "{scenario}: {key}");
            }
        }
        assert_eq!(plain.rows.len(), custom.rows.len());
    }
}

/// Reads the TFTP lines of a syslog file: how many requests and refusals, and how many others.
fn tftp_counts(path: &Path) -> (usize, usize, usize) {
    let text = std::fs::read_to_string(path).expect("a syslog file is text");
    let mut messages = String::new();
    for line in text.lines().filter(|line| line.contains("tftp")) {
        let Some((before, message)) = line.split_once("]: ") else { continue };
        let program = before.rsplit(' ').next().unwrap_or_default();
        messages.push_str(&format!("{program}]: {message}\n"));
    }
    let reader = reader_named("tftp", b"").expect("TFTP servers are known");
    let whole = read_at_once(reader.as_ref(), messages.as_bytes());
    let requests = whole.entries.iter().filter(|entry| entry["action"] != "file-missing").count();
    (requests, whole.entries.len() - requests, whole.records as usize - whole.entries.len())
}

#[test]
fn what_tftp_servers_wrote_is_read() {
    let Some(logs) = shared("corpora/provisioning-logs") else { return };
    let expected = [
        ("tftpd-hpa_v.syslog", (5, 0, 0)),
        ("tftpd-hpa_vv_remap.syslog", (5, 4, 0)),
        ("xinetd_tftpd-hpa_vv.syslog", (5, 3, 1)),
        ("atftpd_default-verbosity.log", (5, 0, 5)),
        ("atftpd_verbose7.syslog", (5, 1, 6)),
        ("dnsmasq-tftp_2.90.log", (2, 2, 2)),
    ];
    for (file, counts) in expected {
        assert_eq!(tftp_counts(&logs.join(file)), counts, "{file}");
    }
}

#[test]
fn every_tftp_line_of_the_staged_servers_is_read() {
    let Some(evidence) = shared("evidence") else { return };
    for scenario in ["asterisk-stolen-credential", "host-provisioning"] {
        let path = evidence.join(scenario).join("rootfs/var/log/syslog");
        let text = std::fs::read_to_string(&path).expect("a syslog file is text");
        let count = |words: &str| text.matches(words).count();
        let (requests, refusals, _) = tftp_counts(&path);
        assert!(requests > 0, "{scenario}");
        assert_eq!(
            (requests, refusals),
            (count(": RRQ from ") + count(": WRQ from "), count(": sending NAK"))
        );
    }
}
