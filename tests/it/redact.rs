//! A case that is shared: what is the owner's own is in none of its files, what is the intruder's in the ones that tell it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;

/// Words of the owner's side, in the evidence below.
const OWN: [&str; 9] =
    ["Jane", "Roe", "34911234567", "442079460000", "192.168.1.20", "203.0.113.200", "acme", "'205'", "/205-"];

/// A phone system on which 205 was guessed, with people, customers and phones of its own.
fn attacked(scratch: &Scratch) {
    let mut full = String::new();
    for minute in 0..40 {
        full.push_str(&format!(
            "[2026-03-06 10:{minute:02}:07] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n\
             [2026-03-06 10:{minute:02}:08] VERBOSE[12] chan_sip.c:     -- Registered SIP '206' at 203.0.113.200:5060\n"
        ));
    }
    for minute in 0..40 {
        full.push_str(&format!(
            "[2026-03-07 02:{minute:02}:08] NOTICE[12] chan_sip.c: Registration from '\"Jane Doe\" <sip:205@pbx.acme.example>' failed for '198.51.100.4:5060' - Wrong password\n"
        ));
    }
    full.push_str(
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 198.51.100.4:5060\n",
    );
    let mut calls = String::new();
    for (day, number, count) in [(6, "0034911234567", 3), (7, "00882998008753", 30)] {
        for call in 0..count {
            calls.push_str(&format!(
                "\"\",\"205\",\"{number}\",\"from-internal\",\"\"\"Jane Doe\"\" <205>\",\"SIP/205-0000{call:04}\",\"SIP/acme-line-0001{call:04}\",\"Dial\",\"SIP/acme-line/{number}\",\"2026-03-0{day} 03:{call:02}:01\",\"2026-03-0{day} 03:{call:02}:03\",\"2026-03-0{day} 03:{call:02}:59\",58,56,\"ANSWERED\",\"DOCUMENTATION\",\"{}.{call}\",\"\"\n",
                1_772_852_401 + call * 60
            ));
        }
    }
    calls.push_str("\"\",\"442079460000\",\"205\",\"from-trunk\",\"\"\"Mary Roe\"\" <442079460000>\",\"SIP/acme-line-00020001\",\"SIP/205-00020002\",\"Dial\",\"SIP/205\",\"2026-03-06 09:00:01\",\"2026-03-06 09:00:03\",\"2026-03-06 09:00:59\",58,56,\"ANSWERED\",\"DOCUMENTATION\",\"1772787601.99\",\"\"\n");
    scratch.file("acme/var/log/asterisk/full", &full);
    scratch.file("acme/var/log/asterisk/cdr-csv/Master.csv", &calls);
    scratch.file(
        "acme/etc/asterisk/sip.conf",
        "[general]\ncontext=default\n[205]\ntype=friend\nhost=dynamic\nsecret=205\ncontext=from-internal\ncallerid=\"Jane Doe\" <205>\n[206]\ntype=friend\nhost=dynamic\nsecret=206\ncallerid=Mary Roe <206>\n[acme-line]\ntype=peer\nhost=203.0.113.99\nsecret=abcdefgh\n",
    );
}

#[test]
fn a_timeline_to_be_shared_has_pseudonyms_too() {
    let scratch = Scratch::new();
    attacked(&scratch);
    for format in ["jsonl", "csv"] {
        let shown = scratch.run(&["timeline", "acme", "--redact", "--format", format]);
        assert_eq!(code(&shown), 0, "{}", stderr(&shown));
        let text = stdout(&shown);
        for word in OWN.into_iter().filter(|word| *word != "acme") {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(text.contains("198.51.100.4") && text.contains("00882998008753"), "{text}");
    }
}

fn files(folder: &Path, below: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            files.extend(self::files(&entry.path(), &format!("{name}/")));
        } else {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn nothing_of_ones_own_leaves_the_house() {
    let scratch = Scratch::new();
    attacked(&scratch);
    let output =
        scratch.run(&["run", "acme", "--redact", "-v", "--trusted", "203.0.113.200", "-o", "shared"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let files = files(&scratch.path().join("shared"), "");
    for (name, text) in &files {
        for own in OWN {
            assert!(!text.contains(own), "{name} holds {own}: {text}");
        }
    }
    // What the case is about stays, or the files would be of no use.
    for (name, stays) in [
        ("report.md", "198.51.100.4"),
        ("report.json", "00882998008753"),
        ("calls.csv", "+882998008753"),
        ("iocs.csv", "198.51.100.4"),
        ("statement.md", "2026-03-07 03:00:00"),
        ("preservation_request.md", "198.51.100.4"),
        ("timeline.jsonl", "198.51.100.4"),
        ("abuse/198.51.100.4.json", "198.51.100.4"),
    ] {
        assert!(files[name].contains(stays), "{name} lacks {stays}: {}", files[name]);
    }
    let report: serde_json::Value = serde_json::from_str(&files["report.json"]).unwrap();
    let account = report["incidents"][0]["accounts"][0]["name"].as_str().unwrap();
    assert!(account.starts_with("account-"), "{account}");
    for name in ["report.md", "calls.csv", "iocs.csv", "statement.md", "timeline.jsonl"] {
        assert!(files[name].contains(account), "{name} has another pseudonym than {account}");
    }
    let manifest: serde_json::Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["redacted"], true);
    assert_eq!(manifest["run"]["command"], serde_json::json!(["tolltrace", "run"]));
}

#[test]
fn every_command_that_prints_a_report_can_be_shared() {
    let scratch = Scratch::new();
    attacked(&scratch);
    for verb in ["inventory", "assess", "investigate", "dispute"] {
        for format in ["text", "markdown", "json"] {
            let output = scratch.run(&[verb, "acme", "--redact", "-v", "--format", format]);
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            let told = stdout(&output);
            for own in OWN {
                assert!(!told.contains(own), "{verb} {format} holds {own}: {told}");
            }
        }
    }
}

#[test]
fn the_names_of_the_case_stand_on_every_report() {
    let scratch = Scratch::new();
    attacked(&scratch);
    let names = ["--case-number", "2026-17", "--examiner", "A. N. Other", "--organisation", "Acme & Sons"];
    let output = scratch.run(&[&["run", "acme", "-o", "case"][..], &names].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let files = files(&scratch.path().join("case"), "");
    for name in ["report.md", "statement.md", "preservation_request.md", "abuse/README.md", "report.json"] {
        assert!(files[name].contains("2026-17"), "{name}: {}", files[name]);
    }
    for name in ["report.md", "statement.md"] {
        assert!(files[name].contains("A. N. Other") && files[name].contains("Acme \\& Sons"), "{name}");
    }
    assert!(files["preservation_request.md"].contains("Acme \\& Sons"));
    let abuse: serde_json::Value = serde_json::from_str(&files["abuse/198.51.100.4.json"]).unwrap();
    assert_eq!(abuse["reporter"]["org"], "Acme & Sons");
    for verb in ["inventory", "assess", "investigate", "dispute", "run"] {
        let told = stdout(&scratch.run(&[&[verb, "acme"][..], &names].concat()));
        assert!(told.contains("2026-17") && told.contains("A. N. Other"), "{verb}: {told}");
    }
}

/// A second dial tone's PIN stands in each record of a call through it, as its account code.
#[test]
fn the_pin_of_a_dial_tone_is_in_no_record_that_is_shown() {
    const PIN: &str = "739145";
    let scratch = Scratch::new();
    scratch.file(
        "pbx/etc/asterisk/extensions.conf",
        &format!("[from-trunk]\nexten => 910555199,1,DISA({PIN},out)\n[out]\nexten => _X.,1,Dial(SIP/carrier/${{EXTEN}})\n"),
    );
    scratch.file("pbx/etc/asterisk/sip.conf", "[general]\n[carrier]\ntype=peer\nhost=192.0.2.1\n");
    let row = |code: &str, second: u32| {
        format!(
            "\"{code}\",\"34600111222\",\"0025261555010{second}\",\"out\",\"\"\"\"\"<34600111222>\",\"SIP/carrier-0000000{second}\",\"SIP/carrier-0000001{second}\",\"Dial\",\"SIP/carrier/0025261555010{second}\",\"2026-03-07 03:00:0{second}\",\"2026-03-07 03:00:0{second}\",\"2026-03-07 03:10:0{second}\",600,600,\"ANSWERED\",\"DOCUMENTATION\",\"177285240{second}.{second}\",\"\"\n"
        )
    };
    let rows: String = (0..8).map(|second| row(PIN, second)).collect();
    let asked = row("", 8).replace("Dial\",\"SIP/carrier/00252615550108", &format!("DISA\",\"{PIN},out"));
    assert!(asked.contains(PIN));
    scratch.file("pbx/var/log/asterisk/cdr-csv/Master.csv", &(rows + &asked + &row("sales", 9)));
    let output = scratch.run(&["timeline", "pbx"]);
    let told = stdout(&output);
    assert!(told.contains("00252615550100") && told.contains("***") && told.contains("sales"), "{told}");
    for arguments in
        [&["timeline", "pbx"][..], &["run", "pbx", "--format", "json"], &["run", "pbx", "--redact"]]
    {
        let told = stdout(&scratch.run(arguments));
        assert!(!told.contains(PIN), "{arguments:?}: {told}");
    }
    let rule = |field: &str| {
        format!(
            "[[step.check]]\nid = \"local.by-{field}\"\ntitle = \"By {field}\"\nseverity = \"high\"\nmissing = \"Copy them.\"\n[step.check.match]\nsource = \"cdr\"\nwhere = [{{ field = \"disposition\", eq = \"ANSWERED\" }}]\ngroup_by = [\"{field}\"]\n"
        )
    };
    scratch.file(
        "own/own.toml",
        &format!("schema = 1\nid = \"own\"\nextends = \"investigate\"\ntitle = \"Own\"\nsummary = \"Own.\"\nversion = \"1.0.0\"\n[[step]]\nid = \"own\"\ntitle = \"Own\"\nowner = \"responder\"\n{}{}", rule("accountcode"), rule("data")),
    );
    let told = stdout(&scratch.run(&["run", "pbx", "--playbooks", "own", "--format", "json"]));
    for shown in ["accountcode ***", "data ***,out", "accountcode sales"] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    assert!(!told.contains(PIN), "{told}");
    let Some(evidence) = shared("evidence/asterisk-disa-voicemail/rootfs") else { return };
    let told = stdout(&scratch.run(&["run", evidence.to_str().unwrap(), "--format", "json"]));
    assert!(told.contains(r#"\"***\",\"17701"#) && !told.contains(r#"\"1234\""#));
}
