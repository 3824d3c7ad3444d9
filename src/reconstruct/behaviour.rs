//! What fraud looks like from the calls alone: rate, concurrence, repetition, prefix hunting, and
//! destinations that nobody here ever called.
//!
//! Each mark is weak; a call centre has rate, a traveller has new countries. Only their sum counts,
//! and only together with where the calls came from.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use rayon::prelude::*;

use super::calls::Call;
use super::world::World;
use crate::event::Instant;
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

/// Returns the digits after the international prefix, if a dialled string has one.
///
/// Sites put a digit for the outside line in front: `9011...`, `900232...`. A national number may begin
/// like one (`011 5555 1234` in Buenos Aires, `011 95555 1234` in Sao Paulo, `010 5555 1234` in Beijing), so
/// a least length is asked for: national numbers are no longer, international ones seldom shorter.
pub fn international(dialed: &[u8]) -> Option<Cow<'_, [u8]>> {
    let is_plain = dialed.iter().all(u8::is_ascii_digit);
    if is_plain {
        return behind_prefix(dialed).map(|at| Cow::Borrowed(&dialed[at..]));
    }
    let text: Vec<u8> =
        dialed.iter().copied().filter(|byte| byte.is_ascii_digit() || *byte == b'+').collect();
    if let Some(rest) = text.strip_prefix(b"+") {
        return (rest.len() >= 7 && !rest.contains(&b'+')).then(|| Cow::Owned(rest.to_vec()));
    }
    let digits: Vec<u8> = text.into_iter().filter(|byte| *byte != b'+').collect();
    behind_prefix(&digits).map(|at| Cow::Owned(digits[at..].to_vec()))
}

/// Returns how many digits the prefix takes, the one for the outside line included.
fn behind_prefix(digits: &[u8]) -> Option<usize> {
    const PREFIXES: [(&[u8], usize); 4] = [(b"00", 10), (b"011", 13), (b"010", 13), (b"810", 13)];
    PREFIXES.into_iter().find_map(|(prefix, least)| {
        if digits.len() >= least && digits.starts_with(prefix) {
            return Some(prefix.len());
        }
        let (line, rest) = digits.split_first()?;
        let least = least + if prefix == b"00" { 2 } else { 1 };
        let is_line = matches!(line, b'9' | b'8' | b'0' | b'7' | b'1');
        (is_line && digits.len() >= least && rest.starts_with(prefix)).then_some(prefix.len() + 1)
    })
}

/// The part of a number that tells the place: country and network, or the first digits of a number of
/// one's own country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination([u8; 5]);

impl Destination {
    /// Stands before the digits of a country's code; a record with a zero byte is none.
    const ABROAD: u8 = 0;

    /// Returns whether it lies abroad, or costs as if it did.
    pub fn is_costly(self) -> bool {
        self.is_abroad() || super::costly::is_costly(&self.0)
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
    match international(dialed) {
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
    let outward: Vec<&Call> = calls.iter().copied().filter(|call| call.is_outward).collect();
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
    let abroad = outward.iter().copied().filter(|call| international(world.dialed(call)).is_some());
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
    let novel: Vec<Destination> = outward
        .iter()
        .map(|call| call.destination)
        .filter(|destination| destination.is_abroad() && !honest.contains(destination))
        .collect();
    let places: BTreeSet<&Destination> = novel.iter().collect();
    match novel.len() {
        0 => {}
        calls @ 1..=4 => {
            add(1, format!("{} abroad to places never called before", counted(calls as u64, "call")))
        }
        calls => {
            let to =
                if places.len() == 1 { "a place".to_owned() } else { format!("{} places", places.len()) };
            add(2, format!("{calls} calls abroad to {to} never called before"));
        }
    }
    behaviour.novel = novel.len();
    behaviour
}

/// Works out where every call goes to: asked again and again, of each.
pub(super) fn note_destinations(world: &mut World<'_>) {
    let mut calls = std::mem::take(&mut world.calls);
    calls.list.par_iter_mut().for_each(|call| call.destination = destination(world.dialed(call)));
    world.calls = calls;
}

/// Works out which calls leave the house, once it is known which of them came in from outside.
pub(super) fn note_outward(world: &mut World<'_>) {
    let mut calls = std::mem::take(&mut world.calls);
    calls.list.par_iter_mut().for_each(|call| call.is_outward = is_outward(world, call));
    world.calls = calls;
}

/// Returns whether a call leaves the house.
fn is_outward(world: &World<'_>, call: &Call) -> bool {
    // What came in by a trunk leaves again only by one.
    let is_outside = is_number_outside(world, call);
    if call.from_trunk { call.by_trunk && is_outside } else { call.by_trunk || is_outside }
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
    for call in calls.iter().filter(|call| call.duration > 0) {
        edges.push((call.start.seconds(), 1));
        edges.push((call.start.seconds() + i64::from(call.duration), -1));
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
        while call.start.seconds_since(calls[from].start) >= 60 {
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
    let mut starts: HashMap<&[u8], Vec<Instant>> = HashMap::new();
    for call in calls {
        starts.entry(world.dialed(call)).or_default().push(call.start);
    }
    let (number, starts) = starts.into_iter().max_by_key(|(number, starts)| (starts.len(), *number))?;
    let in_a_row = starts.windows(TIMES).any(|window| match window {
        [first, .., last] => last.seconds_since(*first) <= WITHIN_SECONDS,
        _ => false,
    });
    in_a_row.then(|| (String::from_utf8_lossy(number).into_owned(), starts.len()))
}

/// Returns a number's tail that was tried behind at least three prefixes: whoever knows the prefix of
/// a line does not hunt for it.
fn hunted(world: &World<'_>, calls: &[&Call]) -> Option<(String, usize)> {
    let mut prefixes: HashMap<&[u8], BTreeSet<&[u8]>> = HashMap::new();
    for call in calls {
        let dialed = world.dialed(call);
        if dialed.is_ascii() && dialed.len() >= 11 {
            let (prefix, tail) = dialed.split_at(dialed.len() - 9);
            prefixes.entry(tail).or_default().insert(prefix);
        }
    }
    let (tail, prefixes) = prefixes.into_iter().max_by_key(|(tail, prefixes)| (prefixes.len(), *tail))?;
    (prefixes.len() >= 3).then(|| (crate::untrusted::visible(&String::from_utf8_lossy(tail)), prefixes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_numbers_behind_any_outside_line() {
        let rest = |dialed: &str| {
            international(dialed.as_bytes()).map(|rest| String::from_utf8_lossy(&rest).into_owned())
        };
        assert_eq!(rest("00882998002487").as_deref(), Some("882998002487"));
        assert_eq!(rest("900232224208491").as_deref(), Some("232224208491"));
        assert_eq!(rest("01188228990417").as_deref(), Some("88228990417"));
        assert_eq!(rest("+442037690237").as_deref(), Some("442037690237"));
        assert_eq!(rest("0199363914"), None);
        assert_eq!(rest("0115551234"), None);
        assert_eq!(rest("9005551234"), None);
        assert_eq!(rest("3125550100"), None);
    }
}
