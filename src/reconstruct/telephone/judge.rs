//! Which calls that passed through the house are fraud.
//!
//! Only calls to places that nobody here calls otherwise are looked at, in nights: calls with no long pause
//! between them. A night counts by what it looks like (rate, concurrence, new places) and by the wrong PINs
//! before it. One mobile phone makes one call at a time, and an owner's number is known from other days; a
//! forward has many callers. Numbers can be forged, so that a known one excuses a quiet night only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::build::who;
use super::passage::{Kind, Passage, caller, own_numbers};
use crate::event::Instant;
use crate::reconstruct::behaviour::{self, Behaviour, Destination, FRAUD_BY_ITSELF, FRAUD_LIKE};
use crate::reconstruct::burst;
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident;
use crate::reconstruct::night::Hours;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::Vector;

/// A pause that ends a night.
const PAUSE_SECONDS: i64 = 2 * 3_600;
/// Trying and test calls come up to a day before.
const BEFORE_SECONDS: i64 = 86_400;
/// Nights of one way that lie this near are one party's, if they share nothing else.
const NEAR_SECONDS: i64 = 36 * 3_600;
/// Wrong PINs that a person does not give.
const GUESSES: u32 = 3;
/// Calls of a night, and of each of its callers, from which nobody makes them for himself.
const MANY_CALLS: usize = 10;
const CALLS_OF_EACH: usize = 4;
/// A number that was used in peace so long before is known.
const KNOWN_SECONDS: i64 = 12 * 3_600;
/// A place is a usual one that was called from the beginning, for a week and more, and so often a day at most: an
/// attack of three nights makes none.
const USUAL_DAYS: usize = 3;
const USUAL_SPAN_DAYS: i64 = 7;
const USUAL_CALLS: usize = 12;
/// Places that calls were sent on to from which a server is meant to send calls on.
const HABIT_PLACES: usize = 3;
/// Days on which calls were sent on, likewise.
const HABIT_DAYS: usize = 4;
/// What is called within so many days from the beginning of the evidence was called before.
const BEGINNING_DAYS: i64 = 2;

/// A way that was abused, with all who used it.
pub(super) struct Door {
    pub(super) vector: Vector,
    /// The fraudulent calls, with the way that each took and who made it.
    pub(super) calls: BTreeMap<usize, (Kind, Option<String>)>,
    /// What each night looked like.
    pub(super) nights: Vec<incident::Night>,
    /// Calls that tried, with how many wrong PINs; and those that only looked.
    pub(super) tries: BTreeMap<usize, (Option<String>, u32)>,
    /// Points.
    pub(super) score: u32,
}

/// Calls without a long pause between them.
struct Night<'p, 'w> {
    passages: Vec<&'p Passage<'w>>,
    first: Instant,
    last: Instant,
    behaviour: Behaviour,
    score: u32,
}

impl Night<'_, '_> {
    /// Puts it into words.
    fn told(&self) -> incident::Night {
        let calls = counted(self.passages.len() as u64, "call");
        let who = who(self.passages.iter().map(|passage| &passage.caller));
        let looks = self.behaviour.reasons.iter().map(|reason| format!("; {reason}"));
        let what = format!("{calls}, {who}{}", looks.collect::<String>());
        incident::Night { first: self.first, last: self.last, what }
    }
}

/// An incoming call of whoever tried or looked.
struct Visit {
    index: usize,
    at: Instant,
    caller: Option<String>,
    wrong: u32,
}

/// Finds the ways that were abused.
pub(super) fn doors(
    world: &World<'_>,
    passages: &[Passage<'_>],
    honest: &BTreeSet<Destination>,
    hours: &Hours,
) -> Vec<Door> {
    let foreign = foreign(world, passages, honest);
    if foreign.is_empty() {
        return Vec::new();
    }
    let visits = visits(world);
    let mut by_vector: BTreeMap<Vector, Vec<&Passage<'_>>> = BTreeMap::new();
    for passage in &foreign {
        by_vector.entry(passage.kind.vector()).or_default().push(passage);
    }
    let mut doors = Vec::new();
    for (vector, foreign) in by_vector {
        let nights = nights(&foreign).into_iter().map(|mut night| {
            weigh(world, &mut night, honest, &visits);
            // A forward serves those hours at which nobody is in.
            if vector != Vector::CallForward && is_of_few(&night) {
                add_endurance(&mut night, hours);
            }
            night
        });
        let guilty: Vec<Night<'_, '_>> =
            nights.filter(|night| is_fraud(vector, night, passages, &visits)).collect();
        for party in parties(guilty) {
            doors.push(door(vector, &party, passages, &foreign, &visits));
        }
    }
    doors
}

/// Returns the calls to places that nobody here calls day by day.
fn foreign<'p, 'w>(
    world: &World<'_>,
    passages: &'p [Passage<'w>],
    honest: &BTreeSet<Destination>,
) -> Vec<&'p Passage<'w>> {
    let mut days: HashMap<Destination, (BTreeSet<i64>, usize)> = HashMap::new();
    for passage in passages {
        let (days, calls) = days.entry(passage.call.destination).or_default();
        days.insert(passage.call.start().seconds().div_euclid(86_400));
        *calls += 1;
    }
    let begins = world.first.map_or(0, |first| first.seconds().div_euclid(86_400));
    let is_usual = |place: &Destination| {
        let Some((days, calls)) = days.get(place) else { return false };
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        days.len() >= USUAL_DAYS
            && *calls <= days.len() * USUAL_CALLS
            && last - first >= USUAL_SPAN_DAYS
            && first - begins <= BEGINNING_DAYS
    };
    let mut foreign: Vec<&Passage<'_>> = passages.iter().collect();
    foreign.retain(|passage| {
        let place = &passage.call.destination;
        place.is_costly() && !honest.contains(place) && !is_usual(place)
    });
    foreign
}

/// Returns the incoming calls that gave wrong PINs or that might have been looking for a way.
fn visits(world: &World<'_>) -> Vec<Visit> {
    let own = own_numbers(world);
    let incoming = world.calls.iter().enumerate().filter(|(_, call)| call.from_trunk());
    incoming
        .map(|(index, call)| Visit {
            index,
            at: call.start(),
            caller: caller(world, call, &own),
            wrong: world.wrong_pins(call),
        })
        .collect()
}

fn nights<'p, 'w>(foreign: &[&'p Passage<'w>]) -> Vec<Night<'p, 'w>> {
    let mut nights: Vec<Night<'p, 'w>> = Vec::new();
    for passage in foreign {
        let at = passage.call.start();
        match nights.last_mut().filter(|night| at.seconds_since(night.last) <= PAUSE_SECONDS) {
            Some(night) => {
                night.passages.push(passage);
                night.last = at;
            }
            None => nights.push(Night {
                passages: vec![passage],
                first: at,
                last: at,
                behaviour: Behaviour::default(),
                score: 0,
            }),
        }
    }
    nights
}

fn weigh(world: &World<'_>, night: &mut Night<'_, '_>, honest: &BTreeSet<Destination>, visits: &[Visit]) {
    let calls: Vec<&Call> = night.passages.iter().map(|passage| passage.call).collect();
    night.behaviour = behaviour::look(world, &calls, honest);
    night.score = night.behaviour.score;
    // Calls that cost and are no calls abroad: premium numbers, places that share a country's prefix.
    let near = calls.iter().filter(|call| !call.destination.is_abroad()).count();
    if near > 0 {
        night.score += if near >= 5 { 2 } else { 1 };
        night
            .behaviour
            .reasons
            .push(format!("{} to numbers that cost more than they seem to", counted(near as u64, "call")));
    }
    if night.passages.iter().any(|passage| passage.is_written) {
        night.score += 1;
        night.behaviour.reasons.push("the dialplan lets whoever calls in go out again".to_owned());
    }
    if wrong_pins(night, visits) >= GUESSES {
        night.score += 3;
        night.behaviour.reasons.push("wrong PINs were given before".to_owned());
    }
}

/// Returns whether a few callers made many calls each: those who are helped at night call once.
fn is_of_few(night: &Night<'_, '_>) -> bool {
    let callers: BTreeSet<&Option<String>> = night.passages.iter().map(|passage| &passage.caller).collect();
    night.passages.len() >= MANY_CALLS && callers.len() * CALLS_OF_EACH <= night.passages.len()
}

/// Adds what a caller shows who makes one call after the other: no rate, but how long it goes on, and when.
fn add_endurance(night: &mut Night<'_, '_>, hours: &Hours) {
    let calls: Vec<&Call> = night.passages.iter().map(|passage| passage.call).collect();
    let before = night.behaviour.score;
    burst::add_marks(&calls, hours, &mut night.behaviour);
    night.score += night.behaviour.score - before;
}

/// Returns how many wrong PINs its callers gave in the day before it and while it lasted.
fn wrong_pins(night: &Night<'_, '_>, visits: &[Visit]) -> u32 {
    let callers: BTreeSet<&Option<String>> = night.passages.iter().map(|passage| &passage.caller).collect();
    let from = visits.partition_point(|visit| visit.at < night.first.plus_seconds(-BEFORE_SECONDS));
    let to = visits.partition_point(|visit| visit.at <= night.last);
    let near = visits.get(from..to).unwrap_or_default();
    near.iter().filter(|visit| callers.contains(&visit.caller)).map(|visit| visit.wrong).sum()
}

fn is_fraud(vector: Vector, night: &Night<'_, '_>, passages: &[Passage<'_>], visits: &[Visit]) -> bool {
    let calls: Vec<&Call> = night.passages.iter().map(|passage| passage.call).collect();
    let concurrent = behaviour::concurrent(&calls);
    let is_known = |caller: &Option<String>| {
        caller.as_deref().is_some_and(|number| is_known(number, night.first, passages, visits))
    };
    if concurrent < 3 && night.passages.iter().all(|passage| is_known(&passage.caller)) {
        return false;
    }
    let callers: BTreeSet<&Option<String>> = night.passages.iter().map(|passage| &passage.caller).collect();
    match vector {
        // Whoever calls the house is sent on: many callers, each once, are customers.
        Vector::CallForward => {
            night.score >= FRAUD_LIKE && (concurrent >= 3 || callers.len() * 2 <= calls.len())
        }
        // Behind a PIN nobody belongs but the staff.
        Vector::VoicemailOrDisa => night.score + 1 >= FRAUD_LIKE,
        // A server that passed calls on before is meant to.
        _ => night.score >= FRAUD_BY_ITSELF && !is_habit(passages, night.first),
    }
}

/// Returns whether the dialplan itself had sent calls on to several places before, or does so day by day.
fn is_habit(passages: &[Passage<'_>], first: Instant) -> bool {
    let by_dialplan = || passages.iter().filter(|passage| passage.kind == Kind::Dialplan);
    let before = by_dialplan().filter(|passage| passage.call.start() < first.plus_seconds(-KNOWN_SECONDS));
    let places: BTreeSet<Destination> = before.map(|passage| passage.call.destination).collect();
    let days: BTreeSet<i64> =
        by_dialplan().map(|passage| passage.call.start().seconds().div_euclid(86_400)).collect();
    places.len() >= HABIT_PLACES || days.len() >= HABIT_DAYS
}

/// Returns whether a number had passed through in peace before.
fn is_known(number: &str, first: Instant, passages: &[Passage<'_>], visits: &[Visit]) -> bool {
    let before = first.plus_seconds(-KNOWN_SECONDS);
    let is_it = |caller: &Option<String>| caller.as_deref() == Some(number);
    let passed = passages.iter().any(|passage| passage.call.start() < before && is_it(&passage.caller));
    let to = visits.partition_point(|visit| visit.at < before);
    let wrong: u32 =
        visits.iter().take(to).filter(|visit| is_it(&visit.caller)).map(|visit| visit.wrong).sum();
    passed && wrong < GUESSES
}

/// Puts nights together that share callers or places, or follow each other.
fn parties<'p, 'w>(nights: Vec<Night<'p, 'w>>) -> Vec<Vec<Night<'p, 'w>>> {
    let mut parties: Vec<Vec<Night<'p, 'w>>> = Vec::new();
    for night in nights {
        let (mine, others): (Vec<_>, Vec<_>) = parties
            .into_iter()
            .partition(|party: &Vec<Night<'_, '_>>| party.iter().any(|other| are_one_party(other, &night)));
        parties = others;
        let mut joined: Vec<Night<'_, '_>> = mine.into_iter().flatten().collect();
        joined.push(night);
        parties.push(joined);
    }
    parties
}

fn are_one_party(left: &Night<'_, '_>, right: &Night<'_, '_>) -> bool {
    let places = |night: &Night<'_, '_>| -> BTreeSet<Destination> {
        night.passages.iter().map(|passage| passage.call.destination).collect()
    };
    let callers = |night: &Night<'_, '_>| -> BTreeSet<String> {
        night.passages.iter().filter_map(|passage| passage.caller.clone()).collect()
    };
    right.first.seconds_since(left.last) <= NEAR_SECONDS
        || places(left).intersection(&places(right)).next().is_some()
        || callers(left).intersection(&callers(right)).next().is_some()
}

fn door(
    vector: Vector,
    party: &[Night<'_, '_>],
    passages: &[Passage<'_>],
    foreign: &[&Passage<'_>],
    visits: &[Visit],
) -> Door {
    let mut door = Door {
        vector,
        calls: BTreeMap::new(),
        nights: Vec::new(),
        tries: BTreeMap::new(),
        score: party.iter().map(|night| night.score).max().unwrap_or(0),
    };
    let take = |door: &mut Door, passage: &Passage<'_>| {
        door.calls.insert(passage.index, (passage.kind, passage.caller.clone()));
    };
    let taken = || party.iter().flat_map(|night| &night.passages);
    taken().for_each(|passage| take(&mut door, passage));
    door.nights = party.iter().map(Night::told).collect();
    door.nights.sort();
    let first = party.iter().map(|night| night.first).min().unwrap_or(Instant(0));
    let last = party.iter().map(|night| night.last).max().unwrap_or(first);
    let hostile: BTreeSet<&str> = taken()
        .filter_map(|passage| passage.caller.as_deref())
        .filter(|caller| !is_known(caller, first, passages, visits))
        .collect();
    let places: BTreeSet<Destination> = taken().map(|passage| passage.call.destination).collect();
    let is_near =
        |at: Instant| at >= first.plus_seconds(-BEFORE_SECONDS) && at <= last.plus_seconds(BEFORE_SECONDS);
    // Test calls, and the intruder's calls to places that cost nothing.
    for passage in passages.iter().filter(|passage| passage.kind.vector() == vector) {
        let is_hostile = passage.caller.as_deref().is_some_and(|caller| hostile.contains(caller));
        if is_near(passage.call.start()) && is_hostile {
            take(&mut door, passage);
        }
    }
    for passage in foreign.iter().filter(|passage| is_near(passage.call.start())) {
        if places.contains(&passage.call.destination) {
            take(&mut door, passage);
        }
    }
    door.tries = tries(visits, &door, &hostile, is_near, passages, first);
    door
}

/// Returns the incoming calls of the intruders that got nowhere: those with wrong PINs, and the rest of
/// whoever gave so many of them or got out at other times.
fn tries(
    visits: &[Visit],
    door: &Door,
    hostile: &BTreeSet<&str>,
    is_near: impl Fn(Instant) -> bool,
    passages: &[Passage<'_>],
    first: Instant,
) -> BTreeMap<usize, (Option<String>, u32)> {
    let near = || visits.iter().filter(|visit| is_near(visit.at));
    let mut wrong: BTreeMap<&Option<String>, u32> = BTreeMap::new();
    near().for_each(|visit| *wrong.entry(&visit.caller).or_default() += visit.wrong);
    let guessed = |caller: &Option<String>| wrong.get(caller).is_some_and(|wrong| *wrong >= GUESSES);
    let is_theirs = |visit: &&Visit| match visit.caller.as_deref() {
        Some(caller) => {
            hostile.contains(caller) || guessed(&visit.caller) && !is_known(caller, first, passages, visits)
        }
        // A withheld number is many people's.
        None => visit.wrong > 0 && guessed(&visit.caller),
    };
    near()
        .filter(is_theirs)
        .filter(|visit| !door.calls.contains_key(&visit.index))
        .map(|visit| (visit.index, (visit.caller.clone(), visit.wrong)))
        .collect()
}
