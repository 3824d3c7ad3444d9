//! One record at a time for a reader that would take more.

use std::io::Read;

/// Hands the `csv` reader one record at a time, so that it cannot read past its end.
///
/// Each record is given with a line end of its own. If the reader wants more still, a quote is open:
/// it is closed for it, which is far cheaper than to begin with a new reader.
pub(super) struct Window<'a> {
    bytes: &'a [u8],
    next: usize,
    end: usize,
    /// Was the record given to its end, its line end included?
    pub(super) has_ended: bool,
    /// Was a quote open at the record's end?
    pub(super) was_open: bool,
    /// Bytes given in all.
    pub(super) given: u64,
}

impl<'a> Window<'a> {
    /// Begins with nothing to give.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Window { bytes, next: 0, end: 0, has_ended: true, was_open: false, given: 0 }
    }

    /// Shows the record of `length` bytes at `start`.
    pub(super) fn show(&mut self, start: usize, length: usize) {
        (self.next, self.end) = (start, start + length);
        (self.has_ended, self.was_open) = (false, false);
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = self.bytes.get(self.next..self.end).unwrap_or_default();
        let piece = match (rest.is_empty(), self.has_ended) {
            (false, _) => rest,
            (true, false) => b"\n",
            (true, true) => b"\"\n",
        };
        let taken = piece.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..taken), piece.get(..taken)) {
            to.copy_from_slice(from);
        }
        if rest.is_empty() {
            self.was_open |= self.has_ended;
            self.has_ended = true;
        } else {
            self.next += taken;
        }
        let mut given = taken;
        // The line end goes along with the text where there is room for it.
        if let Some(room) = buffer.get_mut(taken).filter(|_| self.next == self.end && !self.has_ended) {
            *room = b'\n';
            self.has_ended = true;
            given += 1;
        }
        self.given += given as u64;
        Ok(given)
    }
}
