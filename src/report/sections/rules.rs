//! What the rules of playbooks answered: each is found, not found, or was not checked.

use crate::checks::registry::Answer;
use crate::report::document::{Block, Line, counted};
use crate::report::model::{Report, RuleAnswer};

use super::{View, titled};

/// Subjects named in one row.
const MOST_SUBJECTS: usize = 5;

/// Shows the rules of the user's own playbooks with their answers, what was found first; those of the program stand
/// with its steps and findings.
pub(super) fn rules(report: &Report, view: View) -> Vec<Block> {
    // A rule of the user's has a name before a dot, as `local.guessing`; one of the program has none.
    let is_own = |rule: &&RuleAnswer| rule.id.contains('.');
    let mut rules: Vec<&RuleAnswer> = report.rules.iter().filter(is_own).collect();
    rules.sort_by_key(|rule| order(rule.answer));
    let shown = rules.len().min(view.rows);
    let rows = rules.iter().take(shown).map(|rule| row(rule)).collect();
    let mut blocks =
        Block::table(&["answer", "severity", "rule", "what it looks for", "why", "found on"], rows);
    blocks.extend(view.rest(shown, rules.len(), "report.json"));
    titled("Rules of your own", blocks)
}

fn order(answer: Answer) -> u8 {
    match answer {
        Answer::Found => 0,
        Answer::NotChecked => 1,
        Answer::NotFound => 2,
    }
}

fn row(rule: &RuleAnswer) -> Vec<Line> {
    let subjects = rule.subjects.iter().take(MOST_SUBJECTS).enumerate();
    let mut on = subjects.fold(Line::default(), |line, (index, subject)| {
        let line = if index == 0 { line } else { line.words(", ") };
        line.evidence(subject)
    });
    let left = rule.count.saturating_sub(rule.subjects.len().min(MOST_SUBJECTS));
    if left > 0 {
        on = on.words(format!(" and {}", counted(left as u64, "other")));
    }
    vec![
        rule.answer.words().into(),
        rule.severity.map_or("-", |severity| severity.word()).into(),
        rule.id.into(),
        rule.title.as_str().into(),
        rule.why.as_str().into(),
        on,
    ]
}
