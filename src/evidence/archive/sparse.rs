//! Members of a tar whose holes were left out: a log that was cut to nothing while its writer went on.

use std::io;

use super::pax::{decimal, number};
use super::tar::BLOCK;

/// The most stretches that are told apart; a real file has a few.
const MOST_STRETCHES: usize = 100_000;

/// What of a member stands in the archive, and how far its reading has come.
#[derive(Debug)]
pub(super) struct Sparse {
    size: u64,
    /// Offset and length of each stretch of bytes, the last first.
    stretches: Vec<(u64, u64)>,
    at: u64,
}

impl Sparse {
    /// Builds the map of a member of `size` bytes; stretches that go back or beyond it end the map.
    pub(super) fn new(size: u64, found: Vec<(u64, u64)>) -> Self {
        let mut end = 0;
        let mut stretches = Vec::new();
        for (offset, length) in found.into_iter().take(MOST_STRETCHES) {
            let Some(next) = offset.checked_add(length).filter(|&next| offset >= end && next <= size) else {
                break;
            };
            end = next;
            if length > 0 {
                stretches.push((offset, length));
            }
        }
        stretches.reverse();
        Sparse { size, stretches, at: 0 }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Reads on: zeros in a hole, what `stored` gives elsewhere.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        stored: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let room = |end: u64, at: u64| usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let hole_ends = self.stretches.last().map_or(self.size, |stretch| stretch.0);
        if self.at < hole_ends {
            let length = buffer.len().min(room(hole_ends, self.at));
            buffer[..length].fill(0);
            self.at += length as u64;
            return Ok(length);
        }
        let Some(&(offset, length)) = self.stretches.last() else { return Ok(0) };
        let wanted = buffer.len().min(room(offset + length, self.at));
        let got = stored(&mut buffer[..wanted])?;
        self.at += got as u64;
        if self.at >= offset + length {
            self.stretches.pop();
        }
        Ok(got)
    }
}

/// Reads the map in a header of GNU's old form, and in the blocks behind it. `None` where they end.
pub(super) fn of_gnu_header(
    header: &[u8; BLOCK],
    read: &mut dyn FnMut(&mut [u8]) -> Option<usize>,
) -> Option<Sparse> {
    let mut found = Vec::new();
    take_pairs(header.get(386..482).unwrap_or_default(), &mut found);
    let mut is_continued = header.get(482).is_some_and(|&flag| flag != 0);
    while is_continued {
        let mut block = [0; BLOCK];
        if read(&mut block)? < BLOCK {
            return None;
        }
        if found.len() < MOST_STRETCHES {
            take_pairs(block.get(..504).unwrap_or_default(), &mut found);
        }
        is_continued = block.get(504).is_some_and(|&flag| flag != 0);
    }
    let size = header.get(483..495).and_then(number).filter(|&size| i64::try_from(size).is_ok());
    Some(Sparse::new(size.unwrap_or(0), found))
}

fn take_pairs(fields: &[u8], found: &mut Vec<(u64, u64)>) {
    for pair in fields.chunks_exact(24) {
        let (offset, length) = pair.split_at(12);
        if let (true, Some(offset), Some(length)) = (offset[0] != 0, number(offset), number(length)) {
            found.push((offset, length));
        }
    }
}

/// Reads the map that stands before the contents (pax form 1.0): a count, then offset and length of each
/// stretch, each on a line. Returns it with the bytes that were passed.
pub(super) fn of_contents(
    size: u64,
    read: &mut dyn FnMut(&mut [u8]) -> Option<usize>,
) -> Option<(Sparse, u64)> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut line = Vec::new();
    let mut passed = 0;
    loop {
        let mut block = [0; BLOCK];
        if read(&mut block)? < BLOCK {
            return None;
        }
        passed += BLOCK as u64;
        for byte in block {
            match byte {
                b'\n' => {
                    numbers.push(decimal(&line).unwrap_or(0));
                    line.clear();
                }
                byte if line.len() < 20 => line.push(byte),
                _ => {}
            }
            let wanted = numbers.first().map(|&count| count.saturating_mul(2).saturating_add(1));
            let is_over = wanted.is_some_and(|wanted| numbers.len() as u64 >= wanted);
            if is_over || numbers.len() > 2 * MOST_STRETCHES {
                let pairs = numbers.get(1..).unwrap_or_default().chunks_exact(2);
                return Some((Sparse::new(size, pairs.map(|pair| (pair[0], pair[1])).collect()), passed));
            }
        }
    }
}
