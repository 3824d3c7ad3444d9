//! Numbers: one that is pumped, many in a row, one that is hunted for a prefix, and a test before the wave.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation};
use super::{Calls, OutCall, Thresholds};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Prefixes are tried within so many seconds of each other.
const PROBING_SECONDS: i64 = 600;
/// Numbers of one range lie within so many.
const RANGE: u64 = 100;
/// Observations of each kind.
const MOST_TOLD: usize = 20;

pub(super) fn look(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut all = pumped(calls, thresholds);
    all.extend(ranges(calls, thresholds));
    all.extend(probed(calls, thresholds));
    all.extend(tested(calls, thresholds));
    all
}

/// One number takes most of an hour's calls of an account.
fn pumped(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut hours: BTreeMap<(u32, i64), Vec<&OutCall>> = BTreeMap::new();
    for call in calls.list.iter().filter(|call| call.number > 0) {
        hours.entry((call.account, call.start.div_euclid(HOUR))).or_default().push(call);
    }
    let told = hours.into_values().filter_map(|these| {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        these.iter().for_each(|call| *counts.entry(call.number).or_default() += 1);
        let (number, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let is_much = these.len() as u64 >= thresholds.one_number_calls
            && count as u64 * 100 >= these.len() as u64 * thresholds.one_number_share;
        let to_it: Vec<&OutCall> = these.iter().copied().filter(|call| call.number == number).collect();
        let rhythm = if is_regular(&to_it) { ", at even distances" } else { "" };
        let what = format!("{count} of {} calls of an hour to one number, {number}{rhythm}", these.len());
        let threshold = format!(
            "from {} percent of {} calls on",
            thresholds.one_number_share, thresholds.one_number_calls
        );
        let account = calls.account(these.first()?);
        is_much.then(|| Observation::of("one-number", Level::Warning, account, what, threshold, to_it))
    });
    told.take(MOST_TOLD).collect()
}

/// Returns whether calls come at even distances: their deviation is below three tenths of their mean.
fn is_regular(calls: &[&OutCall]) -> bool {
    let gaps: Vec<i128> = calls.windows(2).map(|pair| i128::from(pair[1].start - pair[0].start)).collect();
    let count = gaps.len() as i128;
    let sum: i128 = gaps.iter().sum();
    // With whole numbers: variance * 100 < 9 * mean^2, both times the square of the count.
    let squares: i128 = gaps.iter().map(|gap| gap * gap).sum();
    let variance = squares.saturating_mul(count) - sum.saturating_mul(sum);
    gaps.len() >= 4 && sum > 0 && variance.saturating_mul(100) < sum.saturating_mul(sum).saturating_mul(9)
}

/// Many numbers of one range, which nobody has by chance.
fn ranges(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let costly = || calls.list.iter().filter(|call| call.is_costly && call.number > 0);
    let numbers: BTreeSet<u64> = costly().map(|call| call.number).collect();
    let numbers: Vec<u64> = numbers.into_iter().collect();
    let least = usize::try_from(thresholds.range_numbers).unwrap_or(usize::MAX).max(2);
    let mut told = Vec::new();
    let mut from = 0;
    while let Some(&first) = numbers.get(from) {
        let rest = numbers.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|number| **number - first < RANGE).count();
        if count < least {
            from += 1;
            continue;
        }
        from += count;
        let range = first..first.saturating_add(RANGE);
        let these = costly().filter(|call| range.contains(&call.number));
        let last = rest.get(count - 1).copied().unwrap_or(first);
        let what = format!("{count} numbers of one range, {first} to {last}");
        let threshold = format!("from {least} numbers within {RANGE} on");
        told.push(Observation::of("number-range", Level::Warning, "all accounts", what, threshold, these));
        if told.len() >= MOST_TOLD {
            break;
        }
    }
    told
}

/// One number's end behind several prefixes: whoever knows the prefix of a line does not hunt for it.
fn probed(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    // Sorted, not gathered by number: there may be half a million numbers.
    let mut tried: Vec<&OutCall> =
        calls.list.iter().filter(|call| call.tail.0 > 0 && call.tail.1 > 0).collect();
    tried.sort_by_key(|call| (call.account, call.tail.0));
    let least = usize::try_from(thresholds.probing_prefixes).unwrap_or(usize::MAX).max(2);
    let by_tail = tried.chunk_by(|one, next| (one.account, one.tail.0) == (next.account, next.tail.0));
    let told = by_tail.filter(|these| these.len() >= least).filter_map(|these| {
        let tail = these.first()?.tail.0;
        let (near, prefixes) = probing(these, least)?;
        let account = calls.account(near.first()?);
        let what = format!("a number ending {tail:09} tried behind {prefixes} prefixes");
        let threshold = format!("from {least} prefixes within {PROBING_SECONDS} seconds on");
        Some(Observation::of("prefix-probing", Level::Warning, account, what, threshold, near))
    });
    told.take(MOST_TOLD).collect()
}

/// Returns the first calls within [`PROBING_SECONDS`] that have so many prefixes, and how many they have.
///
/// Calls to one number may be a flood, so that a window slides over them once.
fn probing<'c>(calls: &[&'c OutCall], least: usize) -> Option<(Vec<&'c OutCall>, usize)> {
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
            let first = calls.get(from)?.start;
            let rest = calls.get(from..)?.iter().copied();
            let near: Vec<&OutCall> = rest.take_while(|call| call.start - first <= PROBING_SECONDS).collect();
            let prefixes: BTreeSet<u32> = near.iter().map(|call| call.tail.1).collect();
            return Some((near, prefixes.len()));
        }
    }
    None
}

/// The first call ever to a costly destination, with a wave to it within a day.
fn tested(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut places: BTreeMap<u16, Vec<&OutCall>> = BTreeMap::new();
    for call in calls.list.iter().filter(|call| call.is_costly) {
        places.entry(call.place).or_default().push(call);
    }
    let told = places.into_values().filter_map(|these| {
        let first = *these.first()?;
        // The wave is what follows after a pause; without one the first call is a part of it.
        let pause = these.iter().position(|call| call.start - first.start >= HOUR / 2)?;
        let wave = these.get(pause..)?.iter().filter(|call| call.start - first.start <= DAY).count() as u64;
        let tests = pause as u64;
        let is_wave = thresholds.test_call_followed_by > 0
            && wave >= tests.saturating_mul(thresholds.test_call_followed_by);
        let what = format!(
            "{tests} calls to {}, which was never called before, then {wave} within a day: probably test calls",
            calls.place(first)
        );
        let threshold = format!("{} times as many after half an hour", thresholds.test_call_followed_by);
        let account = calls.account(first);
        let rows = these.iter().take(pause).copied();
        is_wave.then(|| Observation::of("test-calls", Level::Warning, account, what, threshold, rows))
    });
    told.take(MOST_TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::super::call;
    use super::*;

    fn of(list: Vec<OutCall>) -> Calls {
        Calls { list, accounts: vec!["300".to_owned()], places: vec!["Somalia"], ..Calls::default() }
    }

    fn ids(calls: &Calls) -> Vec<&'static str> {
        look(calls, &Thresholds::default()).iter().map(|one| one.id).collect()
    }

    #[test]
    fn one_number_again_and_again() {
        let calls = of((0..12).map(|at| call(at * 100, 60, 0, 252_610_000_001)).collect());
        let told = look(&calls, &Thresholds::default());
        assert_eq!(told[0].what, "12 of 12 calls of an hour to one number, 252610000001, at even distances");
        let uneven: Vec<i64> = vec![0, 5, 900, 910, 2_000, 2_500, 2_501, 2_900, 3_000, 3_001];
        let calls = of(uneven.into_iter().map(|at| call(at, 60, 0, 252_610_000_001)).collect());
        assert!(!look(&calls, &Thresholds::default())[0].what.contains("even"));
    }

    #[test]
    fn numbers_in_a_row() {
        let calls = of((0..6).map(|at| call(at * 4_000, 60, 0, 252_610_000_001 + at as u64 * 7)).collect());
        assert_eq!(ids(&calls), ["number-range"]);
        let calls = of((0..6).map(|at| call(at * 4_000, 60, 0, 252_610_000_001 + at as u64 * 700)).collect());
        assert!(ids(&calls).is_empty());
    }

    #[test]
    fn a_number_behind_several_prefixes() {
        let tried =
            |at: i64, prefix: u32| OutCall { tail: (610_000_001, prefix), number: 0, ..call(at, 0, 0, 1) };
        assert_eq!(ids(&of(vec![tried(0, 252), tried(30, 900_252), tried(60, 11_252)])), ["prefix-probing"]);
        assert!(ids(&of(vec![tried(0, 252), tried(30, 900_252), tried(4_000, 11_252)])).is_empty());
        let late =
            [tried(0, 252), tried(4_000, 252), tried(4_030, 11), tried(4_050, 900_252), tried(4_060, 7)];
        let told = look(&of(late.to_vec()), &Thresholds::default());
        assert_eq!(told[0].what, "a number ending 610000001 tried behind 4 prefixes");
        assert_eq!(told[0].calls, 4);
    }

    #[test]
    fn a_test_before_the_wave() {
        let mut list = vec![call(0, 20, 0, 252_610_000_001)];
        list.extend((0..12).map(|at| call(20_000 + at * 600, 300, 0, 252_620_000_001 + at as u64 * 1_000)));
        let told = look(&of(list.clone()), &Thresholds::default());
        assert_eq!(told[0].id, "test-calls");
        assert_eq!(told[0].rows, [0]);
        assert!(look(&of(list[..6].to_vec()), &Thresholds::default()).is_empty());
    }
}
