//! Goes through the folder of a case: its manifest has the fingerprint of each file that was written.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::manifest::{self, hex};
use super::super::{PreserveError, content};
use super::{Expected, Verified, hold_against, unlisted};
use crate::case::Progress;
use crate::contain;
use crate::evidence::open_regular;
use crate::report::case_folder;
use crate::report::manifest as case_manifest;

/// Folders in which whoever acts on a case looks for what to run and to send: nothing of anybody else's lies in them.
const OWN: [&str; 2] = [contain::FOLDER, "abuse"];

/// Goes through a case with the files that its manifest speaks of.
pub(super) fn case(
    folder: &Path,
    files: Vec<case_manifest::Held>,
    verified: &mut Verified,
) -> Result<(), PreserveError> {
    let path = folder.join(case_manifest::FILE_NAME);
    let unreadable = |cause| PreserveError::unreadable(&path, cause);
    let manifest = open_regular(&path).map_err(unreadable)?;
    verified.fingerprint = hex(&content::hash_of(&manifest).map_err(unreadable)?);
    let expected = expected(files, verified);
    for name in case_folder::fixed().filter(|name| !expected.contains_key(*name)) {
        verified.problem(format!("{name} is not in the manifest, and every case has it"));
    }
    for (name, is_like) in &expected {
        hold_against(folder, name, is_like, verified, &Silent);
    }
    for found in unlisted(folder, Path::new(""), &expected) {
        if found.name == case_manifest::FILE_NAME {
            continue;
        }
        let top = found.name.split('/').next().unwrap_or_default();
        // Secrets that were made are in no list: what they are may not be told from it.
        let is_made = found.name == format!("{}/{}", contain::FOLDER, contain::SECRETS);
        if OWN.contains(&top) && !is_made {
            verified.problem(found.told());
        } else {
            // People keep notes in a case; nothing that was written rests on them.
            verified.notes.push(found.told());
        }
    }
    Ok(())
}

fn expected(files: Vec<case_manifest::Held>, verified: &mut Verified) -> BTreeMap<String, Expected> {
    let mut expected = BTreeMap::new();
    for file in files {
        let Some(hash) = manifest::from_hex(&file.sha256) else {
            verified.problem(format!("{}: its SHA-256 in the manifest is none", file.path));
            continue;
        };
        let stays_inside = file.path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !stays_inside || expected.insert(file.path.clone(), Expected::File(hash)).is_some() {
            verified.problem(format!("{}: no path that a case has", file.path));
        }
    }
    expected
}

/// Nobody watches a few small files.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}
