//! How fail2ban counts: when the failures of one address get it banned, and when never.
//!
//! Not a window that slides: for each address it keeps a first instant and a count. Where the first lies further
//! back than `findtime`, the count shrinks in proportion, rounded as Python rounds (halves to even), and the
//! first moves up (`FailManager.addFailure`, `server/failmanager.py`). So five failures in ten minutes ban one who
//! tries every 151 seconds, and one who tries every 200 never.

use crate::event::Instant;

/// What a jail asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures that ban.
    pub max_retry: u32,
    /// Seconds within which they must come.
    pub find_time: i64,
    /// Seconds that a ban lasts; below zero for ever.
    pub ban_time: i64,
}

/// What one failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was counted, and there are so many now.
    Retry(u32),
    /// It was one too many.
    Ban,
    /// It came while the address was banned.
    Blocked,
}

/// The count of one address.
#[derive(Clone, Debug)]
pub struct Counter {
    policy: Policy,
    first: Option<i64>,
    retries: f64,
    banned_until: Option<i64>,
}

impl Counter {
    /// Begins with nothing counted.
    pub fn new(policy: Policy) -> Self {
        Counter { policy, first: None, retries: 0.0, banned_until: None }
    }

    /// Counts a failure at a second; failures must come in the order of time.
    pub fn fail(&mut self, at: i64) -> Counted {
        if self.banned_until.is_some_and(|until| at <= until) {
            return Counted::Blocked;
        }
        self.banned_until = None;
        let Policy { max_retry, find_time, ban_time } = self.policy;
        match self.first {
            None => self.first = Some(at),
            Some(first) if first < at.saturating_sub(find_time) => self.shrink(first, at),
            Some(_) => {}
        }
        self.retries += 1.0;
        if self.retries >= f64::from(max_retry) {
            (self.first, self.retries) = (None, 0.0);
            self.banned_until = Some(if ban_time < 0 { i64::MAX } else { at.saturating_add(ban_time) });
            return Counted::Ban;
        }
        Counted::Retry(self.retries as u32)
    }

    fn shrink(&mut self, first: i64, at: i64) {
        let since = at.saturating_sub(first).max(1) as f64;
        self.retries = (self.retries / since * self.policy.find_time as f64).round_ties_even();
        self.first = Some(at.saturating_sub(self.policy.find_time));
    }
}

/// What would have become of the failures of one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// When it would have been banned first.
    pub banned: Option<Instant>,
    /// The highest count that was reached.
    pub highest: u32,
    /// Failures before the instant in question that would have come through all the same: before the first ban,
    /// and between bans.
    pub through: u64,
    /// Failures before that instant that a ban would have kept off.
    pub kept_off: u64,
}

/// Counts the failures of one address, which are in the order of time; `until` is the instant in question.
pub fn replay(policy: Policy, failures: impl IntoIterator<Item = Instant>, until: Instant) -> Outcome {
    let mut counter = Counter::new(policy);
    let mut outcome = Outcome::default();
    for at in failures {
        let counted = counter.fail(at.seconds());
        match counted {
            Counted::Retry(retries) => outcome.highest = outcome.highest.max(retries),
            Counted::Ban => {
                outcome.highest = outcome.highest.max(policy.max_retry);
                outcome.banned.get_or_insert(at);
            }
            Counted::Blocked => {}
        }
        if at <= until {
            outcome.through += u64::from(counted != Counted::Blocked);
            outcome.kept_off += u64::from(counted == Counted::Blocked);
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real answers of fail2ban: `case,maxretry,findtime,bantime,trace`.
    const VECTORS: &str = include_str!("../../testdata/fail2ban/vectors.csv");

    #[test]
    fn the_real_answers_are_reproduced() {
        let mut cases = 0;
        for record in csv::Reader::from_reader(VECTORS.as_bytes()).records() {
            let record = record.expect("a row");
            let number = |index: usize| record[index].parse::<i64>().expect("a number");
            let policy = Policy { max_retry: number(1) as u32, find_time: number(2), ban_time: number(3) };
            let mut counter = Counter::new(policy);
            for step in record[4].split_whitespace() {
                let (at, wanted) = step.split_once(':').expect("time and answer");
                let got = match counter.fail(at.parse().expect("a time")) {
                    Counted::Retry(retries) => format!("retry={retries}"),
                    Counted::Ban => "BAN".to_owned(),
                    Counted::Blocked => "blocked".to_owned(),
                };
                assert_eq!(got, wanted, "{} at {at}", &record[0]);
            }
            cases += 1;
        }
        assert_eq!(cases, 13);
    }

    #[test]
    fn a_slow_pace_is_never_banned() {
        let policy = Policy { max_retry: 5, find_time: 600, ban_time: 600 };
        let every = |seconds: i64| (0..1_000).map(move |number| Instant::from_seconds(number * seconds));
        let end = Instant::from_seconds(1_000_000);
        assert_eq!(replay(policy, every(200), end).banned, None);
        assert_eq!(replay(policy, every(151), end).banned, Some(Instant::from_seconds(604)));
        // A short ban lets a patient one come back.
        let steady = replay(policy, every(60).take(100), end);
        assert_eq!((steady.through, steady.kept_off), (35, 65));
    }

    proptest::proptest! {
        #[test]
        fn any_times_are_counted(times in proptest::collection::vec(proptest::num::i64::ANY, 0..40), retry: u32, find: i64, ban: i64) {
            let mut counter = Counter::new(Policy { max_retry: retry, find_time: find, ban_time: ban });
            for at in times {
                counter.fail(at);
            }
        }
    }
}
