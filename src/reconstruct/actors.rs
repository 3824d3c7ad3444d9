//! Who had a part in an incident: those who guessed, fetched, registered, called, and scanned for them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::breach::Breach;
use super::guessing::Guessing;
use super::incident::Actor;
use super::leaks::Leak;
use super::same_network;
use super::world::{Party, Use, World};
use crate::fold::uses::Kind as Used;
use crate::report::model::Role;

/// Names of a sweep that two scanners share, in order, to be one party.
const SHARED_TARGETS: usize = 10;

pub(super) fn add_guessers(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>, guessing: &Guessing) {
    for address in &guessing.guessers {
        let actor = actors.entry(*address).or_default();
        actor.roles.insert(Role::Guess);
        if let Some(party) = world.parties.get(address) {
            actor.lines.extend(party.failures.lines.iter().take(2).cloned());
        }
    }
}

/// Adds those who fetched the files that gave secrets away, with a few lines of their walk: one fetch is a phone's.
pub(super) fn add_leaks(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>, leaks: &[Leak]) {
    /// Files that were given, and names that were not there, beside the file itself.
    const SHOWN: usize = 2;
    for leak in leaks {
        let actor = actors.entry(leak.address).or_default();
        actor.roles.insert(Role::Provision);
        let client = world.fetches.get(&leak.address);
        let missing = client.iter().flat_map(|client| &client.missing_lines).take(SHOWN);
        let given = client.iter().flat_map(|client| &client.given).map(|fetch| &fetch.line);
        let others = given.filter(|line| line.place != leak.line.place).take(SHOWN);
        for line in missing.chain([&leak.line]).chain(others) {
            if actor.lines.iter().all(|known| known.place != line.place) {
                actor.lines.push(line.clone());
            }
        }
    }
}

/// Adds those who used the accounts.
pub(super) fn add_users(
    world: &World<'_>,
    actors: &mut BTreeMap<IpAddr, Actor>,
    cluster: &[Breach],
    calls: &BTreeMap<usize, Arc<str>>,
) {
    for breach in cluster {
        let Some(address) = breach.address else { continue };
        let uses: Vec<_> = world.uses_from(&breach.account, address).collect();
        let actor = actors.entry(address).or_default();
        if is_registered(&uses, breach.calls.len()) {
            actor.roles.insert(Role::Register);
        }
        actor.lines.extend(uses.iter().flat_map(|used| used.lines.iter()).take(3).cloned());
        if breach.calls.iter().any(|index| calls.contains_key(&index)) {
            actor.roles.insert(Role::Dial);
        }
    }
}

/// Returns whether a registration was accepted: one that the log prints, or more credentials than the
/// calls account for. Security events do not tell a registration from a call.
fn is_registered(uses: &[&Use], calls: usize) -> bool {
    let accepted = uses.iter().filter(|used| used.kind == Used::Authenticated).map(|used| used.count);
    uses.iter().any(|used| used.kind == Used::Registered) || accepted.sum::<u64>() > calls as u64
}

/// Adds scanners that learned the accounts for the intruder: in the same network, or with the same
/// targets in the same order.
pub(super) fn add_scanners(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>) {
    let known: Vec<IpAddr> = actors.keys().copied().collect();
    for (address, party) in &world.parties {
        let asks = known.contains(address) && (party.invites >= 3 || party.probes > 0);
        let swept = party.unknown_count >= 3 || asks;
        if !swept || !world.neighbours.is_outside(*address) {
            continue;
        }
        let belongs = known.contains(address)
            || known
                .iter()
                .any(|actor| same_network(*actor, *address) || shares_targets(world, *actor, party));
        if belongs {
            let actor = actors.entry(*address).or_default();
            actor.roles.insert(Role::Scan);
            actor.lines.extend(party.failures.lines.iter().take(2).cloned());
        }
    }
}

fn shares_targets(world: &World<'_>, actor: IpAddr, party: &Party) -> bool {
    let Some(other) = world.parties.get(&actor) else { return false };
    let (mine, theirs) = (&party.unknown_names, &other.unknown_names);
    mine.len() >= SHARED_TARGETS && theirs.len() >= SHARED_TARGETS && mine[..SHARED_TARGETS] == theirs[..SHARED_TARGETS]
        // Everybody sweeps 100, 101, 102: a run of neighbours is no mark.
        && !is_run(&mine[..SHARED_TARGETS])
}

fn is_run(names: &[String]) -> bool {
    let numbers: Vec<Option<u64>> = names.iter().map(|name| name.parse().ok()).collect();
    numbers
        .windows(2)
        .filter(|pair| matches!(pair, [Some(left), Some(right)] if right.abs_diff(*left) <= 10))
        .count()
        * 2
        >= names.len()
}
