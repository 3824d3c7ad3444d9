//! Pages of a panel's module that are not what the module was signed with.

use super::{Show, marks};
use crate::artifacts::{Mark, Sign};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings that are shown one by one.
const MOST_SHOWN: usize = 50;

/// Yields one finding for each page that differs from its module's signature.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &world.artifacts.files {
        let signs: Vec<&Mark> =
            page.marks.iter().filter(|mark| matches!(mark.sign, Sign::Changed | Sign::Unlisted)).collect();
        if signs.is_empty() || findings.len() == MOST_SHOWN {
            continue;
        }
        let is_changed = signs.iter().any(|mark| mark.sign == Sign::Changed);
        let (id, what) = if is_changed {
            ("module-file-changed", "was changed since its module was signed")
        } else {
            ("module-file-unlisted", "lies in a signed module that does not know it")
        };
        findings.push(Finding {
            id,
            severity: Severity::Medium,
            subject: Untrusted::from(page.on_disk.as_str()),
            title: format!("{} {what}", visible(&page.on_disk)),
            detail: format!(
                "The SHA-256 in module.sig is that of another file, or there is none. An administrator's own change \
                 looks the same.{}",
                marks::written(page)
            ),
            remedy: "Compare it with the module as it is published (fwconsole ma download, in another place), and \
                     install the module anew."
                .into(),
            // MITRE ATT&CK: Compromise Host Software Binary.
            attack: vec!["T1554"],
            evidence: marks::proof(page, &signs, show),
        });
    }
    findings
}
