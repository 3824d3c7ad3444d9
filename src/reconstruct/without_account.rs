//! Incidents of ways in that need no phone's account: guests let out, and the manager interface.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::calls::Call;
use super::doors::{GuestDoor, ManagerDoor};
use super::incident::{Actor, Incident};
use super::phases::{guess_span, scan_span, span_of};
use super::same_network;
use super::vectors::Weighed;
use super::world::World;
use crate::event::{Citation, Instant};
use crate::report::document::counted;
use crate::report::model::{Role, Vector};

/// Builds the incident of calls that went out without any account.
pub(super) fn of_guests(world: &World<'_>, door: &GuestDoor) -> Incident {
    let mut actors: BTreeMap<IpAddr, Actor> = BTreeMap::new();
    for address in &door.addresses {
        actors.entry(*address).or_default().roles.insert(Role::Dial);
    }
    for (address, party) in &world.parties {
        let is_rejected = party.invites > 0 && world.neighbours.is_outside(*address);
        if is_rejected && actors.keys().any(|actor| same_network(*actor, *address)) {
            let actor = actors.entry(*address).or_default();
            actor.roles.insert(Role::Scan);
            actor.lines.extend(party.failures.lines.iter().take(2).cloned());
        }
    }
    let contexts: Vec<String> =
        door.contexts.iter().map(|context| crate::untrusted::visible(context)).collect();
    let mut way = Weighed {
        vector: Vector::GuestCall,
        score: 7,
        because: vec![format!(
            "the calls belong to no account; they entered {} and left by a trunk",
            contexts.join(", ")
        )],
        against: Vec::new(),
        proof: Vec::new(),
    };
    if world.pbx.allow_guest == Some(true) {
        way.because.push("the configuration lets calls in without an account".into());
    }
    let why: Arc<str> = "no account made it, and it left by a trunk".into();
    let breach =
        door.calls.first().and_then(|&index| world.calls.list.get(index)).map_or(Instant(0), Call::start);
    Incident {
        ways: vec![way],
        accounts: BTreeMap::new(),
        calls: door.calls.iter().map(|&index| (index, Arc::clone(&why))).collect(),
        breach,
        proof: Vec::new(),
        unknown: if door.addresses.is_empty() {
            vec!["the caller's address: no record tells it".to_owned()]
        } else {
            vec![]
        },
        guess: None,
        scan: scan_span(world, &actors),
        provision: None,
        web: None,
        register: None,
        held: BTreeSet::new(),
        actors,
        callers: Vec::new(),
        nights: Vec::new(),
        is_doubtful: false,
        is_dated: true,
    }
}

/// Builds the incident of the manager interface.
pub(super) fn of_manager(world: &World<'_>, door: &ManagerDoor) -> Incident {
    let actors = actors_of(world, door);
    // Nothing but the calls may tell of it.
    let is_silent = door.sessions.is_empty();
    let interface = if world.is_freeswitch() { "event socket" } else { "manager interface" };
    let why: Arc<str> = if is_silent {
        format!("no phone made it: the server was told to, by its {interface} or from within").into()
    } else {
        "no phone made it; it went out while the intruder's manager session was open".into()
    };
    let proof: Vec<Citation> =
        door.sessions.iter().flat_map(|session| session.lines.iter().take(1)).take(4).cloned().collect();
    let accounts: BTreeMap<String, String> = door
        .users
        .iter()
        .map(|user| (user.clone(), "logged in to the manager interface from outside".to_owned()))
        .collect();
    let sessions = door.sessions.iter();
    let register = span_of(
        sessions.filter_map(|session| Some((session.first, session.last, session.count, session.address?))),
    );
    Incident {
        guess: guess_span(world, &actors, &accounts, door.first),
        scan: scan_span(world, &actors),
        ways: ways_of_manager(world, door, &proof),
        accounts,
        calls: door.calls.iter().map(|&index| (index, Arc::clone(&why))).collect(),
        breach: door.first,
        proof,
        unknown: if is_silent {
            vec![format!("who ordered the calls, and from where: {}", unlogged(world))]
        } else {
            Vec::new()
        },
        provision: None,
        web: None,
        register,
        held: BTreeSet::new(),
        actors,
        callers: Vec::new(),
        nights: Vec::new(),
        is_doubtful: false,
        is_dated: true,
    }
}

fn actors_of(world: &World<'_>, door: &ManagerDoor) -> BTreeMap<IpAddr, Actor> {
    let mut actors: BTreeMap<IpAddr, Actor> = BTreeMap::new();
    for address in &door.addresses {
        let actor = actors.entry(*address).or_default();
        actor.roles.extend([Role::Manager, Role::Register]);
        if !door.calls.is_empty() {
            actor.roles.insert(Role::Dial);
        }
        let party = world.parties.get(address);
        if door.users.iter().any(|user| party.is_some_and(|party| party.by_account.contains_key(user))) {
            actor.roles.insert(Role::Guess);
        }
    }
    actors
}

/// Says why nothing else tells of it.
fn unlogged(world: &World<'_>) -> &'static str {
    if world.is_freeswitch() {
        "the event socket logs neither logins nor commands"
    } else {
        "no login from outside is on record, and files in the spool and commands of a shell leave none"
    }
}

/// Weighs it; where only the calls tell of it, Asterisk would have logged a login, so that they may have been ordered
/// another way as well.
fn ways_of_manager(world: &World<'_>, door: &ManagerDoor, proof: &[Citation]) -> Vec<Weighed> {
    let is_silent = door.sessions.is_empty();
    let is_open = is_silent && !world.is_freeswitch();
    let calls = counted(door.calls.len() as u64, "call");
    let mut because = vec![if is_silent {
        format!("{calls} went out that no phone made")
    } else {
        "the manager interface accepted a login from outside".to_owned()
    }];
    if door.guesses > 0 {
        because.push(format!("after {} wrong secrets from the same addresses", door.guesses));
    }
    if !door.calls.is_empty() && !is_silent {
        because.push(format!("{calls} that no phone made went out while the session was open"));
    }
    because.extend(door.behaviour.reasons.iter().cloned());
    let doubt = "a program of the owner's, or a shell on the server, can have ordered them as well";
    let mut ways = vec![Weighed {
        vector: Vector::ManagerInterface,
        score: if is_open { 3 } else { 7 },
        because,
        against: is_silent.then(|| doubt.to_owned()).into_iter().collect(),
        proof: proof.to_vec(),
    }];
    ways.extend(is_open.then(|| Weighed {
        vector: Vector::Unknown,
        score: 2,
        because: vec![format!("who ordered the calls no record tells: {}", unlogged(world))],
        against: Vec::new(),
        proof: Vec::new(),
    }));
    ways
}
