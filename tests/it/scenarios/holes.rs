//! Holes of the telephone side, staged on a copy of a real server: each absent before, and found with its proof.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tolltrace::case::Options;
use tolltrace::report::model::{Finding, Report};

use super::truth::examine_folder;
use crate::scratch::Scratch;

/// A copy of the configuration of a server with a panel's files.
fn copy() -> Scratch {
    let scratch = Scratch::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root/etc/asterisk");
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path()).unwrap();
        scratch.file(&format!("etc/asterisk/{}", entry.file_name().to_str().unwrap()), &text);
    }
    scratch
}

fn examine(scratch: &Scratch) -> Report {
    examine_folder(scratch.path(), &Options::default())
}

fn of<'r>(report: &'r Report, id: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.id == id).collect()
}

/// Adds text to a file of the copy and returns the one finding of that name that this makes.
fn staged(id: &str, changes: &[(&str, &str)]) -> Finding {
    let scratch = copy();
    assert!(of(&examine(&scratch), id).is_empty(), "{id} is there before");
    for (name, text) in changes {
        let path = scratch.path().join("etc/asterisk").join(name);
        let before = fs::read_to_string(&path).unwrap_or_default();
        scratch.file(&format!("etc/asterisk/{name}"), &format!("{before}\n{text}"));
    }
    let report = examine(&scratch);
    assert!(report.incidents.is_empty(), "a hole is no intrusion");
    let found = of(&report, id);
    assert_eq!(found.len(), 1, "{id}: {found:?}");
    found[0].clone()
}

/// The proof names the file and shows the line.
fn proven(finding: &Finding, file: &str, text: &str) {
    let fits = |proof: &tolltrace::report::model::Proof| {
        proof.path.ends_with(file) && proof.line.is_some() && proof.text.raw().contains(text)
    };
    assert!(finding.evidence.iter().any(fits), "{:?}", finding.evidence);
}

const TONE: &str = "[from-trunk]\nexten => 910555199,1,Goto(tone,s,1)\n[tone]\nexten => s,1,DISA(";

#[test]
fn a_second_dial_tone_without_pin_or_with_a_poor_one() {
    let finding =
        staged("disa-without-pin", &[("extensions.conf", &format!("{TONE}no-password,from-internal)\n"))]);
    assert_eq!(finding.severity.word(), "critical");
    proven(&finding, "extensions.conf", "DISA(no-password");
    let finding = staged("disa-weak-pin", &[("extensions.conf", &format!("{TONE}4444,from-internal)\n"))]);
    proven(&finding, "extensions.conf", "DISA(***");
    // A good PIN, or nothing behind it, is no finding.
    for rest in ["83921745,from-internal)", "no-password,ext-queues)"] {
        let scratch = copy();
        let path = scratch.path().join("etc/asterisk/extensions.conf");
        let before = fs::read_to_string(&path).unwrap();
        scratch.file("etc/asterisk/extensions.conf", &format!("{before}\n{TONE}{rest}\n"));
        let report = examine(&scratch);
        assert!(
            of(&report, "disa-without-pin").is_empty() && of(&report, "disa-weak-pin").is_empty(),
            "{rest}"
        );
    }
}

#[test]
fn a_mailbox_that_dials_out() {
    let finding = staged(
        "voicemail-dials-out",
        &[
            ("extensions.conf", "[from-trunk]\nexten => 910555198,1,VoiceMailMain()\n"),
            (
                "voicemail.conf",
                "\n[default]\n177 => 177,Nadie,,,dialout=from-internal\n178 => 80563391,Alguien,,,dialout=from-internal\n",
            ),
        ],
    );
    assert_eq!(finding.severity.word(), "critical");
    assert!(finding.detail.contains("1 of 2") && finding.detail.contains("177"), "{}", finding.detail);
    proven(&finding, "voicemail.conf", "177 => ***");
    assert!(!serde_json::to_string(&finding).unwrap().contains("80563391"));
}

#[test]
fn a_rogue_route_a_menu_and_guests_who_get_out() {
    let rogue = "[from-internal-custom]\nexten => _X.,1,Dial(SIP/Movilnet/${EXTEN})\n[from-internal-xfer]\ninclude => from-internal-custom\n#include extensions_custom.conf\n";
    let finding = staged(
        "rogue-dialplan",
        &[
            ("extensions_custom.conf", &rogue.replace("#include extensions_custom.conf\n", "")),
            ("extensions.conf", "#include extensions_custom.conf\n"),
        ],
    );
    proven(&finding, "extensions_custom.conf", "_X.,1,Dial(SIP/Movilnet");
    let menu = "[from-trunk]\nexten => 910555197,1,Goto(menu,s,1)\n[menu]\nexten => s,1,Background(hola)\n same => n,WaitExten(5)\ninclude => outbound-allroutes\n";
    let finding = staged("dialplan-hole", &[("extensions.conf", menu)]);
    assert_eq!(finding.severity.word(), "critical");
    proven(&finding, "extensions.conf", "Background(hola)");
    let guests = "[from-sip-external]\ninclude => outbound-allroutes\n";
    let finding = staged("guests-reach-trunk", &[("extensions.conf", guests)]);
    assert_eq!((finding.severity.word(), finding.subject.raw()), ("critical", "from-sip-external"));
    let wide = "[outrt-3]\nexten => _NXXNXXXXXX,1,Dial(SIP/Movilnet/1${EXTEN})\n[from-internal-xfer]\ninclude => outrt-3\n";
    let finding = staged("route-lets-foreign-out", &[("extensions.conf", wide)]);
    proven(&finding, "extensions.conf", "_NXXNXXXXXX");
    let transfer = "[from-trunk]\nexten => 910555196,1,Dial(SIP/101,20,T)\n";
    let finding = staged("transfer-allowed", &[("extensions.conf", transfer)]);
    proven(&finding, "extensions.conf", "Dial(SIP/101,20,T)");
}

#[test]
fn a_forward_to_a_number_that_costs() {
    let stage = |number: &str| {
        let scratch = copy();
        let path = scratch.file("var/lib/asterisk/astdb.sqlite3", "");
        fs::remove_file(&path).unwrap();
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
            .unwrap();
        database.execute("INSERT INTO astdb VALUES ('/CF/101', ?1)", [number]).unwrap();
        drop(database);
        examine(&scratch)
    };
    for harmless in ["699111222", "102", "0699111222"] {
        assert!(of(&stage(harmless), "forward-to-paid-destination").is_empty(), "{harmless}");
    }
    for number in ["0025261234567", "+37190001122", "18765550123"] {
        let report = stage(number);
        let found = of(&report, "forward-to-paid-destination");
        assert_eq!(found.len(), 1, "{number}");
        assert_eq!(found[0].subject.raw(), "101");
        assert!(found[0].evidence[0].path.ends_with("astdb.sqlite3"));
        assert!(found[0].evidence[0].text.raw().contains(number));
    }
}

/// A route for office hours whose group of times was emptied, a script behind a trunk, a firewall that trusts all.
const PANEL: &str = r#"-- MySQL dump 10.13
INSERT INTO `outbound_routes` (`route_id`,`name`,`password`,`time_group_id`,`time_mode`) VALUES (2,'world','',4,'time-group');
INSERT INTO `timegroups_groups` (`id`,`description`) VALUES (4,'Office');
INSERT INTO `trunks` (`trunkid`,`name`,`tech`,`failscript`,`channelid`,`disabled`) VALUES (3,'Carrier','pjsip','notify.agi','carrier-main','off');
INSERT INTO `kvstore_FreePBX_modules_Firewall` (`key`,`val`,`type`,`id`) VALUES ('status','0',NULL,'noid'),('networkmaps','{\"0.0.0.0\\/0\":\"trusted\"}','json-arr','noid'),('servicesettings','{\"tftp\":[\"external\"],\"sip\":[\"external\"]}','json-arr','noid');
"#;

#[test]
fn limits_of_a_panel_that_limit_nothing() {
    const IDS: [&str; 4] =
        ["route-open-at-all-times", "trunk-runs-script", "panel-firewall-off", "panel-firewall-open"];
    let scratch = copy();
    let before = examine(&scratch);
    assert!(IDS.iter().all(|id| of(&before, id).is_empty()));
    scratch.file("var/backups/asterisk.sql", PANEL);
    let after = examine(&scratch);
    assert!(after.incidents.is_empty(), "a hole is no intrusion");
    let counts: Vec<usize> = IDS.iter().map(|id| of(&after, id).len()).collect();
    assert_eq!(counts, [1, 1, 1, 2]);
    for id in IDS {
        of(&after, id).iter().for_each(|finding| proven(finding, "asterisk.sql", "table "));
    }
    let times = PANEL.replace("INSERT INTO `trunks`", "INSERT INTO `timegroups_details` (`id`,`timegroupid`,`time`) VALUES (1,4,'09:00-17:00|mon-fri|*|*');\nINSERT INTO `trunks`");
    scratch.file("var/backups/asterisk.sql", &times);
    assert!(of(&examine(&scratch), "route-open-at-all-times").is_empty());
}

#[test]
fn extensions_that_no_route_asks_for_its_pin() {
    let scratch = copy();
    let route = "-- MySQL dump 10.13\nINSERT INTO `outbound_routes` (`route_id`,`name`,`password`,`time_group_id`,`time_mode`) VALUES (2,'world','4711',NULL,'');\n";
    scratch.file("var/backups/asterisk.sql", route);
    let path = scratch.path().join("var/lib/asterisk/astdb.sqlite3");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
        .unwrap();
    assert!(of(&examine(&scratch), "route-pin-not-asked").is_empty());
    database.execute("INSERT INTO astdb VALUES ('/AMPUSER/101/pinless', 'NOPASSWD')", []).unwrap();
    drop(database);
    let report = examine(&scratch);
    let [found] = of(&report, "route-pin-not-asked")[..] else { panic!("one finding") };
    assert!(found.title.contains("101") && !found.evidence.is_empty(), "{found:?}");
}

/// FreeSWITCH as it is shipped, with a profile that asks nobody for credentials.
fn switch(public: &str) -> Scratch {
    let scratch = Scratch::new();
    let context = |name: &str, extensions: &str| {
        format!("<include><context name=\"{name}\">{extensions}</context></include>\n")
    };
    let route = "<extension name=\"abroad\"><condition field=\"destination_number\" expression=\"^(00\\d+)$\"><action application=\"bridge\" data=\"sofia/gateway/carrier/$1\"/></condition></extension>";
    let profile = "<profile name=\"external\"><settings><param name=\"auth-calls\" value=\"false\"/><param name=\"context\" value=\"public\"/><param name=\"sip-port\" value=\"5080\"/></settings></profile>\n";
    let main = "<document type=\"freeswitch/xml\"><section name=\"configuration\"><configuration name=\"sofia.conf\"><profiles><X-PRE-PROCESS cmd=\"include\" data=\"sip_profiles/*.xml\"/></profiles></configuration></section><section name=\"dialplan\"><X-PRE-PROCESS cmd=\"include\" data=\"dialplan/*.xml\"/></section></document>\n";
    scratch.file("etc/freeswitch/freeswitch.xml", main);
    scratch.file("etc/freeswitch/sip_profiles/external.xml", profile);
    scratch.file("etc/freeswitch/dialplan/default.xml", &context("default", route));
    scratch.file("etc/freeswitch/dialplan/public.xml", &context("public", public));
    scratch
}

#[test]
fn strangers_who_get_out_by_freeswitchs_dialplan() {
    let extension = |expression: &str| {
        format!(
            "<extension name=\"in\"><condition field=\"destination_number\" expression=\"{expression}\"><action application=\"transfer\" data=\"$1 XML default\"/></condition></extension>"
        )
    };
    assert!(of(&examine(&switch(&extension("^(10\\d\\d)$"))), "guests-reach-trunk").is_empty());
    let report = examine(&switch(&extension("^(\\d+)$")));
    assert!(report.incidents.is_empty(), "a hole is no intrusion");
    let [found] = of(&report, "guests-reach-trunk")[..] else { panic!("one way out") };
    assert!(found.detail.contains("abroad (^(00\\d+)$) of [default]"), "{}", found.detail);
    proven(found, "default.xml", "abroad");
}
