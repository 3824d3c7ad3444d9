//! The README tells the truth: its commands run, and the gate runs the test command it names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::scratch::Scratch;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Returns the commands of all `console` blocks: the lines after a `$ `.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside && line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            commands.push(command.to_owned());
        }
    }
    commands
}

#[test]
fn commands_of_the_readme_run() {
    let scratch = Scratch::new();
    let program = Path::new(env!("CARGO_BIN_EXE_tolltrace")).parent().unwrap();
    let evidence = root().join("testdata/pbx/bruteforce/root");
    std::os::unix::fs::symlink(evidence, scratch.path().join("pbx")).unwrap();
    let bill = root().join("testdata/carrier/trunk-credential/telnyx_cdr.csv");
    fs::copy(bill, scratch.path().join("november.csv")).unwrap();
    let found = commands(&readme());
    assert!(!found.is_empty());
    for command in found.iter().filter_map(|command| as_installed(command)) {
        let output = scratch
            .command("bash")
            .args(["-euo", "pipefail", "-c", &command])
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
}

/// Returns a command that runs the program, as whoever has installed it would type it.
fn as_installed(command: &str) -> Option<String> {
    let rest = command.strip_prefix("cargo run --release -- ").or(command.strip_prefix("tolltrace "))?;
    Some(format!("tolltrace {rest}"))
}

#[test]
fn the_first_screen_shows_what_the_program_prints() {
    let text = readme();
    let block = text.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut lines = block.lines();
    let command = lines.next().and_then(|line| as_installed(line.strip_prefix("$ ")?)).unwrap();
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_tolltrace")).args(arguments).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut printed = printed.lines();
    for line in lines.filter(|line| *line != "...") {
        assert!(printed.any(|shown| shown == line), "not printed, or not in this order: {line}");
    }
}

#[test]
fn the_gate_runs_the_readmes_test_command() {
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    let last = gate.lines().rfind(|line| !line.trim().is_empty()).unwrap();
    let found = commands(&readme());
    let tests: Vec<_> = found.iter().filter(|command| command.starts_with("cargo test")).collect();
    assert_eq!(tests, [last]);
}
