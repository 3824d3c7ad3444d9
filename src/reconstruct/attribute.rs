//! Where each call came from.
//!
//! The caller's audio is best; then the credentials accepted at that second; then the registration in
//! force. An address of a carrier or of the server tells nothing. Where two hold an account at once
//! (chan_sip keeps one contact, yet takes calls from whoever knows the secret), the place called
//! decides: each has their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::behaviour::Destination;
use super::calls::{Calls, Mark, Origin};
use super::standing::Standing;
use super::world::{Use, World};
use crate::event::{Instant, Service};
use crate::fold::uses::Kind as Used;
use crate::numbering::international_digits;

/// How long a registration of chan_sip or IAX2 holds at most: `maxexpiry` is an hour unless set, and
/// every renewal is printed.
const HELD_SECONDS: i64 = 3_600;
/// Runs looked at backwards from an instant. Runs of one source follow one another, so those that
/// overlap are as many as there are sources.
const MOST_OVERLAPPING: usize = 64;

/// Tells where each call came from.
pub(super) fn attribute(world: &mut World<'_>) {
    let mut calls = std::mem::take(&mut world.calls);
    forget_servers(world, &mut calls);
    tell_incoming(world, &mut calls);
    let mut by_account: Vec<Vec<u32>> = vec![Vec::new(); calls.accounts.len()];
    let is_used: Vec<bool> = calls.accounts.iter().map(|account| world.uses.contains_key(account)).collect();
    for (index, call) in calls.list.iter().enumerate().filter(|(_, call)| !call.from_trunk()) {
        let account = call.account_index();
        if let Some(own) = by_account.get_mut(account).filter(|_| is_used.get(account) == Some(&true)) {
            own.push(index as u32);
        }
    }
    let mut undecided = Vec::new();
    for (account, indices) in by_account.iter().enumerate() {
        let uses = calls.accounts.get(account).and_then(|account| world.uses.get(account));
        if let Some(uses) = uses {
            let holders = Holders::new(uses, world.registrations_until);
            place_calls(uses, holders, &mut calls, indices, &mut undecided);
        }
    }
    world.calls = calls;
    decide(world, undecided);
}

/// Audio that comes from the carrier or from the server itself is not the caller's.
fn forget_servers(world: &World<'_>, calls: &mut Calls) {
    // Calls are many, addresses few.
    let neighbours = &world.neighbours;
    let standings: Vec<(Standing, Option<&BTreeSet<String>>)> = calls
        .addresses
        .all()
        .iter()
        .map(|address| {
            let users = world.users.get(address).filter(|_| neighbours.is_claimed(*address));
            (neighbours.by_configuration(*address), users)
        })
        .collect();
    let nobody = calls.accounts.iter().position(|account| account == "anonymous");
    for call in &mut calls.list {
        let Some((standing, users)) = standings.get(call.address_index()) else { continue };
        // Whoever logged in to the phone's account from there is the caller, whatever the configuration calls him.
        let account = calls.accounts.get(call.account_index());
        if users.zip(account).is_some_and(|(users, account)| users.contains(account)) {
            continue;
        }
        let is_trunk = *standing == Standing::Trunk;
        if !is_trunk && *standing != Standing::Own {
            continue;
        }
        let is_nobodys = nobody == Some(call.account_index());
        let comes_in = match call.origin {
            Origin::Signalling => is_trunk && is_nobodys,
            Origin::Record => is_trunk,
            _ => false,
        };
        call.mark(Mark::FromTrunk, call.from_trunk() || comes_in);
        call.forget_address();
    }
}

/// Tells calls that come in from elsewhere, where no file names the carrier: a proxy accounts them like
/// those of its own phones, but the caller is a telephone number that no account has, and the call goes
/// on into the house. A number that begins with the prefix for calls abroad is no number of the house.
fn tell_incoming(world: &World<'_>, calls: &mut Calls) {
    let may_come_in: Vec<bool> = calls.accounts.iter().map(|caller| is_elsewhere(world, caller)).collect();
    for call in &mut calls.list {
        let is_record = call.origin == Origin::Record;
        if !is_record || may_come_in.get(call.account_index()) != Some(&true) {
            continue;
        }
        let dialed = world.dialed(call);
        let goes_abroad = !dialed.starts_with(b"+") && international_digits(dialed).is_some();
        let stays = world
            .next_hop(call)
            .is_some_and(|hop| matches!(world.neighbours.of(hop), Standing::Own | Standing::Inside));
        if stays && !goes_abroad {
            call.mark(Mark::FromTrunk, true);
            call.forget_address();
        }
    }
}

/// Returns whether a caller is a telephone number that no account has, or nobody.
fn is_elsewhere(world: &World<'_>, caller: &str) -> bool {
    /// Digits of a telephone number, at least.
    const CALLER_DIGITS: usize = 7;
    let digits = caller.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits >= CALLER_DIGITS && digits + 1 >= caller.len();
    (is_number || super::trunks::is_nobody(caller)) && !world.confirmed.contains(caller)
}

/// Calls that several addresses may have made, and who registered last where that is long ago for all of them.
type Undecided = Vec<(usize, Vec<IpAddr>, Option<IpAddr>)>;

/// Places the calls of one account, given in the order of their start.
fn place_calls(
    uses: &[Use],
    mut holders: Holders<'_>,
    calls: &mut Calls,
    indices: &[u32],
    undecided: &mut Undecided,
) {
    let accepted = Accepted::new(uses);
    for &index in indices {
        let index = index as usize;
        let Some(call) = calls.list.get(index).filter(|call| calls.address(call).is_none()) else { continue };
        let (addresses, origin) = match accepted.at(call.start()) {
            none if none.is_empty() => (holders.at(call.start()), Origin::Registration),
            some => (some, Origin::Authentication),
        };
        let last = if origin == Origin::Registration { holders.last_of_lapsed() } else { None };
        match addresses.as_slice() {
            [] => {}
            [address] => calls.place(index, Some(*address), origin),
            _ => undecided.push((index, addresses, last)),
        }
    }
}

/// The runs in which an account's credentials were accepted.
struct Accepted {
    /// First, last and address, by first.
    runs: Vec<(Instant, Instant, IpAddr)>,
    /// The latest end of any run up to this one.
    latest: Vec<Instant>,
}

impl Accepted {
    fn new(uses: &[Use]) -> Self {
        let accepted = uses.iter().filter(|used| used.kind == Used::Authenticated);
        let runs: Vec<_> = accepted.filter_map(|used| Some((used.first, used.last, used.address?))).collect();
        let latest = runs
            .iter()
            .scan(Instant(i64::MIN), |latest, run| {
                *latest = (*latest).max(run.1);
                Some(*latest)
            })
            .collect();
        Accepted { runs, latest }
    }

    /// Returns the addresses from which credentials were accepted around an instant.
    fn at(&self, at: Instant) -> Vec<IpAddr> {
        // The row's start is cut to the second; the answer to the challenge lies within it or just before.
        let wide = self.between(at.plus_seconds(-1), at.plus_seconds(1));
        if wide.len() <= 1 {
            return wide;
        }
        let narrow = self.between(at, at.plus_seconds(1));
        if narrow.is_empty() { wide } else { narrow }
    }

    fn between(&self, from: Instant, to: Instant) -> Vec<IpAddr> {
        let end = self.runs.partition_point(|run| run.0 <= to);
        let mut addresses = Vec::new();
        for index in (0..end).rev().take(MOST_OVERLAPPING) {
            let (Some(run), Some(latest)) = (self.runs.get(index), self.latest.get(index)) else { break };
            if *latest < from {
                break;
            }
            if run.1 >= from {
                addresses.push(run.2);
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

/// Who holds an account's registration, as time goes on.
struct Holders<'a> {
    uses: &'a [Use],
    /// When the last log ends that would tell of an end.
    watched_until: Instant,
    next: usize,
    /// Since when, and until when at most.
    held: BTreeMap<IpAddr, (Instant, Instant)>,
    latest: Option<IpAddr>,
    /// Who came before the latest.
    before: Option<IpAddr>,
}

impl<'a> Holders<'a> {
    fn new(uses: &'a [Use], watched_until: Option<Instant>) -> Self {
        let watched_until = watched_until.unwrap_or(Instant(i64::MAX));
        Holders { uses, watched_until, next: 0, held: BTreeMap::new(), latest: None, before: None }
    }

    /// Returns who may have called at an instant, which must not lie before the one asked for last.
    fn at(&mut self, at: Instant) -> Vec<IpAddr> {
        while let Some(used) = self.uses.get(self.next).filter(|used| used.first <= at.plus_seconds(1)) {
            self.take(used);
            self.next += 1;
        }
        self.held.retain(|_, (_, until)| *until >= at);
        if self.held.is_empty() {
            // All have lapsed: a phone needs no registration to call, and whoever had the account before may be back.
            return self.latest.into_iter().chain(self.before).collect();
        }
        self.held.keys().copied().collect()
    }

    /// Returns who registered last, if the registrations of all have lapsed by the instant asked for last.
    fn last_of_lapsed(&self) -> Option<IpAddr> {
        self.latest.filter(|_| self.held.is_empty())
    }

    fn take(&mut self, used: &Use) {
        match (used.kind, used.address) {
            (Used::Registered, Some(address)) => {
                // PJSIP prints no renewal: what it added stays until it says so, or nobody is left to say it.
                let until = match used.service {
                    Service::Pjsip => self.watched_until,
                    _ => used.last.plus_seconds(HELD_SECONDS),
                };
                self.held.insert(address, (used.first, until));
                if self.latest != Some(address) {
                    self.before = self.latest.replace(address);
                }
            }
            (Used::Unregistered, Some(address)) => {
                // A phone that comes back from another port is removed and added in one second.
                if self.held.get(&address).is_some_and(|(since, _)| *since >= used.first) {
                    return;
                }
                self.held.remove(&address);
                self.latest = self.latest.filter(|latest| *latest != address);
            }
            (Used::Unregistered, None) => {
                self.held.clear();
                (self.latest, self.before) = (None, None);
            }
            _ => {}
        }
    }
}

/// Gives calls that several addresses may have made to one of them.
fn decide(world: &mut World<'_>, undecided: Undecided) {
    if undecided.is_empty() {
        return;
    }
    let mut certain: BTreeSet<(usize, IpAddr, Destination)> = BTreeSet::new();
    let mut earliest: HashMap<Destination, Instant> = HashMap::new();
    for call in world.calls.iter() {
        let place = call.destination;
        if let Some(address) = world.address_of(call) {
            certain.insert((call.account_index(), address, place));
        }
        earliest.entry(place).or_insert(call.start());
    }
    let mut seen = FirstSeen::default();
    let mut decided = Vec::new();
    for (index, candidates, last) in undecided {
        let Some(call) = world.calls.list.get(index) else { continue };
        let account = call.account_index();
        let place = call.destination;
        let mut known = candidates.iter().filter(|address| certain.contains(&(account, **address, place)));
        let one = match (known.next(), known.next()) {
            (Some(address), None) => Some(*address),
            _ => {
                let since = earliest.get(&place).copied().unwrap_or(call.start());
                // chan_sip prints no renewal: whoever took the account back goes on to hold it unseen.
                let holder = last.filter(|_| !place.is_costly());
                seen.choose(world, account, &candidates, since, holder)
            }
        };
        decided.extend(one.map(|address| (index, address)));
    }
    for (index, address) in decided {
        world.calls.place(index, Some(address), Origin::Place);
    }
}

/// When each address first used each account.
#[derive(Default)]
struct FirstSeen {
    accounts: HashMap<usize, BTreeMap<IpAddr, Instant>>,
}

impl FirstSeen {
    /// Chooses between two: a place that was called before the newcomer came is not the newcomer's. A new
    /// one is, unless somebody is known who holds the account and would call there.
    fn choose(
        &mut self,
        world: &World<'_>,
        account: usize,
        candidates: &[IpAddr],
        place_since: Instant,
        holder: Option<IpAddr>,
    ) -> Option<IpAddr> {
        let first = self.accounts.entry(account).or_insert_with(|| {
            let uses = world.calls.accounts.get(account).and_then(|name| world.uses.get(name));
            let mut first = BTreeMap::new();
            for used in uses.into_iter().flatten() {
                if let Some(address) = used.address {
                    first.entry(address).or_insert(used.first);
                }
            }
            first
        });
        let mut by_time: Vec<(Instant, IpAddr)> =
            candidates.iter().filter_map(|address| Some((*first.get(address)?, *address))).collect();
        by_time.sort_unstable();
        let (newest, address) = by_time.pop()?;
        if place_since >= newest {
            return holder.or(Some(address));
        }
        // Of several that were there before, nobody knows which.
        let before = by_time.pop().map(|(_, address)| address);
        before.filter(|_| by_time.is_empty())
    }
}
