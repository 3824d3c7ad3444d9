//! Strangers who are careful, or whom few records tell of; and honest people who look like them.

use std::fmt::Write;

use chrono::TimeZone;

use super::people::{AMERICAN, DAY, GERMAN, HOUR, office, pump};
use super::stage::{Driver, Row, Stage};
use super::truth::{Truth, compare, examine};

const STRANGER: &str = "198.51.100.66";

/// An office whose people call many numbers.
fn house(zone: &str, numbers: impl Fn(i64) -> String, days: i64) -> (Stage, i64) {
    let mut stage = Stage::new(Driver::Pjsip, zone).with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let all: Vec<String> = (0..40).map(numbers).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, days, &all);
    (stage, monday)
}

fn stolen(calls: Vec<String>) -> Truth {
    Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["12"],
        sources: vec![(STRANGER.into(), "dial register")],
        calls,
    }
}

#[test]
fn the_caribbean_is_abroad_though_it_is_dialled_like_the_next_town() {
    let near = |n: i64| format!("1{}555{:04}", ["312", "773", "847"][n as usize % 3], 100 + n);
    let (mut stage, monday) = house("America/New_York", near, 8);
    let night = monday + 4 * DAY + HOUR;
    stage.register("12", STRANGER, night - 60);
    let calls = (0..25).map(|call| {
        let number = format!("187655510{call:02}");
        stage.call("12", STRANGER, &number, night + call * 400, 300)
    });
    let calls = calls.collect();
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

#[test]
fn mobile_phones_of_china_are_not_the_caribbean() {
    let near = |n: i64| {
        if n % 4 == 0 {
            format!("0108{:07}", 1_234_567 + n)
        } else {
            format!("138{:08}", 10_203_045 + n * 7_919_377 % 80_000_000)
        }
    };
    let (mut stage, monday) = house("Asia/Shanghai", near, 8);
    let morning = monday + 4 * DAY + 9 * HOUR;
    stage.register("12", STRANGER, morning - 60);
    for call in 0..25 {
        stage.call("12", STRANGER, &format!("187655510{call:02}"), morning + call * 400, 300);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn two_calls_a_night_while_everybody_is_asleep() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 20);
    let mut calls = Vec::new();
    for day in 6..20 {
        let night = monday + day * DAY + 2 * HOUR;
        stage.register("12", STRANGER, night - 60);
        for call in 0..2 {
            let number = format!("002526155{:04}", day * 10 + call);
            calls.push(stage.call("12", STRANGER, &number, night + call * 2_400, 1_500));
        }
    }
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

#[test]
fn a_traveller_at_the_other_end_of_the_world_is_no_stranger() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 14);
    for day in 4..11 {
        let morning = monday + day * DAY + HOUR;
        stage.register("12", STRANGER, morning - 60);
        for call in 0..4 {
            stage.call(
                "12",
                STRANGER,
                &format!("008135550{:04}", day * 10 + call),
                morning + call * 4_000,
                500,
            );
        }
        stage.call("12", STRANGER, "0305550001", morning + 5 * HOUR, 200);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn long_calls_to_satellites_in_office_hours_are_paid_for() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 5);
    let mut calls = Vec::new();
    for call in 0..18 {
        let at = monday + (2 + call / 9) * DAY + 9 * HOUR + call % 9 * 3_100;
        stage.register("12", STRANGER, at - 20);
        calls.push(stage.call("12", STRANGER, &format!("00882135500{call:03}"), at, 900));
    }
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

#[test]
fn one_night_on_two_days_is_one_visit() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    let evening = monday + 4 * DAY + 23 * HOUR;
    stage.register("12", STRANGER, evening - 60);
    let places = ["25261", "88213", "37190", "53522", "22477", "23245", "96098", "99237"];
    let calls = (0..30).map(|call| {
        let number = format!("00{}55{call:04}", places[call as usize % places.len()]);
        stage.call("12", STRANGER, &number, evening + call * 360, 300)
    });
    let calls = calls.collect();
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

#[test]
fn evidence_that_begins_in_the_middle_of_the_fraud() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    stage.register("12", STRANGER, monday + 600);
    let numbers = ["0025261550001", "0025261550002", "0025261550003", "0025261550004"];
    let mut calls = Vec::new();
    for night in 0..3 {
        calls.extend(pump(&mut stage, "12", STRANGER, &numbers, monday + night * DAY + 1_200, 30, 50));
    }
    let vectors = vec!["stolen-credential", "unknown"];
    compare(&examine(&mut stage), &[Truth { vectors, ..stolen(calls) }], &[]);
}

#[test]
fn calls_in_the_names_of_many_are_not_a_branchs() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    let morning = monday + 4 * DAY + 10 * HOUR;
    stage.register("12", STRANGER, morning - 60);
    let mut calls = Vec::new();
    for call in 0..200 {
        let (shown, number) =
            (format!("0800555{:04}", call * 37 % 10_000), format!("030555{:04}", call % 40));
        let channel = format!("PJSIP/12-{:08x}", 0x9000 + call);
        stage.register("12", STRANGER, morning + call * 14 + 3);
        calls.push(stage.record(&Row {
            at: morning + call * 14 + 3,
            seconds: 60,
            src: &shown,
            name: "Bank",
            dst: &number,
            context: "from-internal",
            channel: &channel,
            to: "PJSIP/carrier-0000ffff",
            disposition: "ANSWERED",
            uniqueid: None,
        }));
    }
    let report = examine(&mut stage);
    assert_eq!(report.incidents.len(), 1, "{:?}", report.failed_attackers.len());
    let blamed: Vec<String> = report.incidents[0]
        .calls
        .iter()
        .filter_map(|call| Some(call.uniqueid.as_ref()?.raw().to_string()))
        .collect();
    assert!(calls.iter().all(|call| blamed.contains(call)), "{} of {}", blamed.len(), calls.len());
}

/// A call that no phone makes, as the server's own records tell it.
fn ordered(stage: &mut Stage, number: &str, at: i64, serial: u32) -> String {
    let channel = format!("Local/{number}@from-internal-{serial:08x};2");
    stage.record(&Row {
        at,
        seconds: 200,
        src: "",
        name: "",
        dst: number,
        context: "from-internal",
        channel: &channel,
        to: &format!("PJSIP/carrier-{serial:08x}"),
        disposition: "ANSWERED",
        uniqueid: None,
    })
}

#[test]
fn calls_that_nobody_is_seen_to_order() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    let night = monday + 4 * DAY + 2 * HOUR;
    let calls = (0..60).map(|call| {
        let number = format!("002526155000{}", call % 4);
        ordered(&mut stage, &number, night + call * 40, 0x7000 + call as u32)
    });
    let calls = calls.collect();
    let truth = Truth { vectors: vec!["manager-interface"], calls, ..Truth::default() };
    let report = examine(&mut stage);
    compare(&report, &[truth], &[]);
    let rivals: Vec<&str> =
        report.incidents[0].entry.alternatives.iter().map(|way| way.vector.word()).collect();
    assert!(rivals.contains(&"unknown"), "{rivals:?}");
}

#[test]
fn calls_that_the_server_makes_every_day_are_its_owners() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    for day in 0..8 {
        for call in 0..20 {
            let number = format!("00435550{:04}", call * 13);
            ordered(
                &mut stage,
                &number,
                monday + day * DAY + 10 * HOUR + call * 90,
                (day * 100 + call) as u32,
            );
        }
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn a_monitor_that_asks_whether_the_server_is_alive() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 3);
    stage.logs.messages = true;
    for minute in 0..2_000 {
        let at = monday + minute * 60;
        stage.note(at, "NOTICE", None, "res_pjsip/pjsip_distributor.c", format!(
            "Request 'OPTIONS' from '<sip:monitor@{STRANGER}>' failed for '{STRANGER}:5060' (callid: m{minute}) - No matching endpoint found"
        ));
        stage.note(at, "SECURITY", None, "res_security_log.c", format!(
            "SecurityEvent=\"InvalidAccountID\",EventTV=\"2026-03-02T00:00:00.000+0100\",Severity=\"Error\",Service=\"PJSIP\",\
             EventVersion=\"1\",AccountID=\"monitor\",SessionID=\"m{minute}\",LocalAddress=\"IPV4/UDP/192.0.2.1/5060\",\
             RemoteAddress=\"IPV4/UDP/{STRANGER}/5060\""
        ));
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn who_asks_whether_the_server_is_alive_and_guesses_is_told() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 3);
    for minute in 0..600 {
        for method in ["OPTIONS", "REGISTER"] {
            stage.note(monday + minute * 60, "NOTICE", None, "res_pjsip/pjsip_distributor.c", format!(
                "Request '{method}' from '<sip:monitor@{STRANGER}>' failed for '{STRANGER}:5060' (callid: {method}{minute}) - No matching endpoint found"
            ));
        }
    }
    compare(&examine(&mut stage), &[], &[STRANGER]);
}

#[test]
fn who_was_let_in_just_before_a_rush_is_named() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["10", "11", "12"]);
    (stage.logs.security, stage.media) = (false, false);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 8, &GERMAN);
    let night = monday + 5 * DAY + 2 * HOUR + 100;
    stage.register("12", STRANGER, night - 90);
    // Who holds the account when the calls begin is its owner's phone again.
    stage.register("12", "192.168.2.12", night - 30);
    pump(&mut stage, "12", STRANGER, &["0037190236033", "0037190236034"], night, 80, 110);
    let report = examine(&mut stage);
    assert_eq!(report.incidents.len(), 1);
    let sources: Vec<String> =
        report.incidents[0].sources.iter().map(|source| source.address.to_string()).collect();
    assert_eq!(sources, [STRANGER]);
    let calls = &report.incidents[0].calls;
    assert_eq!(calls.len(), 80);
    // Nor did the owner make them because his phone was registered: a call takes no registration.
    assert!(calls.iter().all(|call| call.address.is_none()), "{:?}", calls[0].address);
    assert!(calls[0].why.ends_with("; from where it came is not on record"), "{}", calls[0].why);
}

#[test]
fn records_alone_tell_of_many_places_at_night() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Denver").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 8, &AMERICAN);
    let night = monday + 4 * DAY + 2 * HOUR;
    let places = ["25261", "88213", "37190", "53522", "22477", "23245", "96098", "99237"];
    let calls = (0..40).map(|call| {
        let number = format!("011{}55{call:04}", places[call as usize % places.len()]);
        stage.leave("12", None, &number, night + call * 100, 80, "ANSWERED")
    });
    let calls = calls.collect();
    stage.forget_log();
    stage.configuration = false;
    let truth = Truth {
        vectors: vec!["unknown", "stolen-credential"],
        accounts: vec!["12"],
        calls,
        ..Truth::default()
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn channel_events_alone_tell_of_calls() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin");
    (stage.records, stage.configuration) = (false, false);
    let monday = stage.at("2026-03-02 00:00:00");
    let mut text = String::new();
    let mut serial = 0;
    let mut call = |account: &str, number: &str, at: i64| {
        serial += 1;
        let (channel, id) = (format!("SIP/{account}-{serial:08x}"), format!("{at}.{serial}"));
        for (event, after, app, data) in [
            ("CHAN_START", 0, "", String::new()),
            ("APP_START", 1, "Dial", format!("SIP/carrier/{number},60")),
            ("ANSWER", 4, "Dial", format!("SIP/carrier/{number},60")),
            ("HANGUP", 150, "", String::new()),
        ] {
            writeln!(
                text,
                "\"{event}\",\"{}.100000\",\"\",\"{account}\",\"\",\"\",\"\",\"{number}\",\"from-internal\",\"{channel}\",\"{app}\",\"{data}\",\"3\",\"\",\"{id}\",\"{id}\",\"\",\"\",\"\",\"\"",
                at + after
            )
            .unwrap();
        }
    };
    for day in 0..6 {
        for (index, number) in GERMAN.iter().enumerate() {
            call(["10", "11", "12"][index % 3], number, monday + day * DAY + (9 + index as i64) * HOUR);
        }
    }
    let night = monday + 5 * DAY + 2 * HOUR;
    (0..60).for_each(|n| call("12", ["0025261550001", "0025261550002"][n as usize % 2], night + n * 14));
    stage.file("var/log/asterisk/cel-custom/Master.csv", &text);
    let report = examine(&mut stage);
    assert_eq!(report.incidents.len(), 1);
    let incident = &report.incidents[0];
    assert_eq!((incident.accounts[0].name.raw(), incident.calls.len()), ("12", 60));
}

#[test]
fn numbers_that_cost_may_be_ones_own_countrys() {
    let (mut stage, monday) = house("Europe/London", |n| format!("0207946{n:04}"), 8);
    let night = monday + 4 * DAY + HOUR;
    stage.register("12", STRANGER, night - 60);
    let calls = (0..25).map(|call| {
        let number = format!("0909879{:04}", 1_000 + call * 13);
        stage.call("12", STRANGER, &number, night + call * 400, 350)
    });
    let calls = calls.collect();
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

/// Who is in the pages of FreePBX's users sees the account's secret; only wrong passwords are logged there.
#[test]
fn passwords_tried_at_the_users_pages_are_a_way_to_the_secret() {
    let likelihood = |tries: usize| {
        let (mut stage, monday) = house("Europe/London", |n| format!("0207946{n:04}"), 8);
        let night = monday + 4 * DAY + HOUR;
        stage.register("12", STRANGER, night - 60);
        pump(&mut stage, "12", STRANGER, &["0025261550001", "0025261550002"], night, 40, 60);
        let wrong = |second: usize| {
            format!(
                "[2026-03-04 02:10:{second:02}] [freepbx_security.NOTICE]: Authentication failure for 12 from 198.51.100.9 [] []\n"
            )
        };
        stage.file("var/log/asterisk/freepbx_security.log", &(0..tries).map(wrong).collect::<String>());
        let report = examine(&mut stage);
        let entry = serde_json::to_value(&report.incidents[0].entry).unwrap();
        let alternatives = entry["alternatives"].as_array().unwrap().clone();
        let way = alternatives.into_iter().find(|way| way["vector"] == "web-admin").unwrap();
        (way["likelihood"].clone(), way["because"].to_string().contains("30 wrong passwords"))
    };
    assert_eq!(likelihood(30), ("possible".into(), true));
    assert!(!likelihood(2).1);
}

/// Who guesses at the pages of FreePBX's users tried and got nothing, as who guesses by SIP; who mistyped did not.
#[test]
fn guessers_at_the_users_pages_are_among_those_who_failed() {
    let (mut stage, _) = house("Europe/London", |n| format!("0207946{n:04}"), 8);
    let wrong = |address: &str, second: usize| {
        let user = 11 + second % 2;
        format!(
            "[2026-03-04 02:10:{second:02}] [freepbx_security.NOTICE]: Authentication failure for {user} from {address} [] []\n"
        )
    };
    let guessed: String = (0..30).map(|second| wrong("198.51.100.9", second)).collect();
    let mistyped: String = (40..44).map(|second| wrong("198.51.100.77", second)).collect();
    let at_home: String = (45..59).map(|second| wrong("10.0.0.20", second)).collect();
    stage.file("var/log/asterisk/freepbx_security.log", &(guessed + &mistyped + &at_home));
    let report = examine(&mut stage);
    assert!(report.incidents.is_empty());
    let failed = serde_json::to_value(&report.failed_attackers).unwrap();
    let [one] = failed.as_array().unwrap().as_slice() else { panic!("{failed}") };
    assert_eq!(
        (&one["address"], &one["roles"]),
        (&"198.51.100.9".into(), &serde_json::json!(["guess", "web"]))
    );
    assert_eq!((&one["attempts"], &one["events"]), (&30.into(), &30.into()));
    assert_eq!(one["accounts_tried"], serde_json::json!(["11", "12"]));
    assert_eq!(one["evidence"][0]["line"], 1);
    let (first, last) = (one["first"].as_str().unwrap(), one["last"].as_str().unwrap());
    assert!(first.contains("02:10:00") && last.contains("02:10:29"), "{first} {last}");
}

#[test]
fn a_new_colleague_far_away_has_an_account_of_his_own() {
    // Sales on the first day, when the evidence ends; and somebody who works while the house is asleep.
    for (first, days, calls, every) in [(7, 1, 30, 700), (2, 5, 5, 2_400)] {
        let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
        stage = stage.with(&["13"]);
        for day in first..first + days {
            let start = monday + day * DAY + if days == 1 { 9 * HOUR } else { 21 * HOUR };
            stage.keep("13", STRANGER, start - 60, start + 4 * HOUR, 1_800);
            for call in 0..calls {
                let number = format!("001646555{:04}", day * 100 + call);
                stage.call("13", STRANGER, &number, start + call * every, 200);
            }
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn an_owner_on_the_road_is_not_the_intruder() {
    let (mut stage, monday) = house("Europe/Berlin", |n| format!("030555{n:04}"), 8);
    for day in 0..8 {
        for visit in 0..5 {
            let at = monday + day * DAY + (8 + 2 * visit) * HOUR;
            let place = format!("203.0.{}.{}", 113 + day, 20 + visit);
            stage.register("12", &place, at);
            stage.call("12", &place, &format!("003491155{:04}", day * 10 + visit), at + 60, 90);
        }
    }
    let night = monday + 5 * DAY + 2 * HOUR;
    stage.register("12", STRANGER, night - 60);
    let calls = pump(&mut stage, "12", STRANGER, &["0025261550001", "0025261550002"], night, 50, 30);
    compare(&examine(&mut stage), &[stolen(calls)], &[]);
}

#[test]
fn who_guesses_by_the_proxy_that_everybody_comes_by_is_not_the_proxy() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12", "13", "14"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let proxy = "203.0.113.7";
    let phones = ["10", "11", "12", "13", "14"].map(|account| (account, proxy));
    office(&mut stage, &phones, monday, 8, &GERMAN);
    let night = monday + 5 * DAY + 2 * HOUR;
    for guess in 0..300 {
        stage.wrong("12", proxy, night - 900 + guess * 3);
    }
    stage.register("12", proxy, night);
    let calls = pump(&mut stage, "12", proxy, &["0025261550001", "0025261550002"], night + 60, 50, 14);
    let report = examine(&mut stage);
    let truth = Truth { vectors: vec!["password-guess"], accounts: vec!["12"], calls, ..Truth::default() };
    compare(&report, &[truth], &[]);
    assert!(report.incidents[0].unknown.iter().any(|unknown| unknown.contains(proxy)));
}

#[test]
fn a_call_that_the_proxy_and_the_server_record_is_one() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let proxy = "192.168.2.2";
    let mut accounted = String::new();
    let mut calls = Vec::new();
    let mut call = |stage: &mut Stage, account: &str, from: &str, number: &str, at: i64| {
        let id = format!("{account}-{at}");
        for (method, at) in [("INVITE", at + 1), ("BYE", at + 91)] {
            let local = stage.zone.timestamp_opt(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%S%:z");
            writeln!(
                accounted,
                "{local} sbc /usr/sbin/kamailio[883]: NOTICE: acc [acc.c:287]: acc_log_request(): ACC: transaction answered: \
                 timestamp={at};method={method};from_tag=a;to_tag=b;call_id={id};code=200;reason=OK;\
                 src_user={account};src_domain=pbx.example;src_ip={from};dst_ouser={number};dst_user={number};dst_domain=192.168.2.5"
            )
            .unwrap();
        }
        stage.call(account, proxy, number, at, 90)
    };
    for day in 0..6 {
        for (index, account) in ["10", "11", "12"].into_iter().enumerate() {
            stage.register(account, proxy, monday + day * DAY + index as i64);
            let from = format!("192.168.7.{}", 10 + index);
            let at = monday + day * DAY + (9 + index as i64) * HOUR + 20;
            call(&mut stage, account, &from, GERMAN[index], at);
        }
    }
    let night = monday + 4 * DAY + 2 * HOUR;
    for number in 0..40 {
        let number_called = format!("002526155000{}", number % 3);
        calls.push(call(&mut stage, "12", STRANGER, &number_called, night + number * 20));
    }
    stage.file("var/log/syslog", &accounted);
    let report = examine(&mut stage);
    assert_eq!(report.incidents.len(), 1);
    let incident = &report.incidents[0];
    let blamed: Vec<String> =
        incident.calls.iter().filter_map(|call| Some(call.uniqueid.as_ref()?.raw().to_string())).collect();
    assert_eq!((blamed.len(), incident.calls.len()), (calls.len(), calls.len()));
    assert!(calls.iter().all(|call| blamed.contains(call)));
    let sources: Vec<String> = incident.sources.iter().map(|source| source.address.to_string()).collect();
    assert_eq!(sources, [STRANGER]);
}
