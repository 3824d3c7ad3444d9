//! Incidents: one party and one way in, with everybody and every call that belongs to it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::behaviour;
use super::breach::{self, Breach};
use super::calls::{Call, Origin};
use super::doors::{self, GuestDoor, ManagerDoor};
use super::same_network;
use super::vectors::{self, Guessing, Leak, Weighed};
use super::world::World;
use crate::event::{Citation, Instant};
use crate::fold::uses::Kind as Used;
use crate::report::model::{Role, Vector};

/// Names of a sweep that two scanners share, in order, to be one party.
const SHARED_TARGETS: usize = 10;

/// An intrusion that succeeded.
#[derive(Clone, Debug)]
pub struct Incident {
    /// The ways in, best first.
    pub ways: Vec<Weighed>,
    /// Accounts taken over, with how.
    pub accounts: BTreeMap<String, String>,
    /// Who had a part.
    pub actors: BTreeMap<IpAddr, Actor>,
    /// Fraudulent calls, indices into the world's, with why.
    pub calls: BTreeMap<usize, String>,
    /// The first use.
    pub breach: Instant,
    /// The lines of it.
    pub proof: Vec<Citation>,
    /// What cannot be told.
    pub unknown: Vec<String>,
    /// When the guessing that led to it was.
    pub guess: Option<Span>,
    /// When accounts and services were scanned.
    pub scan: Option<Span>,
    /// When phone files were fetched.
    pub provision: Option<Span>,
    /// When registrations and logins were accepted.
    pub register: Option<Span>,
}

/// An address with a part in an incident.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// Its parts.
    pub roles: BTreeSet<Role>,
    /// Telling lines.
    pub lines: Vec<Citation>,
}

/// A span of events.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
    /// Records.
    pub events: u64,
    /// Addresses.
    pub sources: u64,
}

/// Finds every incident, in the order of the breach.
pub fn find(world: &World<'_>) -> Vec<Incident> {
    let (breaches, honest) = breach::find(world);
    let mut incidents: Vec<Incident> =
        clusters(world, breaches).into_iter().map(|cluster| of_accounts(world, &cluster)).collect();
    incidents.extend(doors::manager(world, &honest).map(|door| of_manager(world, &door)));
    incidents.extend(doors::guests(world).map(|door| of_guests(world, &door)));
    incidents.sort_by_key(|incident| incident.breach);
    incidents
}

/// Puts breaches together that are one party's: of one account, from one network, or to the same
/// places in the same nights.
fn clusters(world: &World<'_>, breaches: Vec<Breach>) -> Vec<Vec<Breach>> {
    let mut clusters: Vec<Vec<Breach>> = Vec::new();
    for breach in breaches {
        let (mut mine, others): (Vec<Vec<Breach>>, Vec<Vec<Breach>>) = clusters
            .into_iter()
            .partition(|cluster| cluster.iter().any(|other| is_one_party(world, other, &breach)));
        clusters = others;
        let mut joined: Vec<Breach> = mine.drain(..).flatten().collect();
        joined.push(breach);
        joined.sort_by(|left, right| {
            (left.first, &left.account, left.address).cmp(&(right.first, &right.account, right.address))
        });
        clusters.push(joined);
    }
    clusters
}

fn is_one_party(world: &World<'_>, left: &Breach, right: &Breach) -> bool {
    if left.account == right.account {
        return true;
    }
    if let (Some(left), Some(right)) = (left.address, right.address)
        && same_network(left, right)
    {
        return true;
    }
    let places = |breach: &Breach| -> BTreeSet<String> {
        let calls = breach.calls.iter().filter_map(|&index| world.calls.list.get(index));
        let abroad = calls.filter(|call| behaviour::international(world.dialed(call)).is_some());
        abroad.map(|call| behaviour::destination(world.dialed(call))).collect()
    };
    let near = left.first.seconds_since(right.first).abs() <= 3 * 86_400;
    near && places(left).intersection(&places(right)).next().is_some()
}

/// Builds the incident of accounts that one party took over.
fn of_accounts(world: &World<'_>, cluster: &[Breach]) -> Incident {
    let insiders: Vec<IpAddr> = cluster.iter().filter_map(|breach| breach.address).collect();
    let first = &cluster[0];
    let mut actors: BTreeMap<IpAddr, Actor> = BTreeMap::new();
    let mut accounts = BTreeMap::new();
    let mut all_guessing = Vec::new();
    let mut all_leaks = Vec::new();
    for name in cluster.iter().map(|breach| &breach.account).collect::<BTreeSet<_>>() {
        let Some(earliest) = cluster.iter().find(|breach| &breach.account == name) else { continue };
        let guessing = vectors::guessing(world, name, earliest.first, &insiders);
        let leaks = vectors::leaks(world, name, earliest.first);
        let ways = vectors::weigh(world, earliest, &guessing, &leaks);
        accounts.insert(name.clone(), how(earliest, ways.first()));
        all_guessing.push((earliest.clone(), guessing, ways));
        all_leaks.extend(leaks);
    }
    let ways = all_guessing
        .iter()
        .min_by_key(|(breach, _, _)| breach.first)
        .map(|(_, _, ways)| ways.clone())
        .unwrap_or_default();
    let vector = ways.first().map_or(Vector::Unknown, |way| way.vector);
    if matches!(vector, Vector::PasswordGuess | Vector::DefaultCredential) {
        for (_, guessing, _) in &all_guessing {
            add_guessers(world, &mut actors, guessing);
        }
    }
    if vector == Vector::ProvisioningLeak {
        add_leaks(&mut actors, &all_leaks);
    }
    let calls = fraud_calls(world, cluster);
    add_users(world, &mut actors, cluster, &calls);
    add_scanners(world, &mut actors);
    let breach = first.first;
    let register = register_span(world, cluster);
    Incident {
        proof: proof_of_breach(world, first),
        unknown: unknown(world, cluster, vector),
        guess: guess_span(world, &actors, &accounts, breach),
        scan: scan_span(world, &actors),
        provision: provision_span(world, &actors),
        register,
        ways,
        accounts,
        actors,
        calls,
        breach,
    }
}

fn how(breach: &Breach, best: Option<&Weighed>) -> String {
    let place = breach
        .address
        .map_or_else(|| "an address that no record tells".to_owned(), |address| address.to_string());
    match best.map(|way| way.vector) {
        Some(Vector::PasswordGuess) => format!("its secret was guessed; used from {place}"),
        Some(Vector::ProvisioningLeak) => format!("its secret was read in a phone file; used from {place}"),
        Some(Vector::DefaultCredential) => format!("its secret was a default; used from {place}"),
        _ => format!("used from {place} with the right secret"),
    }
}

fn add_guessers(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>, guessing: &Guessing) {
    for address in &guessing.guessers {
        let actor = actors.entry(*address).or_default();
        actor.roles.insert(Role::Guess);
        if let Some(party) = world.parties.get(address) {
            actor.lines.extend(party.failures.lines.iter().take(2).cloned());
        }
    }
}

fn add_leaks(actors: &mut BTreeMap<IpAddr, Actor>, leaks: &[Leak]) {
    for leak in leaks {
        let actor = actors.entry(leak.address).or_default();
        actor.roles.insert(Role::Provision);
        actor.lines.push(leak.line.clone());
    }
}

/// Adds those who used the accounts.
fn add_users(
    world: &World<'_>,
    actors: &mut BTreeMap<IpAddr, Actor>,
    cluster: &[Breach],
    calls: &BTreeMap<usize, String>,
) {
    for breach in cluster {
        let Some(address) = breach.address else { continue };
        let uses: Vec<_> = world.uses_from(&breach.account, address).collect();
        let actor = actors.entry(address).or_default();
        if is_registered(&uses, breach.calls.len()) {
            actor.roles.insert(Role::Register);
        }
        actor.lines.extend(uses.iter().flat_map(|used| used.lines.iter()).take(3).cloned());
        if breach.calls.iter().any(|index| calls.contains_key(index)) {
            actor.roles.insert(Role::Dial);
        }
    }
}

/// Returns whether a registration was accepted: one that the log prints, or more credentials than the
/// calls account for. Security events do not tell a registration from a call.
fn is_registered(uses: &[&super::world::Use], calls: usize) -> bool {
    let accepted = uses.iter().filter(|used| used.kind == Used::Authenticated).map(|used| used.count);
    uses.iter().any(|used| used.kind == Used::Registered) || accepted.sum::<u64>() > calls as u64
}

/// Adds scanners that learned the accounts for the intruder: in the same network, or with the same
/// targets in the same order.
fn add_scanners(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>) {
    let known: Vec<IpAddr> = actors.keys().copied().collect();
    for (address, party) in &world.parties {
        let asks = known.contains(address) && (party.invites >= 3 || party.probes > 0);
        let swept = party.unknown_count >= 3 || asks;
        if !swept || !world.neighbours.is_outside(*address) {
            continue;
        }
        let belongs = known.contains(address)
            || known
                .iter()
                .any(|actor| same_network(*actor, *address) || shares_targets(world, *actor, party));
        if belongs {
            let actor = actors.entry(*address).or_default();
            actor.roles.insert(Role::Scan);
            actor.lines.extend(party.failures.lines.iter().take(2).cloned());
        }
    }
}

fn shares_targets(world: &World<'_>, actor: IpAddr, party: &super::world::Party) -> bool {
    let Some(other) = world.parties.get(&actor) else { return false };
    let (mine, theirs) = (&party.unknown_names, &other.unknown_names);
    mine.len() >= SHARED_TARGETS && theirs.len() >= SHARED_TARGETS && mine[..SHARED_TARGETS] == theirs[..SHARED_TARGETS]
        // Everybody sweeps 100, 101, 102: a run of neighbours is no mark.
        && !is_run(&mine[..SHARED_TARGETS])
}

fn is_run(names: &[String]) -> bool {
    let numbers: Vec<Option<u64>> = names.iter().map(|name| name.parse().ok()).collect();
    numbers
        .windows(2)
        .filter(|pair| matches!(pair, [Some(left), Some(right)] if right.abs_diff(*left) <= 10))
        .count()
        * 2
        >= names.len()
}

/// Tells which calls of the accounts are the intruder's, and why; the owner's stay out.
fn fraud_calls(world: &World<'_>, cluster: &[Breach]) -> BTreeMap<usize, String> {
    let mut calls = BTreeMap::new();
    for breach in cluster {
        for &index in &breach.calls {
            let Some(call) = world.calls.list.get(index) else { continue };
            if breach.address.is_some() || behaviour::is_outward(world, call) {
                calls.insert(index, why(breach, call));
            }
        }
    }
    add_unplaced(world, cluster, &mut calls);
    calls
}

fn why(breach: &Breach, call: &Call) -> String {
    match (breach.address, call.origin) {
        (Some(address), Origin::Media) => format!("its audio went to {address}, which took the account over"),
        (Some(address), Origin::Authentication) => {
            format!("the account's credentials came from {address} at that second")
        }
        (Some(address), Origin::Place) => {
            format!("{address} and somebody else held the account; this went where only {address} calls")
        }
        (Some(address), Origin::Registration) => {
            format!("the account was registered from {address} at that time")
        }
        _ => format!("account and behaviour: {}", breach.behaviour.reasons.join(", ")),
    }
}

/// Adds calls whose address no record tells: after the breach, to where the intruder's calls went.
fn add_unplaced(world: &World<'_>, cluster: &[Breach], calls: &mut BTreeMap<usize, String>) {
    let places: BTreeSet<String> = calls
        .keys()
        .filter_map(|&index| world.calls.list.get(index))
        .filter(|call| behaviour::international(world.dialed(call)).is_some())
        .map(|call| behaviour::destination(world.dialed(call)))
        .collect();
    let accounts: BTreeSet<&str> = cluster.iter().map(|breach| breach.account.as_str()).collect();
    let Some(breach) = cluster.iter().map(|breach| breach.first).min() else { return };
    for (index, call) in world.calls.iter().enumerate() {
        let is_account = world.account_of(call).is_some_and(|account| accounts.contains(account));
        if is_account && call.address.is_none() && call.start >= breach && !calls.contains_key(&index) {
            let place = behaviour::destination(world.dialed(call));
            if places.contains(&place) {
                calls.insert(index, format!("after the breach, to {place}, where the intruder's calls went"));
            }
        }
    }
}

fn proof_of_breach(world: &World<'_>, breach: &Breach) -> Vec<Citation> {
    let Some(address) = breach.address else { return Vec::new() };
    let mut lines: Vec<Citation> = world
        .uses_from(&breach.account, address)
        .filter(|used| used.first <= breach.first.plus_seconds(5))
        .filter_map(|used| used.lines.first().cloned())
        .collect();
    lines.truncate(4);
    lines
}

fn unknown(world: &World<'_>, cluster: &[Breach], vector: Vector) -> Vec<String> {
    let mut unknown = Vec::new();
    if cluster.iter().any(|breach| breach.from_the_start) {
        unknown.push("how long before the evidence begins the intruder was in".to_owned());
    }
    if vector == Vector::StolenCredential {
        unknown.push(
            "where the secret came from: a phone file, a mail, the web panel, a backup or the phone itself"
                .to_owned(),
        );
    }
    if !world.has_security_events() {
        unknown.push("every successful login: security events are not logged".to_owned());
    }
    unknown
}

fn span_of(spans: impl Iterator<Item = (Instant, Instant, u64, IpAddr)>) -> Option<Span> {
    let mut addresses = BTreeSet::new();
    let mut whole: Option<Span> = None;
    for (first, last, events, address) in spans {
        addresses.insert(address);
        let known = whole.get_or_insert(Span { first, last, events: 0, sources: 0 });
        known.first = known.first.min(first);
        known.last = known.last.max(last);
        known.events += events;
        known.sources = addresses.len() as u64;
    }
    whole
}

fn with_role(actors: &BTreeMap<IpAddr, Actor>, role: Role) -> impl Iterator<Item = IpAddr> {
    actors.iter().filter(move |(_, actor)| actor.roles.contains(&role)).map(|(address, _)| *address)
}

/// Wrong secrets for the accounts that were taken.
fn guess_span(
    world: &World<'_>,
    actors: &BTreeMap<IpAddr, Actor>,
    accounts: &BTreeMap<String, String>,
    breach: Instant,
) -> Option<Span> {
    span_of(with_role(actors, Role::Guess).flat_map(|address| {
        let party = world.parties.get(&address);
        let tried = accounts.keys().filter_map(move |account| party?.by_account.get(account));
        tried.filter_map(move |tried| {
            Some((tried.first?, tried.last?.min(breach.max(tried.first?)), tried.records, address))
        })
    }))
}

fn scan_span(world: &World<'_>, actors: &BTreeMap<IpAddr, Actor>) -> Option<Span> {
    span_of(with_role(actors, Role::Scan).filter_map(|address| {
        let party = world.parties.get(&address)?;
        Some((party.first()?, party.last()?, party.failures.records + party.contacts.records, address))
    }))
}

fn provision_span(world: &World<'_>, actors: &BTreeMap<IpAddr, Actor>) -> Option<Span> {
    span_of(with_role(actors, Role::Provision).filter_map(|address| {
        let client = world.fetches.get(&address)?;
        Some((client.first?, client.last?, client.given_count + client.missing, address))
    }))
}

/// Registrations that the intruder got accepted, and their ends.
fn register_span(world: &World<'_>, cluster: &[Breach]) -> Option<Span> {
    span_of(cluster.iter().flat_map(|breach| {
        let address = breach.address;
        let uses = address.into_iter().flat_map(|address| world.uses_from(&breach.account, address));
        let registered = uses.filter(|used| {
            matches!(used.kind, Used::Registered)
                || (used.kind == Used::Unregistered && used.reason != "remove existing")
        });
        registered.filter_map(move |used| Some((used.first, used.last, used.count, address?)))
    }))
    .or_else(|| {
        span_of(cluster.iter().flat_map(|breach| {
            let address = breach.address;
            let uses = address.into_iter().flat_map(|address| world.uses_from(&breach.account, address));
            uses.filter_map(move |used| Some((used.first, used.first, used.count, address?)))
        }))
    })
}

/// Builds the incident of calls that went out without any account.
fn of_guests(world: &World<'_>, door: &GuestDoor) -> Incident {
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
    let why = "no account made it, and it left by a trunk".to_owned();
    let breach = door
        .calls
        .first()
        .and_then(|&index| world.calls.list.get(index))
        .map_or(Instant(0), |call| call.start);
    Incident {
        ways: vec![way],
        accounts: BTreeMap::new(),
        calls: door.calls.iter().map(|&index| (index, why.clone())).collect(),
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
        register: None,
        actors,
    }
}

/// Builds the incident of the manager interface.
fn of_manager(world: &World<'_>, door: &ManagerDoor) -> Incident {
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
    let mut because = vec!["the manager interface accepted a login from outside".to_owned()];
    if door.guesses > 0 {
        because.push(format!("after {} wrong secrets from the same addresses", door.guesses));
    }
    if !door.calls.is_empty() {
        because.push(format!(
            "{} calls that no phone made went out while the session was open",
            door.calls.len()
        ));
    }
    because.extend(door.behaviour.reasons.iter().cloned());
    let proof: Vec<Citation> =
        door.sessions.iter().flat_map(|session| session.lines.iter().take(1)).take(4).cloned().collect();
    let accounts: BTreeMap<String, String> = door
        .users
        .iter()
        .map(|user| (user.clone(), "logged in to the manager interface from outside".to_owned()))
        .collect();
    let register = span_of(
        door.sessions
            .iter()
            .filter_map(|session| Some((session.first, session.last, session.count, session.address?))),
    );
    let why = "no phone made it; it went out while the intruder's manager session was open".to_owned();
    Incident {
        guess: guess_span(world, &actors, &accounts, door.first),
        scan: scan_span(world, &actors),
        ways: vec![Weighed {
            vector: Vector::ManagerInterface,
            score: 7,
            because,
            against: Vec::new(),
            proof: proof.clone(),
        }],
        accounts,
        calls: door.calls.iter().map(|&index| (index, why.clone())).collect(),
        breach: door.first,
        proof,
        unknown: Vec::new(),
        provision: None,
        register,
        actors,
    }
}
