//! Which calls of the accounts are the intruder's, and why; the owner's stay out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::behaviour::Destination;
use super::breach::Breach;
use super::calls::Origin;
use super::incident::Incident;
use super::world::World;

/// Tells which calls of the accounts are the intruder's, and why; the owner's stay out.
pub(super) fn fraud_calls(world: &World<'_>, cluster: &[Breach]) -> BTreeMap<usize, Arc<str>> {
    let mut calls = BTreeMap::new();
    for breach in cluster {
        // The reason is one for thousands of calls.
        let mut known: BTreeMap<Origin, Arc<str>> = BTreeMap::new();
        for index in breach.calls.iter() {
            let Some(call) = world.calls.list.get(index) else { continue };
            if breach.address.is_some() || call.is_outward() {
                let from = world.address_of(call);
                let why = known.entry(call.origin).or_insert_with(|| why(breach, call.origin, from).into());
                calls.insert(index, Arc::clone(why));
            }
        }
    }
    add_unplaced(world, cluster, &mut calls);
    calls
}

fn why(breach: &Breach, origin: Origin, from: Option<IpAddr>) -> String {
    match (breach.address, origin) {
        // The line stands before anybody answers: it does not tell that audio flowed.
        (Some(address), Origin::Media) => {
            format!("{address}, which took the account over, was set as the far end of its audio")
        }
        (Some(address), Origin::Signalling) => {
            format!("it was made with the account's credentials from {address}, which took the account over")
        }
        (Some(address), Origin::Record) => {
            format!("the request for it came from {address}, which took the account over")
        }
        (Some(address), Origin::Authentication) => {
            format!("the account's credentials came from {address} at that second")
        }
        (Some(address), Origin::Place) => {
            format!("{address} and somebody else held the account; this went where only {address} calls")
        }
        (Some(address), Origin::Registration) => {
            format!("the account was registered from {address} at that time")
        }
        _ => {
            let behaviour = breach.behaviour.reasons.join(", ");
            let place = match from {
                None => String::new(),
                Some(_) if origin.is_inferred() => "; from where it came is not on record".to_owned(),
                Some(address) => format!("; it came from {address}"),
            };
            format!("account and behaviour: {behaviour}{place}")
        }
    }
}

/// Forgets from where fraudulent calls came whose address is nobody's who got in: that the owner's phone was
/// registered at that time does not tell, since a call takes the account's secret and no registration.
pub(crate) fn forget_inferred_places(world: &mut World<'_>, incidents: &[Incident]) {
    for incident in incidents {
        for &index in incident.calls.keys() {
            let calls = &mut world.calls;
            let Some(call) = calls.list.get(index).filter(|call| call.origin.is_inferred()) else { continue };
            if calls.address(call).is_some_and(|address| !incident.actors.contains_key(&address)) {
                calls.place(index, None, Origin::Unknown);
            }
        }
    }
}

/// Adds calls whose address no record tells: after the breach, to where the intruder's calls went.
fn add_unplaced(world: &World<'_>, cluster: &[Breach], calls: &mut BTreeMap<usize, Arc<str>>) {
    let places: BTreeSet<Destination> = calls
        .keys()
        .filter_map(|&index| world.calls.list.get(index))
        .filter(|call| call.destination.is_abroad())
        .map(|call| call.destination)
        .collect();
    let accounts: BTreeSet<&str> = cluster.iter().map(|breach| breach.account.as_str()).collect();
    let Some(breach) = cluster.iter().map(|breach| breach.first).min() else { return };
    for (index, call) in world.calls.iter().enumerate() {
        let is_account = world.account_of(call).is_some_and(|account| accounts.contains(account));
        if is_account
            && world.address_of(call).is_none()
            && call.start() >= breach
            && !calls.contains_key(&index)
        {
            let place = call.destination;
            if places.contains(&place) {
                let why = format!("after the breach, to {place}, where the intruder's calls went");
                calls.insert(index, why.into());
            }
        }
    }
}
