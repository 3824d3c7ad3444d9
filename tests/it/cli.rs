//! Arguments, errors, exit statuses.

use crate::scratch::{Scratch, code, stderr, stdout};

const VERBS: [&str; 14] = [
    "run",
    "contain",
    "inventory",
    "assess",
    "investigate",
    "restore",
    "dispute",
    "timeline",
    "preserve",
    "verify",
    "playbook",
    "demo",
    "completions",
    "man",
];

#[test]
fn every_help_ends_with_two_examples() {
    let scratch = Scratch::new();
    for verb in VERBS {
        let output = scratch.run(&[verb, "--help"]);
        assert_eq!(code(&output), 0, "{verb}");
        let help = stdout(&output);
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb}: {help}"));
        let lines: Vec<_> = examples.trim_end().lines().collect();
        assert_eq!(lines.len(), 2, "{verb}: {examples}");
        assert!(lines.iter().all(|line| line.starts_with(&format!("  tolltrace {verb}"))), "{examples}");
    }
}

#[test]
fn evidence_that_is_not_there_is_an_error_with_a_hint() {
    let scratch = Scratch::new();
    for verb in ["run", "contain", "inventory", "assess", "investigate", "dispute", "timeline"] {
        let output = scratch.run(&[verb, "nowhere"]);
        assert_eq!(code(&output), 2, "{verb}");
        assert_eq!(stdout(&output), "");
        assert_eq!(
            stderr(&output),
            "error: nowhere: no such file or folder\n\n\
             hint: give a mounted or copied disk, any folder of it, or a single file\n"
        );
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let scratch = Scratch::new();
    scratch.file("evidence/a", "");
    for arguments in [
        &["run"][..],
        &["dance"],
        &["run", "evidence", "--trusted", "nonsense"],
        &["run", "evidence", "--home-country", "Spain"],
        &["run", "evidence", "--fail-on", "fatal"],
        &["run", "evidence", "--jobs", "0"],
        &["run", "evidence", "-q", "-v"],
        &["man", "dance"],
    ] {
        let output = scratch.run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn nothing_recognised_ends_with_three() {
    let scratch = Scratch::new();
    scratch.file("evidence/photo.jpg", "\u{1}\u{2}\u{3}");
    for verb in ["run", "inventory", "assess", "investigate", "timeline"] {
        let output = scratch.run(&[verb, "evidence"]);
        assert_eq!(code(&output), 3, "{verb}: {}", stderr(&output));
        assert!(stderr(&output).contains("\n\nhint: "), "{}", stderr(&output));
        let quiet = scratch.run(&[verb, "evidence", "-q"]);
        assert_eq!((code(&quiet), stdout(&quiet)), (3, String::new()), "{verb}");
        assert_eq!(stderr(&quiet), stderr(&output), "errors stay");
    }
}

#[test]
fn a_hostile_file_name_is_shown_written_out() {
    let scratch = Scratch::new();
    let output = scratch.run(&["run", "a\u{1b}[2Jb"]);
    assert!(stderr(&output).starts_with("error: a\\x1b[2Jb: no such"), "{}", stderr(&output));
}

#[test]
fn completions_and_manual_pages_are_made() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&scratch.run(&["completions", shell])).contains("investigate"), "{shell}");
    }
    assert!(stdout(&scratch.run(&["man"])).contains(".TH tolltrace 1"));
    for verb in VERBS {
        let page = stdout(&scratch.run(&["man", verb]));
        assert!(page.contains(&format!(".TH tolltrace-{verb} 1")), "{page}");
    }
}
