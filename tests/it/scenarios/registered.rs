//! Registrations that no log prints: FreeSWITCH's, told by what it did not refuse and by its tables, and a SIP proxy's,
//! told by the contacts that it holds.

use rusqlite::Connection;
use tolltrace::case::Options;
use tolltrace::report::model::{PhaseSpan, Report, Role};

use super::switch::{Staged, Switch, at};
use super::truth::examine_folder;
use crate::scratch::Scratch;

const OWNER: &str = "10.0.0.7";
const THIEF: &str = "203.0.113.30";
const GUESSER: &str = "198.51.100.66";
const VICTIM: &str = "1007@pbx.example";

/// A week of honest calls, and a night of others.
fn taken_over(switch: &mut Switch) {
    for day in 0..7 {
        let morning = at("2026-03-02 09:00:00") + day * 86_400;
        switch.register(VICTIM, OWNER, morning);
        for hour in 0..4 {
            call(switch, OWNER, "0301234567", morning + hour * 3_600);
        }
    }
    for index in 0..40 {
        let number = format!("0088213{:07}", 1_000_000 + index * 7_919);
        call(switch, THIEF, &number, at("2026-03-09 02:00:00") + index * 9);
    }
}

fn call(switch: &mut Switch, peer: &str, number: &str, at: i64) {
    switch.call(&Staged { caller: VICTIM, peer, number, at, seconds: 60, by_trunk: true, sent_on: None });
}

fn registered(report: &Report) -> Option<PhaseSpan> {
    let phases = &report.incidents.first()?.phases;
    phases.iter().find(|span| span.phase == Role::Register).cloned()
}

fn who(report: &Report) -> Vec<String> {
    let sources = report.incidents.iter().flat_map(|incident| &incident.sources);
    let inside = sources.filter(|source| source.roles.contains(&Role::Register));
    inside.map(|source| source.address.to_string()).collect()
}

/// A table of contacts as `mod_sofia` keeps it.
fn contacts(scratch: &Scratch, rows: &str) {
    let path = scratch.file("var/lib/freeswitch/db/sofia_reg_internal.db", "");
    std::fs::remove_file(&path).unwrap();
    let tables = "CREATE TABLE sip_registrations (call_id, sip_user, sip_host, contact, expires BIGINT, user_agent, network_ip, network_port);
        CREATE TABLE sip_authentication (nonce, expires BIGINT, last_nc INTEGER);";
    Connection::open(&path).unwrap().execute_batch(&format!("{tables}{rows}")).unwrap();
}

fn examine(switch: &mut Switch, rows: Option<&str>) -> Report {
    let scratch = Scratch::new();
    switch.write(&scratch);
    if let Some(rows) = rows {
        contacts(&scratch, rows);
    }
    examine_folder(scratch.path(), &Options::default())
}

#[test]
fn what_was_asked_for_and_not_refused_is_a_registration_of_whoever_called() {
    let mut switch = Switch::new();
    let (guessed, entered) = (at("2026-03-08 23:02:00"), at("2026-03-09 01:59:50"));
    for index in 0..60 {
        switch.wrong(VICTIM, GUESSER, at("2026-03-08 23:00:00") + index * 2);
    }
    switch.register(VICTIM, GUESSER, guessed);
    switch.register(VICTIM, THIEF, entered);
    // Somebody who asks and never answers has no part in it.
    switch.register(VICTIM, "203.0.113.99", at("2026-03-08 12:00:00"));
    taken_over(&mut switch);
    let report = examine(&mut switch, None);
    let span = registered(&report).expect("a phase");
    assert_eq!((span.first.unwrap().timestamp(), span.last.unwrap().timestamp()), (guessed, entered));
    assert_eq!((span.events, span.sources), (2, 2));
    assert_eq!(who(&report), [GUESSER, THIEF]);
    assert!(report.incidents[0].unknown.iter().any(|what| what.contains("not refused")));
    // The table of challenges bears the second out: it lapses a minute and the half hour that was asked for later.
    let rows = format!("INSERT INTO sip_authentication VALUES ('a', {}, 1);", entered + 60 + 1_800);
    let report = examine(&mut switch, Some(&rows));
    assert!(report.incidents[0].unknown.iter().any(|what| what.contains("and of 1 the table")));
}

#[test]
fn a_guesser_who_was_refused_to_the_last_registered_nothing() {
    let mut switch = Switch::new();
    switch.register(VICTIM, GUESSER, at("2026-03-08 22:00:00"));
    for index in 0..60 {
        switch.wrong(VICTIM, GUESSER, at("2026-03-08 23:00:00") + index * 2);
    }
    taken_over(&mut switch);
    let report = examine(&mut switch, None);
    assert_eq!(report.incidents.len(), 1);
    assert!(registered(&report).is_none());
    assert_eq!(who(&report), Vec::<String>::new());
}

#[test]
fn a_contact_in_the_servers_table_tells_who_is_registered_and_not_since_when() {
    let mut switch = Switch { logs_wrong_secrets: false, json: true, ..Switch::new() };
    taken_over(&mut switch);
    let held = |address: &str| {
        let lapses = at("2026-03-09 03:00:00");
        format!(
            "INSERT INTO sip_registrations VALUES ('c', '1007', 'pbx.example', '<sip:1007@10.9.9.9:5060>', {lapses}, 'x', '{address}', '5060');"
        )
    };
    let report = examine(&mut switch, Some(&held(THIEF)));
    let span = registered(&report).expect("a phase");
    assert!(span.first.is_none() && span.last.is_none() && span.events == 1);
    assert_eq!(who(&report), [THIEF]);
    assert_eq!(report.incidents[0].still_registered, [THIEF.parse::<std::net::IpAddr>().unwrap()]);
    // The last to register has the row: that the owner has it says nothing.
    let report = examine(&mut switch, Some(&held(OWNER)));
    assert!(registered(&report).is_none());
    assert!(report.incidents[0].still_registered.is_empty());
}

/// Seconds since 1970 as Kamailio's driver keeps them.
fn julian(at: i64) -> f64 {
    (at as f64 - 0.5) / 86_400.0 + 2_440_587.5
}

/// A proxy whose database is all there is: `received` is what its contact came from, where it keeps that.
fn proxy(received: Option<&str>) -> Report {
    let scratch = Scratch::new();
    let path = scratch.file("var/lib/kamailio/kamailio.db", "");
    std::fs::remove_file(&path).unwrap();
    scratch.file("etc/timezone", "Etc/UTC\n");
    let database = Connection::open(&path).unwrap();
    let tables = "CREATE TABLE version (table_name TEXT, table_version INTEGER);
        CREATE TABLE acc (method TEXT, from_tag TEXT, to_tag TEXT, callid TEXT, sip_code TEXT, sip_reason TEXT,
            time REAL, src_user TEXT, src_ip TEXT, dst_ouser TEXT);
        CREATE TABLE subscriber (username TEXT, domain TEXT, password TEXT, ha1 TEXT);
        CREATE TABLE location (username TEXT, contact TEXT, received TEXT, expires REAL, callid TEXT, last_modified REAL, user_agent TEXT);
        INSERT INTO subscriber VALUES ('101', 'x', 'kT7-uLq92mXw', ''), ('102', 'x', 'b7Xn!ppQ2', '');";
    database.execute_batch(tables).unwrap();
    let mut row = 0;
    let mut call = |peer: &str, dialed: &str, at: i64| {
        row += 1;
        for (method, at) in [("INVITE", at), ("BYE", at + 90)] {
            let insert = "INSERT INTO acc VALUES (?1, ?2, ?2, ?2, '200', 'OK', ?3, '102', ?4, ?5)";
            database
                .execute(insert, rusqlite::params![method, format!("t{row}"), julian(at), peer, dialed])
                .unwrap();
        }
    };
    let monday = at("2026-03-02 09:00:00");
    for hour in (0..5).flat_map(|day| (0..6).map(move |hour| day * 86_400 + hour * 3_600)) {
        call("192.168.5.12", "0145550101", monday + hour);
    }
    let night = at("2026-03-07 02:00:00");
    for index in 0..30 {
        call(THIEF, &format!("0088213{:07}", 1_000_000 + index * 7_919), night + index * 10);
    }
    let contact = if received.is_some() { "sip:102@10.9.9.9:5060" } else { "sip:102@203.0.113.30:5060" };
    let values = rusqlite::params![contact, received, julian(night + 3_600), julian(night - 60)];
    database.execute("INSERT INTO location VALUES ('102', ?1, ?2, ?3, 'c', ?4, 'x')", values).unwrap();
    drop(database);
    examine_folder(scratch.path(), &Options::default())
}

#[test]
fn the_contacts_of_a_proxy_tell_when_the_intruder_registered() {
    for received in [None, Some("sip:203.0.113.30:5062")] {
        let report = proxy(received);
        let span = registered(&report).expect("a phase");
        assert_eq!(span.first.unwrap().timestamp(), at("2026-03-07 01:59:00"), "{received:?}");
        assert_eq!(who(&report), [THIEF]);
        assert_eq!(report.incidents[0].still_registered.len(), 1);
    }
}

#[test]
fn a_call_that_was_up_when_the_channels_were_listed_is_told() {
    let mut switch = Switch::new();
    taken_over(&mut switch);
    let scratch = Scratch::new();
    switch.write(&scratch);
    let listed = |peer: &str| {
        let text = format!(
            "uuid,direction,created,created_epoch,name,state,cid_name,cid_num,ip_addr,dest,application\n\
             5bd0a656-5842-4d47-8bb7-15e92240784d,inbound,2026-03-09 02:30:00,1773023400,sofia/internal/1007@pbx.example,CS_EXECUTE,1007,1007,{peer},00882136432302,bridge\n\n1 total.\n"
        );
        scratch.file("live_response/show_channels.txt", &text);
        let report = examine_folder(scratch.path(), &Options::default());
        let of_calls = report.findings.into_iter().filter(|finding| finding.id == "call-in-progress");
        of_calls.map(|finding| finding.title).collect::<Vec<String>>()
    };
    assert_eq!(listed(THIEF), ["A call of 1007 from 203.0.113.30 of the intruder was still up"]);
    assert_eq!(listed(OWNER), Vec::<String>::new());
    let answer = |scratch: &Scratch| crate::scratch::prose(&scratch.run(&["investigate", "."]));
    assert!(!answer(&scratch).contains("hung up"));
    listed(THIEF);
    assert!(answer(&scratch).contains("it is not over until it is hung up"));
}
