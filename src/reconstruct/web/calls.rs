//! Calls that an intruder at the web server had the phone server place, and the incident of it.
//!
//! Such a call begins with no phone: a program on the host orders it, by the manager interface, by a file in the
//! spool or by a command. The owner's programs do so too (click to call, wake-up calls, queues that call
//! back), so that one is blamed only where it leaves the house and follows a request to a page left behind
//! within seconds, or goes where those went, or is fraud by what it looks like.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{ORDER_SECONDS, WebDoor};
use crate::event::{Citation, Instant};
use crate::reconstruct::behaviour::{self, Destination, FRAUD_LIKE};
use crate::reconstruct::burst;
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident::{Actor, Incident, Span};
use crate::reconstruct::same_network;
use crate::reconstruct::vectors::Weighed;
use crate::reconstruct::world::World;
use crate::report::model::{Role, Vector};

/// Lines shown of the door itself.
const MOST_PROOFS: usize = 8;

/// A call that somebody ordered, with why it is blamed and by whose request.
type Blamed = BTreeMap<usize, (String, Option<IpAddr>)>;

/// Finds the calls that a party at the web server ordered.
fn calls(world: &World<'_>, door: &WebDoor, honest: &BTreeSet<Destination>) -> Blamed {
    let since = door.first.plus_seconds(-1);
    let ordered: Vec<usize> = world
        .calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.start() >= since && goes_out(call))
        .map(|(index, _)| index)
        .collect();
    let mut blamed = Blamed::new();
    for &index in &ordered {
        let Some(call) = world.calls.list.get(index) else { continue };
        if let Some((address, seconds)) = order(door, call.start()) {
            let when = if seconds <= 1 { "within a second".to_owned() } else { format!("{seconds} s") };
            let why = format!(
                "no phone made it; it began {when} after a request of {address} to a hole or a page left behind"
            );
            blamed.insert(index, (why, Some(address)));
        }
    }
    let is_rest = |index: &usize| {
        let call = world.calls.list.get(*index);
        !blamed.contains_key(index) && call.is_some_and(|call| !call.from_trunk())
    };
    let rest: Vec<usize> = ordered.into_iter().filter(is_rest).collect();
    add_alike(world, &rest, honest, &mut blamed);
    blamed
}

/// Returns whether a call is one that no phone made, and that leaves the house. An ordered channel may be the
/// carrier's own, called first and then sent abroad.
fn goes_out(call: &Call) -> bool {
    let is_sent_on = call.from_trunk() && call.destination.is_abroad();
    is_sent_on
        || (call.is_originated() && !call.from_trunk() && (call.by_trunk() || call.destination.is_abroad()))
}

/// Returns whose request came right before an instant, and by how many seconds.
fn order(door: &WebDoor, start: Instant) -> Option<(IpAddr, i64)> {
    let end = door.orders.partition_point(|(at, _)| *at <= start.plus_seconds(1));
    let (at, address) = door.orders.get(..end)?.last()?;
    let after = start.seconds_since(*at);
    (after <= ORDER_SECONDS).then_some((*address, after.max(0)))
}

/// Adds calls without a request of their own that go where the ordered ones went, or are fraud by themselves.
fn add_alike(world: &World<'_>, rest: &[usize], honest: &BTreeSet<Destination>, blamed: &mut Blamed) {
    let place = |index: &usize| world.calls.list.get(*index).map(|call| call.destination);
    let places: BTreeSet<Destination> =
        blamed.keys().filter_map(place).filter(|place| !honest.contains(place)).collect();
    for index in rest.iter().filter(|index| place(index).is_some_and(|place| places.contains(&place))) {
        let why = "no phone made it; it went where the intruder's calls went".to_owned();
        blamed.insert(*index, (why, None));
    }
    let rest: Vec<usize> = rest.iter().copied().filter(|index| !blamed.contains_key(index)).collect();
    let rush = burst::find(world, rest.iter().copied(), honest);
    let looked: Vec<&Call> = rush.iter().filter_map(|&index| world.calls.list.get(index)).collect();
    let behaviour = behaviour::look(world, &looked, honest);
    if behaviour.score >= FRAUD_LIKE {
        let why = format!("no phone made it, after the intruder was in: {}", behaviour.reasons.join(", "));
        blamed.extend(rush.into_iter().map(|index| (index, (why.clone(), None))));
    }
}

/// Builds the incident of a party at the web server.
pub(in crate::reconstruct) fn of_web(
    world: &World<'_>,
    door: &WebDoor,
    honest: &BTreeSet<Destination>,
) -> Incident {
    let blamed = calls(world, door, honest);
    let mut actors: BTreeMap<IpAddr, Actor> = BTreeMap::new();
    for (address, lines) in &door.addresses {
        let actor = actors.entry(*address).or_default();
        actor.roles.insert(Role::Web);
        actor.lines.extend(lines.iter().cloned());
    }
    for address in blamed.values().filter_map(|(_, address)| *address) {
        actors.entry(address).or_default().roles.insert(Role::Dial);
    }
    let mut because = door.because.clone();
    let joined = blamed.values().filter(|(_, address)| address.is_some()).count();
    if joined > 0 {
        because.push(format!(
            "{joined} calls that no phone made began within seconds of requests to a hole or a page left behind"
        ));
    }
    let mut proof: Vec<Citation> =
        door.addresses.values().flat_map(|lines| lines.iter().take(2)).cloned().collect();
    proof.extend(door.made.iter().map(|made| made.line.clone()));
    proof.truncate(MOST_PROOFS);
    let vector = if door.by_hole { Vector::WebExploit } else { Vector::WebAdmin };
    let way = Weighed {
        vector,
        score: door.score + i32::from(joined > 0) * 2,
        because,
        against: door.against.clone(),
        proof: proof.clone(),
    };
    Incident {
        ways: [vec![way], rivals(world, door, blamed.len())].concat(),
        accounts: door.accounts.clone(),
        callers: Vec::new(),
        calls: blamed.into_iter().map(|(index, (why, _))| (index, why.into())).collect(),
        breach: door.first,
        proof,
        unknown: door.unknown.clone(),
        guess: None,
        scan: None,
        provision: None,
        web: web_span(door),
        register: None,
        held: BTreeSet::new(),
        actors,
        nights: Vec::new(),
        is_doubtful: false,
        is_dated: door.is_dated,
    }
}

/// Returns when the party used holes of the web server and pages that it left there.
fn web_span(door: &WebDoor) -> Option<Span> {
    let (last, _) = door.orders.iter().max()?;
    let addresses: BTreeSet<_> = door.orders.iter().map(|(_, address)| *address).collect();
    Some(Span {
        first: door.first,
        last: door.first.max(*last),
        events: door.orders.len() as u64,
        sources: addresses.len() as u64,
    })
}

/// The other ways in that the same traces would fit.
fn rivals(world: &World<'_>, door: &WebDoor, calls: usize) -> Vec<Weighed> {
    let blank = |vector| Weighed { vector, score: 0, because: vec![], against: vec![], proof: vec![] };
    let mut by_panel = blank(if door.by_hole { Vector::WebAdmin } else { Vector::WebExploit });
    if door.by_hole {
        let accepted =
            world.web.logins.iter().any(|((address, _), logins)| {
                logins.accepted.is_some() && door.addresses.contains_key(address)
            });
        by_panel.score = i32::from(accepted) * 2;
        by_panel.against.push(if accepted {
            "the same addresses logged in at the panel, which a hole does not need".to_owned()
        } else {
            "no login at the panel from these addresses is on record before; FreePBX logs failures only"
                .to_owned()
        });
    } else {
        by_panel.against.push("no request that uses a known hole was answered".to_owned());
    }
    let mut by_manager = blank(Vector::ManagerInterface);
    let from_outside = |address: IpAddr| world.neighbours.is_outside(address);
    let has_login = world.sessions.iter().filter_map(|session| session.address).any(from_outside);
    if calls > 0 && has_login {
        by_manager.score = 2;
        by_manager.because.push("the manager interface accepted a login from outside as well".to_owned());
    } else {
        by_manager.score = -1;
        by_manager.against.push("no login from outside at the manager interface is on record".to_owned());
    }
    vec![by_panel, by_manager]
}

/// Takes over incidents that are the same party's: from its addresses, or from beside them within days after.
pub(in crate::reconstruct) fn join(
    world: &World<'_>,
    mut of_web: Incident,
    incidents: Vec<Incident>,
    made: &BTreeSet<&str>,
) -> Vec<Incident> {
    let mut others = Vec::new();
    for other in incidents {
        if !is_same_party(world, &of_web, &other, made) {
            others.push(other);
            continue;
        }
        of_web.calls.extend(other.calls);
        of_web.accounts.extend(other.accounts);
        for (address, actor) in other.actors {
            let known = of_web.actors.entry(address).or_default();
            known.roles.extend(actor.roles);
            known.lines.extend(actor.lines);
        }
        for (span, more) in [
            (&mut of_web.register, other.register),
            (&mut of_web.guess, other.guess),
            (&mut of_web.scan, other.scan),
        ] {
            *span = span.or(more);
        }
        of_web.ways.extend(other.ways);
    }
    let first = of_web.ways.first().map_or(0, |way| way.score);
    // What the panel gave away is no guess, however the account was used then.
    of_web.ways.iter_mut().skip(1).for_each(|way| way.score = way.score.min(first - 2));
    others.push(of_web);
    others
}

fn is_same_party(world: &World<'_>, of_web: &Incident, other: &Incident, made: &BTreeSet<&str>) -> bool {
    const DAYS: i64 = 7 * 86_400;
    let shares_account = other.accounts.keys().any(|account| made.contains(account.as_str()));
    let is_near = |address: &IpAddr| {
        of_web.actors.keys().any(|known| known == address || same_network(*known, *address))
    };
    let after = other.breach.seconds_since(of_web.breach);
    let uses = other
        .actors
        .iter()
        .filter(|(_, actor)| actor.roles.contains(&Role::Register) || actor.roles.contains(&Role::Dial));
    let shares_address = uses.map(|(address, _)| address).any(is_near);
    let uses_panel = |address: &IpAddr| {
        let visitor = world.visitors.get(address);
        visitor.is_some_and(|visitor| visitor.requests > 0 && visitor.last >= of_web.breach)
    };
    let shares_panel = other
        .actors
        .iter()
        .any(|(address, actor)| actor.roles.contains(&Role::Register) && uses_panel(address));
    (0..=DAYS).contains(&after) && (shares_account || shares_address || shares_panel)
}
