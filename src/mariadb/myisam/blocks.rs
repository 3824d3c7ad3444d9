//! The blocks of a `.MYD` file with rows of varying length.
//!
//! A row is one block, or several that name each other. The first byte of a block tells its form; lengths have the
//! most significant byte first.

use crate::mariadb::bytes::{ReadAt, big, byte, read_part};

/// The longest row that is put together.
const LONGEST_ROW: usize = 4 * 1024 * 1024;
/// The most blocks of one row.
const MOST_BLOCKS: usize = 10_000;
/// What rows may cost that go on elsewhere, in bytes: so many times the file's own, and at least so many. Forged blocks
/// name each other in circles, or one large block from everywhere.
const COST_FOR_EACH_BYTE: u64 = 8;
const LEAST_COST: u64 = 16 * 1024 * 1024;
/// What a look elsewhere costs at least.
const COST_OF_A_LOOK: u64 = 64;
/// Blocks begin at multiples of it.
const ALIGNED: u64 = 4;
/// What is read at a time.
const WINDOW: usize = 256 * 1024;

/// A block, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its form.
    pub(super) form: Form,
    /// Bytes before the data.
    pub(super) header: usize,
    /// Bytes of the row in it.
    pub(super) data: usize,
    /// Bytes of the whole block.
    pub(super) length: u64,
    /// Where the row goes on.
    next: Option<u64>,
    /// Bytes of the whole row, in its first block.
    row: usize,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It was given back.
    Deleted,
    /// A row, or its beginning.
    First,
    /// The rest of a row.
    Rest,
}

impl Block {
    /// Reads a block's header.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let form = byte(bytes, 0)?;
        let number = |at: usize, width: usize| big(bytes, at, width).map(|value| value as usize);
        let whole = |header: usize, data: usize, unused: usize| {
            Block::new(Form::First, header, data, unused, None, data)
        };
        let rest =
            |header: usize, data: usize, unused: usize| Block::new(Form::Rest, header, data, unused, None, 0);
        Some(match form {
            0 => {
                let length = number(1, 3)?;
                Block::new(Form::Deleted, 20, length.checked_sub(20)?, 0, None, 0)
            }
            1 => whole(3, number(1, 2)?, 0),
            2 => whole(4, number(1, 3)?, 0),
            3 => whole(4, number(1, 2)?, number(3, 1)?),
            4 => whole(5, number(1, 3)?, number(4, 1)?),
            5 => Block::new(Form::First, 13, number(3, 2)?, 0, Some(big(bytes, 5, 8)?), number(1, 2)?),
            6 => Block::new(Form::First, 15, number(4, 3)?, 0, Some(big(bytes, 7, 8)?), number(1, 3)?),
            7 => rest(3, number(1, 2)?, 0),
            8 => rest(4, number(1, 3)?, 0),
            9 => rest(4, number(1, 2)?, number(3, 1)?),
            10 => rest(5, number(1, 3)?, number(4, 1)?),
            11 => Block::new(Form::Rest, 11, number(1, 2)?, 0, Some(big(bytes, 3, 8)?), 0),
            12 => Block::new(Form::Rest, 12, number(1, 3)?, 0, Some(big(bytes, 4, 8)?), 0),
            13 => Block::new(Form::First, 16, number(5, 3)?, 0, Some(big(bytes, 8, 8)?), number(1, 4)?),
            _ => return None,
        })
    }

    fn new(form: Form, header: usize, data: usize, unused: usize, next: Option<u64>, row: usize) -> Self {
        Block { form, header, data, length: (header + data + unused) as u64, next, row }
    }
}

/// A file read from its beginning on, with looks elsewhere.
pub(super) struct Reading<'a> {
    file: &'a dyn ReadAt,
    start: u64,
    window: Vec<u8>,
    /// What rows that go on elsewhere may still cost.
    left: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a dyn ReadAt) -> Self {
        let left = file.size().saturating_mul(COST_FOR_EACH_BYTE).max(LEAST_COST);
        Reading { file, start: 0, window: Vec::new(), left }
    }

    pub(super) fn size(&self) -> u64 {
        self.file.size()
    }

    /// Returns `length` bytes at a place; fewer where the file ends.
    pub(super) fn bytes(&mut self, at: u64, length: usize) -> &[u8] {
        let held =
            |start: u64, window: &[u8]| at >= start && at + length as u64 <= start + window.len() as u64;
        if !held(self.start, &self.window) {
            self.window = read_part(self.file, at, length.max(WINDOW)).unwrap_or_default();
            self.start = at;
        }
        let from = (at - self.start) as usize;
        let to = (from + length).min(self.window.len());
        self.window.get(from..to).unwrap_or_default()
    }

    /// Returns the first block at or behind a place, and where it is: damaged ones are passed over.
    pub(super) fn block(&mut self, at: u64) -> Option<(u64, Block)> {
        let mut at = at;
        while at + 4 <= self.size() {
            let block = Block::read(self.bytes(at, 20));
            if let Some(block) = block.filter(|block| at + block.length <= self.size()) {
                return Some((at, block));
            }
            at += ALIGNED;
        }
        None
    }

    /// Puts a row together; `None` where a block of it is missing.
    pub(super) fn row(&mut self, at: u64, first: Block) -> Option<Vec<u8>> {
        if first.row > LONGEST_ROW {
            return None;
        }
        let mut row = self.bytes(at + first.header as u64, first.data).to_vec();
        let mut next = first.next;
        for _ in 0..MOST_BLOCKS {
            if row.len() >= first.row {
                row.truncate(first.row);
                return Some(row);
            }
            let at = next?;
            self.left = self.left.checked_sub(COST_OF_A_LOOK)?;
            let bytes = read_part(self.file, at, 20).ok()?;
            let block = Block::read(&bytes).filter(|block| block.form == Form::Rest)?;
            if block.data > LONGEST_ROW {
                return None;
            }
            self.left = self.left.checked_sub(block.data as u64)?;
            row.extend(read_part(self.file, at + block.header as u64, block.data).ok()?);
            next = block.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_name_each_other_in_a_circle_cost_no_more_than_is_allowed() {
        // Form 12: the rest of a row, no byte of it here, going on at itself.
        let mut file = vec![12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend([0; 20]);
        let first = Block { form: Form::First, header: 13, data: 0, length: 13, next: Some(0), row: 100 };
        let mut reading = Reading::new(&file);
        let most = LEAST_COST / COST_OF_A_LOOK;
        for _ in 0..=most / MOST_BLOCKS as u64 {
            assert_eq!(reading.row(20, first), None);
        }
        assert!(reading.left < COST_OF_A_LOOK);
    }
}
