//! A connection of an intruder's that was up when the evidence was collected.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Show;
use crate::pbx::Connection;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one case, and proofs of each.
const MOST: usize = 100;
const MOST_PROOFS: usize = 5;

/// Yields a finding for each address of an incident that had a connection.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let certain = incidents.iter().filter(|incident| !incident.is_doubtful);
    let intruders: BTreeSet<IpAddr> = certain.flat_map(|incident| incident.actors.keys().copied()).collect();
    let mut found: BTreeMap<IpAddr, Vec<&Connection>> = BTreeMap::new();
    for connection in world.pbx.connections.iter().filter(|one| intruders.contains(&one.address)) {
        found.entry(connection.address).or_default().push(connection);
    }
    found.into_iter().take(MOST).map(|(address, all)| finding(address, &all, show)).collect()
}

fn finding(address: IpAddr, connections: &[&Connection], show: &Show<'_>) -> Finding {
    let doors: BTreeSet<String> = connections
        .iter()
        .map(|one| match &one.program {
            Some(program) => format!("port {} ({})", one.own_port, visible(program)),
            None => format!("port {}", one.own_port),
        })
        .collect();
    let doors: Vec<String> = doors.into_iter().collect();
    Finding {
        id: "intruder-connected",
        severity: Severity::Critical,
        subject: Untrusted::from(address.to_string().as_str()),
        title: format!("{address} of the intruder was connected with the server"),
        detail: format!(
            "The list of connections that was saved with the evidence has it at {}. A new secret ends no connection that is up.",
            doors.join(", ")
        ),
        remedy:
            "Keep a copy of what the program behind it is and runs, then end it and shut the address out."
                .into(),
        // MITRE ATT&CK: External Remote Services.
        attack: vec!["T1133"],
        evidence: connections.iter().take(MOST_PROOFS).filter_map(|one| show(&one.place)).collect(),
    }
}
