//! Playbooks: the steps of the runbook as data.
//!
//! A playbook is a TOML file of steps; each step has an id, a question and the section of the
//! report that answers it. Nothing in a playbook is ever executed. Keys that are not known are
//! refused, so that a misspelt one cannot pass for an empty answer.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::report::document::Block;
use crate::report::model::Report;
use crate::report::sections::{Section, View};

/// Why a playbook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    /// The file is no TOML, or has keys or words that playbooks do not have.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// A word is no kebab-case word.
    #[error("step {0:?}: an id is lower-case words with hyphens between")]
    Id(String),
    /// Two steps have one id.
    #[error("step {0:?}: the id stands twice")]
    Twice(String),
    /// A step asks nothing.
    #[error("step {0:?}: the question is empty")]
    NoQuestion(String),
    /// There is nothing to do.
    #[error("the playbook has no steps")]
    Empty,
}

/// A playbook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Its name, a kebab-case word.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The steps, in the order in which they are to be taken.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
}

/// One step of a playbook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A kebab-case word.
    pub id: String,
    /// The question that the step answers.
    pub question: String,
    /// The part of the report that holds the answer.
    pub section: Section,
}

impl Playbook {
    /// Reads and checks a playbook.
    pub fn from_toml(text: &str) -> Result<Self, PlaybookError> {
        let playbook: Playbook = toml::from_str(text)?;
        let mut ids = BTreeSet::new();
        for step in &playbook.steps {
            if !is_kebab_case(&step.id) {
                return Err(PlaybookError::Id(step.id.clone()));
            }
            if !ids.insert(step.id.as_str()) {
                return Err(PlaybookError::Twice(step.id.clone()));
            }
            if step.question.trim().is_empty() {
                return Err(PlaybookError::NoQuestion(step.id.clone()));
            }
        }
        if playbook.steps.is_empty() { Err(PlaybookError::Empty) } else { Ok(playbook) }
    }

    /// Returns the built-in playbook of the inquiry.
    pub fn investigate() -> Result<Self, PlaybookError> {
        Self::from_toml(include_str!("../../playbooks/investigate.toml"))
    }

    /// Returns each question, in the place of its section's heading, and the blocks that answer it.
    pub fn blocks(&self, report: &Report, view: View) -> Vec<Block> {
        let mut blocks = Vec::new();
        for step in &self.steps {
            let mut answer = step.section.blocks(report, view);
            if matches!(answer.first(), Some(Block::Heading(_))) {
                answer.remove(0);
            }
            blocks.push(Block::heading(&step.question));
            if answer.is_empty() {
                blocks.push(Block::Paragraph("Nothing to show.".into()));
            }
            blocks.extend(answer);
        }
        blocks
    }
}

fn is_kebab_case(word: &str) -> bool {
    !word.is_empty()
        && word.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_step(step: &str) -> Result<Playbook, PlaybookError> {
        Playbook::from_toml(&format!("name = \"a\"\ntitle = \"A\"\n[[step]]\n{step}"))
    }

    #[test]
    fn the_built_in_playbook_holds() {
        let playbook = Playbook::investigate().unwrap();
        assert!(playbook.steps.iter().any(|step| step.section == Section::Entry));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let good = "id = \"way-in\"\nquestion = \"How?\"\nsection = \"entry\"\n";
        assert!(with_step(good).is_ok());
        let refused = [
            good.replace("section", "sectoin"),
            good.replace("entry", "exit"),
            good.replace("way-in", "Way In"),
            good.replace("How?", " "),
            format!("{good}run = \"rm\"\n"),
            format!("{good}[[step]]\n{good}"),
        ];
        for text in refused {
            assert!(with_step(&text).is_err(), "{text}");
        }
        assert!(matches!(Playbook::from_toml("name = \"a\"\ntitle = \"A\"\n"), Err(PlaybookError::Empty)));
    }
}
