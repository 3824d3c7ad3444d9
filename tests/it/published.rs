//! Lines and logs that others publish, read by the program as a user runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;

/// Runs `timeline` on a piece of evidence and returns its rows.
fn timeline(evidence: &Path) -> Vec<Value> {
    let scratch = Scratch::new();
    let output = scratch.run(&["timeline", &evidence.to_string_lossy(), "--tz", "UTC"]);
    assert_eq!(code(&output), 0, "{}: {}", evidence.display(), stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

fn by_line(rows: Vec<Value>) -> BTreeMap<u64, Vec<Value>> {
    let mut lines: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for row in rows {
        lines.entry(row["line"].as_u64().expect("a line")).or_default().push(row);
    }
    lines
}

fn expected(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the expectations can be read");
    text.lines().map(|line| serde_json::from_str(line).expect("an expectation is JSON")).collect()
}

/// Returns month, day and time of day: the year of a stamp without one is not theirs to know.
fn without_year(time: &str) -> &str {
    time.get(5..19).expect("a whole time")
}

/// Returns the local time of a row whose record carries its own zone or instant, from its text.
fn local_time(row: &Value) -> String {
    let message = row["message"].as_str().expect("a message");
    let stamp = message.split(']').next().unwrap_or_default().trim_start_matches('[');
    stamp.replace(' ', "T")
}

#[test]
fn every_line_that_a_blocker_knows_is_read_as_it_reads_it() {
    let Some(folder) = shared("corpora/fail2ban") else { return };
    for (name, count) in [("asterisk", 48), ("asterisk-freepbx-disabled", 3), ("freeswitch", 11)] {
        let mut lines = by_line(timeline(&folder.join(format!("{name}.log"))));
        let wanted = expected(&folder.join(format!("{name}.expected.jsonl")));
        assert_eq!(wanted.len(), count);
        for wanted in wanted {
            let rows = lines.remove(&wanted["line_no"].as_u64().expect("a line")).unwrap_or_default();
            // Every phone is rejected by an access list before it is asked for its secret.
            assert_eq!(rows.len(), usize::from(wanted["match"] != Value::Bool(false)), "{wanted}");
            let Some(row) = rows.first() else { continue };
            assert_eq!(row["address"], wanted["host"], "{wanted}");
            // Only the blocker's mode for floods counts a challenge, which is no failure.
            let is_challenge = wanted["line"].as_str().is_some_and(|line| line.contains("auth challenge"));
            let hostile: &[&str] =
                if is_challenge { &["challenge"] } else { &["auth-failed", "call-rejected", "probe"] };
            assert!(hostile.contains(&row["action"].as_str().expect("an action")), "{row}");
            let Some(time) = wanted["time"].as_str() else { continue };
            let told = row["datetime"].as_str().expect("a time");
            // A security event carries its own zone; the stamp before it is the server's wall clock.
            let own_zone = row["message"].as_str().is_some_and(|message| message.contains("EventTV="));
            let told = if own_zone { local_time(row) } else { told.to_owned() };
            assert_eq!(without_year(&told), without_year(time), "{wanted}");
        }
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

#[test]
fn lines_of_intrusion_detection_rules_are_told_apart() {
    let Some(folder) = shared("corpora/ossec-wazuh") else { return };
    let rows = timeline(&folder.join("ossec-asterisk.log"));
    let told: BTreeSet<_> = rows
        .iter()
        .map(|row| ["action", "address", "account", "number"].map(|key| row[key].as_str().unwrap_or("-")))
        .collect();
    let wanted = [
        ["auth-failed", "37.8.26.31", "3810", "-"],
        ["auth-failed", "192.168.1.137", "503", "-"],
        ["call-rejected", "89.163.146.112", "-", "70046313115067"],
    ];
    assert_eq!(told, BTreeSet::from(wanted));
    let rows = timeline(&folder.join("wazuh-freepbx.log"));
    assert!(rows.iter().all(|row| row["action"] == "server"), "{rows:#?}");
}

/// The action for each class of event of the quoted lines.
///
/// What succeeded at the manager interface is told as a manager's login, whichever line tells of it.
fn action(class: &str, line: &str) -> &'static str {
    match class {
        "challenge_sent" => "challenge",
        "auth_success" if line.contains("Service=\"AMI\"") => "manager-login",
        "auth_success" => "auth-ok",
        "unknown_account" | "auth_failure" => "auth-failed",
        "rejected_guest_call" => "call-rejected",
        "register" => "registered",
        "unregister" => "unregistered",
        "reachable" => "reachable",
        "unreachable" => "unreachable",
        "acl_reject" => "auth-failed",
        "ban" => "banned",
        "unban" => "unbanned",
        other => panic!("a new class: {other}"),
    }
}

#[test]
fn lines_that_victims_quoted_are_read() {
    let Some(folder) = shared("corpora/thread-lines") else { return };
    let mut lines = by_line(timeline(&folder.join("lines.log")));
    let mut count = 0;
    for wanted in expected(&folder.join("expected.jsonl")) {
        let line = wanted["line"].as_str().expect("a line");
        if line.contains("sofia_reg.c") {
            // FreeSWITCH's, which the reader of Asterisk's log leaves to another.
            continue;
        }
        let rows = lines.remove(&wanted["line_no"].as_u64().expect("a number")).unwrap_or_default();
        assert_eq!(rows.len(), 1, "{line}");
        let row = &rows[0];
        assert_eq!(row["action"], action(wanted["event"].as_str().expect("a class"), line), "{line}");
        assert_eq!(row["address"], wanted["host"], "{line}");
        assert_eq!(row["account"], wanted["account"], "{line}");
        if let Some(utc) = wanted["utc"].as_str() {
            assert_eq!(row["datetime"].as_str().map(|time| &time[..19]), Some(&utc[..19]), "{line}");
        }
        count += 1;
    }
    assert_eq!(count, 44);
    assert!(lines.is_empty(), "{lines:#?}");
}

#[test]
fn the_text_log_and_the_json_log_of_one_server_tell_the_same() {
    let Some(folder) = shared("corpora/logs/tejdeep-asterisk18-2025") else { return };
    let told = |file: &str| -> Vec<Vec<Value>> {
        let keys = ["datetime", "action", "address", "port", "account", "number", "reason", "line"];
        let row = |row: &Value| keys.iter().map(|key| row[key].clone()).collect();
        timeline(&folder.join(file)).iter().map(row).collect()
    };
    let text = told("full");
    assert_eq!(text, told("full-json"));
    let count = |action: &str| text.iter().filter(|row| row[1] == action).count();
    assert_eq!((count("dialplan"), count("server")), (27, 2));
}

#[test]
fn quiet_servers_have_no_incident_and_no_attacker() {
    let Some(logs) = shared("corpora/logs") else { return };
    let folders = [
        "tejdeep-asterisk18-2025",
        "shaopengwu-asterisk20-2025",
        "jmgsurfer-fail2ban-2016",
        "apspoliveira-freepbx-cdr-2017",
        "julianhead-tftplog-2021",
    ];
    for folder in folders {
        let scratch = Scratch::new();
        let output = scratch.run(&["run", &logs.join(folder).to_string_lossy(), "--format", "json"]);
        assert_eq!(code(&output), 0, "{folder}: {}", stderr(&output));
        let report: Value = serde_json::from_str(&stdout(&output)).expect("a report");
        assert_eq!(report["incidents"], Value::Array(Vec::new()), "{folder}");
        assert_eq!(report["failed_attackers"], Value::Array(Vec::new()), "{folder}");
    }
}

#[test]
fn counts_of_published_logs_are_met() {
    let Some(logs) = shared("corpora/logs") else { return };
    let count = |path: &str, wanted: fn(&Value) -> bool| {
        timeline(&logs.join(path)).iter().filter(|row| wanted(row)).count()
    };
    let tejdeep = "tejdeep-asterisk18-2025";
    let messages = format!("{tejdeep}/messages");
    assert_eq!(count(&messages, |row| row["reason"] == "No matching endpoint found"), 9);
    assert_eq!(count(&messages, |row| row["address"] == "192.168.1.9"), 14);
    assert_eq!(count(&messages, |row| row["action"] == "server"), 3);
    assert_eq!(count(&format!("{tejdeep}/Master.csv"), |row| row["reason"] == "ANSWERED"), 33);
    assert_eq!(count(&format!("{tejdeep}/queue_log"), |row| row["action"] == "queue"), 3);
    assert_eq!(count("shaopengwu-asterisk20-2025/messages.log", |row| row["action"] == "server"), 1);
    assert_eq!(count("jmgsurfer-fail2ban-2016/fail2ban.log", |row| row["action"] == "banned"), 15);
}

#[test]
fn lines_of_freeswitch_that_victims_quoted_are_read() {
    let Some(folder) = shared("corpora/thread-lines") else { return };
    let wanted: Vec<Value> = expected(&folder.join("expected.jsonl"))
        .into_iter()
        .filter(|wanted| wanted["line"].as_str().is_some_and(|line| line.contains("sofia_reg.c")))
        .collect();
    let scratch = Scratch::new();
    let lines: Vec<&str> = wanted.iter().filter_map(|wanted| wanted["line"].as_str()).collect();
    let log = scratch.path().join("freeswitch.log");
    std::fs::write(&log, lines.join("\n") + "\n").expect("the lines can be written");
    let mut rows = by_line(timeline(&log));
    for (number, wanted) in wanted.iter().enumerate() {
        let row = rows.remove(&(number as u64 + 1)).unwrap_or_default();
        let line = wanted["line"].as_str().expect("a line");
        assert_eq!(row.len(), 1, "{line}");
        assert_eq!(row[0]["action"], action(wanted["event"].as_str().expect("a class"), line), "{line}");
        assert_eq!(row[0]["address"], wanted["host"], "{line}");
    }
    assert_eq!((wanted.len(), rows.len()), (3, 0));
}

#[test]
fn call_records_of_freeswitch_agree_with_their_expected_counts() {
    let Some(logs) = shared("corpora/logs") else { return };
    let folder = logs.join("kxing-freeswitch-cdr-2020");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).expect("counts")).expect("JSON");
    let expected = &expected["Master.csv"];
    let rows = timeline(&folder.join("Master.csv"));
    assert_eq!(Some(rows.len() as u64), expected["rows"].as_u64());
    for (cause, count) in expected["dispositions"].as_object().expect("causes") {
        let found = rows.iter().filter(|row| row["reason"] == cause.as_str()).count() as u64;
        assert_eq!(Some(found), count.as_u64(), "{cause}");
    }
}

#[test]
fn every_line_of_published_logs_is_understood() {
    let Some(logs) = shared("corpora/logs") else { return };
    for (folder, file, records) in [
        ("tejdeep-asterisk18-2025", "full", 1_228),
        ("tejdeep-asterisk18-2025", "full-json", 1_228),
        ("tejdeep-asterisk18-2025", "messages", 251),
        ("shaopengwu-asterisk20-2025", "messages.log", 73),
        ("jmgsurfer-fail2ban-2016", "fail2ban.log", 37),
        ("kxing-freeswitch-cdr-2020", "Master.csv", 10),
        ("apspoliveira-freepbx-cdr-2017", "cdr.csv", 856),
        ("julianhead-tftplog-2021", "tftplog", 2_914),
    ] {
        let scratch = Scratch::new();
        let path = logs.join(folder).join(file);
        let output = scratch.run(&["inventory", &path.to_string_lossy(), "--format", "json"]);
        let inventory: Value = serde_json::from_str(&stdout(&output)).expect("an inventory");
        let row = &inventory["evidence"][0];
        assert_eq!((row["records"].as_u64(), row["unparsed"].as_u64()), (Some(records), Some(0)), "{file}");
    }
}
