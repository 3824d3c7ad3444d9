//! How much at once: set-ups in a second, calls open at the same time, and how the calls of a destination end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pattern, Thresholds};

/// Destinations told.
const MOST_TOLD: usize = 20;
/// Fewer calls have no answer-seizure ratio worth telling.
const LEAST_CALLS: u64 = 10;

pub(super) fn patterns(thresholds: &Thresholds) -> Vec<Box<dyn Pattern + '_>> {
    vec![
        Box::new(SetUps::new(thresholds)),
        Box::new(Peak::new(thresholds)),
        Box::new(Endings::new(thresholds)),
    ]
}

/// The second with most set-ups; of several the last.
struct SetUps {
    least: u64,
    now: Shown,
    busiest: Shown,
}

impl SetUps {
    fn new(thresholds: &Thresholds) -> Self {
        SetUps { least: thresholds.setups_per_second, now: Shown::default(), busiest: Shown::default() }
    }

    fn end_second(&mut self) {
        let now = std::mem::take(&mut self.now);
        if now.count >= self.busiest.count {
            self.busiest = now;
        }
    }
}

impl Pattern for SetUps {
    fn take(&mut self, call: &OutCall) {
        if self.now.seconds_after_first(call) != 0 {
            self.end_second();
        }
        self.now.add(call);
    }

    fn tell(&mut self, _: &Names) -> Vec<Observation> {
        self.end_second();
        let count = self.busiest.count;
        if self.least == 0 || count < self.least {
            return Vec::new();
        }
        let (what, threshold) =
            (format!("{count} calls set up in one second"), format!("from {} on", self.least));
        let (id, subject) = ("setups-per-second", "all accounts");
        vec![Observation::of(id, Level::Warning, subject, what, threshold, &self.busiest)]
    }
}

/// The most calls open at the same time: a call is open from its start up to its end, not at it.
struct Peak {
    least: u64,
    /// Ends of the calls that are open.
    open: BinaryHeap<Reverse<i64>>,
    most: u64,
    /// When they were that many first.
    at: i64,
    shown: Shown,
}

impl Peak {
    fn new(thresholds: &Thresholds) -> Self {
        let least = thresholds.peak_concurrency;
        Peak { least, open: BinaryHeap::new(), most: 0, at: 0, shown: Shown::default() }
    }
}

impl Pattern for Peak {
    fn take(&mut self, call: &OutCall) {
        if call.end <= call.start {
            return;
        }
        while self.open.peek().is_some_and(|Reverse(end)| *end <= call.start) {
            self.open.pop();
        }
        self.open.push(Reverse(call.end));
        if self.open.len() as u64 > self.most {
            (self.most, self.at) = (self.open.len() as u64, call.start);
        }
    }

    fn wants_more(&mut self) -> bool {
        self.open = BinaryHeap::new();
        self.least > 0 && self.most >= self.least
    }

    fn take_again(&mut self, call: &OutCall) {
        if call.start <= self.at && self.at < call.end {
            self.shown.add(call);
        }
    }

    fn tell(&mut self, _: &Names) -> Vec<Observation> {
        if self.shown.count == 0 {
            return Vec::new();
        }
        let what = format!("{} calls open at the same time", self.most);
        let threshold = format!("from {} on", self.least);
        let (id, subject) = ("peak-concurrency", "all accounts");
        vec![Observation::of(id, Level::Warning, subject, what, threshold, &self.shown)]
    }
}

/// Answered share, average length and short calls, by destination that costs.
struct Endings<'t> {
    thresholds: &'t Thresholds,
    places: BTreeMap<u16, Ending>,
}

/// How the calls of one destination ended.
#[derive(Default)]
struct Ending {
    shown: Shown,
    answered: u64,
    /// Those answered of which a record tells the length, their seconds, and how many of them are short.
    told: u64,
    seconds: u64,
    short: u64,
}

impl<'t> Endings<'t> {
    fn new(thresholds: &'t Thresholds) -> Self {
        Endings { thresholds, places: BTreeMap::new() }
    }

    fn observation(&self, names: &Names, ending: &Ending) -> Option<Observation> {
        let thresholds = self.thresholds;
        let place = names.place(ending.shown.first.as_ref()?);
        let (count, short) = (ending.shown.count, ending.short);
        let share = ending.answered * 100 / count.max(1);
        let mut what = format!("{share} percent of {count} calls answered (ASR)");
        if let Some(average) = ending.seconds.checked_div(ending.told) {
            what.push_str(&format!(", {average} seconds on average (ACD)"));
        }
        let is_much = thresholds.short_calls > 0 && short >= thresholds.short_calls;
        if short > 0 {
            what.push_str(&format!(", {short} of them shorter than {} seconds", thresholds.short_seconds));
        }
        let threshold = format!("from {} short calls on", thresholds.short_calls);
        let level = if is_much { Level::Warning } else { Level::Notice };
        Some(Observation::of("answered-and-length", level, place, what, threshold, &ending.shown))
    }
}

impl Pattern for Endings<'_> {
    fn take(&mut self, call: &OutCall) {
        if !call.is_costly {
            return;
        }
        let ending = self.places.entry(call.place).or_default();
        ending.shown.add(call);
        ending.answered += u64::from(call.is_answered);
        if let Some(seconds) = call.seconds.map(u64::from).filter(|_| call.is_answered) {
            ending.told += 1;
            ending.seconds += seconds;
            ending.short += u64::from(seconds < u64::from(self.thresholds.short_seconds));
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let mut order: Vec<&Ending> =
            self.places.values().filter(|ending| ending.shown.count >= LEAST_CALLS).collect();
        order.sort_by_key(|ending| Reverse(ending.shown.count));
        order.truncate(MOST_TOLD);
        order.into_iter().filter_map(|ending| self.observation(names, ending)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Made, call, told};
    use super::*;

    proptest! {
        #[test]
        fn the_peak_is_that_of_every_second(all in prop::collection::vec((0i64..300, 0u32..60), 0..60)) {
            let mut calls: Vec<OutCall> = all.iter().map(|&(start, length)| call(start, length, 0, 1)).collect();
            calls.sort_by_key(|call| call.start);
            let open = |at: i64| calls.iter().filter(|call| call.start <= at && at < call.end).count() as u64;
            let mut peak = Peak::new(&Thresholds { peak_concurrency: 1, ..Thresholds::default() });
            calls.iter().for_each(|call| peak.take(call));
            prop_assert_eq!(peak.most, (0..400).map(open).max().unwrap_or(0));
            prop_assert!(peak.most == 0 || open(peak.at) == peak.most);
            prop_assert_eq!(peak.wants_more(), peak.most > 0);
            calls.iter().for_each(|call| peak.take_again(call));
            prop_assert_eq!(peak.shown.count, peak.most);
        }
    }

    #[test]
    fn endings_are_told_with_their_figures() {
        let mut list: Vec<OutCall> = (0..12).map(|at| call(at * 100, 3, 0, 1)).collect();
        list.extend((12..16).map(|at| call(at * 100, 0, 0, 1)));
        let names = Names { places: vec!["Latvia"], ..Names::default() };
        let thresholds = Thresholds::default();
        let told = told(vec![Box::new(Endings::new(&thresholds))], &Made { list, names });
        assert_eq!(
            told[0].what,
            "75 percent of 16 calls answered (ASR), 3 seconds on average (ACD), 12 of them shorter than 6 seconds"
        );
        assert_eq!((told[0].level, told[0].subject.as_str()), (Level::Warning, "Latvia"));
    }
}
