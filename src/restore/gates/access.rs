//! From where may the accounts be used that were taken over: does their access list, or the firewall, keep
//! strangers out?

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Judge;
use crate::pbx::{Account, Gate as Way, Technology, is_private_network};
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::{Product, Scene};
use crate::untrusted::visible;

/// Ways in for which a stranger must reach the server with an account.
const FROM_OUTSIDE: [&str; 5] =
    ["password-guess", "default-credential", "stolen-credential", "provisioning-leak", "insider"];

const ID: &str = "access-limited";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges each account that was taken over.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    if !scene.came_by(&FROM_OUTSIDE) {
        return Vec::new();
    }
    let taken = scene.taken();
    let addresses = scene.addresses();
    let accounts = &scene.ground.world.pbx.accounts;
    let firewall = of_firewall(scene, &addresses);
    let theirs = accounts.iter().filter(|account| taken.contains(account.name.as_str()));
    let answers: Vec<Answer> =
        theirs.map(|account| of_account(scene, account, &addresses, firewall.as_ref())).collect();
    let gate = Gate::of(ID, "Strangers are kept from the accounts that were taken over", answers);
    let gate = gate.map(|gate| {
        gate.with_to_do(
            match Product::of(scene.ground.world) {
                Product::Asterisk => "Let the account be used from its own networks only (`deny=0.0.0.0/0.0.0.0` and `permit=` of each network, FreePBX: the extension's Permit), or let the firewall admit only the carrier's and one's own networks.",
                Product::Switch => "Let the profile admit one's own networks only (apply-register-acl, and auth-acl of the user), or let the firewall admit only the carrier's and one's own networks.",
                Product::Proxy => "Let the routing script, or the firewall, admit only the carrier's and one's own networks.",
            },
            match Product::of(scene.ground.world) {
                _ if has_rules(scene) => "Rules that let known networks only speak SIP to the server, saved where it loads them at its start; what a routing script or a profile turns away is not read.",
                Product::Switch => "Copy the firewall's saved rules (`iptables-save`, `nft list ruleset`), and acl.conf.xml.",
                _ => "Copy the firewall's saved rules (`iptables-save`, `nft list ruleset`).",
            },
        )
    });
    gate.into_iter().collect()
}

/// Returns whether any saved rules of a firewall were read.
fn has_rules(scene: &Scene<'_>) -> bool {
    !scene.ground.world.pbx.firewall.disks().is_empty()
}

fn of_account(
    scene: &Scene<'_>,
    account: &Account,
    addresses: &BTreeMap<IpAddr, bool>,
    firewall: Option<&Answer>,
) -> Answer {
    let name = visible(&account.name);
    let line = scene.proof(&account.place);
    let is_in = |address: &&IpAddr| lets_in(&account.permit, **address);
    if let Some(address) = addresses.keys().find(is_in).filter(|_| !account.permit.is_empty()) {
        return Answer::open(format!("the access list of {name} lets {address} of the intruder in"))
            .with(line);
    }
    if is_wide(&account.permit) {
        return Answer::open(format!("the access list of {name} lets a large part of the Internet in"))
            .with(line);
    }
    if !account.permit.is_empty() {
        let networks: Vec<String> = account.permit.iter().take(5).map(IpNet::to_string).collect();
        return Answer::closed(format!("{name} may be used from {} only", networks.join(", "))).with(line);
    }
    match firewall {
        Some(answer) if answer.state == crate::restore::gate::State::Closed => answer.clone(),
        // Of these no list of an account is read.
        _ if matches!(account.technology, Technology::Sofia | Technology::Proxy) => {
            let rules = if has_rules(scene) {
                ", and the firewall's saved rules do not keep strangers from SIP, as far as they can be read"
            } else {
                ""
            };
            Answer::cannot_tell(format!(
                "which addresses {name} may be used from is not told by what is read of it{rules}"
            ))
            .with(line)
        }
        _ => Answer::open(format!("{name} may be used from anywhere")).with(line),
    }
}

/// Returns whether networks take in a large part of the Internet: nobody's own places do.
fn is_wide(networks: &[IpNet]) -> bool {
    /// A sixty-fourth of all addresses, as four networks of eight bits.
    const MOST: f64 = 1.0 / 64.0;
    let public = networks.iter().filter(|network| !is_private_network(network));
    let share: f64 = public.map(|network| 0.5_f64.powi(i32::from(network.prefix_len()))).sum();
    share > MOST
}

fn lets_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Returns that the rules keep strangers from every door of SIP, if they do.
pub(super) fn of_firewall(scene: &Scene<'_>, addresses: &BTreeMap<IpAddr, bool>) -> Option<Answer> {
    let firewall = &scene.ground.world.pbx.firewall;
    let disks = firewall.disks();
    let mut place = None;
    let doors = scene.ground.world.pbx.sip_ports();
    let mut verdicts = doors
        .iter()
        .flat_map(|&(protocol, port)| disks.iter().map(move |disk| firewall.verdict(disk, protocol, port)));
    let is_shut = verdicts.all(|verdict| {
        let Some(verdict) = verdict else { return false };
        let shut = match &verdict.gate {
            Way::Closed => true,
            Way::Limited(networks) => {
                !is_wide(networks) && !addresses.keys().any(|address| lets_in(networks, *address))
            }
            Way::Open | Way::CannotTell => false,
        };
        place.get_or_insert(verdict.place);
        shut
    });
    let is_there = is_shut && !disks.is_empty();
    is_there.then(|| {
        Answer::closed("the firewall's rules let known networks only speak SIP to the server")
            .with(place.and_then(|place| scene.proof(&place)))
    })
}
