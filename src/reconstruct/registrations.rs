//! Registrations that were accepted though no log prints them: FreeSWITCH tells none.
//!
//! Where it prints challenges and failures, a challenge that no failure follows was answered with the right secret or
//! not at all. It counts as a registration of an address whose calls the server let out as that account, for it has the
//! secret; and of a guesser whose last challenge, right after its last wrong secret, was not refused, for the account was
//! then taken. Where it prints neither, its tables still hold who is registered: by which address, but not since when.
//!
//! `sip_authentication` bears a login out: its row lapses a minute and the time that the client asked for after it
//! (`sofia_reg.c`), to the second.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::breach::Breach;
use super::incident::Actor;
use super::phases::{Span, span_of};
use super::world::{Told, World};
use crate::event::Instant;
use crate::fold::asked::{Streak, Unrefused};
use crate::pbx::LoginCounts;
use crate::report::model::Role;

/// Wrong secrets from which a challenge that was not refused is the guess that came off.
const GUESSES: u64 = 5;
/// A guesser goes on at once.
const RIGHT_AFTER_SECONDS: i64 = 60;
/// How much later than its challenge a login may be on record: the server's clock ticks in whole seconds.
const ROUND_TRIP_SECONDS: i64 = 2;
/// What a nonce lives beside the time that the client asked for (`nonce-ttl`).
const NONCE_SECONDS: i64 = 60;
/// The times that clients ask for.
const USUAL_EXPIRES: [i64; 12] = [30, 60, 90, 120, 180, 240, 300, 600, 900, 1_200, 1_800, 3_600];

/// What every address was asked for and not refused, by account and address.
pub(super) type Asked = BTreeMap<(String, IpAddr), Unrefused>;

/// Takes the challenges out of every source. Logs that tell the same are not added up: the one with more of them counts.
pub(super) fn take(told: &mut [Told<'_>]) -> Asked {
    let mut all = Asked::new();
    for told in told {
        let end = told.ledger.reach.map(|(_, last)| last);
        let pairs: Vec<_> = told.ledger.asked.take(end).collect();
        for (address, account, unrefused) in pairs {
            let account = String::from_utf8_lossy(told.ledger.names.text(account)).into_owned();
            let known = all.entry((account, address)).or_default();
            known.refused = known.refused.max(unrefused.refused);
            for streak in unrefused.streaks {
                add(&mut known.streaks, streak);
            }
        }
    }
    all
}

/// Adds a streak in the order of time, where no other file tells the same.
fn add(streaks: &mut Vec<Streak>, streak: Streak) {
    let is_same = |known: &Streak| streak.first <= known.last && known.first <= streak.last;
    match streaks.iter_mut().find(|known| is_same(known)) {
        Some(known) if known.count >= streak.count => {}
        Some(known) => *known = streak,
        None => {
            let at = streaks.partition_point(|known| known.first <= streak.first);
            streaks.insert(at, streak);
        }
    }
}

/// What tells of the registrations of one incident.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// When they were; `None` where only tables tell of them.
    pub(super) span: Option<Span>,
    /// Contacts of the intruder that the server's tables hold, by their addresses.
    pub(super) held: BTreeSet<IpAddr>,
    /// How many are borne out by the table of challenges.
    pub(super) borne_out: usize,
}

impl Accepted {
    /// Says what cannot be known of registrations.
    pub(super) fn unknown(&self) -> String {
        let none = "which registrations were accepted: FreeSWITCH logs none of them";
        match &self.span {
            Some(span) if self.borne_out > 0 => format!(
                "{none}; the {} told here were asked for a secret and not refused, and of {} the table of challenges still has the login",
                span.events, self.borne_out
            ),
            Some(span) => {
                format!("{none}; the {} told here were asked for a secret and not refused", span.events)
            }
            None if !self.held.is_empty() => {
                format!("{none}; its tables hold the intruder's contact, but not since when")
            }
            None => none.to_owned(),
        }
    }
}

/// Finds the registrations of those who used accounts or guessed their secrets, and gives them that part.
pub(super) fn find(
    world: &World<'_>,
    cluster: &[Breach],
    accounts: &BTreeMap<String, String>,
    actors: &mut BTreeMap<IpAddr, Actor>,
) -> Accepted {
    let mut spans: Vec<(Instant, Instant, u64, IpAddr)> = Vec::new();
    let mut accepted = Accepted::default();
    for ((account, address), unrefused) in &world.asked {
        let Some(actor) = actors.get_mut(address).filter(|_| accounts.contains_key(account)) else {
            continue;
        };
        let caller = cluster.iter().find(|breach| {
            breach.account == *account && breach.address == Some(*address) && !breach.calls.is_empty()
        });
        let streaks = match caller {
            Some(breach) => since_the_secret(unrefused, breach.first),
            None if actor.roles.contains(&Role::Guess) => came_off(world, account, *address, unrefused),
            None => &[],
        };
        for streak in streaks {
            spans.push((streak.first, streak.last, streak.count, *address));
            actor.roles.insert(Role::Register);
            actor.lines.extend([&streak.line].into_iter().chain(&streak.last_line).cloned());
            let row = world.pbx.login_counts.iter().find(|counts| bears_out(counts, streak.first));
            accepted.borne_out += usize::from(row.is_some());
            actor.lines.extend(row.map(|counts| counts.place.clone()));
        }
    }
    for binding in &world.pbx.bindings {
        let Some(address) = binding.address.filter(|_| accounts.contains_key(&binding.account)) else {
            continue;
        };
        if let Some(actor) = actors.get_mut(&address) {
            actor.roles.insert(Role::Register);
            actor.lines.push(binding.place.clone());
            accepted.held.insert(address);
        }
    }
    accepted.span = span_of(spans.into_iter());
    accepted
}

/// Returns the challenges of an address whose calls were let out, since it had the secret: what it was refused before, it
/// did not have.
fn since_the_secret(unrefused: &Unrefused, first: Instant) -> &[Streak] {
    let streaks = &unrefused.streaks;
    let before = streaks.partition_point(|streak| streak.first <= first.plus_seconds(RIGHT_AFTER_SECONDS));
    streaks.get(before.saturating_sub(1)..).unwrap_or_default()
}

/// Returns the challenge of a guesser that was the last, and right after a wrong secret.
fn came_off<'w>(world: &World<'_>, account: &str, address: IpAddr, unrefused: &'w Unrefused) -> &'w [Streak] {
    let tried = world.failures(address, account).map_or(0, |tried| tried.attempts);
    let is_last = |streak: &&Streak| {
        unrefused.refused.is_some_and(|refused| {
            let after = streak.first.seconds_since(refused);
            refused <= streak.first && after <= RIGHT_AFTER_SECONDS
        })
    };
    let last = unrefused.streaks.last().filter(is_last).filter(|_| tried >= GUESSES);
    last.map(std::slice::from_ref).unwrap_or_default()
}

/// Returns whether the table of challenges has a login of that moment.
fn bears_out(counts: &LoginCounts, at: Instant) -> bool {
    let lapses = |late: i64, asked: i64| at.seconds() + late + NONCE_SECONDS + asked;
    let is_there = |late, asked| counts.answered.binary_search(&lapses(late, asked)).is_ok();
    (0..=ROUND_TRIP_SECONDS).any(|late| USUAL_EXPIRES.iter().any(|asked| is_there(late, *asked)))
}
