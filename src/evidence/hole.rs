//! The hole of NUL bytes with which a log begins that was emptied while a program went on writing at its old place.
//!
//! logrotate's `copytruncate` does that to every program that does not open its log for appending. The bytes were never
//! written: what they hide is in the rotated copy.

use super::bytes::Contents;
use super::recognise::FIRST_LOOK;

/// The longest hole that is passed over.
const LONGEST: u64 = 4 * 1024 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// May a file that begins with `head` be one with a hole and text behind it?
pub(super) fn may_begin(head: &[u8]) -> bool {
    let text = behind(head);
    text.len() < head.len() && is_text(text)
}

/// Are the first bytes text?
pub(super) fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes.get(..bytes.len().min(FIRST_LOOK)).unwrap_or_default()).is_none()
}

/// Passes over the NUL bytes at the beginning; returns how many there are, and what was read behind them.
///
/// Returns `None` where nothing else comes, or the hole is longer than any log's.
pub(crate) fn pass_over(contents: &mut Contents<'_>) -> Option<(u64, Vec<u8>)> {
    let mut hole = 0;
    while hole < LONGEST {
        let mut piece = vec![0; PIECE];
        let got = contents.fill(&mut piece);
        piece.truncate(got);
        let rest = behind(&piece);
        hole += (piece.len() - rest.len()) as u64;
        if !rest.is_empty() {
            return Some((hole, rest.to_vec()));
        }
        if got < PIECE {
            return None;
        }
    }
    None
}

fn behind(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    bytes.get(end..).unwrap_or_default()
}

/// Says that a log was read from behind its hole on.
pub(crate) fn note(hole: u64) -> String {
    format!(
        "begins with {hole} NUL bytes, which nobody wrote: it was emptied while a program went on writing at its old \
         place, as logrotate's copytruncate does; what was there is in the rotated copy, if at all"
    )
}
