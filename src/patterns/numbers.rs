//! Numbers: one that is pumped, many in a row, one that is hunted for a prefix, and a test before the wave.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pattern, Thresholds};
use crate::report::document::counted;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Prefixes are tried within so many seconds of each other.
const PROBING_SECONDS: i64 = 600;
/// Numbers of one range lie within so many.
const RANGE: u64 = 100;
/// Observations of each kind.
const MOST_TOLD: usize = 20;

pub(super) fn patterns(thresholds: &Thresholds) -> Vec<Box<dyn Pattern + '_>> {
    vec![
        Box::new(Pumped::new(thresholds)),
        Box::new(Ranges::new(thresholds)),
        Box::new(Probed::new(thresholds)),
        Box::new(Tested::new(thresholds)),
    ]
}

/// One number takes most of an hour's calls of an account.
struct Pumped<'t> {
    thresholds: &'t Thresholds,
    /// The hour that is being looked at, and its calls to numbers.
    hour: i64,
    calls: Vec<OutCall>,
    /// The first of those that stand out, by account and hour.
    found: BTreeMap<(u32, i64), (String, Shown)>,
}

impl<'t> Pumped<'t> {
    fn new(thresholds: &'t Thresholds) -> Self {
        Pumped { thresholds, hour: i64::MIN, calls: Vec::new(), found: BTreeMap::new() }
    }

    /// Looks at the hour that is over.
    fn end_hour(&mut self) {
        let mut calls = std::mem::take(&mut self.calls);
        calls.sort_by_key(|call| call.account);
        for these in calls.chunk_by(|one, next| one.account == next.account) {
            if let (Some(first), Some(found)) = (these.first(), self.pumped(these)) {
                self.found.insert((first.account, self.hour), found);
            }
            if self.found.len() > MOST_TOLD {
                self.found.pop_last();
            }
        }
        calls.clear();
        self.calls = calls;
    }

    /// Looks at the calls of one account within one hour.
    fn pumped(&self, these: &[OutCall]) -> Option<(String, Shown)> {
        if (these.len() as u64) < self.thresholds.one_number_calls {
            return None;
        }
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        these.iter().for_each(|call| *counts.entry(call.number).or_default() += 1);
        let (number, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        if (count as u64 * 100) < these.len() as u64 * self.thresholds.one_number_share {
            return None;
        }
        let to_it: Vec<OutCall> = these.iter().copied().filter(|call| call.number == number).collect();
        let rhythm = if is_regular(&to_it) { ", at even distances" } else { "" };
        let what = format!("{count} of {} calls of an hour to one number, {number}{rhythm}", these.len());
        Some((what, Shown::of(&to_it)))
    }
}

impl Pattern for Pumped<'_> {
    fn take(&mut self, call: &OutCall) {
        let hour = call.start.div_euclid(HOUR);
        if hour != self.hour {
            self.end_hour();
            self.hour = hour;
        }
        if call.number > 0 {
            self.calls.push(*call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        self.end_hour();
        let threshold = format!(
            "from {} percent of {} calls on",
            self.thresholds.one_number_share, self.thresholds.one_number_calls
        );
        let told = self.found.values().filter_map(|(what, shown)| {
            let account = names.account(shown.first.as_ref()?);
            let (what, threshold) = (what.clone(), threshold.clone());
            Some(Observation::of("one-number", Level::Warning, account, what, threshold, shown))
        });
        told.collect()
    }
}

/// Returns whether calls come at even distances: their deviation is below three tenths of their mean.
fn is_regular(calls: &[OutCall]) -> bool {
    let gaps: Vec<i128> = calls.windows(2).map(|pair| i128::from(pair[1].start - pair[0].start)).collect();
    let count = gaps.len() as i128;
    let sum: i128 = gaps.iter().sum();
    // With whole numbers: variance * 100 < 9 * mean^2, both times the square of the count.
    let squares: i128 = gaps.iter().map(|gap| gap * gap).sum();
    let variance = squares.saturating_mul(count) - sum.saturating_mul(sum);
    gaps.len() >= 4 && sum > 0 && variance.saturating_mul(100) < sum.saturating_mul(sum).saturating_mul(9)
}

/// Many numbers of one range, which nobody has by chance.
struct Ranges {
    least: usize,
    /// Every costly number that was called, once it is known in order.
    numbers: Vec<u64>,
    /// First and last number of each range, how many of it were called, and the calls.
    found: Vec<(u64, u64, usize, Shown)>,
}

impl Ranges {
    fn new(thresholds: &Thresholds) -> Self {
        let least = usize::try_from(thresholds.range_numbers).unwrap_or(usize::MAX).max(2);
        Ranges { least, numbers: Vec::new(), found: Vec::new() }
    }

    fn has_number(call: &OutCall) -> bool {
        call.is_costly && call.number > 0
    }
}

impl Pattern for Ranges {
    fn take(&mut self, call: &OutCall) {
        if Self::has_number(call) {
            push_distinct(&mut self.numbers, call.number);
        }
    }

    fn wants_more(&mut self) -> bool {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        let mut from = 0;
        while let Some(&first) = self.numbers.get(from).filter(|_| self.found.len() < MOST_TOLD) {
            let rest = self.numbers.get(from..).unwrap_or_default();
            let count = rest.iter().take_while(|number| **number - first < RANGE).count();
            if count < self.least {
                from += 1;
                continue;
            }
            from += count;
            let last = rest.get(count - 1).copied().unwrap_or(first);
            self.found.push((first, last, count, Shown::default()));
        }
        !self.found.is_empty()
    }

    fn take_again(&mut self, call: &OutCall) {
        let at = self.found.partition_point(|(first, ..)| *first <= call.number);
        let range = at.checked_sub(1).and_then(|at| self.found.get_mut(at));
        if let Some((first, _, _, shown)) = range.filter(|_| Self::has_number(call))
            && call.number - *first < RANGE
        {
            shown.add(call);
        }
    }

    fn tell(&mut self, _: &Names) -> Vec<Observation> {
        let told = self.found.iter().map(|(first, last, count, shown)| {
            let what = format!("{count} numbers of one range, {first} to {last}");
            let threshold = format!("from {} numbers within {RANGE} on", self.least);
            Observation::of("number-range", Level::Warning, "all accounts", what, threshold, shown)
        });
        told.collect()
    }
}

/// One number's end behind several prefixes: whoever knows the prefix of a line does not hunt for it.
struct Probed {
    least: usize,
    /// Account, number's end and prefix of every call: there may be half a million numbers.
    tried: Vec<(u32, u32, u32)>,
    /// The calls of accounts to number's ends that have enough prefixes.
    calls: BTreeMap<(u32, u32), Vec<OutCall>>,
}

impl Probed {
    fn new(thresholds: &Thresholds) -> Self {
        let least = usize::try_from(thresholds.probing_prefixes).unwrap_or(usize::MAX).max(2);
        Probed { least, tried: Vec::new(), calls: BTreeMap::new() }
    }
}

impl Pattern for Probed {
    fn take(&mut self, call: &OutCall) {
        let (tail, prefix) = call.tail;
        if tail > 0 && prefix > 0 {
            push_distinct(&mut self.tried, (call.account, tail, prefix));
        }
    }

    fn wants_more(&mut self) -> bool {
        self.tried.sort_unstable();
        self.tried.dedup();
        let tried = std::mem::take(&mut self.tried);
        let by_tail = tried.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1));
        let enough = by_tail.filter(|these| these.len() >= self.least).filter_map(|these| these.first());
        self.calls = enough.map(|&(account, tail, _)| ((account, tail), Vec::new())).collect();
        !self.calls.is_empty()
    }

    fn take_again(&mut self, call: &OutCall) {
        let (tail, prefix) = call.tail;
        if prefix > 0
            && let Some(these) = self.calls.get_mut(&(call.account, tail))
        {
            these.push(*call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let told = self.calls.iter().filter_map(|((_, tail), these)| {
            let (near, prefixes) = probing(these, self.least)?;
            let account = names.account(near.first.as_ref()?);
            let what = format!("a number ending {tail:09} tried behind {prefixes} prefixes");
            let threshold = format!("from {} prefixes within {PROBING_SECONDS} seconds on", self.least);
            Some(Observation::of("prefix-probing", Level::Warning, account, what, threshold, &near))
        });
        told.take(MOST_TOLD).collect()
    }
}

/// Returns the first calls within [`PROBING_SECONDS`] that have so many prefixes, and how many they have.
///
/// Calls to one number may be a flood, so that a window slides over them once.
fn probing(calls: &[OutCall], least: usize) -> Option<(Shown, usize)> {
    let mut open: BTreeMap<u32, usize> = BTreeMap::new();
    let mut from = 0;
    for call in calls {
        *open.entry(call.tail.1).or_default() += 1;
        while let Some(old) = calls.get(from).filter(|old| call.start - old.start > PROBING_SECONDS) {
            if let Some(count) = open.get_mut(&old.tail.1) {
                *count -= 1;
                if *count == 0 {
                    open.remove(&old.tail.1);
                }
            }
            from += 1;
        }
        if open.len() >= least {
            let rest = calls.get(from..)?;
            let first = rest.first()?.start;
            let count = rest.iter().take_while(|call| call.start - first <= PROBING_SECONDS).count();
            let near = rest.get(..count)?;
            let prefixes: BTreeSet<u32> = near.iter().map(|call| call.tail.1).collect();
            return Some((Shown::of(near), prefixes.len()));
        }
    }
    None
}

/// The first call ever to a costly destination, with a wave to it within a day.
struct Tested<'t> {
    thresholds: &'t Thresholds,
    places: BTreeMap<u16, Wave>,
}

/// The calls to one destination.
#[derive(Default)]
struct Wave {
    /// Those up to the first pause: without one the first call is a part of the wave.
    tests: Shown,
    has_paused: bool,
    /// How many came behind the pause, within a day of the first.
    calls: u64,
}

impl<'t> Tested<'t> {
    fn new(thresholds: &'t Thresholds) -> Self {
        Tested { thresholds, places: BTreeMap::new() }
    }
}

impl Pattern for Tested<'_> {
    fn take(&mut self, call: &OutCall) {
        if !call.is_costly {
            return;
        }
        let wave = self.places.entry(call.place).or_default();
        let after = wave.tests.seconds_after_first(call);
        wave.has_paused |= after >= HOUR / 2;
        if wave.has_paused {
            wave.calls += u64::from(after <= DAY);
        } else {
            wave.tests.add(call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let followed_by = self.thresholds.test_call_followed_by;
        let told = self.places.values().filter(|wave| wave.has_paused).filter_map(|wave| {
            let (tests, calls) = (wave.tests.count, wave.calls);
            let first = wave.tests.first.as_ref()?;
            let is_wave = followed_by > 0 && calls >= tests.saturating_mul(followed_by);
            let what = format!(
                "{} to {}, which was never called before, then {calls} within a day: probably test calls",
                counted(tests, "call"),
                names.place(first)
            );
            let threshold = format!("{followed_by} times as many after half an hour");
            let (id, account) = ("test-calls", names.account(first));
            is_wave.then(|| Observation::of(id, Level::Warning, account, what, threshold, &wave.tests))
        });
        told.take(MOST_TOLD).collect()
    }
}

/// Adds a value to a list of which only the distinct ones count: those are sorted out before a long list grows,
/// so that repetition does not make it longer.
fn push_distinct<T: Ord>(all: &mut Vec<T>, value: T) {
    /// A list up to this length is left alone.
    const SHORT: usize = 1 << 16;
    if all.len() == all.capacity() && all.len() >= SHORT {
        all.sort_unstable();
        all.dedup();
        // Else it would be full again at once.
        if all.len() > all.capacity() / 2 {
            all.reserve(all.len());
        }
    }
    all.push(value);
}

#[cfg(test)]
mod tests {
    use super::super::{Made, call, told};
    use super::*;

    fn look(list: &[OutCall]) -> Vec<Observation> {
        let names = Names { accounts: vec!["300".to_owned()], places: vec!["Somalia"], ..Names::default() };
        told(patterns(&Thresholds::default()), &Made { list: list.to_vec(), names })
    }

    fn ids(list: &[OutCall]) -> Vec<&'static str> {
        look(list).iter().map(|one| one.id).collect()
    }

    #[test]
    fn one_number_again_and_again() {
        let calls: Vec<OutCall> = (0..12).map(|at| call(at * 100, 60, 0, 252_610_000_001)).collect();
        let told = look(&calls);
        assert_eq!(told[0].what, "12 of 12 calls of an hour to one number, 252610000001, at even distances");
        let uneven: Vec<i64> = vec![0, 5, 900, 910, 2_000, 2_500, 2_501, 2_900, 3_000, 3_001];
        let calls: Vec<OutCall> = uneven.into_iter().map(|at| call(at, 60, 0, 252_610_000_001)).collect();
        assert!(!look(&calls)[0].what.contains("even"));
    }

    #[test]
    fn numbers_in_a_row() {
        let apart = |by: u64| -> Vec<OutCall> {
            (0..6).map(|at| call(at * 4_000, 60, 0, 252_610_000_001 + at as u64 * by)).collect()
        };
        assert_eq!(ids(&apart(7)), ["number-range"]);
        assert_eq!(look(&apart(7))[0].calls, 6);
        assert!(ids(&apart(700)).is_empty());
    }

    #[test]
    fn a_number_behind_several_prefixes() {
        let tried =
            |at: i64, prefix: u32| OutCall { tail: (610_000_001, prefix), number: 0, ..call(at, 0, 0, 1) };
        assert_eq!(ids(&[tried(0, 252), tried(30, 900_252), tried(60, 11_252)]), ["prefix-probing"]);
        assert!(ids(&[tried(0, 252), tried(30, 900_252), tried(4_000, 11_252)]).is_empty());
        let late =
            [tried(0, 252), tried(4_000, 252), tried(4_030, 11), tried(4_050, 900_252), tried(4_060, 7)];
        let told = look(&late);
        assert_eq!(told[0].what, "a number ending 610000001 tried behind 4 prefixes");
        assert_eq!(told[0].calls, 4);
    }

    #[test]
    fn a_test_before_the_wave() {
        let mut list = vec![call(0, 20, 0, 252_610_000_001)];
        list.extend((0..12).map(|at| call(20_000 + at * 600, 300, 0, 252_620_000_001 + at as u64 * 1_000)));
        let told = look(&list);
        assert_eq!(told[0].id, "test-calls");
        assert_eq!(told[0].rows, [0]);
        assert!(look(&list[..6]).is_empty());
    }
}
