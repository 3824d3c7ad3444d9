//! Extensions that came to be between two dumps of the panel's database while an intruder was in.
//!
//! Such an account has no owner to give a new secret to. One that the intruder also used, or whose page of the panel
//! it sent something to, is his; of one that only came to be in that time an administrator may know.

use std::net::IpAddr;

use super::Show;
use crate::artifacts::Change;
use crate::event::Citation;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::web::{MadeExtension, WebDoor, made_extensions};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings that are shown one by one.
const MOST_SHOWN: usize = 50;
/// Lines shown of one extension's use.
const MOST_PROOFS: usize = 4;

/// Yields one finding for each such extension.
pub(super) fn check(
    world: &World<'_>,
    door: Option<&WebDoor>,
    incidents: &[Incident],
    show: &Show<'_>,
) -> Vec<Finding> {
    let Some(door) = door else { return Vec::new() };
    let made = made_extensions(world, door).into_iter().take(MOST_SHOWN);
    made.map(|MadeExtension { name, change, edit }| finding(name, change, edit, incidents, show)).collect()
}

fn finding(
    name: &str,
    change: &Change,
    edit: Option<(IpAddr, &Citation)>,
    incidents: &[Incident],
    show: &Show<'_>,
) -> Finding {
    let mut detail = vec![format!(
        "It is not in {}, and it is in the dump that came after it; the intruder was in between the two.",
        visible(&change.without.1)
    )];
    detail.extend(edit.map(|(address, _)| {
        format!("{address}, of the intruder's network, sent something to its page of the panel.")
    }));
    let how = incidents.iter().filter_map(|incident| incident.accounts.get(name));
    detail.extend(how.map(|how| format!("By the records: {how}.")));
    let is_used = incidents.iter().any(|incident| incident.accounts.contains_key(name));
    let shown = visible(name);
    let (severity, title, remedy) = if is_used || edit.is_some() {
        (
            Severity::Critical,
            format!("Extension {shown} was made by the intruder"),
            "Remove the extension after keeping a dump, and drop its registration; it has no owner who needs a new secret.",
        )
    } else {
        (
            Severity::Medium,
            format!("Extension {shown} was made while the intruder was in"),
            "Ask who ordered it. If nobody did, remove it after keeping a dump.",
        )
    };
    let of_it = incidents.iter().filter(|incident| incident.accounts.contains_key(name));
    let lines = of_it.flat_map(|incident| &incident.proof);
    Finding {
        id: "account-made-by-intruder",
        severity,
        subject: Untrusted::from(name),
        title,
        detail: detail.join(" "),
        remedy: remedy.into(),
        // MITRE ATT&CK: Create Account.
        attack: vec!["T1136"],
        evidence: std::iter::once(&change.row.line)
            .chain(edit.map(|(_, line)| line))
            .chain(lines)
            .filter_map(show)
            .take(MOST_PROOFS)
            .collect(),
    }
}
