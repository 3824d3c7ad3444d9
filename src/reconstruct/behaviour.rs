//! What fraud looks like from the calls alone: rate, concurrence, repetition, prefix hunting, and
//! destinations that nobody here ever called.
//!
//! Each mark is weak; a call centre has rate, a traveller has new countries. Only their sum counts,
//! and only together with where the calls came from.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use rayon::prelude::*;

use super::calls::{Call, Mark};
use super::costly;
use super::world::World;
use crate::event::Instant;
use crate::numbering::{self, Risk, Site, international_digits};
use crate::report::document::counted;

/// What a group of calls shows.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    /// Points of suspicion.
    pub score: u32,
    /// What gave them, in words.
    pub reasons: Vec<String>,
    /// How many of the calls go to places that no honest call went to.
    pub novel: usize,
    /// How many calls were looked at.
    pub calls: usize,
    /// Do the calls show one caller's number after another, as if many people had made them?
    pub shows_many: bool,
}

impl Behaviour {
    /// Returns the points that need no knowledge of places: rate, concurrence, repetition.
    pub fn without_novelty(&self) -> u32 {
        self.score.saturating_sub(if self.novel >= 5 { 2 } else { u32::from(self.novel > 0) })
    }
}

/// A score from here on does not come about by honest use.
pub const FRAUD_LIKE: u32 = 4;
/// A score from here on is fraud without any address to go by.
pub const FRAUD_BY_ITSELF: u32 = 6;

/// The part of a number that tells the place: country and network, or the first digits of a number of
/// one's own country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination([u8; 5]);

impl Destination {
    /// Stands before the digits of a country's code; a record with a zero byte is none.
    const ABROAD: u8 = 0;

    /// Returns the place of an area that is dialled like the next town and lies abroad.
    fn of_area([a, b, c]: [u8; 3]) -> Self {
        Destination([Self::ABROAD, b'1', a, b, c])
    }

    /// Returns whether it lies abroad, or costs as if it did.
    pub fn is_costly(self) -> bool {
        self.is_abroad() || costly::is_costly(&self.0)
    }

    /// Returns whether it lies abroad.
    pub fn is_abroad(self) -> bool {
        let [first, second, ..] = self.0;
        first == Self::ABROAD && second != 0
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_abroad() { "+" } else { "" };
        let text = String::from_utf8_lossy(&self.0);
        formatter.write_str(mark)?;
        formatter.write_str(&crate::untrusted::visible(text.trim_matches('\0')))
    }
}

/// Returns the place that a dialled string leads to.
pub fn destination(dialed: &[u8]) -> Destination {
    let mut place = [0; 5];
    match international_digits(dialed) {
        Some(rest) => {
            place[0] = Destination::ABROAD;
            place[1..].iter_mut().zip(rest.iter()).for_each(|(into, digit)| *into = *digit);
        }
        None => place.iter_mut().zip(dialed).for_each(|(into, byte)| *into = *byte),
    }
    Destination(place)
}

/// Looks at calls, given in the order of their start, that one account made from one place.
pub fn look(world: &World<'_>, calls: &[&Call], honest: &BTreeSet<Destination>) -> Behaviour {
    let outward: Vec<&Call> = calls.iter().copied().filter(|call| call.is_outward()).collect();
    let mut behaviour = Behaviour { calls: outward.len(), ..Behaviour::default() };
    if outward.is_empty() {
        return behaviour;
    }
    let mut add = |points: u32, reason: String| {
        behaviour.score += points;
        behaviour.reasons.push(reason);
    };
    match concurrent(&outward) {
        most @ 6.. => add(3, format!("{most} calls at the same time")),
        most @ 3..=5 => add(2, format!("{most} calls at the same time")),
        _ => {}
    }
    match busiest_minute(&outward) {
        most @ 6.. => add(2, format!("{most} calls begun within a minute")),
        most @ 4..=5 => add(1, format!("{most} calls begun within a minute")),
        _ => {}
    }
    // Nobody dials twelve numbers abroad in a minute, and records without an end show no concurrence.
    let abroad = outward.iter().copied().filter(|call| international_digits(world.dialed(call)).is_some());
    if busiest_minute(&abroad.collect::<Vec<_>>()) >= 12 {
        add(2, "a dozen calls abroad begun within a minute".to_owned());
    }
    if let Some((number, times)) = most_repeated(world, &outward)
        && times * 2 >= outward.len()
    {
        add(2, format!("the same number, {}, dialled {times} times", crate::untrusted::visible(&number)));
    }
    if let Some((tail, prefixes)) = hunted(world, &outward) {
        add(2, format!("number ending {tail} tried with {prefixes} prefixes"));
    }
    let shown = shown_numbers(world, &outward);
    if let Some(numbers) = shown {
        add(2, format!("{numbers} different numbers shown as the caller's"));
    }
    let novel: Vec<Destination> = outward
        .iter()
        .map(|call| call.destination)
        .filter(|destination| destination.is_abroad() && !honest.contains(destination))
        .collect();
    let places: BTreeSet<&Destination> = novel.iter().collect();
    match novel.len() {
        0 => {}
        calls @ 1..=4 => {
            add(1, format!("{} abroad to places never called before", counted(calls as u64, "call")));
        }
        calls => {
            let to =
                if places.len() == 1 { "a place".to_owned() } else { format!("{} places", places.len()) };
            add(2, format!("{calls} calls abroad to {to} never called before"));
        }
    }
    behaviour.novel = novel.len();
    behaviour.shows_many = shown.is_some();
    behaviour
}

/// Returns how many telephone numbers were shown as the caller's, if it is another one nearly every time: who makes
/// calls in others' names changes it, and a branch has fewer numbers than calls.
fn shown_numbers(world: &World<'_>, calls: &[&Call]) -> Option<usize> {
    const MANY: usize = 30;
    const NUMBER_DIGITS: usize = 7;
    if calls.len() < MANY {
        return None;
    }
    let is_number =
        |shown: &&[u8]| shown.iter().filter(|byte| byte.is_ascii_digit()).count() >= NUMBER_DIGITS;
    let own = calls.iter().filter(|call| !call.from_trunk());
    let shown: BTreeSet<&[u8]> = own.map(|call| world.caller(call)).filter(is_number).collect();
    (shown.len() >= MANY && shown.len() * 10 >= calls.len() * 6).then_some(shown.len())
}

/// Returns whether most calls abroad go where fraud is known to go, by what is published.
pub(super) fn is_risky(world: &World<'_>, calls: &[&Call]) -> bool {
    let (named, all) = of_risk(world, calls, Risk::Raised);
    all > 0 && named * 2 >= all
}

/// Returns whether they are many calls, nearly all of them abroad to numbers that exist to be paid for by the caller.
pub(super) fn are_paid_for(world: &World<'_>, calls: &[&Call]) -> bool {
    const MANY: usize = 10;
    let abroad = calls.iter().filter(|call| call.destination.is_abroad()).count();
    let (paid, looked_at) = of_risk(world, calls, Risk::High);
    abroad >= MANY && abroad * 10 >= calls.len() * 9 && paid * 10 >= looked_at * 9
}

/// Counts the calls abroad of a risk and above, and all calls abroad, of the first ones.
fn of_risk(world: &World<'_>, calls: &[&Call], least: Risk) -> (usize, usize) {
    const LOOKED_AT: usize = 100;
    let site = Site::new(None);
    let abroad = || calls.iter().filter(|call| call.destination.is_abroad()).take(LOOKED_AT);
    let risk = |call: &&&Call| {
        let dialed = world.dialed(call);
        // What is abroad without a prefix lies in the Caribbean.
        international_digits(dialed).map_or(Risk::Raised, |digits| {
            let reading = numbering::read_best(&site, &[b"+", digits.as_ref()].concat());
            numbering::risk(&site, &reading).0
        })
    };
    (abroad().filter(|call| risk(call) >= least).count(), abroad().count())
}

/// Works out where every call goes to: asked again and again, of each.
pub(super) fn note_destinations(world: &mut World<'_>) {
    let is_north_american = costly::is_north_american(world);
    let mut calls = std::mem::take(&mut world.calls);
    calls.list.par_iter_mut().for_each(|call| {
        let dialed = world.dialed(call);
        let area = costly::area(dialed).filter(|_| is_north_american);
        call.destination = area.map_or_else(|| destination(dialed), Destination::of_area);
    });
    world.calls = calls;
}

/// Works out which calls leave the house, once it is known which of them came in from outside.
pub(super) fn note_outward(world: &mut World<'_>) {
    let mut calls = std::mem::take(&mut world.calls);
    calls.list.par_iter_mut().for_each(|call| call.mark(Mark::Outward, is_outward(world, call)));
    world.calls = calls;
}

/// Returns whether a call leaves the house.
fn is_outward(world: &World<'_>, call: &Call) -> bool {
    // What came in by a trunk leaves again only by one.
    let is_outside = is_number_outside(world, call);
    if call.from_trunk() { call.by_trunk() && is_outside } else { call.by_trunk() || is_outside }
}

/// Returns whether what was dialled is a telephone number, and no account's name.
pub(super) fn is_number_outside(world: &World<'_>, call: &Call) -> bool {
    let dialed = world.dialed(call);
    let digits = dialed.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_account = dialed.len() <= world.longest_account
        && world.accounts.contains(String::from_utf8_lossy(dialed).as_ref());
    digits >= 7 && !is_account
}

/// Returns the most calls at one time.
pub(super) fn concurrent(calls: &[&Call]) -> usize {
    let mut edges: Vec<(i64, i32)> = Vec::with_capacity(calls.len() * 2);
    for call in calls.iter().filter(|call| call.duration() > 0) {
        edges.push((call.start().seconds(), 1));
        edges.push((call.start().seconds() + i64::from(call.duration()), -1));
    }
    edges.sort_unstable();
    let (mut now, mut most) = (0i32, 0i32);
    for (_, change) in edges {
        now += change;
        most = most.max(now);
    }
    most.max(0) as usize
}

fn busiest_minute(calls: &[&Call]) -> usize {
    let mut most = 0;
    let mut from = 0;
    for (index, call) in calls.iter().enumerate() {
        while call.start().seconds_since(calls[from].start()) >= 60 {
            from += 1;
        }
        most = most.max(index - from + 1);
    }
    most
}

/// Returns the number dialled most, and how often, if it was dialled in a row: a customer is called
/// every day, and nobody ten times within hours.
fn most_repeated(world: &World<'_>, calls: &[&Call]) -> Option<(String, usize)> {
    const TIMES: usize = 10;
    const WITHIN_SECONDS: i64 = 6 * 3_600;
    if calls.len() < TIMES {
        return None;
    }
    let mut times: HashMap<&[u8], usize> = HashMap::new();
    for call in calls {
        *times.entry(world.dialed(call)).or_default() += 1;
    }
    let (number, times) = times.into_iter().max_by_key(|(number, times)| (*times, *number))?;
    let its_calls = calls.iter().filter(|call| times >= TIMES && world.dialed(call) == number);
    let starts: Vec<Instant> = its_calls.map(|call| call.start()).collect();
    let in_a_row = starts.windows(TIMES).any(|window| match window {
        [first, .., last] => last.seconds_since(*first) <= WITHIN_SECONDS,
        _ => false,
    });
    in_a_row.then(|| (String::from_utf8_lossy(number).into_owned(), times))
}

/// Returns a number's tail that was tried behind at least three prefixes: whoever knows the prefix of
/// a line does not hunt for it.
fn hunted(world: &World<'_>, calls: &[&Call]) -> Option<(String, usize)> {
    let split = |call: &&Call| {
        let dialed = world.dialed(call);
        let (prefix, tail) = dialed.split_at_checked(dialed.len().checked_sub(9)?)?;
        (dialed.is_ascii() && prefix.len() >= 2).then_some((tail, prefix))
    };
    let mut tried: Vec<(&[u8], &[u8])> = calls.iter().filter_map(split).collect();
    tried.sort_unstable();
    tried.dedup();
    let by_tail = tried.chunk_by(|left, right| left.0 == right.0);
    let [(tail, _), ..] = by_tail.clone().max_by_key(|prefixes| prefixes.len())? else { return None };
    let prefixes = by_tail.map(<[_]>::len).max().filter(|prefixes| *prefixes >= 3)?;
    Some((crate::untrusted::visible(&String::from_utf8_lossy(tail)), prefixes))
}
