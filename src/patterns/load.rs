//! How much at once: set-ups in a second, calls open at the same time, and how the calls of a destination end.

use std::collections::BTreeMap;

use super::observation::{Level, Observation};
use super::{Calls, OutCall, Thresholds};

/// Destinations told.
const MOST_TOLD: usize = 20;
/// Fewer calls have no answer-seizure ratio worth telling.
const LEAST_CALLS: usize = 10;

pub(super) fn look(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut all: Vec<Observation> = setups(calls, thresholds).into_iter().collect();
    all.extend(peak(calls, thresholds));
    all.extend(endings(calls, thresholds));
    all
}

/// The second with most set-ups.
fn setups(calls: &Calls, thresholds: &Thresholds) -> Option<Observation> {
    let busiest = calls.list.chunk_by(|one, next| one.start == next.start).max_by_key(|these| these.len())?;
    let count = busiest.len() as u64;
    let threshold = format!("from {} on", thresholds.setups_per_second);
    let is_told = thresholds.setups_per_second > 0 && count >= thresholds.setups_per_second;
    let what = format!("{count} calls set up in one second");
    is_told.then(|| {
        Observation::of("setups-per-second", Level::Warning, "all accounts", what, threshold, busiest)
    })
}

/// The most calls open at the same time: a call is open from its start up to its end, not at it.
fn peak(calls: &Calls, thresholds: &Thresholds) -> Option<Observation> {
    let (most, at) = concurrency(&calls.list);
    let is_told = thresholds.peak_concurrency > 0 && most >= thresholds.peak_concurrency;
    let open = calls.list.iter().filter(|call| call.start <= at && at < call.end);
    let what = format!("{most} calls open at the same time");
    let threshold = format!("from {} on", thresholds.peak_concurrency);
    is_told
        .then(|| Observation::of("peak-concurrency", Level::Warning, "all accounts", what, threshold, open))
}

/// Returns the most calls open at one time, and that time.
fn concurrency(calls: &[OutCall]) -> (u64, i64) {
    let lasting = calls.iter().filter(|call| call.end > call.start);
    // An end sorts before a start of the same second.
    let mut edges: Vec<(i64, i8)> = lasting.flat_map(|call| [(call.start, 1), (call.end, -1)]).collect();
    edges.sort_unstable();
    let (mut now, mut most, mut when) = (0i64, 0i64, 0);
    for (at, change) in edges {
        now += i64::from(change);
        if now > most {
            (most, when) = (now, at);
        }
    }
    (most.max(0) as u64, when)
}

/// Answered share, average length and short calls, by destination that costs.
fn endings(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut places: BTreeMap<u16, Vec<&OutCall>> = BTreeMap::new();
    for call in calls.list.iter().filter(|call| call.is_costly) {
        places.entry(call.place).or_default().push(call);
    }
    let mut order: Vec<Vec<&OutCall>> = places.into_values().collect();
    order.retain(|these| these.len() >= LEAST_CALLS);
    order.sort_by_key(|these| std::cmp::Reverse(these.len()));
    order.truncate(MOST_TOLD);
    order.iter().filter_map(|these| ending(calls, thresholds, these)).collect()
}

fn ending(calls: &Calls, thresholds: &Thresholds, these: &[&OutCall]) -> Option<Observation> {
    let place = calls.place(these.first()?);
    let answered: Vec<&OutCall> = these.iter().copied().filter(|call| call.is_answered).collect();
    let lengths: Vec<u64> = answered.iter().filter_map(|call| call.seconds.map(u64::from)).collect();
    let share = answered.len() * 100 / these.len().max(1);
    let mut what = format!("{share} percent of {} calls answered (ASR)", these.len());
    if let Some(average) = lengths.iter().sum::<u64>().checked_div(lengths.len() as u64) {
        what.push_str(&format!(", {average} seconds on average (ACD)"));
    }
    let is_short = |seconds: u64| seconds < u64::from(thresholds.short_seconds);
    let short = lengths.iter().filter(|seconds| is_short(**seconds)).count() as u64;
    let is_much = thresholds.short_calls > 0 && short >= thresholds.short_calls;
    if short > 0 {
        what.push_str(&format!(", {short} of them shorter than {} seconds", thresholds.short_seconds));
    }
    let threshold = format!("from {} short calls on", thresholds.short_calls);
    let level = if is_much { Level::Warning } else { Level::Notice };
    Some(Observation::of("answered-and-length", level, place, what, threshold, these.iter().copied()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::call;
    use super::*;

    proptest! {
        #[test]
        fn the_peak_is_that_of_every_second(all in prop::collection::vec((0i64..300, 0u32..60), 0..60)) {
            let mut calls: Vec<OutCall> = all.iter().map(|&(start, length)| call(start, length, 0, 1)).collect();
            calls.sort_by_key(|call| call.start);
            let open = |at: i64| calls.iter().filter(|call| call.start <= at && at < call.end).count() as u64;
            let (most, at) = concurrency(&calls);
            prop_assert_eq!(most, (0..400).map(open).max().unwrap_or(0));
            prop_assert!(most == 0 || open(at) == most);
        }
    }

    #[test]
    fn endings_are_told_with_their_figures() {
        let mut list: Vec<OutCall> = (0..12).map(|at| call(at * 100, 3, 0, 1)).collect();
        list.extend((12..16).map(|at| call(at * 100, 0, 0, 1)));
        let calls = Calls { list, places: vec!["Latvia"], ..Calls::default() };
        let told = look(&calls, &Thresholds::default());
        assert_eq!(
            told[0].what,
            "75 percent of 16 calls answered (ASR), 3 seconds on average (ACD), 12 of them shorter than 6 seconds"
        );
        assert_eq!((told[0].level, told[0].subject.as_str()), (Level::Warning, "Latvia"));
    }
}
