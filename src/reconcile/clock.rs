//! How far the carrier's clock is ahead, found out from calls that both sides tell.
//!
//! A number called at most times by one side and as long by the other is one call; how far the two are apart, most of
//! them agree on. A difference of whole quarters of an hour is a zone that was told wrong, one that grows a clock that
//! drifts, a step one that was set. It serves the matching; no time that stands in the evidence is changed by it.

use std::collections::BTreeMap;

use super::length::{Increment, gap};
use super::matching::{ByNumber, Pair};
use super::{Ours, Theirs, ahead};

/// No two clocks, and no two zones, are further apart that one could mistake for another.
const FURTHEST: i64 = 14 * 3_600;
/// Calls of the carrier that are looked at: more tell nothing new.
const MOST_LOOKED_AT: usize = 4_096;
/// Own calls that one of them is held against.
const MOST_TRIED: usize = 4_096;
/// Votes kept.
const MOST_VOTES: usize = 1 << 20;
/// Differences within so many seconds are one.
const WIDTH: i64 = 5;
/// Within so many seconds a clock may drift while the evidence lasts.
const REGION: i64 = 240;
/// Calls that have to agree.
const LEAST_CALLS: usize = 3;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The difference on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayClock {
    /// Days since 1970 by the carrier's clock.
    pub day: i64,
    /// Calls that both sides tell.
    pub calls: u64,
    /// The difference in the middle of them, in seconds.
    pub median: i64,
    /// Half of them lie within so many seconds of it.
    pub spread: i64,
}

/// How far the carrier's clock is ahead of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockDifference {
    /// In seconds; `None` where too few calls agree, and none is then assumed.
    pub seconds: Option<i64>,
    /// Half of the calls lie within so many seconds of it.
    pub spread: i64,
    /// Calls that it rests on.
    pub calls: u64,
    /// Each day that both sides tell of.
    pub days: Vec<DayClock>,
    /// Is a start that stands alone that of the answer?
    pub(super) starts_at_answer: bool,
    /// Days that differ from the rest, as they were found before anything was matched.
    own: BTreeMap<i64, i64>,
}

/// One call of theirs that may be one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Vote {
    difference: i64,
    day: i64,
    /// The fewer own calls it may be, the more it counts.
    weight: u32,
    call: u32,
}

impl ClockDifference {
    /// Finds it, before anything is matched.
    pub(super) fn estimate(
        theirs: &[Theirs],
        ours: &[Ours],
        by_number: &ByNumber,
        increment: Increment,
    ) -> Self {
        let by = |starts_at_answer| {
            let mut votes = votes(theirs, ours, by_number, increment, starts_at_answer);
            votes.sort_unstable();
            // Day by day: a drift blurs the whole more than a choice that is wrong.
            let agreeing: u64 = by_day(&votes).values().map(|votes| densest(votes.iter(), WIDTH).0).sum();
            (agreeing, starts_at_answer, votes)
        };
        let of_request = by(false);
        let is_start_alone = |call: &Theirs| call.end.is_none() && call.answer.is_none();
        let of_answer = theirs.iter().any(is_start_alone).then(|| by(true));
        let (_, starts_at_answer, votes) =
            of_answer.filter(|answer| answer.0 > of_request.0).unwrap_or(of_request);
        let Some(all) = peak(&votes) else { return ClockDifference::default() };
        ClockDifference {
            seconds: Some(all),
            starts_at_answer,
            own: own_days(&votes, all),
            ..Self::default()
        }
    }

    /// Returns the difference at a time of the carrier's clock.
    pub(super) fn at(&self, theirs: i64) -> i64 {
        let day = theirs.div_euclid(DAY);
        self.own.get(&day).copied().or(self.seconds).unwrap_or(0)
    }

    /// Works out how exactly it is known, from what was matched.
    ///
    /// Which of start, answer and end means the same on both sides, the calls tell: it is the one on which most of them
    /// agree to the second. Lengths in whole seconds move the others by one.
    pub(super) fn measure(&mut self, theirs: &[Theirs], ours: &[Ours], pairs: &[Option<Pair>]) {
        let paired: Vec<(&Theirs, &Ours)> = theirs
            .iter()
            .zip(pairs)
            .filter_map(|(call, pair)| Some((call, pair.filter(|pair| !pair.is_length_apart)?)))
            .filter_map(|(call, pair)| Some((call, ours.get(pair.ours as usize)?)))
            .collect();
        let of = |anchor: Anchor| -> Vec<(i64, i64)> {
            let each = paired
                .iter()
                .filter_map(|(call, own)| Some((call.start.div_euclid(DAY), anchor(call, own)?)));
            each.collect()
        };
        let best = ANCHORS.into_iter().map(of).max_by_key(|found| agreement(found)).unwrap_or_default();
        let mut days: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        best.iter().for_each(|(day, difference)| days.entry(*day).or_default().push(*difference));
        let mut all: Vec<i64> = best.into_iter().map(|(_, difference)| difference).collect();
        self.calls = all.len() as u64;
        self.days = days
            .into_iter()
            .filter_map(|(day, mut found)| {
                let calls = found.len() as u64;
                let (median, spread) = middle(&mut found)?;
                Some(DayClock { day, calls, median, spread })
            })
            .collect();
        if let Some((median, spread)) = middle(&mut all).filter(|_| self.seconds.is_some()) {
            (self.seconds, self.spread) = (Some(median), spread);
        }
    }

    /// Returns whether it is whole quarters of an hour: a zone told wrong rather than a clock.
    pub fn is_zone(&self) -> bool {
        self.seconds.is_some_and(|seconds| {
            let rest = seconds.rem_euclid(900);
            seconds.abs() >= 900 - 60 && (rest <= 60 || rest >= 900 - 60)
        })
    }
}

/// How far one kind of time is ahead on the carrier's side.
type Anchor = fn(&Theirs, &Ours) -> Option<i64>;

/// The kinds of time, the surest last: of several that agree alike the last counts.
const ANCHORS: [Anchor; 3] = [
    |theirs, ours| Some(theirs.answer.filter(|_| ours.is_answered)? - ours.answer()),
    |theirs, ours| theirs.end.filter(|_| ours.seconds.is_some()).map(|end| end - ours.end),
    |theirs, ours| Some(theirs.start - ours.start),
];

/// Returns how many agree on one difference.
fn agreement(found: &[(i64, i64)]) -> usize {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    found.iter().for_each(|(_, difference)| *counts.entry(*difference).or_default() += 1);
    counts.into_values().max().unwrap_or(0)
}

/// Returns the median, and the median distance from it.
fn middle(values: &mut [i64]) -> Option<(i64, i64)> {
    let half = values.len() / 2;
    values.sort_unstable();
    let median = *values.get(half)?;
    let mut distances: Vec<i64> = values.iter().map(|value| (value - median).abs()).collect();
    distances.sort_unstable();
    Some((median, *distances.get(half)?))
}

fn votes(
    theirs: &[Theirs],
    ours: &[Ours],
    by_number: &ByNumber,
    increment: Increment,
    starts_at_answer: bool,
) -> Vec<Vote> {
    let step = theirs.len().div_ceil(MOST_LOOKED_AT).max(1);
    let mut votes = Vec::new();
    for (index, call) in theirs.iter().enumerate().step_by(step) {
        let begun = call.end.unwrap_or(call.start);
        let near = by_number.near(call.to, begun - FURTHEST, begun + FURTHEST);
        let same = near.iter().take(MOST_TRIED).filter_map(|&own| ours.get(own as usize));
        let same =
            same.filter(|own| super::matching::unlike(call, own).is_some() && gap(call, own, increment) == 0);
        let from = votes.len();
        votes.extend(same.map(|own| Vote {
            difference: ahead(call, own, starts_at_answer),
            day: call.start.div_euclid(DAY),
            weight: 0,
            call: index as u32,
        }));
        let weight = 1_000_000 / (votes.len() - from).max(1) as u32;
        votes.iter_mut().skip(from).for_each(|vote| vote.weight = weight);
        if votes.len() >= MOST_VOTES {
            break;
        }
    }
    votes
}

fn by_day(votes: &[Vote]) -> BTreeMap<i64, Vec<Vote>> {
    let mut days: BTreeMap<i64, Vec<Vote>> = BTreeMap::new();
    votes.iter().for_each(|vote| days.entry(vote.day).or_default().push(*vote));
    days
}

/// Returns the days whose difference is another than that of all.
fn own_days(votes: &[Vote], all: i64) -> BTreeMap<i64, i64> {
    let found = by_day(votes).into_iter().filter_map(|(day, votes)| Some((day, peak(&votes)?)));
    found.filter(|(_, found)| (found - all).abs() > 1).collect()
}

/// Returns the difference that most votes agree on, if enough of them do; they come in its order.
///
/// A clock that drifts spreads it over minutes: so the region is found first, then the middle of it.
fn peak(votes: &[Vote]) -> Option<i64> {
    let (sum, region) = densest(votes.iter(), REGION);
    let middle = region.get(region.len() / 2)?.difference;
    let mut calls: Vec<u32> = region.iter().map(|vote| vote.call).collect();
    calls.sort_unstable();
    calls.dedup();
    // What chance brings together elsewhere.
    let elsewhere = votes.iter().filter(|vote| (vote.difference - middle).abs() > 2 * REGION);
    let (rival, _) = densest(elsewhere, REGION);
    if calls.len() < LEAST_CALLS || sum < rival.saturating_mul(2) {
        return None;
    }
    let (_, finest) = densest(region.into_iter(), WIDTH);
    Some(finest.get(finest.len() / 2)?.difference)
}

/// Returns the votes within so many seconds that weigh most, and their weight.
fn densest<'v>(votes: impl Iterator<Item = &'v Vote>, width: i64) -> (u64, Vec<&'v Vote>) {
    let votes: Vec<&Vote> = votes.collect();
    let (mut best, mut from, mut sum) = ((0_u64, 0, 0), 0, 0_u64);
    for (at, vote) in votes.iter().enumerate() {
        sum += u64::from(vote.weight);
        while let Some(first) = votes.get(from).filter(|first| vote.difference - first.difference > width) {
            sum -= u64::from(first.weight);
            from += 1;
        }
        if sum > best.0 {
            best = (sum, from, at + 1);
        }
    }
    let (sum, from, to) = best;
    (sum, votes.get(from..to).unwrap_or_default().to_vec())
}
