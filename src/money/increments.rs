//! How long a call is charged for: the first step and those after it, `60/60`, `30/6`, `6/6`, `1/1`.

/// The steps in which a call is charged, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increments {
    /// The least that an answered call is charged for.
    initial: u32,
    /// What is begun after that is charged whole.
    next: u32,
}

impl Increments {
    /// By the second.
    pub const SECONDS: Increments = Increments { initial: 1, next: 1 };

    /// Builds them; `None` if a step has no length, or one longer than an hour.
    pub fn new(initial: u32, next: u32) -> Option<Self> {
        let is_step = |seconds: u32| (1..=3_600).contains(&seconds);
        (is_step(initial) && is_step(next)).then_some(Increments { initial, next })
    }

    /// Reads `60/60`, `30/6`, `60+60`, or one figure for both.
    pub fn parse(text: &str) -> Option<Self> {
        let (initial, next) = text.split_once(['/', '+']).unwrap_or((text, text));
        Increments::new(initial.trim().parse().ok()?, next.trim().parse().ok()?)
    }

    /// Returns the seconds charged for a call that lasted so long; nothing for one that did not last.
    pub fn charged(self, seconds: u64) -> u64 {
        let (initial, next) = (u64::from(self.initial), u64::from(self.next));
        match seconds {
            0 => 0,
            seconds if seconds <= initial => initial,
            seconds => initial.saturating_add((seconds - initial).div_ceil(next).saturating_mul(next)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_begun_is_charged_whole() {
        let charged = |steps: &str, seconds| Increments::parse(steps).unwrap().charged(seconds);
        assert_eq!([0, 1, 60, 61].map(|seconds| charged("60/60", seconds)), [0, 60, 60, 120]);
        assert_eq!([1, 30, 31, 37].map(|seconds| charged("30/6", seconds)), [30, 30, 36, 42]);
        assert_eq!([7, 12].map(|seconds| charged("6", seconds)), [12, 12]);
        assert_eq!(charged("1/1", 59), 59);
        assert!(["0/1", "60/", "x", "7200/1", "-1/1"].iter().all(|text| Increments::parse(text).is_none()));
        assert!(Increments::parse("1/60").unwrap().charged(u64::MAX) >= u64::MAX - 60);
    }
}
