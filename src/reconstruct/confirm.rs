//! What only the people who use the accounts can tell.
//!
//! An account that is used from a place it was never used from before is most often its owner on the
//! road; a phone with an outdated secret and a patient guesser leave the same lines. Neither is blamed,
//! and neither is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::habits;
use super::same_network;
use super::world::{Use, World};
use crate::event::{Citation, Instant};
use crate::fold::uses::Kind as Used;

/// Wrong secrets before a success that are worth telling; anybody mistypes once or twice.
const TELLING: u64 = 5;

/// What makes somebody ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The account was used after so many wrong secrets from the same address.
    AfterWrongSecrets(u64),
    /// So many wrong secrets at a steady pace, and no success.
    KeepsFailing(u64),
    /// The account was never used from that network before.
    NewPlace,
}

/// One account and one network, to be asked about.
#[derive(Clone, Debug)]
pub struct Question {
    /// What makes one ask.
    pub doubt: Doubt,
    /// The account.
    pub account: String,
    /// The first address of the network.
    pub address: IpAddr,
    /// How many addresses of the network.
    pub addresses: usize,
    /// Records of its use that was accepted from there.
    pub uses: u64,
    /// First use, or first wrong secret.
    pub first: Instant,
    /// The last.
    pub last: Instant,
    /// Telling lines.
    pub lines: Vec<Citation>,
}

/// Finds all that is to be confirmed, what weighs most first; `involved` are the addresses of incidents.
pub fn find(world: &World<'_>, involved: &BTreeSet<IpAddr>) -> Vec<Question> {
    let mut questions: Vec<Question> = world
        .uses
        .iter()
        .filter(|(account, _)| !world.trunks.contains(*account))
        .flat_map(|(account, uses)| new_places(world, account, uses, involved))
        .chain(world.parties.keys().filter_map(|address| keeps_failing(world, *address, involved)))
        .collect();
    questions.sort_by(|left, right| {
        let weight = |question: &Question| match question.doubt {
            Doubt::AfterWrongSecrets(_) => 0,
            Doubt::KeepsFailing(_) => 1,
            Doubt::NewPlace => 2,
        };
        (weight(left), &left.account, left.first, left.address).cmp(&(
            weight(right),
            &right.account,
            right.first,
            right.address,
        ))
    });
    questions
}

/// Returns the networks outside from which an account was used that it was not used from at the start.
fn new_places(world: &World<'_>, account: &str, uses: &[Use], involved: &BTreeSet<IpAddr>) -> Vec<Question> {
    let usual: Vec<IpAddr> =
        uses.iter().filter(|used| used.from_the_start).filter_map(|used| used.address).collect();
    let mut places: BTreeMap<IpAddr, (Question, BTreeSet<IpAddr>)> = BTreeMap::new();
    for used in uses.iter().filter(|used| used.kind != Used::Unregistered) {
        let Some(address) = used.address.filter(|address| world.neighbours.is_outside(*address)) else {
            continue;
        };
        if involved.contains(&address) || usual.iter().any(|known| same_network(*known, address)) {
            continue;
        }
        let (question, addresses) = places.entry(network(address)).or_insert_with(|| {
            (
                Question {
                    doubt: doubt_of(world, account, address, used.first),
                    account: account.to_owned(),
                    address,
                    addresses: 0,
                    uses: 0,
                    first: used.first,
                    last: used.last,
                    lines: used.lines.iter().take(1).cloned().collect(),
                },
                BTreeSet::new(),
            )
        });
        question.uses += used.count;
        question.first = question.first.min(used.first);
        question.last = question.last.max(used.last);
        addresses.insert(address);
    }
    let counted =
        places.into_values().map(|(question, addresses)| Question { addresses: addresses.len(), ..question });
    counted.collect()
}

fn doubt_of(world: &World<'_>, account: &str, address: IpAddr, first: Instant) -> Doubt {
    match world.failures(address, account).map_or(0, |tried| tried.before(first)) {
        wrong if wrong >= TELLING => Doubt::AfterWrongSecrets(wrong),
        _ => Doubt::NewPlace,
    }
}

/// Returns the first address of the network that [`same_network`] compares.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            IpAddr::from([first, second, third, 0])
        }
        IpAddr::V6(address) => {
            let [first, second, third, ..] = address.segments();
            IpAddr::from([first, second, third, 0, 0, 0, 0, 0])
        }
    }
}

/// Asks about an address that fails at one account as its phone would, where no Call-ID shows that one
/// phone it is and no success that it is the account's.
fn keeps_failing(world: &World<'_>, address: IpAddr, involved: &BTreeSet<IpAddr>) -> Option<Question> {
    let party = world.parties.get(&address)?;
    let (account, tried) = party.by_account.first_key_value()?;
    let is_used_there = || {
        let uses = world.uses.get(account).into_iter().flatten();
        uses.filter_map(|used| used.address).any(|used| same_network(used, address))
    };
    if involved.contains(&address)
        || !world.neighbours.is_outside(address)
        || tried.one_session
        || !habits::is_stale_phone(world, account, address)
        || is_used_there()
    {
        return None;
    }
    Some(Question {
        doubt: Doubt::KeepsFailing(tried.attempts),
        account: account.clone(),
        address,
        addresses: 1,
        uses: 0,
        first: tried.first?,
        last: tried.last?,
        lines: tried.lines.clone(),
    })
}
