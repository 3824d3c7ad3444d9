//! Formats of which every line is a record by itself: the loop over the lines, written once.

use super::found::Found;
use super::{Chunk, Reader, Skipped, Why};
use crate::event::Stamp;

/// What one line says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Wall-clock time as written.
    pub(crate) stamp: Option<Stamp>,
    /// What happened; `None` where the line tells of no event.
    pub(crate) found: Option<Found<'a>>,
}

/// A format that is read line by line.
pub(crate) trait Lines: Send + Sync {
    /// A line is no longer than that, in bytes.
    const LONGEST: usize = 16 * 1024;

    /// Reads one whole line without its end; `None` where it has none of the format's forms.
    ///
    /// All that is found must be slices of `line`.
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>>;
}

/// Reads a format line by line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByLine<F>(pub(crate) F);

impl<F: Lines> Reader for ByLine<F> {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut offset = 0;
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let (start, number) = (offset, chunk.lines);
            offset += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            let line = raw.trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            // What stands last in a line that was cut off is not what was written.
            let is_whole = raw.ends_with(b"\n") && line.len() <= F::LONGEST;
            let said = if is_whole { self.0.line(line) } else { None };
            let Some(said) = said else {
                let why = Why::of_line(raw, F::LONGEST);
                chunk.skipped.push(Skipped { offset: start as u32, line: number, why });
                continue;
            };
            chunk.records += 1;
            chunk.first_stamp = chunk.first_stamp.or(said.stamp);
            chunk.last_stamp = said.stamp.or(chunk.last_stamp);
            if let Some(found) = said.found {
                let mut entry = found.entry(text, 0);
                entry.stamp = said.stamp;
                (entry.offset, entry.length, entry.line) = (start as u32, line.len() as u32, number);
                chunk.entries.push(entry);
            }
        }
        chunk.bytes = bytes;
    }
}

/// Returns whether most of the first lines of a file that begins with `head` have a form of the format.
pub(crate) fn most_fit(head: &[u8], fits: impl Fn(&[u8]) -> bool) -> bool {
    /// So many lines of a head are looked at.
    const LOOKED_AT: usize = 40;
    let lines = head.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let (mut seen, mut fit) = (0, 0);
    for line in lines.map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).take(LOOKED_AT) {
        seen += 1;
        fit += usize::from(fits(line));
    }
    fit > 0 && fit * 2 > seen
}
