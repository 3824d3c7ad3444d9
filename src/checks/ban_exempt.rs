//! Addresses of the Internet that fail2ban was told never to ban.
//!
//! One's own office may be meant. Issabel shipped two addresses of its makers' in its stock file, and an intruder who
//! had the machine adds his own.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::Show;
use crate::event::Citation;
use crate::pbx::is_private_network;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Networks and jails named one by one.
const MOST_NAMED: usize = 8;
/// Lines shown.
const MOST_PROOFS: usize = 4;
/// What stood in the stock file of Issabel 4.
const SHIPPED: [&str; 2] = ["186.134.4.226/32", "181.21.250.159/32"];

/// Yields one finding for all jails that are on.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let configuration = world.pbx.fail2ban.as_ref()?;
    let jails = configuration.jails.iter().filter(|jail| jail.is_enabled);
    let mut exempt: BTreeMap<IpNet, &Citation> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for jail in jails {
        let mut strangers = jail.exempt.iter().filter(|network| !is_private_network(network)).peekable();
        if strangers.peek().is_some() && names.len() < MOST_NAMED {
            names.push(visible(&jail.name));
        }
        strangers.for_each(|network| {
            exempt.entry(*network).or_insert(&jail.exempt_line);
        });
    }
    if exempt.is_empty() {
        return None;
    }
    let is_shipped = |network: &IpNet| SHIPPED.contains(&network.to_string().as_str());
    let shown: Vec<String> = exempt.keys().take(MOST_NAMED).map(IpNet::to_string).collect();
    let more = exempt.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shipped = if exempt.keys().any(is_shipped) {
        " 186.134.4.226 and 181.21.250.159 stood in the stock file of Issabel 4."
    } else {
        ""
    };
    let mut evidence = Vec::new();
    for proof in exempt.values().filter_map(|line| show(line)) {
        let is_new = evidence.iter().all(|known: &crate::report::model::Proof| {
            (&known.path, known.line) != (&proof.path, proof.line)
        });
        if is_new && evidence.len() < MOST_PROOFS {
            evidence.push(proof);
        }
    }
    Some(Finding {
        id: "ban-exempts-strangers",
        severity: if exempt.keys().all(is_shipped) { Severity::Info } else { Severity::Low },
        subject: Untrusted::from("fail2ban"),
        title: format!("fail2ban never bans {}{more}", shown.join(", ")),
        detail: format!(
            "`ignoreip` says so for the jails {}: whoever sends from there may guess without end.{shipped}",
            names.join(", ")
        ),
        remedy: "Keep one's own fixed addresses there and take all others out; ask who added them, and when."
            .into(),
        // MITRE ATT&CK: Impair Defenses: Disable or Modify Tools.
        attack: vec!["T1562.001"],
        evidence,
    })
}
