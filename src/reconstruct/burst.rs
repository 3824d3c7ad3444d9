//! Calls of one account that stand out by themselves, where no address tells whose they are.
//!
//! An owner's calls and an intruder's may come under one name and from one place: records without
//! logs, phones behind one address. What sets the intruder's apart is that places nobody here calls are
//! called in a rush. Places that the account calls day by day are its owner's, however often.

use std::collections::{BTreeMap, BTreeSet};

use super::behaviour::{Behaviour, Destination};
use super::calls::Call;
use super::night::Hours;
use super::world::World;
use crate::event::{Disposition, Instant};

/// Calls to one place within an hour that make a rush; who redials by hand does not come to it often.
const RUSH_CALLS: usize = 5;
const RUSH_SECONDS: i64 = 3_600;
/// Calls within that time to ever other places abroad that make one as well.
const WIDE_CALLS: usize = 15;
/// Calls before and after a rush that still belong to it.
const AROUND_SECONDS: i64 = 1_800;
/// Test calls come up to a day before the rush.
const TEST_SECONDS: i64 = 86_400;
/// Days on which a place was called from which it is a usual one.
const USUAL_DAYS: usize = 3;
/// Calls a day to a usual place.
const USUAL_CALLS: usize = 12;
/// Days of the same rush from the very beginning from which it is how the account is used.
const HABIT_DAYS: usize = 4;

/// Says what [`is_long_row`] finds.
pub(super) const LONG_ROW: &str = "twenty and more answered calls one after the other";
/// Says what [`Hours::are_all_quiet`] finds.
pub(super) const QUIET_HOURS: &str = "at hours when nobody else here calls";

struct Place {
    calls: Vec<usize>,
    is_abroad: bool,
    rush: Option<(Instant, Instant)>,
}

fn day(at: Instant) -> i64 {
    at.seconds().div_euclid(86_400)
}

/// Returns those of an account's calls that belong to a rush, in order.
pub(super) fn find(
    world: &World<'_>,
    calls: impl Iterator<Item = usize> + Clone,
    honest: &BTreeSet<Destination>,
) -> Vec<usize> {
    let start = |index: usize| world.calls.list.get(index).map(Call::start);
    let places = places(world, calls.clone(), honest);
    let mut rushes: Vec<(Instant, Instant)> = places.iter().filter_map(|place| place.rush).collect();
    rushes.extend(wide_rush(world, &places));
    let mut found: Vec<usize> = Vec::new();
    for place in &places {
        for &index in &place.calls {
            let Some(at) = start(index) else { continue };
            let belongs = match place.rush {
                Some((first, _)) => at >= first.plus_seconds(-TEST_SECONDS),
                None => {
                    place.is_abroad
                        && rushes.iter().any(|(first, last)| {
                            at >= first.plus_seconds(-AROUND_SECONDS)
                                && at <= last.plus_seconds(AROUND_SECONDS)
                        })
                }
            };
            if belongs {
                found.push(index);
            }
        }
    }
    found.sort_unstable();
    let days: BTreeSet<i64> = found.iter().filter_map(|&index| start(index)).map(day).collect();
    let begins = { calls }.next().and_then(start).map(day);
    let is_habit = days.len() >= HABIT_DAYS
        && days.first().zip(begins).is_some_and(|(first, begins)| *first <= begins + 1);
    if is_habit { Vec::new() } else { found }
}

fn places(
    world: &World<'_>,
    calls: impl Iterator<Item = usize>,
    honest: &BTreeSet<Destination>,
) -> Vec<Place> {
    let mut by_place: BTreeMap<Destination, Place> = BTreeMap::new();
    for index in calls {
        let Some(call) = world.calls.list.get(index).filter(|call| call.is_outward()) else {
            continue;
        };
        let name = call.destination;
        if honest.contains(&name) {
            continue;
        }
        let is_abroad = name.is_abroad();
        let place = by_place.entry(name).or_insert(Place { calls: Vec::new(), is_abroad, rush: None });
        place.calls.push(index);
    }
    let mut places: Vec<Place> = by_place.into_values().collect();
    let mut starts: Vec<Instant> = Vec::new();
    places.retain_mut(|place| {
        starts.clear();
        starts.extend(place.calls.iter().filter_map(|&index| Some(world.calls.list.get(index)?.start())));
        // Calls are in the order of their start.
        let days = starts.chunk_by(|left, right| day(*left) == day(*right)).count();
        place.rush = rush(&starts, RUSH_CALLS);
        days < USUAL_DAYS || starts.len() > days * USUAL_CALLS
    });
    places
}

/// Returns a rush to places abroad each of which is called a few times only.
fn wide_rush(world: &World<'_>, places: &[Place]) -> Option<(Instant, Instant)> {
    let abroad = places.iter().filter(|place| place.is_abroad).flat_map(|place| &place.calls);
    let mut starts: Vec<Instant> =
        abroad.filter_map(|&index| Some(world.calls.list.get(index)?.start())).collect();
    starts.sort_unstable();
    rush(&starts, WIDE_CALLS)
}

/// Returns the first and the last call of any rush of so many, of calls in order.
fn rush(starts: &[Instant], calls: usize) -> Option<(Instant, Instant)> {
    let dense = || {
        starts.windows(calls).filter(|window| match window {
            [first, .., last] => last.seconds_since(*first) <= RUSH_SECONDS,
            _ => false,
        })
    };
    let first = *dense().next()?.first()?;
    let last = *dense().next_back()?.last()?;
    Some((first, last))
}

/// Adds what speaks against calls of which no address tells whose they are.
pub(super) fn add_marks(calls: &[&Call], hours: &Hours, behaviour: &mut Behaviour) {
    if is_long_row(calls) && behaviour.novel * 2 >= calls.len() {
        behaviour.score += 2;
        behaviour.reasons.push(LONG_ROW.to_owned());
    }
    if behaviour.novel * 10 >= behaviour.calls * 9 && hours.are_all_quiet(calls) {
        behaviour.score += 2;
        behaviour.reasons.push(QUIET_HOURS.to_owned());
    }
}

/// Twenty answered calls within six hours: more than anybody makes to places where nobody knows them.
/// A fax that finds the line busy tries as often, and is never answered.
pub(super) fn is_long_row(calls: &[&Call]) -> bool {
    let answered: Vec<&Call> =
        calls.iter().copied().filter(|call| call.disposition() == Disposition::Answered).collect();
    answered.windows(20).any(|window| match window {
        [first, .., last] => last.start().seconds_since(first.start()) <= 6 * 3_600,
        _ => false,
    })
}
