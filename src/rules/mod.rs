//! Small rules that users write: what to look for in the records, how often, within which time.
//!
//! A rule is data of a playbook ([`Match`]). It is made ready once ([`Rules::new`]), is tried on every record
//! while the evidence is read ([`filter`]), and what fits is put in order of time and counted in sliding
//! windows ([`evaluate`]). It answers *found*, *not found* or *not checked* like every other check.
//!
//! The language is deliberately small. A rule sees one record at a time and cannot ask the configuration or
//! what was reconstructed: what needs that is a check in code. Expressions run in linear time, groups and
//! windows are bounded, and a bound that was reached is told.

mod answer;
mod compile;
mod condition;
mod error;
mod evaluate;
mod fields;
mod filter;
mod sample;
mod sources;
mod span;
#[cfg(test)]
mod tests;
mod window;
mod words;
mod written;

use std::ops::Range;
use std::sync::Arc;

use crate::checks::registry::Answer;
use crate::indicators::Confidence;
use crate::report::model::Severity;

pub use compile::Mistake;
pub use error::RuleError;
pub use fields::{FIELDS, Field, FieldKind, FieldOf};
pub use sources::{SOURCES, SourceWord};
pub use written::{Condition, Count, Expect, Match, Measured, OneOrMore, Sample};

pub use sample::ReadFile;

pub(crate) use answer::{Answers, hide_pins, shown_places};
pub(crate) use evaluate::{Evaluation, Fitting, Outcome};
pub(crate) use fields::{Record, Told, described};
pub(crate) use filter::Filter;

/// What a playbook says about a rule beside what it looks for.
#[derive(Clone, Debug)]
pub struct About {
    /// Its id, the finding's.
    pub id: &'static str,
    /// Where the id stands in its file.
    pub span: Range<usize>,
    /// One line.
    pub title: String,
    /// The playbook that it stands in.
    pub playbook: String,
    /// How grave a hit is.
    pub severity: Severity,
    /// How sure a hit is.
    pub confidence: Confidence,
    /// MITRE ATT&CK techniques.
    pub attack: Vec<&'static str>,
    /// What to do about a hit.
    pub advice: Option<String>,
    /// What else may look so.
    pub false_positives: Option<String>,
    /// How to get the evidence where it is missing.
    pub missing: Option<String>,
    /// Was it switched off? It may still be a step of a sequence.
    pub is_off: bool,
}

#[cfg(test)]
impl About {
    /// Builds what stands around a rule of that id.
    pub(crate) fn of_test(id: &'static str) -> Self {
        About {
            id,
            span: 0..0,
            title: id.into(),
            playbook: "test".into(),
            severity: Severity::High,
            confidence: Confidence::High,
            attack: Vec::new(),
            advice: None,
            false_positives: None,
            missing: None,
            is_off: false,
        }
    }
}

/// What came of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesTried {
    /// Did the rule do what was expected?
    pub holds: bool,
    /// What it answered.
    pub answer: Answer,
    /// The answer, what it rests on, and how the sample was read.
    pub told: String,
}

/// Keeps a word of a playbook for as long as the program runs: findings name their check by such words.
///
/// Playbooks are read once, and their number and size are bounded.
pub fn kept(word: &str) -> &'static str {
    Box::leak(word.to_owned().into_boxed_str())
}

/// Rules that can be run.
#[derive(Clone, Debug, Default)]
pub struct Rules(Arc<Vec<compile::Rule>>);

impl Rules {
    /// Makes rules ready, or tells every mistake in them.
    pub fn new(written: &[(About, &Match)]) -> Result<Self, Vec<Mistake>> {
        compile::rules(written)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
