//! What rules found, as findings and as one of three answers each.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Rules;
use super::compile::{LooksFor, Measure, Rule};
use super::evaluate::{Hit, Outcome};
use crate::checks::registry::Answer;
use crate::event::{Instant, Place};
use crate::pbx::dialplan::Pins;
use crate::report::document::{counted, duration};
use crate::report::model::{Finding, Proof, RuleAnswer, Severity};
use crate::secrets::masked;
use crate::untrusted::Untrusted;

/// Groups named in one finding.
const MOST_NAMED: usize = 10;
/// Groups named in an answer.
const MOST_SUBJECTS: usize = 6;
/// Groups of which records are shown.
const MOST_SHOWN: usize = 3;

/// All that rules have to say.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// One for each rule, in their order.
    pub(crate) answers: Vec<RuleAnswer>,
    /// One for each rule that hit.
    pub(crate) findings: Vec<Finding>,
    /// Limits that were reached.
    pub(crate) limits: Vec<String>,
}

/// Returns the places of all records that findings will show.
pub(crate) fn shown_places(outcomes: &[Outcome]) -> BTreeSet<Place> {
    outcomes.iter().flat_map(|outcome| shown(&outcome.hits)).collect()
}

fn shown(hits: &[Hit]) -> impl Iterator<Item = Place> {
    hits.iter().take(MOST_SHOWN).flat_map(|hit| hit.places.iter().copied())
}

/// Masks PINs of the dialplan in what groups have in common: `DISA` writes the caller's into the account code of a
/// call, and what it was given stands in the record too.
pub(crate) fn hide_pins(rules: &Rules, outcomes: &mut [Outcome], pins: &Pins) {
    for (rule, outcome) in rules.0.iter().zip(outcomes) {
        for (field, value) in outcome.hits.iter_mut().flat_map(|hit| rule.group_by.iter().zip(&mut hit.group))
        {
            if let Cow::Owned(hidden) = pins.masked_value(value)
                && field.may_hold_a_pin()
            {
                *value = hidden;
            }
        }
    }
}

impl Rules {
    /// Turns outcomes into answers; `there` tells of each rule whether the evidence has what it looks at.
    pub(crate) fn answers(
        &self,
        outcomes: &[Outcome],
        there: &[bool],
        show: &dyn Fn(Place) -> Option<Proof>,
        when: &dyn Fn(Instant) -> String,
    ) -> Answers {
        let mut all = Answers::default();
        for (index, (rule, outcome)) in self.0.iter().zip(outcomes).enumerate() {
            all.limits.extend(limits(rule, outcome));
            if rule.about.is_off {
                continue;
            }
            let (answer, why) = match outcome.hits.is_empty() {
                false => (Answer::Found, found(outcome)),
                true if self.is_there(index, there) => (Answer::NotFound, not_found(rule, outcome)),
                true => (Answer::NotChecked, self.missing(rule)),
            };
            all.answers.push(answered(rule, outcome, answer, why));
            if answer == Answer::Found && !rule.is_step_only {
                all.findings.push(self.finding(rule, outcome, show, when));
            }
        }
        all
    }

    /// Returns whether the evidence has what a rule looks at; a sequence looks at what all its rules do.
    fn is_there(&self, index: usize, there: &[bool]) -> bool {
        match self.0.get(index).map(|rule| &rule.looks_for) {
            Some(LooksFor::Sequence(steps)) => {
                steps.iter().all(|step| there.get(*step).is_some_and(|there| *there))
            }
            _ => there.get(index).is_some_and(|there| *there),
        }
    }

    fn missing(&self, rule: &Rule) -> String {
        let what = format!(
            "No file of the evidence tells of that; a record of it would stand in: {}.",
            self.looked_at(rule)
        );
        rule.about.missing.as_ref().map_or_else(|| what.clone(), |missing| format!("{what} {missing}"))
    }

    /// Returns the words for what a rule looks at.
    fn looked_at(&self, rule: &Rule) -> String {
        let words: BTreeSet<&str> = match &rule.looks_for {
            LooksFor::Records { sources, .. } => sources.iter().map(|source| source.word()).collect(),
            LooksFor::Sequence(steps) => {
                let of_steps = steps.iter().filter_map(|step| self.0.get(*step));
                let sources = of_steps.flat_map(|rule| match &rule.looks_for {
                    LooksFor::Records { sources, .. } => sources.as_slice(),
                    LooksFor::Sequence(_) => &[],
                });
                sources.map(|source| source.word()).collect()
            }
        };
        words.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn finding(
        &self,
        rule: &Rule,
        outcome: &Outcome,
        show: &dyn Fn(Place) -> Option<Proof>,
        when: &dyn Fn(Instant) -> String,
    ) -> Finding {
        let about = &rule.about;
        let hits = &outcome.hits;
        let first = hits.first().map_or_else(String::new, |hit| group_words(rule, hit));
        let subject = match (first.is_empty(), hits.len()) {
            (true, _) => self.looked_at(rule),
            (false, 1) => first,
            (false, more) => format!("{first} and {} more", more - 1),
        };
        Finding {
            id: about.id,
            severity: severity(rule, hits),
            subject: Untrusted::from(subject.as_str()),
            title: about.title.clone(),
            detail: self.detail(rule, hits, when),
            remedy: about.advice.clone().unwrap_or_else(|| {
                "Look at the records; whoever wrote the rule did not say what to do about them.".into()
            }),
            attack: about.attack.clone(),
            evidence: shown(hits).filter_map(show).collect(),
        }
    }

    fn detail(&self, rule: &Rule, hits: &[Hit], when: &dyn Fn(Instant) -> String) -> String {
        let about = &rule.about;
        let mut detail = format!("Rule of the playbook {}: {}.", about.playbook, self.bound(rule));
        let named: Vec<String> = hits.iter().take(MOST_NAMED).map(|hit| one_hit(rule, hit, when)).collect();
        detail.push_str(&format!(" {}", named.join("; ")));
        match hits.len().saturating_sub(MOST_NAMED) {
            0 => detail.push('.'),
            more => detail.push_str(&format!("; and {more} more.")),
        }
        if is_doubtful(hits) {
            detail.push_str(
                " All of these records stand where a stranger may have written them: nothing rests on them alone.",
            );
        }
        detail.push_str(&format!(" Confidence: {}.", about.confidence.word()));
        if let Some(other) = &about.false_positives {
            detail.push_str(&format!(" What else may look so: {other}"));
        }
        detail
    }

    /// Returns what a rule asks for, in words.
    fn bound(&self, rule: &Rule) -> String {
        let mut words = match &rule.looks_for {
            LooksFor::Records { measure: Measure::Count(1), .. } => "each record that fits".to_owned(),
            LooksFor::Records { measure: Measure::Count(least), .. } => format!("{least} records or more"),
            LooksFor::Records { measure: Measure::Distinct(field, least), .. } => {
                format!("{least} values of {} or more", field.word)
            }
            LooksFor::Records { measure: Measure::Sum(field, least), .. } => {
                format!("{} of {least} or more in all", field.word)
            }
            LooksFor::Sequence(steps) => {
                let steps = steps.iter().filter_map(|step| self.0.get(*step));
                let ids: Vec<&str> = steps.map(|rule| rule.about.id).collect();
                format!("{}, in this order", ids.join(", then "))
            }
        };
        if let Some(within) = rule.within {
            words.push_str(&format!(" within {}", duration((within / Instant::SECOND).unsigned_abs())));
        }
        let fields: Vec<&str> = rule.group_by.iter().map(|field| field.word).collect();
        if !fields.is_empty() {
            words.push_str(&format!(", by {}", fields.join(" and ")));
        }
        words
    }
}

/// Returns a rule's answer, with the groups that it was found on.
fn answered(rule: &Rule, outcome: &Outcome, answer: Answer, why: String) -> RuleAnswer {
    let subject = |hit: &Hit| {
        let words = group_words(rule, hit);
        let records = counted(hit.records, "record");
        let shown = if words.is_empty() { records } else { format!("{words} ({records})") };
        Untrusted::from(shown.as_str())
    };
    RuleAnswer {
        id: rule.about.id,
        title: rule.about.title.clone(),
        playbook: rule.about.playbook.clone(),
        answer,
        severity: (answer == Answer::Found).then(|| severity(rule, &outcome.hits)),
        step_only: rule.is_step_only,
        why,
        subjects: outcome.hits.iter().take(MOST_SUBJECTS).map(subject).collect(),
        count: outcome.hits.len(),
    }
}

/// Returns how grave hits are: what a stranger may have written is worth knowing and no more.
fn severity(rule: &Rule, hits: &[Hit]) -> Severity {
    if is_doubtful(hits) { Severity::Info } else { rule.about.severity }
}

fn is_doubtful(hits: &[Hit]) -> bool {
    hits.iter().all(|hit| hit.doubtful >= hit.records)
}

/// Returns what a group has in common, in words.
fn group_words(rule: &Rule, hit: &Hit) -> String {
    let pairs = rule.group_by.iter().zip(&hit.group);
    // A value may be of a command or an address of a page, in which secrets stand.
    let words: Vec<String> =
        pairs.map(|(field, value)| format!("{} {}", field.word, masked(value))).collect();
    words.join(", ")
}

fn one_hit(rule: &Rule, hit: &Hit, when: &dyn Fn(Instant) -> String) -> String {
    let mut words = group_words(rule, hit);
    if !words.is_empty() {
        words.push_str(": ");
    }
    words.push_str(&counted(hit.records, "record"));
    if let LooksFor::Records { measure: Measure::Sum(field, _), .. } = &rule.looks_for {
        words.push_str(&format!(", {} {} in all", field.word, hit.amount));
    }
    match (hit.first, hit.last) {
        (Some(first), Some(last)) if first != last => {
            words.push_str(&format!(", {} to {}", when(first), when(last)));
        }
        (Some(at), _) | (None, Some(at)) => words.push_str(&format!(", {}", when(at))),
        (None, None) => {}
    }
    if hit.doubtful > 0 {
        let doubtful = hit.doubtful.min(hit.records);
        words.push_str(&format!(" ({doubtful} of them where a stranger may have written them)"));
    }
    words
}

fn found(outcome: &Outcome) -> String {
    let records = outcome.hits.iter().map(|hit| hit.records).sum();
    format!("{} in {}", counted(records, "record"), counted(outcome.hits.len() as u64, "group"))
}

fn not_found(rule: &Rule, outcome: &Outcome) -> String {
    let nearest = outcome.nearest;
    let fitting = counted(outcome.fitting, "record");
    match &rule.looks_for {
        _ if outcome.fitting == 0 => "no record fits".to_owned(),
        LooksFor::Records { measure: Measure::Count(least), .. } => {
            format!("{fitting} that fit, {nearest} of {least} together at most")
        }
        LooksFor::Records { measure: Measure::Distinct(field, least), .. } => {
            format!("{fitting} that fit, {nearest} of {least} values of {} together at most", field.word)
        }
        LooksFor::Records { measure: Measure::Sum(field, least), .. } => {
            format!("{fitting} that fit, {} of {nearest} together at most, of {least}", field.word)
        }
        LooksFor::Sequence(_) => format!("{fitting} of single steps, never all in this order"),
    }
}

fn limits(rule: &Rule, outcome: &Outcome) -> Vec<String> {
    let id = rule.about.id;
    let mut limits = Vec::new();
    if outcome.beyond > 0 {
        let records = counted(outcome.beyond, "record");
        limits.push(format!("rule {id}: more groups, or records at once, than are held: {records} left out"));
    }
    if outcome.timeless > 0 {
        let records = counted(outcome.timeless, "record");
        limits.push(format!("rule {id}: {records} without a time left out, as the rule asks for a window"));
    }
    limits
}
