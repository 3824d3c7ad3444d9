//! The guessing that led to a breach: by the intruder's own addresses, by a crowd, or by one who stopped
//! just before somebody else came in.

use std::net::IpAddr;

use super::same_network;
use super::world::World;
use crate::event::Instant;

/// Guessing at an account by those who have to do with its breach.
#[derive(Clone, Debug, Default)]
pub struct Guessing {
    /// Who guessed and belongs to the intruder.
    pub guessers: Vec<IpAddr>,
    /// Their tries on the account before the breach.
    pub tries: u64,
    /// Did the address that got in guess itself?
    pub own: bool,
    /// Did the tries end with the breach?
    pub ended: bool,
    /// Are they many addresses with few tries each?
    pub distributed: bool,
    /// The last wrong try before the breach.
    pub last: Option<Instant>,
    /// Addresses that guessed at the account and that nothing ties to the intruder.
    pub strangers: usize,
    /// Their tries before the breach.
    pub strangers_tries: u64,
    /// Tries before the breach whose addresses were too many to be told apart.
    pub unpaired: u64,
    /// Were there so many names that single tries on this one may have been forgotten?
    pub has_forgotten: bool,
}

impl Guessing {
    /// Returns whether no guess of the intruder is known, and one may well have been.
    pub fn is_blurred(&self) -> bool {
        self.tries == 0 && (self.unpaired > 0 || self.has_forgotten)
    }
}

/// Finds the guessing that led to a breach.
pub(super) fn find(world: &World<'_>, account: &str, breach: Instant, insiders: &[IpAddr]) -> Guessing {
    let mut guessing = Guessing::default();
    let mut others: Vec<(IpAddr, u64, Instant, Instant)> = Vec::new();
    for (address, party) in &world.parties {
        let Some(tried) = party.by_account.get(account) else { continue };
        let (Some(first), Some(last)) = (tried.first, tried.last) else { continue };
        // Behind a proxy or a router's own address strangers come from inside.
        if first > breach
            || !(world.neighbours.is_outside(*address) || world.is_everybodys(*address))
            || tried.is_one_phones() && tried.attempts > 3
        {
            continue;
        }
        let tries = tried.before(breach);
        let is_insider = insiders.contains(address);
        if is_insider || insiders.iter().any(|insider| same_network(*insider, *address)) {
            guessing.guessers.push(*address);
            guessing.tries += tries;
            guessing.own |= is_insider && tries > 0;
            guessing.last = guessing.last.max(Some(last.min(breach)));
            guessing.ended |= last <= breach.plus_seconds(60);
        } else {
            others.push((*address, tries, first, last));
        }
    }
    add_distributed(&mut guessing, &others, breach);
    if guessing.guessers.is_empty() {
        add_lone(&mut guessing, &others, breach);
    }
    add_companions(&mut guessing, &others, breach);
    let strangers = others.iter().filter(|other| other.1 > 0 && !guessing.guessers.contains(&other.0));
    for (_, tries, _, _) in strangers {
        guessing.strangers += 1;
        guessing.strangers_tries += tries;
    }
    guessing.unpaired = world.unpaired_before(account, breach);
    guessing.has_forgotten = world.has_forgotten(account);
    guessing
}

/// A crowd of addresses with a few tries each is one party: it shares the target and the hours.
fn add_distributed(guessing: &mut Guessing, others: &[(IpAddr, u64, Instant, Instant)], breach: Instant) {
    const CROWD: usize = 8;
    const FEW: u64 = 12;
    let crowd: Vec<_> = others
        .iter()
        .filter(|(_, tries, _, last)| {
            *tries > 0 && *tries <= FEW && breach.seconds_since(*last) <= 14 * 86_400
        })
        .collect();
    if crowd.len() < CROWD {
        return;
    }
    let last = crowd.iter().map(|(_, _, _, last)| (*last).min(breach)).max();
    // A crowd that went quiet long before, or goes on for long afterwards, did not find it.
    let is_near = last.is_some_and(|last| breach.seconds_since(last) <= 6 * 3_600);
    let after = crowd.iter().filter(|(_, _, _, last)| last.seconds_since(breach) > 3_600).count();
    if !is_near || after * 4 > crowd.len() {
        return;
    }
    guessing.distributed = true;
    guessing.ended |= after == 0;
    guessing.last = guessing.last.max(last);
    for (address, tries, _, _) in crowd {
        guessing.guessers.push(*address);
        guessing.tries += tries;
    }
}

/// One who guessed long and stopped just before somebody else came in with the right secret.
fn add_lone(guessing: &mut Guessing, others: &[(IpAddr, u64, Instant, Instant)], breach: Instant) {
    const MANY: u64 = 20;
    let found = others
        .iter()
        .filter(|(_, tries, _, last)| {
            *tries >= MANY && *last <= breach && breach.seconds_since(*last) <= 3 * 86_400
        })
        .max_by_key(|(address, tries, _, _)| (*tries, std::cmp::Reverse(*address)));
    if let Some((address, tries, _, last)) = found {
        guessing.guessers.push(*address);
        guessing.tries += tries;
        guessing.ended = true;
        guessing.last = Some(*last);
    }
}

/// Those who took turns with a guesser: they tried the same account at the same time, and all stopped with him.
fn add_companions(guessing: &mut Guessing, others: &[(IpAddr, u64, Instant, Instant)], breach: Instant) {
    /// Tries of a party of its own; a person mistypes twice.
    const TRIES: u64 = 3;
    const LONGEST_PAUSE_SECONDS: i64 = 900;
    let Some(end) = guessing.last.filter(|_| guessing.tries > 0) else { return };
    for (address, tries, first, last) in others {
        if guessing.guessers.contains(address) || *tries < TRIES || *last > breach {
            continue;
        }
        let pause = last.seconds_since(*first) / (*tries as i64 - 1);
        // By then it would have tried again, had the secret not been found.
        let together = (2 * pause + 60).min(LONGEST_PAUSE_SECONDS);
        let stopped = end.seconds_since(*last).abs() <= together;
        if stopped && *first < end {
            guessing.guessers.push(*address);
            guessing.tries += tries;
        }
    }
}
