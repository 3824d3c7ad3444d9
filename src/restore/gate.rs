//! One gate, and what a gate is put together from: an answer for each thing that it looks at.

use serde::Serialize;

use crate::report::model::{Proof, When};

/// Reasons told of one gate; the rest is counted.
const MOST_REASONS: usize = 8;
/// Lines shown for one gate.
const MOST_PROOFS: usize = 8;

/// What became of a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is closed, by this evidence.
    Closed,
    /// The evidence does not tell.
    CannotTell,
    /// It is open.
    Open,
}

impl State {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::CannotTell => "cannot tell",
            State::Open => "open",
        }
    }
}

/// What one thing came to: an account's secret, a page, a jail.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) state: State,
    pub(super) why: String,
    pub(super) proofs: Vec<Proof>,
}

impl Answer {
    pub(super) fn closed(why: impl Into<String>) -> Self {
        Answer { state: State::Closed, why: why.into(), proofs: Vec::new() }
    }

    pub(super) fn open(why: impl Into<String>) -> Self {
        Answer { state: State::Open, ..Answer::closed(why) }
    }

    pub(super) fn cannot_tell(why: impl Into<String>) -> Self {
        Answer { state: State::CannotTell, ..Answer::closed(why) }
    }

    /// Adds lines that prove it.
    #[must_use]
    pub(super) fn with(mut self, proofs: impl IntoIterator<Item = Proof>) -> Self {
        self.proofs.extend(proofs);
        self
    }
}

/// One hole, or one critical setting.
#[derive(Clone, Debug, Serialize)]
pub struct Gate {
    /// A stable word.
    pub id: String,
    /// What must hold.
    pub title: String,
    /// Does it?
    pub state: State,
    /// Must it hold before service is restored, or is it only advised?
    pub required: bool,
    /// Why whoever answers for the server takes it as it is, in his words.
    pub accepted: Option<String>,
    /// Why, a sentence each, the gravest first.
    pub why: Vec<String>,
    /// What closes it, or what evidence would settle it; empty where it is closed.
    pub to_do: String,
    /// The proof.
    pub evidence: Vec<Proof>,
}

impl Gate {
    /// Puts a gate together; `None` where there was nothing to look at.
    pub(super) fn of(id: &str, title: &str, mut answers: Vec<Answer>) -> Option<Self> {
        let state = answers.iter().map(|answer| answer.state).max()?;
        answers.sort_by_key(|answer| std::cmp::Reverse(answer.state));
        let all = answers.len();
        let mut why: Vec<String> = Vec::new();
        for answer in answers.iter().filter(|answer| !answer.why.is_empty()) {
            if why.len() < MOST_REASONS && !why.contains(&answer.why) {
                why.push(answer.why.clone());
            }
        }
        if all > MOST_REASONS {
            why.push(format!("{} more were looked at", all - MOST_REASONS));
        }
        let mut evidence: Vec<Proof> = Vec::new();
        for proof in answers.into_iter().flat_map(|answer| answer.proofs) {
            if evidence.len() < MOST_PROOFS && !evidence.contains(&proof) {
                evidence.push(proof);
            }
        }
        let (id, title) = (id.to_owned(), title.to_owned());
        Some(Gate { id, title, state, required: true, accepted: None, why, to_do: String::new(), evidence })
    }

    /// Says what to do: what closes it while it is open, what would settle it while it cannot be told.
    #[must_use]
    pub(super) fn with_to_do(mut self, close: &str, settle: &str) -> Self {
        self.to_do = match self.state {
            State::Closed => String::new(),
            State::CannotTell => settle.to_owned(),
            State::Open => close.to_owned(),
        };
        self
    }

    /// Makes it one that is only advised, unless `required`.
    #[must_use]
    pub(super) fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Returns whether it keeps the whole shut.
    pub fn shuts(&self) -> bool {
        self.required && self.state != State::Closed && self.accepted.is_none()
    }

    /// What keeps it shut stands first, what is closed last.
    pub(super) fn rank(&self) -> u8 {
        match (self.required && self.accepted.is_none(), self.state) {
            (true, State::Open) => 0,
            (true, State::CannotTell) => 1,
            (false, State::Open) => 2,
            (false, State::CannotTell) => 3,
            (_, State::Closed) => 4,
        }
    }

    /// Settles the order of those of one rank.
    pub(super) fn order(&self) -> String {
        self.id.clone()
    }
}

/// A gate that whoever answers for the server takes as it is, and why.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its id.
    pub gate: String,
    /// The reason, which the answer repeats.
    pub reason: String,
}

/// All gates.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// May service be restored, as far as the evidence tells?
    pub holds: bool,
    /// After this instant nothing of the intruder may be seen; `None` where nothing was seen at all.
    pub clean_since: Option<When>,
    /// When the new evidence ends.
    pub evidence_ends: Option<When>,
    /// The gates, those that keep it shut first.
    pub gates: Vec<Gate>,
    /// What was not looked at.
    pub limits: Vec<String>,
}

impl Outcome {
    /// Returns how many gates keep it shut.
    pub fn shut(&self) -> usize {
        self.gates.iter().filter(|gate| gate.shuts()).count()
    }
}
