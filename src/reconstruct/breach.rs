//! For each account: who used it that is not its owner.
//!
//! Everybody who used an account with success is looked at. What an address did before (wrong secrets,
//! sweeps) and what the calls made from it look like speak against it; that it was there from the
//! beginning, in the owner's network or used the account as others do, speaks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rayon::prelude::*;

use super::behaviour::{self, Behaviour, Destination, FRAUD_BY_ITSELF, FRAUD_LIKE};
use super::burst;
use super::calls::{Call, Chosen};
use super::guessing;
use super::habits;
use super::honest::{Group, groups, honest_destinations};
use super::night::Hours;
use super::same_network;
use super::standing::Standing;

use super::world::World;
use crate::event::Instant;

/// Distinct wrong tries on one account from which a success afterwards is a guess that came off; a
/// person mistypes two or three times.
const GUESSES: u64 = 5;
/// Tries that no person makes by hand, whatever came after.
const MANY_GUESSES: u64 = 20;
/// Names that do not exist, tried by one address: a sweep.
const SWEEP: usize = 5;
/// Points from which a use is a breach.
const BREACH: i32 = 4;

/// A use of an account that is not its owner's.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The account.
    pub account: String,
    /// From where; `None` where no record tells.
    pub address: Option<IpAddr>,
    /// The first use, by registration, credentials or call.
    pub first: Instant,
    /// Wrong tries of this address on this account before.
    pub guesses: u64,
    /// Did this address sweep names or guess at others as well?
    pub swept: bool,
    /// What its calls look like.
    pub behaviour: Behaviour,
    /// Its calls, indices into the world's.
    pub calls: Chosen,
    /// Points.
    pub score: i32,
    /// Was it there when the evidence begins?
    pub from_the_start: bool,
}

/// Finds every breach, in the order of time, the places that honest calls go to and the hours they are made at.
pub(super) fn find(world: &World<'_>) -> (Vec<Breach>, BTreeSet<Destination>, Hours) {
    let groups = groups(world);
    let hours = Hours::of(world, &groups);
    let honest = honest_destinations(world, &groups, &hours);
    let mut breaches: Vec<Breach> = groups
        .par_iter()
        .filter_map(|((account, address), group)| {
            Candidate { world, account, address: *address, group, honest: &honest, hours: &hours }.weigh()
        })
        .collect();
    let hostile: Vec<(String, IpAddr, Instant)> = breaches
        .iter()
        .filter(|breach| breach.score >= BREACH)
        .filter_map(|breach| Some((breach.account.clone(), breach.address?, breach.first)))
        .collect();
    let rushes = rushes(world, &breaches);
    let roaming = roaming(world, &hostile);
    for breach in &mut breaches {
        let is_roaming = roaming.contains(&breach.account);
        breach.score += company(breach, &hostile, is_roaming) + heralds(breach, &rushes);
    }
    add_crowds(world, &honest, &mut breaches);
    breaches.retain(|breach| breach.score >= BREACH);
    breaches.sort_by(|left, right| {
        (left.first, &left.account, left.address).cmp(&(right.first, &right.account, right.address))
    });
    (breaches, honest, hours)
}

/// Judges newcomers of one account together: an intruder may come from another address for each call.
fn add_crowds(world: &World<'_>, honest: &BTreeSet<Destination>, breaches: &mut [Breach]) {
    const CROWD: usize = 4;
    const CALLS_EACH: usize = 4;
    let mut crowds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, breach) in breaches.iter().enumerate() {
        let is_visit = breach.address.is_some() && !breach.from_the_start && breach.score < BREACH;
        if is_visit
            && !breach.calls.is_empty()
            && breach.calls.len() <= CALLS_EACH
            && breach.behaviour.novel > 0
        {
            crowds.entry(breach.account.clone()).or_default().push(index);
        }
    }
    for members in crowds.into_values().filter(|members| members.len() >= CROWD) {
        let mut indices: Vec<usize> =
            members.iter().filter_map(|&member| breaches.get(member)).flat_map(|b| b.calls.iter()).collect();
        indices.sort_unstable();
        let calls: Vec<&Call> = indices.iter().filter_map(|&index| world.calls.list.get(index)).collect();
        let together = behaviour::look(world, &calls, honest);
        if together.without_novelty() < 2 || together.score < FRAUD_LIKE {
            continue;
        }
        for member in members {
            if let Some(breach) = breaches.get_mut(member) {
                breach.score += together.score as i32;
                breach.behaviour.reasons.clone_from(&together.reasons);
            }
        }
    }
}

/// One account used from one place, to be judged.
struct Candidate<'a> {
    world: &'a World<'a>,
    account: &'a str,
    address: Option<IpAddr>,
    group: &'a Group,
    /// Where calls go that nobody doubts.
    honest: &'a BTreeSet<Destination>,
    /// When calls are made here.
    hours: &'a Hours,
}

impl<'a> Candidate<'a> {
    /// Judges the use; `None` where nothing can speak against it.
    fn weigh(&self) -> Option<Breach> {
        let standing = self.address.map(|address| self.world.neighbours.of(address));
        let is_shared = self.address.is_some_and(|address| self.world.neighbours.is_shared(address));
        let is_exempt = match standing {
            Some(Standing::Own | Standing::Trunk) => !is_shared,
            Some(Standing::Trusted) => true,
            Some(Standing::Inside | Standing::Outside) | None => false,
        };
        if self.group.first.is_none() || is_exempt {
            return None;
        }
        let is_settled = self.group.from_the_start && self.group.calls.iter().any(|call| self.is_usual(call));
        if standing == Some(Standing::Outside) && !is_settled { self.visit() } else { self.rush() }
    }

    /// Returns the calls at those indices, and what they look like together.
    fn look(&self, indices: impl Iterator<Item = usize>) -> (Vec<&'a Call>, Behaviour) {
        let calls: Vec<&Call> = indices.filter_map(|index| self.world.calls.list.get(index)).collect();
        let behaviour = behaviour::look(self.world, &calls, self.honest);
        (calls, behaviour)
    }

    fn is_usual(&self, call: usize) -> bool {
        let call = self.world.calls.list.get(call);
        call.is_some_and(|call| self.honest.contains(&call.destination))
    }

    /// Weighs a use from a place of its own.
    fn visit(&self) -> Option<Breach> {
        let first = self.group.first?;
        let (calls, mut behaviour) = self.look(self.group.calls.iter());
        self.weigh_strangers_calls(&calls, &mut behaviour);
        let party = self.address.and_then(|address| self.world.parties.get(&address));
        let tried = party.and_then(|party| party.by_account.get(self.account));
        let guesses = tried.filter(|tried| !tried.is_one_phones()).map_or(0, |tried| tried.before(first));
        let swept = self.address.zip(party).is_some_and(|(address, party)| {
            party.unknown_count >= SWEEP || self.world.foreign_accounts(address, party) >= 3
        });
        // Whoever had to guess first was not there before, however soon the log begins.
        let from_the_start = self.group.from_the_start && guesses < GUESSES;
        let mut score = behaviour.score as i32;
        let calls_home = calls_home(&calls, self.honest);
        score += guess_points(self.world, self.account, self.address, guesses, &behaviour, calls_home);
        if swept {
            score += 4;
        }
        if guesses < GUESSES && !swept && !behaviour.shows_many && calls_as_others(&calls, self.honest) {
            score -= 3;
        }
        if from_the_start {
            score -= 2;
        } else {
            score += i32::from(!calls.is_empty() && behaviour.score > 0);
        }
        Some(Breach {
            account: self.account.to_owned(),
            address: self.address,
            first,
            guesses,
            swept,
            behaviour,
            calls: self.group.calls.clone(),
            score,
            from_the_start,
        })
    }

    /// Weighs what speaks against calls from a place of their own only where most go where nobody here calls.
    fn weigh_strangers_calls(&self, calls: &[&Call], behaviour: &mut Behaviour) {
        const MANY: usize = 10;
        let is_long = burst::is_long_row(calls);
        if behaviour.novel == 0 || behaviour.novel * 10 < behaviour.calls * 9 {
            // Numbers that cost may be one's own country's.
            if is_long && self.is_anothers() && self.are_strange(calls) && self.is_night(calls) {
                behaviour.score += 3;
                behaviour.reasons.push(format!("{}, {}", burst::LONG_ROW, burst::QUIET_HOURS));
            }
            return;
        }
        let is_risky = behaviour::is_risky(self.world, calls);
        if is_long && (is_risky || self.is_anothers()) {
            behaviour.score += 2;
            behaviour.reasons.push(burst::LONG_ROW.to_owned());
        } else if calls.len() >= MANY && is_risky && self.is_night(calls) {
            behaviour.score += 1;
            behaviour.reasons.push(burst::QUIET_HOURS.to_owned());
        } else if self.is_anothers() && behaviour::are_paid_for(self.world, calls) {
            behaviour.score += 1;
            behaviour
                .reasons
                .push("nearly all to numbers that exist to be paid for by the caller".to_owned());
        }
    }

    /// Are nearly all calls to places that no honest call goes to?
    fn are_strange(&self, calls: &[&Call]) -> bool {
        let outward = || calls.iter().filter(|call| call.is_outward());
        let strange = outward().filter(|call| !self.honest.contains(&call.destination)).count();
        strange > 0 && strange * 10 >= outward().count() * 9
    }

    /// Did a newcomer make the calls at hours when nobody else here does?
    fn is_night(&self, calls: &[&Call]) -> bool {
        !self.group.from_the_start && self.hours.are_all_quiet(calls)
    }

    /// Is the account used from elsewhere as well, so that somebody else is likely to own it?
    fn is_anothers(&self) -> bool {
        let mut uses = self.world.uses.get(self.account).into_iter().flatten();
        uses.any(|used| used.address.is_some() && used.address != self.address)
    }

    /// Weighs calls that the owner's place, or no place, is known for: they need to speak for themselves.
    fn rush(&self) -> Option<Breach> {
        let indices = burst::find(self.world, self.group.calls.iter(), self.honest);
        let (calls, mut behaviour) = self.look(indices.iter().copied());
        let first = calls.first()?.start();
        burst::add_marks(&calls, self.hours, &mut behaviour);
        if guessing::find(self.world, self.account, first, &[]).tries > 0 {
            behaviour.score += 3;
        }
        if behaviour.score < FRAUD_BY_ITSELF {
            return None;
        }
        Some(Breach {
            account: self.account.to_owned(),
            address: None,
            first,
            guesses: 0,
            swept: false,
            score: behaviour.score as i32,
            behaviour,
            from_the_start: self.group.from_the_start
                && self.group.calls.iter().next() == indices.first().copied(),
            calls: indices.into_iter().collect(),
        })
    }
}

/// Most calls go where others here call: a branch or an agent, however busy.
fn calls_as_others(calls: &[&Call], honest: &BTreeSet<Destination>) -> bool {
    let outward = || calls.iter().filter(|call| call.is_outward());
    let usual = outward().filter(|call| honest.contains(&call.destination)).count();
    let all = outward().count();
    all > 0 && usual * 10 >= all * 7
}

/// Many of the calls go to places of one's own country where others here call: an owner who is on the road.
fn calls_home(calls: &[&Call], honest: &BTreeSet<Destination>) -> bool {
    const CALLS: usize = 2;
    let outward = || calls.iter().filter(|call| call.is_outward());
    let is_home = |call: &&&Call| !call.destination.is_abroad() && honest.contains(&call.destination);
    let home = outward().filter(is_home).count();
    home >= CALLS && home * 3 >= outward().count()
}

/// Returns points for wrong secrets before the right one.
fn guess_points(
    world: &World<'_>,
    account: &str,
    address: Option<IpAddr>,
    guesses: u64,
    behaviour: &Behaviour,
    calls_home: bool,
) -> i32 {
    if guesses < GUESSES {
        return 0;
    }
    let is_hasty = address
        .and_then(|address| world.failures(address, account))
        .is_some_and(|tried| guesses >= MANY_GUESSES && habits::is_hasty(tried));
    let is_phone = address.is_some_and(|address| habits::is_stale_phone(world, account, address));
    // A tool that found the secret may keep the registration for days before it calls.
    let is_typed = guesses < MANY_GUESSES && calls_home && behaviour.without_novelty() == 0;
    if is_phone || is_typed || !is_hasty && is_settled(world, account, address, behaviour) {
        1
    } else if guesses >= MANY_GUESSES || behaviour.score > 0 {
        4
    } else {
        3
    }
}

/// Returns whether an address that failed at first went on to use the account as an owner does: a
/// phone whose secret was set right again.
fn is_settled(world: &World<'_>, account: &str, address: Option<IpAddr>, behaviour: &Behaviour) -> bool {
    let Some(address) = address else { return false };
    let uses: Vec<_> = world.uses_from(account, address).collect();
    let count: u64 = uses.iter().map(|used| used.count).sum();
    let first = uses.iter().map(|used| used.first).min();
    let last = uses.iter().map(|used| used.last).max();
    let lasts = first.zip(last).is_some_and(|(first, last)| last.seconds_since(first) >= 4 * 3_600);
    lasts && count >= 5 && behaviour.score < 2
}

/// Returns points for the company a use keeps: of an account that was broken into, or in the network
/// of somebody who did. A new place of an account whose owner is on the road says nothing.
fn company(breach: &Breach, hostile: &[(String, IpAddr, Instant)], is_roaming: bool) -> i32 {
    let Some(address) = breach.address.filter(|_| !breach.from_the_start && breach.score < BREACH) else {
        return 0;
    };
    let same_account = hostile.iter().any(|(account, other, first)| {
        account == &breach.account && *other != address && breach.first >= *first && is_short(breach)
    }) && !is_roaming;
    let neighbour = hostile.iter().any(|(_, other, _)| *other != address && same_network(*other, address));
    // Once a secret is out, whoever comes new and makes odd calls, or none, is no owner.
    i32::from(neighbour) * 4
        + if same_account {
            if breach.behaviour.score > 0 || breach.calls.is_empty() { 4 } else { 0 }
        } else {
            0
        }
}

/// Returns the accounts of those that were broken into whose owners came from ever other places long before.
fn roaming(world: &World<'_>, hostile: &[(String, IpAddr, Instant)]) -> BTreeSet<String> {
    const PLACES: usize = 4;
    const BEFORE_SECONDS: i64 = 86_400;
    let is_roaming = |account: &String, breach: Instant| {
        let before = breach.plus_seconds(-BEFORE_SECONDS);
        let uses = world.uses.get(account).into_iter().flatten().filter(|used| used.first <= before);
        let places = uses.filter_map(|used| used.address);
        places.filter(|place| world.neighbours.is_outside(*place)).collect::<BTreeSet<_>>().len() >= PLACES
    };
    let mut first: BTreeMap<&String, Instant> = BTreeMap::new();
    for (account, _, at) in hostile {
        first.entry(account).and_modify(|known| *known = (*known).min(*at)).or_insert(*at);
    }
    first
        .into_iter()
        .filter(|(account, at)| is_roaming(account, *at))
        .map(|(account, _)| account.clone())
        .collect()
}

/// Returns the accounts whose calls are fraud by themselves while no record tells from where they came: with when the
/// first began and when the last did.
fn rushes(world: &World<'_>, breaches: &[Breach]) -> BTreeMap<String, (Instant, Instant)> {
    /// More places than that are no office and one stranger.
    const MOST_PLACES: usize = 2;
    let mut strangers: BTreeMap<&str, usize> = BTreeMap::new();
    for breach in breaches.iter().filter(|breach| breach.address.is_some()) {
        *strangers.entry(&breach.account).or_default() += 1;
    }
    let blamed = breaches.iter().filter(|breach| breach.score >= BREACH && breach.address.is_none());
    let blamed =
        blamed.filter(|breach| strangers.get(breach.account.as_str()).is_some_and(|&n| n <= MOST_PLACES));
    let span = |breach: &Breach| {
        let last = breach.calls.iter().last().and_then(|index| world.calls.list.get(index))?;
        Some((breach.account.clone(), (breach.first, last.start())))
    };
    blamed.filter_map(span).collect()
}

/// Returns points for a stranger who was let in shortly before calls that are fraud by themselves, and made none
/// that a record would tell apart.
fn heralds(breach: &Breach, rushes: &BTreeMap<String, (Instant, Instant)>) -> i32 {
    const BEFORE_SECONDS: i64 = 2 * 3_600;
    let is_visit = breach.address.is_some() && !breach.from_the_start && breach.calls.is_empty();
    let is_near = rushes.get(&breach.account).is_some_and(|(first, last)| {
        breach.first >= first.plus_seconds(-BEFORE_SECONDS) && breach.first <= *last
    });
    if is_visit && is_near { BREACH } else { 0 }
}

fn is_short(breach: &Breach) -> bool {
    breach.behaviour.calls == breach.calls.len()
}
