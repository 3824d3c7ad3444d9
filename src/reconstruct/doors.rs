//! Ways in that need no phone's account: guests that the dialplan lets out, and the manager interface.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::behaviour::{self, Behaviour, FRAUD_LIKE};
use super::calls::Call;
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
    for (index, call) in world.calls.iter().enumerate() {
        if call.by_trunk && !call.from_trunk && is_guest(world, call) {
            door.calls.push(index);
            door.contexts.insert(String::from_utf8_lossy(world.context(call)).into_owned());
            door.addresses.extend(world.address_of(call).filter(|address| world.neighbours.is_outside(*address)));
        }
    }
    let calls: Vec<&Call> = door.calls.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let is_abroad = calls.iter().any(|call| behaviour::international(world.dialed(call)).is_some());
    (!calls.is_empty() && (is_abroad || !door.addresses.is_empty())).then_some(door)
}

/// A channel of SIP that belongs to no account and no trunk, or that entered a guests' context.
pub(super) fn is_guest(world: &World<'_>, call: &Call) -> bool {
    let context = String::from_utf8_lossy(world.context(call));
    let in_guest_context = world.pbx.guest_contexts.iter().any(|guest| *guest == context);
    match world.account_of(call) {
        Some("anonymous") => true,
        Some(name) if is_configured(world, name) => false,
        Some(name) => in_guest_context || trunks::is_nobody(name),
        None => false,
    }
}

fn is_configured(world: &World<'_>, name: &str) -> bool {
    world.pbx.accounts.iter().any(|account| account.name == name) || world.uses.contains_key(name)
}

/// Finds manager sessions from outside, and the calls that no phone made while they lasted.
pub fn manager(world: &World<'_>) -> Option<ManagerDoor> {
    let logins = || world.sessions.iter().filter(|session| session.kind == Used::ManagerLogin);
    let foreign: Vec<&Use> = logins()
        .filter(|login| login.address.is_some_and(|address| world.neighbours.is_outside(address)))
        .collect();
    let first = foreign.iter().map(|login| login.first).min()?;
    let addresses: BTreeSet<IpAddr> = foreign.iter().filter_map(|login| login.address).collect();
    let users: BTreeSet<String> = foreign.iter().map(|login| login.account.clone()).collect();
    let calls = originated(world, &foreign);
    let looked: Vec<&Call> = calls.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let behaviour = behaviour::look(world, &looked, &BTreeSet::new());
    let guesses = addresses
        .iter()
        .filter_map(|address| world.parties.get(address))
        .flat_map(|party| users.iter().filter_map(|user| party.by_account.get(user)))
        .map(|tried| tried.before(first))
        .sum();
    let is_break_in = guesses >= 5 || behaviour.score >= FRAUD_LIKE || behaviour.novel > 0;
    let sessions = foreign.into_iter().cloned().collect();
    is_break_in.then_some(ManagerDoor { users, addresses, calls, first, sessions, behaviour, guesses })
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
            let is_during = spans.iter().any(|(from, to)| call.start >= *from && call.start <= *to);
            // An originated channel may be the carrier's own, called first and then sent abroad.
            is_during && (call.originated || call.from_trunk) && goes_out(world, call)
        })
        .map(|(index, _)| index)
        .collect()
}

fn goes_out(world: &World<'_>, call: &Call) -> bool {
    call.by_trunk || behaviour::international(world.dialed(call)).is_some()
}

fn session_end(world: &World<'_>, login: &Use) -> Instant {
    let ends = world.sessions.iter().filter(|session| {
        session.kind == Used::ManagerLogoff && session.address == login.address && session.last >= login.last
    });
    let end = ends.map(|session| session.last).min().unwrap_or(login.last.plus_seconds(3_600));
    // What was ordered in the last second may begin a little later.
    end.max(login.last).plus_seconds(120)
}
