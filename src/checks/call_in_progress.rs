//! A call of an account that was taken over, still up when the server's channels were listed.
//!
//! The account's owner may be on the line: the call is the intruder's for certain where the list tells his address.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Show;
use crate::pbx::LiveCall;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::document::duration;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one case.
const MOST: usize = 100;

/// Yields a finding for each such call.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let certain = incidents.iter().filter(|incident| !incident.is_doubtful);
    let mut found: BTreeMap<_, (&LiveCall, Option<IpAddr>)> = BTreeMap::new();
    for incident in certain {
        for call in &world.pbx.live_calls {
            let intruder = call.address.filter(|address| incident.actors.contains_key(address));
            let is_taken = call.account.as_ref().is_some_and(|name| incident.accounts.contains_key(name));
            // Of an owner's own address it is the owner's call.
            if intruder.is_some() || is_taken && call.address.is_none() {
                found.insert((&call.place, &call.channel), (call, intruder));
            }
        }
    }
    found.into_values().take(MOST).map(|(call, intruder)| finding(call, intruder, show)).collect()
}

fn finding(call: &LiveCall, intruder: Option<IpAddr>, show: &Show<'_>) -> Finding {
    let account = call.account.as_deref().unwrap_or("anonymous");
    let whose = match intruder {
        Some(address) => {
            format!("A call of {} from {address} of the intruder was still up", visible(account))
        }
        None => format!("A call of {}, which was taken over, was still up", visible(account)),
    };
    let goes = if call.leads_to.is_empty() {
        String::new()
    } else {
        format!(" It went to {}.", visible(&call.leads_to))
    };
    let since =
        call.seconds.map(|seconds| format!(" It had been up for {}.", duration(seconds))).unwrap_or_default();
    let doubt = match intruder {
        Some(_) => "",
        None => " Whether its owner or the intruder was on the line, the list does not tell.",
    };
    Finding {
        id: "call-in-progress",
        severity: if intruder.is_some() { Severity::Critical } else { Severity::High },
        subject: Untrusted::from(account),
        title: whose,
        detail: format!(
            "The server's list of channels, as it was saved, has {}.{goes}{since}{doubt}",
            visible(&call.channel)
        ),
        remedy: "Hang it up on the server; a changed secret does not end a call.".into(),
        // MITRE ATT&CK: Valid Accounts.
        attack: vec!["T1078"],
        evidence: show(&call.place).into_iter().collect(),
    }
}
