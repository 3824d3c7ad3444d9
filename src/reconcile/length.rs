//! Lengths: what rounding explains, and what it does not.

use super::{Ours, Theirs};

/// Seconds by which two honest clocks, truncating and rounding, may tell one length apart.
pub(super) const SLACK: u32 = 2;

/// The steps in which the carrier bills, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increment {
    /// Every billed length is a multiple of this.
    pub step: u32,
    /// No call is billed for less.
    pub least: u32,
}

impl Default for Increment {
    fn default() -> Self {
        Increment { step: 1, least: 0 }
    }
}

impl Increment {
    /// Works it out from the billed lengths: their greatest common divisor, and the least of them.
    ///
    /// Steps are a minute at most; of few calls a larger divisor is chance.
    pub(super) fn find(theirs: &[Theirs]) -> Self {
        let billed = || theirs.iter().filter_map(|call| call.billed).filter(|billed| *billed > 0);
        let step = billed().fold(0, divisor);
        let least = billed().min().unwrap_or(0);
        match step {
            0 => Increment::default(),
            step if step > 60 => {
                Increment { step: if step % 60 == 0 { 60 } else { divisor(step, 60) }, least: 0 }
            }
            step => Increment { step, least: if least > step { 0 } else { least } },
        }
    }

    /// Returns the seconds that a length is billed for.
    fn round(self, seconds: u32) -> u32 {
        seconds.div_ceil(self.step.max(1)).saturating_mul(self.step.max(1))
    }
}

fn divisor(left: u32, right: u32) -> u32 {
    if right == 0 { left } else { divisor(right, left % right) }
}

/// Returns by how many seconds two lengths differ beyond what rounding explains.
pub(super) fn gap(theirs: &Theirs, ours: &Ours, increment: Increment) -> u32 {
    let Some(ours) = ours.seconds else { return 0 };
    let connected = theirs.seconds.map_or(0, |theirs| theirs.abs_diff(ours).saturating_sub(SLACK));
    let Some(billed) = theirs.billed else { return connected };
    let low = increment.round(ours.saturating_sub(SLACK));
    let high = increment.round(ours + SLACK).max(if ours > 0 { increment.least } else { 0 });
    connected.max(low.saturating_sub(billed)).max(billed.saturating_sub(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn billed(billed: u32) -> Theirs {
        Theirs { billed: Some(billed), ..Theirs::default() }
    }

    fn ours(seconds: u32) -> Ours {
        Ours { seconds: Some(seconds), ..Ours::default() }
    }

    #[test]
    fn steps_are_found_in_the_bill() {
        let find = |lengths: &[u32]| Increment::find(&lengths.iter().map(|&s| billed(s)).collect::<Vec<_>>());
        assert_eq!(find(&[60, 120, 600, 0]).step, 60);
        assert_eq!(find(&[6, 12, 1_788]).step, 6);
        assert_eq!(find(&[120, 240]).step, 60);
        assert_eq!(find(&[61, 7]), Increment { step: 1, least: 0 });
        assert_eq!(find(&[]), Increment::default());
    }

    #[test]
    fn rounding_is_no_difference() {
        let minutes = Increment { step: 60, least: 60 };
        assert_eq!(gap(&billed(60), &ours(3), minutes), 0);
        assert_eq!(gap(&billed(60), &ours(61), minutes), 0, "within the slack");
        assert_eq!(gap(&billed(120), &ours(59), minutes), 0, "within the slack");
        assert_eq!(gap(&billed(180), &ours(60), minutes), 60);
        assert_eq!(gap(&billed(60), &ours(600), minutes), 540);
        assert_eq!(gap(&billed(60), &ours(0), minutes), 0, "billed though hardly answered is not told apart");
        let raw = Theirs { seconds: Some(100), ..Theirs::default() };
        assert_eq!((gap(&raw, &ours(98), minutes), gap(&raw, &ours(90), minutes)), (0, 8));
    }
}
