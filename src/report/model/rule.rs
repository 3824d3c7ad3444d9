//! What the small rules of playbooks answered.

use serde::Serialize;

use super::Severity;
use crate::checks::registry::Answer;
use crate::untrusted::Untrusted;

/// One rule and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct RuleAnswer {
    /// Its id; that of its finding, where it has one.
    pub id: &'static str,
    /// One line.
    pub title: String,
    /// The playbook that it stands in.
    pub playbook: String,
    /// The answer.
    pub answer: Answer,
    /// How grave what was found is.
    pub severity: Option<Severity>,
    /// Is it but a step of other rules, of which no finding is made?
    pub step_only: bool,
    /// What it rests on; where it was not checked, what is missing.
    pub why: String,
    /// What it was found on, the first few.
    pub subjects: Vec<Untrusted>,
    /// How many there are.
    pub count: usize,
}
