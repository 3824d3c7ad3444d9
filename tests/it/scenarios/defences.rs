//! Why it was not blocked: blockers that are off, deaf, blind or too patient, and one attack against all.

use tolltrace::report::model::{NotBlocked, Report};

use super::people::{GERMAN, HOUR, office, pump};
use super::stage::{Driver, Stage};
use super::truth::examine;
use crate::scratch::{Scratch, stdout};

/// An expression of our own for what `chan_sip` writes.
const FILTER: &str = "[INCLUDES]\nbefore = common.conf\n[Definition]\n\
    failregex = ^%(prefix)s Registration from '[^']*' failed for '<HOST>(?::\\d+)?' - (?!Not a local)[\\w/ ]+$\n";
const COMMON: &str =
    "[DEFAULT]\nprefix = \\[\\]\\s*NOTICE<pid> \\S+:\npid = (?:\\[\\d+\\])(?:\\[C-[^[\\]]+\\])?\n";

/// A guess at `pace` seconds that comes off, 240 wrong secrets later, with the jail's options as given.
fn attacked(pace: i64, jail: &str) -> (Report, Option<NotBlocked>) {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["20", "21", "22"]);
    stage.logs.messages = true;
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("20", "10.0.0.20"), ("21", "10.0.0.21"), ("22", "10.0.0.22")], monday, 6, &GERMAN);
    let night = stage.at("2026-03-06 01:00:00");
    for guess in 0..240 {
        stage.wrong("22", "198.51.100.66", night + guess * pace);
    }
    stage.register("22", "198.51.100.66", night + 240 * pace);
    pump(&mut stage, "22", "198.51.100.66", &["00252615550199"], night + 240 * pace + HOUR, 40, 47);
    stage.file("var/log/asterisk/fax", "");
    if !jail.is_empty() {
        stage.file("etc/fail2ban/jail.conf", "[DEFAULT]\nignoreip = 127.0.0.1/8\nfindtime = 10m\nfilter = %(__name__)s\naction = ban\n[sshd]\nenabled = true\n");
        stage.file("etc/fail2ban/jail.local", &format!("[asterisk]\n{jail}"));
        stage.file("etc/fail2ban/filter.d/asterisk.conf", FILTER);
        stage.file("etc/fail2ban/filter.d/common.conf", COMMON);
    }
    let report = examine(&mut stage);
    assert_eq!(
        report.incidents.len(),
        1,
        "{:?}",
        report.incidents.iter().map(|one| &one.title).collect::<Vec<_>>()
    );
    let found =
        report.incidents[0].not_blocked.iter().find(|one| one.defence.contains("jail asterisk")).cloned();
    (report, found)
}

/// The same attack before a firewall with rules by country.
fn by_country(rules: &str) -> Option<NotBlocked> {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["20", "21", "22"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("20", "10.0.0.20"), ("21", "10.0.0.21"), ("22", "10.0.0.22")], monday, 6, &GERMAN);
    let night = stage.at("2026-03-06 01:00:00");
    for guess in 0..240 {
        stage.wrong("22", "198.51.100.66", night + guess);
    }
    stage.register("22", "198.51.100.66", night + 240);
    pump(&mut stage, "22", "198.51.100.66", &["00252615550199"], night + HOUR, 40, 47);
    stage.file("etc/iptables/rules.v4", &format!("*filter\n:INPUT DROP [0:0]\n{rules}COMMIT\n"));
    let report = examine(&mut stage);
    let weak = report.findings.iter().find(|finding| finding.id == "weak-secret");
    assert!(weak.is_none_or(|weak| weak.detail.contains("the pace of 198.51.100.66")), "{weak:?}");
    let judged = &report.incidents.first().expect("the attack").not_blocked;
    judged.iter().find(|one| one.defence.contains("country")).cloned()
}

#[test]
fn rules_by_country_are_named_with_what_they_name() {
    let open = "-A INPUT -p udp --dport 5060 -j ACCEPT\n";
    assert!(by_country(open).is_none());
    let found = by_country(&format!("-A INPUT -m geoip --src-cc CN,RU -j DROP\n{open}")).expect("the rule");
    assert_eq!(found.verdict.word(), "cannot-tell");
    assert!(found.why.contains("one saved rule goes by country (CN, RU)"), "{}", found.why);
    assert!(found.why.contains("198.51.100.66") && found.why.contains("--geoip"), "{}", found.why);
    assert_eq!((found.evidence[0].path.as_str(), found.evidence[0].line), ("etc/iptables/rules.v4", Some(3)));
    let set = format!("-A INPUT -m set --match-set geoblock src -j DROP\n{open}");
    assert!(by_country(&set).is_some());
    let own = format!("-A INPUT -m set --match-set blacklist src -j DROP\n{open}");
    assert!(by_country(&own).is_none(), "a list of addresses is none of countries");
}

fn verdict(pace: i64, jail: &str) -> (String, String) {
    let found = attacked(pace, jail).1.expect("the jail is weighed");
    assert!(!found.evidence.is_empty(), "{}", found.why);
    (found.verdict.word().to_owned(), found.why)
}

#[test]
fn a_jail_on_the_wrong_log_is_found_with_its_proof() {
    let (report, found) = attacked(13, "enabled = true\nlogpath = /var/log/asterisk/fax\n");
    let found = found.expect("the jail is weighed");
    assert_eq!(found.verdict.word(), "wrong-log", "{}", found.why);
    assert!(
        found.why.contains("/var/log/asterisk/fax") && found.why.contains("240 failures"),
        "{}",
        found.why
    );
    assert_eq!(found.evidence[0].path, "etc/fail2ban/jail.local");
    assert_eq!(found.evidence[0].line, Some(3));
    assert!(found.evidence[1].text.raw().contains("198.51.100.66"));
    assert!(report.findings.iter().all(|finding| finding.id != "web-shell"));
}

#[test]
fn without_its_files_a_blocker_is_not_judged() {
    let (report, found) = attacked(13, "");
    assert!(found.is_none());
    let words: Vec<&str> = report.incidents[0].not_blocked.iter().map(|one| one.verdict.word()).collect();
    assert!(words.contains(&"not-checked") && !words.contains(&"wrong-log"), "{words:?}");
}

#[test]
fn a_jail_that_is_off_is_told_with_what_it_would_have_done() {
    let (word, why) = verdict(13, "logpath = /var/log/asterisk/messages\nmaxretry = 5\n");
    assert_eq!(word, "off");
    assert!(why.contains("it would have banned 198.51.100.66 51m 08s before the first use"), "{why}");
}

#[test]
fn a_patient_guesser_stays_below_the_threshold() {
    let jail = "enabled = yes\nlogpath = /var/log/asterisk/mess*\nmaxretry = 5\n";
    let (word, why) = verdict(200, jail);
    assert_eq!(word, "threshold-not-reached", "{why}");
    assert!(why.contains("5 failures within 10m 00s") && why.contains("the highest count is 4"), "{why}");
    let (word, why) = verdict(130, jail);
    assert_eq!(word, "should-have-blocked", "{why}");
}

#[test]
fn a_filter_that_matches_nothing_and_an_exempt_network_are_told_apart() {
    let log = "enabled = true\nlogpath = /var/log/asterisk/messages\n";
    let (word, why) = verdict(13, &format!("{log}failregex = ^SecurityEvent=.*<HOST>\n"));
    assert_eq!(word, "filter-does-not-match", "{why}");
    let (word, why) = verdict(13, &format!("{log}ignoreip = 10.0.0.0/8 198.51.100.0/24\n"));
    assert_eq!(word, "exempt", "{why}");
    let (word, why) = verdict(13, &format!("{log}failregex = ^<SKIPLINES><HOST>\n"));
    assert_eq!(word, "cannot-tell", "{why}");
}

/// Settings of a server on which nothing happened, by the files that are added to it.
fn settings(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["20"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("20", "10.0.0.20")], monday, 1, &GERMAN);
    for (path, text) in files {
        stage.file(path, text);
    }
    let report = examine(&mut stage);
    assert!(report.incidents.is_empty());
    let is_there = |name: &str| files.iter().any(|(path, _)| path.ends_with(name));
    for name in ["http.conf", "asterisk.conf"] {
        assert_eq!(report.settings.looked_at.contains(&name), is_there(name), "{name}");
        assert_eq!(report.settings.not_checked.contains(&name), !is_there(name), "{name}");
    }
    for finding in &report.findings {
        assert!(!finding.evidence.is_empty() && !finding.remedy.is_empty(), "{}", finding.id);
    }
    let shown = report.findings.iter().map(|finding| {
        let place = &finding.evidence[0];
        (finding.id.to_owned(), format!("{}:{} {}", place.path, place.line.unwrap_or(0), place.text.raw()))
    });
    shown.collect()
}

#[test]
fn settings_worth_mending_are_named_with_their_lines() {
    let found = settings(&[
        (
            "etc/asterisk/manager.conf",
            "[general]\nenabled = yes\nbindaddr = 0.0.0.0\n[click]\nsecret = Hq7-vvK2-pL9x-Wm31\nwrite = originate\n[own]\nsecret = Zt6-kkR2-uL9x-Qm38\ndeny=0.0.0.0/0\npermit=127.0.0.1/32\nwrite = all\n",
        ),
        ("etc/asterisk/http.conf", "[general]\nenabled=no\nbindaddr=0.0.0.0\n"),
        ("etc/asterisk/asterisk.conf", "[options]\nrunuser = root\nmaxcalls = 40\n"),
        (
            "etc/asterisk/iax.conf",
            "[general]\nbindaddr=::\n[away]\ntype=friend\nhost=dynamic\nsecret=Qx8-20-qPz71LmKw\ndeny=0.0.0.0/0\npermit=192.0.2.0/24\n",
        ),
        ("etc/amportal.conf", "# AUTHTYPE=database\nAUTHTYPE=none\n"),
        ("etc/asterisk/voicemail.conf", "[general]\nformat = wav\n[default]\n20 => 83921745,A\n"),
        (
            "etc/ssh/sshd_config",
            "#PermitRootLogin no\nPermitRootLogin yes\nMatch User a\nPermitRootLogin no\n",
        ),
        (
            "etc/fail2ban/jail.local",
            "[asterisk]\nenabled = true\nlogpath = /var/log/asterisk/messages\nignoreip = 127.0.0.1/8 10.0.0.0/8 203.0.113.77\n[ssh]\nignoreip = 203.0.113.78\n",
        ),
        ("etc/sudoers", "asterisk ALL = NOPASSWD: ALL\n"),
        ("etc/shadow", "root:$6$a$b:1::::::\nguest::1::::::\n"),
        (
            "etc/iptables/rules.v4",
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp --dport 5060 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j ACCEPT\nCOMMIT\n",
        ),
    ]);
    for (id, place) in [
        ("manager-listens-everywhere", "etc/asterisk/manager.conf:3 bindaddr = 0.0.0.0"),
        ("manager-user-from-anywhere", "etc/asterisk/manager.conf:4 [click]"),
        ("asterisk-runs-as-root", "etc/asterisk/asterisk.conf:2 runuser = root"),
        ("access-list-without-ipv6", "etc/asterisk/iax.conf:3 [away]"),
        ("panel-without-login", "etc/amportal.conf:2 AUTHTYPE=none"),
        ("ban-exempts-strangers", "etc/fail2ban/jail.local:4 ignoreip = 127.0.0.1/8 10.0.0.0/8 203.0.113.77"),
        ("mailbox-pins-of-any-length", "etc/asterisk/voicemail.conf:1 [general]"),
        ("root-logs-in-by-password", "etc/ssh/sshd_config:2 PermitRootLogin yes"),
        ("server-user-becomes-root", "etc/sudoers:1 asterisk ALL = NOPASSWD: ALL"),
        ("host-user-without-password", "etc/shadow:2 guest:(no password)"),
        ("sip-open-to-all", "etc/iptables/rules.v4:3 -A INPUT -p udp --dport 5060 -j ACCEPT"),
    ] {
        assert!(found.contains(&(id.to_owned(), place.to_owned())), "{id}: {found:#?}");
    }
    for id in
        ["http-listens-everywhere", "calls-not-limited", "panel-open-to-all", "access-list-lets-nobody-in"]
    {
        assert!(found.iter().all(|(known, _)| known != id), "{id}: {found:#?}");
    }
    assert_eq!(found.iter().filter(|(id, _)| id == "manager-user-from-anywhere").count(), 1);
}

/// Rules that shut UDP 5060 and leave everything else open.
const ONLY_ONE_PORT_SHUT: &str = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -p udp --dport 5060 -j DROP\nCOMMIT\n";

#[test]
fn the_firewall_is_held_against_the_ports_on_which_sip_is_spoken() {
    let account = "[20]\ntype=endpoint\nauth=20\n[20]\ntype=auth\npassword=Hq7-vvK2-pL9x\n";
    for (transports, subject) in [
        ("[u]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n", None),
        ("[u]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5160\n", Some("5160/udp")),
        ("[u]\ntype=transport\nbind=0.0.0.0\n[t]\ntype=transport\nprotocol=tls\n", Some("5061/tcp")),
        ("", Some("5060/tcp, 5061/tcp")),
    ] {
        let scratch = Scratch::new();
        scratch.file("e/etc/asterisk/pjsip.conf", &format!("{transports}{account}"));
        scratch.file("e/etc/iptables/rules.v4", ONLY_ONE_PORT_SHUT);
        let output = scratch.run(&["run", "e", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        let found = report["findings"].as_array().unwrap();
        let open = found.iter().find(|finding| finding["id"] == "sip-open-to-all");
        assert_eq!(open.map(|finding| finding["subject"].as_str().unwrap()), subject, "{transports}");
    }
}

#[test]
fn what_is_not_there_is_not_found_wanting() {
    let found = settings(&[]);
    for word in ["manager", "http", "panel", "firewall", "open-to-all", "root"] {
        assert!(found.iter().all(|(id, _)| !id.contains(word)), "{word}: {found:#?}");
    }
}

#[test]
fn secrets_that_everybody_may_read_are_told_where_modes_were_kept() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let mode = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let manager = scratch
        .file("e/etc/asterisk/manager.conf", "[general]\nenabled = no\n[own]\nsecret = Hq7-vvK2-pL9x\n");
    let sip = scratch.file(
        "e/etc/asterisk/sip.conf",
        "[general]\nallowguest = no\n[20]\ntype=friend\nsecret=Zt6-kkR2-uL9x\n",
    );
    mode(&manager, 0o644);
    mode(&sip, 0o644);
    let found = || {
        let report =
            super::truth::examine_folder(&scratch.path().join("e"), &tolltrace::case::Options::default());
        let all = report.findings.iter().find(|finding| finding.id == "secrets-readable-by-all").cloned();
        all.map(|finding| (finding.subject.raw().to_owned(), finding.evidence[0].text.raw().to_owned()))
    };
    assert_eq!(found(), None, "a copy in which everything is open to all says nothing");
    mode(&sip, 0o640);
    assert_eq!(found(), Some(("etc/asterisk/manager.conf".to_owned(), "mode 0644".to_owned())));
    mode(&manager, 0o640);
    assert_eq!(found(), None);
}

#[test]
fn a_proxys_script_without_guards_is_told_and_one_with_them_is_not() {
    let of = |guards: &str| {
        let script = format!(
            "#!KAMAILIO\n#!ifdef WITH_AUTH\nloadmodule \"auth.so\"\n#!endif\nlisten=udp:192.0.2.1:5060\nrequest_route {{\n{guards}  t_relay();\n}}\n"
        );
        let found = settings(&[("etc/kamailio/kamailio.cfg", &script)]);
        let words = found.into_iter().map(|(id, _)| id).filter(|id| id.starts_with("proxy-"));
        words.collect::<Vec<String>>()
    };
    assert_eq!(of(""), ["proxy-without-authentication", "proxy-without-flood-limit"]);
    // What stands behind a definition that is not made is not in force.
    let hidden = "#!ifdef WITH_AUTH\n  if (!auth_check(\"$fd\", \"subscriber\", \"1\")) exit;\n#!endif\n";
    assert_eq!(of(hidden), ["proxy-without-authentication", "proxy-without-flood-limit"]);
    let guarded =
        "  if (!pike_check_req()) exit;\n  if (!auth_check(\"$fd\", \"subscriber\", \"1\")) exit;\n";
    assert!(of(guarded).is_empty());
}

#[test]
fn a_ban_that_came_too_late_and_a_service_that_starts_over_are_told() {
    let mut stage = Stage::new(Driver::Sip, "Europe/Berlin").with(&["20", "21", "22"]);
    let monday = stage.at("2026-03-02 00:00:00");
    office(&mut stage, &[("20", "10.0.0.20"), ("21", "10.0.0.21"), ("22", "10.0.0.22")], monday, 6, &GERMAN);
    let night = stage.at("2026-03-06 01:00:00");
    for guess in 0..60 {
        stage.wrong("22", "198.51.100.66", night + guess * 13);
    }
    stage.register("22", "198.51.100.66", night + 800);
    pump(&mut stage, "22", "198.51.100.66", &["00252615550199"], night + HOUR, 40, 47);
    let mut log = String::new();
    for start in 0..40 {
        let at = format!("2026-03-06 {:02}:{:02}:00,100", start * 2 / 60, start * 2 % 60);
        log.push_str(&format!("{at} fail2ban.server         [77]: INFO    Starting Fail2ban v0.11.2\n"));
    }
    log.push_str(
        "2026-03-06 01:30:00,100 fail2ban.actions        [77]: NOTICE  [asterisk] Ban 198.51.100.66\n",
    );
    stage.file("var/log/fail2ban.log", &log);
    let report = examine(&mut stage);
    let told = |defence: &str| {
        let found = report.incidents[0].not_blocked.iter().find(|one| one.defence == defence);
        let found = found.unwrap_or_else(|| panic!("{defence}: {:?}", report.incidents[0].not_blocked));
        assert_eq!(found.evidence[0].path, "var/log/fail2ban.log");
        (found.verdict.word(), found.why.clone())
    };
    let (word, why) = told("fail2ban, its bans");
    assert!(word == "too-late" && why.contains("16m 40s after"), "{word} {why}");
    let (word, why) = told("fail2ban, its service");
    assert!(
        word == "not-at-work" && why.contains("40 times") && why.contains("2m 00s after"),
        "{word} {why}"
    );
}
