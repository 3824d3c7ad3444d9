//! What somebody meets who runs the program for the first time, with the wrong thing and the right.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::scratch::{Scratch, code, prose, stderr, stdout};

/// Lays three log files of a staged server into a folder of their own.
fn three_logs(scratch: &Scratch) {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root/var/log/asterisk");
    fs::create_dir_all(scratch.path().join("logs")).unwrap();
    for name in ["full", "messages", "security"] {
        fs::copy(logs.join(name), scratch.path().join("logs").join(name)).unwrap();
    }
}

fn rows(scratch: &Scratch, arguments: &[&str]) -> Vec<Value> {
    let output = scratch.run(&[&["timeline"][..], arguments].concat());
    assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that a command fails with 2 or another status, and says where, and what may help.
fn fails(scratch: &Scratch, arguments: &[&str], status: i32, begins: &str) {
    let output = scratch.run(arguments);
    let error = stderr(&output);
    assert_eq!((code(&output), stdout(&output).as_str()), (status, ""), "{arguments:?}: {error}");
    assert!(error.starts_with(&format!("error: {begins}")), "{arguments:?}: {error}");
    assert!(error.contains("\n\nhint: "), "{arguments:?}: {error}");
}

#[test]
fn evidence_that_is_none_is_refused_with_a_hint() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join("empty")).unwrap();
    fs::write(scratch.path().join("photo.jpg"), b"\xff\xd8\xff\xe0\0\x10JFIF\0").unwrap();
    for verb in ["run", "inventory", "assess", "investigate", "timeline"] {
        fails(&scratch, &[verb, "wrong/path"], 2, "wrong/path: no such file or folder");
        fails(&scratch, &[verb, "empty"], 3, "empty: nothing in it was recognised (0 files looked at)");
        fails(
            &scratch,
            &[verb, "photo.jpg"],
            3,
            "photo.jpg: nothing in it was recognised (1 file looked at)",
        );
        fails(&scratch, &[verb, "empty", "wrong"], 2, "wrong: no such");
    }
}

#[test]
fn what_evidence_is_sent_in_is_told_how_to_give() {
    let scratch = Scratch::new();
    scratch
        .file("logs.eml", "From: a@example.org\nSubject: the logs\nContent-Type: multipart/mixed\n\nZm9v\n");
    scratch.file("calls.xls", "\u{1}\u{2}");
    for (name, hint) in [("logs.eml", "save the mail's attachments"), ("calls.xls", "saved as CSV")] {
        let error = stderr(&scratch.run(&["run", name]));
        assert!(error.contains(hint), "{name}: {error}");
    }
    three_logs(&scratch);
    let workbook = b"PK\x03\x04\x14\0\0\0\x08\0[Content_Types].xml";
    fs::write(scratch.path().join("bill.xlsx"), workbook).unwrap();
    fails(&scratch, &["dispute", "logs", "--carrier-cdr", "bill.xlsx"], 2, "bill.xlsx: a workbook");
    let refused = scratch.run(&["run", "logs", "--trusted", "0.0.0.0/0"]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("nobody's own network is so wide"), "{}", stderr(&refused));
    let shown = stdout(&scratch.run(&["run", "logs", "--geoip", "bill.xlsx"]));
    assert!(shown.contains("Note: bill.xlsx tells of no address"), "{shown}");
    let shown = stdout(&scratch.run(&["contain", "logs"]));
    assert!(shown.starts_with("Nothing is written yet"), "{shown}");
    // Of a rotated file alone the newer one is missing.
    fs::create_dir(scratch.path().join("old")).unwrap();
    let (from, to) = (scratch.path().join("logs/full"), scratch.path().join("old/full.1"));
    fs::copy(from, to).unwrap();
    let shown = stdout(&scratch.run(&["run", "old"]));
    assert!(shown.contains("full: only rotated files of it are here"), "{shown}");
}

#[test]
fn a_file_that_shows_no_success_clears_nobody() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    // It tells wrong secrets and no registration; the account was taken over all the same.
    let output = scratch.run(&["run", "logs/messages"]);
    let text = stdout(&output);
    assert!(text.contains("Cannot tell whether anybody got in"), "{text}");
    assert!(!text.contains("got nothing") && text.contains("Not judged: "), "{text}");
    let output = scratch.run(&["run", "logs", "--since", "2030-01-01"]);
    assert!(stdout(&output).contains("Cannot tell whether anybody got in"), "{}", stdout(&output));
}

#[test]
fn the_next_command_is_always_on_the_screen() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    let ends = |command: &[&str], last: &str| {
        let output = scratch.run(command);
        let text = stdout(&output);
        let next = text.split_once("\nNext\n----\n\n").map(|(_, next)| next.trim_end());
        let next = next.unwrap_or_else(|| panic!("{command:?}: {text}{}", stderr(&output)));
        assert!(next.ends_with(last), "{command:?}: {next}");
    };
    ends(&["inventory", "logs"], "tolltrace preserve logs -o preserved");
    ends(&["preserve", "logs", "-o", "kept"], "tolltrace run kept/evidence -o case");
    ends(&["verify", "kept"], "tolltrace run kept/evidence -o case");
    ends(&["run", "logs", "-o", "my case"], "-o packet");
    ends(&["verify", "my case"], "tolltrace restore COPY-AFTER-REPAIR --case 'my case'");
    ends(&["contain", "logs", "-o", "my case"], "tolltrace assess logs");
    ends(&["assess", "logs"], "tolltrace dispute logs --carrier-cdr BILL.csv -o packet");
    ends(&["investigate", "logs"], "tolltrace dispute logs --carrier-cdr BILL.csv -o packet");
    let again = "  less paper/letter.md\n  tolltrace dispute logs --carrier-cdr BILL.csv -o paper";
    ends(&["dispute", "logs", "-o", "paper"], again);
    ends(&["restore", "logs", "--case", "my case"], "");
    fs::write(scratch.path().join("kept/evidence/added"), "x").unwrap();
    ends(&["verify", "kept"], "tolltrace preserve EVIDENCE -o preserved-anew");
    fs::write(scratch.path().join("my case/report.md"), "x").unwrap();
    ends(&["verify", "my case"], "tolltrace run EVIDENCE -o case-anew");
}

#[test]
fn who_is_trusted_is_no_failed_attacker() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    let output = scratch.run(&["run", "logs", "--trusted", "240.0.0.0/4", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let tried = report["failed_attackers"].as_array().unwrap();
    assert!(
        tried.iter().all(|attacker| !attacker["address"].as_str().unwrap().starts_with("240.")),
        "{tried:?}"
    );
}

#[test]
fn three_log_files_are_enough_for_an_answer() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    let output = scratch.run(&["run", "logs"]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert!(stdout(&output).contains("account 205"), "{}", stdout(&output));
    let output = scratch.run(&["run", "logs", "--format", "markdown"]);
    assert!(stdout(&output).starts_with("# "), "{}", stdout(&output));
    for verb in ["run", "inventory", "assess", "investigate"] {
        let output = scratch.run(&[verb, "logs", "--format", "json"]);
        let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(report["schema"], "tolltrace.report/1", "{verb}");
        let quiet = scratch.run(&[verb, "logs", "-q"]);
        assert_eq!((code(&quiet), stdout(&quiet), stderr(&quiet)), (0, String::new(), String::new()));
    }
}

/// Call records alone tell whose account made the calls, and neither how somebody got in nor what did not happen.
#[test]
fn call_records_alone_are_told_for_what_they_are() {
    let scratch = Scratch::new();
    let row = |second: u32| {
        let stamp = format!("2026-03-07 03:{:02}:{:02}", second / 60, second % 60);
        format!(
            "\"\",\"205\",\"0088213571351{}\",\"from-internal\",\"205\",\"SIP/205-000000{second:02x}\",\"SIP/carrier-000001{second:02x}\",\"Dial\",\"SIP/carrier/0088\",\"{stamp}\",\"{stamp}\",\"2026-03-07 03:30:00\",900,900,\"ANSWERED\",\"DOCUMENTATION\",\"{}.{second}\",\"\"\n",
            second % 3,
            1_772_852_400 + second
        )
    };
    scratch.file("cdr/Master.csv", &(0..120).step_by(2).map(row).collect::<String>());
    let told = stdout(&scratch.run(&["run", "cdr"]));
    let whole = prose(&scratch.run(&["run", "cdr"]));
    let answer =
        "60 calls that look like fraud were made with account 205 on 7 March 2026, 60 of them answered";
    assert!(whole.contains(answer) && whole.contains("these records cannot tell"), "{whole}");
    assert!(!told.contains("took over") && !told.contains("by an intruder"), "{told}");
    assert!(told.contains("Change the secret and remove the registered contacts of: 205"), "{told}");
    assert!(told.contains("Neither shown nor ruled out: "), "{told}");
    assert!(!told.contains("provisioning-leak, possible"), "nothing speaks for it: {told}");
    let told = stdout(&scratch.run(&["contain", "cdr", "-o", "case"]));
    let step = told.lines().find(|line| line.contains("Give the accounts that were taken over new secrets"));
    assert!(step.is_some_and(|line| line.trim_start().starts_with("- to do ")), "{told}");
    assert!(told.contains("No script to end calls is written"), "{told}");
    assert!(!told.contains("the script that ended the calls"), "{told}");
    assert!(!scratch.path().join("case/contain/end-calls-asterisk.sh").exists());
}

/// A log of logins says who got in, and nothing of what he called.
#[test]
fn calls_that_no_file_holds_are_not_denied() {
    let scratch = Scratch::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root/var/log/asterisk");
    fs::copy(folder.join("security"), scratch.path().join("security")).unwrap();
    let shown = prose(&scratch.run(&["run", "security", "-o", "case"]));
    for told in [
        "these files hold no calls, so that what was called is not known",
        "Ask the carrier to stop all calls abroad, and which it carried since",
        "contain 1: Call the carrier",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let report = fs::read_to_string(scratch.path().join("case/report.md")).unwrap();
    assert!(report.contains("Not known: these files hold no calls."), "{report}");
    let request = fs::read_to_string(scratch.path().join("case/preservation_request.md")).unwrap();
    assert!(!request.contains("to make calls at our expense"), "{request}");
}

/// Logins alone, without calls, cannot clear an account that was used at night from a new place.
#[test]
fn logins_from_a_new_place_are_not_cleared_without_calls() {
    let scratch = Scratch::new();
    let accepted = |account: &str, peer: &str, hour: u32, second: u32| {
        let at = format!("2026-09-10T{hour:02}:37:{second:02}.000-0500");
        format!(
            "[Sep 10 {hour:02}:37:{second:02}] SECURITY[26010] res_security_log.c: SecurityEvent=\"SuccessfulAuth\",EventTV=\"{at}\",Severity=\"Informational\",Service=\"PJSIP\",EventVersion=\"1\",AccountID=\"{account}\",SessionID=\"{hour}{second}@x\",LocalAddress=\"IPV4/UDP/192.0.2.1/5060\",RemoteAddress=\"IPV4/UDP/{peer}/5060\",UsingPassword=\"1\"\n"
        )
    };
    let owner: String = (0..3).map(|hour| accepted("304", "172.20.8.104", hour, 0)).collect();
    scratch.file("logs/security", &owner);
    let answer = |scratch: &Scratch| prose(&scratch.run(&["run", "logs"]));
    assert!(answer(&scratch).contains("No intrusion found: nobody got in"), "{}", answer(&scratch));
    let thief: String = (0..40).map(|second| accepted("304", "240.99.40.7", 3, second)).collect();
    scratch.file("logs/security", &(owner + &thief));
    let told = answer(&scratch);
    assert!(told.contains("Cannot tell whether anybody got in: account 304 was used from a network it was not used from before (240.99.40.7), 40 records of it: ask its user now"), "{told}");
    assert!(!told.contains("No intrusion") && !told.contains("taken for honest"), "{told}");
    let contained = prose(&scratch.run(&["contain", "logs"]));
    assert!(contained.contains("Ask first those whom the report names"), "{contained}");
    assert!(!contained.contains("Nothing to cut off"), "{contained}");
}

/// A mail with lines of a log: a phone that is reachable, and calls of account 205 that begin a second apart.
fn mail_with_calls(numbers: &[&str], seconds: usize) -> String {
    let mut lines = vec![
        "> [2026-11-13 04:10:10] NOTICE[18667] chan_sip.c: Peer '205' is now Reachable. (1ms / 2000ms)"
            .to_owned(),
    ];
    let call = |(at, number): (usize, &&str)| {
        let id = format!("{:08x}", at + 1000);
        let line = |at: usize, what: &str| {
            format!(
                "> [2026-11-13 04:{:02}:{:02}] VERBOSE[{}][C-{id}] {what}",
                11 + at / 60,
                at % 60,
                at + 700
            )
        };
        [
            line(
                at,
                &format!(
                    "pbx.c: Executing [{number}@from-internal:1] Dial(\"SIP/205-{id}\", \"SIP/carrier/{number},300,T\") in new stack"
                ),
            ),
            line(at, &format!("app_dial.c: SIP/carrier-{:08x} answered SIP/205-{id}", at + 5000)),
            line(
                at + seconds,
                &format!(
                    "pbx.c: Spawn extension (from-internal, {number}, 1) exited non-zero on 'SIP/205-{id}'"
                ),
            ),
        ]
    };
    lines.extend(numbers.iter().enumerate().flat_map(call));
    lines.sort_by_key(|line| line.get(2..23).map(str::to_owned));
    format!("From: a@example.org\nSubject: our log\n\nHi, this is what I found:\n\n{}\n", lines.join("\n"))
}

/// What stands before the first line of an excerpt is not known: calls that look like fraud there are neither cleared
/// nor blamed on anybody.
#[test]
fn an_excerpt_that_begins_with_the_fraud_clears_nobody() {
    let scratch = Scratch::new();
    let numbers = [
        "0025261555787",
        "0053590049388",
        "0096033118348",
        "0053590058758",
        "0025261555788",
        "0096033189803",
        "0053590476515",
    ];
    scratch.file("mail.eml", &mail_with_calls(&numbers, 300));
    let told = prose(&scratch.run(&["run", "mail.eml", "-o", "case"]));
    let asked = "Cannot tell whether anybody got in: account 205 was used for 7 calls that look like fraud (7 calls begun within a minute, ";
    assert!(told.contains(asked) && told.contains("before is not on record: ask its user now."), "{told}");
    assert!(!told.contains("nobody got in") && !told.contains("No intrusion"), "{told}");
    let report = fs::read(scratch.path().join("case/report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["incidents"], serde_json::json!([]), "nobody is blamed");
    let question = &report["to_confirm"][0];
    assert_eq!((&question["account"], &question["calls"]), (&"205".into(), &7.into()));
    assert_eq!(question["evidence"][0]["path"], "mail.eml", "{question}");
    let owner = fs::read_to_string(scratch.path().join("case/report.md")).unwrap();
    assert!(!owner.contains("aken for honest"), "{owner}");
    let statement = fs::read_to_string(scratch.path().join("case/statement.md")).unwrap();
    assert!(!statement.contains("No intrusion that succeeded"), "{statement}");
    for (numbers, seconds) in [(&numbers[..2], 300), (&["0911555100", "0911555101"], 40), (&numbers[..3], 1)]
    {
        scratch.file("mail.eml", &mail_with_calls(numbers, seconds));
        let told = prose(&scratch.run(&["run", "mail.eml"]));
        assert!(!told.contains("look like fraud"), "{numbers:?}: {told}");
    }
}

#[test]
fn one_file_or_several_pieces_of_evidence_are_taken() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    let single = rows(&scratch, &["logs/messages"]);
    assert!(single.iter().all(|row| row["path"] == "messages"));
    scratch.file("disk/etc/timezone", "Asia/Tokyo\n");
    let several = rows(&scratch, &["disk", "logs/messages"]);
    assert_eq!(several.len(), single.len());
    assert!(several.iter().all(|row| row["path"] == "root2/messages"));
    let report: Value =
        serde_json::from_str(&stdout(&scratch.run(&["run", "disk", "logs", "--format", "json"]))).unwrap();
    assert_eq!(report["case"]["evidence"], serde_json::json!(["disk", "logs"]));
    let paths: Vec<_> = report["evidence"].as_array().unwrap().iter().map(|row| &row["path"]).collect();
    assert_eq!(paths, ["root1/etc/timezone", "root2/full", "root2/messages", "root2/security"]);
}

/// What the phone systems of two branches sent to one syslog server: on one of them account 102 was guessed.
fn logs_of_two_machines() -> String {
    let mut lines: Vec<(String, &str, String)> = Vec::new();
    let call = |at: &str, second: &str, number: &str, id: u32| {
        [
            (second, format!("VERBOSE[31][C-{id:08x}]: pbx.c:2925 in pbx_extension_helper:     -- Executing [{number}@from-internal:1] Dial(\"SIP/102-{id:08x}\", \"SIP/trunk/{number}\") in new stack")),
            ("30", format!("VERBOSE[31][C-{id:08x}]: app_dial.c:1280 in wait_for_answer:     -- SIP/trunk-{id:08x} answered SIP/102-{id:08x}")),
        ]
        .map(|(second, text)| (format!("Mar  {at}:{second}"), text))
    };
    for (branch, net, failures) in [("north", 10, 6), ("south.example.org", 20, 60)] {
        for day in 2..7 {
            let registered = format!(
                "VERBOSE[30]: chan_sip.c:14660 in parse_register_contact:     -- Registered SIP '102' at 192.168.{net}.7:5060"
            );
            lines.push((format!("Mar  {day} 08:00:00"), branch, registered));
            for hour in 9..12 {
                let id = day * 100 + hour * 2 + net;
                let told = call(&format!("{day} {hour:02}:10"), "10", &format!("91555{id:04}"), id);
                lines.extend(told.map(|(at, text)| (at, branch, text)));
            }
        }
        for second in 0..failures {
            let failed = "NOTICE[30]: chan_sip.c:28500 in handle_request_register: Registration from '<sip:102@203.0.113.5>' failed for '198.51.100.7:5071' - Wrong password";
            lines.push((format!("Mar  5 02:00:{second:02}"), branch, failed.to_owned()));
        }
    }
    let branch = "south.example.org";
    let registered = "VERBOSE[30]: chan_sip.c:14660 in parse_register_contact:     -- Registered SIP '102' at 198.51.100.7:5071";
    lines.push(("Mar  5 02:05:00".to_owned(), branch, registered.to_owned()));
    for minute in 10..40 {
        let told = call(&format!("5 02:{minute}"), "10", &format!("0025261200{minute}77"), 5_000 + minute);
        lines.extend(told.map(|(at, text)| (at, branch, text)));
    }
    // Before the owner's own phone registers anew.
    lines.extend(call("5 07:40", "10", "915550007", 6_000).map(|(at, text)| (at, branch, text)));
    lines.sort();
    lines.iter().map(|(at, branch, text)| format!("{at} {branch} asterisk[2211]: {text}\n")).collect()
}

#[test]
fn logs_of_several_machines_can_be_told_apart() {
    let scratch = Scratch::new();
    scratch.file("logs/messages", &logs_of_two_machines());
    let report = |more: &[&str]| {
        let output = scratch.run(&[&["run", "logs", "--format", "json"][..], more].concat());
        serde_json::from_str::<Value>(&stdout(&output)).unwrap()
    };
    let all = report(&[]);
    assert_eq!(all["case"]["machines"], serde_json::json!(["north", "south.example.org"]));
    let shown = stdout(&scratch.run(&["run", "logs"]));
    assert!(shown.contains("The phone systems of several machines wrote these logs"), "{shown}");
    let south = report(&["--host", "south"]);
    let incident = &south["incidents"][0];
    assert_eq!(incident["calls"].as_array().unwrap().len(), 30, "the owner's call is his own");
    let because = incident["entry"]["because"].to_string();
    assert!(because.contains("60 wrong secrets for 102"), "{because}");
    let north = report(&["--host", "NORTH"]);
    assert_eq!(north["incidents"].as_array().map(Vec::len), Some(0));
    assert_eq!(north["case"]["machines"], serde_json::json!([]));
    assert!(north["case"]["filters"].to_string().contains("those of NORTH alone"), "{}", north["case"]);
    let none = report(&["--host", "east"])["case"]["filters"].to_string();
    assert!(none.contains("No log names it"), "{none}");
}

#[test]
fn each_of_several_machines_has_its_own_zone_and_version() {
    let scratch = Scratch::new();
    let line = "[2026-03-07 12:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n";
    let banner = |version: &str| {
        format!(
            "[2026-03-07 11:00:00] Asterisk {version} built by root @ host on a x86_64 running Linux on 2025-01-01 00:00:00 UTC\n"
        )
    };
    for (name, zone, version) in [("tokyo", "Asia/Tokyo", "18.26.4"), ("lima", "America/Lima", "1.8.32.3")] {
        scratch.file(&format!("{name}/etc/timezone"), &format!("{zone}\n"));
        scratch.file(&format!("{name}/var/log/asterisk/full"), &(banner(version) + line));
    }
    scratch.file("logs/full", &format!("{line}\n"));
    let given = ["tokyo", "lima", "logs"];
    let times: Vec<(String, String)> = rows(&scratch, &given)
        .iter()
        .filter(|row| row["action"] == "auth-failed")
        .map(|row| (row["path"].as_str().unwrap().to_owned(), row["datetime"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(
        times,
        [
            ("root1/var/log/asterisk/full".to_owned(), "2026-03-07T03:00:00.000000Z".to_owned()),
            ("root3/full".to_owned(), "2026-03-07T03:00:00.000000Z".to_owned()),
            ("root2/var/log/asterisk/full".to_owned(), "2026-03-07T17:00:00.000000Z".to_owned()),
        ]
    );
    let output = scratch.run(&["run", "tokyo", "lima", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let system = |index: usize| {
        let system = &report["case"]["systems"][index];
        [&system["timezone"], &system["product"]].map(|value| value.as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(system(0), ["Asia/Tokyo", "Asterisk 18.26.4"]);
    assert_eq!(system(1), ["America/Lima", "Asterisk 1.8.32.3"]);
    // Disks that lie side by side in one folder are each a machine's, by their hosts' names.
    for (folder, hosts) in [("both", ["tokyo", "lima"]), ("copies", ["tokyo", "tokyo"])] {
        for (place, host, zone) in [("a", hosts[0], "Asia/Tokyo"), ("b/rootfs", hosts[1], "America/Lima")] {
            scratch.file(&format!("{folder}/{place}/etc/hostname"), &format!("{host}\n"));
            scratch.file(&format!("{folder}/{place}/etc/timezone"), &format!("{zone}\n"));
            scratch.file(&format!("{folder}/{place}/var/log/asterisk/full"), &format!("{line}{place}\n"));
        }
    }
    scratch.file("both/notes.txt", "who called when\n");
    let zones = |folder: &str| {
        let told = rows(&scratch, &[folder]);
        let times: Vec<String> =
            told.iter().filter_map(|row| row["datetime"].as_str()).map(str::to_owned).collect();
        times
    };
    assert_eq!(zones("both"), ["2026-03-07T03:00:00.000000Z", "2026-03-07T17:00:00.000000Z"]);
    assert_eq!(zones("copies").iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
    // What the user says stands over all.
    let told = rows(&scratch, &["tokyo", "lima", "--tz", "UTC"]);
    assert!(told.iter().all(|row| row["datetime"].as_str().unwrap().starts_with("2026-03-07T1")));
}

#[test]
fn times_leave_out_what_lies_before_and_after() {
    let scratch = Scratch::new();
    let line = |time: &str| {
        format!(
            "[2026-03-07 {time}] NOTICE[1] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n"
        )
    };
    scratch.file("e/full", &["01:00:00", "02:00:00", "03:00:00", "04:00:00"].map(line).concat());
    let count =
        |arguments: &[&str]| rows(&scratch, &[&["e", "--tz", "Europe/Madrid"][..], arguments].concat()).len();
    assert_eq!(count(&[]), 4);
    for since in [
        "2026-03-07 02:00:00",
        "2026-03-07 02:00",
        "2026-03-07T02:00",
        "2026-03-07T01:00:00Z",
        "2026-03-07T02:00:00+01:00",
    ] {
        assert_eq!(count(&["--since", since]), 3, "{since}");
        assert_eq!(count(&["--until", since]), 1, "{since}");
    }
    assert_eq!(count(&["--since", "2026-03-07 02:00", "--until", "2026-03-07 04:00"]), 2);
    assert_eq!((count(&["--since", "2026-03-08"]), count(&["--until", "2026-03-08"])), (0, 4));
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    for time in ["yesterday", "2026-13-40", "2026-02-30", "2026-03-07 25:00", "", "12:00", "07/03/2026"] {
        fails(&scratch, &["timeline", "logs", "--since", time], 2, &format!("--since {time}: neither"));
        fails(&scratch, &["run", "logs", "--until", time], 2, &format!("--until {time}: neither"));
    }
    fails(
        &scratch,
        &["run", "logs", "--since", "2026-11-12", "--until", "2026-11-11"],
        2,
        "--since 2026-11-12 --until",
    );
    for zone in ["Mars/Olympus", "../../etc/passwd", "CEST+9:99"] {
        fails(&scratch, &["run", "logs", "--tz", zone], 2, &format!("--tz {zone}: no such zone"));
    }
    for year in ["12", "2O26", "99999"] {
        let output = scratch.run(&["run", "logs", "--year", year]);
        assert_eq!(code(&output), 2, "{}", stderr(&output));
    }
}

#[test]
fn a_year_is_taken_where_stamps_have_none() {
    let scratch = Scratch::new();
    scratch.file("e/full", "[Mar  7 01:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n");
    let rows = rows(&scratch, &["e", "--tz", "UTC", "--year", "2019"]);
    assert_eq!(rows[0]["datetime"], "2019-03-07T01:00:00.000000Z");
}

#[test]
fn a_pipe_that_ends_early_ends_the_program_quietly() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    for verb in ["timeline", "run"] {
        let mut child = scratch
            .command(env!("CARGO_BIN_EXE_tolltrace"))
            .args([verb, "logs"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{verb}");
    }
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let scratch = Scratch::new();
    three_logs(&scratch);
    scratch.file("precious/thesis.txt", "mine");
    scratch.file("file", "");
    fails(&scratch, &["run", "logs", "-o", "precious"], 2, "precious: is not empty");
    fails(&scratch, &["run", "logs", "-o", "file"], 2, "file: is a file");
    fails(&scratch, &["timeline", "logs", "-o", "no/such/folder.jsonl"], 2, "no/such/folder.jsonl: ");
    fails(&scratch, &["timeline", "logs", "-o", "precious"], 2, "precious: ");
    assert_eq!(fs::read_to_string(scratch.path().join("precious/thesis.txt")).unwrap(), "mine");
    // The folder of an earlier case is written anew.
    for _ in 0..2 {
        assert_eq!(code(&scratch.run(&["run", "logs", "-q", "-o", "case"])), 0);
    }
}

#[test]
fn a_manual_page_of_a_command_has_the_programs_version() {
    let scratch = Scratch::new();
    let page = stdout(&scratch.run(&["man", "timeline"]));
    let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
    assert!(title.contains(env!("CARGO_PKG_VERSION")), "{title}");
}

#[test]
fn the_zone_is_found_when_etc_itself_is_given() {
    let line = "[2026-03-07 12:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n";
    let scratch = Scratch::new();
    scratch.file("copy/etc/timezone", "Asia/Tokyo\n");
    scratch.file("copy/log/full", line);
    assert_eq!(rows(&scratch, &["copy/etc", "copy/log"])[0]["datetime"], "2026-03-07T03:00:00.000000Z");
    let linked = Scratch::new();
    fs::create_dir_all(linked.path().join("copy/etc")).unwrap();
    std::os::unix::fs::symlink("/usr/share/zoneinfo/Asia/Tokyo", linked.path().join("copy/etc/localtime"))
        .unwrap();
    linked.file("copy/etc/hosts", "127.0.0.1 localhost\n");
    linked.file("copy/log/full", line);
    assert_eq!(rows(&linked, &["copy/log", "copy/etc"])[0]["datetime"], "2026-03-07T03:00:00.000000Z");
    // A folder of another name says nothing about the system.
    let other = Scratch::new();
    other.file("copy/notes/timezone", "Asia/Tokyo\n");
    other.file("copy/log/full", line);
    assert_eq!(rows(&other, &["copy/notes", "copy/log"])[0]["datetime"], "2026-03-07T12:00:00.000000Z");
}
