//! When each phase of an incident was.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::breach::Breach;
use super::incident::Actor;
use super::world::{Attempts, World};
use crate::event::Instant;
use crate::fold::uses::Kind as Used;
use crate::report::model::Role;

/// A span of events.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
    /// Records.
    pub events: u64,
    /// Addresses.
    pub sources: u64,
}

pub(super) fn span_of(spans: impl Iterator<Item = (Instant, Instant, u64, IpAddr)>) -> Option<Span> {
    let mut addresses = BTreeSet::new();
    let mut whole: Option<Span> = None;
    for (first, last, events, address) in spans {
        addresses.insert(address);
        let known = whole.get_or_insert(Span { first, last, events: 0, sources: 0 });
        known.first = known.first.min(first);
        known.last = known.last.max(last);
        known.events += events;
        known.sources = addresses.len() as u64;
    }
    whole
}

fn with_role(actors: &BTreeMap<IpAddr, Actor>, role: Role) -> impl Iterator<Item = IpAddr> {
    actors.iter().filter(move |(_, actor)| actor.roles.contains(&role)).map(|(address, _)| *address)
}

/// Wrong secrets for the accounts that were taken.
pub(super) fn guess_span(
    world: &World<'_>,
    actors: &BTreeMap<IpAddr, Actor>,
    accounts: &BTreeMap<String, String>,
    breach: Instant,
) -> Option<Span> {
    span_of(with_role(actors, Role::Guess).flat_map(|address| {
        let party = world.parties.get(&address);
        let tried = accounts.keys().filter_map(move |account| party?.by_account.get(account));
        tried.filter_map(move |tried| {
            Some((tried.first?, tried.last?.min(breach.max(tried.first?)), tried.records, address))
        })
    }))
}

pub(super) fn scan_span(world: &World<'_>, actors: &BTreeMap<IpAddr, Actor>) -> Option<Span> {
    span_of(with_role(actors, Role::Scan).filter_map(|address| {
        let party = world.parties.get(&address)?;
        let Attempts { first, last, records, .. } = party.failures;
        // Whoever was let in is challenged at each of his calls as well.
        if records > 0 && world.users.contains_key(&address) {
            return Some((first?, last?, records, address));
        }
        Some((party.first()?, party.last()?, records + party.contacts.records, address))
    }))
}

pub(super) fn provision_span(world: &World<'_>, actors: &BTreeMap<IpAddr, Actor>) -> Option<Span> {
    span_of(with_role(actors, Role::Provision).filter_map(|address| {
        let client = world.fetches.get(&address)?;
        Some((client.first?, client.last?, client.requests(), address))
    }))
}

/// Registrations that the intruder got accepted, and their ends.
pub(super) fn register_span(world: &World<'_>, cluster: &[Breach]) -> Option<Span> {
    span_of(cluster.iter().flat_map(|breach| {
        let address = breach.address;
        let uses = address.into_iter().flat_map(|address| world.uses_from(&breach.account, address));
        let registered = uses.filter(|used| {
            matches!(used.kind, Used::Registered)
                || (used.kind == Used::Unregistered && used.reason != "remove existing")
        });
        registered.filter_map(move |used| Some((used.first, used.last, used.count, address?)))
    }))
    .or_else(|| {
        span_of(cluster.iter().flat_map(|breach| {
            let address = breach.address;
            let uses = address.into_iter().flat_map(|address| world.uses_from(&breach.account, address));
            uses.filter_map(move |used| Some((used.first, used.first, used.count, address?)))
        }))
    })
}
