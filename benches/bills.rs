//! A month of calls as a telephone system and as its carrier tell them, with every way to disagree put in on purpose.

use tolltrace::reconcile::{Ours, Theirs};

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
    /// How many of ours the carrier does not have.
    pub(crate) missing: usize,
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
                bills.missing += 1;
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
