//! The carrier's calls against one's own, where the truth is known because it was made.

use proptest::prelude::*;
use tolltrace::reconcile::reconcile;

use self::bills::{Differences, judge};

#[path = "../../benches/bills.rs"]
mod bills;

fn differences(step: u32, tells_length: bool, tells_end: bool) -> Differences {
    Differences { ahead: 37, drift: 1, step, tells_length, tells_end }
}

#[test]
fn a_month_of_a_carrier_is_told_apart() {
    for (count, step, tells_length, tells_end) in [
        (102_100, 60, false, true),
        (20_000, 60, true, true),
        (20_000, 6, true, false),
        (20_000, 1, true, true),
    ] {
        let bills = bills::bills(count, differences(step, tells_length, tells_end), 7);
        let begun = std::time::Instant::now();
        let reconciled = reconcile(&bills.theirs, &bills.ours);
        println!(
            "{} x {} calls, billed by {step} s, length told: {tells_length}, end told: {tells_end}: {:?}",
            bills.theirs.len(),
            bills.ours.len(),
            begun.elapsed()
        );
        for (class, tally) in judge(&bills, &reconciled) {
            let (precision, recall) = (tally.precision(), tally.recall());
            println!("  {}", tally.line(class));
            assert!(precision > 0.99 && recall > 0.99, "{class}: {tally:?}");
        }
        let clock = &reconciled.clock;
        assert!((37..=67).contains(&clock.seconds.unwrap()), "{:?}", clock.seconds);
        let (first, last) = (clock.days.first().unwrap(), clock.days.last().unwrap());
        assert!((25..=35).contains(&(last.median - first.median)), "the drift shows: {first:?} {last:?}");
        assert_eq!(reconciled.increment.step, step);
    }
}

#[test]
fn a_clock_in_another_zone_is_found() {
    for ahead in [-6 * 3_600, -3_600, 5 * 3_600 + 1_800, 12 * 3_600] {
        let bills = bills::bills(2_000, Differences { ahead, drift: 0, ..differences(60, false, true) }, 3);
        let reconciled = reconcile(&bills.theirs, &bills.ours);
        let found = reconciled.clock.seconds.unwrap();
        assert!((found - ahead).abs() <= 2 && reconciled.clock.is_zone(), "{ahead}: {found}");
        assert!(judge(&bills, &reconciled)["carrier only"].precision() > 0.97);
    }
}

#[test]
fn calls_of_somebody_else_match_nothing() {
    let ours = bills::bills(2_000, differences(60, false, true), 1).ours;
    let theirs = bills::bills(2_000, differences(60, false, true), 99).theirs;
    let other: Vec<_> = theirs.into_iter().filter(|call| call.to > 13_999_999_999).collect();
    let reconciled = reconcile(&other, &ours);
    assert_eq!(reconciled.clock.seconds, None);
    assert!(reconciled.pairs.iter().flatten().count() <= other.len() / 100);
    assert_eq!(reconcile(&[], &ours).pairs, []);
    assert_eq!(reconcile(&other, &[]).pairs.iter().flatten().count(), 0);
}

proptest! {
    /// Whatever both sides say, a call is one call and the order of the files decides nothing.
    #[test]
    fn pairs_are_one_to_one(seed in any::<u64>(), count in 1_usize..300, ahead in -90_000_i64..90_000, step in 1_u32..61) {
        let differences = Differences { ahead, drift: 0, step, tells_length: seed % 2 == 0, tells_end: seed % 3 == 0 };
        let bills = bills::bills(count, differences, seed);
        let reconciled = reconcile(&bills.theirs, &bills.ours);
        let mut ours: Vec<u32> = reconciled.pairs.iter().flatten().map(|pair| pair.ours).collect();
        let pairs = ours.len();
        ours.sort_unstable();
        ours.dedup();
        prop_assert_eq!(ours.len(), pairs);
        prop_assert_eq!(reconciled.pairs.len(), bills.theirs.len());
        for (theirs, pair) in bills.theirs.iter().zip(&reconciled.pairs) {
            if let Some(pair) = pair {
                prop_assert_eq!(theirs.to, bills.ours[pair.ours as usize].number);
            }
        }
    }
}
