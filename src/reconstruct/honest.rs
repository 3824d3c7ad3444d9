//! What is honest: each account's uses by place, and where calls go that nobody doubts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use rayon::prelude::*;

use super::behaviour::{self, Destination, FRAUD_LIKE};
use super::burst;
use super::calls::{Call, Chosen, Origin};
use super::doors;
use super::night::Hours;
use super::standing::Standing;
use super::world::{World, earliest};
use crate::event::Instant;
use crate::fold::uses::Kind as Used;

/// One account used from one place.
#[derive(Default)]
pub(super) struct Group {
    /// The first use, by registration, credentials or call.
    pub(super) first: Option<Instant>,
    /// Its calls.
    pub(super) calls: Chosen,
    /// Was it there when its log begins?
    pub(super) from_the_start: bool,
}

pub(super) fn groups(world: &World<'_>) -> BTreeMap<(String, Option<IpAddr>), Group> {
    let mut groups: BTreeMap<(String, Option<IpAddr>), Group> = BTreeMap::new();
    for (account, uses) in &world.uses {
        if world.trunks.contains(account) {
            continue;
        }
        for used in uses.iter().filter(|used| used.kind != Used::Unregistered) {
            let Some(address) = used.address else { continue };
            let group = groups.entry((account.clone(), Some(address))).or_default();
            group.first = earliest(group.first, Some(used.first));
            group.from_the_start |= used.from_the_start;
        }
    }
    // Calls are many, accounts and addresses few.
    let mut by_caller: HashMap<(usize, usize), Vec<u32>> = HashMap::new();
    let is_account: Vec<bool> =
        world.calls.accounts.iter().map(|account| !world.trunks.contains(account)).collect();
    let addresses = world.calls.addresses.all();
    let is_outside: Vec<bool> =
        addresses.iter().map(|address| world.neighbours.is_outside(*address)).collect();
    for (index, call) in (0_u32..).zip(world.calls.iter()) {
        let is_account = is_account.get(call.account_index()).copied().unwrap_or(false);
        // Of those who are in the house, only what leaves the house can speak against them.
        let matters = call.is_outward() || is_outside.get(call.address_index()).copied().unwrap_or(false);
        if is_account && matters && !doors::is_guest(world, call) {
            by_caller.entry((call.account_index(), call.address_index())).or_default().push(index);
        }
    }
    for ((account, address), calls) in by_caller {
        let calls = Chosen::from(calls);
        let address = addresses.get(address).copied();
        let Some(account) = world.calls.accounts.get(account) else { continue };
        let group = groups.entry((account.clone(), address)).or_default();
        let first = calls.first(&world.calls).map(Call::start);
        group.first = earliest(group.first, first);
        group.from_the_start |= calls_from_the_start(world, &calls);
        group.calls = calls;
    }
    groups
}

/// Returns whether calls tell that an account was used from there all along, where no log tells of
/// registrations: FreeSWITCH's records know where each call came from. They begin on the first day and go on.
fn calls_from_the_start(world: &World<'_>, calls: &Chosen) -> bool {
    const DAY: i64 = 86_400;
    const DAYS: usize = 3;
    let calls = || calls.iter().filter_map(|index| world.calls.list.get(index));
    let told = calls().filter(|call| call.origin == Origin::Signalling);
    let days: BTreeSet<i64> = told.map(|call| call.start().seconds().div_euclid(DAY)).collect();
    let begins = calls().next().zip(world.first).map(|(call, first)| call.start().seconds_since(first));
    days.len() >= DAYS && begins.is_some_and(|seconds| seconds <= DAY)
}

/// Returns the places that are called from where nobody doubts: the house, and addresses that were
/// there from the start and do nothing odd.
pub(super) fn honest_destinations(
    world: &World<'_>,
    groups: &BTreeMap<(String, Option<IpAddr>), Group>,
    hours: &Hours,
) -> BTreeSet<Destination> {
    let each = groups.par_iter().map(|((_, address), group)| destinations_of(world, *address, group, hours));
    each.reduce(BTreeSet::new, |mut all, more| {
        all.extend(more);
        all
    })
}

/// Returns the places that one account called from one address, if nobody doubts them.
fn destinations_of(
    world: &World<'_>,
    address: Option<IpAddr>,
    group: &Group,
    hours: &Hours,
) -> BTreeSet<Destination> {
    let calls: Vec<&Call> = group.calls.iter().filter_map(|index| world.calls.list.get(index)).collect();
    let is_ours = match address.map(|address| world.neighbours.of(address)) {
        Some(Standing::Outside) => {
            let is_familiar = || is_familiar(&calls, hours) && !behaviour::are_paid_for(world, &calls);
            group.from_the_start || is_familiar()
        }
        Some(_) | None => true,
    };
    if !is_ours {
        return BTreeSet::new();
    }
    // Marks that need no knowledge of places: rate, concurrence, repetition.
    let odd = behaviour::look(world, &calls, &BTreeSet::new()).without_novelty();
    let is_newcomer = is_new(world, address, group);
    if odd >= if is_newcomer { 1 } else { FRAUD_LIKE } {
        return BTreeSet::new();
    }
    let rush = suspect_rush(world, group, hours);
    let quiet = group.calls.iter().filter(|index| rush.binary_search(index).is_err());
    let quiet = quiet.filter_map(|index| world.calls.list.get(index));
    quiet.map(|call| call.destination).collect()
}

/// Returns a rush among calls that may well be the owner's otherwise, if it is odd.
fn suspect_rush(world: &World<'_>, group: &Group, hours: &Hours) -> Vec<usize> {
    let nowhere = BTreeSet::new();
    let mut rush = burst::find(world, group.calls.iter(), &nowhere);
    let calls: Vec<&Call> = rush.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let mut behaviour = behaviour::look(world, &calls, &nowhere);
    burst::add_marks(&calls, hours, &mut behaviour);
    if behaviour.score < FRAUD_LIKE {
        rush.clear();
    }
    rush
}

fn is_new(world: &World<'_>, address: Option<IpAddr>, group: &Group) -> bool {
    !group.from_the_start && address.is_some_and(|address| world.neighbours.is_outside(address))
}

/// Calls on several days: a phone in a place of its own, and not a visit.
///
/// One night's calls may lie on two days, and whoever comes back every night, while everybody here is asleep, to
/// call nothing but places abroad has no colleagues here.
fn is_familiar(calls: &[&Call], hours: &Hours) -> bool {
    const REST_SECONDS: i64 = 6 * 3_600;
    const NEAR_CALLS: usize = 2;
    let is_rest = |pair: &[&Call]| match pair {
        [before, next] => next.start().seconds_since(before.start()) >= REST_SECONDS,
        _ => false,
    };
    let near = calls.iter().filter(|call| !call.destination.is_abroad()).take(NEAR_CALLS).count();
    calls.windows(2).any(is_rest) && (near == NEAR_CALLS || !hours.are_all_quiet(calls))
}
