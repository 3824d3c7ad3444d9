//! What was observed.

use serde::Serialize;

use super::OutCall;

/// Calls named of one observation.
pub(super) const MOST_CALLS: usize = 20;

/// How far a threshold was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The critical one.
    Critical,
    /// The warning.
    Warning,
    /// None: it is told because it is the first of its kind, or for the record.
    Notice,
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// A stable word.
    pub id: &'static str,
    /// How far.
    pub level: Level,
    /// Whom or what it is about; text from the evidence, for an account.
    pub subject: String,
    /// What was observed, with its figures.
    pub what: String,
    /// What it was held against; empty where it was nothing.
    pub threshold: String,
    /// From, seconds since 1970.
    pub first: i64,
    /// To.
    pub last: i64,
    /// How many calls.
    pub calls: u64,
    /// The first few of them, by [`super::OutCall::index`].
    pub rows: Vec<usize>,
}

/// Calls that show something, given in the order of their start: how many, from when to when, the first few.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// The first of them.
    pub(super) first: Option<OutCall>,
    pub(super) count: u64,
    last: i64,
    rows: Vec<u32>,
}

impl Shown {
    pub(super) fn of<'c>(calls: impl IntoIterator<Item = &'c OutCall>) -> Self {
        let mut shown = Shown::default();
        calls.into_iter().for_each(|call| shown.add(call));
        shown
    }

    pub(super) fn add(&mut self, call: &OutCall) {
        self.first.get_or_insert(*call);
        self.count += 1;
        self.last = call.start;
        if self.rows.len() < MOST_CALLS {
            self.rows.push(call.index);
        }
    }

    /// Returns how many seconds after the first of them a call begins; 0 for the first itself.
    pub(super) fn seconds_after_first(&self, call: &OutCall) -> i64 {
        self.first.map_or(0, |first| call.start - first.start)
    }
}

impl Observation {
    /// Builds one of the calls that show it.
    pub(super) fn of(
        id: &'static str,
        level: Level,
        subject: &str,
        what: String,
        threshold: String,
        shown: &Shown,
    ) -> Self {
        Observation {
            id,
            level,
            subject: subject.to_owned(),
            what,
            threshold,
            first: shown.first.map_or(i64::MAX, |first| first.start),
            last: if shown.first.is_some() { shown.last } else { i64::MIN },
            calls: shown.count,
            rows: shown.rows.iter().map(|&row| row as usize).collect(),
        }
    }
}
