//! What the small rules of playbooks answered.

use serde::Serialize;

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
    pub verdict: RuleVerdict,
    /// Is it but a step of other rules, of which no finding is made?
    pub step_only: bool,
    /// What it rests on; where it was not checked, what is missing.
    pub why: String,
}

/// An answer: that nothing was found says something only where there was something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleVerdict {
    /// Found.
    Found,
    /// Looked for and not found.
    NotFound,
    /// The evidence has nothing to look at.
    NotChecked,
}

impl RuleVerdict {
    /// Returns the words used in every output.
    pub fn words(self) -> &'static str {
        match self {
            RuleVerdict::Found => "found",
            RuleVerdict::NotFound => "not found",
            RuleVerdict::NotChecked => "not checked",
        }
    }
}
