//! The host around the phone system: its web server, its shell, its file servers.

use super::people::{DAY, GERMAN, HOUR, office, pump};
use super::stage::{Driver, Stage};
use super::truth::{Truth, compare, examine};

const PHONE_FILE: &str = "srv/prov/001565aabbcc.cfg";
const YEALINK: &str = "\"Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc\"";

fn phone_file(stage: &mut Stage, account: &str) {
    let (_, secret) = stage.accounts.iter().find(|(name, _)| name == account).expect("an account").clone();
    let text = format!(
        "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = {account}\naccount.1.auth_name = {account}\naccount.1.password = {secret}\naccount.1.sip_server.1.address = 192.0.2.1\n"
    );
    stage.file(PHONE_FILE, &text);
}

/// What an honest phone at home does each morning: it is asked for its password, gets its file, and asks
/// for files that it may have and has not.
fn boot(stage: &mut Stage, at: i64, client: &str) {
    for (file, answer) in
        [("", 401), ("", 200), ("-web", 404), ("-phone", 404), ("-directory", 404), ("-license", 404)]
    {
        stage.web(
            at,
            client,
            &format!("\"GET /prov/001565aabbcc{file}.cfg HTTP/1.1\" {answer} 9 \"-\" {YEALINK}"),
        );
    }
}

/// The noise of the Internet: whoever asks a web server and a shell.
fn noise(stage: &mut Stage, from: i64, days: i64) {
    for visit in 0..days * 40 {
        let at = from + visit * DAY / 40;
        let client = format!("45.{}.{}.9", 80 + visit % 5, visit % 23);
        let page = ["/", "/admin/config.php", "/wp-login.php", "/aastra.cfg", "/000000000000.cfg"];
        let page = page[visit as usize % page.len()];
        let status = if visit % 3 == 0 { 200 } else { 404 };
        stage.web(at, &client, &format!("\"GET {page} HTTP/1.1\" {status} 9 \"-\" \"zgrab/0.x\""));
        stage.syslog(at, &format!("sshd[9]: Invalid user {} from {client} port 22", 10 + visit % 9));
        stage.syslog(
            at,
            &format!(
                "sshd[9]: Failed password for invalid user {} from {client} port 22 ssh2",
                10 + visit % 9
            ),
        );
    }
}

#[test]
fn a_phone_file_leaks_by_web() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    let (home, thief) = ("91.12.7.7", "193.46.255.20");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", home)], monday, 9, &GERMAN);
    phone_file(&mut stage, "11");
    let theft = stage.at("2026-03-07 23:00:00");
    for day in 0..9 {
        boot(&mut stage, monday + day * DAY + 3 * HOUR, home);
        noise(&mut stage, monday + day * DAY, 1);
        if day == 5 {
            for guess in 0..12 {
                stage.web(
                    theft + guess,
                    thief,
                    &format!("\"GET /prov/0015650000{guess:02x}.cfg HTTP/1.1\" 404 9"),
                );
            }
            // One digit is written so that a search for the name would not find it.
            stage.web(theft + 20, thief, "\"GET /prov/001565aabb%63c.cfg?x=1 HTTP/1.1\" 200 9");
        }
    }
    stage.register("11", thief, theft + 3 * HOUR);
    let calls = pump(&mut stage, "11", thief, &["0088213555011"], theft + 4 * HOUR, 30, 44);
    let truth = Truth {
        vectors: vec!["provisioning-leak"],
        accounts: vec!["11"],
        sources: vec![(thief.into(), "dial provision register")],
        calls,
    };
    compare(&examine(&mut stage), &[truth], &[]);
}

#[test]
fn a_host_that_everybody_knocks_at() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 9, &GERMAN);
    phone_file(&mut stage, "11");
    noise(&mut stage, monday, 9);
    for day in 0..9 {
        let at = monday + day * DAY + 3 * HOUR;
        // A phone that fetches its file from outside and speaks to another server.
        boot(&mut stage, at, "91.12.7.7");
        // The administrator, at home, whose login has the name of an extension.
        stage.syslog(at, "sshd[9]: Failed password for 10 from 91.12.8.8 port 51000 ssh2");
        stage.syslog(at + 5, "sshd[9]: Accepted password for 10 from 91.12.8.8 port 51000 ssh2");
        stage.syslog(
            at + 9,
            "sudo:       10 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/asterisk -rx reload",
        );
    }
    compare(&examine(&mut stage), &[], &[]);
}

#[test]
fn silence_of_a_file_server_is_said() {
    let gaps = |options: &str, line: bool| {
        let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10"]);
        let monday = stage.at("2026-03-02 00:00:00");
        office(&mut stage, &[("10", "192.168.2.10")], monday, 2, &GERMAN);
        stage.file("etc/default/tftpd-hpa", &format!("TFTP_OPTIONS=\"{options}\"\n"));
        stage.syslog(monday, "rsyslogd: imuxsock lost 210 messages from pid 9 due to rate-limiting");
        if line {
            stage.syslog(monday, "in.tftpd[9]: RRQ from 192.168.2.10 filename 001565aabbcc.cfg");
        }
        examine(&mut stage).gaps.into_iter().map(|gap| gap.what).collect::<Vec<_>>()
    };
    let has = |gaps: &[String], start: &str| gaps.iter().any(|gap| gap.starts_with(start));
    let silent = gaps("--secure", false);
    assert!(has(&silent, "TFTP reads are not logged"), "{silent:?}");
    assert!(has(&silent, "The system's logger threw lines away"), "{silent:?}");
    assert!(!has(&gaps("--secure -vv", false), "TFTP reads are not logged"));
    assert!(!has(&gaps("--secure", true), "TFTP reads are not logged"), "lines outweigh the file");
}

#[test]
fn a_web_log_alone_does_not_rule_a_leak_out() {
    let mut stage = Stage::new(Driver::Pjsip, "Europe/Berlin").with(&["10", "11"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("10", "192.168.2.10"), ("11", "192.168.2.11")], monday, 9, &GERMAN);
    phone_file(&mut stage, "11");
    noise(&mut stage, monday, 6);
    let night = stage.at("2026-03-08 02:00:00");
    stage.register("11", "193.46.255.20", night);
    let calls = pump(&mut stage, "11", "193.46.255.20", &["0088213555011"], night + HOUR, 30, 44);
    let report = examine(&mut stage);
    let truth = Truth {
        vectors: vec!["stolen-credential"],
        accounts: vec!["11"],
        sources: vec![("193.46.255.20".into(), "dial register")],
        calls,
    };
    compare(&report, &[truth], &[]);
    assert!(report.gaps.iter().any(|gap| gap.what == "No record of reads by TFTP"));
    let rivals = &report.incidents[0].entry.alternatives;
    let leak = rivals.iter().find(|rival| rival.vector.word() == "provisioning-leak").expect("it is weighed");
    assert!(leak.against.iter().any(|words| words.contains("reads by TFTP are not logged")), "{leak:?}");
}
