//! `manifest.json`: what was run, when, on what, and what it wrote.
//!
//! It is the one file that differs between two runs on the same evidence. Its presence also marks a
//! folder as a case of ours, which may be written anew.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::evidence::open_regular;

use super::json;
use super::model::{Report, Tool};

/// The name and version of the manifest's form.
pub const SCHEMA: &str = "tolltrace.manifest/1";
/// The manifest's name in a case folder.
pub const FILE_NAME: &str = "manifest.json";
/// No manifest is larger; a larger file of that name is none.
const LARGEST: u64 = 1 << 28;

/// What differs between two runs: given by whoever runs, so that nothing else reads the clock.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Run {
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// The command line; of one that is read, its first words.
    #[serde(deserialize_with = "first_words")]
    pub command: Vec<String>,
}

/// Words that are kept of a command line that a manifest tells.
const MOST_WORDS: usize = 4_096;

/// Reads the first words of a list, however long it is.
fn first_words<'de, D: serde::Deserializer<'de>>(list: D) -> Result<Vec<String>, D::Error> {
    struct Words;
    impl<'de> Visitor<'de> for Words {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the words of a command line")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = list.next_element::<String>()? {
                if words.len() < MOST_WORDS {
                    words.push(word);
                }
            }
            Ok(words)
        }
    }
    list.deserialize_seq(Words)
}

impl Run {
    /// Begins a run: the one place that reads the clock.
    pub fn now() -> Self {
        Run {
            started: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        }
    }
}

/// A file with its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprint {
    /// Path below the evidence root, or below the case folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256; `None` where hashing was switched off.
    pub sha256: Option<String>,
}

#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    tool: &'a Tool,
    /// Do pseudonyms stand for what is the owner's (`--redact`)?
    redacted: bool,
    run: &'a Run,
    evidence: Vec<Fingerprint>,
    files: &'a [Fingerprint],
}

#[derive(Deserialize)]
struct Mark {
    schema: String,
    #[serde(default)]
    run: Run,
    #[serde(default)]
    redacted: bool,
    #[serde(default)]
    files: Vec<Held>,
}

/// Writes the manifest of a case.
pub fn write(output: &mut dyn Write, report: &Report, run: &Run, files: &[Fingerprint]) -> io::Result<()> {
    let evidence = report
        .evidence
        .iter()
        .map(|row| Fingerprint { path: row.path.clone(), bytes: row.bytes, sha256: row.sha256.clone() })
        .collect();
    let redacted = report.case.redacted;
    // Paths and networks on the command line are the owner's.
    let verb = run.command.get(1).cloned();
    let command = [report.tool.name.to_owned()].into_iter().chain(verb).collect();
    let masked = Run { started: run.started.clone(), command };
    let run = if redacted { &masked } else { run };
    json::write_pretty(
        output,
        &Manifest { schema: SCHEMA, tool: &report.tool, redacted, run, evidence, files },
    )
}

/// Returns the fingerprint of bytes that were written as `path`.
pub fn fingerprint(path: &str, bytes: &[u8]) -> Fingerprint {
    let hash = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Fingerprint { path: path.to_owned(), bytes: bytes.len() as u64, sha256: Some(hash) }
}

/// Returns whether a folder holds a manifest of ours.
pub fn marks(folder: &Path) -> bool {
    read(folder).is_some()
}

/// A file as a manifest holds it.
#[derive(Debug, Deserialize)]
pub struct Held {
    /// Its path below the folder of the case.
    pub path: String,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Returns the files that a folder's manifest speaks of, if it holds one of ours.
pub fn files(folder: &Path) -> Option<Vec<Held>> {
    read(folder).map(|mark| mark.files)
}

/// Returns the command line that wrote the case in a folder.
pub fn command(folder: &Path) -> Option<Vec<String>> {
    read(folder).map(|mark| mark.run.command)
}

/// Returns whether the case in a folder is redacted; `None` where there is none.
pub fn is_redacted(folder: &Path) -> Option<bool> {
    read(folder).map(|mark| mark.redacted)
}

fn read(folder: &Path) -> Option<Mark> {
    let file = open_regular(&folder.join(FILE_NAME)).ok()?;
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    let mark: Mark = serde_json::from_str(&text).ok()?;
    mark.schema.starts_with("tolltrace.manifest/").then_some(mark)
}
