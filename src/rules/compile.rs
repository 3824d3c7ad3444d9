//! Rules as they are written, made ready to be run, or what is wrong with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::condition::{self, Condition};
use super::fields::{FIELDS, Field, FieldKind, FieldOf};
use super::sources::{SOURCES, Source};
use super::span;
use super::written::{Match, Measured};
use super::{About, RuleError, Rules};

/// More rules are no longer small ones.
const MOST_RULES: usize = 1_000;
/// Rules of one sequence.
pub(super) const MOST_STEPS: usize = 8;
/// Fields that one rule groups by.
const MOST_FIELDS: usize = 5;
/// More values of a field, or records in a window, are not held for one group.
const MOST_AT_LEAST: u64 = 10_000;

/// A rule that can be run.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) about: About,
    pub(super) looks_for: LooksFor,
    pub(super) group_by: Vec<&'static Field>,
    /// Microseconds.
    pub(super) within: Option<i64>,
    /// Is it but a step of sequences?
    pub(super) is_step_only: bool,
}

/// What a rule looks for.
#[derive(Clone, Debug)]
pub(super) enum LooksFor {
    /// Records.
    Records { sources: Vec<Source>, conditions: Vec<Condition>, measure: Measure },
    /// Hits of other rules in this order, by their places among the rules.
    Sequence(Vec<usize>),
}

/// What is measured of the records of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many there are.
    Count(u64),
    /// How many values a field has.
    Distinct(&'static Field, u64),
    /// What a field adds up to.
    Sum(&'static Field, u64),
}

impl Measure {
    /// Returns the field that it asks for.
    pub(super) fn field(self) -> Option<&'static Field> {
        match self {
            Measure::Count(_) => None,
            Measure::Distinct(field, _) | Measure::Sum(field, _) => Some(field),
        }
    }
}

/// A mistake, and in which of the rules given it is.
pub type Mistake = (usize, RuleError);

/// Makes rules ready, each given with what is said about it.
pub(super) fn rules(written: &[(About, &Match)]) -> Result<Rules, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut places = BTreeMap::new();
    for (index, (about, _)) in written.iter().enumerate() {
        if places.insert(about.id, index).is_some() {
            let error = RuleError::new(about.span.clone(), format!("the id `{}` stands twice", about.id));
            mistakes.push((index, error));
        }
    }
    if let Some((about, _)) = written.get(MOST_RULES) {
        let error = RuleError::new(about.span.clone(), format!("more than {MOST_RULES} rules"));
        mistakes.push((MOST_RULES, error));
    }
    let is_sequence = |index: usize| written.get(index).is_some_and(|(_, rule)| rule.sequence.is_some());
    let mut rules = Vec::new();
    for (index, (about, rule)) in written.iter().enumerate() {
        let mut writing = Writing { about, rule, errors: Vec::new() };
        let step = |id: &Spanned<String>| step(id, index, &places, &is_sequence);
        let looks_for = match &rule.sequence {
            Some(steps) => writing.sequence(steps, step),
            None => writing.records(),
        };
        let group_by = writing.group_by();
        let within = writing.within();
        mistakes.extend(writing.errors.into_iter().map(|error| (index, error)));
        if let Some(looks_for) = looks_for {
            let is_step_only = rule.step_only;
            rules.push(Rule { about: about.clone(), looks_for, group_by, within, is_step_only });
        }
    }
    if mistakes.is_empty() { Ok(Rules(Arc::new(rules))) } else { Err(mistakes) }
}

/// Finds the rule that a step of a sequence names.
fn step(
    id: &Spanned<String>,
    own: usize,
    places: &BTreeMap<&'static str, usize>,
    is_sequence: &dyn Fn(usize) -> bool,
) -> Result<usize, RuleError> {
    let name = id.get_ref();
    match places.get(name.as_str()) {
        Some(&place) if place == own || is_sequence(place) => {
            let error = RuleError::new(id.span(), format!("`{name}` is a sequence itself"));
            Err(error.hint("a sequence is made of rules that look at records"))
        }
        Some(&place) => Ok(place),
        None => {
            let known: Vec<&str> = places.keys().copied().collect();
            Err(RuleError::unknown(id.span(), "rule", name, &known))
        }
    }
}

/// One rule while it is made ready.
struct Writing<'w> {
    about: &'w About,
    rule: &'w Match,
    errors: Vec<RuleError>,
}

impl Writing<'_> {
    fn error(&mut self, error: RuleError) {
        self.errors.push(error);
    }

    /// Reports what is missing, at the rule's id.
    fn missing(&mut self, message: &str, hint: &str) {
        self.error(RuleError::new(self.about.span.clone(), message).hint(hint));
    }

    fn sequence(
        &mut self,
        steps: &Spanned<Vec<Spanned<String>>>,
        find: impl Fn(&Spanned<String>) -> Result<usize, RuleError>,
    ) -> Option<LooksFor> {
        let rule = self.rule;
        let beside = [
            rule.source.as_ref().map(Spanned::span),
            rule.conditions.first().map(Spanned::span),
            rule.count.as_ref().map(Spanned::span),
            rule.distinct.as_ref().map(Spanned::span),
            rule.sum.as_ref().map(Spanned::span),
        ];
        if rule.step_only {
            self.missing("a sequence is no step of another", "leave `step_only` out");
        }
        for span in beside.into_iter().flatten() {
            let error = RuleError::new(span, "a sequence looks at hits of other rules, not at records");
            self.error(error.hint("put it into one of these rules"));
        }
        if !(2..=MOST_STEPS).contains(&steps.get_ref().len()) {
            let message = format!("a sequence has two rules at least and {MOST_STEPS} at most");
            self.error(RuleError::new(steps.span(), message));
        }
        if rule.within.is_none() {
            self.missing("a sequence needs a window", "add `within = \"1h\"`");
        }
        let mut places = Vec::new();
        for id in steps.get_ref() {
            match find(id) {
                Ok(place) => places.push(place),
                Err(error) => self.error(error),
            }
        }
        Some(LooksFor::Sequence(places))
    }

    fn records(&mut self) -> Option<LooksFor> {
        let rule = self.rule;
        let sources = self.sources();
        let mut conditions = Vec::new();
        for written in &rule.conditions {
            let Some(field) = self.field(&written.get_ref().field, &sources) else { continue };
            let mut errors = Vec::new();
            conditions.extend(condition::conditions(written.get_ref(), written.span(), field, &mut errors));
            self.errors.extend(errors);
        }
        conditions.sort_by_key(Condition::cost);
        let measure = self.measure(&sources);
        if conditions.is_empty() && measure == Measure::Count(1) && self.errors.is_empty() {
            self.missing(
                "the rule fits every record",
                "add `where`, or a count, a sum or a number of values",
            );
        }
        let counts = rule.count.is_some() || rule.distinct.is_some() || rule.sum.is_some();
        if let Some(within) = rule.within.as_ref().filter(|_| !counts) {
            let error = RuleError::new(within.span(), "a window in which nothing is counted");
            self.error(error.hint("add `count = { at_least = 20 }`, `distinct` or `sum`, or leave it out"));
        }
        Some(LooksFor::Records { sources, conditions, measure })
    }

    fn sources(&mut self) -> Vec<Source> {
        let Some(given) = &self.rule.source else {
            self.missing("the rule names no source", "add `source = \"sip\"`, or another of the sources");
            return Vec::new();
        };
        let known: Vec<&str> = SOURCES.iter().map(|source| source.word).collect();
        let mut sources = Vec::new();
        for word in &given.get_ref().0 {
            match Source::of_word(word) {
                Some(source) => sources.push(source),
                None => self.error(RuleError::unknown(given.span(), "source", word, &known)),
            }
        }
        if given.get_ref().0.is_empty() {
            self.error(RuleError::new(given.span(), "the list of sources is empty"));
        }
        sources
    }

    /// Finds a field, and sees to it that the sources can tell it.
    fn field(&mut self, word: &Spanned<String>, sources: &[Source]) -> Option<&'static Field> {
        let Some(field) = Field::of_word(word.get_ref()) else {
            let known: Vec<&str> = FIELDS.iter().map(|field| field.word).collect();
            self.error(RuleError::unknown(word.span(), "field", word.get_ref(), &known));
            return None;
        };
        let is_told = match field.of {
            FieldOf::Every => true,
            FieldOf::Events => !sources.iter().all(|source| source.has_calls_only()),
            FieldOf::Calls => !sources.iter().all(|source| source.has_no_calls()),
        };
        if !is_told && !sources.is_empty() {
            let named: Vec<&str> = sources.iter().map(|source| source.word()).collect();
            let error = RuleError::new(
                word.span(),
                format!("no record of {} tells `{}`", named.join(", "), field.word),
            );
            self.error(error.hint(format!("it is told by {}", field.of.words())));
            return None;
        }
        Some(field)
    }

    /// Returns what is measured; a rule that measures nothing hits from one record on.
    fn measure(&mut self, sources: &[Source]) -> Measure {
        let rule = self.rule;
        let given = [
            rule.count.as_ref().map(Spanned::span),
            rule.distinct.as_ref().map(Spanned::span),
            rule.sum.as_ref().map(Spanned::span),
        ];
        if let Some(second) = given.iter().flatten().nth(1) {
            let error = RuleError::new(second.clone(), "a rule measures one thing");
            self.error(error.hint("make two rules of it: one of count, distinct and sum each"));
        }
        if let Some(count) = &rule.count {
            return Measure::Count(self.at_least(count.get_ref().at_least, count.span(), MOST_AT_LEAST));
        }
        if let Some(distinct) = &rule.distinct {
            let at_least = self.at_least(distinct.get_ref().at_least, distinct.span(), MOST_AT_LEAST);
            if let Some(field) = self.measured(distinct.get_ref(), sources) {
                return Measure::Distinct(field, at_least);
            }
        }
        if let Some(sum) = &rule.sum {
            let at_least = self.at_least(sum.get_ref().at_least, sum.span(), u64::MAX);
            match self.measured(sum.get_ref(), sources) {
                Some(field) if field.kind == FieldKind::Number => return Measure::Sum(field, at_least),
                Some(field) => {
                    let span = sum.get_ref().field.span();
                    let error = RuleError::new(span, format!("`{}` is no number to add up", field.word));
                    self.error(error.hint("add up `seconds` or `duration`"));
                }
                None => {}
            }
        }
        Measure::Count(1)
    }

    fn at_least(&mut self, given: u64, span: std::ops::Range<usize>, most: u64) -> u64 {
        if !(1..=most).contains(&given) {
            let error = RuleError::new(span, format!("`at_least = {given}` cannot be counted"));
            self.error(error.hint(format!("write a number from 1 to {most}")));
        }
        given
    }

    fn measured(&mut self, measured: &Measured, sources: &[Source]) -> Option<&'static Field> {
        let field = self.field(&measured.field, sources)?;
        self.makes_groups(field, &measured.field).then_some(field)
    }

    fn makes_groups(&mut self, field: &Field, written: &Spanned<String>) -> bool {
        if !field.makes_groups() {
            let error =
                RuleError::new(written.span(), format!("`{}` is another in every record", field.word));
            self.error(error.hint("name a field that records share, such as address or account"));
        }
        field.makes_groups()
    }

    fn group_by(&mut self) -> Vec<&'static Field> {
        let sources: Vec<Source> = self
            .rule
            .source
            .iter()
            .flat_map(|given| &given.get_ref().0)
            .filter_map(|w| Source::of_word(w))
            .collect();
        let mut fields = Vec::new();
        if let Some(more) = self.rule.group_by.get(MOST_FIELDS) {
            let message = format!("a rule groups by {MOST_FIELDS} fields at most");
            self.error(RuleError::new(more.span(), message));
        }
        for word in &self.rule.group_by {
            if let Some(field) = self.field(word, &sources)
                && self.makes_groups(field, word)
            {
                fields.push(field);
            }
        }
        fields
    }

    fn within(&mut self) -> Option<i64> {
        let given = self.rule.within.as_ref()?;
        let seconds = span::seconds(given.get_ref());
        if seconds.is_none() {
            let error = RuleError::new(given.span(), format!("`{}` is no span of time", given.get_ref()));
            self.error(error.hint("write 90s, 5m, 1h or 2d; 400d at most"));
        }
        seconds.map(|seconds| seconds.saturating_mul(crate::event::Instant::SECOND))
    }
}
