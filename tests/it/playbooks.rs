//! Playbooks as a user meets them: what each step says of servers of which everything is known, playbooks of one's
//! own, and how mistakes in them are pointed at.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;

fn examined(scratch: &Scratch, arguments: &[&str]) -> Value {
    let fixed = ["run", "--no-hash", "--format", "json"];
    let output = scratch.run(&[&fixed[..], arguments].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

fn bruteforce() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pbx/bruteforce/root").to_owned()
}

fn steps<'r>(report: &'r Value, phase: &str) -> Vec<&'r Value> {
    report["steps"].as_array().expect("steps").iter().filter(|step| step["phase"] == phase).collect()
}

fn state<'r>(report: &'r Value, phase: &str, id: &str) -> &'r str {
    let found = steps(report, phase).into_iter().find(|step| step["id"] == id);
    found.and_then(|step| step["state"].as_str()).unwrap_or_else(|| panic!("no step {phase} {id}"))
}

/// Steps of containment that close what stands open, whether or not somebody came by it.
const CLOSING: [&str; 8] = [
    "new-secrets",
    "new-trunk-secret",
    "close-phone-files",
    "take-copies-away",
    "close-what-stands-open",
    "refuse-guests",
    "close-second-dial-tone",
    "close-manager",
];

/// What must be so of any server, by what is known to have happened on it.
fn fits(name: &str, report: &Value, answers: &Value) {
    let incidents = answers["incidents"].as_array().expect("incidents");
    let lists_no_registration = report["gaps"]
        .as_array()
        .is_some_and(|gaps| gaps.iter().any(|gap| gap["what"] == "FreeSWITCH logs no accepted registration"));
    let is = |phase: &str, id: &str, wanted: &str| {
        assert_eq!(state(report, phase, id), wanted, "{name}: {phase} {id}");
    };
    for step in report["steps"].as_array().expect("steps") {
        let reason = step["reason"].as_str().unwrap_or_default();
        assert!(step["state"] != "cannot-tell" || !reason.is_empty(), "{name}: {} says not why", step["id"]);
        let claims_logins = reason.contains("logins that succeed are on record");
        assert!(!(claims_logins && lists_no_registration), "{name}: {step}");
    }
    if incidents.is_empty() {
        // Nothing to stop, nobody to write to; what stands open is closed all the same, each for a finding.
        let open = |phase: &str| -> Vec<Value> {
            let all = steps(report, phase).into_iter().filter(|step| step["state"] == "to-do");
            all.cloned().collect()
        };
        assert!(open("dispute").is_empty(), "{name}: {:?}", open("dispute"));
        for step in open("contain") {
            assert!(CLOSING.iter().any(|id| step["id"] == *id), "{name}: {step}");
            let checks = step["checks"].as_array().expect("checks");
            assert!(checks.iter().any(|check| check["answer"] == "found"), "{name}: {step}");
        }
        is("assess", "is-it-real", "done");
        for (phase, id) in
            [("assess", "is-it-over"), ("investigate", "way-in"), ("restore", "restart-and-test")]
        {
            is(phase, id, "not-needed");
        }
        return;
    }
    let all = |key: &str| incidents.iter().filter_map(|incident| incident[key].as_array()).flatten().count();
    assert!(all("calls") > 0, "{name}: an incident without a call needs rules of its own here");
    for (phase, id) in [("contain", "call-carrier"), ("contain", "keep-a-copy"), ("contain", "new-secrets")] {
        is(phase, id, "to-do");
    }
    for id in ["write-carrier", "police", "personal-data"] {
        is("dispute", id, "to-do");
    }
    is("assess", "is-it-real", "done");
    let vectors: Vec<&str> = incidents
        .iter()
        .filter_map(|incident| incident["vector"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let came = |any: &[&str]| vectors.iter().any(|vector| any.contains(vector));
    let only_elsewhere = vectors.iter().all(|vector| *vector == "trunk-credential");
    is("contain", "stop-outbound", if only_elsewhere { "not-needed" } else { "to-do" });
    let has_sources = incidents.iter().any(|incident| {
        let sources = incident["sources"].as_object();
        sources.into_iter().flatten().any(|(_, roles)| {
            roles.as_array().into_iter().flatten().filter_map(Value::as_str).any(|role| !role.ends_with('?'))
        })
    });
    if has_sources {
        is("contain", "block-sources", "to-do");
    }
    if came(&["password-guess", "stolen-credential", "default-credential", "provisioning-leak"]) {
        is("contain", "new-secret-first", "to-do");
    }
    if came(&["provisioning-leak"]) {
        is("contain", "close-phone-files", "to-do");
    }
    if came(&["web-exploit", "web-admin"]) {
        is("contain", "close-panel", "to-do");
        is("contain", "remove-left-behind", "to-do");
        is("restore", "traces-gone", "to-do");
    }
    if came(&["voicemail-or-disa"]) {
        is("contain", "close-second-dial-tone", "to-do");
        is("contain", "block-sources", "not-needed");
    } else {
        assert_ne!(state(report, "contain", "close-second-dial-tone"), "to-do", "{name}");
    }
    if came(&["trunk-credential"]) {
        is("dispute", "calls-elsewhere", "to-do");
    }
    is("restore", "way-in-closed", "to-do");
}

#[test]
fn each_step_fits_what_happened() {
    let Some(folder) = shared("evidence") else { return };
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    let scratch = Scratch::new();
    for path in names.iter().filter(|path| path.join("answers.json").exists()) {
        let text = std::fs::read_to_string(path.join("answers.json")).expect("answers");
        let answers: Value = serde_json::from_str(&text).expect("answers are JSON");
        let plain = path.join("rootfs");
        let root = if plain.exists() { plain } else { path.join("rootfs.tar.gz") };
        let here = path.to_string_lossy();
        let options = answers["options"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let options: Vec<String> = options.map(|option| option.replace("{here}", &here)).collect();
        let root = root.to_string_lossy();
        let mut arguments = vec![root.as_ref()];
        arguments.extend(options.iter().map(String::as_str));
        fits(&here, &examined(&scratch, &arguments), &answers);
    }
}

#[test]
fn a_guessed_account_gives_steps_and_names_them() {
    let scratch = Scratch::new();
    let report = examined(&scratch, &[&bruteforce()]);
    for id in ["call-carrier", "stop-outbound", "block-sources", "new-secret-first"] {
        assert_eq!(state(&report, "contain", id), "to-do", "{id}");
    }
    // Nobody came as a guest, but anybody may.
    assert_eq!(state(&report, "contain", "refuse-guests"), "to-do");
    for id in ["close-second-dial-tone", "remove-forwards", "close-panel"] {
        assert_eq!(state(&report, "contain", id), "not-needed", "{id}");
    }
    let used = report["playbooks"].as_array().expect("playbooks");
    assert_eq!(used.len(), 7);
    for playbook in used {
        assert_eq!(playbook["origin"], "built in");
        assert_eq!(playbook["sha256"].as_str().map(str::len), Some(64));
    }
    let text = stdout(&scratch.run(&["run", &bruteforce(), "--no-hash"]));
    let (_, now) = text.split_once("To do now\n").unwrap_or_else(|| panic!("{text}"));
    for told in ["With the carrier, by telephone", "contain 1: Call the carrier", "\nNext\n"] {
        assert!(now.contains(told), "{told}: {now}");
    }
    for verb in ["assess", "investigate", "dispute"] {
        let text = stdout(&scratch.run(&[verb, &bruteforce(), "--no-hash"]));
        assert!(text.contains(&format!("\nSteps: {verb}\n")), "{verb}: {text}");
        assert!(text.contains("\nNext\n----\n\n  tolltrace "), "{verb}: {text}");
    }
}

/// What nobody looked at may be needed all the same.
#[test]
fn a_step_whose_checks_saw_nothing_is_not_called_needless() {
    let scratch = Scratch::new();
    scratch.file("e/etc/asterisk/sip.conf", "[general]\ncontext=default\nallowguest=no\n[205]\ntype=friend\nhost=dynamic\nsecret=kR8vT2mQx7LpZ4wN\n");
    scratch.file(
        "e/var/log/asterisk/full",
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n",
    );
    let report = examined(&scratch, &["e"]);
    for id in ["close-phone-files", "close-panel", "close-manager"] {
        assert_eq!(state(&report, "contain", id), "cannot-tell", "{id}");
        let step = steps(&report, "contain").into_iter().find(|step| step["id"] == id).unwrap();
        assert!(step["reason"].as_str().unwrap().starts_with("needs "), "{step}");
    }
    // It is about programs that are not here: nothing is missing.
    assert_eq!(state(&report, "contain", "new-panel-passwords"), "not-needed");
}

#[test]
fn what_is_copied_holds_what_the_program_reads() {
    let shown = stdout(&Scratch::new().run(&["playbook", "show", "contain"]));
    let copying = shown.lines().find(|line| line.contains("tar --xattrs")).expect(&shown);
    let folders: Vec<&str> = copying.split(' ').filter(|word| word.starts_with('/')).collect();
    // Accounts of proxies, databases, phone files, web roots, containers, histories.
    for path in [
        "/etc/asterisk/pjsip.conf",
        "/srv/tftp/0015654a1c30.cfg",
        "/tftpboot/cfg000b82d7a902",
        "/var/lib/kamailio/kamailio.sqlite",
        "/var/lib/mysql/asterisk/users.ibd",
        "/var/lib/freeswitch/db/core.db",
        "/var/lib/docker/volumes/etc/_data/sip.conf",
        "/var/www/html/index.php",
        "/usr/local/freeswitch/conf/vars.xml",
        "/root/.bash_history",
        "/home/pbx/.ssh/authorized_keys",
    ] {
        assert!(folders.iter().any(|folder| path.starts_with(&format!("{folder}/"))), "{path}: {copying}");
    }
}

const HEAD: &str = "schema = 1\nid = \"office\"\nextends = \"contain\"\ntitle = \"Ours\"\nsummary = \"Besides.\"\nversion = \"1\"\n";
const STEP: &str = "[[step]]\nid = \"ours\"\ntitle = \"Do it\"\nowner = \"pbx-admin\"\n";

#[test]
fn what_is_switched_off_is_told_with_the_reason() {
    let scratch = Scratch::new();
    let text = format!(
        "{HEAD}{STEP}when = {{ finding = \"intrusion\" }}\n[disable]\nsteps = [\"stop-service\"]\nchecks = [\"account-taken-over\"]\n\
         reason = \"the hospital next door hangs on it\"\nauthor = \"M. Ruiz\"\n"
    );
    let file = scratch.file("own/office.toml", &text);
    let own = file.parent().unwrap().to_string_lossy().into_owned();
    let report = examined(&scratch, &[&bruteforce(), "--playbooks", &own]);
    assert!(steps(&report, "contain").iter().all(|step| step["id"] != "stop-service"));
    assert_eq!(state(&report, "contain", "ours"), "to-do");
    // A check that is switched off is no clean result.
    let first = steps(&report, "contain").into_iter().find(|step| step["id"] == "new-secret-first").unwrap();
    assert_eq!(first["checks"][0]["answer"], "not-checked");
    assert_ne!(first["state"], "not-needed");
    let used = report["playbooks"].as_array().unwrap().iter().find(|used| used["id"] == "office").unwrap();
    assert_eq!(used["extends"], "contain");
    assert_eq!(used["disabled"][0]["reason"], "the hospital next door hangs on it");
    assert_eq!(used["disabled"][0]["author"], "M. Ruiz");
    for format in ["text", "markdown"] {
        let shown = stdout(&scratch.run(&[
            "run",
            &bruteforce(),
            "--no-hash",
            "--playbooks",
            &own,
            "--format",
            format,
        ]));
        assert!(shown.contains("the hospital next door hangs on it"), "{format}: {shown}");
    }
}

#[test]
fn a_playbook_sets_what_patterns_are_held_against() {
    let scratch = Scratch::new();
    let own = scratch.file(
        "own/office.toml",
        &format!(
            "{}[tune.\"off-hours\"]\nparams = {{ night_from = 19, calls = 2 }}\n",
            HEAD.replace("contain", "assess")
        ),
    );
    let own = own.to_string_lossy().into_owned();
    let held = |arguments: &[&str]| examined(&scratch, arguments)["thresholds"].clone();
    let tuned = held(&[&bruteforce(), "--playbooks", &own]);
    assert_eq!((&tuned["night_from"], &tuned["off_hours_calls"]), (&19.into(), &2.into()));
    assert_eq!(held(&[&bruteforce()])["night_from"], 20);
    // A file of thresholds is of this case alone, and counts for more.
    let file = scratch.file("thresholds.toml", "night_from = 21\n");
    assert_eq!(
        held(&[&bruteforce(), "--playbooks", &own, "--thresholds", &file.to_string_lossy()])["night_from"],
        21
    );
}

/// A mistake: the text, what is pointed at, what is said of it, and the hint.
type Mistake<'t> = (&'t str, String, &'t str, &'t str, &'t str);

#[test]
fn every_kind_of_mistake_is_pointed_at() {
    let with = |rest: &str| format!("{HEAD}{STEP}{rest}");
    let mistakes: [Mistake<'_>; 24] = [
        (
            "a quote that is not closed",
            HEAD.replace("\"Ours\"", "\"Ours"),
            "\nsummary",
            "invalid basic string",
            "end the text",
        ),
        (
            "a key twice",
            with("").replace("[[step]]", "title = \"b\"\n[[step]]"),
            "title = \"b\"",
            "duplicate key",
            "take one",
        ),
        ("no key at all", with("hello world\n"), "world", "key with no value", "a remark begins with #"),
        (
            "one where several may be",
            HEAD.to_owned() + "[step]\nid = \"x\"\n",
            "[step]",
            "wrong kind",
            "[[step]]",
        ),
        (
            "a gate that is none",
            with("gates = [\"bans-macth\"]\n"),
            "\"bans-macth\"",
            "the gate `bans-macth`",
            "did you mean `bans-match`?",
        ),
        (
            "a misspelt key",
            with("cuation = \"x\"\n"),
            "cuation",
            "the key `cuation` is not known",
            "did you mean `caution`?",
        ),
        (
            "a wrong word",
            HEAD.to_owned() + &STEP.replace("pbx-admin", "pbxadmin"),
            "\"pbxadmin\"",
            "the word `pbxadmin` is not known",
            "did you mean `pbx-admin`?",
        ),
        (
            "a missing key",
            HEAD.to_owned() + "[[step]]\nid = \"ours\"\ntitle = \"Do it\"\n",
            "[[step]]",
            "the key `owner` is missing",
            "add `owner = ...`",
        ),
        (
            "a newer form",
            HEAD.replace("schema = 1", "schema = 2"),
            "2",
            "the form 2 is not known",
            "`schema = 1`",
        ),
        (
            "an id twice",
            with("[[step]]\nid = \"ours\" \ntitle = \"Again\"\nowner = \"police\"\n"),
            "\"ours\" ",
            "stands twice",
            "another id",
        ),
        (
            "an id of the playbook below",
            with("").replace("\"ours\"", "\"call-carrier\""),
            "\"call-carrier\"",
            "stands twice",
            "another id",
        ),
        (
            "a step that is not there",
            with("after = [\"cal-carrier\"]\n"),
            "\"cal-carrier\"",
            "the step `cal-carrier` is not known",
            "did you mean `call-carrier`?",
        ),
        (
            "a circle",
            with(
                "after = [\"other\"]\n[[step]]\nid = \"other\"\ntitle = \"T\"\nowner = \"legal\"\nafter = [\"ours\"]\n",
            ),
            "\"other\"]",
            "waits for itself",
            "take one of the `after` out",
        ),
        (
            "a finding that is none",
            with("when = { finding = \"weak-secrt\" }\n"),
            "\"weak-secrt\"",
            "the check `weak-secrt` is not known",
            "did you mean `weak-secret`?",
        ),
        (
            "a check that is none",
            with("  [[step.check]]\n  use = \"web-shel\"\n"),
            "\"web-shel\"",
            "the check `web-shel` is not known",
            "did you mean `web-shell`?",
        ),
        (
            "a parameter of another kind",
            with("  [[step.check]]\n  use = \"total-calls\"\n  params = { warning = \"20\" }\n"),
            "\"20\"",
            "takes a whole number",
            "warning",
        ),
        (
            "a parameter that is none",
            with("  [[step.check]]\n  use = \"total-calls\"\n  params = { waning = 20 }\n"),
            "waning",
            "the parameter `waning` is not known",
            "did you mean `warning`?",
        ),
        (
            "a technique that was renamed",
            with("attack = [\"T1100\"]\n"),
            "\"T1100\"",
            "gone",
            "it is T1505.003 now",
        ),
        ("no technique", with("attack = [\"T11\"]\n"), "\"T11\"", "no technique", "T1110.001"),
        (
            "a change with no way back",
            with("  [[step.commands]]\n  label = \"L\"\n  run = \"reboot\"\n  effect = \"change\"\n"),
            "\"reboot\"",
            "neither `caution` nor `undo`",
            "add undo",
        ),
        (
            "a slot that is none",
            with("  [[step.commands]]\n  label = \"L\"\n  run = \"show {extnsion}\"\n  effect = \"read\"\n"),
            "{extnsion}",
            "the slot `extnsion` is not known",
            "did you mean `extension`?",
        ),
        (
            "another name than the file's",
            HEAD.replace("\"office\"", "\"bureau\""),
            "\"bureau\"",
            "not the file's name",
            "bureau.toml",
        ),
        (
            "nothing to add to",
            HEAD.replace("\"contain\"", "\"contian\""),
            "\"contian\"",
            "the playbook `contian` is not known",
            "did you mean `contain`?",
        ),
        (
            "switched off without a reason",
            format!("{HEAD}[disable]\nsteps = [\"stop-service\"]\n"),
            "[disable]",
            "the key `reason` is missing",
            "add `reason = ...`",
        ),
    ];
    for (what, text, place, said, hint) in mistakes {
        let scratch = Scratch::new();
        scratch.file("own/office.toml", &text);
        let output = scratch.run(&["playbook", "check", "own"]);
        let shown = stdout(&output);
        assert_eq!(code(&output), 1, "{what}: {shown}");
        let at = text.find(place).unwrap_or_else(|| panic!("{what}: {place}"));
        let line = text[..at].matches('\n').count() + 1;
        assert!(shown.contains(&format!("--> own/office.toml:{line}:")), "{what}, line {line}: {shown}");
        assert!(shown.contains(said), "{what}: {shown}");
        let hints: Vec<&str> = shown.lines().filter(|line| line.contains("= hint: ")).collect();
        assert!(hints.iter().any(|told| told.contains(hint)), "{what}: {shown}");
        // The mark stands below the words.
        let lines: Vec<&str> = shown.lines().collect();
        let mark = lines.iter().position(|line| line.contains('^')).expect("a mark");
        let column = lines[mark].find('^').unwrap();
        let marked: String = lines[mark - 1].chars().skip(column).collect();
        // What is missing at a line's end has nothing to stand below.
        assert!(
            place.starts_with('\n') || marked.starts_with(place.trim_end()) || place.starts_with('['),
            "{what}: {marked}: {shown}"
        );
        // Nor do its samples hold.
        let output = scratch.run(&["playbook", "test", "own"]);
        assert_eq!((code(&output), stdout(&output)), (1, shown), "{what}");
        // And no command uses it.
        let output = scratch.run(&["assess", &bruteforce(), "--playbooks", "own"]);
        assert_eq!(code(&output), 2, "{what}");
        assert!(stderr(&output).contains(said), "{what}: {}", stderr(&output));
    }
}

#[test]
fn playbooks_are_listed_shown_and_written_out() {
    let scratch = Scratch::new();
    let run = |arguments: &[&str]| {
        let output = scratch.run(arguments);
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    let list = run(&["playbook", "list"]);
    for id in
        ["contain: ", "assess: ", "investigate: ", "restore: ", "dispute: ", "prevent: ", "call-carrier"]
    {
        assert!(list.contains(id), "{id}: {list}");
    }
    let checks = run(&["playbook", "list", "--checks"]);
    for told in [
        "ssh-login-after-guessing (rule of a playbook): ",
        "weak-secret (finding): ",
        "total-calls (pattern in the calls): ",
        "warning: a whole number",
        "needs the pages",
    ] {
        assert!(checks.contains(told), "{told}");
    }
    let sheet = run(&["playbook", "show", "contain"]);
    for told in ["5061", "TLS over TCP", "calls that are up go on", "(change", "to go back: "] {
        assert!(sheet.contains(told), "{told}: {sheet}");
    }
    assert!(run(&["playbook", "show", "dispute", "--format", "markdown"]).starts_with("# Settle it"));
    run(&["playbook", "new", "office", "-o", "office.toml"]);
    assert!(run(&["playbook", "check", "office.toml"]).starts_with("1 playbook: no mistake"));
    assert!(run(&["playbook", "check"]).starts_with("7 playbooks: no mistake"));
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/restore.toml");
    assert_eq!(run(&["playbook", "export", "restore"]), std::fs::read_to_string(built_in).unwrap());
    let cacao: Value = serde_json::from_str(&run(&["playbook", "export", "contain", "--cacao"])).unwrap();
    assert_eq!(cacao["spec_version"], "cacao-2.0");
    for wrong in [
        &["playbook", "show", "contian"][..],
        &["playbook", "new", "../x"],
        &["playbook", "check", "nowhere"],
    ] {
        let output = scratch.run(wrong);
        assert_eq!(code(&output), 2, "{wrong:?}");
        assert!(stderr(&output).contains("hint: "), "{wrong:?}: {}", stderr(&output));
    }
}
