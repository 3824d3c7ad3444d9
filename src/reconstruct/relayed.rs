//! Calls that two servers record: the proxy in front, which knows where a call came from, and the server behind it,
//! to which everything comes from the proxy.
//!
//! They share neither channel nor id. What was dialled and when tells that they are one.

use std::collections::{BTreeSet, HashMap};

use super::call_facts::row_at;
use super::calls::{At, Call, Calls, Id, Mark};
use super::world::{Told, World};
use crate::event::Instant;
use crate::fold::hash;

/// How long before the proxy's record of the answer the server's call may have begun: it rang.
const RINGING_SECONDS: i64 = 120;
/// How much the two clocks may differ.
const APART_SECONDS: i64 = 3;
/// Calls of one number looked at for each.
const MOST_LOOKED_AT: usize = 64;

/// Takes out the proxy's record of each call that the server behind it records as well, and gives that one's the
/// address it came from.
pub(super) fn merge(told: &[Told<'_>], calls: &mut Calls) {
    let is_proxys = |call: &Call| row_at(told, call.row).is_some_and(|(row, _)| row.kind.is_transaction());
    // Hardly any server has a proxy in front that keeps records, and there may be a million calls to make lists of.
    if !calls.iter().any(is_proxys) || calls.iter().all(is_proxys) {
        return;
    }
    let (proxied, own): (Vec<usize>, Vec<usize>) =
        (0..calls.list.len()).partition(|&index| calls.list.get(index).is_some_and(is_proxys));
    let mut matching = Matching::of(told, calls, &own);
    let pairs: Vec<(usize, usize)> =
        proxied.iter().filter_map(|&index| Some((index, matching.take(told, calls, index)?))).collect();
    let callers = callers(calls, &pairs);
    for (relayed, own) in &pairs {
        let Some((account, address, origin)) =
            calls.list.get(*relayed).map(|call| (call.account, call.address, call.origin))
        else {
            continue;
        };
        let Some(call) = calls.list.get_mut(*own).filter(|_| callers.contains(&address)) else { continue };
        (call.account, call.address, call.origin) = (account, address, origin);
        call.mark(Mark::FromTrunk, false);
    }
    let twice: BTreeSet<usize> = pairs.into_iter().map(|(relayed, _)| relayed).collect();
    let mut index = 0;
    calls.list.retain(|_| {
        index += 1;
        !twice.contains(&(index - 1))
    });
}

/// Returns the addresses that are callers' own: not the server's, which sends the proxy what goes on to a carrier
/// and is where all of its accounts seem to call from.
fn callers(calls: &Calls, pairs: &[(usize, usize)]) -> BTreeSet<Id> {
    const SHARED: usize = 4;
    let mut accounts: HashMap<Id, BTreeSet<Id>> = HashMap::new();
    let relayed = || pairs.iter().filter_map(|(relayed, _)| calls.list.get(*relayed));
    for call in relayed().filter(|call| call.address != Id::NONE) {
        accounts.entry(call.address).or_default().insert(call.account);
    }
    let all: BTreeSet<Id> = relayed().map(|call| call.account).collect();
    let is_callers = |accounts: &BTreeSet<Id>| accounts.len() < SHARED || accounts.len() * 10 < all.len() * 8;
    accounts.into_iter().filter(|(_, accounts)| is_callers(accounts)).map(|(address, _)| address).collect()
}

/// The server's own calls by what was dialled.
struct Matching {
    by_number: HashMap<u64, Vec<(Instant, usize)>>,
    taken: BTreeSet<usize>,
}

impl Matching {
    fn of(told: &[Told<'_>], calls: &Calls, own: &[usize]) -> Self {
        let mut by_number: HashMap<u64, Vec<(Instant, usize)>> = HashMap::new();
        for &index in own {
            let Some(call) = calls.list.get(index) else { continue };
            if let Some(number) = number(told, call) {
                by_number.entry(number).or_default().push((call.start(), index));
            }
        }
        by_number.values_mut().for_each(|starts| starts.sort_unstable());
        Matching { by_number, taken: BTreeSet::new() }
    }

    /// Finds the server's record of a call of the proxy's: the last that began before it was answered, and that
    /// went on then.
    fn take(&mut self, told: &[Told<'_>], calls: &Calls, relayed: usize) -> Option<usize> {
        let call = calls.list.get(relayed)?;
        let starts = self.by_number.get(&number(told, call)?)?;
        let end = starts.partition_point(|(start, _)| start.seconds_since(call.start()) <= APART_SECONDS);
        let near = starts.get(..end)?.iter().rev().take(MOST_LOOKED_AT);
        let fits = |index: usize, start: Instant| {
            let known = calls.list.get(index);
            let is_up = known.is_some_and(|known| {
                known.row == At::NONE || call.start().seconds_since(known.end()) <= APART_SECONDS
            });
            is_up && call.start().seconds_since(start) <= RINGING_SECONDS && !self.taken.contains(&index)
        };
        let free: Vec<usize> =
            near.filter(|(start, index)| fits(*index, *start)).map(|(_, index)| *index).collect();
        let same =
            |index: &&usize| calls.list.get(**index).is_some_and(|known| known.account == call.account);
        let found = free.iter().find(same).or(free.first()).copied()?;
        self.taken.insert(found);
        Some(found)
    }
}

/// Returns what was dialled, hashed, of a call that a record tells.
fn number(told: &[Told<'_>], call: &Call) -> Option<u64> {
    let (_, text) = row_at(told, call.row.plus(call.dialed))?;
    let digits = text.dst.iter().filter(|byte| byte.is_ascii_digit()).count();
    (digits >= 3).then(|| hash(&text.dst))
}

impl World<'_> {
    /// Returns whether nearly everybody here comes from an address and always did: the proxy in front of the
    /// server, or the office's own router. Whoever else comes from there has an address that this evidence does
    /// not tell.
    pub fn is_everybodys(&self, address: std::net::IpAddr) -> bool {
        const MANY: usize = 4;
        let Some(accounts) = self.users.get(&address).filter(|accounts| accounts.len() >= MANY) else {
            return false;
        };
        let is_old = |account: &&String| self.uses_from(account, address).any(|used| used.from_the_start);
        let old = accounts.iter().filter(is_old).count();
        old >= MANY && old * 10 >= self.uses.len() * 6
    }
}
