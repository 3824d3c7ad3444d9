//! The firewall's saved rules, for the addresses that got in.

use std::net::IpAddr;

use crate::case::build::Case;
use crate::host_firewall::{Protocol, Reach};
use crate::reconstruct::incident::Incident;
use crate::report::model::{NotBlocked, Vector, Verdict};

/// The ports by which an intruder of that way comes in.
fn ports(vector: Option<Vector>) -> &'static [(Protocol, u16)] {
    match vector {
        Some(Vector::ManagerInterface) => &[(Protocol::Tcp, 5038)],
        _ => &[(Protocol::Udp, 5060), (Protocol::Tcp, 5060), (Protocol::Tcp, 5061)],
    }
}

/// Weighs the rules for one address that got in, the first of them.
pub(super) fn judge(case: &Case<'_>, incident: &Incident) -> Option<NotBlocked> {
    let firewall = case.world.pbx.firewall.as_ref()?;
    let outside = |address: &IpAddr| case.world.neighbours.is_outside(*address);
    let users = incident.actors.iter().filter(|(address, actor)| actor.is_inside() && outside(address));
    let address = users.map(|(address, _)| *address).next();
    let wanted = ports(incident.ways.first().map(|way| way.vector));
    let answers = wanted
        .iter()
        .filter_map(|&(protocol, port)| Some((protocol, port, firewall.reach(protocol, port, address)?)));
    let (protocol, port, answer) = answers.min_by_key(|(_, _, answer)| answer.reach)?;
    let who = address.map_or_else(|| "anybody".to_owned(), |address| address.to_string());
    let door = format!("port {port}/{}", protocol.word());
    let (verdict, why) = match answer.reach {
        Reach::Open => (Verdict::LetsThrough, format!("as saved, its rules let {who} reach {door}")),
        Reach::Limited => (
            Verdict::CannotTell,
            format!(
                "as saved, its rules let {who} reach {door} up to a rate, or if a list that is not saved says so"
            ),
        ),
        Reach::CannotTell => (
            Verdict::CannotTell,
            format!("whether its saved rules let {who} reach {door} depends on what is not in the evidence"),
        ),
        Reach::Closed => (
            Verdict::CannotTell,
            format!(
                "as saved, its rules keep {who} from SIP's usual ports: other rules were in force then, or another port is used"
            ),
        ),
    };
    Some(NotBlocked { defence: "firewall".into(), verdict, why, evidence: case.proofs([&answer.cited]) })
}
