//! A contact that an intruder left: the server still sends calls there, and lets calls from there out.

use std::collections::BTreeMap;

use super::Show;
use crate::pbx::Binding;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one case: one account may have a contact for each of many addresses.
const MOST: usize = 100;

/// Yields a finding for each contact on record whose address had a part in an incident.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let certain = incidents.iter().filter(|incident| !incident.is_doubtful);
    // One contact may belong to the parties of two incidents.
    let found: BTreeMap<_, &Binding> = certain
        .flat_map(|incident| incident.contacts(world))
        .map(|binding| ((&binding.place, &binding.account), binding))
        .collect();
    let found = found.into_values().take(MOST);
    found.filter_map(|binding| Some(finding(binding, binding.address?, show))).collect()
}

fn finding(binding: &Binding, address: std::net::IpAddr, show: &Show<'_>) -> Finding {
    let agent = binding.user_agent.as_deref();
    let agent = agent.map(|agent| format!(" It calls itself {}.", visible(agent))).unwrap_or_default();
    Finding {
        id: "intruder-registered",
        severity: Severity::Critical,
        subject: Untrusted::from(binding.account.as_str()),
        title: format!("{address} of the intruder is registered for {}", visible(&binding.account)),
        detail: format!(
            "The server's own record of contacts had this one when it was copied.{agent} Until it lapses, changing the \
             secret alone does not drop it."
        ),
        remedy: "Change the secret, remove the contact, and see that it does not come back.".into(),
        // MITRE ATT&CK: Valid Accounts.
        attack: vec!["T1078"],
        evidence: show(&binding.place).into_iter().collect(),
    }
}
