//! Records of calls that were deleted from their table, and recovered: how many, from when, and where a few stand.

use crate::event::{Citation, Instant};

/// Places that are kept.
const MOST_LINES: usize = 4;

/// The deleted records of one source: call records, and a PBX's or a proxy's events of calls.
#[derive(Clone, Debug, Default)]
pub struct Deleted {
    /// How many rows.
    pub rows: u64,
    /// How many of them are call records; the others are events, of which a call has many.
    pub calls: u64,
    /// The latest start of one of them.
    pub last: Option<Instant>,
    /// The earliest start of a row that was not deleted.
    pub first_living: Option<Instant>,
    /// The first few.
    pub lines: Vec<Citation>,
}

impl Deleted {
    /// Counts a call record in.
    pub(super) fn call(&mut self, is_deleted: bool, start: Instant, line: impl FnOnce() -> Citation) {
        self.calls += u64::from(is_deleted);
        self.event(is_deleted, Some(start), line);
    }

    /// Counts an event of a call in; its time may be lost.
    pub(super) fn event(&mut self, is_deleted: bool, at: Option<Instant>, line: impl FnOnce() -> Citation) {
        if !is_deleted {
            self.first_living = self.first_living.into_iter().chain(at).min();
            return;
        }
        self.rows += 1;
        self.last = self.last.max(at);
        if self.lines.len() < MOST_LINES {
            self.lines.push(line());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::clock::{Clock, ClockOptions, any_stamp};
    use crate::evidence::Evidence;
    use crate::fold::budget::Budget;
    use crate::fold::sink::{Fold, Known, Window};
    use crate::readers::Chunk;
    use crate::scan::{Base, Sink as _};

    /// Returns a row of a table of events, as the tables' reader hands it over.
    fn event(text: &str, time: Option<&str>, is_deleted: bool) -> Chunk {
        let first_stamp = time.and_then(|time| any_stamp(time.as_bytes())).map(|(stamp, _)| stamp);
        let bytes = text.as_bytes().to_vec();
        Chunk { bytes, records: 1, first_stamp, is_deleted, is_event_row: true, ..Chunk::default() }
    }

    #[test]
    fn deleted_events_are_counted_beside_those_that_are_left() {
        let log = b"[2026-09-10 02:37:48] NOTICE[1] chan_sip.c: nothing\n";
        let evidence = Evidence::of_text("var/log/asterisk/full", log);
        let clock = Clock::plan(&evidence, Vec::new(), None, &ClockOptions::default()).expect("a clock");
        let source = evidence.sources.first().expect("a source");
        let resolver = clock.of(source.id).resolver();
        let known = Arc::new(Known::default());
        let mut fold = Fold::new(source, resolver, known, Window::default(), Budget::WHOLE);
        for (offset, chunk) in [
            (10, event("cel: id=1", Some("2026-09-10 02:37:48"), false)),
            (20, event("cel: id=2 [deleted]", Some("2026-09-10 03:00:00"), true)),
            // Its time is overwritten.
            (30, event("cel: id=3 [deleted]", None, true)),
        ] {
            fold.take(&chunk, Base { offset, line: 0 });
        }
        let deleted = fold.finish().deleted;
        assert_eq!((deleted.rows, deleted.calls), (2, 0));
        assert!(deleted.last > deleted.first_living && deleted.first_living.is_some(), "{deleted:?}");
        let lines: Vec<(u64, u32)> =
            deleted.lines.iter().map(|line| (line.place.offset, line.place.line)).collect();
        assert_eq!(lines, [(20, 0), (30, 0)]);
    }
}
