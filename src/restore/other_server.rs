//! Is an earlier case of another server? Told by what a server keeps: its host name, and its accounts.

use std::collections::BTreeSet;

use super::earlier::Earlier;
use super::kept::Kept;
use crate::pbx::{Imprint, SecretKind};
use crate::report::model::{EvidenceRow, Report};

/// The file of a disk that holds its host's name.
const HOST_NAME: &str = "etc/hostname";

/// Returns the accounts of phones of which something is kept.
pub(super) fn accounts(kept: &Kept) -> impl Iterator<Item = &str> {
    let is_phones =
        |imprint: &&Imprint| SecretKind::of_word(&imprint.kind).is_some_and(SecretKind::is_of_phones);
    kept.imprints.iter().filter(is_phones).map(|imprint| imprint.owner.as_str())
}

/// Returns whether a path is that of the file with the host's name.
pub(super) fn is_host_name(path: &str) -> bool {
    path.strip_suffix(HOST_NAME).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

impl Earlier {
    /// Returns whether it has none of these accounts; `None` where either side has no account at all.
    pub(super) fn lacks_all(&self, now: &BTreeSet<&str>) -> Option<bool> {
        let mut then = self.kept.iter().flat_map(accounts).peekable();
        (then.peek().is_some() && !now.is_empty()).then(|| !then.any(|owner| now.contains(owner)))
    }

    /// Returns whether it read this file too, as it is now.
    pub(super) fn has_read(&self, row: &EvidenceRow) -> bool {
        match &row.sha256 {
            Some(hash) if !self.hashes.is_empty() => self.hashes.contains(hash),
            _ => self.unhashed.get(&row.path).is_some_and(|bytes| *bytes == row.bytes),
        }
    }

    /// Returns whether it is the case of another server than the one that was examined now. Where neither host names
    /// nor accounts can be compared, it is of the same one if both were given the same paths or read a file in common.
    pub fn is_of_another_server(&self, report: &Report, kept: Option<&Kept>) -> bool {
        let rows = || report.evidence.iter().filter(|row| row.bytes > 0);
        let named: BTreeSet<&str> =
            rows().filter(|row| is_host_name(&row.path)).filter_map(|row| row.sha256.as_deref()).collect();
        let is_renamed = (!named.is_empty() && !self.host_names.is_empty())
            .then(|| !self.host_names.iter().any(|name| named.contains(name.as_str())));
        let has_others = self.lacks_all(&kept.into_iter().flat_map(accounts).collect());
        match (is_renamed, has_others) {
            (None, None) => self.given != report.case.evidence && !rows().any(|row| self.has_read(row)),
            (renamed, others) => renamed == Some(true) || others == Some(true),
        }
    }
}
