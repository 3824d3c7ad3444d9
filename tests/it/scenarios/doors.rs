//! Ways out of the house that show no phone: transfers, menus, forwards, calls that the server was told to place.

use std::fmt::Write;

use super::people::{DAY, GERMAN, HOUR, office};
use super::stage::{Driver, Row, Stage};
use super::truth::{Truth, compare, examine};

const STRANGER: &str = "198.51.100.66";
const SOMALIA: [&str; 3] = ["0025261550001", "0025261550002", "0025261550003"];

/// An office of three, for a week.
fn house(driver: Driver) -> (Stage, i64) {
    let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 8, &GERMAN);
    (stage, monday)
}

fn row<'a>(at: i64, seconds: u32, (src, dst, context): (&'a str, &'a str, &'a str)) -> Row<'a> {
    let (name, disposition, uniqueid) = ("", "ANSWERED", None);
    Row { at, seconds, src, name, dst, context, channel: "", to: "", disposition, uniqueid }
}

/// A caller who came in by the carrier goes out by it.
fn through(stage: &mut Stage, caller: &str, number: &str, at: i64, serial: u32) -> String {
    let channel = format!("PJSIP/carrier-{:08x}", 0x9000 + serial * 2);
    let to = format!("PJSIP/carrier-{:08x}", 0x9001 + serial * 2);
    stage.record(&Row { channel: &channel, to: &to, ..row(at, 230, (caller, number, "menu-3")) })
}

#[test]
fn one_caller_after_whose_call_comes_his_next_all_night_gets_out_by_a_hole() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + HOUR;
    let calls = (0..25).map(|call| {
        let number = SOMALIA[call as usize % 3];
        through(&mut stage, "447900123456", number, night + i64::from(call) * 260, call)
    });
    let calls = calls.collect();
    compare(
        &examine(&mut stage),
        &[Truth { vectors: vec!["dialplan-hole"], calls, ..Truth::default() }],
        &[],
    );
}

#[test]
fn many_callers_who_are_sent_on_in_one_night_of_storm_are_customers() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + HOUR;
    for call in 0..25 {
        let caller = format!("0171555{call:04}");
        through(&mut stage, &caller, "0041791234567", night + i64::from(call) * 260, call);
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn calls_that_were_answered_and_then_transferred_abroad_all_night() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + HOUR;
    let mut calls = Vec::new();
    for call in 0..25u32 {
        let at = night + i64::from(call) * 260;
        let id = format!("{at}.{}", 50_000 + call);
        let channel = format!("PJSIP/carrier-{:08x}", 0x9000 + call * 3);
        let phone = format!("PJSIP/10-{:08x}", 0x9001 + call * 3);
        let far = format!("PJSIP/carrier-{:08x}", 0x9002 + call * 3);
        let (caller, number) = ("447900123456", SOMALIA[call as usize % 3]);
        let uniqueid = Some(id.as_str());
        let first = row(at, 12, (caller, "4930555010", "from-trunk"));
        stage.record(&Row { channel: &channel, to: &phone, uniqueid, ..first });
        let second = row(at + 13, 220, (caller, number, "from-internal"));
        stage.record(&Row { channel: &channel, to: &far, uniqueid, ..second });
        calls.push(id);
    }
    let report = examine(&mut stage);
    compare(&report, &[Truth { vectors: vec!["dialplan-hole"], calls, ..Truth::default() }], &[]);
    let entry = &report.incidents[0].entry;
    assert!(
        entry.because.iter().any(|why| why.contains("a transfer of the answered call")),
        "{:?}",
        entry.because
    );
    assert!(entry.against.iter().any(|why| why.contains("may have transferred")), "{:?}", entry.against);
}

#[test]
fn a_forward_that_a_taken_account_set_is_one_intrusion_with_it() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + 2 * HOUR;
    let number = SOMALIA[0];
    for attempt in 0..200 {
        stage.wrong("12", STRANGER, night - 900 + attempt * 4);
    }
    stage.register("12", STRANGER, night);
    let mut calls = vec![stage.call("12", STRANGER, &format!("*72{number}"), night + 60, 9)];
    for call in 0..30u32 {
        let at = night + 600 + i64::from(call) * 150;
        let (caller, serial) = (["49305550001", "49305550002"][call as usize % 2], 0x9000 + call * 2);
        let local = format!("Local/{number}@from-internal-{serial:08x}");
        let (first, second) = (format!("{local};1"), format!("{local};2"));
        let (from, to) = (format!("PJSIP/carrier-{serial:08x}"), format!("PJSIP/carrier-{:08x}", serial + 1));
        let own = format!("{at}.{}", 60_000 + call);
        let half = row(at, 140, (caller, "4930555012", "from-trunk"));
        calls.push(stage.record(&Row { channel: &from, to: &first, ..half }));
        let half = row(at, 140, (caller, number, "from-internal"));
        stage.record(&Row { channel: &second, to: &to, uniqueid: Some(&own), ..half });
    }
    let report = examine(&mut stage);
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["12"],
        sources: vec![(STRANGER.into(), "dial guess register")],
        calls,
    };
    compare(&report, &[truth], &[]);
    let other = report.incidents[0].entry.alternatives.iter().map(|way| way.vector.word());
    assert!(other.into_iter().any(|way| way == "call-forward"));
}

/// The server has a number called by the trunk and hands the channel that answers to an application: two lines of the
/// log, of one thread, and a record that names neither caller nor number.
fn place(stage: &mut Stage, number: &str, at: i64, serial: u32) -> String {
    let channel = format!("PJSIP/carrier-{:08x}", 0x9000 + serial);
    stage.note(at, "VERBOSE", None, "dial.c", format!("Called {number}@carrier"));
    stage.note(at + 2, "VERBOSE", None, "dial.c", format!("{channel} answered"));
    stage.record(&Row { channel: &channel, ..row(at, 190, ("", "s", "from-trunk")) })
}

#[test]
fn calls_that_the_server_was_told_to_place_while_a_stranger_was_at_the_manager_interface() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + HOUR;
    let say = |stage: &mut Stage, at: i64, what: &str| {
        stage.note(at, "VERBOSE", None, "manager.c", format!("Manager 'crm' logged {what} {STRANGER}"));
    };
    say(&mut stage, night - 5, "on from");
    let calls =
        (0..30).map(|call| place(&mut stage, SOMALIA[call as usize % 3], night + i64::from(call) * 60, call));
    let calls = calls.collect();
    say(&mut stage, night + 2_400, "off from");
    let report = examine(&mut stage);
    let truth = Truth {
        vectors: vec!["manager-interface"],
        accounts: vec!["crm"],
        sources: vec![(STRANGER.into(), "dial manager register")],
        calls,
    };
    compare(&report, &[truth], &[]);
    let dialed = report.incidents[0].calls.iter().map(|call| call.dialed.raw().to_owned());
    assert!(dialed.into_iter().all(|number| SOMALIA.contains(&number.as_str())));
}

#[test]
fn a_secret_that_is_guessed_through_everybodys_own_address() {
    // A container's network shows every caller as the host's own address.
    let host = "172.17.0.1";
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12", "13"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", host), ("11", host), ("12", host), ("13", host)], monday, 8, &GERMAN);
    let night = monday + 4 * DAY + HOUR;
    for attempt in 0..400 {
        stage.wrong("12", host, night - 1_700 + attempt * 4);
    }
    stage.register("12", host, night);
    let calls =
        (0..40).map(|call| stage.call("12", host, SOMALIA[call as usize % 3], night + 60 + call * 45, 170));
    let calls = calls.collect();
    let report = examine(&mut stage);
    let truth = Truth { vectors: vec!["password-guess"], accounts: vec!["12"], sources: vec![], calls };
    compare(&report, &[truth], &[]);
    assert!(report.incidents[0].unknown.iter().any(|what| what.contains("as everybody's here do")));
}

#[test]
fn a_server_that_calls_its_customers_back_is_honest() {
    let (mut stage, monday) = house(Driver::Pjsip);
    for day in 0..5 {
        for call in 0..20 {
            let at = monday + day * DAY + 9 * HOUR + i64::from(call) * 1_100;
            place(&mut stage, GERMAN[call as usize % 5], at, day as u32 * 100 + call);
        }
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn an_iax2_guest_is_told_by_the_socket_in_its_channels_name() {
    let (mut stage, monday) = house(Driver::Iax2);
    let night = monday + 4 * DAY + HOUR;
    let calls = (0..30u32).map(|call| {
        let at = night + i64::from(call) * 60;
        let channel = format!("IAX2/{STRANGER}:4569-{}", 1_000 + call);
        let to = format!("IAX2/carrier-{}", 2_000 + call);
        stage.record(&Row {
            channel: &channel,
            to: &to,
            ..row(at, 200, ("100", SOMALIA[call as usize % 3], "default"))
        })
    });
    let calls = calls.collect();
    let truth = Truth {
        vectors: vec!["guest-call"],
        sources: vec![(STRANGER.into(), "dial")],
        calls,
        ..Truth::default()
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn the_accounts_of_a_server_behind_a_proxy_are_not_the_proxys() {
    let mut stage = Stage::new(Driver::Pjsip, "Etc/UTC").with(&["kamailio"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let mut syslog = String::new();
    let stamp = |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%S+00:00");
    let mut serial = 0;
    let mut call = |stage: &mut Stage,
                    syslog: &mut String,
                    account: &str,
                    peer: &str,
                    number: &str,
                    at: i64| {
        serial += 1;
        for (at, method) in [(at + 2, "INVITE"), (at + 200, "BYE")] {
            writeln!(
                syslog,
                "{} edge kamailio[9]: NOTICE: acc [acc.c:287]: acc_log_request(): ACC: transaction answered: timestamp={at};\
                 method={method};from_tag=a{serial};to_tag=b{serial};call_id=c{serial};code=200;reason=OK;src_user={account};\
                 src_domain=pbx;src_ip={peer};dst_ouser={number};dst_user={number};dst_domain=192.168.2.5",
                stamp(at)
            )
            .unwrap();
        }
        let (channel, to) =
            (format!("PJSIP/kamailio-{:08x}", serial * 2), format!("PJSIP/carrier-{:08x}", serial * 2 + 1));
        stage.record(&Row { channel: &channel, to: &to, ..row(at, 200, (account, number, "from-internal")) })
    };
    for day in 0..8 {
        for (index, account) in ["10", "11", "12", "13", "14"].into_iter().enumerate() {
            for turn in 0..4 {
                let peer = format!("203.0.113.{}", 20 + index);
                let at = monday + day * DAY + 9 * HOUR + turn * 5_000 + index as i64 * 611;
                let number = ["0305550101", "0033140500100", "0895550102"][(turn as usize + index) % 3];
                call(&mut stage, &mut syslog, account, &peer, number, at);
            }
        }
    }
    let night = monday + 4 * DAY + HOUR;
    for attempt in 0..200 {
        let at = night - 900 + attempt * 4;
        let line = format!("kamailio[9]: NOTICE: <script>: Auth failed for user 12 from {STRANGER}:5060");
        writeln!(syslog, "{} edge {line}", stamp(at)).unwrap();
    }
    let calls = (0..40).map(|turn| {
        call(&mut stage, &mut syslog, "12", STRANGER, SOMALIA[turn as usize % 3], night + turn * 45)
    });
    let calls = calls.collect();
    stage.file("var/log/syslog", &syslog);
    stage.file("etc/kamailio/kamailio.cfg", "#!KAMAILIO\nloadmodule \"acc.so\"\n");
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["12"],
        sources: vec![(STRANGER.into(), "dial guess")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_hole_of_the_panel_that_whoever_used_an_account_then_had_tried() {
    let stolen = |attack_from: &str| {
        let (mut stage, monday) = house(Driver::Pjsip);
        let night = monday + 4 * DAY + HOUR;
        let request = "/admin/ajax.php?module=FreePBX%5Cmodules%5Cendpoint%5Cajax&command=model&brand=x%27";
        let line =
            format!("- - [06/Mar/2026:00:50:00 +0100] \"GET {request} HTTP/1.1\" 500 1200 \"-\" \"curl/8\"");
        stage.file("var/log/httpd/access_log", &format!("{attack_from} {line}\n"));
        stage.register("12", STRANGER, night);
        for call in 0..40 {
            stage.call("12", STRANGER, SOMALIA[call as usize % 3], night + 60 + call * 45, 170);
        }
        let report = examine(&mut stage);
        let [incident] = report.incidents.as_slice() else { panic!("one incident") };
        (incident.entry.vector.word(), incident.sources.len())
    };
    assert_eq!(stolen(STRANGER), ("web-exploit", 1));
    // Everybody on the Internet tries it.
    assert_eq!(stolen("192.88.99.200"), ("stolen-credential", 1));
}

#[test]
fn phone_files_of_yealinks_in_a_web_root_are_no_pages() {
    let (mut stage, monday) = house(Driver::Pjsip);
    let night = monday + 4 * DAY + HOUR;
    stage.file(
        "var/www/html/prov/805ec0aa0012.cfg",
        "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 12\naccount.1.auth_name = 12\naccount.1.password = Vx8-12-qPz71LmKw\n",
    );
    let mut log = String::new();
    for walked in 0..60 {
        let (file, status) = (format!("805ec0aa{walked:04}"), if walked == 12 { 200 } else { 404 });
        let stamp = format!("04/Mar/2026:03:00:{:02} +0100", walked % 60);
        writeln!(
            log,
            "192.88.99.7 - - [{stamp}] \"GET /prov/{file}.cfg HTTP/1.1\" {status} 700 \"-\" \"curl/8\""
        )
        .unwrap();
    }
    stage.file("var/log/nginx/access.log", &log);
    stage.register("12", STRANGER, night);
    let calls = (0..40)
        .map(|call| stage.call("12", STRANGER, SOMALIA[call as usize % 3], night + 60 + call * 45, 170));
    let calls = calls.collect();
    let truth = Truth {
        vectors: vec!["provisioning-leak"],
        accounts: vec!["12"],
        sources: vec![("192.88.99.7".into(), "provision"), (STRANGER.into(), "dial register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}
