//! Ways in that need no phone's account.

use super::people::{AMERICAN, DAY, GERMAN, HOUR, office};
use super::stage::{Driver, Row, Stage};
use super::truth::{Truth, compare, examine};

#[test]
fn guests_that_the_dialplan_lets_out() {
    for (driver, name, context) in
        [(Driver::Sip, "192.0.2.1", "default"), (Driver::Pjsip, "anonymous", "from-anonymous")]
    {
        let mut stage = Stage::new(driver, "Europe/Berlin").with(&["10", "11"]);
        let monday = stage.at("2026-04-13 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 6, &GERMAN);
        let config = match driver {
            Driver::Sip => {
                "[general]\ncontext=default\nallowguest=yes\n\n[carrier]\ntype=peer\nhost=240.7.7.7\ncontext=from-trunk\n\n[10]\ntype=friend\nhost=dynamic\nsecret=aV93kfPqlz71x\ncontext=from-internal\n\n[11]\ntype=friend\nhost=dynamic\nsecret=bV93kfPqlz71x\ncontext=from-internal\n"
            }
            _ => {
                "[carrier]\ntype=endpoint\ncontext=from-trunk\naors=carrier\n\n[carrier]\ntype=aor\ncontact=sip:240.7.7.7:5060\n\n[carrier]\ntype=identify\nendpoint=carrier\nmatch=240.7.7.7\n\n[anonymous]\ntype=endpoint\ncontext=from-anonymous\n\n[10]\ntype=endpoint\ncontext=from-internal\naors=10\nauth=10\n\n[10]\ntype=auth\nusername=10\npassword=aV93kfPqlz71x\n\n[10]\ntype=aor\nmax_contacts=1\n\n[11]\ntype=endpoint\ncontext=from-internal\naors=11\nauth=11\n\n[11]\ntype=auth\nusername=11\npassword=bV93kfPqlz71x\n\n[11]\ntype=aor\nmax_contacts=1\n"
            }
        };
        stage.file(
            if driver == Driver::Sip { "etc/asterisk/sip.conf" } else { "etc/asterisk/pjsip.conf" },
            config,
        );
        let night = stage.at("2026-04-17 01:00:00");
        stage.context = context;
        for probe in 0..20 {
            stage.turned_away(name, &format!("{probe}00972595550"), "195.154.1.1", night + probe * 9);
        }
        let calls: Vec<String> = (0..25)
            .map(|call| {
                let at = night + HOUR + call * 45;
                stage.leave(name, Some("195.154.1.1"), "00972595550142", at, 160, "ANSWERED")
            })
            .collect();
        let truth = Truth {
            vectors: vec!["guest-call"],
            accounts: vec![],
            sources: vec![("195.154.1.1".into(), "dial scan")],
            calls,
        };
        let report = examine(&mut stage);
        compare(&report, &[truth], &[]);
        // A channel has a name, and its caller no account.
        assert!(report.incidents[0].calls.iter().all(|call| call.account.is_none()));
    }
}

#[test]
fn refused_guests_cost_nothing() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Lisbon").with(&["10", "11"]);
    let monday = stage.at("2026-04-13 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 6, &["213555010"]);
    for guest in 0..300i64 {
        let at = monday + guest * 1_700 + 13;
        let channel = format!("SIP/192.0.2.1-{:08x}", 0x7000 + guest);
        stage.note(
            at,
            "WARNING",
            Some(9_000 + guest as u32),
            "Ext. s",
            "\"Rejecting unknown SIP connection from 185.107.80.2\"".into(),
        );
        stage.record(&Row {
            at,
            seconds: 12,
            src: "1001",
            name: "1001",
            dst: &format!("{}972595550", guest % 40),
            context: "from-sip-external",
            channel: &channel,
            to: "",
            disposition: "ANSWERED",
            uniqueid: None,
        });
    }
    compare(&examine(&mut stage), &[], &["185.107.80.2"]);
}

fn manager_conf(stage: &mut Stage) {
    stage.file(
        "etc/asterisk/manager.conf",
        "[general]\nenabled=yes\nport=5038\nbindaddr=0.0.0.0\n\n[crm]\nsecret=Kx72hhPq93mZ\nread=all\nwrite=originate,call\n",
    );
}

/// An originated call: both halves of a Local channel leave a row.
fn originate(stage: &mut Stage, number: &str, at: i64, serial: u32) -> String {
    let first = format!("{at}.{}", 40_000 + serial * 4);
    let local = format!("Local/{number}@from-internal-{serial:08x}");
    for (half, to, id) in [
        (";1", "PJSIP/hold-00000001".to_owned(), first.clone()),
        (";2", format!("PJSIP/carrier-{:08x}", 0xa000 + serial), format!("{at}.{}", 40_001 + serial * 4)),
    ] {
        let row = Row {
            at,
            seconds: 300,
            src: "",
            name: "",
            dst: number,
            context: "from-internal",
            channel: &format!("{local}{half}"),
            to: &to,
            disposition: "ANSWERED",
            uniqueid: Some(&id),
        };
        stage.record(&row);
    }
    first
}

fn manager(stage: &mut Stage, at: i64, message: &str) {
    stage.note(
        at,
        if message.contains("logged") { "VERBOSE" } else { "NOTICE" },
        None,
        "manager.c",
        message.into(),
    );
}

#[test]
fn the_manager_interface_makes_calls() {
    let mut stage = Stage::new(Driver::Pjsip, "America/Denver").with(&["10", "11"]);
    manager_conf(&mut stage);
    let monday = stage.at("2026-08-03 00:00:00");
    office(&mut stage, &[("10", "10.3.3.10"), ("11", "10.3.3.11")], monday, 6, &AMERICAN);
    let night = stage.at("2026-08-06 03:00:00");
    let peer = "103.9.9.9";
    for attempt in 0..40 {
        manager(&mut stage, night + attempt * 5, &format!("{peer} failed to authenticate as 'crm'"));
    }
    manager(&mut stage, night + 300, &format!("Manager 'crm' logged on from {peer}"));
    let mut calls = Vec::new();
    for call in 0..20u32 {
        calls.push(originate(&mut stage, "9011223555010", night + 320 + i64::from(call) * 20, call));
    }
    manager(&mut stage, night + 900, &format!("Manager 'crm' logged off from {peer}"));
    let truth = Truth {
        vectors: vec!["manager-interface"],
        accounts: vec!["crm"],
        sources: vec![(peer.into(), "dial guess manager register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn who_guesses_at_one_manager_is_no_phone_with_an_old_secret() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    manager_conf(&mut stage);
    let monday = stage.at("2026-08-03 00:00:00");
    office(&mut stage, &[("10", "10.3.3.10"), ("11", "10.3.3.11")], monday, 4, &GERMAN);
    let night = stage.at("2026-08-05 03:00:00");
    for attempt in 0..80 {
        manager(&mut stage, night + attempt * 4, "103.9.9.9 failed to authenticate as 'crm'");
    }
    let report = examine(&mut stage);
    compare(&report, &[], &["103.9.9.9"]);
    assert_eq!(report.failed_attackers[0].attempts, Some(80));
}

#[test]
fn a_crm_that_dials_for_its_people_is_honest() {
    for (peer, days) in [("127.0.0.1", 6), ("10.3.3.80", 6), ("203.0.113.80", 6)] {
        let mut stage = Stage::new(Driver::Pjsip, "America/Denver").with(&["10", "11"]);
        manager_conf(&mut stage);
        let monday = stage.at("2026-08-03 00:00:00");
        office(&mut stage, &[("10", "10.3.3.10"), ("11", "10.3.3.11")], monday, days, &AMERICAN);
        for day in 0..days {
            let morning = monday + day * DAY + 8 * HOUR;
            manager(&mut stage, morning, &format!("Manager 'crm' logged on from {peer}"));
            for call in 0..15i64 {
                let number = ["93125550101", "98475550102", "97735550104"][call as usize % 3];
                originate(&mut stage, number, morning + call * 1_800, (day * 100 + call) as u32);
            }
            manager(&mut stage, morning + 9 * HOUR, &format!("Manager 'crm' logged off from {peer}"));
        }
        compare(&examine(&mut stage), &[], &[]);
    }
}

#[test]
fn a_dialler_in_the_cloud_that_was_always_there() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    manager_conf(&mut stage);
    let monday = stage.at("2026-08-03 00:00:00");
    office(&mut stage, &[("10", "10.3.3.10"), ("11", "10.3.3.11")], monday, 6, &GERMAN);
    let peer = "203.0.113.80";
    manager(&mut stage, monday + 60, &format!("Manager 'crm' logged on from {peer}"));
    for day in 0..6i64 {
        for call in 0..200i64 {
            let number = if call % 9 == 0 {
                format!("00435550{call:03}")
            } else {
                format!("0305{:03}{:03}", call * 3 % 1_000, day)
            };
            originate(
                &mut stage,
                &number,
                monday + day * DAY + 9 * HOUR + call * 70,
                (day * 300 + call) as u32,
            );
        }
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn a_carrier_that_comes_as_a_guest() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-08-03 00:00:00");
    office(&mut stage, &[("10", "10.3.3.10"), ("11", "10.3.3.11")], monday, 6, &GERMAN);
    stage.context = "from-sip-external";
    for call in 0..60i64 {
        // Sent on to the owner's mobile phone.
        stage.leave("anonymous", Some("212.227.1.1"), "4930555010", monday + call * 7_000, 90, "ANSWERED");
    }
    compare(&examine(&mut stage), &[], &[]);
}
