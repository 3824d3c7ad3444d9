//! Whom rules let in, and whom the carriers' rules are about.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::contain::{Kept, Plan};

/// Networks that nobody on the Internet sends from (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
pub(in crate::contain) const INSIDE: [&str; 6] =
    ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];

/// Returns these networks as networks.
pub(super) fn inside() -> Vec<IpNet> {
    INSIDE.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Returns the networks that SIP, or the other services, are for: carriers have no business at a panel.
pub(super) fn known(plan: &Plan, is_sip: bool) -> Vec<IpNet> {
    let listed = plan.known().filter(|keep| is_sip || keep.kind != Kept::Carrier).map(|keep| keep.network);
    IpNet::aggregate(&listed.chain(inside()).collect::<Vec<IpNet>>())
}

/// Returns whether all carriers' addresses are known, without which a list of the known would cut the line.
pub(in crate::contain) fn knows_carriers(plan: &Plan) -> bool {
    plan.keep.iter().any(|keep| keep.kind == Kept::Carrier) && plan.unresolved.is_empty()
}

/// Returns the carriers' networks outside; `None` where they are not all known.
pub(super) fn carriers(plan: &Plan) -> Option<Vec<IpNet>> {
    let networks = plan.keep.iter().filter(|keep| keep.kind == Kept::Carrier).map(|keep| keep.network);
    let outside: Vec<IpNet> = networks.filter(|network| !is_inside(network.addr())).collect();
    (!outside.is_empty() && knows_carriers(plan)).then(|| IpNet::aggregate(&outside))
}

fn is_inside(address: IpAddr) -> bool {
    inside().iter().any(|network| network.contains(&address))
}

/// Says who is let in and why, who is to be asked, and what is missing.
pub(super) fn reasons(plan: &Plan, is_sip: bool) -> Vec<String> {
    let mut reasons = vec!["Let in, besides private networks:".to_owned()];
    let listed = plan.known().filter(|keep| is_sip || keep.kind != Kept::Carrier);
    reasons.extend(listed.map(|keep| format!("  {} {}", keep.network, keep.why.raw())));
    let asked = plan.keep.iter().filter(|keep| keep.kind == Kept::ToConfirm);
    reasons.extend(
        asked.map(|keep| format!("  {} NOT let in: ask first whose it is: {}", keep.network, keep.why.raw())),
    );
    if is_sip {
        reasons.extend(plan.unresolved.iter().map(|one| {
            format!("  {} of trunk {} NOT let in: {}", one.host.raw(), one.trunk.raw(), one.what_to_do())
        }));
    }
    reasons
}
