//! Incidents: one party and one way in, with everybody and every call that belongs to it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::actors::{add_guessers, add_leaks, add_scanners, add_users};
use super::behaviour::Destination;
use super::blame::fraud_calls;
use super::breach::{self, Breach};
use super::guessing;
use super::leaks;
pub use super::phases::Span;
use super::phases::{guess_span, provision_span, register_span, scan_span};
use super::registrations;
use super::same_network;
use super::vectors::{self, Weighed};
use super::without_account::{of_guests, of_manager};
use super::world::World;
use super::{doors, doubt, forward_set, telephone, web};
use crate::event::{Citation, Instant};
use crate::pbx::Binding;
use crate::report::model::{Role, Vector};

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
    pub calls: BTreeMap<usize, Arc<str>>,
    /// The first use.
    pub breach: Instant,
    /// Does anything tell when that was? Else it is only when the evidence begins.
    pub is_dated: bool,
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
    /// When holes of the web server and pages left behind were used.
    pub web: Option<Span>,
    /// When registrations and logins were accepted.
    pub register: Option<Span>,
    /// Addresses that the server's tables hold as registered, nobody knows since when.
    pub held: BTreeSet<IpAddr>,
    /// Parties that came in by telephone.
    pub callers: Vec<Party>,
    /// Nights of calls that came in by telephone, with what each of them looked like.
    pub nights: Vec<Night>,
    /// Does nothing speak for it but lines that a stranger could have written into the log?
    pub is_doubtful: bool,
}

/// Calls without a long pause between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Night {
    /// When the first call came in.
    pub first: Instant,
    /// When the last one did.
    pub last: Instant,
    /// How many they were, who made them, what is strange about them.
    pub what: String,
}

/// A party that came in by telephone and has no address.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its number; `None` where it was withheld or is not on record.
    pub number: Option<String>,
    /// Its parts.
    pub roles: BTreeSet<Role>,
    /// The start of its first call.
    pub first: Instant,
    /// The end of its last one.
    pub last: Instant,
    /// Its calls, indices into the world's.
    pub calls: BTreeSet<usize>,
}

/// An address with a part in an incident.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// Its parts.
    pub roles: BTreeSet<Role>,
    /// Telling lines.
    pub lines: Vec<Citation>,
}

impl Incident {
    /// Returns whether nothing tells of it but calls that look like fraud: who made them no record says.
    pub fn is_calls_alone(&self) -> bool {
        let vector = self.ways.first().map(|way| way.vector);
        let is_open = matches!(vector, None | Some(Vector::StolenCredential | Vector::Unknown));
        let is_of_accounts = !self.accounts.is_empty() && !self.calls.is_empty() && self.callers.is_empty();
        is_open && is_of_accounts && self.held.is_empty() && !self.actors.values().any(Actor::is_inside)
    }

    /// Returns the contacts that the server's own records have of its parties.
    pub fn contacts<'w>(&self, world: &World<'w>) -> impl Iterator<Item = &'w Binding> {
        let is_his = |address| self.actors.contains_key(&address);
        world.pbx.bindings.iter().filter(move |binding| binding.address.is_some_and(is_his))
    }
}

impl Actor {
    /// Returns whether it got in, and did not only try.
    pub fn is_inside(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Register | Role::Dial | Role::Manager))
    }
}

/// Finds every incident, in the order of the breach.
pub fn find(world: &World<'_>) -> Vec<Incident> {
    let (breaches, honest, hours) = breach::find(world);
    let mut incidents: Vec<Incident> =
        clusters(world, breaches).into_iter().map(|cluster| of_accounts(world, &cluster)).collect();
    incidents.extend(doors::manager(world, &honest).map(|door| of_manager(world, &door)));
    incidents.extend(doors::guests(world).map(|door| of_guests(world, &door)));
    incidents.extend(telephone::find(world, &honest, &hours));
    incidents = forward_set::join(world, incidents);
    incidents.iter_mut().for_each(|incident| doubt::weigh(world, incident));
    if let Some(door) = web::find(world, &takers(&incidents)) {
        let made = web::new_accounts(world);
        incidents = web::join(world, web::of_web(world, &door, &honest), incidents, &made);
    }
    let known: BTreeSet<usize> = incidents.iter().flat_map(|found| found.calls.keys().copied()).collect();
    incidents.extend(doors::ordered(world, (&honest, &hours), &known).map(|door| of_manager(world, &door)));
    incidents.sort_by_key(|incident| incident.breach);
    incidents
}

/// Returns who used accounts though neither a guess, a leak nor a default tells how the secret was known; a hole of the
/// web server may.
pub fn takers(incidents: &[Incident]) -> web::Takers {
    let mut takers = web::Takers::new();
    for incident in incidents {
        let vector = incident.ways.first().map(|way| way.vector);
        if !matches!(vector, Some(Vector::StolenCredential | Vector::Unknown | Vector::WebExploit)) {
            continue;
        }
        for (address, _) in incident.actors.iter().filter(|(_, actor)| actor.is_inside()) {
            let since = takers.entry(*address).or_insert(incident.breach);
            *since = incident.breach.min(*since);
        }
    }
    takers
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
    let places = |breach: &Breach| -> BTreeSet<Destination> {
        let calls = breach.calls.iter().filter_map(|index| world.calls.list.get(index));
        let abroad = calls.filter(|call| call.destination.is_abroad());
        abroad.map(|call| call.destination).collect()
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
        let guessing = guessing::find(world, name, earliest.first, &insiders);
        let leaks = leaks::find(world, name, earliest.first);
        let ways = vectors::weigh(world, earliest, &guessing, &leaks);
        let places = places(cluster.iter().filter(|breach| &breach.account == name));
        accounts.insert(name.clone(), how(&places, &ways));
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
        add_leaks(world, &mut actors, &all_leaks);
    }
    let calls = fraud_calls(world, cluster);
    add_users(world, &mut actors, cluster, &calls);
    add_scanners(world, &mut actors);
    let shared = take_everybodys(world, &mut actors);
    let breach = first.first;
    let accepted = registrations::find(world, cluster, &accounts, &mut actors);
    Incident {
        proof: proof_of_breach(world, first),
        unknown: shared.into_iter().chain(unknown(world, cluster, vector, &accepted)).collect(),
        guess: guess_span(world, &actors, &accounts, breach),
        scan: scan_span(world, &actors),
        provision: provision_span(world, &actors),
        web: None,
        register: accepted.span.or_else(|| register_span(world, cluster)),
        held: accepted.held,
        ways,
        accounts,
        actors,
        calls,
        breach,
        is_dated: true,
        callers: Vec::new(),
        nights: Vec::new(),
        is_doubtful: false,
    }
}

/// Takes out the addresses that nearly everybody here comes from, and says that the intruder's own is not known.
fn take_everybodys(world: &World<'_>, actors: &mut BTreeMap<IpAddr, Actor>) -> Vec<String> {
    let shared: Vec<IpAddr> =
        actors.keys().copied().filter(|address| world.is_everybodys(*address)).collect();
    actors.retain(|address, _| !shared.contains(address));
    let say = |address: IpAddr| {
        format!(
            "whose tries came by {address}, as everybody's here do: the logs of the proxy or the router there would \
             tell"
        )
    };
    shared.into_iter().map(say).collect()
}

/// Names the addresses that one account was used from, in the order of their first use.
fn places<'b>(breaches: impl Iterator<Item = &'b Breach>) -> String {
    const MOST_NAMED: usize = 5;
    let mut breaches: Vec<&Breach> = breaches.collect();
    breaches.sort_by_key(|breach| breach.first);
    let mut known = BTreeSet::new();
    let all: Vec<IpAddr> = breaches
        .iter()
        .filter_map(|breach| breach.address)
        .filter(|address| known.insert(*address))
        .collect();
    let mut named: Vec<String> = all.iter().take(MOST_NAMED).map(IpAddr::to_string).collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    if named.is_empty() { NOWHERE.to_owned() } else { named.join(", ") }
}

/// What stands for the addresses of an account where no record has one.
const NOWHERE: &str = "an address that no record tells";

/// Says how an account was taken over, and no more surely than the best way in is.
fn how(place: &str, ways: &[Weighed]) -> String {
    let best = ways.first();
    let hedge = vectors::hedge(vectors::likelihood_of_best(ways));
    match best.map(|way| way.vector) {
        Some(Vector::PasswordGuess) => format!("its secret was {hedge}guessed; used from {place}"),
        Some(Vector::ProvisioningLeak) => {
            format!("its secret was {hedge}read in a phone file; used from {place}")
        }
        Some(Vector::DefaultCredential) => format!("its secret was {hedge}a default; used from {place}"),
        // Without a login on record nothing says that a secret was used at all.
        _ if place == NOWHERE => {
            "its calls tell of it; no record tells from where, or with which secret".to_owned()
        }
        _ => format!("used from {place} with the right secret"),
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

fn unknown(
    world: &World<'_>,
    cluster: &[Breach],
    vector: Vector,
    accepted: &registrations::Accepted,
) -> Vec<String> {
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
    if world.is_freeswitch() {
        unknown.push(accepted.unknown());
    } else if world.has_proxy() && world.watched_since().is_none() {
        unknown.push("every login, failed or successful: the SIP proxy does not print them".to_owned());
    } else if !world.has_proxy() && !world.has_capture() && !world.has_security_events() {
        unknown.push("every successful login: no security events are in these files".to_owned());
    }
    unknown
}
