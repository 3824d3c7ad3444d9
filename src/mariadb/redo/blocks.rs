//! The log's file of MariaDB 10.5 to 10.7: the same changes as later, cut into blocks of 512 bytes.
//!
//! A block has a header of twelve bytes (its number, how many of its bytes are used, where the first group begins that
//! begins in it) and a CRC-32C at its end. Log positions count the bytes of the blocks, headers and all. A group ends
//! with a zero byte; whether it is whole, its blocks tell.

use std::ops::ControlFlow;

use super::change::record_length;
use super::log::{Group, LONGEST_GROUP};
use crate::mariadb::bytes::{ReadAt, big, big16, big32, byte, read_part};
use crate::mariadb::checksum::crc32c;

/// How such a file begins.
pub(super) const MAGIC: &[u8] = b"PHYS";
/// Where the blocks begin; before lie the header and two checkpoints.
const START: u64 = 2_048;
const CHECKPOINTS: [u64; 2] = [512, 1_536];
const BLOCK: usize = 512;
const HEADER: usize = 12;
const CHECKSUM: usize = BLOCK - 4;
/// Bytes of a block that hold changes.
const HELD: usize = CHECKSUM - HEADER;
/// Bytes that are read at once.
const WINDOW: usize = 4 * LONGEST_GROUP;
/// The blocks' numbers run around.
const NUMBERS: u64 = 0x4000_0000;
/// The first block after a wait has this bit in its number.
const FLUSHED: u32 = 0x8000_0000;

/// A redo log.
pub(super) struct Blocks<'a> {
    file: &'a dyn ReadAt,
    /// The log position at which the file was made.
    first: u64,
    /// A log position whose byte of the file is known, counted from the first block.
    known: (u64, u64),
    /// Bytes of the ring.
    capacity: u64,
    /// Up to where everything reached the tables' files.
    pub(super) checkpoint: u64,
}

/// What is held by blocks that follow one another.
#[derive(Default)]
struct Window {
    /// The position of the first block.
    block: u64,
    /// The bytes of all, without headers and checksums.
    held: Vec<u8>,
    /// Does the log end here?
    is_last: bool,
}

impl Window {
    /// Returns the log position of a byte.
    fn position(&self, at: usize) -> u64 {
        self.block + (at / HELD * BLOCK + HEADER + at % HELD) as u64
    }
}

impl<'a> Blocks<'a> {
    /// Opens a log that begins with `head`, or tells why it is not read.
    pub(super) fn open(file: &'a dyn ReadAt, head: &[u8]) -> Result<Self, String> {
        let capacity =
            file.size().checked_sub(START).filter(|&bytes| bytes >= BLOCK as u64).ok_or("cut off")?;
        let capacity = capacity / BLOCK as u64 * BLOCK as u64;
        let first = big(head, 8, 8).ok_or("cut off")?;
        let checkpoints = CHECKPOINTS.iter().filter_map(|&at| checkpoint(file, at));
        let (_, checkpoint, offset) = checkpoints.max().ok_or("both its checkpoints are damaged")?;
        let offset = offset.checked_sub(START).ok_or("its checkpoint lies in its header")?;
        let inside = (checkpoint % BLOCK as u64) as usize;
        if checkpoint < first || offset >= capacity || !(HEADER..CHECKSUM).contains(&inside) {
            return Err("its checkpoint is none of its positions".to_owned());
        }
        Ok(Blocks { file, first, known: (checkpoint, offset), capacity, checkpoint })
    }

    /// Returns the byte of the file at which a log position lies.
    pub(super) fn offset(&self, position: u64) -> u64 {
        let (known, offset) = self.known;
        let ahead = if position >= known {
            (position - known) % self.capacity
        } else {
            self.capacity - (known - position) % self.capacity
        };
        START + (offset + ahead) % self.capacity
    }

    /// Gives the groups from a position on, up to the end of the log, and returns that.
    pub(super) fn groups(&self, from: u64, take: &mut dyn FnMut(&Group<'_>) -> ControlFlow<()>) -> u64 {
        let mut window = self.window(from);
        let mut at = inside(from);
        loop {
            let start = window.position(at);
            if !window.is_last && window.held.len().saturating_sub(at) < LONGEST_GROUP {
                window = self.window(start);
                at = inside(start);
            }
            let rest = window.held.get(at..).unwrap_or_default();
            let Some(length) = group_length(rest) else { return start };
            let end = window.position(at + length + 1);
            let records = rest.get(..length).unwrap_or_default();
            if take(&Group { start, end, records }).is_break() || end - from >= self.capacity {
                return end;
            }
            at += length + 1;
        }
    }

    /// Returns the oldest position from which the log can be read, its end being known.
    pub(super) fn oldest(&self, end: u64) -> u64 {
        // A block of which newer ones took the place has another number.
        let mut block = end.saturating_sub(self.capacity).max(self.first) / BLOCK as u64 * BLOCK as u64;
        while block < self.checkpoint {
            let bytes = self.read(block, BLOCK);
            let group = is_of(&bytes, block).then(|| big16(&bytes, 6)).flatten();
            if let Some(group) = group.filter(|group| (HEADER..CHECKSUM).contains(group)) {
                return block + group as u64;
            }
            block += BLOCK as u64;
        }
        self.checkpoint
    }

    /// Reads blocks from that of a position on, up to the first that is not of this round.
    fn window(&self, position: u64) -> Window {
        let first = position - position % BLOCK as u64;
        let mut window = Window { block: first, ..Window::default() };
        for (number, block) in self.read(first, WINDOW).chunks(BLOCK).enumerate() {
            let used = big16(block, 4).unwrap_or(0).clamp(HEADER, BLOCK);
            window.is_last = !is_of(block, first + (number * BLOCK) as u64);
            if window.is_last {
                break;
            }
            window.held.extend(block.get(HEADER..used.min(CHECKSUM)).unwrap_or_default());
            window.is_last = used < BLOCK;
            if window.is_last {
                break;
            }
        }
        window
    }

    fn read(&self, position: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.capacity).unwrap_or(usize::MAX));
        let offset = self.offset(position);
        let to_end = usize::try_from(START + self.capacity - offset).unwrap_or(usize::MAX);
        let mut bytes = read_part(self.file, offset, length.min(to_end)).unwrap_or_default();
        if length > to_end {
            bytes.extend(read_part(self.file, START, length - to_end).unwrap_or_default());
        }
        bytes
    }
}

/// Is a block whole, and of that log position?
fn is_of(block: &[u8], position: u64) -> bool {
    let number = position / BLOCK as u64 % NUMBERS + 1;
    big32(block, 0).is_some_and(|told| u64::from(told & !FLUSHED) == number) && is_whole(block)
}

/// Returns where in what its block holds a log position lies.
fn inside(position: u64) -> usize {
    ((position % BLOCK as u64) as usize).saturating_sub(HEADER)
}

/// Returns the length of a group's records, if its end is there.
fn group_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len().min(LONGEST_GROUP) {
        if byte(bytes, at)? == 0 {
            return (at > 0).then_some(at);
        }
        at += record_length(bytes, at)?;
    }
    None
}

fn is_whole(block: &[u8]) -> bool {
    block.get(..CHECKSUM).is_some_and(|bytes| Some(crc32c(bytes)) == big32(block, CHECKSUM))
}

/// Returns the number of a checkpoint, its position, and the byte of the file at which that lies.
fn checkpoint(file: &dyn ReadAt, at: u64) -> Option<(u64, u64, u64)> {
    let block = read_part(file, at, BLOCK).ok()?;
    is_whole(&block).then_some(())?;
    Some((big(&block, 0, 8)?, big(&block, 8, 8)?, big(&block, 16, 8)?))
}
