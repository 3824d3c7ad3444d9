//! Counts of one kind, by hour, with the lines that prove the first and the last.

use crate::event::{Citation, Instant, Place};

/// Cells of hours over the whole source; beyond it the last hour of an address takes the rest.
const MOST_CELLS: usize = 400_000;

/// Counts of one kind, for one address and perhaps one account.
#[derive(Clone, Debug)]
pub struct Tally {
    /// First record.
    pub first: Instant,
    /// Last record.
    pub last: Instant,
    /// Records.
    pub records: u64,
    /// Distinct tries.
    pub attempts: u64,
    /// Records and tries by hour since the epoch, in order.
    pub hours: Vec<(u32, Cell)>,
    /// The first line; none where only counts are kept.
    first_line: Option<Citation>,
    /// The last line, in room that is used again: a flood has a new one with every record.
    last_line: Option<(Place, Vec<u8>)>,
    /// Do all tries share one Call-ID, as a phone's registrations do?
    pub one_session: bool,
    /// The hash of the first Call-ID.
    session: u64,
}

/// Counts of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Records.
    pub records: u32,
    /// Distinct tries.
    pub attempts: u32,
}

impl Tally {
    /// Begins a tally at its first record.
    pub(super) fn new(at: Instant, session: u64, first_line: Option<Citation>) -> Self {
        Tally {
            first: at,
            last: at,
            records: 0,
            attempts: 0,
            hours: Vec::new(),
            first_line,
            last_line: None,
            one_session: session != 0,
            session,
        }
    }

    /// Returns the hash of the first Call-ID, 0 where there is none.
    pub(super) fn session(&self) -> u64 {
        self.session
    }

    /// Counts a record.
    pub(super) fn add(&mut self, at: Instant, is_new: bool, session: u64, cells: &mut usize) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        self.records += 1;
        self.attempts += u64::from(is_new);
        self.one_session &= session == self.session;
        let hour = (at.seconds() / 3_600).clamp(0, i64::from(u32::MAX)) as u32;
        let index = self.cell(hour, cells);
        if let Some((_, cell)) = self.hours.get_mut(index) {
            cell.records += 1;
            cell.attempts += u32::from(is_new);
        }
    }

    /// Returns the place of an hour's cell: nearly always the last, for logs are nearly in order. When
    /// no more cells may be made, the nearest one before takes the count.
    fn cell(&mut self, hour: u32, cells: &mut usize) -> usize {
        let last = self.hours.len().saturating_sub(1);
        if self.hours.last().is_some_and(|(known, _)| *known == hour) {
            return last;
        }
        match self.hours.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(at) => at,
            Err(at) if *cells < MOST_CELLS || self.hours.is_empty() => {
                *cells += 1;
                if self.hours.len() == self.hours.capacity() {
                    // Tens of thousands of tallies have a few hours each: doubling would leave a third of it all empty.
                    self.hours.reserve_exact(1 + self.hours.len() / 8);
                }
                self.hours.insert(at, (hour, Cell::default()));
                at
            }
            Err(at) => at.saturating_sub(1).min(last),
        }
    }

    /// Keeps the text of the latest record.
    pub(super) fn line(&mut self, place: Place, text: &[u8]) {
        if self.first_line.as_ref().is_some_and(|first| first.place == place) {
            return;
        }
        let (last, kept) = self.last_line.get_or_insert_with(|| (place, Vec::new()));
        *last = place;
        kept.clear();
        kept.extend_from_slice(text.get(..Citation::LONGEST).unwrap_or(text));
    }

    /// Returns the telling lines: the first and the last.
    pub fn lines(&self) -> impl Iterator<Item = Citation> {
        let last = self.last_line.as_ref().map(|(place, text)| Citation::new(*place, text));
        self.first_line.clone().into_iter().chain(last)
    }

    /// Adds the counts and lines of another tally.
    pub fn merge(&mut self, other: &Tally, cells: &mut usize) {
        self.add_counts(other, cells);
        let mut lines: Vec<Citation> = self.lines().chain(other.lines()).collect();
        lines.sort();
        self.last_line = lines.pop().map(|line| (line.place, line.text.into_vec()));
        self.first_line = lines.into_iter().next();
        // A tally of one line has it as its first.
        if self.first_line.is_none() {
            self.first_line = self.last_line.take().map(|(place, text)| Citation::new(place, &text));
        }
    }

    /// Adds the counts of another tally.
    pub(super) fn add_counts(&mut self, other: &Tally, cells: &mut usize) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        self.attempts += other.attempts;
        self.one_session &= other.one_session && self.session == other.session;
        for (hour, counted) in &other.hours {
            let index = self.cell(*hour, cells);
            if let Some((_, own)) = self.hours.get_mut(index) {
                own.records = own.records.saturating_add(counted.records);
                own.attempts = own.attempts.saturating_add(counted.attempts);
            }
        }
    }
}
