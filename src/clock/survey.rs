//! What the beginning and the end of a source tell about its time.
//!
//! Some records tell an instant beside their local time: a security event's EventTV, the nonce of a
//! PJSIP challenge, the uniqueid of a call record (`[systemname-]EPOCH.N`, the second in which the
//! channel was made). They are the ties between a source's clock and UTC.

use std::io::Read;

use crate::event::{Instant, SourceId, Stamp};
use crate::evidence::{Handle, Kind, Source};
use crate::readers::{Access, Chunk, Reader, Tells};

use super::shared_names::{self, MOST_NAMES, Named};

/// So much of a stream is read at a time, in bytes.
const PIECE: usize = 1024 * 1024;
/// More ties than this, at either end, tell nothing new.
const MOST_TIES: usize = 128;
/// Seconds from 1995, before Asterisk existed, to 2100: others are damage or null.
const PLAUSIBLE: std::ops::Range<i64> = 788_918_400..4_102_444_800;

/// What the survey of one source found.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFacts {
    /// The source.
    pub id: SourceId,
    /// Its path below the root.
    pub path: String,
    /// What it holds.
    pub kind: Kind,
    /// The stamp of its first record.
    pub first: Option<Stamp>,
    /// The stamp of its last record, where its end could be read.
    pub last: Option<Stamp>,
    /// Do its stamps tell the year?
    pub has_year: bool,
    /// Stamps whose records also tell an instant, in the order of the source.
    pub ties: Vec<(Stamp, Instant)>,
    /// Channels and accounts that its records name, with their stamps.
    pub(super) names: Vec<Named>,
    /// The earliest and the latest instant that its records tell themselves.
    pub told: Option<(Instant, Instant)>,
    /// When the file was last written, as far as the copy kept it.
    pub modified: Option<Instant>,
    /// Sentences for the report.
    pub notes: Vec<String>,
}

impl SourceFacts {
    /// Builds facts that say nothing yet.
    pub fn new(id: SourceId, path: &str, kind: Kind) -> Self {
        SourceFacts {
            id,
            path: path.to_owned(),
            kind,
            first: None,
            last: None,
            has_year: false,
            ties: Vec::new(),
            names: Vec::new(),
            told: None,
            modified: None,
            notes: Vec::new(),
        }
    }

    /// Reads the beginning and the end of a source.
    pub fn survey(source: &Source, reader: &dyn Reader) -> Self {
        let mut facts = SourceFacts::new(source.id, &source.file.path, source.kind);
        facts.modified = source.file.modified;
        let size = source.file.bytes;
        let is_whole = source.is_head_all;
        let head = &source.head;
        let length = if is_whole { head.len() } else { reader.whole_records(head) };
        let has_end = is_whole || (!source.tail.is_empty() && reader.access() != Access::Stream);
        facts.take(head.get(..length).unwrap_or_default(), is_whole, has_end, reader);
        // What the end of a stream means is said before it.
        if is_whole || source.tail.is_empty() || reader.access() == Access::Stream {
            return facts;
        }
        // A tail that overlaps the head begins where the head's records ended.
        let start_of_tail = size.saturating_sub(source.tail.len() as u64);
        let overlap = (length as u64).checked_sub(start_of_tail).and_then(|it| usize::try_from(it).ok());
        let from = overlap.or_else(|| memchr::memchr(b'\n', &source.tail).map(|newline| newline + 1));
        let tail = from.and_then(|from| source.tail.get(from..)).unwrap_or_default();
        facts.take(tail, true, true, reader);
        facts
    }

    /// Takes in the records of one piece of the source.
    fn take(&mut self, bytes: &[u8], at_end: bool, has_end: bool, reader: &dyn Reader) {
        let mut chunk = Chunk { bytes: bytes.to_vec(), at_end, ..Chunk::default() };
        reader.read(&mut chunk);
        let most = self.ties.len() + MOST_TIES;
        self.take_chunk(&chunk, has_end, most);
    }

    /// Takes in some records of a source that has no beginning and no end.
    pub fn take_sample(&mut self, chunk: &Chunk) {
        self.take_chunk(chunk, false, MOST_TIES);
    }

    /// Reads the beginning of a source that is read as a stream, where its first bytes told no instant: a
    /// dump may begin with other tables, and a database's pages stand in any order.
    pub fn survey_stream(&mut self, bytes: &mut dyn Read, reader: &dyn Reader) {
        reader.read_stream(bytes, PIECE, &mut |chunk, _| self.take_sample(chunk));
    }

    /// Returns whether these are call records that tell no instant: the logs must tell what their clock was.
    pub fn needs_logs(&self) -> bool {
        self.kind.tells() == Some(Tells::Calls) && self.ties.is_empty() && !self.names.is_empty()
    }

    /// Reads pieces of a log between its ends, for the names in them alone.
    pub fn survey_between(&mut self, handle: &Handle, reader: &dyn Reader) {
        /// Pieces read, and how long each is, in bytes.
        const PIECES: u64 = 32;
        const LENGTH: usize = 64 * 1024;
        if !handle.is_random_access() || self.kind.tells() != Some(Tells::Server) {
            return;
        }
        for piece in 1..PIECES {
            let mut bytes = vec![0; LENGTH];
            let Ok(length) = handle.read_at(&mut bytes, handle.size() / PIECES * piece) else { return };
            let Some(from) = memchr::memchr(b'\n', bytes.get(..length).unwrap_or_default()) else { continue };
            let read = bytes.get(from + 1..length).unwrap_or_default();
            let whole = reader.whole_records(read);
            let mut chunk =
                Chunk { bytes: read.get(..whole).unwrap_or_default().to_vec(), ..Chunk::default() };
            reader.read(&mut chunk);
            self.names.extend(shared_names::of_chunk(&chunk));
        }
    }

    /// Takes in what a reader made of a piece, up to `most` ties in all.
    fn take_chunk(&mut self, chunk: &Chunk, has_end: bool, most: usize) {
        if self.names.len() <= MOST_NAMES {
            self.names.extend(shared_names::of_chunk(chunk));
        }
        for entry in &chunk.entries {
            self.take_record(entry.stamp, entry.exact, most);
        }
        for row in &chunk.rows {
            let exact = row.exact.or_else(|| chunk.text(row.uniqueid).and_then(instant_of_uniqueid));
            self.take_record(row.start, exact, most);
        }
        let first_row = || chunk.rows.first().and_then(|row| row.start);
        let last_row = || chunk.rows.last().and_then(|row| row.end.or(row.start));
        let first = chunk.first_stamp.or_else(|| chunk.entries.iter().find_map(|entry| entry.stamp));
        let last = chunk.last_stamp.or_else(|| chunk.entries.iter().rev().find_map(|entry| entry.stamp));
        if self.first.is_none() {
            self.first = first.or_else(first_row);
            self.has_year = self.first.is_some_and(|stamp| stamp.year != 0);
        }
        // The end of a packed file was not read; a tail without a stamp leaves the last one before it.
        if has_end {
            self.last = last.or_else(last_row).or(self.last);
        }
    }

    fn take_record(&mut self, stamp: Option<Stamp>, exact: Option<Instant>, most: usize) {
        let Some(exact) = exact.filter(|exact| PLAUSIBLE.contains(&exact.seconds())) else { return };
        self.told = Some(self.told.map_or((exact, exact), |(from, to)| (from.min(exact), to.max(exact))));
        // A stamp with its own offset says nothing about the clock of the others.
        if let Some(stamp) = stamp.filter(|stamp| stamp.offset_minutes.is_none())
            && self.ties.len() < most
        {
            self.ties.push((stamp, exact));
        }
    }
}

/// Reads the second in which a channel was made out of a uniqueid like `pbx6-1794381175.17`.
pub(super) fn instant_of_uniqueid(text: &[u8]) -> Option<Instant> {
    let text = text.rsplit(|&byte| byte == b'-').next()?;
    let dot = memchr::memchr(b'.', text)?;
    let (seconds, after) = (text.get(..dot)?, text.get(dot + 1..)?);
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if seconds.len() > 10 || !is_number(seconds) || !is_number(after) {
        return None;
    }
    let seconds = seconds.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    PLAUSIBLE.contains(&seconds).then(|| Instant::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniqueids_tell_their_second() {
        let told = |text: &str| instant_of_uniqueid(text.as_bytes()).map(Instant::seconds);
        assert_eq!(told("1794381175.17"), Some(1_794_381_175));
        assert_eq!(told("pbx-6-1794381175.17"), Some(1_794_381_175));
        assert_eq!(told("17.17"), None);
        assert_eq!(told("1794381175"), None);
        assert_eq!(told("1794381175."), None);
        assert_eq!(told(""), None);
    }
}
