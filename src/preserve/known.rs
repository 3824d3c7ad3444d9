//! What the log of custody tells of copies: when each file was last written, and who might read it.
//!
//! Stamps without a year are dated by the time of their file. A copy that is carried about (`cp -r`, a tar unpacked
//! without times, a stick with FAT) comes to bear other times, and anybody can set them; the log of custody is chained,
//! so that its times hold as long as its chain does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;

use super::copy::Copied;
use super::custody::{self, Action};
use super::{COPIES, CUSTODY, MANIFEST};
use crate::event::Instant;
use crate::evidence::File;

/// No log of custody that is looked into is larger.
const LARGEST_LOG: u64 = 1 << 29;
/// Files of which something is remembered.
const MOST_FILES: usize = 1_000_000;

/// What is known of the files below one root.
#[derive(Default)]
pub(crate) struct KnownFacts {
    /// The root's path below the preserved folder.
    below: PathBuf,
    /// By the name of the copy.
    files: BTreeMap<String, Facts>,
}

/// What is known of one file.
struct Facts {
    bytes: u64,
    modified: Option<Instant>,
    mode: Option<u32>,
}

impl KnownFacts {
    /// Looks for a log of custody around a root: the preserved folder itself, its copies, or a part of them. Says why
    /// one that is there is not relied on.
    pub(crate) fn around(root: &Path) -> Result<Self, String> {
        let Ok(root) = fs::canonicalize(root) else { return Ok(Self::default()) };
        let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
        let holds = |folder: &&Path| {
            let below = root.strip_prefix(folder).unwrap_or(&root);
            (below.as_os_str().is_empty() || below.starts_with(COPIES))
                && is_file(&folder.join(CUSTODY))
                && is_file(&folder.join(MANIFEST))
        };
        let Some(folder) = root.ancestors().find(holds) else { return Ok(Self::default()) };
        let below = root.strip_prefix(folder).unwrap_or(Path::new("")).to_owned();
        let files = read(&folder.join(CUSTODY))
            .map_err(|why| format!("{why}: the files' times and rights are those of the file system"))?;
        Ok(KnownFacts { below, files })
    }

    /// Gives a file below the root the time and the rights that it had when it was copied.
    pub(crate) fn correct(&self, relative: &Path, file: &mut File) {
        if self.files.is_empty() {
            return;
        }
        let is_root = relative.as_os_str().is_empty();
        let name = if is_root { self.below.clone() } else { self.below.join(relative) };
        let known = name.to_str().and_then(|name| self.files.get(name));
        // Another size is another file.
        let Some(known) = known.filter(|known| known.bytes == file.bytes) else { return };
        file.modified = known.modified.or(file.modified);
        file.mode = known.mode.or(file.mode);
    }
}

fn read(log: &Path) -> Result<BTreeMap<String, Facts>, String> {
    let size = fs::symlink_metadata(log).map_or(0, |found| found.len());
    if size > LARGEST_LOG {
        return Err(format!("larger than {LARGEST_LOG} bytes"));
    }
    let mut files = BTreeMap::new();
    let mut is_finished = false;
    let mut wrong = None;
    let mut take = |entry: custody::Entry| match entry.action {
        Action::Copied { copy, facts, .. } if files.len() < MOST_FILES => {
            let (modified, mode) = (modified(&facts).map(Instant::from_seconds), mode(&facts));
            files.insert(copy, Facts { bytes: facts.bytes, modified, mode });
        }
        Action::Finished { .. } => is_finished = true,
        _ => {}
    };
    let read = custody::read(log, &mut take, &mut |problem| {
        wrong.get_or_insert(problem);
    });
    match (read, wrong) {
        (Err(cause), _) => Err(format!("cannot be read: {cause}")),
        (_, Some(problem)) => Err(problem),
        _ if !is_finished => Err("has no end".to_owned()),
        _ => Ok(files),
    }
}

/// Returns when a file was last written, in seconds since 1970.
pub(super) fn modified(facts: &Copied) -> Option<i64> {
    Some(DateTime::parse_from_rfc3339(facts.modified.as_deref()?).ok()?.timestamp())
}

/// Returns the rights that a file had.
pub(super) fn mode(facts: &Copied) -> Option<u32> {
    u32::from_str_radix(facts.mode.as_deref()?, 8).ok()
}
