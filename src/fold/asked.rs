//! Registrations that FreeSWITCH asked a secret for and did not refuse.
//!
//! It prints no registration that it accepts. Where it prints challenges and failures (`log-auth-failures`), a
//! challenge without a failure behind it was answered with the right secret, or not at all: which of the two, only what
//! else its address did can tell, so that nothing here is taken for a login.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::names::NameId;
use crate::event::{Citation, Instant};

/// Pairs of address and account that are followed.
const MOST_PAIRS: usize = 20_000;
/// Challenges of one pair that wait for their failure: it comes within the time of a round trip.
const MOST_WAITING: usize = 16;
/// A challenge lapses after a minute (`nonce-ttl`).
const ANSWERED_WITHIN_SECONDS: i64 = 60;
/// A log that ends this soon after a challenge may lack its failure.
const SETTLED_SECONDS: i64 = 2;

/// Rows of such challenges that are told apart for one pair; what comes later is counted with the last.
const MOST_STREAKS: usize = 8;

/// Challenges in a row that no failure followed, from one address for one account.
#[derive(Clone, Debug)]
pub struct Streak {
    /// The first of them.
    pub first: Instant,
    /// The last of them.
    pub last: Instant,
    /// How many.
    pub count: u64,
    /// The line of the first.
    pub line: Citation,
    /// The line of the last, where there is more than one.
    pub last_line: Option<Citation>,
}

/// What one address was asked for and not refused, for one account.
#[derive(Clone, Debug, Default)]
pub struct Unrefused {
    /// In the order of time; a failure lies between any two.
    pub streaks: Vec<Streak>,
    /// The last failure.
    pub refused: Option<Instant>,
}

/// One address and one account.
#[derive(Debug, Default)]
struct Pair {
    waiting: VecDeque<(Instant, Citation)>,
    told: Unrefused,
    /// Did a failure end the last streak?
    is_ended: bool,
}

impl Pair {
    fn keep(&mut self, at: Instant, line: Citation) {
        let goes_on = !self.is_ended || self.told.streaks.len() >= MOST_STREAKS;
        match self.told.streaks.last_mut().filter(|_| goes_on) {
            Some(streak) => {
                streak.count += 1;
                streak.last = streak.last.max(at);
                streak.last_line = Some(line);
            }
            None => {
                self.is_ended = false;
                self.told.streaks.push(Streak { first: at, last: at, count: 1, line, last_line: None });
            }
        }
    }

    /// Keeps the challenges up to `until`, which can no longer be refused.
    fn settle(&mut self, until: Instant) {
        while self.waiting.front().is_some_and(|(at, _)| *at <= until) {
            if let Some((at, line)) = self.waiting.pop_front() {
                self.keep(at, line);
            }
        }
    }

    fn refuse(&mut self, at: Instant) {
        self.settle(at.plus_seconds(-ANSWERED_WITHIN_SECONDS));
        self.waiting.pop_front();
        self.told.refused = self.told.refused.max(Some(at));
        self.is_ended = true;
    }
}

/// All pairs of one source.
#[derive(Debug, Default)]
pub struct Asked {
    pairs: BTreeMap<(IpAddr, NameId), Pair>,
    /// Was there no room for a pair?
    pub is_full: bool,
}

impl Asked {
    /// An address was asked for the secret of an account.
    pub(super) fn challenge(&mut self, address: IpAddr, account: NameId, at: Instant, line: Citation) {
        if account == NameId::NONE {
            return;
        }
        if self.pairs.len() >= MOST_PAIRS && !self.pairs.contains_key(&(address, account)) {
            self.is_full = true;
            return;
        }
        let pair = self.pairs.entry((address, account)).or_default();
        pair.settle(at.plus_seconds(-ANSWERED_WITHIN_SECONDS));
        if pair.waiting.len() >= MOST_WAITING
            && let Some((at, line)) = pair.waiting.pop_front()
        {
            pair.keep(at, line);
        }
        pair.waiting.push_back((at, line));
    }

    /// An address gave a wrong secret of an account.
    pub(super) fn refused(&mut self, address: IpAddr, account: NameId, at: Instant) {
        if let Some(pair) = self.pairs.get_mut(&(address, account)) {
            pair.refuse(at);
        }
    }

    /// Hands out every pair that was not refused each time; `end` is when the log ends.
    pub fn take(&mut self, end: Option<Instant>) -> impl Iterator<Item = (IpAddr, NameId, Unrefused)> {
        std::mem::take(&mut self.pairs).into_iter().filter_map(move |((address, account), mut pair)| {
            if let Some(end) = end {
                pair.settle(end.plus_seconds(-SETTLED_SECONDS));
            }
            (!pair.told.streaks.is_empty()).then_some((address, account, pair.told))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    const ADDRESS: &str = "203.0.113.7";

    fn line(at: i64) -> Citation {
        Citation::new(Place { source: SourceId(0), offset: at as u64, line: at as u32 }, b"")
    }

    /// Tells the challenges of `asked` and the failures of `refused`, in seconds, to one pair.
    fn told(events: &[(i64, bool)], end: i64) -> Vec<(i64, i64, u64)> {
        let mut asked = Asked::default();
        let (address, account) = (ADDRESS.parse().unwrap(), NameId(3));
        for &(at, is_refusal) in events {
            let now = Instant::from_seconds(at);
            match is_refusal {
                true => asked.refused(address, account, now),
                false => asked.challenge(address, account, now, line(at)),
            }
        }
        let all = asked.take(Some(Instant::from_seconds(end)));
        let streaks = all.flat_map(|(_, _, told)| told.streaks);
        streaks.map(|streak| (streak.first.seconds(), streak.last.seconds(), streak.count)).collect()
    }

    #[test]
    fn the_guess_that_came_off_has_no_failure() {
        let guesses: Vec<(i64, bool)> = (0..80).flat_map(|n| [(n, false), (n, true)]).collect();
        assert_eq!(told(&guesses, 1_000), []);
        let came_off = [guesses.as_slice(), &[(80, false)]].concat();
        assert_eq!(told(&came_off, 1_000), [(80, 80, 1)]);
    }

    #[test]
    fn a_log_that_ends_too_soon_tells_nothing() {
        assert_eq!(told(&[(80, false)], 81), []);
        assert_eq!(told(&[(80, false)], 82), [(80, 80, 1)]);
    }

    #[test]
    fn failures_of_guesses_at_once_are_told_apart() {
        let mixed = [(1, false), (1, false), (1, false), (2, true), (2, true), (2, true), (3, false)];
        assert_eq!(told(&mixed, 100), [(3, 3, 1)]);
    }

    #[test]
    fn a_late_failure_is_of_another_challenge() {
        assert_eq!(told(&[(0, false), (100, false), (101, true)], 1_000), [(0, 0, 1)]);
        let again = [(0, false), (100, false), (101, true), (102, false)];
        assert_eq!(told(&again, 1_000), [(0, 0, 1), (102, 102, 1)]);
    }
}
