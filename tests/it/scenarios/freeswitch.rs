//! FreeSWITCH: taken over, lied to, and quiet.

use tolltrace::case::Options;
use tolltrace::report::model::Report;

use super::switch::{Staged, Switch, at};
use super::truth::{Truth, compare, examine_folder};
use crate::scratch::Scratch;

const OWNER: &str = "10.0.0.7";
const THIEF: &str = "203.0.113.30";
const GUESSER: &str = "198.51.100.66";

fn examine(switch: &mut Switch) -> Report {
    let scratch = Scratch::new();
    switch.write(&scratch);
    examine_folder(scratch.path(), &Options::default())
}

fn call<'a>(caller: &'a str, peer: &'a str, number: &'a str, at: i64, seconds: u32) -> Staged<'a> {
    Staged { caller, peer, number, at, seconds, by_trunk: true, sent_on: None }
}

/// A week of honest calls.
fn office(switch: &mut Switch, caller: &str, number: &str) {
    for day in 0..7 {
        let morning = at("2026-03-02 09:00:00") + day * 86_400;
        switch.register(caller, OWNER, morning);
        for hour in 0..4 {
            switch.call(&call(caller, OWNER, number, morning + hour * 3_600, 95));
        }
    }
}

/// A night of calls to places that nobody here calls.
fn night(switch: &mut Switch, caller: &str, from: &str) -> Vec<String> {
    let start = at("2026-03-09 02:00:00");
    let number = |index: i64| format!("0088213{:07}", 1_000_000 + index * 7_919);
    (0..40).map(|index| switch.call(&call(caller, from, &number(index), start + index * 9, 60))).collect()
}

fn guess(switch: &mut Switch, name: &str) {
    for index in 0..60 {
        switch.wrong(name, GUESSER, at("2026-03-08 23:00:00") + index * 2);
    }
}

fn told(report: &Report, id: &str) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.id == id);
    findings.map(|finding| finding.subject.raw().to_string()).collect()
}

#[test]
fn a_guessed_secret_is_found_whatever_records_there_are() {
    for (csv, json, log, idle) in [
        (true, false, true, true),
        (false, true, true, false),
        (true, true, true, true),
        (false, false, true, false),
    ] {
        let mut switch = Switch { csv, json, log, idle, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        office(&mut switch, "1001@pbx.example", "0307654321");
        guess(&mut switch, "1007@pbx.example");
        switch.unknown("admin@pbx.example", "203.0.113.99", at("2026-03-08 12:00:00"));
        let calls = night(&mut switch, "1007@pbx.example", THIEF);
        let calls = if csv || json { calls } else { vec![String::new(); calls.len()] };
        let report = examine(&mut switch);
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["1007"],
            sources: vec![(THIEF.to_owned(), "dial"), (GUESSER.to_owned(), "guess")],
            calls,
        };
        if csv || json {
            compare(&report, &[truth], &["203.0.113.99"]);
        } else {
            assert_eq!(report.incidents.len(), 1);
            assert_eq!(report.incidents[0].calls.len(), 40);
        }
    }
}

#[test]
fn one_try_at_a_name_that_nobody_has_is_one() {
    let mut switch = Switch::new();
    for index in 0..10 {
        switch.unknown(&format!("{index}a@pbx.example"), GUESSER, at("2026-03-08 12:00:00") + index);
    }
    let report = examine(&mut switch);
    assert_eq!(report.failed_attackers.len(), 1);
    assert_eq!(report.failed_attackers[0].attempts, Some(10));
}

#[test]
fn what_stock_logging_leaves_out_is_a_gap_and_no_proof_of_absence() {
    let mut switch = Switch { logs_wrong_secrets: false, json: true, ..Switch::new() };
    office(&mut switch, "1007@pbx.example", "0301234567");
    guess(&mut switch, "1007@pbx.example");
    let calls = night(&mut switch, "1007@pbx.example", THIEF);
    let report = examine(&mut switch);
    let truth = Truth {
        vectors: vec!["unknown"],
        accounts: vec!["1007"],
        sources: vec![(THIEF.to_owned(), "dial")],
        calls,
    };
    compare(&report, &[truth], &[]);
    assert!(report.gaps.iter().any(|gap| gap.what.contains("log-auth-failures is off")), "{:?}", report.gaps);
}

#[test]
fn the_same_user_of_two_domains_is_two_accounts() {
    let mut switch =
        Switch { json: true, csv: false, domains: vec!["one.example", "two.example"], ..Switch::new() };
    office(&mut switch, "1007@one.example", "0301234567");
    office(&mut switch, "1007@two.example", "0301234567");
    guess(&mut switch, "1007@two.example");
    let calls = night(&mut switch, "1007@two.example", THIEF);
    let report = examine(&mut switch);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["1007@two.example"],
        sources: vec![(THIEF.to_owned(), "dial"), (GUESSER.to_owned(), "guess")],
        calls,
    };
    compare(&report, &[truth], &[]);
}

#[test]
fn calls_that_the_dialplan_lets_out_for_anybody_are_a_guests() {
    for json in [true, false] {
        let mut switch = Switch { json, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        let calls = night(&mut switch, "sipp", THIEF);
        let report = examine(&mut switch);
        let truth = Truth {
            vectors: vec!["guest-call"],
            accounts: vec![],
            sources: vec![(THIEF.to_owned(), "dial")],
            calls,
        };
        compare(&report, &[truth], &[]);
    }
}

#[test]
fn a_colleague_abroad_is_no_intruder() {
    for (json, log) in [(true, false), (false, true)] {
        let mut switch = Switch { json, log, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        for day in 0..7 {
            for index in 0..6 {
                // Several numbers in a row, as somebody does who looks for somebody.
                let start = at("2026-03-02 09:30:00") + day * 86_400 + index * 14;
                let number = format!("0044207{:07}", 1_000_000 + day * 1_000 + index);
                switch.call(&call("1001@pbx.example", "203.0.113.50", &number, start, 10));
            }
        }
        compare(&examine(&mut switch), &[], &[]);
    }
}

#[test]
fn secrets_that_were_guessed_by_calls_count_for_their_account() {
    let mut switch = Switch::new();
    office(&mut switch, "1007@pbx.example", "0301234567");
    for index in 0..60 {
        let start = at("2026-03-08 23:00:00") + index * 3;
        switch.wrong_call("1007@pbx.example", "00442071234567", THIEF, start);
    }
    let calls = night(&mut switch, "1007@pbx.example", THIEF);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["1007"],
        sources: vec![(THIEF.to_owned(), "dial guess scan")],
        calls,
    };
    compare(&examine(&mut switch), &[truth], &[]);
}

#[test]
fn calls_of_a_carrier_that_no_file_names_are_sent_on_without_blame() {
    for json in [true, false] {
        let mut switch = Switch { json, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        for index in 0..40 {
            let start = at("2026-03-04 10:00:00") + index * 600;
            let inward = call("+4915112345678", "203.0.113.200", "+49301112233", start, 60);
            switch.call(&Staged { sent_on: Some("015199887766"), ..inward });
        }
        compare(&examine(&mut switch), &[], &[]);
    }
}

#[test]
fn scans_without_an_account_cost_nothing() {
    for json in [true, false] {
        let mut switch = Switch { json, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        for index in 0..30 {
            let number = format!("{index:03}972591111111");
            let start = at("2026-03-08 12:00:00") + index * 5;
            switch.call(&Staged { by_trunk: false, ..call("100", GUESSER, &number, start, 0) });
        }
        compare(&examine(&mut switch), &[], &[GUESSER]);
    }
}

#[test]
fn calls_that_the_server_was_told_to_make_are_found_without_any_login() {
    for (json, log) in [(true, false), (false, true)] {
        let mut switch = Switch { json, log, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        let start = at("2026-03-09 02:00:00");
        let number = |index: i64| format!("0088213{:07}", 1_000_000 + index * 7_919);
        let calls = (0..40).map(|index| switch.originate(&number(index), start + index * 9, 60)).collect();
        let truth = Truth { vectors: vec!["manager-interface"], accounts: vec![], sources: vec![], calls };
        compare(&examine(&mut switch), &[truth], &[]);
    }
}

/// A row and lines that a packet wrote, between honest ones.
fn lie(switch: &mut Switch) {
    let noon = at("2026-03-05 12:30:00");
    for index in 0..40 {
        switch.row(
            noon,
            &format!(
                "\"1001\",\"1001\",\"0088213{index:07}\",\"default\",\"2026-03-05 01:00:00\",\"2026-03-05 01:00:01\",\"2026-03-05 01:10:00\",\"600\",\"599\",\"NORMAL_CLEARING\",\"11111111-2222-4333-8444-{index:012x}\",\"\",\"1001\",\"PCMA\",\"PCMA\""
            ),
        );
    }
    let uuid = "c45bcb2a-fdf5-45fd-8a3e-b8cdecf89d60";
    let head = "2026-03-05 12:30:00.012345 66.67%";
    switch.raw(noon, &format!("{uuid} {head} [NOTICE] switch_channel.c:1142 New Channel sofia/external/100"));
    for index in 0..40 {
        switch.raw(noon, &format!("{uuid} {head} [WARNING] sofia_reg.c:1787 SIP auth failure (REGISTER) on sofia profile 'internal' for [1001@pbx.example] from ip {THIEF}"));
        let other = format!("11111111-2222-4333-8444-{index:012x}");
        switch.raw(noon, &format!("{uuid} {head} [NOTICE] switch_channel.c:1142 New Channel sofia/internal/1001@pbx.example [{other}]"));
    }
    switch.raw(noon, &format!("{uuid} x@192.0.2.1 [{uuid}]"));
}

#[test]
fn what_one_packet_can_write_blames_nobody_and_is_told() {
    for (json, log) in [(false, true), (true, true), (true, false)] {
        let mut switch = Switch { json, log, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        office(&mut switch, "1001@pbx.example", "0307654321");
        lie(&mut switch);
        let report = examine(&mut switch);
        compare(&report, &[], &[]);
        assert!(!told(&report, "unproven-call-record").is_empty(), "json {json} log {log}");
        assert_eq!(told(&report, "forged-log-lines").len(), usize::from(log));
    }
}

/// Guesses and calls of an account that nobody took over, as a caller writes them behind a line that breaks off.
fn forge_session(switch: &mut Switch, broken: &str, behind: &[&str]) {
    let noon = at("2026-03-05 12:30:00");
    let head = "2026-03-05 12:30:00.012345 66.67%";
    switch.raw(noon, &format!("{head} {broken}"));
    behind.iter().for_each(|line| switch.raw(noon, line));
    for _ in 0..40 {
        switch.raw(noon, &format!("{head} [WARNING] sofia_reg.c:1787 SIP auth failure (REGISTER) on sofia profile 'internal' for [1001@pbx.example] from ip {THIEF}"));
    }
    let channel = "sofia/internal/1001@pbx.example";
    for index in 0..40 {
        let uuid = format!("aaaaaaaa-8159-49b0-90fe-{index:012x}");
        let number = format!("0088213{index:07}");
        for line in [
            format!("{head} [NOTICE] switch_channel.c:1142 New Channel {channel} [{uuid}]"),
            format!(
                "{head} [INFO] sofia.c:10460 {channel} receiving invite from {THIEF}:5060 version: 1.10.9 call-id: 1"
            ),
            format!(
                "{head} [INFO] mod_dialplan_xml.c:639 Processing 1001 <1001>->{number} in context default"
            ),
            format!("EXECUTE [depth=0] {channel} bridge(sofia/gateway/carrier/{number})"),
            format!("{head} [NOTICE] switch_ivr_originate.c:3855 Channel [{channel}] has been answered"),
        ] {
            switch.raw(noon, &format!("{uuid} {line}"));
        }
    }
}

/// Takes the uuids off the lines, as `mod_logfile` leaves them out where it is told to.
fn without_uuids(switch: &mut Switch) {
    let is_prefixed =
        |line: &str| line.get(..37).is_some_and(|uuid| uuid.ends_with(' ') && !uuid.contains('.'));
    for (_, line) in switch.lines.iter_mut().filter(|(_, line)| is_prefixed(line)) {
        line.drain(..37);
    }
}

const BROKEN_SQL: &str = "[DEBUG] mod_cdr_sqlite.c:90 Writing SQL to DB: INSERT INTO cdr VALUES(\"NL";

#[test]
fn sessions_that_a_caller_wrote_into_printed_sql_blame_nobody() {
    let end = "x'bbbbbbbb-8159-49b0-90fe-f5ab19831700')";
    for behind in [&[][..], &[end]] {
        for json in [true, false] {
            let mut switch = Switch { csv: false, json, ..Switch::new() };
            office(&mut switch, "1007@pbx.example", "0301234567");
            forge_session(&mut switch, BROKEN_SQL, behind);
            let report = examine(&mut switch);
            compare(&report, &[], &[]);
            assert!(report.failed_attackers.is_empty(), "json {json}: {:?}", report.failed_attackers);
            assert_eq!(told(&report, "forged-log-lines").len(), 1);
        }
    }
}

#[test]
fn a_name_with_a_line_end_blames_nobody_in_a_log_without_uuids() {
    for broken in [
        "[NOTICE] switch_channel.c:1142 New Channel sofia/external/NL",
        "[INFO] mod_dialplan_xml.c:639 Processing NL",
    ] {
        let mut switch = Switch { csv: false, json: true, ..Switch::new() };
        office(&mut switch, "1007@pbx.example", "0301234567");
        without_uuids(&mut switch);
        forge_session(&mut switch, broken, &["@10.0.0.1 [bbbbbbbb-8159-49b0-90fe-f5ab19831700]"]);
        let report = examine(&mut switch);
        compare(&report, &[], &[]);
        assert!(report.failed_attackers.is_empty(), "{broken}: {:?}", report.failed_attackers);
    }
}

#[test]
fn a_caller_who_breaks_a_line_off_hides_no_calls() {
    let mut switch = Switch { csv: false, ..Switch::new() };
    office(&mut switch, "1007@pbx.example", "0301234567");
    let calls = night(&mut switch, "1007@pbx.example", THIEF);
    let two = at("2026-03-09 02:00:01");
    switch.raw(two, &format!("2026-03-09 02:00:01.012345 66.67% {BROKEN_SQL}"));
    switch.raw(two, &format!("\",0,0,\"NORMAL_CLEARING\",\"{}\",\"\",\"\")", calls[0]));
    let report = examine(&mut switch);
    assert_eq!(report.incidents.len(), 1);
    assert_eq!(report.incidents[0].calls.len(), calls.len());
}

#[test]
fn a_row_that_only_a_missing_log_would_know_counts_and_is_marked() {
    let mut switch = Switch { log: false, ..Switch::new() };
    office(&mut switch, "1007@pbx.example", "0301234567");
    let calls = night(&mut switch, "1007@pbx.example", THIEF);
    let report = examine(&mut switch);
    let truth = Truth { vectors: vec!["unknown"], accounts: vec!["1007"], sources: vec![], calls };
    compare(&report, &[truth], &[]);
    assert!(report.incidents[0].calls.iter().all(|call| call.why.contains("one packet")));
}

#[test]
fn default_secrets_are_found_in_comments_too() {
    let mut switch = Switch::new();
    let report = examine(&mut switch);
    let weak = report.findings.iter().filter(|finding| finding.id == "weak-secret");
    let accounts = weak.filter(|finding| finding.subject.raw().starts_with("SIP accounts"));
    let named: Vec<&str> = accounts.filter_map(|finding| finding.detail.split("Whose: ").nth(1)).collect();
    assert_eq!(named, ["1000.", "1007."]);
}
