//! The bytes of a dump, piece by piece, with what a piece cuts given again.

use std::io::{self, Read};

/// Reads `bytes` to their end in pieces of `piece`.
///
/// `walk` is given what was left over and a piece more, and whether that is all; it returns how many bytes
/// it is done with. Behind the last byte of all it finds a line end that is not there. Returns what kept
/// the reading from the end.
pub(crate) fn pump(
    bytes: &mut dyn Read,
    piece: usize,
    mut walk: impl FnMut(&mut Vec<u8>, bool) -> usize,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(piece * 2);
    loop {
        let held = buffer.len();
        let outcome = bytes.take(piece as u64).read_to_end(&mut buffer);
        let at_end = buffer.len() == held || outcome.is_err();
        if at_end {
            buffer.push(b'\n');
        }
        let done = walk(&mut buffer, at_end);
        if at_end {
            return outcome.map(|_| ());
        }
        buffer.drain(..done.min(buffer.len()));
    }
}
