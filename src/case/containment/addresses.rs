//! Whom to shut out, and whom a rule must never touch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::case::build::Case;
use crate::contain::{ByHand, Cut, Keep, Kept, Plan, Unresolved};
use crate::fold::uses::Kind as Used;
use crate::reconstruct::confirm::{Doubt, Question};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::same_network;
use crate::reconstruct::standing::{Standing, is_wide};
use crate::report::model::{Report, Role};
use crate::untrusted::Untrusted;

/// Networks let in; a set of more is no list that anybody reviews.
const MOST_KEPT: usize = 5_000;
/// Accounts named beside an address.
const MOST_NAMED: usize = 3;

/// Fills in whom to cut and whom to keep.
pub(super) fn fill(
    case: &Case<'_>,
    incidents: &[Incident],
    questions: &[Question],
    report: &Report,
    plan: &mut Plan,
) {
    let mut cuts: BTreeMap<IpAddr, (BTreeSet<Role>, Vec<String>)> = BTreeMap::new();
    for incident in &report.incidents {
        for source in &incident.sources {
            if incident.cannot_tell {
                plan.by_hand.push(by_hand(
                    source.address,
                    "whoever could write into this log could have named anybody: shut it out only if other records \
                     bear it out",
                ));
                continue;
            }
            let cut = cuts.entry(source.address).or_default();
            cut.0.extend(source.roles.iter().copied());
            cut.1.push(incident.id.clone());
        }
    }
    for (address, (roles, incidents_named)) in cuts {
        match reason_against(case, incidents, address) {
            Some(why) => plan.by_hand.push(by_hand(address, &why)),
            None => {
                plan.cut.push(Cut {
                    address,
                    roles: roles.into_iter().collect(),
                    incidents: incidents_named,
                });
            }
        }
    }
    let blamed: BTreeSet<IpAddr> =
        report.incidents.iter().flat_map(|incident| &incident.sources).map(|source| source.address).collect();
    keep(case, questions, &blamed, plan);
}

fn by_hand(address: IpAddr, why: &str) -> ByHand {
    ByHand { what: Untrusted::from(address.to_string().as_str()), why: why.to_owned() }
}

/// Returns why no rule may shut an address out, though the intruder used it.
fn reason_against(case: &Case<'_>, incidents: &[Incident], address: IpAddr) -> Option<String> {
    if is_nobodys(address) {
        return Some(
            "an address of many at once, which no machine sends from: whoever wrote it forged it".into(),
        );
    }
    let neighbours = &case.world.neighbours;
    match neighbours.by_configuration(address) {
        Standing::Own | Standing::Trunk if neighbours.is_claimed(address) => Some(
            "the configuration names it as the carrier's or the phone system's own, yet a phone's account was used \
             from it: see who wrote that line, and shut it out once the carrier says that it is not his"
                .into(),
        ),
        Standing::Own => {
            Some("the phone system's own address: what came from there was started on it".into())
        }
        Standing::Trunk => {
            Some("a carrier's by the configuration: a rule would cut the line; ask the carrier".into())
        }
        Standing::Trusted => Some("in a network given with --trusted".into()),
        Standing::Inside => Some(
            "in a network of one's own, where a router may stand for everybody behind it: find the device"
                .into(),
        ),
        Standing::Outside => {
            let sharing = honest_users(case, incidents, address);
            let named: Vec<String> =
                sharing.iter().take(MOST_NAMED).map(|name| crate::untrusted::visible(name)).collect();
            (!named.is_empty()).then(|| {
                format!(
                    "others used it before the intruder did ({}): ask them, or a rule shuts them out as well",
                    named.join(", ")
                )
            })
        }
    }
}

/// Returns whether an address is a group's or everybody's (RFC 1112, RFC 919, RFC 4291): a rule against it stops
/// what the host's own network needs.
fn is_nobodys(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(std::net::Ipv4Addr::BROADCAST)
}

/// Returns the accounts that no intruder took and that were in use from an address before he was first seen.
fn honest_users<'w>(case: &Case<'w>, incidents: &[Incident], address: IpAddr) -> Vec<&'w str> {
    let world = case.world;
    let of_it: Vec<&Incident> =
        incidents.iter().filter(|incident| incident.actors.contains_key(&address)).collect();
    let Some(first) = of_it.iter().map(|incident| incident.breach).min() else { return Vec::new() };
    let users = world.users.get(&address).into_iter().flatten();
    let others = users.filter(|name| !incidents.iter().any(|incident| incident.accounts.contains_key(*name)));
    let before = |name: &&String| world.uses_from(name, address).any(|used| used.first < first);
    others.filter(before).map(String::as_str).collect()
}

/// Fills in the networks that may speak to the phone system.
fn keep(case: &Case<'_>, questions: &[Question], blamed: &BTreeSet<IpAddr>, plan: &mut Plan) {
    let pbx = case.world.pbx;
    let mut kept: BTreeMap<IpNet, (Kept, Untrusted)> = BTreeMap::new();
    // What the configuration says of an address from which somebody used a phone's account may be his own words.
    let neighbours = &case.world.neighbours;
    let claimed: Vec<IpAddr> =
        blamed.iter().copied().filter(|address| neighbours.is_claimed(*address)).collect();
    let mut add = |kind: Kept, network: IpNet, why: String| {
        // A network of everybody keeps nobody out.
        let is_wide = network.prefix_len() < 8;
        let lets_him_in = claimed.iter().any(|address| network.contains(address));
        let why = Untrusted::from(why.as_str());
        if !is_wide && !lets_him_in && kept.len() < MOST_KEPT {
            let known = kept.entry(network.trunc()).or_insert((kind, why.clone()));
            if kind < known.0 {
                *known = (kind, why);
            }
        }
    };
    for trunk in &pbx.trunks {
        // Whoever sends from a network that is no single carrier's must not come in by the carrier's name.
        let (wide, own): (Vec<&IpNet>, Vec<&IpNet>) =
            trunk.networks.iter().partition(|network| is_wide(network));
        own.into_iter().for_each(|network| add(Kept::Carrier, *network, format!("trunk {}", trunk.name)));
        let unresolved = |host: &str, is_wide| Unresolved {
            trunk: Untrusted::from(trunk.name.as_str()),
            host: Untrusted::from(host),
            is_wide,
        };
        plan.unresolved.extend(wide.iter().map(|network| unresolved(&network.to_string(), true)));
        let real = trunk.hosts.iter().filter(|host| !is_sample(host));
        plan.unresolved.extend(real.map(|host| unresolved(host, false)));
    }
    case.options.trusted.iter().for_each(|network| add(Kept::Own, *network, "--trusted".to_owned()));
    for account in &pbx.accounts {
        for network in &account.permit {
            add(Kept::Own, *network, format!("access list of {}", account.name));
        }
    }
    for (account, address) in honest(case, blamed, plan) {
        let is_asked = questions.iter().any(|question| {
            question.account == account
                && !matches!(question.doubt, Doubt::KeepsFailing(_))
                && same_network(question.address, address)
        });
        let kind = if is_asked { Kept::ToConfirm } else { Kept::Seen };
        add(kind, IpNet::from(address), format!("used account {account}"));
    }
    plan.unresolved.sort();
    plan.unresolved.dedup();
    plan.keep = kept.into_iter().map(|(network, (kind, why))| Keep { kind, network, why }).collect();
    plan.keep.sort();
}

/// Returns whether a host is one that samples of configuration have (RFC 2606): no carrier's.
fn is_sample(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["example.com", "example.net", "example.org"]
        .iter()
        .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// Returns the addresses outside from which accounts were used and that nobody blames.
fn honest(case: &Case<'_>, blamed: &BTreeSet<IpAddr>, plan: &Plan) -> BTreeSet<(String, IpAddr)> {
    let world = case.world;
    let tried: BTreeSet<IpAddr> = plan.tried.iter().copied().collect();
    let is_stranger = |address: &IpAddr| blamed.contains(address) || tried.contains(address);
    let mut found = BTreeSet::new();
    for (account, uses) in &world.uses {
        let used = uses.iter().filter(|used| matches!(used.kind, Used::Registered | Used::Authenticated));
        let addresses = used.filter(|used| !used.is_claimed).filter_map(|used| used.address);
        for address in
            addresses.filter(|address| world.neighbours.is_outside(*address) && !is_stranger(address))
        {
            if found.len() >= MOST_KEPT {
                return found;
            }
            found.insert((account.clone(), address));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::is_nobodys;

    #[test]
    fn an_address_of_many_is_nobodys() {
        for many in ["224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1"] {
            assert!(is_nobodys(many.parse().unwrap()), "{many}");
        }
        for one in ["198.51.100.7", "240.1.2.3", "2001:db8::1"] {
            assert!(!is_nobodys(one.parse().unwrap()), "{one}");
        }
    }
}
