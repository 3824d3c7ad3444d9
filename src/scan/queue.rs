//! The order of work: what one thread must do alone first, largest first, then pieces.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{How, Scanning, Sink, State, pass, pieces, whole};
use crate::evidence::Evidence;

/// One thing a thread can do.
#[derive(Clone, Debug)]
enum Job {
    /// Read an archive for the sources in it.
    Pass(usize, Vec<usize>),
    /// Read a source from end to end.
    Whole(usize),
    /// Read pieces of a source that follow one another.
    Pieces(usize, Range<u64>),
}

/// Jobs, taken in order by whichever thread is free.
pub(super) struct Queue {
    jobs: Vec<Job>,
    next: AtomicUsize,
}

impl Queue {
    pub(super) fn new<S: Sink>(evidence: &Evidence, states: &[State<'_, S>], how: How) -> Self {
        let mut order: Vec<usize> = (0..states.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(states[index].source.file.bytes));
        let readable = || order.iter().copied().filter(|&index| states[index].reader.is_some());
        let archive_of = |index: usize| evidence.archive_of(states[index].source);
        let mut passes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in readable() {
            if let Some(archive) = archive_of(index) {
                passes.entry(archive).or_default().push(index);
            }
        }
        let mut jobs: Vec<Job> =
            passes.into_iter().map(|(archive, indices)| Job::Pass(archive, indices)).collect();
        let is_alone = |index: &usize| !states[*index].is_cut() && archive_of(*index).is_none();
        jobs.extend(readable().filter(is_alone).map(Job::Whole));
        for index in readable().filter(|&index| states[index].is_cut()) {
            let count = states[index].source.file.bytes.div_ceil(how.piece as u64);
            super::lock(&states[index].order).expect(count);
            jobs.extend(rows(count, how.jobs).map(|row| Job::Pieces(index, row)));
        }
        Queue { jobs, next: AtomicUsize::new(0) }
    }

    /// Works until nothing is left to do.
    pub(super) fn work<S: Sink>(&self, scanning: &Scanning<'_, '_, S>) {
        let mut before = Vec::new();
        while let Some(job) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            match job {
                Job::Pass(archive, indices) => pass::read(scanning, *archive, indices),
                Job::Whole(index) => whole::read(scanning, *index),
                Job::Pieces(index, row) => pieces::read(scanning, *index, row.clone(), &mut before),
            }
        }
    }
}

/// Parts the pieces of a source into rows, each for one thread at a time, who needs not read again what stands
/// before a piece. Threads must not have to wait for each other's rows, and a small source has one for each.
fn rows(pieces: u64, threads: usize) -> impl Iterator<Item = Range<u64>> {
    /// Pieces in a row.
    const MOST: u64 = 4;
    let length = (pieces / (threads as u64 * MOST)).clamp(1, MOST);
    (0..pieces.div_ceil(length)).map(move |row| row * length..((row + 1) * length).min(pieces))
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn every_piece_is_in_one_row() {
        for (pieces, threads) in [(0, 1), (1, 2), (7, 2), (33, 2), (1_000, 3), (1_001, 64)] {
            let all: Vec<u64> = rows(pieces, threads).flatten().collect();
            assert!(all.into_iter().eq(0..pieces), "{pieces} pieces on {threads} threads");
        }
        assert_eq!(rows(6, 2).count(), 6, "few pieces are shared out");
    }
}
