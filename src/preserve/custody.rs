//! The log of custody: a line an act, each with the fingerprint of the line before it.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::copy::Copied;
use super::error::PreserveError;
use super::manifest::{Hash, hex};
use crate::evidence::open_regular;
use crate::report::json;

/// No line of ours is longer: a path has at most 4096 bytes, each written as six characters.
const LONGEST_LINE: u64 = 256 * 1024;

/// One act.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Counts from 0.
    pub(super) item: u64,
    /// When, RFC 3339 with the zone of the machine.
    pub(super) at: String,
    /// What was done.
    #[serde(flatten)]
    pub(super) action: Action,
    /// SHA-256 of the line before, without its end; zeros before the first.
    pub(super) previous: String,
}

/// What was done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub(super) enum Action {
    /// The copying began.
    Begun {
        tool: String,
        command: Vec<String>,
        evidence: Vec<String>,
        machine: String,
        case_number: Option<String>,
        examiner: Option<String>,
        organisation: Option<String>,
    },
    /// A file was copied.
    Copied {
        path: String,
        copy: String,
        #[serde(flatten)]
        facts: Copied,
    },
    /// A link was kept as a link.
    Link {
        path: String,
        copy: String,
        target: String,
        /// The text's bytes, in hexadecimal digits, where they are no text.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        target_bytes: Option<String>,
    },
    /// Something could not be copied.
    NotCopied { path: String, bytes: Option<u64>, why: String },
    /// The copying ended.
    Finished { files: u64, bytes: u64, links: u64, left: u64, not_copied: u64 },
}

/// A log that is being written.
pub(super) struct Custody {
    path: PathBuf,
    file: BufWriter<fs::File>,
    whole: Sha256,
    previous: Hash,
    next: u64,
}

impl Custody {
    pub(super) fn create(path: &Path) -> Result<Self, PreserveError> {
        let file = fs::File::create_new(path).map_err(|cause| PreserveError::unwritable(path, cause))?;
        Ok(Custody {
            path: path.to_owned(),
            file: BufWriter::new(file),
            whole: Sha256::new(),
            previous: [0; 32],
            next: 0,
        })
    }

    pub(super) fn add(&mut self, at: String, action: Action) -> Result<(), PreserveError> {
        let entry = Entry { item: self.next, at, action, previous: hex(&self.previous) };
        let mut line = Vec::new();
        let written = json::write_line(&mut line, &entry).and_then(|()| {
            self.previous = Sha256::digest(line.strip_suffix(b"\n").unwrap_or(&line)).into();
            self.whole.update(&line);
            self.file.write_all(&line)
        });
        self.next += 1;
        written.map_err(|cause| PreserveError::unwritable(&self.path, cause))
    }

    /// Ends it and returns the fingerprint of all of it.
    pub(super) fn finish(mut self) -> Result<Hash, PreserveError> {
        self.file.flush().map_err(|cause| PreserveError::unwritable(&self.path, cause))?;
        Ok(self.whole.finalize().into())
    }
}

/// Reads a log line by line; what is wrong with the chain is told to `problem`.
pub(super) fn read(
    path: &Path,
    entry: &mut dyn FnMut(Entry),
    problem: &mut dyn FnMut(String),
) -> io::Result<()> {
    let mut file = BufReader::new(open_regular(path)?);
    let mut previous = hex(&[0; 32]);
    let mut expected = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.pop() != Some(b'\n') {
            problem(format!("line {number} is cut short or longer than any that was written"));
            break;
        }
        let fingerprint = hex(&Sha256::digest(&line));
        match serde_json::from_slice::<Entry>(&line) {
            Ok(read) => {
                if read.previous != previous {
                    problem(format!(
                        "line {number} does not follow the line before it: one was changed, taken out, put in or moved"
                    ));
                }
                if read.item != expected {
                    problem(format!("line {number} is item {}, where item {expected} belongs", read.item));
                }
                expected = read.item.saturating_add(1);
                entry(read);
            }
            Err(error) => problem(format!("line {number} is none that was written: {error}")),
        }
        previous = fingerprint;
    }
    Ok(())
}
