//! The five counters of OpenSIPS' module `fraud_detection`, over records instead of live calls.
//!
//! The module keeps them for each user and matched prefix; here the prefix is the destination. At each call
//! it counts first and compares then, `>=` with a threshold that is not zero: calls within the last 60 seconds,
//! calls since the day began, calls open at the same time, calls to the same number in a row; the length of a
//! call at its end. All but the length start anew with the first call of another day, on the site's clock, and
//! calls begun the day before are not taken off the new day's open ones. Critical values are tested before
//! warnings, in the order above. (Read in `fraud_detection.c` of 3.x. Its window of a minute forgets nothing
//! if the next call comes exactly 119 seconds after the window began; that slip is not imitated.)

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pair, Pattern, Thresholds};

/// Seconds of the sliding window.
const WINDOW: i64 = 60;
const DAY: i64 = 86_400;
/// Accounts and destinations told of each counter.
const MOST_TOLD: usize = 20;

/// The counters of one account and destination after a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Calls within the last 60 seconds, this one included.
    pub calls_per_minute: u64,
    /// Calls of this day.
    pub total_calls: u64,
    /// Calls of this day that are open.
    pub concurrent_calls: u64,
    /// Calls to this number in a row.
    pub sequential_calls: u64,
}

/// The counters of one account and destination.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    day: Option<i64>,
    window: VecDeque<i64>,
    open: BinaryHeap<Reverse<i64>>,
    total: u64,
    last_number: Option<u64>,
    in_a_row: u64,
}

impl Counters {
    /// Counts a call; calls come in the order of their start.
    pub fn take(&mut self, call: &OutCall) -> Reached {
        let day = call.local.div_euclid(DAY);
        if self.day != Some(day) {
            // The number called last is remembered, and counts as called once all the same.
            *self = Counters { day: Some(day), ..Counters::default() };
        }
        self.total += 1;
        self.in_a_row = if self.last_number == Some(call.number) { self.in_a_row + 1 } else { 1 };
        self.last_number = Some(call.number);
        while self.window.front().is_some_and(|start| call.start - start >= WINDOW) {
            self.window.pop_front();
        }
        self.window.push_back(call.start);
        while self.open.peek().is_some_and(|Reverse(end)| *end <= call.start) {
            self.open.pop();
        }
        self.open.push(Reverse(call.end));
        Reached {
            calls_per_minute: self.window.len() as u64,
            total_calls: self.total,
            concurrent_calls: self.open.len() as u64,
            sequential_calls: self.in_a_row,
        }
    }
}

/// Returns how far a value is beyond a pair of thresholds.
fn level(value: u64, pair: Pair) -> Option<Level> {
    let reaches = |threshold: u64| threshold > 0 && value >= threshold;
    if reaches(pair.critical) {
        Some(Level::Critical)
    } else {
        reaches(pair.warning).then_some(Level::Warning)
    }
}

/// One of the counters: its word, its name, its thresholds, its value.
type Counter = (&'static str, &'static str, fn(&Thresholds) -> Pair, fn(&Reached) -> u64);

const COUNTERS: [Counter; 4] = [
    (
        "calls-per-minute",
        "calls within a minute",
        |all| all.calls_per_minute,
        |reached| reached.calls_per_minute,
    ),
    ("total-calls", "calls in a day", |all| all.total_calls, |reached| reached.total_calls),
    (
        "concurrent-calls",
        "calls at the same time",
        |all| all.concurrent_calls,
        |reached| reached.concurrent_calls,
    ),
    (
        "sequential-calls",
        "calls to one number in a row",
        |all| all.sequential_calls,
        |reached| reached.sequential_calls,
    ),
];

/// The calls that were beyond a counter's thresholds, and its highest value.
#[derive(Default)]
struct Beyond {
    value: u64,
    shown: Shown,
}

/// Runs all counters over all calls.
pub(super) struct Highest<'t> {
    thresholds: &'t Thresholds,
    counters: HashMap<(u32, u16), Counters>,
    /// By counter, account and destination.
    beyond: BTreeMap<(usize, u32, u16), Beyond>,
}

impl<'t> Highest<'t> {
    pub(super) fn new(thresholds: &'t Thresholds) -> Self {
        Highest { thresholds, counters: HashMap::new(), beyond: BTreeMap::new() }
    }

    fn note(&mut self, which: usize, call: &OutCall, value: u64, pair: Pair) {
        if level(value, pair).is_some() {
            let beyond = self.beyond.entry((which, call.account, call.place)).or_default();
            beyond.value = beyond.value.max(value);
            beyond.shown.add(call);
        }
    }

    fn observation(&self, names: &Names, which: usize, beyond: &Beyond) -> Option<Observation> {
        let (id, name, pair) = match COUNTERS.get(which) {
            Some((id, name, pair, _)) => (*id, *name, pair(self.thresholds)),
            None => ("call-duration", "seconds in one call", self.thresholds.call_duration),
        };
        let first = beyond.shown.first.as_ref()?;
        let what = format!("{} {name} to {}", beyond.value, names.place(first));
        let threshold = format!("warning from {}, critical from {}", pair.warning, pair.critical);
        let level = level(beyond.value, pair)?;
        Some(Observation::of(id, level, names.account(first), what, threshold, &beyond.shown))
    }
}

impl Pattern for Highest<'_> {
    fn take(&mut self, call: &OutCall) {
        let reached = self.counters.entry((call.account, call.place)).or_default().take(call);
        for (which, (_, _, pair, value)) in COUNTERS.iter().enumerate() {
            self.note(which, call, value(&reached), pair(self.thresholds));
        }
        let length = call.seconds.map_or(0, u64::from);
        self.note(COUNTERS.len(), call, length, self.thresholds.call_duration);
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let mut told: Vec<(usize, Observation)> = self
            .beyond
            .iter()
            .filter_map(|((which, ..), beyond)| Some((*which, self.observation(names, *which, beyond)?)))
            .collect();
        told.sort_by_key(|(which, observed)| (*which, observed.level, Reverse(observed.calls)));
        let mut count = [0; COUNTERS.len() + 1];
        told.retain(|(which, _)| {
            let Some(count) = count.get_mut(*which) else { return false };
            *count += 1;
            *count <= MOST_TOLD
        });
        told.into_iter().map(|(_, observed)| observed).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Made, call, told};
    use super::*;

    /// Counts anew for each call, by what the module's documentation says.
    fn counted(calls: &[OutCall], at: usize) -> Reached {
        let now = &calls[at];
        let today: Vec<&OutCall> = calls[..=at]
            .iter()
            .filter(|one| one.local.div_euclid(DAY) == now.local.div_euclid(DAY))
            .collect();
        let before = &today[..today.len() - 1];
        Reached {
            calls_per_minute: today.iter().filter(|one| now.start - one.start < 60).count() as u64,
            total_calls: today.len() as u64,
            concurrent_calls: 1 + before.iter().filter(|one| one.end > now.start).count() as u64,
            sequential_calls: today.iter().rev().take_while(|one| one.number == now.number).count() as u64,
        }
    }

    proptest! {
        #[test]
        fn the_counters_equal_a_count_anew(
            mut all in prop::collection::vec((0i64..200_000, 0u32..500, 1u64..4), 1..120),
            offset in -50_000i64..50_000,
        ) {
            all.sort_unstable();
            // Half of the runs are dense, so that minutes and open calls fill up.
            let scale = if offset > 0 { 1 } else { 50 };
            let calls: Vec<OutCall> = all
                .iter()
                .map(|&(start, seconds, number)| {
                    let start = start / scale;
                    OutCall { local: start + offset, ..call(start, seconds, 0, number) }
                })
                .collect();
            let mut counters = Counters::default();
            for at in 0..calls.len() {
                prop_assert_eq!(counters.take(&calls[at]), counted(&calls, at));
            }
        }
    }

    #[test]
    fn the_gravest_level_and_the_calls_beyond_it_are_told() {
        let list: Vec<OutCall> = (0..12).map(|at| call(at * 2, 100, 0, 252_610_000_001)).collect();
        let names = Names { accounts: vec!["300".to_owned()], places: vec!["Somalia"], ..Names::default() };
        let thresholds = Thresholds::default();
        let told = told(vec![Box::new(Highest::new(&thresholds))], &Made { list, names });
        let words: Vec<_> = told.iter().map(|one| (one.id, one.level, one.what.as_str())).collect();
        assert_eq!(
            words,
            [
                ("calls-per-minute", Level::Critical, "12 calls within a minute to Somalia"),
                ("concurrent-calls", Level::Critical, "12 calls at the same time to Somalia"),
                ("sequential-calls", Level::Critical, "12 calls to one number in a row to Somalia"),
            ]
        );
        assert_eq!(told[0].calls, 9);
    }
}
