//! Accounts that somebody else used.

use tolltrace::case::Options;
use tolltrace::report::model::Role;
use tolltrace::untrusted::Untrusted;

use super::people::{AMERICAN, DAY, GERMAN, HOUR, office, pump, sweep};
use super::stage::{Driver, Stage};
use super::truth::{Truth, compare, examine, examine_folder};
use crate::scratch::Scratch;

#[test]
fn a_valid_credential_out_of_nowhere_on_a_saturday() {
    let mut stage = Stage::new(Driver::Sip, "America/New_York").with(&["1000", "1001", "1002"]);
    stage.logs.security = false;
    (stage.long_dates, stage.media) = (false, false);
    let monday = stage.at("2021-06-14 00:00:00");
    let phones = [("1000", "192.168.4.20"), ("1001", "192.168.4.21"), ("1002", "192.168.4.22")];
    office(&mut stage, &phones, monday, 7, &AMERICAN);
    let noon = stage.at("2021-06-19 12:00:00");
    stage.keep("1001", "45.130.97.134", noon, noon + 30 * HOUR, 1_200);
    // The owner's phone registers as well all the time, and takes the account back for a while.
    let calls = pump(&mut stage, "1001", "45.130.97.134", &["98005550133"], noon + 20, 400, 11);
    let truth = Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["1001"],
        sources: vec![("45.130.97.134".into(), "dial register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_guess_while_all_phones_share_one_public_address() {
    for driver in [Driver::Pjsip, Driver::Sip] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["20", "21", "22", "23"]);
        (stage.logs.full, stage.media) = (false, false);
        let monday = stage.at("2026-03-02 00:00:00");
        let office_address = "203.0.113.40";
        let phones =
            [("20", office_address), ("21", office_address), ("22", office_address), ("23", office_address)];
        office(&mut stage, &phones, monday, 8, &GERMAN);
        let night = stage.at("2026-03-07 01:00:00");
        for guess in 0..240 {
            stage.wrong("22", "198.51.100.66", night + guess * 13);
        }
        stage.register("22", "198.51.100.66", night + 240 * 13);
        let calls = pump(
            &mut stage,
            "22",
            "198.51.100.66",
            &["00252615550199", "0022415550177"],
            night + 2 * HOUR,
            60,
            47,
        );
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["22"],
            sources: vec![("198.51.100.66".into(), "dial guess register")],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn a_guess_spread_over_sixty_addresses() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Madrid").with(&["300", "301", "302", "303"]);
    stage.logs.messages = true;
    let monday = stage.at("2026-05-04 00:00:00");
    let phones = [("300", "10.1.1.20"), ("301", "10.1.1.21"), ("302", "10.1.1.22"), ("303", "10.1.1.23")];
    office(&mut stage, &phones, monday, 7, &["915550101", "935550102", "600555103"]);
    let start = stage.at("2026-05-06 08:00:00");
    let mut sources = Vec::new();
    for index in 0..60i64 {
        let peer = format!("185.{}.{}.9", 20 + index % 37, 3 * index + 1);
        for attempt in 0..=index % 5 {
            stage.wrong("302", &peer, start + index * 2_700 + attempt * 300);
        }
        sources.push((peer, "guess"));
    }
    let unrelated = ["77.3.3.3", "91.4.4.4"];
    for (index, peer) in unrelated.iter().enumerate() {
        sweep(&mut stage, peer, start + 7 * HOUR * index as i64, 80);
        stage.wrong("300", peer, start + 7 * HOUR * index as i64 + 400);
    }
    let breach = start + 60 * 2_700 + 900;
    stage.register("302", "102.8.8.8", breach);
    let calls = pump(&mut stage, "302", "102.8.8.8", &["00239225550166"], breach + HOUR, 40, 61);
    sources.push(("102.8.8.8".into(), "dial register"));
    let truth = Truth { vectors: vec!["password-guess"], accounts: vec!["302"], sources, calls };
    compare(&examine(&mut stage), &[truth], &unrelated);
}

#[test]
fn those_who_take_turns_at_guessing_are_one_party() {
    let mut stage = Stage::new(Driver::Sip, "Africa/Lagos").with(&["1000", "1001", "1003"]);
    let monday = stage.at("2026-03-09 00:00:00");
    office(&mut stage, &[("1000", "10.0.0.1"), ("1001", "10.0.0.2")], monday, 5, &GERMAN);
    let guessers: Vec<String> = (0..6).map(|index| format!("{}.5.5.5", 61 + index * 17)).collect();
    let start = stage.at("2026-03-10 04:00:00");
    for attempt in 0..600i64 {
        stage.wrong("1003", &guessers[attempt as usize % guessers.len()], start + attempt * 4);
    }
    // Two more try the same: one gave up long before, one never does.
    for attempt in 0..60 {
        stage.wrong("1003", "197.1.1.1", start - HOUR + attempt * 3);
        stage.wrong("1003", "197.2.2.2", start + attempt * 1_201);
    }
    stage.register("1003", &guessers[0], start + 2_401);
    let night = stage.at("2026-03-11 02:00:00");
    stage.register("1003", "102.9.9.9", night);
    let calls =
        pump(&mut stage, "1003", "102.9.9.9", &["0025261550001", "0037190550002"], night + 30, 50, 20);
    let mut sources: Vec<_> = guessers.into_iter().map(|guesser| (guesser, "guess")).collect();
    sources[0].1 = "guess register";
    sources.push(("102.9.9.9".into(), "dial register"));
    let truth = Truth { vectors: vec!["password-guess"], accounts: vec!["1003"], sources, calls };
    compare(&examine(&mut stage), &[truth], &["197.1.1.1", "197.2.2.2"]);
}

#[test]
fn whoever_took_his_account_back_makes_the_calls_of_the_next_day() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Budapest").with(&["301", "302", "304"]);
    stage.logs.security = false;
    stage.media = false;
    let monday = stage.at("2026-03-09 00:00:00");
    office(&mut stage, &[("301", "10.0.0.1"), ("302", "10.0.0.2")], monday, 5, &GERMAN);
    // chan_sip prints a registration only where the address is another than before.
    let night = stage.at("2026-03-11 01:00:00");
    for (peer, at) in [("10.0.0.4", monday + 30), ("102.9.9.9", night), ("10.0.0.4", night + 3 * HOUR)] {
        stage.register("304", peer, at);
    }
    for day in 0..2 {
        stage.call("304", "10.0.0.4", "0305550101", monday + day * DAY + 10 * HOUR, 80);
    }
    let numbers = ["0025261550001", "0022477950152"];
    let calls = pump(&mut stage, "304", "102.9.9.9", &numbers, night + 30, 60, 20);
    // The owner calls a town that nobody called before.
    stage.call("304", "10.0.0.4", "0612317197", night + 11 * HOUR, 140);
    let report = examine(&mut stage);
    let found: Vec<_> = report.incidents[0].calls.iter().map(|call| call.uniqueid.clone().unwrap()).collect();
    let found: Vec<&str> = found.iter().map(Untrusted::raw).collect();
    assert_eq!(found, calls);
}

#[test]
fn a_scan_ends_before_the_scanner_makes_calls() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Denver").with(&["10", "11"]);
    let monday = stage.at("2026-08-03 00:00:00");
    office(&mut stage, &[("10", "10.3.3.10")], monday, 4, &AMERICAN);
    let night = stage.at("2026-08-05 03:00:00");
    sweep(&mut stage, "197.5.5.5", night, 60);
    stage.register("11", "197.5.5.5", night + 130);
    pump(&mut stage, "11", "197.5.5.5", &["01125261550001", "01137190550002"], night + HOUR, 40, 30);
    let report = examine(&mut stage);
    let scan = report.incidents[0].phases.iter().find(|span| span.phase == Role::Scan).unwrap();
    assert!(scan.last.unwrap().timestamp() < night + 130, "{scan:?}");
}

#[test]
fn default_secrets_are_found_at_once() {
    for (secret, driver, wrong) in [("1234", Driver::Sip, 2), ("205", Driver::Pjsip, 0)] {
        let mut stage = Stage::new(driver, "America/Sao_Paulo").with(&["203", "204"]);
        stage.accounts.push(("205".into(), secret.into()));
        let monday = stage.at("2025-08-04 00:00:00");
        let phones = [("203", "192.168.0.13"), ("204", "192.168.0.14"), ("205", "192.168.0.15")];
        office(&mut stage, &phones, monday, 5, &["01155550101", "02155550102"]);
        let night = stage.at("2025-08-07 03:10:00");
        for attempt in 0..wrong {
            stage.wrong("205", "62.210.9.9", night + attempt);
        }
        stage.register("205", "62.210.9.9", night + 4);
        let calls =
            pump(&mut stage, "205", "62.210.9.9", &["0021699555012", "0021355550112"], night + 100, 30, 20);
        let truth = Truth {
            vectors: vec!["default-credential"],
            accounts: vec!["205"],
            sources: vec![(
                "62.210.9.9".into(),
                if wrong > 0 { "dial guess register" } else { "dial register" },
            )],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn a_registration_taken_over_without_a_failure() {
    let mut stage = Stage::new(Driver::Sip, "Australia/Adelaide").with(&["71", "72"]);
    (stage.logs.security, stage.media) = (false, false);
    let monday = stage.at("2024-02-05 00:00:00");
    office(
        &mut stage,
        &[("71", "203.0.113.7"), ("72", "203.0.113.8")],
        monday,
        7,
        &["0882005550", "0412005551"],
    );
    let evening = stage.at("2024-02-08 21:00:00");
    // Owner and thief take the registration from one another.
    for turn in 0..40 {
        stage.register("72", "154.16.5.5", evening + turn * 600);
        stage.register("72", "203.0.113.8", evening + turn * 600 + 300);
    }
    let mut calls = Vec::new();
    for turn in 0..40 {
        for call in 0..3 {
            let at = evening + turn * 600 + 20 + call * 80;
            calls.push(stage.call("72", "154.16.5.5", "0011232765550", at, 200));
        }
    }
    let truth = Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["72"],
        sources: vec![("154.16.5.5".into(), "dial register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn what_the_owners_phone_does_to_his_contact_is_no_sign_of_the_intruder() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 6, &GERMAN);
    // The phones renew every half hour, and the thief's contact goes when they do.
    let night = monday + 4 * DAY + 2 * HOUR + 60;
    stage.register("11", "154.16.5.5", night);
    pump(&mut stage, "11", "154.16.5.5", &["0088213555011"], night + 10, 30, 10);
    let report = examine(&mut stage);
    let source = &report.incidents[0].sources[0];
    assert_eq!(source.address.to_string(), "154.16.5.5");
    let last_call = report.incidents[0].calls.iter().filter_map(|call| call.end).max();
    assert_eq!(source.last, last_call);
}

#[test]
fn a_guess_over_iax() {
    let mut stage = Stage::new(Driver::Iax2, "Europe/London").with(&["iax-north", "iax-south"]);
    let monday = stage.at("2019-11-04 00:00:00");
    let phones = [("iax-north", "192.168.9.4"), ("iax-south", "192.168.9.5")];
    office(&mut stage, &phones, monday, 6, &["02079460101", "01614960102"]);
    let night = stage.at("2019-11-06 02:00:00");
    for attempt in 0..90 {
        stage.wrong("iax-south", "46.30.1.1", night + attempt * 5);
    }
    stage.register("iax-south", "46.30.1.1", night + 460);
    let calls = pump(&mut stage, "iax-south", "46.30.1.1", &["0037190055501"], night + 600, 50, 33);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["iax-south"],
        sources: vec![("46.30.1.1".into(), "dial guess register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_phone_file_leaks_while_an_honest_remote_phone_fetches_its_own() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Vienna").with(&["41", "42"]);
    let monday = stage.at("2026-01-12 00:00:00");
    let (home, thief) = ("89.144.9.9", "193.46.255.20");
    office(&mut stage, &[("41", "192.168.7.41"), ("42", home)], monday, 9, &["0155501", "015550102"]);
    let secret = stage.accounts[1].1.clone();
    stage.file(
        "srv/tftp/001565aabbcc.cfg",
        &format!(
            "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 42\naccount.1.auth_name = 42\naccount.1.password = {secret}\naccount.1.sip_server.1.address = 192.0.2.1\n"
        ),
    );
    let mut lines = Vec::new();
    for day in 0..9 {
        lines.push((monday + day * DAY + 3 * HOUR, home, "001565aabbcc.cfg", true));
    }
    let theft = stage.at("2026-01-17 23:00:00");
    for guess in 0..12i64 {
        lines.push((theft + guess, thief, "00156500000", false));
    }
    lines.push((theft + 20, thief, "001565aabbcc.cfg", true));
    lines.sort_unstable();
    for (index, (at, peer, file, given)) in lines.iter().enumerate() {
        let name = if *given { (*file).to_owned() } else { format!("{file}{index:x}.cfg") };
        stage.syslog(*at, &format!("in.tftpd[{}]: RRQ from {peer} filename {name}", 900 + index));
        if !given {
            stage.syslog(
                *at,
                &format!("in.tftpd[{}]: sending NAK (1, File not found) to {peer}", 900 + index),
            );
        }
    }
    stage.register("42", thief, theft + 3 * HOUR);
    let calls = pump(&mut stage, "42", thief, &["0088213555011"], theft + 4 * HOUR, 30, 44);
    let truth = Truth {
        vectors: vec!["provisioning-leak"],
        accounts: vec!["42"],
        sources: vec![(thief.into(), "dial provision register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_phone_file_asked_for_where_the_log_ends_is_not_known_to_be_read() {
    let report = |goes_on: bool| {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Vienna").with(&["41", "42"]);
        let monday = stage.at("2026-01-12 00:00:00");
        office(&mut stage, &[("41", "192.168.7.41"), ("42", "192.168.7.42")], monday, 6, &["0155501"]);
        let secret = stage.accounts[1].1.clone();
        stage.file(
            "srv/tftp/001565aabbcc.cfg",
            &format!("#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 42\naccount.1.auth_name = 42\naccount.1.password = {secret}\naccount.1.sip_server.1.address = 192.0.2.1\n"),
        );
        let theft = stage.at("2026-01-16 23:00:00");
        stage.syslog(theft, "in.tftpd[77]: RRQ from 193.46.255.20 filename 001565aabbcc.cfg");
        if goes_on {
            stage.syslog(theft + 60, "cron[78]: (root) CMD (true)");
        }
        stage.register("42", "193.46.255.20", theft + 3 * HOUR);
        pump(&mut stage, "42", "193.46.255.20", &["0088213555011"], theft + 4 * HOUR, 30, 44);
        examine(&mut stage)
    };
    let words = |goes_on| format!("{:?}", report(goes_on).incidents[0].entry);
    let (known, open) = (words(true), words(false));
    assert!(
        known.contains("was given 001565aabbcc.cfg") && !known.contains("the log, which ends"),
        "{known}"
    );
    assert!(
        open.contains("asked for 001565aabbcc.cfg") && open.contains("the log, which ends there"),
        "{open}"
    );
    assert!(!open.contains("AlmostCertain"), "{open}");
    assert!(open.contains("these logs show a stranger who asked for a file with the secret"), "{open}");
    // What is likely in the answer is no fact in the table of accounts.
    let incident = &report(false).incidents[0];
    assert_eq!(incident.entry.likelihood.word(), "possible");
    assert!(incident.accounts[0].how.starts_with("its secret was possibly read"), "{:?}", incident.accounts);
}

#[test]
fn copies_of_a_log_are_counted_once_and_named_as_they_are() {
    let mut stage = Stage::new(Driver::Pjsip, "UTC").with(&["41", "42"]);
    stage.logs.messages = true;
    let monday = stage.at("2026-01-12 00:00:00");
    office(&mut stage, &[("41", "192.168.7.41")], monday, 3, &["0155501"]);
    for attempt in 0..40 {
        stage.wrong("42", "193.46.255.20", monday + attempt * 7);
    }
    stage.rotations = vec![monday + 100];
    let report = examine(&mut stage);
    let figures = &report.assessment;
    let most = figures.failures_by_log.iter().map(|(_, records)| *records).max().unwrap();
    assert_eq!((figures.failure_records, figures.failures_by_source[0].records), (most, most));
    let names: Vec<&str> = figures.failures_by_log.iter().map(|(log, _)| log.as_str()).collect();
    let paths: Vec<&str> = report.evidence.iter().map(|row| row.path.as_str()).collect();
    for name in names {
        assert!(paths.contains(&name) || name == "var/log/asterisk/full (2 files)", "{name}: {paths:?}");
    }
    for proofs in report.failed_attackers.iter().map(|attacker| &attacker.evidence) {
        let texts: std::collections::BTreeSet<_> = proofs.iter().map(|proof| &proof.text).collect();
        assert_eq!(texts.len(), proofs.len(), "{proofs:?}");
    }
}

#[test]
fn who_uploads_a_phone_file_was_given_nothing() {
    for (request, vector, roles) in [
        ("WRQ", "stolen-credential", "dial register"),
        ("RRQ", "provisioning-leak", "dial provision register"),
    ] {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Vienna").with(&["41", "42"]);
        let monday = stage.at("2026-01-12 00:00:00");
        let thief = "193.46.255.20";
        let phones = [("41", "192.168.7.41"), ("42", "192.168.7.42")];
        office(&mut stage, &phones, monday, 9, &["0155501", "015550102"]);
        let secret = stage.accounts[1].1.clone();
        stage.file(
            "srv/tftp/001565aabbcc.cfg",
            &format!("#!version:1.0.0.1\naccount.1.user_name = 42\naccount.1.auth_name = 42\naccount.1.password = {secret}\n"),
        );
        for day in 0..9 {
            let own = "in.tftpd[900]: RRQ from 192.168.7.42 filename 001565aabbcc.cfg";
            stage.syslog(monday + day * DAY + 3 * HOUR, own);
        }
        let theft = stage.at("2026-01-21 02:00:00");
        stage.syslog(theft, &format!("in.tftpd[977]: {request} from {thief} filename 001565aabbcc.cfg"));
        stage.register("42", thief, theft + 600);
        let calls = pump(&mut stage, "42", thief, &["0088213555011"], theft + HOUR, 30, 44);
        let sources = vec![(thief.into(), roles)];
        let truth = Truth { vectors: vec![vector], accounts: vec!["42"], sources, calls };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn a_patient_guesser_is_not_taken_for_an_old_phone() {
    for (driver, pace) in [(Driver::Sip, 60), (Driver::Sip, 20), (Driver::Iax2, 60)] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
        let monday = stage.at("2026-03-02 00:00:00");
        let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
        office(&mut stage, &phones, monday, 7, &["0305550101", "0405550102"]);
        // As steady as a phone whose secret is old, at an account that its owner uses all the while.
        let (guesser, start) = ("45.134.26.7", monday + DAY + 14 * HOUR);
        for attempt in 0..36 * HOUR / pace {
            stage.wrong("12", guesser, start + attempt * pace);
        }
        let breach = start + 36 * HOUR + 30;
        stage.register("12", guesser, breach);
        let calls = pump(&mut stage, "12", guesser, &["0088213555011"], breach + 600, 30, 44);
        let sources = vec![(guesser.into(), "dial guess register")];
        let truth = Truth { vectors: vec!["password-guess"], accounts: vec!["12"], sources, calls };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn a_registration_that_no_log_goes_on_to_tell_of_does_not_make_the_owners_calls_fraud() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    (stage.logs.security, stage.media) = (false, false);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 4, &GERMAN);
    let night = monday + 4 * DAY + 2 * HOUR;
    stage.register("11", "154.16.5.5", night);
    let stolen = pump(&mut stage, "11", "154.16.5.5", &["0088213555011"], night + 10, 30, 10);
    // Here the log breaks off; the records go on.
    let scratch = Scratch::new();
    stage.write(&scratch);
    let records = scratch.path().join("var/log/asterisk/cdr-csv/Master.csv");
    let mut text = std::fs::read_to_string(&records).unwrap();
    let morning = "\"\",\"11\",\"0305550101\",\"from-internal\",\"11\",\"PJSIP/11-0000ffff\",\"PJSIP/carrier-0000fffe\",\"Dial\",\"PJSIP/carrier/0305550101\",\"2026-03-06 09:00:01\",\"2026-03-06 09:00:02\",\"2026-03-06 09:01:02\",60,60,\"ANSWERED\",\"DOCUMENTATION\",\"1772784001.9\",\"\"\n";
    text.push_str(morning);
    std::fs::write(&records, text).unwrap();
    let report = examine_folder(scratch.path(), &Options::default());
    let ids: Vec<_> = report.incidents[0].calls.iter().filter_map(|call| call.uniqueid.clone()).collect();
    assert_eq!(ids.len(), stolen.len(), "{:?}", ids.last());
    assert!(ids.iter().all(|id| id.raw() != "1772784001.9"));
}

#[test]
fn two_intruders_on_two_accounts_are_two_incidents() {
    let mut stage = Stage::new(Driver::Pjsip, "Asia/Kolkata").with(&["601", "602", "603"]);
    let monday = stage.at("2026-07-06 00:00:00");
    let phones = [("601", "172.16.0.11"), ("602", "172.16.0.12"), ("603", "172.16.0.13")];
    office(&mut stage, &phones, monday, 12, &["02255550101", "08055550102"]);
    let first = stage.at("2026-07-08 02:00:00");
    for attempt in 0..60 {
        stage.wrong("601", "41.90.1.1", first + attempt * 9);
    }
    stage.register("601", "41.90.1.1", first + 600);
    let one = pump(&mut stage, "601", "41.90.1.1", &["00252615550101"], first + 700, 30, 25);
    let second = stage.at("2026-07-15 04:00:00");
    stage.register("603", "212.5.6.7", second);
    let two = pump(&mut stage, "603", "212.5.6.7", &["0037090055502"], second + 50, 30, 25);
    let truths = [
        Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["601"],
            sources: vec![("41.90.1.1".into(), "dial guess register")],
            calls: one,
        },
        Truth {
            vectors: vec!["stolen-credential"],
            accounts: vec!["603"],
            sources: vec![("212.5.6.7".into(), "dial register")],
            calls: two,
        },
    ];
    compare(&examine(&mut stage), &truths, &[]);
}

#[test]
fn one_intruder_on_three_accounts_is_one_incident() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Rome").with(&["11", "12", "13", "14"]);
    let monday = stage.at("2023-10-23 00:00:00");
    let phones = [("11", "10.0.0.11"), ("12", "10.0.0.12"), ("13", "10.0.0.13"), ("14", "10.0.0.14")];
    // The clocks go back in the night of the attack.
    office(&mut stage, &phones, monday, 8, &["0655550101", "0255550102", "3395550103"]);
    let night = stage.at("2023-10-29 01:40:00");
    let peer = "5.188.9.9";
    let mut calls = Vec::new();
    for (index, account) in ["11", "12", "13"].into_iter().enumerate() {
        let at = night + index as i64 * 1_500;
        for attempt in 0..30 {
            stage.wrong(account, peer, at + attempt * 3);
        }
        stage.register(account, peer, at + 95);
        calls.extend(pump(&mut stage, account, peer, &["00960355501"], at + 200, 20, 31));
    }
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["11", "12", "13"],
        sources: vec![(peer.into(), "dial guess register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn evidence_that_begins_after_the_breach() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Chicago").with(&["501", "502", "503"]);
    let night = stage.at("2026-09-05 01:00:00");
    let peer = "156.3.3.3";
    let calls = {
        stage.register("502", peer, night + 5);
        pump(&mut stage, "502", peer, &["901153755501133", "901123222555017"], night + 8, 120, 30)
    };
    let phones = [("501", "192.168.1.51"), ("502", "192.168.1.52"), ("503", "192.168.1.53")];
    office(&mut stage, &phones, night + 5 * HOUR, 3, &AMERICAN);
    let truth = Truth {
        vectors: vec!["stolen-credential", "unknown"],
        accounts: vec!["502"],
        sources: vec![(peer.into(), "dial register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn calls_that_all_fail_and_test_calls_hours_before() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Paris").with(&["81", "82"]);
    let monday = stage.at("2026-02-02 00:00:00");
    office(&mut stage, &[("81", "10.9.0.1"), ("82", "10.9.0.2")], monday, 7, &["0145550101", "0611555010"]);
    let night = stage.at("2026-02-05 20:00:00");
    let peer = "2001:db8:bad::77";
    for attempt in 0..25 {
        stage.wrong("82", peer, night + attempt * 20);
    }
    stage.register("82", peer, night + 600);
    let mut calls = Vec::new();
    for (index, number) in
        ["0037125550", "00252555010", "000252555010", "900252555010"].into_iter().enumerate()
    {
        calls.push(stage.call_that("82", peer, number, night + 700 + index as i64 * 30, 0, "FAILED"));
    }
    for call in 0..40 {
        let end = if call % 3 == 0 { "BUSY" } else { "CONGESTION" };
        calls.push(stage.call_that("82", peer, "00252615550133", night + 5 * HOUR + call * 9, 0, end));
    }
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["82"],
        sources: vec![(peer.into(), "dial guess register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn calls_without_any_registration() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Bogota").with(&["90", "91"]);
    (stage.logs.full, stage.media) = (false, false);
    let monday = stage.at("2025-04-07 00:00:00");
    office(&mut stage, &[("90", "192.168.88.9"), ("91", "192.168.88.10")], monday, 6, &["6015550101"]);
    let night = stage.at("2025-04-09 22:00:00");
    let calls = pump(&mut stage, "91", "194.9.9.9", &["0053555011", "00535550112"], night, 35, 21);
    let truth = Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["91"],
        sources: vec![("194.9.9.9".into(), "dial")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn json_only_and_packed_rotations() {
    for packed in [false, true] {
        let mut stage = Stage::new(Driver::Pjsip, "Asia/Kathmandu").with(&["31", "32"]);
        let monday = stage.at("2025-12-29 00:00:00");
        if packed {
            stage.long_dates = false;
            stage.rotations = vec![monday + 2 * DAY, monday + 4 * DAY, monday + 5 * DAY];
        } else {
            stage.logs = super::stage::Logs { full: false, messages: false, security: false, json: true };
        }
        office(&mut stage, &[("31", "10.5.5.31"), ("32", "10.5.5.32")], monday, 7, &["014555010"]);
        let night = stage.at("2026-01-01 00:20:00");
        for attempt in 0..45 {
            stage.wrong("31", "37.49.2.2", night + attempt * 7);
        }
        stage.register("31", "37.49.2.2", night + 400);
        let calls = pump(&mut stage, "31", "37.49.2.2", &["0022490555010"], night + 500, 30, 40);
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["31"],
            sources: vec![("37.49.2.2".into(), "dial guess register")],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn three_logs_in_a_folder_without_configuration() {
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "Etc/UTC").with(&["2001", "2002"]);
        stage.configuration = false;
        let monday = stage.at("2026-06-01 00:00:00");
        let phones = [("2001", "192.168.3.1"), ("2002", "192.168.3.2")];
        office(&mut stage, &phones, monday, 6, &["95555010", "95555011"]);
        let night = stage.at("2026-06-04 03:00:00");
        sweep(&mut stage, "80.94.1.1", night - HOUR, 40);
        for attempt in 0..55 {
            stage.wrong("2002", "80.94.1.1", night + attempt * 3);
        }
        stage.register("2002", "80.94.1.1", night + 200);
        let calls = pump(&mut stage, "2002", "80.94.1.1", &["900263775550"], night + 300, 25, 50);
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["2002"],
            sources: vec![("80.94.1.1".into(), "dial guess register scan")],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn guessed_by_one_used_by_another_days_later() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Warsaw").with(&["100", "101", "102", "103"]);
    stage.logs.messages = true;
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("100", "10.0.0.1"), ("101", "10.0.0.2"), ("102", "10.0.0.3")];
    office(&mut stage, &phones, monday, 10, &["225550101", "125550102"]);
    let (guesser, user) = ("51.15.1.1", "197.5.5.5");
    let start = stage.at("2026-03-04 13:00:00");
    sweep(&mut stage, guesser, start, 60);
    for attempt in 0..900 {
        stage.wrong("103", guesser, start + 600 + attempt * 4);
    }
    // Somebody unrelated tries the same account all week long.
    for attempt in 0..400 {
        stage.wrong("103", "80.82.77.5", monday + attempt * 1_900 + (attempt % 7) * 83);
    }
    let night = stage.at("2026-03-06 22:00:00");
    stage.register("103", user, night);
    let calls = pump(&mut stage, "103", user, &["00263775550144", "0022177555014"], night + 60, 80, 15);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["103"],
        sources: vec![(guesser.into(), "guess scan"), (user.into(), "dial register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &["80.82.77.5"]);
}

#[test]
fn another_address_for_each_call() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Toronto").with(&["800", "801"]);
    (stage.logs.full, stage.media) = (false, false);
    let monday = stage.at("2026-03-02 00:00:00");
    office(
        &mut stage,
        &[("800", "10.0.0.1"), ("801", "66.49.1.1")],
        monday,
        7,
        &["4165550101", "5145550102"],
    );
    let night = stage.at("2026-03-07 02:00:00");
    let mut calls = Vec::new();
    let mut sources = Vec::new();
    for call in 0..40i64 {
        let peer = format!("{}.{}.7.{}", 31 + call % 60, call * 3 % 250, call + 3);
        calls.push(stage.call("801", &peer, "01125261555014", night + call * 25, 240));
        sources.push((peer, "dial"));
    }
    let truth = Truth { vectors: vec!["stolen-credential"], accounts: vec!["801"], sources, calls };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn everything_comes_through_one_address() {
    // A container's proxy, or a router that hides every peer: no address tells anything.
    for (inside, logs) in [("172.17.0.1", true), ("203.0.113.99", true), ("172.17.0.1", false)] {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Prague").with(&["50", "51", "52"]);
        stage.media = false;
        stage.logs.full = logs;
        let monday = stage.at("2026-03-02 00:00:00");
        let phones = [("50", inside), ("51", inside), ("52", inside)];
        office(&mut stage, &phones, monday, 8, &["225550101", "545550102", "602555010"]);
        let night = stage.at("2026-03-08 01:00:00");
        let calls = pump(&mut stage, "51", inside, &["00252615550144", "0023221555014"], night, 90, 13);
        let truth = Truth {
            vectors: vec!["stolen-credential", "unknown"],
            accounts: vec!["51"],
            sources: vec![],
            calls,
        };
        compare(&examine(&mut stage), &[truth], &[]);
    }
}

#[test]
fn records_that_reach_back_further_than_logs() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12"]);
    let january = stage.at("2026-01-05 00:00:00");
    let phones = [("10", "203.0.113.10"), ("11", "203.0.113.10"), ("12", "203.0.113.77")];
    stage.logs = super::stage::Logs { full: false, messages: false, security: false, json: false };
    for day in 0..40 {
        stage.leave("11", None, GERMAN[day as usize % 5], january + day * DAY + 9 * HOUR, 60, "ANSWERED");
    }
    stage.forget_log();
    stage.logs.security = true;
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &phones, monday, 6, &GERMAN);
    let night = stage.at("2026-03-05 03:00:00");
    let calls = pump(&mut stage, "12", "41.2.2.2", &["00225075550144"], night, 40, 25);
    let truth = Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["12"],
        sources: vec![("41.2.2.2".into(), "dial")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_secret_that_was_guessed_and_not_yet_used() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "10.0.0.10"), ("11", "10.0.0.11")], monday, 5, &GERMAN);
    let night = stage.at("2026-03-05 03:00:00");
    for attempt in 0..300 {
        stage.wrong("11", "45.9.9.9", night + attempt);
    }
    stage.register("11", "45.9.9.9", night + 301);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["11"],
        sources: vec![("45.9.9.9".into(), "guess register")],
        calls: vec![],
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_guessed_account_that_is_kept_for_later() {
    // Nobody else ever used it, and whoever found the secret only holds the registration.
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "10.0.0.10"), ("11", "10.0.0.11")], monday, 5, &GERMAN);
        let night = stage.at("2026-03-05 03:00:00");
        for attempt in 0..300 {
            stage.wrong("12", "45.9.9.9", night + attempt);
        }
        stage.keep("12", "45.9.9.9", night + 301, night + 301 + 30 * HOUR, 600);
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["12"],
            sources: vec![("45.9.9.9".into(), "guess register")],
            calls: vec![],
        };
        let report = examine(&mut stage);
        compare(&report, &[truth], &[]);
        assert!(report.to_confirm.is_empty(), "{:?}", report.to_confirm);
    }
}

#[test]
fn guesses_in_messages_and_no_word_of_success() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Athens").with(&["61", "62", "63"]);
    stage.logs = super::stage::Logs { full: false, messages: true, security: false, json: false };
    stage.long_dates = false;
    let monday = stage.at("2026-03-02 00:00:00");
    office(
        &mut stage,
        &[("61", "10.0.0.61"), ("62", "10.0.0.62"), ("63", "10.0.0.63")],
        monday,
        7,
        &["2105550101"],
    );
    let night = stage.at("2026-03-06 23:00:00");
    for attempt in 0..700 {
        stage.wrong("63", "89.248.1.1", night + attempt * 2);
    }
    // One call after the other, none beside another.
    let calls = pump(&mut stage, "63", "89.248.1.1", &["0022892555014"], night + 2 * HOUR, 25, 400);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["63"],
        sources: vec![("89.248.1.1".into(), "guess")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn an_old_phone_and_a_guesser_on_one_account() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12"]);
    stage.context = "interno-salida";
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 6, &GERMAN);
    // The owner's old phone at home still has the last secret.
    for attempt in 0..2_000 {
        stage.wrong_in("12", "91.12.7.7", monday + 600 + attempt * 120, "b7d1-one-phone");
    }
    let night = stage.at("2026-03-05 02:00:00");
    for attempt in 0..120 {
        stage.wrong("12", "46.1.1.1", night + attempt * 8);
    }
    stage.register("12", "46.1.1.1", night + 1_000);
    let calls = pump(&mut stage, "12", "46.1.1.1", &["00252615550144"], night + 1_100, 40, 20);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["12"],
        sources: vec![("46.1.1.1".into(), "dial guess register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_contact_that_claims_a_private_address() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12"]);
    (stage.logs.security, stage.media) = (false, false);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 6, &GERMAN);
    let night = stage.at("2026-03-05 02:00:00");
    // Behind a router of his own the intruder's phone writes its private address into the contact.
    stage.register("12", "192.168.178.33", night);
    let calls =
        pump(&mut stage, "12", "192.168.178.33", &["00252615550144", "0023221555014"], night + 60, 80, 15);
    let truth =
        Truth { vectors: vec!["stolen-credential", "unknown"], accounts: vec!["12"], sources: vec![], calls };
    compare(&examine(&mut stage), &[truth], &[]);
}
