//! The order of work: what one thread must do alone first, largest first, then pieces.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{How, Scanning, Sink, State, hash, pass, pieces, whole};
use crate::evidence::Evidence;

/// One thing a thread can do.
#[derive(Clone, Debug)]
enum Job {
    /// Read an archive for the sources in it.
    Pass(usize, Vec<usize>),
    /// Read a source from end to end.
    Whole(usize),
    /// Read one piece of a source.
    Piece(usize, u64),
    /// Hash a source.
    Hash(usize),
}

/// Jobs, taken in order by whichever thread is free.
pub(super) struct Queue {
    reading: Vec<Job>,
    hashing: Vec<Job>,
    next_reading: AtomicUsize,
    next_hashing: AtomicUsize,
    /// Threads that hash first and read afterwards; the others the other way round.
    hash_first: usize,
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
        let mut reading: Vec<Job> =
            passes.into_iter().map(|(archive, indices)| Job::Pass(archive, indices)).collect();
        let is_alone = |index: &usize| !states[*index].is_cut() && archive_of(*index).is_none();
        reading.extend(readable().filter(is_alone).map(Job::Whole));
        for index in readable().filter(|&index| states[index].is_cut()) {
            let count = states[index].source.file.bytes.div_ceil(how.piece as u64);
            super::lock(&states[index].order).expect(count);
            reading.extend((0..count).map(|piece| Job::Piece(index, piece)));
        }
        let hashing = if how.hash { order.iter().copied().map(Job::Hash).collect() } else { Vec::new() };
        let hash_first = if how.hash { how.jobs / 2 } else { 0 };
        Queue {
            reading,
            hashing,
            next_reading: AtomicUsize::new(0),
            next_hashing: AtomicUsize::new(0),
            hash_first,
        }
    }

    /// Works until nothing is left to do.
    pub(super) fn work<S: Sink>(&self, scanning: &Scanning<'_, '_, S>, thread: usize) {
        let mut room = pieces::Room::default();
        let lists = [(&self.reading, &self.next_reading), (&self.hashing, &self.next_hashing)];
        let lists = if thread < self.hash_first { [lists[1], lists[0]] } else { lists };
        for (jobs, next) in lists {
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                match job {
                    Job::Pass(archive, indices) => pass::read(scanning, *archive, indices, &mut room),
                    Job::Whole(index) => whole::read(scanning, *index, &mut room),
                    Job::Piece(index, piece) => pieces::read(scanning, *index, *piece, &mut room),
                    Job::Hash(index) => hash::hash(scanning, *index),
                }
            }
        }
    }
}
