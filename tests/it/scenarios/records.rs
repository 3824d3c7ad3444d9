//! Call records alone, and calls that leave more than one row.

use tolltrace::case::Options;
use tolltrace::report::sections::{Section, View};

use super::people::{AMERICAN, DAY, GERMAN, HOUR, office, pump};
use super::stage::{Driver, Logs, Row, Stage};
use super::truth::{Truth, compare, examine, examine_folder, examine_with};
use crate::scratch::Scratch;

fn records_only(zone: &str, accounts: &[&str]) -> Stage {
    let mut stage = Stage::new(Driver::Pjsip, zone).with(accounts);
    stage.logs = Logs { full: false, messages: false, security: false, json: false };
    stage
}

#[test]
fn fraud_that_only_call_records_tell() {
    for configuration in [true, false] {
        let mut stage = records_only("Europe/Berlin", &["10", "11", "12"]);
        stage.configuration = configuration;
        let monday = stage.at("2026-03-02 00:00:00");
        let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
        office(&mut stage, &phones, monday, 12, &GERMAN);
        let night = stage.at("2026-03-08 01:00:00");
        let numbers = ["00252615550199", "0023221555017", "00960355501"];
        let calls = pump(&mut stage, "11", "193.1.1.1", &numbers, night, 150, 12);
        let truth = Truth {
            vectors: vec!["unknown", "stolen-credential"],
            accounts: vec!["11"],
            sources: vec![],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn a_call_centre_is_busy_and_honest() {
    for logs in [true, false] {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin");
        let names: Vec<String> = (0..12).map(|agent| (700 + agent).to_string()).collect();
        stage = stage.with(&names.iter().map(String::as_str).collect::<Vec<_>>());
        if !logs {
            stage.logs = Logs { full: false, messages: false, security: false, json: false };
        }
        let monday = stage.at("2026-03-02 00:00:00");
        for day in 0..5 {
            for (agent, name) in names.iter().enumerate() {
                let peer = format!("10.7.0.{}", agent + 10);
                stage.register(name, &peer, monday + day * DAY + 7 * HOUR);
                for call in 0..100i64 {
                    let at = monday + day * DAY + 8 * HOUR + call * 280 + agent as i64 * 5;
                    let number = match call % 10 {
                        0 => format!("00435550{:03}", (call + agent as i64) % 200),
                        1 => format!("00415550{:03}", (call + agent as i64) % 200),
                        _ => format!("030555{:04}", (call * 13 + agent as i64 * 7 + day) % 5_000),
                    };
                    stage.call(name, &peer, &number, at, 150);
                }
            }
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn a_salesman_calls_home_and_abroad_in_the_evening() {
    for logs in [true, false] {
        let mut stage = Stage::new(Driver::Sip, "Europe/Zurich").with(&["10", "11", "12"]);
        if !logs {
            stage.logs = Logs { full: false, messages: false, security: false, json: false };
        }
        let monday = stage.at("2026-03-02 00:00:00");
        office(
            &mut stage,
            &[("10", "192.168.2.10"), ("11", "192.168.2.11")],
            monday,
            12,
            &["0445550101", "0315550102"],
        );
        office(&mut stage, &[("12", "192.168.2.12")], monday, 4, &["0445550101", "0315550102"]);
        for (day, peer) in [(4, "95.90.1.1"), (5, "151.48.2.2"), (6, "151.48.2.2"), (8, "88.12.3.3")] {
            let evening = monday + day * DAY + 18 * HOUR;
            stage.register("12", peer, evening);
            for (call, number) in
                ["00390255501", "0034915550", "0039025550", "0445550101"].into_iter().enumerate()
            {
                stage.call("12", peer, number, evening + 300 + call as i64 * 900, 400);
            }
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn queues_forks_and_transfers_are_counted_once() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Chicago").with(&["301", "302", "303"]);
    let monday = stage.at("2026-10-05 00:00:00");
    let phones = [("301", "10.1.1.1"), ("302", "10.1.1.2"), ("303", "10.1.1.3")];
    office(&mut stage, &phones, monday, 8, &AMERICAN);
    // Ring groups: one row a leg, all with one id.
    for call in 0..60i64 {
        let at = monday + call * 9_000 + 3;
        let id = format!("{at}.{}", 70_000 + call);
        for (member, end) in [("301", "NO ANSWER"), ("302", "ANSWERED"), ("303", "NO ANSWER")] {
            stage.record(&Row {
                at,
                seconds: 60,
                src: "3125559999",
                name: "",
                dst: "600",
                context: "from-trunk",
                channel: &format!("PJSIP/carrier-{:08x}", 0xb000 + call),
                to: &format!("PJSIP/{member}-{:08x}", 0xc000 + call),
                disposition: end,
                uniqueid: Some(&id),
            });
        }
    }
    let night = stage.at("2026-10-10 02:00:00");
    let peer = "67.8.8.8";
    for attempt in 0..50 {
        stage.wrong("302", peer, night + attempt * 4);
    }
    stage.register("302", peer, night + 220);
    let mut calls = Vec::new();
    for call in 0..30i64 {
        let at = night + 400 + call * 30;
        stage.note(at, "NOTICE", None, "app.c", "step".into());
        // The first carrier is full, the second takes it: two rows of one call.
        let id = format!("{at}.{}", 80_000 + call);
        let channel = format!("PJSIP/302-{:08x}", 0xd000 + call);
        for (to, end) in [("PJSIP/carrier-0000e001", "FAILED"), ("PJSIP/carrier-0000e002", "ANSWERED")] {
            stage.record(&Row {
                at,
                seconds: 180,
                src: "302",
                name: "",
                dst: "901123255501",
                context: "from-internal",
                channel: &channel,
                to,
                disposition: end,
                uniqueid: Some(&id),
            });
        }
        calls.push(id);
    }
    // While the intruder has the account its owner phones a colleague, and is called.
    stage.inside("302", "301", night + 8 * HOUR, 50);
    stage.incoming("302", "3125557777", night + 8 * HOUR + 90, 50);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["302"],
        sources: vec![(peer.into(), "dial guess register")],
        calls,
    };
    let report = examine(&mut stage);
    compare(&report, &[truth], &[]);
    assert_eq!(report.incidents[0].totals.seconds, Some(30 * 180));
}

#[test]
fn gaps_say_what_time_is_missing() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 3, &GERMAN);
    let night = stage.at("2026-03-02 03:00:00");
    for attempt in 0..90 {
        stage.wrong("11", "45.9.9.9", night + attempt * 3);
    }
    stage.register("11", "45.9.9.9", night + 300);
    pump(&mut stage, "11", "45.9.9.9", &["00252615550144"], night + 400, 40, 20);
    for day in 0..9 {
        stage.leave("10", None, GERMAN[0], monday + (3 + day) * DAY + 9 * HOUR, 60, "ANSWERED");
    }
    stage.rotations = vec![monday + 2 * DAY];
    let report = examine(&mut stage);
    let gaps: Vec<&str> = report.gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert!(gaps.iter().any(|gap| gap.starts_with("The phone server's logs begin ")), "{gaps:?}");
    let entry = &report.incidents[0].entry;
    let words = format!("{:?}{:?}{:?}", entry.because, entry.against, entry.alternatives);
    assert!(!words.contains("nobody guessed"), "{words}");
}

#[test]
fn what_an_option_leaves_out_is_not_missing() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
    for day in 0..5 {
        let line = format!("in.tftpd[{}]: RRQ from 192.168.2.10 filename phone.cfg", 40 + day);
        stage.syslog(monday + day * DAY + 7 * HOUR, &line);
    }
    let whole = examine(&mut stage).gaps;
    assert!(whole.is_empty(), "{whole:?}");
    for (since, until) in
        [(Some("2026-03-20"), None), (None, Some("2026-03-01")), (Some("2026-03-06 15:00"), None)]
    {
        let options = Options {
            since: since.map(str::to_owned),
            until: until.map(str::to_owned),
            ..Options::default()
        };
        let gaps = examine_with(&mut stage, &options).gaps;
        assert_eq!(gaps, whole, "{since:?} {until:?}");
    }
}

#[test]
fn a_syslog_that_ends_early_is_a_gap() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
    stage.syslog(monday + 7 * HOUR, "in.tftpd[40]: RRQ from 192.168.2.10 filename phone.cfg");
    let gaps = examine(&mut stage).gaps;
    let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
    assert!(gap.what.starts_with("The syslog ends at 2026-03-02 07:00, "), "{}", gap.what);
}

#[test]
fn the_same_calls_in_three_files_are_counted_once() {
    let mut stage = records_only("Europe/Berlin", &["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 8, &GERMAN);
    let night = stage.at("2026-03-08 01:00:00");
    let calls = pump(&mut stage, "11", "193.1.1.1", &["00252615550199"], night, 90, 12);
    stage.copy_records("var/log/asterisk/cdr-csv/11.csv", 3);
    let truth =
        Truth { vectors: vec!["unknown", "stolen-credential"], accounts: vec!["11"], sources: vec![], calls };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn what_no_record_measures_is_not_nothing() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    stage.records = false;
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
    let night = stage.at("2026-03-06 01:00:00");
    stage.register("11", "193.1.1.1", night);
    pump(&mut stage, "11", "193.1.1.1", &["00252615550199", "0023221555017"], night + 60, 60, 6);
    let report = examine(&mut stage);
    let incident = &report.incidents[0];
    assert!(incident.totals.calls > 0);
    assert_eq!((incident.totals.seconds, incident.totals.unmeasured), (None, incident.totals.calls));
    assert!(incident.calls.iter().all(|call| call.seconds.is_none()));
    assert!(!incident.title.contains("billed"), "{}", incident.title);
    assert!(report.assessment.incident.by_destination.iter().all(|sum| sum.seconds.is_none()));
}

#[test]
fn the_last_sign_of_an_intruder_is_the_end_of_a_call() {
    let mut stage = records_only("UTC", &["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
    let night = stage.at("2026-03-07 01:00:00");
    pump(&mut stage, "11", "193.1.1.1", &["00252615550199", "0023221555017"], night, 60, 6);
    let report = examine(&mut stage);
    let incident = &report.incidents[0];
    let last = incident.calls.iter().max_by_key(|call| call.start).unwrap();
    assert!(last.end.unwrap() > last.start.unwrap());
    assert_eq!(last.end, report.case.evidence_ends, "the evidence ends with the last call");
    let answer = Section::Answer.blocks(&report, View::full(false));
    let answer = tolltrace::report::text::render(&answer, false);
    assert!(answer.contains("the evidence goes on for 0s after that"), "{answer}");
}

/// Cuts a row down to the sixteen columns that it has without `loguniqueid`, with its times in GMT: three hours later.
fn in_gmt(row: &str) -> String {
    let later = |piece: &str| {
        let time = chrono::NaiveDateTime::parse_from_str(piece, "%Y-%m-%d %H:%M:%S").ok()?;
        Some((time + chrono::TimeDelta::hours(3)).format("%Y-%m-%d %H:%M:%S").to_string())
    };
    let pieces: Vec<String> =
        row.split('"').map(|piece| later(piece).unwrap_or_else(|| piece.to_owned())).collect();
    let whole = pieces.join("\"");
    whole.rsplitn(3, ',').last().unwrap_or_default().to_owned() + "\n"
}

#[test]
fn records_in_gmt_without_ids_are_told_by_what_the_logs_say_of_the_same_calls() {
    // The log's dialplan names the channels; the security log alone only the accounts.
    for full in [true, false] {
        let mut stage = Stage::new(Driver::Pjsip, "America/Sao_Paulo").with(&["10", "11", "12"]);
        stage.logs = Logs { full, messages: !full, security: true, json: false };
        let monday = stage.at("2026-03-02 00:00:00");
        let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
        office(&mut stage, &phones, monday, 8, &GERMAN);
        let (night, stranger) = (monday + 4 * DAY + HOUR, "198.51.100.66");
        for attempt in 0..100 {
            stage.wrong("12", stranger, night - 600 + attempt * 5);
        }
        stage.register("12", stranger, night - 30);
        pump(&mut stage, "12", stranger, &["0025261550001", "0025261550002"], night, 40, 45);
        let scratch = Scratch::new();
        stage.write(&scratch);
        let path = scratch.path().join("var/log/asterisk/cdr-csv/Master.csv");
        let rows = std::fs::read_to_string(&path).unwrap();
        scratch.file("var/log/asterisk/cdr-csv/Master.csv", &rows.lines().map(in_gmt).collect::<String>());
        std::fs::remove_file(scratch.path().join("etc/asterisk/cdr.conf")).unwrap();
        let report = examine_folder(scratch.path(), &Options::default());
        let [incident] = report.incidents.as_slice() else { panic!("one incident") };
        assert_eq!((incident.entry.vector.word(), incident.calls.len()), ("password-guess", 40));
        let roles: Vec<_> =
            incident.sources.iter().map(|source| (source.address.to_string(), source.roles.len())).collect();
        assert_eq!(roles, [(stranger.to_owned(), 3)]);
    }
}
