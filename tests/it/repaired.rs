//! Servers of other kinds, repaired by the files that `contain` wrote for them, then one hole opened again.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::restore::{NEW_SECRET, Repair, bruteforce, by_the_web, copy};
use crate::scratch::{Scratch, prose};
use crate::support::shared;

impl Repair {
    /// Puts rules that `contain` wrote where the host loads them from.
    fn load(&self, rules: &[&str]) {
        let text: String = rules.iter().map(|name| self.contained(&format!("{name}.nft"))).collect();
        self.write("etc/nftables.conf", &text);
    }

    /// Returns a file that `contain` wrote.
    fn contained(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path().join("case/contain").join(name)).unwrap()
    }

    /// Takes lines out of a file of the copy.
    fn without(&self, name: &str, is_out: impl Fn(&str) -> bool) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let kept: String =
            text.lines().filter(|line| !is_out(line)).map(|line| format!("{line}\n")).collect();
        assert!(kept.len() < text.len(), "{name}");
        self.write(name, &kept);
    }

    /// Puts the jail that `contain` wrote where fail2ban reads it.
    fn jail(&self) {
        for name in ["jail.d/tolltrace-sip.local", "filter.d/tolltrace-sip.conf"] {
            self.write(&format!("etc/fail2ban/{name}"), &self.contained(&format!("fail2ban/{name}")));
        }
    }
}

/// Gives accounts of a proxy new secrets, as `kamctl passwd` does; the hashes are of no secret that anybody tries.
fn new_secrets(database: &Path, accounts: &[&str]) {
    let database = rusqlite::Connection::open(database).unwrap();
    for account in accounts {
        let secret = format!("{NEW_SECRET}-{account}");
        let hash = |salt: u32| {
            format!("{:032x}", u128::from(salt) << 96 | u128::from_str_radix(account, 16).unwrap())
        };
        let values = [&secret, &hash(0x9e37_79b9), &hash(0x85eb_ca6b), &(*account).to_owned()];
        let changed = database
            .execute("update subscriber set password = ?, ha1 = ?, ha1b = ? where username = ?", values);
        assert_eq!(changed.unwrap(), 1, "{account}");
    }
}

#[test]
fn a_repaired_proxy_passes_and_each_hole_is_told_alone() {
    let Some(folder) = shared("evidence/kamailio-attack/rootfs") else { return };
    let repair = Repair::of(&folder, &[]);
    let database = repair.path("var/lib/kamailio/kamailio.sqlite");
    new_secrets(&database, &["1001", "1002", "1004"]);
    let location = rusqlite::Connection::open(&database).unwrap();
    location.execute("delete from location where contact like '%240.0.77.30%'", []).unwrap();
    let rules = ["block-intruders", "sip-only-from-known"];
    repair.load(&rules);
    repair.jail();
    for (day, hour) in (21..24).flat_map(|day| (0..24).step_by(2).map(move |hour| (day, hour))) {
        let line = |phone: u32| {
            format!(
                "Nov {day} {hour:02}:10:00 sbc01 /usr/sbin/kamailio[13000]: NOTICE: {{1 2 REGISTER q{day}{hour}{phone}@10.0.31.1{phone}}} <script>: REGISTER ok user=100{phone} contact=<sip:100{phone}@10.0.31.1{phone}:5060> expires=600 from 10.0.31.1{phone}:5060 ua=Yealink SIP-T46S 66.85.0.5\n"
            )
        };
        repair.append("var/log/kamailio.log", &[1, 2, 4].map(line).concat());
    }
    let judge = || repair.judge(&["--case", "case"]);
    assert_eq!(judge(), (1, vec!["secrets-taken open".to_owned()]));
    new_secrets(&database, &["1003"]);
    assert_eq!(judge(), (0, vec![]));
    repair.load(&rules[..1]);
    assert_eq!(judge(), (1, vec!["access-limited cannot-tell".to_owned()]));
}

#[test]
fn a_repaired_server_of_phone_files_passes_and_each_hole_is_told_alone() {
    let Some(folder) = shared("evidence/host-provisioning/rootfs") else { return };
    let repair = Repair::of(&folder, &[]);
    let server = "etc/asterisk/pjsip.conf";
    let old = fs::read_to_string(repair.path(server)).unwrap();
    let mut accounts = old.clone();
    // Grandstream's binary form has a sum over all of it: the panel writes that file anew.
    fs::remove_file(repair.path("tftpboot/cfg000b82d7a902")).unwrap();
    for (account, secret) in secrets(&old) {
        let new = format!("{NEW_SECRET}-{account}");
        accounts = accounts.replace(&secret, &new);
        for file in fs::read_dir(repair.path("tftpboot")).unwrap().map(|file| file.unwrap().path()) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            if text.contains(&secret) {
                fs::write(&file, text.replace(&secret, &new)).unwrap();
            }
        }
    }
    repair.write(server, &accounts);
    let rules = ["block-intruders", "services-only-from-known", "sip-only-from-known"];
    repair.load(&rules);
    for (day, hour) in (13..15).flat_map(|day| (0..24).step_by(2).map(move |hour| (day, hour))) {
        let line = |phone: u32| {
            format!(
                "[2026-03-{day} {hour:02}:10:00] SECURITY[14682] res_security_log.c: SecurityEvent=\"SuccessfulAuth\",EventTV=\"2026-03-{day}T{hour:02}:10:00.344-0500\",Severity=\"Informational\",Service=\"PJSIP\",EventVersion=\"1\",AccountID=\"300{phone}\",SessionID=\"cc{day}{hour}{phone}@172.28.1.3{phone}\",LocalAddress=\"IPV4/UDP/172.28.1.2/5060\",RemoteAddress=\"IPV4/UDP/172.28.1.3{phone}/5060\",UsingPassword=\"1\"\n"
            )
        };
        repair.append("var/log/asterisk/security", &[1, 4, 5].map(line).concat());
    }
    let judge = || repair.judge(&["--case", "case"]);
    assert_eq!(judge(), (0, vec![]));
    let (_, first) = secrets(&old).into_iter().find(|(account, _)| account == "3003").unwrap();
    repair.reopened("secrets-taken open", server, &format!("{NEW_SECRET}-3003"), &first);
    repair.load(&rules[..1]);
    let shut_by = |loaded: &[&str]| {
        repair.load(loaded);
        judge().1
    };
    assert_eq!(shut_by(&rules[..2]), ["access-limited open"]);
    let files = ["provisioning-closed open", "tftp-open-to-all open"];
    assert_eq!(shut_by(&[rules[0], rules[2]]), files);
    // Rules that judge no packet for the host itself do not say who may fetch.
    assert_eq!(shut_by(&rules[..1]), ["access-limited open", files[0]]);
}

#[test]
fn what_is_said_of_a_stolen_secret_is_true_of_one_that_nobody_guessed() {
    let Some(folder) = shared("evidence/asterisk-stolen-credential/rootfs") else { return };
    let repair = Repair::of(&folder, &[]);
    let output = repair.scratch.run(&["restore", "after", "--case", "case"]);
    let told = prose(&output);
    assert!(told.contains("on that keeps out whoever guesses"), "{told}");
    assert!(!told.contains("before the guess succeeds"), "nobody guessed: {told}");
    assert!(told.contains("routes-limited: _011. in [from-internal]"), "{told}");
    let (_, start) = told.split_once("Start the server, and make test calls (pbx-admin)").expect(&told);
    assert!(start.starts_with(", after 2, "), "{start}");
}

/// Whoever reads one phone's file has the password with which every phone's file is fetched.
#[test]
fn the_password_of_the_server_of_phone_files_is_listed_and_must_be_new() {
    let Some(folder) = shared("evidence/asterisk-stolen-credential/rootfs") else { return };
    let given = Scratch::new();
    copy(&folder, &given.path().join("rootfs"), &["cel-custom", "cdr-custom"]);
    let phones =
        || fs::read_dir(given.path().join("rootfs/srv/tftp")).unwrap().map(|file| file.unwrap().path());
    let is_yealink = |text: &str| text.contains("account.1.password = ");
    let mut names: Vec<String> = Vec::new();
    for file in phones() {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        if is_yealink(&text) {
            names.push(format!("srv/tftp/{}", file.file_name().unwrap().to_string_lossy()));
            let server = "static.auto_provision.server.username = prov\nstatic.auto_provision.server.password = Hb5-tVq2\n";
            fs::write(&file, text + server).unwrap();
        }
    }
    assert!(names.len() > 1, "{names:?}");
    let repair = Repair::of(&given.path().join("rootfs"), &[]);
    let listed = repair.contained("credentials.md");
    assert!(listed.contains("phone-file server") && !listed.contains("Hb5-"), "{listed}");
    let gate = "secrets-of-file-server open".to_owned();
    assert!(repair.judge(&["--case", "case"]).1.contains(&gate));
    names.iter().for_each(|name| repair.change(name, "= Hb5-tVq2", "= Rk9-mWc4Lx7"));
    let shut = repair.judge(&["--case", "case"]).1;
    assert!(!shut.iter().any(|gate| gate.starts_with("secrets-of-file-server")), "{shut:?}");
    repair.change(&names[0], "= Rk9-mWc4Lx7", "= Hb5-tVq2");
    assert!(repair.judge(&["--case", "case"]).1.contains(&gate), "one phone's file still has the old one");
}

/// Returns the accounts of phones with their secrets.
fn secrets(accounts: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut account = "";
    for line in accounts.lines() {
        account = line.strip_prefix("username=").unwrap_or(account);
        found.extend(line.strip_prefix("password=").map(|secret| (account.to_owned(), secret.to_owned())));
    }
    found
}

const LOG: &str = "var/log/asterisk/messages";

#[test]
fn one_late_line_is_no_watch() {
    let repair = bruteforce();
    let day_after = ["--case", "case", "--clean-since", "2026-11-14T00:00:00+01:00"];
    let line = |day: u32, hour: u32| {
        format!(
            "[2026-11-{day} {hour:02}:10:00] NOTICE[1820] chan_sip.c: Peer '207' is now Reachable. (12ms / 2000ms)\n[2026-11-{day} {hour:02}:10:02] VERBOSE[1820] chan_sip.c: Registered SIP '207' at 172.16.20.7:5060\n"
        )
    };
    let before = fs::read_to_string(repair.path(LOG)).unwrap();
    repair.append(LOG, &line(17, 9));
    assert_eq!(repair.judge(&day_after).1, ["no-new-sign cannot-tell"]);
    repair.write(LOG, &before);
    for (day, hour) in (14..18).flat_map(|day| (0..24).step_by(4).map(move |hour| (day, hour))) {
        repair.append(LOG, &line(day, hour));
    }
    assert_eq!(repair.judge(&day_after), (0, vec![]));
    let stranger =
        "[2026-11-17 22:10:02] VERBOSE[1820] chan_sip.c: Registered SIP '205' at 198.51.100.99:5060\n";
    repair.append(LOG, stranger);
    let told = prose(&repair.scratch.run(&[&["restore", "after"][..], &day_after].concat()));
    assert!(told.contains("198.51.100.99 of the intruder used 205 at 2026-11-17 22:10:02"), "{told}");
}

/// The latest dump of the panel's database.
const DUMP: &str = "var/backups/mysql/asterisk-20250825.sql.gz";
/// The secret of the panel's own manager user.
const PANEL_SECRET: &str = "ede5391a45044845c51da8b9fb7b4515";

/// Writes the dump anew, as of a panel that was repaired.
fn repair_panel(repair: &Repair) {
    let mut dump = String::new();
    let packed = fs::File::open(repair.path(DUMP)).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut dump).unwrap();
    let is_left = |line: &&str| !line.starts_with("('ampuser'") && !line.contains("qzkwtb");
    let dump: Vec<&str> = dump.lines().filter(is_left).collect();
    let admin = "ec2faf80327bbcae00211f89ac3945e2f1fa363d','','','','*')";
    let dump = dump.join("\n");
    assert!(dump.contains(&format!("{admin},")) && dump.contains(PANEL_SECRET));
    let dump = dump
        .replace(&format!("{admin},"), "0d5d7d6a1c0c6f4f3f1e2a9bb3c7d8e6f9a01234','','','','*');")
        .replace("'17.0.", "'17.9.")
        .replace(PANEL_SECRET, &NEW_SECRET.repeat(2));
    let to = fs::File::create(repair.path(DUMP)).unwrap();
    let mut to = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
    to.write_all(dump.as_bytes()).unwrap();
    to.finish().unwrap();
}

/// Takes away what the intruder left on the disk, and what the server's owner would change himself.
fn repair_disk(repair: &Repair) {
    for name in [
        "var/www/html/modular.php",
        "var/www/html/.clean.sh",
        "home/asterisk/.ssh/authorized_keys",
        "home/asterisk/.bash_history",
    ] {
        fs::remove_file(repair.path(name)).unwrap();
    }
    repair.without(CRONTAB, |line| line.contains("modular.php"));
    let plan = fs::read_to_string(repair.path(CUSTOM)).unwrap();
    let (kept, _) = plan.split_once("[svc-tts-relay]").unwrap();
    repair.write(CUSTOM, &kept.replace("include => svc-tts-relay\n", ""));
    repair.without("etc/asterisk/extensions_additional.conf", |line| line.contains("9998"));
    for name in ["auth", "endpoint", "aor"] {
        let name = format!("etc/asterisk/pjsip.{name}.conf");
        let text = fs::read_to_string(repair.path(&name)).unwrap();
        repair.write(&name, text.split_once("[9998]").unwrap().0);
    }
    let accounts = fs::read_to_string(repair.path(ACCOUNTS)).unwrap();
    let renewed = |(number, line): (usize, &str)| match line.starts_with("password=") {
        true => format!("password={number}-{NEW_SECRET}\n"),
        false => format!("{line}\n"),
    };
    repair.write(ACCOUNTS, &accounts.lines().enumerate().map(renewed).collect::<String>());
    let manager = NEW_SECRET.repeat(2);
    repair.change("etc/amportal.conf", PANEL_SECRET, &manager);
    repair.change("etc/asterisk/manager.conf", PANEL_SECRET, &manager);
    repair.change("etc/freepbx.conf", "6f1e2a0c9b7d4e83a5516c2f", &NEW_SECRET.repeat(3));
    repair.change(RULES, OPEN_PANEL, "");
}

const CRONTAB: &str = "var/spool/cron/crontabs/asterisk";
const CUSTOM: &str = "etc/asterisk/extensions_custom.conf";
const ACCOUNTS: &str = "etc/asterisk/pjsip.auth.conf";
const RULES: &str = "etc/iptables/rules.v4";
const OPEN_PANEL: &str = "-A fpbxfirewall -p tcp -m multiport --dports 80,443,81 -j ACCEPT\n";

#[test]
fn a_repaired_panel_passes_and_each_hole_is_told_alone() {
    let Some(repair) = by_the_web(&["var/lib/mysql"]) else { return };
    repair_panel(&repair);
    repair_disk(&repair);
    for (day, hour) in (27..30).flat_map(|day| (0..24).step_by(2).map(move |hour| (day, hour))) {
        let line = format!(
            "[2025-08-{day} {hour:02}:10:00] VERBOSE[2210] res_pjsip_registrar.c: Added contact 'sip:2001@192.168.70.21:5060' to AOR '2001' with expiration of 3600 seconds\n"
        );
        repair.append("var/log/asterisk/full", &line);
    }
    let judge = || repair.judge(&["--case", "case"]);
    assert_eq!(judge(), (0, vec![]));
    let was = fs::read_to_string(repair.scratch.path().join("before").join(ACCOUNTS)).unwrap();
    let now = fs::read_to_string(repair.path(ACCOUNTS)).unwrap();
    let (was, now) = was.lines().zip(now.lines()).find(|(_, now)| now.contains(NEW_SECRET)).unwrap();
    repair.reopened("secrets-of-accounts open", ACCOUNTS, now, was);
    let manager = NEW_SECRET.repeat(2);
    repair.reopened("secrets-of-administrators open", "etc/asterisk/manager.conf", &manager, PANEL_SECRET);
    let include = "[from-internal-custom]\n";
    let relay = "[svc-tts-relay]\nexten => _99X.,1,NoOp(relay)\n same => n,Set(CDR(accountcode)=)\n same => n,Dial(PJSIP/${EXTEN:2}@carrier1,120)\n";
    let relay = format!("{relay}{include}include => svc-tts-relay\n");
    repair.reopened("dialplan-clean open", CUSTOM, include, &relay);
    let crontab = fs::read_to_string(repair.scratch.path().join("before").join(CRONTAB)).unwrap();
    let job = crontab.lines().find(|line| line.contains("modular.php")).unwrap();
    let start = "@reboot /usr/sbin/fwconsole";
    repair.reopened("jobs-gone open", CRONTAB, start, &format!("{job}\n{start}"));
    let rest = "-A fpbxfirewall -j DROP\n";
    repair.reopened("panel-open-to-all open", RULES, rest, &format!("{OPEN_PANEL}{rest}"));
    fs::write(repair.path("var/www/html/modular.php"), "<?php system_lab_inert_marker(); ?>").unwrap();
    assert_eq!(judge(), (1, vec!["pages-gone open".to_owned()]));
}
