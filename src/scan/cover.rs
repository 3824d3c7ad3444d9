//! What was read of a source and what was not.

use std::collections::BTreeMap;

use super::Base;
use crate::readers::{Chunk, Why};

/// Line numbers kept for each reason.
const MOST_PLACES: usize = 5;

/// Lines that were passed over for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnparsedCount {
    /// How many.
    pub lines: u64,
    /// Line numbers of the first few, from 1.
    pub first_lines: Vec<u64>,
}

/// What was read of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Records understood.
    pub records: u64,
    /// Bytes read, unpacked.
    pub bytes: u64,
    /// Lines passed over, by reason.
    pub unparsed: BTreeMap<Why, UnparsedCount>,
    /// Damage, changes and limits, each once.
    pub notes: Vec<String>,
}

impl Coverage {
    /// Counts a chunk in.
    pub(super) fn add(&mut self, chunk: &Chunk, base: Base) {
        self.records += chunk.records;
        self.bytes += chunk.records_bytes().len() as u64;
        for skipped in &chunk.skipped {
            let count = self.unparsed.entry(skipped.why).or_default();
            count.lines += 1;
            if count.first_lines.len() < MOST_PLACES {
                count.first_lines.push(base.line + u64::from(skipped.line) + 1);
            }
        }
    }

    /// Adds a note, unless it stands there already.
    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Returns how many lines were passed over.
    pub fn unparsed_lines(&self) -> u64 {
        self.unparsed.values().map(|count| count.lines).sum()
    }
}
