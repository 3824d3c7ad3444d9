//! What is wrong with a rule, and where in its file.

use std::ops::Range;

use crate::misspelt::nearest;

/// A mistake in a rule, for whoever writes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// The bytes of the file that hold the mistake.
    pub span: Range<usize>,
    /// What is wrong, a fragment in lower case.
    pub message: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
}

impl RuleError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        RuleError { span, message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that `word` is none of `words`, and names the nearest of them or, where none is near, all.
    pub(super) fn unknown(span: Range<usize>, what: &str, word: &str, words: &[&str]) -> Self {
        let error = RuleError::new(span, format!("unknown {what} `{word}`"));
        match nearest(word, words.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("one of {}", words.join(", "))),
        }
    }
}
