//! The firewall's rules, for the addresses that got in.

use std::net::IpAddr;

use crate::case::build::Case;
use crate::pbx::{Gate, Protocol};
use crate::reconstruct::incident::Incident;
use crate::report::model::{NotBlocked, Vector, Verdict};

/// The ports by which an intruder of that way comes in.
fn ports(vector: Option<Vector>) -> &'static [(Protocol, u16)] {
    match vector {
        Some(Vector::ManagerInterface) => &[(Protocol::Tcp, 5038)],
        Some(Vector::WebExploit | Vector::WebAdmin) => &[(Protocol::Tcp, 80), (Protocol::Tcp, 443)],
        _ => &[(Protocol::Udp, 5060), (Protocol::Tcp, 5060), (Protocol::Tcp, 5061)],
    }
}

/// Weighs the rules, and FreePBX's own firewall beside them.
pub(super) fn judge(case: &Case<'_>, incident: &Incident) -> Vec<NotBlocked> {
    saved(case, incident).into_iter().chain(responsive(case)).collect()
}

/// FreePBX's Responsive Firewall lets an address in for some tries and shuts it out after more; whom it had shut out
/// stands in lists of the kernel (`xt_recent`), which no file keeps.
fn responsive(case: &Case<'_>) -> Option<NotBlocked> {
    let rule = case.world.pbx.firewall.leads_to("fpbxrfw")?;
    Some(NotBlocked {
        defence: "FreePBX Responsive Firewall".into(),
        verdict: Verdict::CannotTell,
        why: "its rules are there; whom it had let in, limited or shut out at the time stood in the kernel's lists only, which are lost with the next start".into(),
        evidence: case.proofs([rule]),
    })
}

/// Weighs the rules for one address that got in, the first of them.
fn saved(case: &Case<'_>, incident: &Incident) -> Option<NotBlocked> {
    let firewall = &case.world.pbx.firewall;
    let outside = |address: &IpAddr| case.world.neighbours.is_outside(*address);
    let mut users = incident.actors.iter().filter(|(address, actor)| actor.is_inside() && outside(address));
    let address = users.next().map(|(address, _)| *address);
    let disks = firewall.disks();
    let doors = ports(incident.ways.first().map(|way| way.vector)).iter().rev();
    // Of doors that are open alike the last counts: go through them from behind to name the usual port.
    let verdicts = doors.flat_map(|&(protocol, port)| {
        disks.iter().filter_map(move |disk| Some((protocol, port, firewall.verdict(disk, protocol, port)?)))
    });
    let (protocol, port, found) = verdicts.max_by_key(|(_, _, verdict)| verdict.gate.width())?;
    let who = address.map_or_else(|| "anybody".to_owned(), |address| address.to_string());
    let door = format!("port {port}/{}", protocol.word());
    let lets_in = |networks: &[ipnet::IpNet]| {
        address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
    };
    let of_which = found.of_which();
    let (verdict, why) = match &found.gate {
        Gate::Open => (Verdict::LetsThrough, format!("{of_which}, its rules let everybody reach {door}")),
        Gate::Limited(networks) if lets_in(networks) => {
            (Verdict::LetsThrough, format!("{of_which}, its rules let {who} reach {door}"))
        }
        Gate::CannotTell => (
            Verdict::CannotTell,
            format!(
                "{of_which}: whether its rules let {who} reach {door} hangs on what the file does not tell"
            ),
        ),
        Gate::Limited(_) | Gate::Closed => (
            Verdict::CannotTell,
            format!(
                "{of_which}, its rules keep {who} from {door}: other rules were in force then, or another port is used"
            ),
        ),
    };
    Some(NotBlocked { defence: "firewall".into(), verdict, why, evidence: case.proofs([&found.place]) })
}
