//! What collectors wrote of their own beside the files that they copied.

use std::fmt::Write as _;

use serde_json::Value;

use crate::containers::{files_below, gz, inventory, report, staged, tar_with, without_paths, write};
use crate::scratch::{Scratch, code, stderr, stdout};

const HEADING: &str =
    " pkts bytes target     prot opt in     out     source               destination         \n";

/// A log whose stamps have no year.
const AUTH: &[u8] =
    b"Mar  3 10:00:01 pbx sshd[812]: Failed password for root from 203.0.113.9 port 40022 ssh2\n";

/// A line of a body file.
fn listed(path: &str, bytes: usize, modified: i64) -> String {
    format!("0|{path}|131|-rw-r-----|0|0|{bytes}|{modified}|{modified}|{modified}|0\n")
}

#[test]
fn times_that_a_copy_lost_are_taken_from_the_list_of_files() {
    let march_of_2024 = 1_709_460_100;
    let list = |bytes: usize| {
        let other = listed("/var/lib/mysql/asteriskcdrdb/cdr.ibd", 180_224, march_of_2024);
        format!("{}{other}", listed("/var/log/auth.log", bytes, march_of_2024))
    };
    for (name, list, year) in [
        ("right", list(AUTH.len()), "2024-03-03"),
        // Another size is another file, and what is listed twice may be a name that somebody chose.
        ("grown", list(AUTH.len() + 1), "2026-03-03"),
        ("twice", list(AUTH.len()).repeat(2), "2026-03-03"),
    ] {
        let scratch = Scratch::new();
        let files = [
            ("bodyfile/bodyfile.txt", list.as_bytes()),
            ("[root]/var/log/auth.log", AUTH),
            ("[root]/etc/timezone", b"UTC\n"),
        ];
        for (file, bytes) in files {
            write(&scratch, &format!("{name}/{file}"), bytes);
        }
        write(&scratch, &format!("{name}.tar.gz"), &gz(&tar_with(&files)));
        for evidence in [name.to_owned(), format!("{name}.tar.gz")] {
            let output = scratch.run(&["timeline", &evidence]);
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            let row: Value = serde_json::from_str(stdout(&output).lines().next().unwrap()).unwrap();
            assert!(row["datetime"].as_str().unwrap().starts_with(year), "{evidence}: {row}");
        }
        let gaps = report(&scratch, "inventory", &[name])["gaps"].to_string();
        assert!(gaps.contains("On the host and not collected: the database with the calls"), "{gaps}");
        assert!(gaps.contains("/var/lib/mysql/asteriskcdrdb/cdr.ibd"), "{gaps}");
    }
}

#[test]
fn a_door_that_only_the_firewall_in_force_leaves_open_is_found() {
    let scratch = Scratch::new();
    for (name, bytes) in files_below(&staged()) {
        write(&scratch, &format!("uac/[root]/{name}"), &bytes);
    }
    let saved = b"*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
    write(&scratch, "uac/[root]/etc/iptables/rules.v4", saved);
    let listing = ["INPUT", "FORWARD", "OUTPUT"].iter().fold(String::new(), |mut text, chain| {
        let _ = writeln!(text, "Chain {chain} (policy ACCEPT 12 packets, 720 bytes)\n{HEADING}");
        text
    });
    write(&scratch, "uac/live_response/network/iptables_-L_-v_-n.txt", listing.as_bytes());
    let report = report(&scratch, "run", &["uac"]);
    let findings = report["findings"].as_array().unwrap();
    let door = findings.iter().find(|finding| finding["id"] == "sip-open-to-all").unwrap();
    let detail = door["detail"].as_str().unwrap();
    assert!(detail.contains("in force when the evidence was collected"), "{detail}");
    assert!(detail.contains("rules saved in [root]/etc/iptables/rules.v4 would not"), "{detail}");
    assert_eq!(door["evidence"][0]["path"], "live_response/network/iptables_-L_-v_-n.txt");
}

#[test]
fn logins_that_a_command_printed_count_where_their_file_is_missing() {
    let printed = b"root     pts/0        Mon Nov 16 10:22:01 2026 - Mon Nov 16 11:00:00 2026  (00:37)     203.0.113.9\n";
    let mut record = vec![0; 384];
    record[0] = 7;
    record[8..13].copy_from_slice(b"pts/0");
    record[44..48].copy_from_slice(b"root");
    record[340..344].copy_from_slice(&1_794_824_521_u32.to_le_bytes());
    record[348..352].copy_from_slice(&[203, 0, 113, 9]);
    for with_file in [false, true] {
        let scratch = Scratch::new();
        write(&scratch, "uac/live_response/system/last_-a_-F.txt", printed);
        write(&scratch, "uac/[root]/etc/timezone", b"UTC\n");
        if with_file {
            write(&scratch, "uac/[root]/var/log/wtmp", &record);
        }
        let output = scratch.run(&["timeline", "uac"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let rows: Vec<Value> =
            stdout(&output).lines().map(|row| serde_json::from_str(row).unwrap()).collect();
        let [row] = rows.as_slice() else { panic!("one login, not {rows:?}") };
        assert_eq!((&row["account"], &row["address"]), (&"root".into(), &"203.0.113.9".into()));
        assert!(row["datetime"].as_str().unwrap().starts_with("2026-11-16T10:22:01"), "{row}");
        assert_eq!(row["path"].as_str().unwrap().ends_with("wtmp"), with_file);
        let listed = inventory(&scratch, "uac").to_string();
        assert_eq!(listed.contains("which is there itself"), with_file, "{listed}");
    }
}

#[test]
fn what_a_collector_wrote_of_its_own_changes_no_incident() {
    let scratch = Scratch::new();
    let folder = staged();
    let mut expected = report(&scratch, "run", &[folder.to_str().unwrap()])["incidents"].take();
    without_paths(&mut expected);
    let intruder = expected[0]["sources"][0]["address"].as_str().unwrap().to_owned();
    let connected = format!(
        "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n\
         tcp ESTAB 0 0 192.0.2.1:5038 {intruder}:40022 users:((\"asterisk\",pid=812,fd=20))\n"
    );
    let own: Vec<(&str, Vec<u8>)> = vec![
        ("bodyfile/bodyfile.txt", listed("/etc/asterisk/none.conf", 3, 1_709_460_100).into_bytes()),
        ("uac.log", b"20260310 collecting\n".to_vec()),
        ("live_response/process/ps_-ef.txt", b"UID PID\nroot 1\n".to_vec()),
        ("live_response/network/ss_-anp.txt", connected.into_bytes()),
    ];
    let mut files: Vec<(String, Vec<u8>)> =
        own.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    files.extend(files_below(&folder).into_iter().map(|(name, bytes)| (format!("[root]/{name}"), bytes)));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    write(&scratch, "uac-pbx.tar.gz", &gz(&tar_with(&files)));
    let mut whole = report(&scratch, "run", &["uac-pbx.tar.gz"]);
    let mut incidents = whole["incidents"].take();
    without_paths(&mut incidents);
    assert!(incidents == expected, "{incidents:#}");
    let findings = whole["findings"].as_array().unwrap();
    let connected = findings.iter().find(|finding| finding["id"] == "intruder-connected").unwrap();
    assert_eq!(connected["subject"], intruder.as_str());
    assert!(connected["detail"].as_str().unwrap().contains("port 5038 (asterisk)"), "{connected}");
    let listed = inventory(&scratch, "uac-pbx.tar.gz").to_string();
    assert!(listed.contains("what a command printed"), "{listed}");
}
