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
    let found = commands(&readme());
    assert!(!found.is_empty());
    for command in found.iter().filter(|command| command.starts_with("tolltrace ")) {
        let output = scratch
            .command("bash")
            .args(["-euo", "pipefail", "-c", command])
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
}

#[test]
fn the_gate_runs_the_readmes_test_command() {
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    let last = gate.lines().rfind(|line| !line.trim().is_empty()).unwrap();
    let found = commands(&readme());
    let tests: Vec<_> = found.iter().filter(|command| command.contains("test")).collect();
    assert_eq!(tests, [last]);
}
