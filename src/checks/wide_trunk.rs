//! Trunks that take whoever comes from half of the Internet for the carrier.

use ipnet::IpNet;

use super::Show;
use crate::pbx::Trunk;
use crate::reconstruct::standing::is_wide;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Trunks told one by one.
const MOST_TOLD: usize = 50;
/// Networks named of one trunk.
const MOST_NAMED: usize = 5;
/// Length of the prefix below which a network is everybody's.
const EVERYBODY: u8 = 8;

/// Yields one finding for each trunk with such a network.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let wide = world.pbx.trunks.iter().filter_map(|trunk| {
        let networks: Vec<&IpNet> = trunk.networks.iter().filter(|network| is_wide(network)).collect();
        (!networks.is_empty()).then(|| finding(trunk, &networks, show))
    });
    wide.take(MOST_TOLD).collect()
}

fn finding(trunk: &Trunk, networks: &[&IpNet], show: &Show<'_>) -> Finding {
    let is_everybody = networks.iter().any(|network| network.prefix_len() < EVERYBODY);
    let named: Vec<String> = networks.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = networks.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Finding {
        id: "trunk-network-wide",
        severity: if is_everybody { Severity::High } else { Severity::Medium },
        subject: Untrusted::from(trunk.name.as_str()),
        title: format!("Trunk {} takes calls from a network wider than any carrier's", visible(&trunk.name)),
        detail: format!(
            "It names {}{more} as the carrier's: whoever sends from there counts as the carrier, without any \
             secret. Nobody was taken for the carrier here because of it. It may be a mistake, or an intruder's line.",
            named.join(", ")
        ),
        remedy: "Name the addresses that the carrier publishes and no others, and ask who wrote that line."
            .to_owned(),
        // MITRE ATT&CK: Impair Defenses: Disable or Modify System Firewall is its nearest.
        attack: vec!["T1562.004"],
        evidence: show(&trunk.place).into_iter().collect(),
    }
}
