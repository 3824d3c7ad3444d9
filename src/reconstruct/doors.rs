//! Ways in that need no phone's account: guests that the dialplan lets out, and the manager interface.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::behaviour::{self, Behaviour, Destination, FRAUD_BY_ITSELF, FRAUD_LIKE};
use super::burst;
use super::calls::{Call, Origin};
use super::night::Hours;
use super::trunks;
use super::world::{Use, World};
use crate::event::Instant;
use crate::fold::uses::Kind as Used;

/// Calls that went out without any account.
#[derive(Clone, Debug)]
pub struct GuestDoor {
    /// The calls, indices into the world's.
    pub calls: Vec<usize>,
    /// The contexts they entered.
    pub contexts: BTreeSet<String>,
    /// Where they came from, as far as records tell.
    pub addresses: BTreeSet<IpAddr>,
}

/// Sessions of the manager interface that made calls.
#[derive(Clone, Debug)]
pub struct ManagerDoor {
    /// The manager users.
    pub users: BTreeSet<String>,
    /// Who logged in.
    pub addresses: BTreeSet<IpAddr>,
    /// The calls, indices into the world's.
    pub calls: Vec<usize>,
    /// The first login.
    pub first: Instant,
    /// The sessions.
    pub sessions: Vec<Use>,
    /// What the calls look like.
    pub behaviour: Behaviour,
    /// Wrong tries of the same addresses on a manager user before.
    pub guesses: u64,
}

/// Finds calls of nobody's account that left by a trunk.
///
/// A guest that hears an announcement and is hung up on after twelve seconds costs nothing: only a call
/// with a leg to a carrier counts.
pub fn guests(world: &World<'_>) -> Option<GuestDoor> {
    let mut door = GuestDoor { calls: Vec::new(), contexts: BTreeSet::new(), addresses: BTreeSet::new() };
    let own_numbers = own_numbers(world);
    for (index, call) in world.calls.iter().enumerate() {
        let is_for_us = || own_numbers.contains(world.dialed(call));
        if call.by_trunk() && !call.from_trunk() && is_guest(world, call) && !is_for_us() {
            door.calls.push(index);
            door.contexts.insert(String::from_utf8_lossy(world.context(call)).into_owned());
            door.addresses
                .extend(world.address_of(call).filter(|address| world.neighbours.is_outside(*address)));
        }
    }
    let calls: Vec<&Call> = door.calls.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let is_abroad = calls.iter().any(|call| call.destination.is_abroad());
    let was_refused = door.addresses.iter().any(|address| world.parties.contains_key(address));
    let is_rush = !burst::find(world, door.calls.iter().copied(), &BTreeSet::new()).is_empty();
    (is_abroad || was_refused || is_rush).then_some(door)
}

/// Numbers that callers from outside reach us by. A carrier that no file names comes in as a guest, and
/// what it brings may be sent on to a mobile phone.
fn own_numbers<'w>(world: &'w World<'_>) -> BTreeSet<&'w [u8]> {
    // What was sent on tells the number that it was sent to.
    let incoming = world.calls.iter().filter(|call| call.from_trunk() && !call.by_trunk());
    incoming.map(|call| world.dialed(call)).collect()
}

/// A channel of SIP that belongs to no account and no trunk, or that entered a guests' context.
pub(super) fn is_guest(world: &World<'_>, call: &Call) -> bool {
    // A record may tell only where the dialplan sent the call on to.
    let entered = || [world.context(call), world.entered_context(call)];
    let in_guest_context =
        || world.pbx.guest_contexts.iter().any(|guest| entered().contains(&guest.as_bytes()));
    match world.account_of(call) {
        Some("anonymous") => true,
        Some(name) if world.confirmed.contains(name) => false,
        // A proxy that relays for a name which none of its subscribers has.
        Some(_) if call.by_trunk() && call.origin == Origin::Record && world.lists_subscribers => true,
        Some(name) => in_guest_context() || trunks::is_nobody(name),
        None => false,
    }
}

/// Finds manager sessions from outside, and the calls that no phone made while they lasted.
pub fn manager(world: &World<'_>, honest: &BTreeSet<Destination>) -> Option<ManagerDoor> {
    let logins = || world.sessions.iter().filter(|session| session.kind == Used::ManagerLogin);
    let foreign: Vec<&Use> = logins()
        .filter(|login| login.address.is_some_and(|address| world.neighbours.is_outside(address)))
        .filter(|login| !is_permitted(world, login))
        .collect();
    let first = foreign.iter().map(|login| login.first).min()?;
    let addresses: BTreeSet<IpAddr> = foreign.iter().filter_map(|login| login.address).collect();
    let users: BTreeSet<String> = foreign.iter().map(|login| login.account.clone()).collect();
    let calls = originated(world, &foreign);
    let looked: Vec<&Call> = calls.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let behaviour = behaviour::look(world, &looked, honest);
    let guesses = addresses
        .iter()
        .filter_map(|address| world.parties.get(address))
        .flat_map(|party| users.iter().filter_map(|user| party.by_account.get(user)))
        .map(|tried| tried.before(first))
        .sum();
    // Software that was logged in from the beginning is likely to be the owner's.
    let is_old = foreign.iter().any(|login| login.from_the_start);
    let is_odd = if is_old {
        behaviour.score >= FRAUD_BY_ITSELF
    } else {
        behaviour.score >= FRAUD_LIKE || behaviour.novel > 0
    };
    let is_break_in = guesses >= 5 || is_odd;
    let sessions = foreign.into_iter().cloned().collect();
    is_break_in.then_some(ManagerDoor { users, addresses, calls, first, sessions, behaviour, guesses })
}

/// Finds calls that the server began by itself and that are fraud by what they look like. FreeSWITCH's event socket
/// logs neither logins nor commands, and Asterisk neither files in its spool nor what a shell tells it, so that
/// nothing else can tell of it. Calls in `known` are blamed already.
pub(super) fn ordered(
    world: &World<'_>,
    (honest, hours): (&BTreeSet<Destination>, &Hours),
    known: &BTreeSet<usize>,
) -> Option<ManagerDoor> {
    let is_own = |call: &Call| {
        call.is_originated()
            && !call.from_trunk()
            && (world.is_freeswitch() || is_nobodys(world, call))
            && goes_out(call)
    };
    let own = world.calls.iter().enumerate().filter(|(index, call)| is_own(call) && !known.contains(index));
    let own: Vec<usize> = own.map(|(index, _)| index).collect();
    // A program of the owner's calls where others here call, or nowhere in a rush.
    let calls = burst::find(world, own.iter().copied(), honest);
    let looked: Vec<&Call> = calls.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let first = looked.first()?.start();
    let mut behaviour = behaviour::look(world, &looked, honest);
    burst::add_marks(&looked, hours, &mut behaviour);
    (behaviour.score >= FRAUD_BY_ITSELF && behaviour.novel > 0).then_some(ManagerDoor {
        users: BTreeSet::new(),
        addresses: BTreeSet::new(),
        calls,
        first,
        sessions: Vec::new(),
        behaviour,
        guesses: 0,
    })
}

/// Returns whether a channel of Asterisk's has neither account nor caller: what a queue, a menu or a phone sends on
/// keeps the number of whoever called.
fn is_nobodys(world: &World<'_>, call: &Call) -> bool {
    const NUMBER_DIGITS: usize = 7;
    let shown = world.caller(call);
    let is_number = shown.iter().filter(|byte| byte.is_ascii_digit()).count() >= NUMBER_DIGITS;
    let is_account = world.accounts.contains(String::from_utf8_lossy(shown).as_ref());
    world.account_of(call).is_none() && !is_number && !is_account
}

/// Returns whether the configuration lets just this address in as that user.
fn is_permitted(world: &World<'_>, login: &Use) -> bool {
    let users = world.pbx.manager_users.iter().filter(|user| user.name == login.account);
    let networks = users.flat_map(|user| &user.permit);
    // A list that lets everybody in says nothing.
    let small = networks.filter(|network| network.prefix_len() >= 16);
    login.address.is_some_and(|address| small.into_iter().any(|network| network.contains(&address)))
}

/// Calls without a phone that go out while a session from outside is open, or right after it.
fn originated(world: &World<'_>, logins: &[&Use]) -> Vec<usize> {
    let spans: Vec<(Instant, Instant)> =
        logins.iter().map(|login| (login.first, session_end(world, login))).collect();
    world
        .calls
        .iter()
        .enumerate()
        .filter(|(_, call)| {
            let is_during = spans.iter().any(|(from, to)| call.start() >= *from && call.start() <= *to);
            // An originated channel may be the carrier's own, called first and then sent abroad.
            is_during && (call.is_originated() || call.from_trunk()) && goes_out(call)
        })
        .map(|(index, _)| index)
        .collect()
}

fn goes_out(call: &Call) -> bool {
    call.by_trunk() || call.destination.is_abroad()
}

fn session_end(world: &World<'_>, login: &Use) -> Instant {
    let ends = world.sessions.iter().filter(|session| {
        session.kind == Used::ManagerLogoff && session.address == login.address && session.last >= login.last
    });
    let end = ends.map(|session| session.last).min().unwrap_or(login.last.plus_seconds(3_600));
    // What was ordered in the last second may begin a little later.
    end.max(login.last).plus_seconds(120)
}
