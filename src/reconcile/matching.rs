//! Pairs, one to one.

use std::collections::HashMap;

use super::clock::ClockDifference;
use super::length::{Increment, gap};
use super::{Ours, Theirs, ahead};

/// Digits at the end of a number that both sides have alike, whatever stands before them.
const TAIL: u64 = 10_000_000;
/// Digits at the end that make two numbers one where it cannot be told how the dialled one is to be read.
const ENOUGH_DIGITS: u32 = 9;
/// Seconds by which one call's times differ once the clocks are set right.
const NEAR: i64 = 10;
/// Seconds by which they differ at most: a trunk that is slow to answer, a record that is written late.
const FAR: i64 = 120;
/// Own calls before and after one of the carrier's that may be it.
const MOST_CANDIDATES: usize = 16;
/// Own calls before and after it that are looked at, those included that are another's already.
const MOST_TRIED: usize = 4_096;

/// How sure a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Both have one Call-ID.
    CallId,
    /// Number, time and length agree, with one own call alone.
    Alone,
    /// Several own calls agree as well: the pair stands for a count, not for this very call.
    Group,
    /// The number agrees, the time or the length only roughly.
    Weak,
}

impl How {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            How::CallId => "call-id",
            How::Alone => "number-time-length",
            How::Group => "one-of-a-group",
            How::Weak => "number-and-time",
        }
    }
}

/// One of ours that one of theirs is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The index of ours.
    pub ours: u32,
    /// How sure that is.
    pub how: How,
    /// Do the lengths differ by more than rounding?
    pub is_length_apart: bool,
}

/// Own calls by the end of their number, then by time.
#[derive(Debug)]
pub(super) struct ByNumber {
    /// Tail, end, index.
    order: Vec<(u32, i64, u32)>,
    /// The indices in that order.
    indices: Vec<u32>,
}

impl ByNumber {
    pub(super) fn new(ours: &[Ours]) -> Self {
        let mut order: Vec<(u32, i64, u32)> = (0_u32..)
            .zip(ours)
            .filter(|(_, call)| call.number.max(call.dialed) > 0)
            .map(|(index, call)| {
                (tail(if call.number > 0 { call.number } else { call.dialed }), call.end, index)
            })
            .collect();
        order.sort_unstable();
        let indices = order.iter().map(|(_, _, index)| *index).collect();
        ByNumber { order, indices }
    }

    /// Returns the calls to numbers that end alike, and that ended in a span.
    pub(super) fn near(&self, number: u64, from: i64, to: i64) -> &[u32] {
        let tail = tail(number);
        if number == 0 {
            return &[];
        }
        let low = self.order.partition_point(|entry| (entry.0, entry.1) < (tail, from));
        let high = self.order.partition_point(|entry| (entry.0, entry.1) <= (tail, to));
        self.indices.get(low..high).unwrap_or_default()
    }
}

fn tail(number: u64) -> u32 {
    (number % TAIL) as u32
}

/// Returns how far two numbers are from being one: 0 where they are, `None` where they are two.
pub(super) fn unlike(theirs: &Theirs, ours: &Ours) -> Option<i64> {
    if theirs.to == ours.number {
        return Some(0);
    }
    if theirs.to == ours.other && ours.other > 0 {
        return Some(1);
    }
    let (mut left, mut right, mut same) = (theirs.to, ours.dialed, 0);
    while left > 0 && right > 0 && left % 10 == right % 10 {
        (left, right, same) = (left / 10, right / 10, same + 1);
    }
    // Where the dialled digits have one reading, a shorter likeness is chance.
    let is_whole = (left == 0 || right == 0) && same >= 7 && (ours.number == 0 || ours.other > 0);
    (same >= ENOUGH_DIGITS || is_whole).then_some(2)
}

/// One pair that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    cost: i64,
    theirs: u32,
    ours: u32,
    how: How,
    is_length_apart: bool,
}

/// Pairs what is one call.
pub(super) fn pair(
    theirs: &[Theirs],
    ours: &[Ours],
    by_number: &ByNumber,
    clock: &ClockDifference,
    increment: Increment,
) -> Vec<Option<Pair>> {
    let mut pairs = vec![None; theirs.len()];
    let mut taken = vec![false; ours.len()];
    by_call_id(theirs, ours, increment, &mut pairs, &mut taken);
    for is_close in [true, false] {
        let starts_at_answer = clock.starts_at_answer;
        let judge = Judge { ours, by_number, increment, starts_at_answer, is_close };
        let mut candidates = Vec::new();
        for (index, call) in (0_u32..).zip(theirs) {
            if pairs.get(index as usize).is_some_and(Option::is_none) {
                judge.candidates(index, call, clock.at(call.start), &taken, &mut candidates);
            }
        }
        assign(candidates, &mut pairs, &mut taken);
    }
    pairs
}

fn by_call_id(
    theirs: &[Theirs],
    ours: &[Ours],
    increment: Increment,
    pairs: &mut [Option<Pair>],
    taken: &mut [bool],
) {
    let ids: HashMap<u64, u32> =
        (0_u32..).zip(ours).filter(|(_, own)| own.id != 0).map(|(index, own)| (own.id, index)).collect();
    if ids.is_empty() {
        return;
    }
    for (call, pair) in theirs.iter().zip(pairs) {
        let Some(&index) = ids.get(&call.id).filter(|_| call.id != 0) else { continue };
        let (Some(own), Some(is_taken)) = (ours.get(index as usize), taken.get_mut(index as usize)) else {
            continue;
        };
        if !std::mem::replace(is_taken, true) {
            let is_length_apart = gap(call, own, increment) > 0;
            *pair = Some(Pair { ours: index, how: How::CallId, is_length_apart });
        }
    }
}

/// Holds calls of theirs against ours.
struct Judge<'a> {
    ours: &'a [Ours],
    by_number: &'a ByNumber,
    increment: Increment,
    starts_at_answer: bool,
    /// Do number, time and length all have to agree?
    is_close: bool,
}

impl Judge<'_> {
    /// Finds the free calls of ours that one of theirs may be, the nearest ones.
    fn candidates(
        &self,
        index: u32,
        call: &Theirs,
        difference: i64,
        taken: &[bool],
        candidates: &mut Vec<Candidate>,
    ) {
        let length = i64::from(call.seconds.or(call.billed).unwrap_or(0));
        let end = call.end.unwrap_or(call.start + length) - difference;
        // A length that is apart moves the end; an export without an end may have it rounded up.
        let reach = length.clamp(FAR, 86_400) + FAR;
        let near = self.by_number.near(call.to, end - reach, end + reach);
        let middle =
            near.partition_point(|&own| self.ours.get(own as usize).is_some_and(|own| own.end < end));
        let (before, after) = near.split_at(middle);
        let from = candidates.len();
        let mut take = |own: u32| {
            let Some(found) = self.ours.get(own as usize).filter(|_| taken.get(own as usize) == Some(&false))
            else {
                return false;
            };
            if let Some((cost, how, is_length_apart)) = self.cost(call, found, difference) {
                candidates.push(Candidate { cost, theirs: index, ours: own, how, is_length_apart });
            }
            true
        };
        before.iter().rev().take(MOST_TRIED).filter(|own| take(**own)).take(MOST_CANDIDATES).for_each(drop);
        after.iter().take(MOST_TRIED).filter(|own| take(**own)).take(MOST_CANDIDATES).for_each(drop);
        let new = candidates.get_mut(from..).unwrap_or_default();
        if new.iter().filter(|found| found.how == How::Alone).count() > 1 {
            new.iter_mut().filter(|found| found.how == How::Alone).for_each(|found| found.how = How::Group);
        }
    }

    /// Judges one pair: its cost, how sure it is, and whether the lengths are apart; `None` where it is none.
    fn cost(&self, theirs: &Theirs, ours: &Ours, difference: i64) -> Option<(i64, How, bool)> {
        let unlike = unlike(theirs, ours)? * 8;
        let gap = i64::from(gap(theirs, ours, self.increment));
        let apart = (ahead(theirs, ours, self.starts_at_answer) - difference).abs();
        let connected = theirs.seconds.zip(ours.seconds);
        let rounded = connected.map_or(0, |(theirs, ours)| i64::from(theirs.abs_diff(ours)));
        // A start alone may be that of the ringing or that of the answer.
        let is_start_alone = theirs.end.is_none() && theirs.answer.is_none();
        let ringing = if is_start_alone { (ours.answer() - ours.start).clamp(0, FAR) } else { 0 };
        if gap == 0 && apart <= NEAR + ringing {
            return Some((apart * 4 + rounded * 2 + unlike, How::Alone, false));
        }
        if self.is_close {
            return None;
        }
        if gap == 0 && apart <= FAR {
            return Some((1_000 + apart * 4 + unlike, How::Weak, false));
        }
        // Of two lengths only one end can be at the same time.
        let started = theirs.start - ours.start;
        let answered = theirs.answer.map_or(started, |answer| answer - ours.answer());
        let begun = (answered - difference).abs().min((started - difference).abs()).min(apart);
        (gap > 0 && begun <= NEAR).then_some((10_000 + gap + begun * 4 + unlike, How::Weak, true))
    }
}

/// Takes the cheapest pair, then the cheapest that is left.
fn assign(mut candidates: Vec<Candidate>, pairs: &mut [Option<Pair>], taken: &mut [bool]) {
    candidates.sort_unstable();
    for found in candidates {
        let (Some(pair), Some(is_taken)) =
            (pairs.get_mut(found.theirs as usize), taken.get_mut(found.ours as usize))
        else {
            continue;
        };
        if pair.is_none() && !*is_taken {
            *is_taken = true;
            *pair = Some(Pair { ours: found.ours, how: found.how, is_length_apart: found.is_length_apart });
        }
    }
}
