//! The log's file since MariaDB 10.8: its header, its checkpoint, and one group of changes after the other.
//!
//! A group ends with a byte that says in which round through the ring it was written, and with the CRC-32C of its
//! bytes, so that the end of the log and a damaged place are known.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::change::record_length;
use super::log::{Group, LONGEST_GROUP};
use crate::mariadb::bytes::{ReadAt, big, big32, byte, read_part};
use crate::mariadb::checksum::crc32c;

/// Where groups begin; before lie the header and two checkpoints.
const START: u64 = 12_288;
const CHECKPOINTS: [u64; 2] = [0x1000, 0x2000];
/// How such a file begins.
pub(super) const MAGIC: &[u8] = b"Phys";
const WINDOW: usize = 4 * LONGEST_GROUP;
/// How many bytes are tried for the beginning of a group, where it is not known.
const MOST_TRIES: u64 = 1024 * 1024;
/// How far a group may reach that is sought so; most are far shorter.
const LONGEST_SOUGHT: usize = 4 * 1024;
/// The server makes no smaller log.
const SMALLEST: u64 = 4 * 1024 * 1024;

/// A redo log.
pub(super) struct Sealed<'a> {
    file: &'a dyn ReadAt,
    /// The log position of the first group in the ring.
    first: u64,
    /// Bytes of the ring.
    capacity: u64,
    /// Up to where everything reached the tables' files.
    pub(super) checkpoint: u64,
    /// The positions between which all groups were found whole: they are read several times.
    whole: Cell<(u64, u64)>,
}

impl<'a> Sealed<'a> {
    /// Opens a log that begins with `head`, or tells why it is not read.
    pub(super) fn open(file: &'a dyn ReadAt, head: &[u8]) -> Result<Self, String> {
        if big32(head, 4) != Some(0) {
            return Err("of a newer form than is read, or encrypted".to_owned());
        }
        let capacity = file.size().checked_sub(START).filter(|_| file.size() >= SMALLEST).ok_or("cut off")?;
        let first = big(head, 8, 8).ok_or("cut off")?;
        let checkpoints = CHECKPOINTS.iter().filter_map(|&at| checkpoint(file, at));
        let checkpoint = checkpoints.max().ok_or("both its checkpoints are damaged")?;
        if checkpoint < first {
            return Err("its checkpoint lies before its beginning".to_owned());
        }
        Ok(Sealed { file, first, capacity, checkpoint, whole: Cell::new((0, 0)) })
    }

    /// Returns the byte of the file at which a log position lies.
    pub(super) fn offset(&self, position: u64) -> u64 {
        START + position.saturating_sub(self.first) % self.capacity
    }

    /// Gives the groups from a position on, up to the end of the log, and returns that.
    pub(super) fn groups(&self, from: u64, take: &mut dyn FnMut(&Group<'_>) -> ControlFlow<()>) -> u64 {
        let mut position = from;
        let mut window = Vec::new();
        let mut at = 0;
        loop {
            if window.len() - at < LONGEST_GROUP + 64 {
                window = self.read(position, WINDOW);
                at = 0;
            }
            let rest = window.get(at..).unwrap_or_default();
            let Some(length) = self.group_length(rest, position) else {
                self.whole.set((from, position));
                return position;
            };
            let end = position + length as u64 + 5;
            let records = rest.get(..length).unwrap_or_default();
            if take(&Group { start: position, end, records }).is_break() || end - from >= self.capacity {
                return end;
            }
            position = end;
            at += length + 5;
        }
    }

    /// Returns the oldest position from which the log can be read, its end being known.
    pub(super) fn oldest(&self, end: u64) -> u64 {
        let Some(from) = end.checked_sub(self.capacity).filter(|&from| from > self.first) else {
            return self.first;
        };
        let mut tried = 0;
        while tried < MOST_TRIES {
            let window = self.read(from + tried, WINDOW);
            for at in 0..window.len().saturating_sub(LONGEST_GROUP).min(LONGEST_GROUP) {
                let position = from + tried + at as u64;
                let rest = window.get(at..at + LONGEST_SOUGHT).unwrap_or_default();
                if self.group_length(rest, position).is_some() {
                    return position;
                }
            }
            tried += LONGEST_GROUP as u64;
        }
        self.checkpoint
    }

    /// Returns the length of the group's records, if it is whole and of the round that the position tells.
    fn group_length(&self, bytes: &[u8], position: u64) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len().min(LONGEST_GROUP) {
            let first = byte(bytes, at)?;
            if first <= 1 {
                let round = (position + at as u64).checked_sub(self.first)? / self.capacity;
                let is_of_round = u64::from(first) == 1 - (round & 1);
                let (from, to) = self.whole.get();
                let is_known = (from..to).contains(&position);
                let is_whole = || Some(crc32c(bytes.get(..at)?) == big32(bytes, at + 1)?);
                return (at > 0 && is_of_round && (is_known || is_whole()?)).then_some(at);
            }
            at += record_length(bytes, at)?;
        }
        None
    }

    fn read(&self, position: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.capacity).unwrap_or(usize::MAX));
        let offset = self.offset(position);
        let mut bytes = read_part(self.file, offset, length).unwrap_or_default();
        if bytes.len() < length {
            bytes.extend(read_part(self.file, START, length - bytes.len()).unwrap_or_default());
        }
        bytes
    }
}

fn checkpoint(file: &dyn ReadAt, at: u64) -> Option<u64> {
    let block = read_part(file, at, 64).ok()?;
    (crc32c(block.get(..60)?) == big32(&block, 60)?).then(|| big(&block, 0, 8))?
}
