//! Small rules of a user's own: found, not found or not checked; with proof; tried on their samples.

use std::fmt::Write as _;

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};

/// A playbook of a user's that has but rules.
fn playbook(checks: &str) -> String {
    format!(
        "schema = 1\nid = \"own\"\nextends = \"investigate\"\ntitle = \"Our own signs\"\nsummary = \"What we look for.\"\n\
         version = \"1.0.0\"\n[[step]]\nid = \"own-signs\"\ntitle = \"Look for our own signs\"\nowner = \"responder\"\n{checks}"
    )
}

/// One rule: its id, its `match`, and its samples.
fn rule(id: &str, looks_for: &str, samples: &str) -> String {
    format!(
        "[[step.check]]\nid = \"local.{id}\"\ntitle = \"Rule {id}\"\nseverity = \"high\"\nattack = [\"T1110.001\"]\n\
         missing = \"Copy the log.\"\n[step.check.match]\n{looks_for}\n{samples}\n"
    )
}

const GUESSING: &str = "source = \"sip\"\nwhere = [{ field = \"action\", eq = \"auth-failed\" }]\n\
                        group_by = [\"address\"]\nwithin = \"5m\"\ncount = { at_least = 20 }";

/// A log of failures, one a second, of one address.
fn failures(count: u32, account: &str) -> String {
    let mut log = String::new();
    for second in 0..count {
        let stamp = format!("[2026-03-02 09:{:02}:{:02}]", second / 60, second % 60);
        let _ = writeln!(
            log,
            "{stamp} NOTICE[1638] chan_sip.c: Registration from '<sip:{account}@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password"
        );
    }
    log
}

/// Runs the whole runbook and returns the report.
fn report(scratch: &Scratch, evidence: &str) -> Value {
    let output = scratch.run(&["run", evidence, "--playbooks", "own", "-q", "-o", "case"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = std::fs::read_to_string(scratch.path().join("case/report.json")).unwrap();
    std::fs::remove_dir_all(scratch.path().join("case")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn finding<'r>(report: &'r Value, id: &str) -> Option<&'r Value> {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id)
}

fn answer_of<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap()
}

#[test]
fn a_rule_answers_in_three_ways_and_proves_what_it_finds() {
    let scratch = Scratch::new();
    scratch.file("pbx/var/log/asterisk/messages", &failures(30, "100"));
    let calls = "source = \"cdr\"\nwhere = [{ field = \"number\", starts = \"0088\" }]";
    let many = GUESSING.replace("20", "31");
    let rules = [rule("found", GUESSING, ""), rule("not-found", &many, ""), rule("not-checked", calls, "")];
    scratch.file("own/own.toml", &playbook(&rules.concat()));
    let report = report(&scratch, "pbx");

    let found = finding(&report, "local.found").unwrap();
    assert_eq!(found["severity"], "high");
    assert_eq!(found["subject"], "address 198.51.100.4");
    assert_eq!(found["attack"][0], "T1110.001");
    assert!(
        found["detail"].as_str().unwrap().contains("20 records or more within 5m 00s, by address"),
        "{found}"
    );
    assert!(found["detail"].as_str().unwrap().contains("30 records, 2026-03-02 09:00:00"), "{found}");
    let evidence = found["evidence"].as_array().unwrap();
    assert_eq!(evidence[0]["path"], "var/log/asterisk/messages");
    assert_eq!((&evidence[0]["line"], &evidence[1]["line"]), (&1.into(), &20.into()));
    assert!(evidence[1]["text"].as_str().unwrap().starts_with("[2026-03-02 09:00:19] NOTICE"), "{found}");

    let answers = ["found", "not-found", "not-checked"];
    for answer in answers {
        assert_eq!(answer_of(&report, &format!("local.{answer}"))["answer"], answer);
    }
    let not_found = answer_of(&report, "local.not-found")["why"].as_str().unwrap();
    assert_eq!(not_found, "30 records that fit, 30 of 31 together at most");
    let not_checked = answer_of(&report, "local.not-checked")["why"].as_str().unwrap();
    assert_eq!(
        not_checked,
        "No file of the evidence tells of that; a record of it would stand in: cdr. Copy the log."
    );
}

#[test]
fn own_rules_have_a_section_of_their_own() {
    let scratch = Scratch::new();
    scratch.file("pbx/var/log/asterisk/messages", &failures(30, "100"));
    let many = GUESSING.replace("20", "31");
    scratch.file(
        "own/own.toml",
        &playbook(&[rule("found", GUESSING, ""), rule("not-found", &many, "")].concat()),
    );
    scratch.run(&["run", "pbx", "--playbooks", "own", "-q", "-o", "case"]);
    let report = std::fs::read_to_string(scratch.path().join("case/report.md")).unwrap();
    let (_, section) = report.split_once("\n## Rules of your own\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    assert!(section.contains("| found | high |") && section.contains("local.found"), "{section}");
    assert!(section.contains("| not found |") && section.contains("30 of 31 together at most"), "{section}");
    assert!(!section.contains("panel-login"), "those of the program stand with its steps: {section}");
}

#[test]
fn one_happening_in_two_logs_counts_once() {
    let scratch = Scratch::new();
    scratch.file("own/own.toml", &playbook(&rule("guessing", GUESSING, "")));
    // Fifteen tries, told by both logs, are no thirty.
    scratch.file("pbx/var/log/asterisk/messages", &failures(15, "100"));
    scratch.file("pbx/var/log/asterisk/full", &format!("{}\n", failures(15, "100")));
    assert!(finding(&report(&scratch, "pbx"), "local.guessing").is_none());
    // What was rotated out of a log belongs to it.
    let log = failures(30, "100");
    let (old, new) = log.split_at(log.match_indices('\n').nth(14).unwrap().0 + 1);
    scratch.file("pbx/var/log/asterisk/messages", new);
    scratch.file("pbx/var/log/asterisk/messages.1", old);
    let report = report(&scratch, "pbx");
    assert!(finding(&report, "local.guessing").unwrap()["detail"].as_str().unwrap().contains("30 records"));
}

#[test]
fn names_that_an_attacker_chose_act_on_no_output() {
    let scratch = Scratch::new();
    let names = [
        "\x1b[2J\x1b]0;x\x07",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "`|x](http://evil)",
        "$(id);a",
    ];
    let log: String = names.iter().map(|name| failures(2, name)).collect();
    scratch.file("pbx/var/log/asterisk/messages", &log);
    let looks_for =
        "source = \"sip\"\nwhere = [{ field = \"action\", eq = \"auth-failed\" }]\ngroup_by = [\"account\"]";
    scratch.file("own/own.toml", &playbook(&rule("names", looks_for, "")));
    let printed = scratch.run(&["run", "pbx", "--playbooks", "own", "-o", "case", "-v"]);
    let (text, report) =
        (stdout(&printed), std::fs::read_to_string(scratch.path().join("case/report.md")).unwrap());
    assert!(report.contains("local.names") && text.contains("local.names"), "{text}");
    for shown in [&text, &report] {
        assert!(!shown.chars().any(|letter| letter != '\n' && letter.is_control()), "{shown}");
    }
    assert!(!report.contains("<script>") || !report.contains("\n<script>"));
    let outside = |line: &str| {
        line.split('`').step_by(2).any(|piece| piece.contains("<script>") && !piece.contains("\\<script"))
    };
    assert!(!report.lines().any(outside), "{report}");
}

#[test]
fn a_rule_that_is_switched_off_does_not_run() {
    let scratch = Scratch::new();
    scratch.file("pbx/var/log/asterisk/messages", &failures(30, "100"));
    let off = playbook(&rule("guessing", GUESSING, ""))
        + "[disable]\nchecks = [\"local.guessing\"]\nreason = \"our own scanner\"\n";
    scratch.file("own/own.toml", &off);
    let report = report(&scratch, "pbx");
    assert!(finding(&report, "local.guessing").is_none());
    assert!(
        report["rules"].as_array().unwrap().iter().all(|rule| rule["id"] != "local.guessing"),
        "{}",
        report["rules"]
    );
}

#[test]
fn samples_are_tried_and_a_wrong_one_is_told() {
    let scratch = Scratch::new();
    let line = "[{year}-{month}-{day} {hh}:{mm}:{ss}] NOTICE[1638] chan_sip.c: Registration from '<sip:{n}@x>' failed for '198.51.100.4' - Wrong password";
    let sample = |expect: &str, repeat: u32| {
        format!(
            "[[step.check.sample]]\nexpect = \"{expect}\"\nrepeat = {repeat}\nevery = \"3s\"\nline = '''{line}'''\n"
        )
    };
    let of_file = "[[step.check.sample]]\nexpect = \"hit\"\nfile = \"samples/guessing.log\"\n";
    scratch.file("own/samples/guessing.log", &failures(25, "100"));
    let right = [sample("hit", 20), sample("miss", 19), of_file.to_owned()].concat();
    scratch.file("own/own.toml", &playbook(&rule("guessing", GUESSING, &right)));
    let output = scratch.run(&["playbook", "test", "own"]);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));

    scratch.file("own/own.toml", &playbook(&rule("guessing", GUESSING, &sample("hit", 19))));
    let output = scratch.run(&["playbook", "test", "own"]);
    assert_eq!(code(&output), 1, "{}{}", stdout(&output), stderr(&output));
    let told = stdout(&output) + &stderr(&output);
    assert!(told.contains("own.toml:") && told.contains("19 of 20 together at most"), "{told}");
}

#[test]
fn the_samples_of_the_built_in_rules_hold() {
    let scratch = Scratch::new();
    let output = scratch.run(&["playbook", "test"]);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("ssh-login-after-guessing"), "{}", stdout(&output));
}

#[test]
fn a_mistake_in_a_rule_is_pointed_at() {
    let scratch = Scratch::new();
    scratch.file("pbx/var/log/asterisk/messages", &failures(3, "100"));
    let wrong = GUESSING.replace("auth-failed", "auth-faild");
    scratch.file("own/own.toml", &playbook(&rule("guessing", &wrong, "")));
    let output = scratch.run(&["run", "pbx", "--playbooks", "own"]);
    assert_eq!(code(&output), 2, "{}", stdout(&output));
    let told = stderr(&output);
    assert!(told.contains("own/own.toml:19:35"), "{told}");
    assert!(
        told.contains("unknown action `auth-faild`") && told.contains("did you mean `auth-failed`?"),
        "{told}"
    );
    assert!(told.contains("\n   |                                   ^^^^^^^^^^^^\n"), "{told}");
}
