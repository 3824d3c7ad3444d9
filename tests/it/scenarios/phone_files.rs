//! Phone files: whose they are, who hands them out, who took them, and what became of the accounts.

use std::collections::BTreeMap;

use tolltrace::case::Options;
use tolltrace::report::model::{Finding, Report, Severity};

use super::people::{DAY, GERMAN, HOUR, office, pump};
use super::stage::{Driver, Stage};
use super::truth::{Truth, compare, examine, examine_folder};
use crate::scratch::Scratch;

const HOME: &str = "91.12.7.7";
const THIEF: &str = "193.46.255.20";

/// An office with phones of three vendors, one of them at home, and the server that gives them their files.
fn with_phones() -> (Stage, i64) {
    with_phones_and(HOME)
}

/// The same, with one of the phones elsewhere.
fn with_phones_and(home: &str) -> (Stage, i64) {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12", "13"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", home)], monday, 9, &GERMAN);
    let secret = |stage: &Stage, name: &str| {
        stage.accounts.iter().find(|(known, _)| known == name).expect("an account").1.clone()
    };
    let yealink = format!("account.1.auth_name = 10\naccount.1.password = {}\n", secret(&stage, "10"));
    stage.file("srv/prov/001565aabbcc.cfg", &yealink);
    let snom = format!(
        "<settings><phone-settings>\n<user_name idx=\"1\" perm=\"\">11</user_name>\n<user_pass idx=\"1\" perm=\"\">{}</user_pass>\n</phone-settings></settings>\n",
        secret(&stage, "11")
    );
    stage.file("srv/prov/snom720-000413A2F011.htm", &snom);
    let panasonic = format!("SIP_AUTHID_1=\"12\"\nSIP_PASS_1=\"{}\"\n", secret(&stage, "12"));
    stage.file("srv/prov/Config0080F0112233.cfg", &panasonic);
    let site = "Listen 8083\n<VirtualHost *:8083>\nDocumentRoot /srv/prov\n<Directory /srv/prov>\nRequire all granted\n</Directory>\n</VirtualHost>\n";
    stage.file("etc/httpd/conf.d/prov.conf", site);
    for day in 0..9 {
        let at = monday + day * DAY + 3 * HOUR;
        stage.web(at, "192.168.2.10", "\"GET /001565aabbcc.cfg HTTP/1.1\" 200 9");
        stage.web(at, "192.168.2.11", "\"GET /snom720-000413A2F011.htm HTTP/1.1\" 200 9");
        // The one at home has been in use since before the evidence begins.
        if day > 0 {
            stage.web(at, home, "\"GET /Config0080F0112233.cfg HTTP/1.1\" 200 9");
        }
    }
    (stage, monday)
}

/// Returns `severity subject` of each finding of a kind.
fn found(report: &Report, id: &str) -> Vec<String> {
    let of_kind = report.findings.iter().filter(|finding| finding.id == id);
    of_kind.map(|finding| format!("{} {}", finding.severity.word(), finding.subject.raw())).collect()
}

fn the<'r>(report: &'r Report, id: &str, subject: &str) -> &'r Finding {
    let mut of_kind = report.findings.iter().filter(|finding| finding.id == id);
    of_kind.find(|finding| finding.subject.raw() == subject).expect("the finding")
}

#[test]
fn phones_that_fetch_their_own_files_accuse_nobody() {
    let (mut stage, _) = with_phones();
    let report = examine(&mut stage);
    compare(&report, &[], &[]);
    assert!(found(&report, "provisioning-leaked").is_empty(), "{:?}", found(&report, "provisioning-leaked"));
    assert!(found(&report, "provisioning-walked").is_empty());
    // The phone at home shows that the Internet reaches the server.
    assert_eq!(found(&report, "provisioning-exposed"), ["critical srv/prov"]);
    let report = examine(&mut with_phones_and("192.168.2.12").0);
    assert_eq!(found(&report, "provisioning-exposed"), ["medium srv/prov"]);
}

#[test]
fn every_file_that_a_thief_was_given_is_told() {
    let (mut stage, monday) = with_phones();
    let theft = monday + 5 * DAY + 23 * HOUR;
    for guess in 0..12 {
        stage.web(theft + guess, THIEF, &format!("\"GET /0015650000{guess:02x}.cfg HTTP/1.1\" 404 9"));
    }
    stage.web(theft + 20, THIEF, "\"GET /001565aabbcc.cfg HTTP/1.1\" 200 9");
    stage.web(theft + 21, THIEF, "\"GET /snom720-000413A2F011.htm HTTP/1.1\" 200 9");
    stage.register("11", THIEF, theft + 3 * HOUR);
    let calls = pump(&mut stage, "11", THIEF, &["0088213555011"], theft + 4 * HOUR, 30, 44);
    let report = examine(&mut stage);
    let truth = Truth {
        vectors: vec!["provisioning-leak"],
        accounts: vec!["11"],
        sources: vec![(THIEF.into(), "dial provision register")],
        calls,
    };
    compare(&report, &[truth], &[]);
    assert_eq!(found(&report, "provisioning-leaked"), ["critical 10", "high 11"]);
    assert_eq!(found(&report, "provisioning-exposed"), ["critical srv/prov"]);
    assert_eq!(found(&report, "provisioning-walked"), ["medium phone files"]);
    let unused = the(&report, "provisioning-leaked", "10");
    assert!(unused.detail.contains("No use of it by a stranger is on record"), "{}", unused.detail);
    assert!(unused.remedy.starts_with("Change its secret"), "{}", unused.remedy);
    assert!(unused.title.contains(THIEF), "{}", unused.title);
    let used = the(&report, "provisioning-leaked", "11");
    assert!(used.detail.contains("was used by an intruder, 2h 59m 39s after"), "{}", used.detail);
    let exposed = the(&report, "provisioning-exposed", "srv/prov");
    for told in [
        "anyone on the Internet",
        "yealink: 10 in 001565aabbcc.cfg",
        "snom: 11",
        "panasonic: 12",
        "port 8083",
    ] {
        assert!(exposed.detail.contains(told), "{told}: {}", exposed.detail);
    }
    let all = serde_json::to_string(&report).unwrap();
    for (account, secret) in &stage.accounts {
        assert!(!all.contains(secret.as_str()), "the secret of {account} is shown");
    }
}

/// FTP and TFTP leave other lines than a web server, and tell the same.
#[test]
fn a_fetch_by_any_protocol_precedes_the_breach() {
    let fetches: [(&str, &str); 2] = [
        (
            "vsftpd[7]: [ftp] OK DOWNLOAD: Client \"193.46.255.20\", \"/001565aabbcc.cfg\", 23 bytes, 63.09Kbyte/sec",
            "FTP",
        ),
        ("in.tftpd[7]: RRQ from 193.46.255.20 filename 001565aabbcc.cfg", "TFTP"),
    ];
    for (line, protocol) in fetches {
        let (mut stage, monday) = with_phones();
        let theft = monday + 5 * DAY + 23 * HOUR;
        stage.syslog(theft, line);
        stage.syslog(monday + 8 * DAY, "cron[7]: (root) CMD (true)");
        stage.syslog(monday + 8 * DAY, "in.tftpd[8]: RRQ from 192.168.2.10 filename 001565aabbcc.cfg");
        stage.register("10", "45.12.3.4", theft + 3 * HOUR);
        let calls = pump(&mut stage, "10", "45.12.3.4", &["0088213555011"], theft + 4 * HOUR, 30, 44);
        let report = examine(&mut stage);
        let truth = Truth {
            vectors: vec!["provisioning-leak"],
            accounts: vec!["10"],
            sources: vec![(THIEF.into(), "provision"), ("45.12.3.4".into(), "dial register")],
            calls,
        };
        compare(&report, &[truth], &[]);
        let leaked = the(&report, "provisioning-leaked", "10");
        assert!(leaked.detail.contains(&format!("by {protocol} to {THIEF}")), "{}", leaked.detail);
    }
}

/// A copy of all phone files in one archive gives all of them away.
#[test]
fn an_archive_of_phone_files_gives_away_all_that_it_holds() {
    let (mut stage, monday) = with_phones();
    stage.web(monday + 5 * DAY, THIEF, "\"GET /old/phones.tar.gz HTTP/1.1\" 200 9000");
    let scratch = Scratch::new();
    stage.write(&scratch);
    let folder = scratch.path().join("srv/prov/old");
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::fs::File::create(folder.join("phones.tar.gz")).unwrap();
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for name in ["001565aabbcc.cfg", "snom720-000413A2F011.htm"] {
        archive
            .append_path_with_name(scratch.path().join("srv/prov").join(name), format!("tftpboot/{name}"))
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
    let report = examine_folder(scratch.path(), &Options::default());
    assert_eq!(found(&report, "provisioning-leaked"), ["critical 10", "critical 11"]);
    assert_eq!(
        found(&report, "provisioning-exposed"),
        ["critical srv/prov", "critical srv/prov/old/phones.tar.gz!/tftpboot"]
    );
}

#[test]
fn a_saved_firewall_and_a_password_change_the_answer() {
    let saved = |rule: &str| format!("*filter\n:INPUT DROP [0:0]\n{rule}COMMIT\n");
    for (rule, told) in [
        ("", "info srv/prov"),
        ("-A INPUT -p tcp --dport 8083 -j ACCEPT\n", "critical srv/prov"),
        ("-A INPUT -s 192.168.2.0/24 -p tcp --dport 8083 -j ACCEPT\n", "low srv/prov"),
    ] {
        let (mut stage, _) = with_phones_and("192.168.2.12");
        stage.file("etc/sysconfig/iptables", &saved(rule));
        assert_eq!(found(&examine(&mut stage), "provisioning-exposed"), [told], "{rule}");
    }
}

#[test]
fn files_that_nobody_needs_are_named() {
    let (mut stage, _) = with_phones();
    stage.file("srv/prov/001565aabbdd.cfg", "account.1.auth_name = 99\naccount.1.password = q8Zr2mT4xKpL\n");
    let scratch = Scratch::new();
    stage.write(&scratch);
    let examined = |contacts: &[(&str, &str)]| {
        let contacts: Vec<_> =
            contacts.iter().map(|(account, agent)| (*account, "192.168.2.11", *agent)).collect();
        register_in_database(&scratch, &contacts);
        examine_folder(scratch.path(), &Options::default())
    };
    let report = examined(&[
        ("11", "Zoiper rv2.10.18.6"),
        ("12", "Panasonic_KX-HDV130/08.010"),
        ("10", "Linphone/5.1"),
        ("10", "Yealink SIP-T46S"),
    ]);
    let softphone = the(&report, "provisioning-softphone-file", "phone files");
    assert!(
        softphone.detail.contains("11 (Zoiper")
            && !softphone.detail.contains("12 (")
            && !softphone.detail.contains("10 ("),
        "{}",
        softphone.detail
    );
    let gone = the(&report, "provisioning-orphan-file", "phone files");
    assert!(gone.detail.contains("99 (") && !gone.detail.contains("10 ("), "{}", gone.detail);
    assert!(found(&examined(&[]), "provisioning-softphone-file").is_empty());
}

#[test]
fn rights_are_told_as_the_copy_has_them() {
    use std::os::unix::fs::PermissionsExt;

    let (mut stage, _) = with_phones();
    let scratch = Scratch::new();
    stage.write(&scratch);
    let files: BTreeMap<&str, u32> = BTreeMap::from([
        ("001565aabbcc.cfg", 0o640),
        ("snom720-000413A2F011.htm", 0o644),
        ("Config0080F0112233.cfg", 0o600),
    ]);
    for (name, mode) in files {
        std::fs::set_permissions(scratch.path().join("srv/prov").join(name), PermissionsExt::from_mode(mode))
            .unwrap();
    }
    let report = examine_folder(scratch.path(), &Options::default());
    let readable = the(&report, "provisioning-world-readable", "phone files");
    assert!(
        readable.detail.contains("snom720") && !readable.detail.contains("001565"),
        "{}",
        readable.detail
    );
    assert_eq!(readable.severity, Severity::Low);
    assert!(found(&report, "provisioning-writable").is_empty());
}

/// Twelve names that are not there, then two that are.
fn walk(stage: &mut Stage, from: &str, at: i64) {
    for guess in 0..12 {
        stage.web(at + guess, from, &format!("\"GET /0015650000{guess:02x}.cfg HTTP/1.1\" 404 9"));
    }
    stage.web(at + 20, from, "\"GET /001565aabbcc.cfg HTTP/1.1\" 200 9");
    stage.web(at + 21, from, "\"GET /snom720-000413A2F011.htm HTTP/1.1\" 200 9");
}

#[test]
fn a_thief_that_seems_to_sit_inside_is_not_taken_for_ones_own() {
    let (mut stage, monday) = with_phones_and("192.168.2.12");
    walk(&mut stage, "192.168.2.1", monday + 5 * DAY);
    let report = examine(&mut stage);
    compare(&report, &[], &[]);
    assert_eq!(found(&report, "provisioning-leaked"), ["critical 10", "critical 11"]);
    // Nothing was given out of the network, as far as this tells.
    assert_eq!(found(&report, "provisioning-exposed"), ["medium srv/prov"]);
    let has_note = |report: &Report| {
        report.gaps.iter().any(|gap| gap.what.starts_with("Senders inside one's own network"))
    };
    assert!(has_note(&report), "{:?}", report.gaps);
    assert!(!has_note(&examine(&mut with_phones().0)));
}

#[test]
fn secrets_that_are_out_are_told_where_nobody_got_in() {
    let (mut stage, monday) = with_phones();
    walk(&mut stage, THIEF, monday + 5 * DAY);
    let scratch = Scratch::new();
    stage.write(&scratch);
    let told = crate::scratch::prose(&scratch.run(&["investigate", "."]));
    assert!(
        told.contains("But phone files with the secrets of 2 accounts were handed to strangers"),
        "{told}"
    );
    assert!(told.contains("one address tried and nobody got in"), "{told}");
}

#[test]
fn what_a_stranger_was_given_is_open_where_the_phone_files_are_not_in_the_evidence() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Vienna").with(&["41", "42"]);
    let monday = stage.at("2026-01-12 00:00:00");
    office(&mut stage, &[("41", "192.168.7.41"), ("42", "192.168.7.42")], monday, 6, &GERMAN);
    let theft = stage.at("2026-01-14 23:00:00");
    for name in 0..12 {
        let asked = format!("in.tftpd[{}]: RRQ from {THIEF} filename 0015650000{name:02x}.cfg", 80 + name);
        stage.syslog(theft + name, &asked);
        if name != 11 {
            let refused = format!("in.tftpd[{}]: sending NAK (1, File not found) to {THIEF}", 80 + name);
            stage.syslog(theft + name, &refused);
        }
    }
    stage.syslog(theft + 600, "cron[78]: (root) CMD (true)");
    let scratch = Scratch::new();
    stage.write(&scratch);
    let told = crate::scratch::prose(&scratch.run(&["investigate", "."]));
    assert!(
        told.contains("was given 1 file of phones (00156500000b.cfg); whether secrets stand in them"),
        "{told}"
    );
    assert!(told.contains("But a stranger asked for files of phones that were there"), "{told}");
    assert!(!told.contains("Tried and got nothing") && !told.contains("nothing else were logged"), "{told}");
    // Somebody else used an account two days later: the file may be where he had it from.
    stage.register("42", "198.51.100.77", theft + 2 * DAY);
    let calls = pump(&mut stage, "42", "198.51.100.77", &["0088213555011"], theft + 2 * DAY + 60, 40, 44);
    let report = examine(&mut stage);
    assert_eq!(report.incidents[0].calls.len(), calls.len());
    let entry = &report.incidents[0].entry;
    let leak =
        entry.alternatives.iter().find(|way| way.vector.word() == "provisioning-leak").expect("a rival");
    assert!(leak.is_without_ground(), "{leak:?}");
    assert!(leak.against[0].starts_with(&format!("{THIEF} was given 1 file of phones")), "{leak:?}");
}

/// Writes Asterisk's internal database with contacts: account, address, user agent.
fn register_in_database(scratch: &Scratch, contacts: &[(&str, &str, &str)]) {
    let path = scratch.file("var/lib/asterisk/astdb.sqlite3", "");
    let database = rusqlite::Connection::open(path).unwrap();
    database
        .execute_batch("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
        .unwrap();
    for (account, address, agent) in contacts {
        let key = format!("/registrar/contact/{account};@{}", agent.len());
        let value = format!(
            "{{\"via_addr\":\"{address}\",\"endpoint\":\"{account}\",\"uri\":\"sip:{account}@{address}:5060\",\"user_agent\":\"{agent}\",\"expiration_time\":\"1893456000\"}}"
        );
        database.execute("INSERT INTO astdb VALUES (?1, ?2)", [key, value]).unwrap();
    }
}

#[test]
fn an_intruder_that_is_still_registered_is_told() {
    let (mut stage, monday) = with_phones();
    let theft = monday + 5 * DAY;
    walk(&mut stage, THIEF, theft);
    stage.register("11", THIEF, theft + HOUR);
    pump(&mut stage, "11", THIEF, &["0088213555011"], theft + 2 * HOUR, 30, 44);
    let scratch = Scratch::new();
    stage.write(&scratch);
    let answer = |address: &str| {
        register_in_database(&scratch, &[("11", address, "x")]);
        crate::scratch::prose(&scratch.run(&["investigate", "."]))
    };
    assert!(answer(THIEF).contains("193.46.255.20 is still registered"), "{}", answer(THIEF));
    assert!(!answer("192.168.2.11").contains("is still registered"));
}

/// Phones that a panel knows and whose files lie on no disk here.
const DUMP: &str = "-- MySQL dump 10.13\nINSERT INTO `endpoint_extensions` (`ext`,`mac`,`brand`) VALUES ('10','001565AABBCC','yealink'),('11','000413A2F011','snom');\n";

#[test]
fn a_fetch_is_understood_by_the_panels_list_of_phones() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11", "12"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let phones = [("10", "192.168.2.10"), ("11", "192.168.2.11"), ("12", "192.168.2.12")];
    office(&mut stage, &phones, monday, 9, &GERMAN);
    stage.file("var/backups/asterisk.sql", DUMP);
    let theft = monday + 5 * DAY + 23 * HOUR;
    for guess in 0..12 {
        stage.web(theft + guess, THIEF, &format!("\"GET /0015650000{guess:02x}.cfg HTTP/1.1\" 404 9"));
    }
    stage.web(theft + 20, THIEF, "\"GET /001565aabbcc.cfg HTTP/1.1\" 200 2977");
    // What no secret is in, and what was refused with the status of success.
    stage.web(theft + 21, THIEF, "\"GET /000413a2f011-directory.xml HTTP/1.1\" 200 2977");
    stage.web(theft + 22, THIEF, "\"GET /app/provision/?mac=000413a2f011 HTTP/1.1\" 200 13");
    stage.register("10", THIEF, theft + 3 * HOUR);
    let calls = pump(&mut stage, "10", THIEF, &["0088213555011"], theft + 4 * HOUR, 30, 44);
    let report = examine(&mut stage);
    let truth = Truth {
        vectors: vec!["provisioning-leak"],
        accounts: vec!["10"],
        sources: vec![(THIEF.into(), "dial provision register")],
        calls,
    };
    compare(&report, &[truth], &[]);
    assert_eq!(found(&report, "provisioning-leaked"), ["high 10"]);
    // Whether the files are still handed out is not known of what is not here.
    assert!(found(&report, "provisioning-exposed").is_empty());
}
