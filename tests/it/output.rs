//! Where output may go.

use std::fs;
use std::process::Stdio;

use crate::scratch::{Scratch, code, stderr};

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
