//! A month of calls as a telephone system and as its carrier tell them, with every way to disagree put in on purpose.

use std::collections::BTreeMap;

use tolltrace::reconcile::{How, Ours, Reconciled, Theirs};

/// What is known of a call of the carrier's, since it was made so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It is ours, under this index.
    Ours(u32),
    /// It is ours, and the carrier's length is wrong.
    Longer(u32),
    /// It is not ours.
    Foreign,
}

/// Both sides, and the truth.
#[derive(Debug, Default)]
pub(crate) struct Bills {
    /// The carrier's calls.
    pub(crate) theirs: Vec<Theirs>,
    /// Ours.
    pub(crate) ours: Vec<Ours>,
    /// What each of the carrier's is.
    pub(crate) truth: Vec<Truth>,
    /// Those of ours that the carrier does not have, by index.
    pub(crate) missing: Vec<u32>,
}

/// How the two sides differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Differences {
    /// Seconds that the carrier's clock is ahead.
    pub(crate) ahead: i64,
    /// Seconds by which that grows in a day.
    pub(crate) drift: i64,
    /// The carrier's steps, in seconds.
    pub(crate) step: u32,
    /// Does the carrier tell the true length beside the billed one?
    pub(crate) tells_length: bool,
    /// Does the carrier tell when a call ended?
    pub(crate) tells_end: bool,
}

/// A sequence of numbers that looks like chance and is always the same.
#[derive(Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Returns the next number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}

/// Makes `count` calls of a month: of a hundred two are not ours, one is not the carrier's, one is longer there; a
/// tenth of all is pumped to five numbers.
pub(crate) fn bills(count: usize, differences: Differences, seed: u64) -> Bills {
    const BEGIN: i64 = 1_780_000_000;
    let mut chance = Chance(seed);
    let mut bills = Bills::default();
    let spacing = (30 * 86_400_000 / count.max(1) as i64).max(1);
    for index in 0..count as i64 {
        let start = BEGIN + index * spacing / 1_000 + chance.below(20) as i64;
        let number = match chance.below(100) {
            0..10 => 25_260_000_000 + chance.below(5),
            10..50 => 13_035_550_000 + chance.below(2_000),
            _ => 14_000_000_000 + chance.below(4_000_000_000),
        };
        let (ringing, seconds) = (2 + chance.below(20) as i64, 1 + chance.below(900) as u32);
        let answer = start + ringing;
        let own = Ours {
            number,
            dialed: number,
            start,
            end: answer + i64::from(seconds),
            seconds: Some(seconds),
            is_answered: true,
            ..Ours::default()
        };
        let place = bills.ours.len() as u32;
        match chance.below(100) {
            0..2 => bills.push_theirs(own, Truth::Foreign, differences, &mut chance, 0),
            2 => {
                bills.ours.push(own);
                bills.missing.push(place);
            }
            3 => {
                bills.ours.push(own);
                let longer = 130 + chance.below(600) as u32;
                bills.push_theirs(own, Truth::Longer(place), differences, &mut chance, longer);
            }
            _ => {
                bills.ours.push(own);
                bills.push_theirs(own, Truth::Ours(place), differences, &mut chance, 0);
            }
        }
    }
    bills
}

impl Bills {
    fn push_theirs(&mut self, own: Ours, truth: Truth, how: Differences, chance: &mut Chance, longer: u32) {
        let days = (own.start - 1_780_000_000) / 86_400;
        let ahead = how.ahead + how.drift * days + chance.below(3) as i64 - 1;
        let seconds = own.seconds.unwrap_or(0) + longer;
        let answer = own.end - i64::from(own.seconds.unwrap_or(0)) + ahead;
        self.theirs.push(Theirs {
            to: own.number,
            start: own.start + ahead + 1,
            answer: how.tells_end.then_some(answer),
            end: how.tells_end.then_some(answer + i64::from(seconds)),
            seconds: how.tells_length.then_some(seconds),
            billed: Some(seconds.div_ceil(how.step) * how.step),
            id: 0,
        });
        self.truth.push(truth);
    }
}

/// Of each class: how many were found, how many of these are right, how many there are.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) found: usize,
    pub(crate) right: usize,
    pub(crate) known: usize,
}

impl Tally {
    /// Returns the part of those found that is right.
    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// Returns the part of those there are that was found.
    pub(crate) fn recall(&self) -> f64 {
        self.right as f64 / self.known.max(1) as f64
    }

    /// Returns a line of a table.
    pub(crate) fn line(&self, class: &str) -> String {
        let (precision, recall) = (self.precision(), self.recall());
        format!("{class:15} {:6} precision {precision:.4} recall {recall:.4}", self.known)
    }
}

/// Judges every class; of a group only the count is told, so that any member of it is right.
pub(crate) fn judge(bills: &Bills, reconciled: &Reconciled) -> BTreeMap<&'static str, Tally> {
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for (truth, pair) in bills.truth.iter().zip(&reconciled.pairs) {
        let known = match truth {
            Truth::Ours(_) => "matched",
            Truth::Longer(_) => "length differs",
            Truth::Foreign => "carrier only",
        };
        let found = match pair {
            None => "carrier only",
            Some(pair) if pair.is_length_apart => "length differs",
            Some(_) => "matched",
        };
        let is_same = match (truth, pair) {
            (Truth::Ours(own) | Truth::Longer(own), Some(pair)) => {
                *own == pair.ours || pair.how == How::Group
            }
            _ => true,
        };
        tallies.entry(known).or_default().known += 1;
        let tally = tallies.entry(found).or_default();
        tally.found += 1;
        tally.right += usize::from(known == found && is_same);
    }
    tallies.insert("own only", own_only(bills, reconciled));
    tallies
}

/// Judges what was left over of ours; of a group any member may be the one that is missing.
fn own_only(bills: &Bills, reconciled: &Reconciled) -> Tally {
    let paired: BTreeMap<u32, How> =
        reconciled.pairs.iter().flatten().map(|pair| (pair.ours, pair.how)).collect();
    let number = |own: u32| bills.ours.get(own as usize).map(|own| own.number);
    let mut in_groups: BTreeMap<Option<u64>, usize> = BTreeMap::new();
    for own in bills.missing.iter().filter(|own| paired.get(own) == Some(&How::Group)) {
        *in_groups.entry(number(*own)).or_default() += 1;
    }
    let mut tally = Tally { known: bills.missing.len(), ..Tally::default() };
    for own in (0..bills.ours.len() as u32).filter(|own| !paired.contains_key(own)) {
        tally.found += 1;
        if bills.missing.binary_search(&own).is_ok() {
            tally.right += 1;
        } else if let Some(left) = in_groups.get_mut(&number(own)).filter(|left| **left > 0) {
            (*left, tally.right) = (*left - 1, tally.right + 1);
        }
    }
    tally
}
