//! What is written where, and where nothing may be written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::scratch::{Scratch, code, stderr, stdout};

#[test]
fn nothing_is_written_into_the_evidence() {
    let scratch = Scratch::new();
    scratch.file("evidence/etc/asterisk/sip.conf", "[general]\n");
    for verb in ["run", "inventory", "assess", "investigate", "timeline"] {
        let output = scratch.run(&[verb, "evidence", "-o", "evidence/out"]);
        assert_eq!(code(&output), 2, "{verb}");
        let error = stderr(&output);
        assert!(error.starts_with("error: evidence/out: lies inside the evidence evidence"), "{error}");
        assert!(error.contains("\n\nhint: choose an output outside the evidence"), "{error}");
        assert_eq!(fs::read_dir(scratch.path().join("evidence")).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_that_is_no_case_is_left_alone() {
    let scratch = Scratch::new();
    let precious = scratch.file("thesis/chapter.txt", "mine");
    let output = scratch.run(&["demo", "-o", "thesis"]);
    assert_eq!(code(&output), 2);
    assert_eq!(
        stderr(&output),
        "error: thesis: is not empty and holds no earlier case\n\n\
         hint: choose a new or empty folder, or the folder of an earlier case\n"
    );
    assert_eq!(fs::read_to_string(precious).unwrap(), "mine");
    assert_eq!(fs::read_dir(scratch.path().join("thesis")).unwrap().count(), 1);
}

#[test]
fn an_output_that_is_full_is_named() {
    let scratch = Scratch::new();
    scratch.file(
        "e/full",
        "[2026-03-07 02:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n",
    );
    for arguments in [&["timeline", "e"][..], &["timeline", "e", "--format", "csv"], &["inventory", "e"]] {
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
            eprintln!("passed over: there is no /dev/full here");
            return;
        };
        let mut command = scratch.command(env!("CARGO_BIN_EXE_tolltrace"));
        let output = command.args(arguments).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).starts_with("error: standard output: "), "{}", stderr(&output));
    }
}

#[test]
fn a_folder_etc_does_not_miss_the_target_of_its_zone() {
    let scratch = Scratch::new();
    scratch.file("etc/asterisk/sip.conf", "[general]\n");
    std::os::unix::fs::symlink("/usr/share/zoneinfo/Europe/Madrid", scratch.path().join("etc/localtime"))
        .unwrap();
    std::os::unix::fs::symlink("/opt/elsewhere", scratch.path().join("etc/other")).unwrap();
    let shown = stdout(&scratch.run(&["inventory", "etc", "-v"]));
    assert!(shown.contains("Europe/Madrid") && shown.contains("a link to /opt/elsewhere"), "{shown}");
    assert!(!shown.contains("a link to /usr/share/zoneinfo"), "{shown}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scratch = Scratch::new();
    let mut child = scratch
        .command(env!("CARGO_BIN_EXE_tolltrace"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the program has written anything, or soon after: both must end quietly.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
}

/// Reads the files of a case, those in its folders by their path below it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(
                self::files(&entry.path())
                    .into_iter()
                    .map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)),
            );
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn two_runs_differ_in_the_manifest_only() {
    let scratch = Scratch::new();
    let cases = ["one", "two", "two"].map(|folder| {
        let output = scratch.run(&["demo", "-q", "-o", folder]);
        assert_eq!((code(&output), stdout(&output), stderr(&output)), (0, String::new(), String::new()));
        files(&scratch.path().join(folder))
    });
    let [one, two, again] = cases.map(|mut case| {
        assert!(case.remove("manifest.json").is_some());
        case
    });
    let names: Vec<_> = one.keys().map(String::as_str).collect();
    let plain: Vec<_> = names.iter().filter(|name| !name.contains('/')).copied().collect();
    let expected = [
        "calls.csv",
        "iocs.csv",
        "preservation_request.md",
        "report.json",
        "report.md",
        "secrets.json",
        "statement.md",
        "timeline.jsonl",
    ];
    assert_eq!(plain, expected);
    assert!(names.contains(&"abuse/README.md"), "{names:?}");
    assert!(one == two && two == again);
}

#[test]
fn the_manifest_holds_the_hash_of_each_file() {
    let scratch = Scratch::new();
    assert_eq!(code(&scratch.run(&["demo", "-o", "case"])), 0);
    let case = files(&scratch.path().join("case"));
    let manifest: serde_json::Value = serde_json::from_slice(&case["manifest.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len() + 1, case.len());
    for file in listed {
        let bytes = &case[file["path"].as_str().unwrap()];
        assert_eq!(file["bytes"].as_u64().unwrap(), bytes.len() as u64);
        let hash: String = sha2_hex(bytes);
        assert_eq!(file["sha256"].as_str().unwrap(), hash);
    }
    assert_eq!(manifest["run"]["command"][1], "demo");
    assert!(manifest["evidence"].as_array().unwrap().iter().all(|file| file["sha256"].is_string()));
}

fn sha2_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn report_json_has_the_keys_of_its_schema() {
    let scratch = Scratch::new();
    let report: serde_json::Value =
        serde_json::from_str(&stdout(&scratch.run(&["demo", "--format", "json"]))).unwrap();
    assert_eq!(report["schema"], "tolltrace.report/1");
    for key in ["tool", "case", "evidence", "incidents", "failed_attackers", "findings", "gaps"] {
        assert!(!report[key].is_null(), "{key}");
    }
}

#[test]
fn bold_is_for_terminals_or_when_asked_for() {
    let scratch = Scratch::new();
    let plain = stdout(&scratch.run(&["demo"]));
    assert!(!plain.contains('\u{1b}'));
    let bold = stdout(&scratch.run(&["demo", "--color", "always"]));
    assert_eq!(bold.replace("\u{1b}[1m", "").replace("\u{1b}[0m", ""), plain, "colour carries no meaning");
}

#[test]
fn a_finding_can_set_the_exit_status() {
    let scratch = Scratch::new();
    let report: serde_json::Value =
        serde_json::from_str(&stdout(&scratch.run(&["demo", "--format", "json"]))).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let expected = if findings.is_empty() { 0 } else { 10 };
    assert_eq!(code(&scratch.run(&["demo", "-q", "--fail-on", "info"])), expected);
    let critical = findings.iter().any(|finding| finding["severity"] == "critical");
    assert_eq!(code(&scratch.run(&["demo", "-q", "--fail-on", "critical"])), if critical { 10 } else { 0 });
}

#[test]
fn a_file_of_somebody_elses_is_not_written_over() {
    let scratch = Scratch::new();
    scratch.file("pbx/var/log/asterisk/messages", "[2026-03-02 09:00:00] NOTICE[1] chan_sip.c: x\n");
    scratch.file("notes.txt", "# Evidence that I collected\n");
    for command in
        [&["timeline", "pbx"][..], &["inventory", "pbx"], &["assess", "pbx"], &["investigate", "pbx"]]
    {
        let refused = scratch.run(&[command, &["-o", "notes.txt"]].concat());
        assert_eq!(code(&refused), 2, "{command:?}");
        assert!(stderr(&refused).contains("give the output another name"), "{}", stderr(&refused));
        // What an earlier run has written is this program's own.
        for format in
            if command[0] == "timeline" { &["jsonl", "csv"][..] } else { &["text", "markdown", "json"] }
        {
            let name = format!("{}.{format}", command[0]);
            for _ in 0..2 {
                let written = scratch.run(&[command, &["--format", format, "-o", &name]].concat());
                assert_eq!(code(&written), 0, "{name}: {}", stderr(&written));
            }
        }
    }
    assert_eq!(
        fs::read_to_string(scratch.path().join("notes.txt")).unwrap(),
        "# Evidence that I collected\n"
    );
    let asked = scratch.run(&["run", "pbx", "--json"]);
    assert!(code(&asked) == 2 && stderr(&asked).contains("--format json"), "{}", stderr(&asked));
}

/// Lays out a small server with one account.
fn small_server(scratch: &Scratch, folder: &str, host: Option<&str>, account: &str, secret: &str) {
    let text = format!(
        "[general]\ncontext=from-internal\n\n[{account}]\ntype=friend\nhost=dynamic\nsecret={secret}\n"
    );
    scratch.file(&format!("{folder}/etc/asterisk/sip.conf"), &text);
    if let Some(host) = host {
        scratch.file(&format!("{folder}/etc/hostname"), &format!("{host}\n"));
    }
}

#[test]
fn the_case_of_another_server_is_never_replaced() {
    let scratch = Scratch::new();
    small_server(&scratch, "first", Some("north"), "201", "kT4-pQ92-xLm7");
    small_server(&scratch, "later", Some("north"), "201", "vB8-rS31-yNd6");
    small_server(&scratch, "renamed", Some("south"), "201", "kT4-pQ92-xLm7");
    small_server(&scratch, "nameless", None, "7301", "wZ5-tU64-hJc3");
    let run = |arguments: &[&str]| scratch.run(arguments);
    let kept = || fs::read_to_string(scratch.path().join("case/secrets.json")).unwrap();
    assert_eq!(code(&run(&["run", "first", "-o", "case"])), 0);
    let before = kept();
    assert!(before.contains("201"));
    for other in ["renamed", "nameless"] {
        for verb in ["run", "contain"] {
            let output = run(&[verb, other, "-o", "case"]);
            assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{verb} {other}");
            assert_eq!(
                stderr(&output),
                "error: case: holds the case of another server, which would be lost\n\n\
                 hint: give the case of this server a folder of its own\n"
            );
            assert_eq!(kept(), before);
        }
    }
    assert_eq!(code(&run(&["run", "first", "-o", "case"])), 0);
    assert_eq!(code(&run(&["run", "later", "-o", "case"])), 0);
    assert_ne!(kept(), before, "a newer copy of the same server replaces its case");
    assert_eq!(code(&run(&["run", "first", "--redact", "-o", "shared"])), 0);
    let output = run(&["run", "first", "-o", "shared"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).starts_with("error: shared: holds a redacted case"), "{}", stderr(&output));
}

#[test]
fn files_to_cut_off_by_rest_on_what_the_case_rests_on() {
    let scratch = Scratch::new();
    small_server(&scratch, "pbx", Some("north"), "201", "kT4-pQ92-xLm7");
    scratch.file("rates of 2026.csv", "prefix,rate\n+252,0.9\n");
    let run = |arguments: &[&str]| scratch.run(arguments);
    let priced = ["--rates", "rates of 2026.csv", "--tz", "Europe/Madrid", "-o", "case"];
    assert_eq!(code(&run(&[&["run", "pbx"][..], &priced].concat())), 0);
    let before = fs::read_to_string(scratch.path().join("case/manifest.json")).unwrap();
    let output = run(&["contain", "pbx", "--tz", "UTC", "-o", "case"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
    assert_eq!(
        stderr(&output),
        "error: case: holds a case that rests on more: --rates 'rates of 2026.csv'\n\n\
         hint: give these options again, or these files a folder of their own\n"
    );
    assert_eq!(fs::read_to_string(scratch.path().join("case/manifest.json")).unwrap(), before);
    assert_eq!(code(&run(&[&["contain", "pbx"][..], &priced].concat())), 0);
    assert_eq!(code(&run(&["contain", "pbx", "-o", "elsewhere"])), 0);
}
