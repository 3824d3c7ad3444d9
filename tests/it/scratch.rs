//! A folder of its own for each test, and the program run in it with nothing of the machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder that is gone after the test.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Scratch { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Returns a command that runs here, in an environment of its own.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear().env("LC_ALL", "C").env("TZ", "Pacific/Apia");
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_tolltrace")).args(arguments).output().unwrap()
    }
}

/// Returns what was written to standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns what was written to standard output, with the lines that prose was wrapped to joined again.
pub(crate) fn prose(output: &Output) -> String {
    let text = stdout(output);
    let mut joined = String::new();
    let mut before = "";
    for line in text.lines() {
        let of_list = line.starts_with("    ") && (before.starts_with("  - ") || before.starts_with("    "));
        let of_paragraph = !line.starts_with([' ', '-']) && !before.starts_with([' ', '-']);
        let continues = !line.is_empty() && !before.is_empty() && (of_list || of_paragraph);
        joined.push_str(if continues { " " } else { "\n" });
        joined.push_str(if continues { line.trim_start() } else { line });
        before = line;
    }
    joined.push('\n');
    joined.split_off(1)
}

/// Returns what was written to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Returns the exit status, whatever was printed.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {output:?}"))
}
