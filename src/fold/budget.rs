//! How much each source may keep of what somebody outside decides the number of.
//!
//! A log of a few megabytes may unpack to ten gigabytes, and thirty rotated files may hold a flood
//! each. So there is room for all sources together, and it is shared out before any is read, by size
//! alone: no thread that is faster than another gets more of it.

use crate::evidence::{Packing, Source};

/// The most that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Rows of call records; a row with the call made of it takes about 250 bytes.
    pub rows: usize,
    /// Calls of log lines; one takes about 150 bytes.
    pub calls: usize,
    /// Changes of registration; one takes up to 1,000 bytes.
    pub runs: usize,
    /// Addresses whose tries are counted one by one; one takes about 1,500 bytes.
    pub addresses: usize,
    /// Pairs of address and account whose tries are counted apart; one takes about 600 bytes.
    pub pairs: usize,
    /// Names and numbers kept as samples of what addresses tried; one takes about 100 bytes.
    pub samples: usize,
}

/// Fewer bytes than any line or row that tells of something.
const SHORTEST_RECORD: u64 = 64;
/// Logs and call records are packed to a tenth; what is smaller yet repeats itself.
const UNPACKED: u64 = 32;
/// What even the smallest source may keep.
const LEAST: usize = 1_000;

impl Budget {
    /// The room of all sources together: the busiest server known had 600,000 call records, told twice.
    pub const WHOLE: Budget = Budget {
        rows: 2_000_000,
        calls: 2_000_000,
        runs: 250_000,
        addresses: 65_536,
        pairs: 65_536,
        samples: 131_072,
    };

    /// Shares the room among sources; each gets what its size may need, and where that is too much for
    /// all, the largest get less.
    pub fn shared(self, sources: &[Source]) -> Vec<Budget> {
        let needs: Vec<usize> = sources.iter().map(need).collect();
        let share = |whole: usize| shares(whole, &needs);
        let (rows, calls, runs) = (share(self.rows), share(self.calls), share(self.runs));
        let (addresses, pairs, samples) = (share(self.addresses), share(self.pairs), share(self.samples));
        let at = |shares: &[usize], index: usize| shares.get(index).copied().unwrap_or(LEAST);
        (0..needs.len())
            .map(|index| Budget {
                rows: at(&rows, index),
                calls: at(&calls, index),
                runs: at(&runs, index),
                addresses: at(&addresses, index),
                pairs: at(&pairs, index),
                samples: at(&samples, index),
            })
            .collect()
    }
}

/// Returns how many records a source may hold.
fn need(source: &Source) -> usize {
    if source.duplicate_of.is_some() || !source.kind.has_records() {
        return 0;
    }
    let bytes = match source.packing {
        Packing::Plain => source.file.bytes,
        _ => source.file.bytes.saturating_mul(UNPACKED),
    };
    usize::try_from(bytes / SHORTEST_RECORD).unwrap_or(usize::MAX).max(LEAST)
}

/// Shares a number out by need, the smallest need first.
fn shares(whole: usize, needs: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|&index| (needs.get(index).copied(), index));
    let mut given = vec![0; needs.len()];
    let (mut left, mut waiting) = (whole, needs.len());
    for index in order {
        let (Some(&need), Some(share)) = (needs.get(index), given.get_mut(index)) else { continue };
        *share = need.min(left / waiting.max(1));
        left -= *share;
        waiting -= 1;
        *share = if need == 0 { 0 } else { (*share).max(LEAST.min(whole)) };
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_little_gets_it_and_the_largest_share_the_rest() {
        assert_eq!(shares(10_000, &[usize::MAX, 2_000, 6_000]), [4_000, 2_000, 4_000]);
        assert_eq!(shares(10_000, &[3_000, 2_000]), [3_000, 2_000]);
        assert_eq!(shares(10_000, &[0, 9_000]), [0, 9_000]);
    }

    #[test]
    fn nobody_gets_nothing() {
        assert!(shares(10_000, &[usize::MAX; 50]).iter().all(|&share| share == LEAST));
    }
}
