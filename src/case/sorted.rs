//! Many rows in order, in bounded memory.
//!
//! Each source sorts what it has; what is too much goes, sorted, into an unnamed temporary file, a run.
//! All runs are merged at the end. They are read from mapped memory: they were written by this process
//! and have no name, so that nobody can cut them short, which is what makes mapping a log unsafe.
#![expect(unsafe_code, reason = "mapping a file is unsafe by its nature; see the module's description")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::Mmap;

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Microseconds since the epoch.
    pub(super) at: i64,
    /// The source.
    pub(super) source: u16,
    /// The place in the source.
    pub(super) offset: u64,
}

/// Bytes that one source may hold in memory.
const MOST_HELD: usize = 8 * 1024 * 1024;
/// Bytes that all sources together may hold before the larger ones are written out.
const MOST_HELD_BY_ALL: usize = 48 * 1024 * 1024;
/// A smaller run is not worth a file.
const LEAST_RUN: usize = 1024 * 1024;

/// When rows are written out, for all sources of a case.
#[derive(Debug)]
pub(super) struct Spill {
    is_allowed: bool,
    held: AtomicUsize,
}

impl Spill {
    pub(super) fn new(is_allowed: bool, held: AtomicUsize) -> Self {
        Spill { is_allowed, held }
    }
}

/// The rows of one source.
#[derive(Debug)]
pub(super) struct Runs {
    spill: Arc<Spill>,
    rows: Vec<(Key, u32, u32)>,
    payloads: Vec<u8>,
    files: Vec<File>,
}

impl Runs {
    pub(super) fn new(spill: Arc<Spill>) -> Self {
        Runs { spill, rows: Vec::new(), payloads: Vec::new(), files: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, key: Key, payload: &[u8]) {
        let start = self.payloads.len() as u32;
        self.payloads.extend_from_slice(payload);
        self.rows.push((key, start, payload.len() as u32));
        let size = payload.len() + size_of::<(Key, u32, u32)>();
        let all = self.spill.held.fetch_add(size, Ordering::Relaxed) + size;
        let own = self.held();
        let is_much = own >= MOST_HELD || (all >= MOST_HELD_BY_ALL && own >= LEAST_RUN);
        // Offsets of payloads are 32 bits wide, spilling allowed or not.
        if (is_much && self.spill.is_allowed) || self.payloads.len() > u32::MAX as usize / 2 {
            self.write_out();
        }
    }

    fn held(&self) -> usize {
        self.payloads.len() + self.rows.len() * size_of::<(Key, u32, u32)>()
    }

    /// Writes the rows held into a run; should that fail, they stay in memory.
    fn write_out(&mut self) {
        self.rows.sort_unstable();
        let Ok(file) = self.write_run() else { return };
        self.files.push(file);
        self.spill
            .held
            .fetch_sub(self.held().min(self.spill.held.load(Ordering::Relaxed)), Ordering::Relaxed);
        self.rows.clear();
        self.payloads.clear();
    }

    fn write_run(&self) -> io::Result<File> {
        let mut writer = BufWriter::new(tempfile::tempfile()?);
        for (key, start, length) in &self.rows {
            writer.write_all(&key.at.to_le_bytes())?;
            writer.write_all(&key.source.to_le_bytes())?;
            writer.write_all(&key.offset.to_le_bytes())?;
            writer.write_all(&length.to_le_bytes())?;
            writer.write_all(payload(&self.payloads, *start, *length))?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

fn payload(payloads: &[u8], start: u32, length: u32) -> &[u8] {
    payloads.get(start as usize..start as usize + length as usize).unwrap_or_default()
}

/// Where a merge reads from.
enum Cursor {
    Memory { rows: std::vec::IntoIter<(Key, u32, u32)>, payloads: Vec<u8>, current: (u32, u32) },
    Mapped { map: Mmap, at: usize, current: (usize, usize) },
}

impl Cursor {
    /// Moves to the next row and returns its key.
    fn next(&mut self) -> Option<Key> {
        match self {
            Cursor::Memory { rows, current, .. } => {
                let (key, start, length) = rows.next()?;
                *current = (start, length);
                Some(key)
            }
            Cursor::Mapped { map, at, current } => {
                let head = map.get(*at..*at + 22)?;
                let key = Key {
                    at: i64::from_le_bytes(head.get(..8)?.try_into().ok()?),
                    source: u16::from_le_bytes(head.get(8..10)?.try_into().ok()?),
                    offset: u64::from_le_bytes(head.get(10..18)?.try_into().ok()?),
                };
                let length = u32::from_le_bytes(head.get(18..22)?.try_into().ok()?) as usize;
                *current = (*at + 22, length);
                *at += 22 + length;
                Some(key)
            }
        }
    }

    fn payload(&self) -> &[u8] {
        match self {
            Cursor::Memory { payloads, current: (start, length), .. } => payload(payloads, *start, *length),
            Cursor::Mapped { map, current: (start, length), .. } => {
                map.get(*start..*start + *length).unwrap_or_default()
            }
        }
    }
}

/// Hands all rows of all sources to `take`, in order.
pub(super) fn merge(all: Vec<Runs>, mut take: impl FnMut(Key, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut cursors = Vec::new();
    for mut runs in all {
        for file in runs.files.drain(..) {
            // SAFETY: the file is ours, unnamed and written to its end; nothing changes it any more.
            let map = unsafe { Mmap::map(&file)? };
            cursors.push(Cursor::Mapped { map, at: 0, current: (0, 0) });
        }
        runs.rows.sort_unstable();
        cursors.push(Cursor::Memory {
            rows: runs.rows.into_iter(),
            payloads: runs.payloads,
            current: (0, 0),
        });
    }
    let mut heap: BinaryHeap<Reverse<(Key, usize)>> = BinaryHeap::new();
    for (index, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.next().map(|key| Reverse((key, index))));
    }
    while let Some(Reverse((key, index))) = heap.pop() {
        let Some(cursor) = cursors.get_mut(index) else { continue };
        take(key, cursor.payload())?;
        heap.extend(cursor.next().map(|key| Reverse((key, index))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_in_order_from_memory_and_from_files() {
        let spill = Arc::new(Spill::new(true, AtomicUsize::new(0)));
        let mut left = Runs::new(Arc::clone(&spill));
        let mut right = Runs::new(spill);
        let long = vec![b'x'; 300];
        for number in 0..40_000u64 {
            let key = Key { at: (number * 7_919 % 40_000) as i64, source: 0, offset: number };
            left.push(key, &long);
            right.push(Key { source: 1, ..key }, b"short");
        }
        assert!(!left.files.is_empty());
        let mut before = None;
        let mut count = 0;
        let merged = merge(vec![left, right], |key, payload| {
            assert!(before.is_none_or(|before| before < key));
            assert_eq!(payload.len(), if key.source == 0 { 300 } else { 5 });
            before = Some(key);
            count += 1;
            Ok(())
        });
        assert!(merged.is_ok());
        assert_eq!(count, 80_000);
    }
}
