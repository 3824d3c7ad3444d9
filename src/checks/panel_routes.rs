//! Routes of the panel whose limit is none: open at all times though a group of times was given them, or not asking
//! everybody for their PIN; and scripts that trunks run.

use super::Show;
use crate::pbx::{OutboundRoute, PanelTrunk, TimeGroup};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one kind told one by one.
const MOST_TOLD: usize = 50;
/// Names and lines shown.
const MOST_NAMED: usize = 8;
const MOST_PROOFS: usize = 4;

/// Yields one finding for each such route and each such trunk.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let panel = &world.pbx.panel;
    let empty = panel.outbound_routes.iter().filter_map(|route| {
        let times = route.times.as_ref().filter(|times| times.times == 0)?;
        Some(always_open(route, times, show))
    });
    let scripts = panel.trunks.iter().filter(|trunk| !trunk.fail_script.is_empty());
    let scripts = scripts.map(|trunk| script(trunk, show));
    let free = free_of_pin(world, show);
    empty.take(MOST_TOLD).chain(scripts.take(MOST_TOLD)).chain(free).collect()
}

/// Yields one finding for all extensions that the PIN of a route is not asked of.
fn free_of_pin(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let routes = world.pbx.panel.outbound_routes.iter().filter(|route| route.asks_for_pin);
    let routes: Vec<String> = routes.map(|route| visible(&route.name)).take(MOST_NAMED).collect();
    let free = &world.pbx.without_pin;
    if routes.is_empty() || free.is_empty() {
        return None;
    }
    let names: Vec<String> = free.iter().take(MOST_NAMED).map(|(name, _)| visible(name)).collect();
    let more = free.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(Finding {
        id: "route-pin-not-asked",
        severity: Severity::Low,
        subject: Untrusted::from("routes with a PIN"),
        title: format!("Some extensions are not asked for a route's PIN: {}{more}", names.join(", ")),
        detail: format!(
            "{} asks for a PIN, and these are freed of it: whoever has the secret of one calls without any.",
            routes.join(", ")
        ),
        remedy: "Take the exemption off all but those that need it (Pinless in the extension's settings)."
            .into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: free.iter().filter_map(|(_, place)| show(place)).take(MOST_PROOFS).collect(),
    })
}

fn always_open(route: &OutboundRoute, times: &TimeGroup, show: &Show<'_>) -> Finding {
    Finding {
        id: "route-open-at-all-times",
        severity: Severity::Medium,
        subject: Untrusted::from(route.name.as_str()),
        title: format!("Route {} is open at all times, though times were set for it", visible(&route.name)),
        detail: format!(
            "It names the group of times {}, which has no times: the panel writes such a route without any limit, nights and weekends included.",
            visible(&times.name)
        ),
        remedy: "Give the group the hours at which calls are made, and see that no route behind it takes the same numbers without one.".into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: [&route.place, &times.place].into_iter().filter_map(show).collect(),
    }
}

fn script(trunk: &PanelTrunk, show: &Show<'_>) -> Finding {
    Finding {
        id: "trunk-runs-script",
        severity: Severity::Low,
        subject: Untrusted::from(trunk.name.as_str()),
        title: format!("A script runs whenever a call over trunk {} fails", visible(&trunk.name)),
        detail: format!(
            "It is {}. Few systems use this, and whoever can set it has a program of his run by the phone server again and again.",
            visible(&trunk.fail_script)
        ),
        remedy: "Ask who set it, and look at the script; take it out if nobody did.".into(),
        // MITRE ATT&CK: Event Triggered Execution.
        attack: vec!["T1546"],
        evidence: show(&trunk.place).into_iter().collect(),
    }
}
