//! The carrier's calls against one's own, matched one to one.
//!
//! Nothing here knows a file or a report. Both sides tell when a call was, how long, and to which number; the clocks of
//! the two differ by what [`clock`] finds out from the calls themselves, and [`matching`] pairs them: by Call-ID where
//! both have it, else by number, time and duration. Where many calls of one number begin at once, which is which cannot
//! be told, and counts and sums stand for them. A pair whose lengths differ by more than rounding explains is a match
//! that is to be disputed; what is left over is known to one side only.

mod clock;
mod length;
mod matching;

pub use clock::{ClockDifference, DayClock};
pub use length::Increment;
pub use matching::{How, Pair};

/// A call as the carrier tells it; times in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theirs {
    /// The number called, digits of E.164; 0 where it is not known.
    pub to: u64,
    /// When the carrier says that it began.
    pub start: i64,
    /// When it was answered, where the record tells.
    pub answer: Option<i64>,
    /// When it ended, where the record tells.
    pub end: Option<i64>,
    /// Seconds that it was connected, where the record tells.
    pub seconds: Option<u32>,
    /// Seconds that it was billed for, where the record tells.
    pub billed: Option<u32>,
    /// A hash of its SIP Call-ID; 0 where there is none.
    pub id: u64,
}

/// A call as the telephone system tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// The number called as digits of E.164, where it can be told; else 0.
    pub number: u64,
    /// Another reading of it; else 0.
    pub other: u64,
    /// The digits as they were dialled, which may begin with a line, a prefix or a zero.
    pub dialed: u64,
    /// When it began.
    pub start: i64,
    /// When it ended.
    pub end: i64,
    /// Seconds from its answer to its end; `None` where no record tells its length.
    pub seconds: Option<u32>,
    /// Was it answered?
    pub is_answered: bool,
    /// A hash of its SIP Call-ID; 0 where there is none.
    pub id: u64,
}

impl Ours {
    /// Returns when it was answered, as far as its lengths tell.
    fn answer(&self) -> i64 {
        self.seconds.map_or(self.start, |seconds| self.end - i64::from(seconds))
    }
}

/// What came of setting the two sides against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// For each of the carrier's calls, the one of ours that it is.
    pub pairs: Vec<Option<Pair>>,
    /// How far the clocks are apart.
    pub clock: ClockDifference,
    /// In which steps the carrier bills.
    pub increment: Increment,
}

/// Pairs the carrier's calls with ours.
pub fn reconcile(theirs: &[Theirs], ours: &[Ours]) -> Reconciled {
    let increment = Increment::find(theirs);
    let by_number = matching::ByNumber::new(ours);
    let mut clock = ClockDifference::estimate(theirs, ours, &by_number, increment);
    let pairs = matching::pair(theirs, ours, &by_number, &clock, increment);
    clock.measure(theirs, ours, &pairs);
    Reconciled { pairs, clock, increment }
}

/// Returns how far the carrier's clock is ahead of ours by one call, in seconds.
///
/// Both sides see a call end at once. Where the record tells neither end nor answer, its start is that of the request or
/// that of the answer, and only all records together tell which.
fn ahead(theirs: &Theirs, ours: &Ours, starts_at_answer: bool) -> i64 {
    match (theirs.end, theirs.answer) {
        (Some(end), _) if ours.seconds.is_some() => end - ours.end,
        (_, Some(answer)) if ours.is_answered => answer - ours.answer(),
        _ if ours.is_answered && starts_at_answer => theirs.start - ours.answer(),
        _ => theirs.start - ours.start,
    }
}
