//! Findings: statements with proof, severity and remedy, one file for each check.
//!
//! To add a check, write a file with a `pub(super) fn check` and list it in [`run`].

mod changed_then;
mod deleted_records;
mod exploit_request;
mod intrusion;
mod known_address;
mod login_count;
mod marks;
mod module_changed;
mod panel_row;
mod persistence;
mod unproven;
mod vulnerable_module;
mod weak_secret;
mod web_shell;

use crate::event::Citation;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof};

/// Shows a citation as proof.
pub type Show<'a> = dyn Fn(&Citation) -> Option<Proof> + 'a;

/// Runs every check; the gravest finding first, then the limits that were reached.
pub fn run(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> (Vec<Finding>, Vec<String>) {
    let mut findings = intrusion::check(incidents, show);
    let (weak, limit) = weak_secret::check(world, show);
    findings.extend(weak);
    findings.extend(unproven::check(world, show));
    findings.extend(login_count::check(world, show));
    findings.extend(deleted_records::check(world, show));
    findings.extend(web_shell::check(world, show));
    findings.extend(module_changed::check(world, show));
    findings.extend(persistence::check(world, show));
    findings.extend(panel_row::check(world, show));
    findings.extend(changed_then::check(world, show));
    findings.extend(exploit_request::check(world, show));
    findings.extend(known_address::check(world, show));
    findings.extend(vulnerable_module::check(world, show));
    // A statement without proof is none.
    findings.retain(|finding| !finding.evidence.is_empty());
    findings.sort_by(|left, right| {
        (left.severity, left.id, &left.subject).cmp(&(right.severity, right.id, &right.subject))
    });
    (findings, limit.into_iter().collect())
}
