//! What was observed.

use serde::Serialize;

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

impl Observation {
    /// Builds one of the calls that show it, which are in the order of their start.
    pub(super) fn of<'c>(
        id: &'static str,
        level: Level,
        subject: &str,
        what: String,
        threshold: String,
        calls: impl IntoIterator<Item = &'c super::OutCall>,
    ) -> Self {
        let (mut first, mut last, mut count) = (i64::MAX, i64::MIN, 0);
        let mut rows = Vec::new();
        for call in calls {
            first = first.min(call.start);
            last = last.max(call.start);
            count += 1;
            if rows.len() < MOST_CALLS {
                rows.push(call.index as usize);
            }
        }
        Observation {
            id,
            level,
            subject: subject.to_owned(),
            what,
            threshold,
            first,
            last,
            calls: count,
            rows,
        }
    }
}
