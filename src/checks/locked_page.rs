//! Pages of the web root that nobody may read any more.
//!
//! Who came in by a page takes every right off it, so that no rival follows him. Administrators did the same to close a
//! hole until an update was out: the page tells neither.

use super::{Show, marks};
use crate::artifacts::{Mark, Sign};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings that are shown one by one.
const MOST_SHOWN: usize = 20;

/// Yields one finding for each such page.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let locked = world.artifacts.files.iter().filter_map(|page| {
        let signs: Vec<&Mark> = page.marks.iter().filter(|mark| mark.sign == Sign::Locked).collect();
        (!signs.is_empty()).then(|| Finding {
            id: "page-locked-away",
            severity: Severity::Medium,
            subject: Untrusted::from(page.on_disk.as_str()),
            title: format!("{} was taken out of use by its rights (mode 000)", visible(&page.on_disk)),
            detail: format!(
                "Intruders lock the page that they came in by against others; administrators close a hole so as well.{}",
                marks::written(page)
            ),
            remedy: "Ask who did it. If nobody did, somebody else was on the host: keep the file with its times, and \
                     install the module anew."
                .into(),
            // MITRE ATT&CK: File and Directory Permissions Modification: Linux and Mac.
            attack: vec!["T1222.002"],
            evidence: marks::proof(page, &signs, show),
        })
    });
    locked.take(MOST_SHOWN).collect()
}
