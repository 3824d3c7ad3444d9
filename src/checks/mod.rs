//! Findings: statements with proof, severity and remedy, one file for each check.
//!
//! To add a check, write a file with a `pub(super) fn check` and list it in [`run`].

mod access_lists;
mod deleted_records;
mod dialplan_hole;
mod disa;
mod exposure;
mod guest_calls;
mod intruder_registered;
mod intrusion;
mod login_count;
mod manager_users;
mod paid_forward;
mod provisioning;
mod proxy_script;
mod readable_secrets;
mod risky_settings;
mod rogue_dialplan;
mod security_log;
mod transfer;
mod unproven;
mod voicemail_out;
mod ways;
mod weak_secret;
mod wide_route;

use crate::event::Citation;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof};

/// Shows a citation as proof.
pub type Show<'a> = dyn Fn(&Citation) -> Option<Proof> + 'a;

/// Runs every check; the gravest finding first, then the limits that were reached.
pub fn run(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> (Vec<Finding>, Vec<String>) {
    let mut findings = intrusion::check(incidents, show);
    findings.extend(weak_secret::check(world, show));
    findings.extend(unproven::check(world, show));
    findings.extend(login_count::check(world, show));
    findings.extend(risky_settings::check(world, incidents, show));
    findings.extend(access_lists::check(world, show));
    findings.extend(manager_users::check(world, show));
    findings.extend(security_log::check(world, show));
    findings.extend(exposure::check(world, incidents, show));
    findings.extend(proxy_script::check(world, show));
    findings.extend(readable_secrets::check(world, show));
    findings.extend(deleted_records::check(world, show));
    let (of_phone_files, more) = provisioning::check(world, incidents, show);
    findings.extend(of_phone_files);
    findings.extend(intruder_registered::check(world, incidents, show));
    findings.extend(paid_forward::check(world, show));
    let ways = ways::Ways::new(world);
    let of_dialplan = [
        disa::check,
        voicemail_out::check,
        guest_calls::check,
        dialplan_hole::check,
        transfer::check,
        wide_route::check,
        rogue_dialplan::check,
    ];
    findings.extend(of_dialplan.into_iter().flat_map(|check| check(&ways, show)));
    // A statement without proof is none.
    findings.retain(|finding| !finding.evidence.is_empty());
    findings.sort_by(|left, right| {
        (left.severity, left.id, &left.subject).cmp(&(right.severity, right.id, &right.subject))
    });
    (findings, more.into_iter().chain(ways.limits).collect())
}
