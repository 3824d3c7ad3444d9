//! A SIP proxy whose routing script asks nobody for credentials, or shuts out nobody who floods it.

use super::Show;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Yields a finding for each guard that the script lacks; a script of which only parts are here is not judged.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let Some((script, route)) =
        world.pbx.proxy_script.as_ref().and_then(|script| Some((script, script.route.as_ref()?)))
    else {
        return Vec::new();
    };
    let program = world.pbx.proxy.unwrap_or("SIP proxy");
    let finding = |id, severity, title: &str, why: &str, remedy: &str, technique| Finding {
        id,
        severity,
        subject: Untrusted::from(program),
        title: title.into(),
        detail: why.into(),
        remedy: remedy.into(),
        attack: vec![technique],
        evidence: show(route).into_iter().collect(),
    };
    let asks = finding(
        "proxy-without-authentication",
        Severity::High,
        "The routing script asks nobody for credentials",
        "No file of it here calls a function that challenges or checks: unless the servers behind it ask, whoever \
         sends a call is let through, and whoever registers receives another's calls.",
        "Challenge REGISTER and INVITE of users (auth_check, or www_authorize and proxy_authorize).",
        // MITRE ATT&CK: Exploit Public-Facing Application.
        "T1190",
    );
    let limits = finding(
        "proxy-without-flood-limit",
        Severity::Low,
        "The routing script shuts out nobody who floods it",
        "Guessing and scanning run as fast as the line allows.",
        "Load pike and call pike_check_req for requests from outside, and ban whoever trips it for some minutes.",
        // MITRE ATT&CK: Brute Force.
        "T1110",
    );
    let wanted = [(!script.authenticates, asks), (!script.limits, limits)];
    wanted.into_iter().filter(|(lacks, _)| *lacks).map(|(_, finding)| finding).collect()
}
