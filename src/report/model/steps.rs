//! The steps of the playbooks, each with its state, and the playbooks themselves.

use serde::Serialize;

use super::Severity;
use crate::checks::registry::Answer;
use crate::report::sections::Section;
use crate::untrusted::Untrusted;

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// There is something to do.
    ToDo,
    /// The evidence does not tell whether there is; to be looked at by a person.
    CannotTell,
    /// The evidence shows that it is done.
    Done,
    /// The evidence shows that there is nothing to do.
    NotNeeded,
}

impl StepState {
    /// Returns the words used in every output.
    pub fn words(self) -> &'static str {
        match self {
            StepState::ToDo => "to do",
            StepState::CannotTell => "cannot tell",
            StepState::Done => "done",
            StepState::NotNeeded => "not needed",
        }
    }

    /// Returns whether somebody has to look at it.
    pub fn is_open(self) -> bool {
        matches!(self, StepState::ToDo | StepState::CannotTell)
    }
}

/// A step of a playbook, as the evidence has it.
#[derive(Clone, Debug, Serialize)]
pub struct PlaybookStep {
    /// The phase's word.
    pub phase: &'static str,
    /// The playbook's id.
    pub playbook: String,
    /// Its number among the steps of the playbook, from 1.
    pub number: usize,
    /// Its id.
    pub id: String,
    /// What to do.
    pub title: String,
    /// Who does it.
    pub owner: &'static str,
    /// How far it is.
    pub state: StepState,
    /// Why it is so, in the program's own words; they may name what the evidence names.
    pub reason: Untrusted,
    /// Steps of the same playbook that are to be finished first and are not.
    pub waits_for: Vec<String>,
    /// What it asked of the evidence.
    pub checks: Vec<StepCheck>,
    /// Techniques of ATT&CK.
    pub attack: Vec<String>,
    /// By when, from the moment of notice.
    pub deadline: Option<String>,
    /// The rest of its text, which the playbook itself holds.
    #[serde(skip)]
    pub text: StepText,
}

/// What a check of a step answered.
#[derive(Clone, Debug, Serialize)]
pub struct StepCheck {
    /// Its id.
    pub id: String,
    /// The answer.
    pub answer: Answer,
    /// How grave what was found is.
    pub severity: Option<Severity>,
    /// Why, in the program's own words; they may name what the evidence names.
    pub why: Untrusted,
    /// What it was found on, the first few.
    pub subjects: Vec<Untrusted>,
    /// How many there are.
    pub count: usize,
}

/// What a step says besides.
#[derive(Clone, Debug, Default)]
pub struct StepText {
    /// The reason for it.
    pub why: Option<String>,
    /// The question that its sections answer.
    pub question: Option<String>,
    /// Sections of the report with its answer.
    pub sections: Vec<Section>,
    /// Gates of `restore` that answer it there.
    pub gates: Vec<String>,
    /// How to do it.
    pub guidance: Option<String>,
    /// What it breaks.
    pub caution: Option<String>,
    /// Commands, with what was found filled in.
    pub commands: Vec<StepCommand>,
    /// How to go back.
    pub undo: Option<String>,
    /// What proves that it is finished.
    pub done_when: Option<String>,
    /// What it does not cover.
    pub does_not_cover: Option<String>,
    /// What is handed to whom, and the command that makes it.
    pub deliver: Option<(&'static str, &'static str)>,
}

/// A command to be copied.
#[derive(Clone, Debug)]
pub struct StepCommand {
    /// What it is for.
    pub label: String,
    /// `read` or `change`.
    pub effect: &'static str,
    /// The command, once for each value.
    pub run: Vec<String>,
}

/// A playbook that was used.
#[derive(Clone, Debug, Serialize)]
pub struct PlaybookUsed {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// `built in`, or the path of its file.
    pub origin: String,
    /// The SHA-256 of its text.
    pub sha256: String,
    /// The playbook that it adds to.
    pub extends: Option<String>,
    /// What it switches off.
    pub disabled: Vec<SwitchedOff>,
}

/// Something that a playbook switches off: what it would have told is not known.
#[derive(Clone, Debug, Serialize)]
pub struct SwitchedOff {
    /// `step` or `check`.
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// Why, in the words of whoever switched it off.
    pub reason: String,
    /// Who that is, where the playbook tells.
    pub author: Option<String>,
}
