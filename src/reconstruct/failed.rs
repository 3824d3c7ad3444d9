//! Those who tried and got nothing, one's own phones left out.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::habits;
use super::leaks::WALKED;
use super::same_network;
use super::standing::Standing;
use super::world::{Party, World};
use crate::event::{Citation, Instant};
use crate::fold::fetches::Client;
use crate::indicators::{self, Confidence};
use crate::report::model::Role;

/// Tries below which nobody is called an attacker who only ever named one account that exists.
const MISTYPED: u64 = 3;
/// Names that do not exist which somebody who has an account may have mistyped.
const MISTYPED_NAMES: usize = 4;

/// Someone who tried and got nothing.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The address.
    pub address: IpAddr,
    /// What it did.
    pub roles: Vec<Role>,
}

/// Addresses that a report lists. A sender's address is easily forged over UDP, and a list of all that
/// a flood came with helps nobody.
pub const MOST_LISTED: usize = 10_000;

/// Those who tried and got nothing, as many as a report lists.
#[derive(Debug)]
pub struct Listed {
    /// In the order of their addresses.
    pub failed: Vec<Failed>,
    /// How many there are, those not listed included.
    pub count: usize,
}

/// Keeps the addresses that tried most.
pub fn list(world: &World<'_>, mut failed: Vec<Failed>) -> Listed {
    let count = failed.len();
    if count > MOST_LISTED {
        let tried = |failed: &Failed| {
            let party = world.parties.get(&failed.address).map_or(0, |party| party.failures.attempts);
            let at_panel = world.web.refused_of(failed.address);
            party + at_panel + world.fetches.get(&failed.address).map_or(0, |client| client.missing)
        };
        failed.sort_by_cached_key(|failed| (std::cmp::Reverse(tried(failed)), failed.address));
        failed.truncate(MOST_LISTED);
        failed.sort_by_key(|failed| failed.address);
    }
    Listed { failed, count }
}

/// Finds everybody outside who tried and has no part in an incident.
pub fn find(world: &World<'_>, involved: &BTreeSet<IpAddr>) -> Vec<Failed> {
    let mut addresses: BTreeSet<IpAddr> = world.parties.keys().copied().collect();
    addresses.extend(world.fetches.keys());
    addresses.extend(world.web.logins.keys().map(|(address, _)| *address));
    addresses.extend(world.told.iter().flat_map(|told| told.ledger.flooded.keys()));
    // Collecting would keep an address for each call before it sorts them.
    let mut callers: BTreeSet<IpAddr> = BTreeSet::new();
    world.calls.iter().filter_map(|call| world.address_of(call)).for_each(|address| {
        callers.insert(address);
    });
    let crowd = crowd(world);
    addresses
        .into_iter()
        .filter(|address| !involved.contains(address))
        .filter(|address| world.neighbours.of(*address) != Standing::Trusted)
        .filter_map(|address| {
            let party = world.parties.get(&address);
            let is_one_of_many = crowd.contains(&address);
            let mut roles =
                party.map(|party| roles(world, address, party, is_one_of_many)).unwrap_or_default();
            if world.fetches.get(&address).is_some_and(|client| is_walker(world, address, client)) {
                roles.push(Role::Provision);
            }
            if !roles.contains(&Role::Scan) && is_flooder(world, address, &callers) {
                roles.push(Role::Scan);
            }
            if is_refused_at_panel(world, address) {
                roles.extend([Role::Guess, Role::Web]);
            }
            roles.sort();
            roles.dedup();
            (!roles.is_empty()).then_some(Failed { address, roles })
        })
        .collect()
}

/// Finds everybody outside who asked the web server for known holes and has no part in an incident, those who asked
/// most first. What came of it nobody knows from the requests alone, so they are told apart from those who failed.
pub fn hole_seekers<'w>(
    world: &'w World<'_>,
    involved: &BTreeSet<IpAddr>,
) -> Vec<(IpAddr, HoleRequests<'w>)> {
    let addresses: BTreeSet<IpAddr> = world.web.attacks.keys().map(|(address, _)| *address).collect();
    let outside = addresses.into_iter().filter(|address| {
        let is_own = world.neighbours.of(*address) == Standing::Trusted;
        world.neighbours.is_outside(*address) && !is_own && !involved.contains(address)
    });
    let mut found: Vec<_> =
        outside.filter_map(|address| Some((address, hole_requests(world, address)?))).collect();
    found.sort_by_key(|(address, asked)| (std::cmp::Reverse(asked.count), *address));
    found.truncate(MOST_LISTED);
    found
}

/// Requests of one address that surely use a hole or a page left behind.
#[derive(Debug)]
pub struct HoleRequests<'w> {
    /// The first.
    pub first: Instant,
    /// The last.
    pub last: Instant,
    /// How many, at least: one request may bear several marks.
    pub count: u64,
    /// Lines of them.
    pub lines: Vec<&'w Citation>,
}

/// Returns what an address asked the web server for that nobody asks for honestly.
fn hole_requests<'w>(world: &'w World<'_>, address: IpAddr) -> Option<HoleRequests<'w>> {
    let is_sure = |mark: usize| {
        indicators::all()
            .get(mark)
            .is_some_and(|mark| mark.is_telling() && mark.confidence == Confidence::High)
    };
    let of_address = world.web.attacks.range((address, 0)..=(address, usize::MAX));
    let sent: Vec<_> = of_address.filter(|((_, mark), _)| is_sure(*mark)).map(|(_, sent)| sent).collect();
    Some(HoleRequests {
        first: sent.iter().map(|sent| sent.first).min()?,
        last: sent.iter().map(|sent| sent.last).max()?,
        count: sent.iter().map(|sent| sent.count).max()?,
        lines: sent.iter().filter_map(|sent| sent.lines.first()).collect(),
    })
}

/// Tells what an address tried, nothing for one's own.
fn roles(world: &World<'_>, address: IpAddr, party: &Party, is_one_of_many: bool) -> Vec<Role> {
    let mut roles = Vec::new();
    let is_outside = world.neighbours.is_outside(address);
    let swept = party.unknown_count >= 5 || world.foreign_accounts(address, party) >= 4;
    let is_infected = swept && party.failures.attempts >= 20;
    if !is_outside && !is_infected {
        return roles;
    }
    if is_own_phone(world, address, party) {
        return roles;
    }
    let wrong = wrong_secrets(party);
    if party.unknown_count > 0 || party.probes > 0 || party.invites > 0 {
        roles.push(Role::Scan);
    }
    if wrong >= MISTYPED || (wrong > 0 && (swept || is_one_of_many)) {
        roles.push(Role::Guess);
    }
    roles
}

/// Returns how often an address gave a wrong secret for an account that exists.
fn wrong_secrets(party: &Party) -> u64 {
    party.by_account.values().map(|tried| tried.attempts).sum::<u64>() + party.other_attempts
}

/// Returns those outside who gave so few wrong secrets that each of them may have mistyped, where they are
/// too many, and their networks too many, to be people or one phone on the road: nothing where they are not.
fn crowd(world: &World<'_>) -> BTreeSet<IpAddr> {
    const ADDRESSES: usize = 30;
    const NETWORKS: usize = 20;
    let is_few = |address: &IpAddr, party: &Party| {
        (1..MISTYPED).contains(&wrong_secrets(party))
            && world.neighbours.is_outside(*address)
            && !is_user(world, *address)
    };
    let few = world.parties.iter().filter(|(address, party)| is_few(address, party));
    let crowd: BTreeSet<IpAddr> = few.map(|(address, _)| *address).collect();
    let networks: BTreeSet<[u8; 4]> = crowd.iter().map(wide_network).collect();
    if crowd.len() >= ADDRESSES && networks.len() >= NETWORKS { crowd } else { BTreeSet::new() }
}

/// Returns the part of an address that the addresses of one provider's customers mostly share.
fn wide_network(address: &IpAddr) -> [u8; 4] {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            [0, 0, first, second]
        }
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.octets();
            [first, second, third, fourth]
        }
    }
}

/// A phone with an outdated secret tries one account over and over; a person mistypes, and goes on to
/// use the account; a carrier asks whether the server is alive.
fn is_own_phone(world: &World<'_>, address: IpAddr, party: &Party) -> bool {
    if habits::is_keep_alive(party) || world.is_everybodys(address) {
        return true;
    }
    let foreign = world.foreign_accounts(address, party);
    if is_user(world, address) && party.unknown_count <= MISTYPED_NAMES && foreign <= 2 && party.probes == 0 {
        return true;
    }
    if party.unknown_count > 0 || party.by_account.len() + party.other_accounts > 1 || party.probes > 0 {
        return false;
    }
    // Which account it was that found no room is not known, so that it may be a phone's own.
    let Some(account) = party.by_account.keys().next() else { return party.other_accounts == 1 };
    if habits::is_stale_phone(world, account, address) {
        return true;
    }
    world
        .uses
        .get(account)
        .into_iter()
        .flatten()
        .filter_map(|used| used.address)
        .any(|used| used == address || (same_network(used, address) && world.neighbours.is_outside(used)))
}

/// Somebody outside who gave wrong passwords at the panel or the pages of its users, was never let in there, and
/// does not use any account.
fn is_refused_at_panel(world: &World<'_>, address: IpAddr) -> bool {
    /// Whoever forgot a password types a few before giving up; no phone repeats them.
    const FORGOTTEN: u64 = 5;
    let is_let_in = world.web.sessions.contains_key(&address)
        || world.web.logins_of(address).any(|(_, logins)| logins.accepted.is_some());
    world.web.refused_of(address) >= FORGOTTEN
        && !is_let_in
        && world.neighbours.is_outside(address)
        && !is_user(world, address)
}

/// Somebody who uses an account, and dialled a number that does not exist.
fn is_user(world: &World<'_>, address: IpAddr) -> bool {
    world.users.contains_key(&address)
}

/// Somebody outside who sent more requests than the proxy takes, and neither uses any account nor made
/// any call: many phones behind one address are a flood too.
fn is_flooder(world: &World<'_>, address: IpAddr, callers: &BTreeSet<IpAddr>) -> bool {
    let is_flood = world.flooded(address).is_some();
    is_flood
        && world.neighbours.is_outside(address)
        && !is_user(world, address)
        && !callers.contains(&address)
}

/// Somebody outside who asks for files that are not there, and does not use any account.
fn is_walker(world: &World<'_>, address: IpAddr, client: &Client) -> bool {
    world.neighbours.is_outside(address) && client.absent_names() >= WALKED && !is_user(world, address)
}
