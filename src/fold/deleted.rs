//! Call records that were deleted from their table, and recovered: how many, from when, and where a few stand.

use crate::event::{Citation, Instant};

/// Places that are kept.
const MOST_LINES: usize = 4;

/// The deleted call records of one source.
#[derive(Clone, Debug, Default)]
pub struct Deleted {
    /// How many rows.
    pub rows: u64,
    /// The latest start of one of them.
    pub last: Option<Instant>,
    /// The earliest start of a row that was not deleted.
    pub first_living: Option<Instant>,
    /// The first few.
    pub lines: Vec<Citation>,
}

impl Deleted {
    /// Counts a row in.
    pub(super) fn count(&mut self, is_deleted: bool, start: Instant, line: impl FnOnce() -> Citation) {
        if !is_deleted {
            self.first_living = Some(self.first_living.map_or(start, |first| first.min(start)));
            return;
        }
        self.rows += 1;
        self.last = self.last.max(Some(start));
        if self.lines.len() < MOST_LINES {
            self.lines.push(line());
        }
    }
}
