//! Files of configuration that no file in force includes: old copies, copies in other folders.
//!
//! They define no account and no trunk, but a secret in them may be in force all the same, and an old copy is
//! read by whoever reads the folder. A file whose include is missing from the evidence looks the same.

use super::super::Standing;
use super::{gather, role_of};
use crate::evidence::{Evidence, Kind};
use crate::pbx::directory::{Directory, split};
use crate::pbx::language::Loader;
use crate::pbx::model::Problem;
use crate::pbx::read::{Collector, Lists};

/// Copies read; a backup made every night for years has more.
const MOST_FILES: usize = 2_000;
/// Bytes read of them all.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Notes the secrets of files that the configuration in force does not read.
pub(in crate::pbx) fn gather_all(
    evidence: &Evidence,
    directory: &Directory<'_>,
    loader: &mut Loader<'_>,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let mut files_left = MOST_FILES;
    let mut bytes_left = MOST_BYTES;
    let mut beyond = 0_usize;
    for source in evidence.sources.iter().filter(|source| source.kind == Kind::Configuration) {
        let path = source.file.path.as_str();
        let name = split(path).1;
        // One that is the same byte for byte counts too: it is one more place to read the secret in.
        if loader.visited.contains(path) || role_of(name).is_none() || !directory.has(path) {
            continue;
        }
        if files_left == 0 || bytes_left < source.file.bytes {
            beyond += 1;
            continue;
        }
        files_left -= 1;
        bytes_left -= source.file.bytes;
        let document = loader.load_alone(path, section_of(name));
        gather(name, &document, Standing::Aside, lists, collector);
    }
    if beyond > 0 {
        let what = format!("{beyond} more copies of configuration were not looked at for secrets");
        collector.pbx.problems.push(Problem { path: "configuration".to_owned(), what });
    }
}

/// Parts of `[general]` have no header of their own.
fn section_of(name: &str) -> Option<&'static str> {
    ["_registrations", "_general_", "_nat"].iter().any(|part| name.contains(part)).then_some("general")
}
