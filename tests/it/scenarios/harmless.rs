//! What looks like an attack and is none, or is one that got nothing.

use tolltrace::report::model::{Report, ToConfirm};

use super::people::{DAY, GERMAN, HOUR, office};
use super::stage::{Driver, Stage};
use super::truth::{compare, examine};

/// Returns what is to be confirmed with the users, each up to a colon.
fn asked(report: &Report) -> Vec<String> {
    let ask = |question: &ToConfirm| {
        let why = question.why.split(':').next().unwrap_or_default();
        format!("{} {} {why}", question.account.raw(), question.address.expect("an address"))
    };
    report.to_confirm.iter().map(ask).collect()
}

#[test]
fn a_phone_at_home_with_an_old_secret() {
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
        stage.logs.messages = true;
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 7, &GERMAN);
        let home = "91.12.7.7";
        for attempt in 0..6_000 {
            stage.wrong_in("12", home, monday + 600 + attempt * 20, "b7d1-one-phone");
        }
        let mended = monday + 600 + 6_000 * 20;
        for day in 0..4 {
            let from = mended + day * DAY;
            stage.keep("12", home, from, from + DAY - 900, 900);
            for (call, number) in GERMAN.iter().enumerate() {
                stage.call("12", home, number, from + HOUR * (2 + call as i64), 130);
            }
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn a_phone_at_home_that_is_never_mended() {
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
        for attempt in 0..6_000 {
            stage.wrong_in("12", "91.12.7.7", monday + 600 + attempt * 20, "b7d1-one-phone");
        }
        let report = examine(&mut stage);
        compare(&report, &[], &[]);
        // chan_sip tells no Call-ID: one who guesses as slowly leaves the same lines.
        let wanted = match driver {
            Driver::Sip => vec!["12 91.12.7.7 6000 wrong secrets at a steady pace"],
            _ => vec![],
        };
        assert_eq!(asked(&report), wanted);
    }
}

#[test]
fn staff_on_the_road_who_mistype() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Stockholm").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(
        &mut stage,
        &[("10", "192.168.2.10"), ("11", "192.168.2.11")],
        monday,
        9,
        &["0855501", "08555010"],
    );
    let places = ["78.66.1.9", "195.67.3.4", "2.68.10.1", "2.68.77.2", "90.1.2.3", "2.69.4.4", "83.2.2.2"];
    for (day, peer) in places.iter().enumerate() {
        let from = monday + day as i64 * DAY + 8 * HOUR;
        if day % 2 == 0 {
            stage.wrong("12", peer, from);
            stage.wrong("12", peer, from + 9);
        }
        stage.keep("12", peer, from + 30, from + 9 * HOUR, 600);
        stage.call("12", peer, "085550101", from + HOUR, 200);
        stage.call("12", peer, "0046855501", from + 2 * HOUR, 200);
        stage.call("12", peer, "004755501011", from + 3 * HOUR, 200);
    }
    let report = examine(&mut stage);
    compare(&report, &[], &[]);
    let wanted: Vec<String> = places
        .iter()
        .map(|peer| format!("12 {peer} used from a network it was not used from before"))
        .collect();
    // Two days in one network of a telephone company would be one question; these are seven.
    assert_eq!(asked(&report), wanted);
}

#[test]
fn everybody_registers_anew_after_a_restart() {
    let mut stage = Stage::new(Driver::Pjsip, "Asia/Tokyo");
    let names: Vec<String> = (0..120).map(|phone| (4_000 + phone).to_string()).collect();
    stage = stage.with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let monday = stage.at("2026-03-02 00:00:00");
    for (index, name) in names.iter().enumerate() {
        let peer = format!("203.0.113.{}", 10 + index % 40);
        stage.register(name, &peer, monday + index as i64);
        stage.register(name, &peer, monday + DAY + index as i64 / 20);
        // A few answer with a nonce from before the restart.
        if index % 3 == 0 {
            stage.wrong(name, &peer, monday + DAY + index as i64 / 20);
            stage.register(name, &peer, monday + DAY + 10 + index as i64 / 20);
        }
        stage.call(name, &peer, "0335550101", monday + DAY + HOUR + index as i64 * 31, 100);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn a_carrier_that_asks_whether_we_are_alive() {
    for carrier in ["240.7.7.7", "sip.carrier.example"] {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
        (stage.carrier, stage.logs.messages) = (carrier, true);
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 4, &GERMAN);
        for minute in 0..4 * 1_440i64 {
            let message = format!(
                "Request 'OPTIONS' from '<sip:ping@sip.carrier.example>' failed for '240.7.7.7:5060' (callid: alive-{minute}@240.7.7.7) - No matching endpoint found"
            );
            stage.note(monday + minute * 60, "NOTICE", None, "res_pjsip/pjsip_distributor.c", message);
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn a_hostile_week_without_a_breach() {
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "America/Bogota").with(&["100", "101", "102", "103"]);
        stage.logs.messages = true;
        let monday = stage.at("2026-03-02 00:00:00");
        let phones = [("100", "10.0.0.1"), ("101", "10.0.0.2"), ("102", "10.0.0.3"), ("103", "190.24.5.5")];
        office(&mut stage, &phones, monday, 7, &["6015550101", "3105550102"]);
        let mut failed = Vec::new();
        for scanner in 0..5_000u32 {
            let peer = format!("{}.{}.{}.7", 23 + scanner % 60, scanner / 60 % 250, scanner % 251);
            let at = monday + i64::from(scanner) * 113;
            match scanner % 4 {
                0 => stage.unknown(&(200 + scanner % 700).to_string(), &peer, at),
                1 => stage.turned_away("100", &format!("9{scanner}0046555"), &peer, at),
                2 => {
                    for attempt in 0..4 {
                        stage.wrong("101", &peer, at + attempt);
                    }
                }
                _ => {
                    stage.unknown("admin", &peer, at);
                    stage.wrong("102", &peer, at + 3);
                }
            }
            failed.push(peer);
        }
        for attempt in 0..3_000 {
            stage.wrong("100", "45.134.144.9", monday + attempt * 100);
        }
        failed.push("45.134.144.9".into());
        let failed: Vec<&str> = failed.iter().map(String::as_str).collect();
        compare(&examine(&mut stage), &[], &failed);
    }
}

#[test]
fn three_hundred_who_try_once_each_do_not_mistype() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Copenhagen").with(&["21", "22", "23", "24"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("21", "10.0.0.1"), ("22", "10.0.0.2")], monday, 4, &GERMAN);
    let crowd: Vec<String> =
        (0..300).map(|index| format!("{}.{}.7.9", 150 + index % 60, index * 7 % 250)).collect();
    for (index, peer) in crowd.iter().enumerate() {
        stage.wrong(["21", "22", "23"][index % 3], peer, monday + DAY + index as i64 * 200);
    }
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    compare(&examine(&mut stage), &[], &crowd);
}

#[test]
fn one_phone_on_the_road_with_an_old_secret_is_no_crowd() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Copenhagen").with(&["21", "22", "23", "24"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("21", "10.0.0.1"), ("22", "10.0.0.2")], monday, 4, &GERMAN);
    for place in 0..60 {
        let peer = format!("83.{}.{}.9", 88 + place % 5, place * 4);
        stage.wrong("24", &peer, monday + DAY + place * 1_700);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn an_owner_on_the_road_who_mistypes_often_and_calls_home() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Paris").with(&["701", "702", "707"]);
    let monday = stage.at("2026-10-05 00:00:00");
    let numbers = ["0145550101", "0455550102", "0755550103", "0155550104"];
    let phones = [("701", "192.168.7.30"), ("702", "192.168.7.31"), ("707", "192.168.7.36")];
    office(&mut stage, &phones, monday, 5, &numbers);
    let hotel = "198.51.100.3";
    let night = stage.at("2026-10-08 23:40:00");
    for attempt in 0..7 {
        stage.wrong("707", hotel, night + attempt * 25);
    }
    stage.keep("707", hotel, night + 200, night + 2 * HOUR, 600);
    for (call, number) in ["0012125550001", "0755550103", "0012125550002", "0455550102"].iter().enumerate() {
        stage.call("707", hotel, number, night + 300 + call as i64 * 700, 300);
    }
    let report = examine(&mut stage);
    compare(&report, &[], &[]);
    assert_eq!(asked(&report), ["707 198.51.100.3 used after 7 wrong secrets"]);
}

#[test]
fn a_branch_whose_address_changes_every_day_calls_abroad() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Zurich").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 12, &["0445550101"]);
    for day in 0..12i64 {
        let peer = format!("84.{}.{}.12", 70 + day % 3, 20 + day * 7);
        let from = monday + day * DAY + 7 * HOUR;
        stage.keep("12", &peer, from, from + 10 * HOUR, 900);
        for call in 0..14i64 {
            let number = ["004930555010", "00390255501", "0033145550", "0445550101"][call as usize % 4];
            stage.call("12", &peer, number, from + 600 + call * 2_300, 500);
        }
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn a_new_phone_at_home_whose_owner_mistypes_often() {
    for driver in [Driver::Sip, Driver::Pjsip] {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
        let evening = stage.at("2026-03-05 18:00:00");
        for attempt in 0..9 {
            stage.wrong("12", "91.7.7.7", evening + attempt * 41);
        }
        stage.keep("12", "91.7.7.7", evening + 400, evening + 6 * HOUR, 600);
        stage.call("12", "91.7.7.7", GERMAN[1], evening + 3_000, 60);
        let report = examine(&mut stage);
        compare(&report, &[], &[]);
        assert_eq!(asked(&report), ["12 91.7.7.7 used after 9 wrong secrets"]);
    }
}

#[test]
fn an_office_that_dials_numbers_wrong() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "91.4.4.4")], monday, 5, &GERMAN);
    for call in 0..20 {
        stage.turned_away("11", "0305550", "91.4.4.4", monday + DAY + call * 4_000);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn a_fax_that_finds_the_line_busy() {
    for logs in [true, false] {
        let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["10", "11", "fax"]);
        if !logs {
            stage.logs = super::stage::Logs { full: false, messages: false, security: false, json: false };
        }
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 5, &GERMAN);
        stage.register("fax", "203.0.113.200", monday);
        for attempt in 0..40 {
            stage.call_that(
                "fax",
                "203.0.113.200",
                "0043155501",
                monday + DAY + 9 * HOUR + attempt * 60,
                0,
                "BUSY",
            );
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn a_branch_joins_with_a_server_of_its_own() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["10", "11", "branch"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 9, &GERMAN);
    let joined = monday + 3 * DAY + 8 * HOUR;
    stage.keep("branch", "88.1.1.1", joined, joined + 5 * DAY, 1_800);
    for call in 0..600i64 {
        let at = joined + call / 120 * DAY + call % 120 * 240;
        stage.call("branch", "88.1.1.1", GERMAN[call as usize % 5], at, 900);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn staff_behind_one_new_address_after_a_restart() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin");
    let names: Vec<String> = (0..20).map(|phone| (300 + phone).to_string()).collect();
    stage = stage.with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("300", "192.168.2.10")], monday, 4, &GERMAN);
    for (index, name) in names.iter().enumerate().skip(1) {
        let at = monday + 2 * DAY + index as i64;
        stage.wrong(name, "91.66.6.6", at);
        stage.register(name, "91.66.6.6", at + 3);
        stage.call(name, "91.66.6.6", GERMAN[index % 5], at + HOUR, 80);
    }
    stage.unknown("3o1", "91.66.6.6", monday + 2 * DAY + 600);
    compare(&examine(&mut stage), &[], &[]);
}
