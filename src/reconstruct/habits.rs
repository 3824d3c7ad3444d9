//! Failures that are habits of one's own: a phone with an outdated secret, a carrier that asks whether
//! the server is alive.

use std::net::IpAddr;

use super::same_network;
use super::world::{Attempts, Party, World};
use crate::fold::uses::Kind;

/// Tries an hour that a phone does not exceed: the common ones wait ten seconds and more in between.
pub(super) const PHONE_TRIES: u64 = 400;
/// Hours of the same pace from which it is a machine's habit and nobody's search.
const STEADY_HOURS: usize = 6;

/// Returns whether an address's wrong tries on an account are those of the account's own phone.
///
/// A phone tries one account, at a steady pace, for as long as nobody mends it: under one Call-ID where
/// the log tells it, or from where the account is used with success. Where neither is told, an account
/// that nobody else uses meanwhile is likely to be its own.
pub(super) fn is_stale_phone(world: &World<'_>, account: &str, address: IpAddr) -> bool {
    let Some(party) = world.parties.get(&address) else { return false };
    if party.unknown_count > 0 || party.by_account.len() + party.other_accounts > 1 || party.probes > 0 {
        return false;
    }
    let Some(tried) = party.by_account.get(account) else { return false };
    // One try is under one Call-ID whoever makes it.
    let lasts = tried.first.zip(tried.last).is_some_and(|(first, last)| last.seconds_since(first) >= 60);
    (tried.is_one_phones() && lasts)
        || (is_steady(tried) && !is_used_elsewhere(world, account, address, tried))
}

/// Returns whether tries follow each other faster than any phone sends them or anybody types.
pub(super) fn is_hasty(tried: &Attempts) -> bool {
    const MANY: u64 = 20;
    /// A phone waits ten seconds and more; three of them may share an address and an account.
    const FASTEST_SECONDS: i64 = 3;
    let Some((first, last)) = tried.first.zip(tried.last) else { return false };
    let gaps = i64::try_from(tried.attempts.saturating_sub(1)).unwrap_or(i64::MAX);
    let in_a_burst = last.seconds_since(first) < gaps.saturating_mul(FASTEST_SECONDS);
    // Who guesses all night and pauses in between is as fast within the hour.
    let in_an_hour = tried.hours.values().any(|&tries| tries > 3_600 / FASTEST_SECONDS as u64);
    !tried.one_session && tried.attempts >= MANY && (in_a_burst || in_an_hour)
}

/// Returns whether tries keep one pace, slow enough for a phone, for hours.
fn is_steady(tried: &Attempts) -> bool {
    let hours: Vec<u64> = tried.hours.values().copied().collect();
    let Some(inner) =
        hours.get(1..hours.len().saturating_sub(1)).filter(|inner| inner.len() + 2 >= STEADY_HOURS)
    else {
        return false;
    };
    let mut sorted = inner.to_vec();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let near = inner.iter().filter(|&&tries| tries * 5 >= median * 4 && tries * 4 <= median * 5).count();
    median > 0 && median <= PHONE_TRIES && near * 10 >= inner.len() * 9
}

/// Returns whether somebody elsewhere used the account with success while the tries went on.
fn is_used_elsewhere(world: &World<'_>, account: &str, address: IpAddr, tried: &Attempts) -> bool {
    let (Some(first), Some(last)) = (tried.first, tried.last) else { return false };
    world.uses.get(account).into_iter().flatten().any(|used| {
        let is_there = used.address.is_some_and(|other| other == address || same_network(other, address));
        // chan_sip prints no renewal: who registered before holds the account until something is printed.
        let is_held = used.kind == Kind::Registered && used.first <= first;
        !is_there && used.first <= last && (used.last >= first || is_held)
    })
}

/// Returns whether all that an address sent is a keep-alive: `OPTIONS`, again and again, in one name.
///
/// A carrier whose address the configuration does not tell (a host name, which only DNS knew) is
/// answered with `No matching endpoint found` each time.
pub(super) fn is_keep_alive(party: &Party) -> bool {
    const MANY: u64 = 30;
    const LASTING_HOURS: usize = 6;
    party.options >= MANY
        && party.other_methods == 0
        // The security event of the same request does not tell its method.
        && party.failures.records <= party.options * 2
        && party.names_tried() <= 1
        && party.failures.hours.len() >= LASTING_HOURS
}
