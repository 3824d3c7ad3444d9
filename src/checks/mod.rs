//! Findings: statements with proof, severity and remedy, one file for each check.
//!
//! To add a check, write a file with a `pub(super) fn check`, list it in [`run`], and give each word that it yields
//! a row in `registry/table.rs`: a test says so where one is missing.

mod access_lists;
mod ban_exempt;
mod call_in_progress;
mod changed_then;
mod deleted_records;
mod dialplan_hole;
mod disa;
mod emptied_logs;
mod exploit_request;
mod exposure;
mod guest_calls;
mod host_users;
mod intruder_connected;
mod intruder_registered;
mod intrusion;
mod known_address;
mod known_number;
mod locked_page;
mod log_rotation;
mod login_count;
mod made_account;
mod manager_users;
mod marked_records;
mod marks;
mod module_changed;
mod paid_forward;
mod panel_code;
mod panel_firewall;
mod panel_guards;
mod panel_routes;
mod panel_row;
mod persistence;
pub(crate) mod provisioning;
mod proxy_script;
mod readable_secrets;
pub mod registry;
mod risky_settings;
mod rogue_dialplan;
mod secrets_downloaded;
mod security_log;
mod spending_limits;
mod switch_ways;
mod time_limits;
mod transfer;
mod unproven;
mod voicemail_out;
mod vulnerable_module;
pub(crate) mod weak_secret;
mod web_shell;
mod wide_route;
mod wide_trunk;
mod writable_by_all;

use crate::event::Citation;
use crate::reconstruct::incident::{Incident, takers};
use crate::reconstruct::web;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof};

/// Shows a citation as proof.
pub type Show<'a> = dyn Fn(&Citation) -> Option<Proof> + 'a;

/// Runs every check; the gravest finding first, then the limits that were reached.
pub fn run(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> (Vec<Finding>, Vec<String>) {
    let door = web::find(world, &takers(incidents));
    let written = changed_then::Written::of(world, door.as_ref());
    let mut findings = panel_row::check(world, door.as_ref(), show);
    findings.extend(made_account::check(world, door.as_ref(), incidents, show));
    findings.extend(intrusion::check(world, incidents, &findings, show));
    findings.extend(weak_secret::check(world, incidents, show));
    findings.extend(unproven::check(world, show));
    findings.extend(login_count::check(world, show));
    findings.extend(risky_settings::check(world, incidents, show));
    findings.extend(access_lists::check(world, show));
    findings.extend(wide_trunk::check(world, show));
    findings.extend(manager_users::check(world, show));
    findings.extend(security_log::check(world, show));
    findings.extend(ban_exempt::check(world, show));
    findings.extend(host_users::check(world, show));
    findings.extend(panel_firewall::check(world, show));
    findings.extend(panel_guards::check(world, show));
    findings.extend(spending_limits::check(world, show));
    findings.extend(log_rotation::check(world, show));
    findings.extend(panel_routes::check(world, show));
    findings.extend(exposure::check(world, incidents, show));
    findings.extend(proxy_script::check(world, show));
    findings.extend(readable_secrets::check(world, show));
    findings.extend(secrets_downloaded::check(world, show));
    findings.extend(deleted_records::check(world, show));
    let (of_phone_files, more) = provisioning::check(world, incidents, show);
    findings.extend(of_phone_files);
    findings.extend(intruder_registered::check(world, incidents, show));
    findings.extend(intruder_connected::check(world, incidents, show));
    findings.extend(call_in_progress::check(world, incidents, show));
    findings.extend(paid_forward::check(world, show));
    let ways = &world.ways;
    let of_dialplan = [
        disa::check,
        voicemail_out::check,
        guest_calls::check,
        dialplan_hole::check,
        transfer::check,
        wide_route::check,
    ];
    findings.extend(of_dialplan.into_iter().flat_map(|check| check(ways, show)));
    findings.extend(switch_ways::check(world, show));
    findings.extend(rogue_dialplan::check(ways, &written, show));
    findings.extend(web_shell::check(world, show));
    findings.extend(module_changed::check(world, show));
    findings.extend(persistence::check(world, &written, show));
    findings.extend(exploit_request::check(world, show));
    findings.extend(locked_page::check(world, show));
    findings.extend(panel_code::check(world, show));
    findings.extend(time_limits::check(world, show));
    findings.extend(writable_by_all::check(world, show));
    findings.extend(emptied_logs::check(world, show));
    findings.extend(known_address::check(world, show));
    findings.extend(known_number::check(world, show));
    findings.extend(marked_records::check(world, door.as_ref(), show));
    findings.extend(vulnerable_module::check(world, show));
    findings.extend(changed_then::check(&written, &findings, show));
    debug_assert!(findings.iter().all(|finding| registry::find(finding.id).is_some()), "an unlisted finding");
    sort(&mut findings);
    (findings, more.into_iter().chain(ways.limits.iter().cloned()).collect())
}

/// Puts the gravest finding first.
pub(crate) fn sort(findings: &mut Vec<Finding>) {
    // A statement without proof is none.
    findings.retain(|finding| !finding.evidence.is_empty());
    findings.sort_by(|left, right| {
        (left.severity, left.id, &left.subject).cmp(&(right.severity, right.id, &right.subject))
    });
}
