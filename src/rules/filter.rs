//! Which rules a record fits, by itself: what is asked of it while the evidence is read.
//!
//! Nothing here knows of other records, so that threads and cuts change nothing. Only what fits is kept, with
//! the values that its rules group and measure by.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Rules;
use super::compile::{LooksFor, Rule};
use super::condition::Condition;
use super::fields::{Field, Record, Value};
use super::sources::Source;
use crate::event::{Action, Service};
use crate::readers::{Format, Tells};
use crate::untrusted::Untrusted;

/// Bytes of a value by which groups are told apart.
const LONGEST_VALUE: usize = 128;

/// One rule that a record fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fit {
    /// Which rule.
    pub(super) rule: u16,
    /// The values of the fields that it groups by.
    pub(super) group: Vec<String>,
    /// The value of the field that it measures.
    pub(super) measured: Option<String>,
}

/// Tries the rules on the records of one source.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    rules: Rules,
    format: &'static Format,
    /// For each rule, whether records that it looks at were there.
    there: Vec<bool>,
    /// What looks at records of a part of the server.
    by_service: BTreeMap<Service, Looking>,
}

/// The rules that look at records of a part of the server; nearly always few or none.
#[derive(Clone, Debug, Default)]
struct Looking {
    rules: Vec<u16>,
    /// The actions that any of them leaves, a bit each: most records are passed over by that alone.
    actions: u64,
}

const _: () = assert!(Action::ALL.len() <= u64::BITS as usize, "every action has a bit");

impl Filter {
    /// Builds what tries rules on a source of a format.
    pub(crate) fn new(rules: &Rules, format: &'static Format) -> Self {
        // A dump may hold the tables of any program: where a rule names a part of the server, a record of it counts.
        let is_there = |rule: &Rule| match &rule.looks_for {
            LooksFor::Records { sources, conditions, .. } => {
                sources.iter().any(|source| source.is_there_by(format))
                    && conditions.iter().all(|condition| condition.services().is_none())
            }
            LooksFor::Sequence(_) => false,
        };
        let there = rules.0.iter().map(is_there).collect();
        Filter { rules: rules.clone(), format, there, by_service: BTreeMap::new() }
    }

    /// Returns, for each rule, whether records that it looks at were there.
    pub(crate) fn there(&self) -> &[bool] {
        &self.there
    }

    /// Returns the rules that a record fits, those of records before sequences.
    pub(crate) fn fits(&mut self, record: &Record<'_>) -> Vec<Fit> {
        let service = record.service();
        if !self.by_service.contains_key(&service) {
            self.meets(service, record.is_call());
        }
        let mut fits: Vec<Fit> = Vec::new();
        let is_left = |looking: &&Looking| looking.actions & bit(record.action()) != 0;
        let Some(looking) = self.by_service.get(&service).filter(is_left) else { return fits };
        for &index in &looking.rules {
            let Some(rule) = self.rules.0.get(usize::from(index)) else { continue };
            let LooksFor::Records { conditions, measure, .. } = &rule.looks_for else { continue };
            if conditions.iter().all(|condition| condition.holds(record)) {
                fits.extend(fit(index, rule, measure.field(), record));
            }
        }
        if !fits.is_empty() {
            self.add_sequences(record, &mut fits);
        }
        fits
    }

    /// Finds the rules that look at records of a part of the server, when the first of them is met.
    fn meets(&mut self, service: Service, is_call: bool) {
        let looks_at = |rule: &Rule| match &rule.looks_for {
            LooksFor::Records { sources, conditions, .. } => {
                let is_left = |words: &[String]| words.iter().any(|word| word == service.word());
                sources.iter().any(|source| source.holds(self.format, service, is_call))
                    && conditions.iter().filter_map(Condition::services).all(is_left)
            }
            LooksFor::Sequence(_) => false,
        };
        let mut looking = Looking::default();
        for ((rule, index), there) in self.rules.0.iter().zip(0..).zip(&mut self.there) {
            if looks_at(rule) {
                *there = true;
                looking.actions |= actions_of(rule);
                looking.rules.push(index);
            }
        }
        self.by_service.insert(service, looking);
    }

    fn add_sequences(&self, record: &Record<'_>, fits: &mut Vec<Fit>) {
        let of_records: Vec<usize> = fits.iter().map(|fit| usize::from(fit.rule)).collect();
        for (rule, index) in self.rules.0.iter().zip(0..) {
            if let LooksFor::Sequence(steps) = &rule.looks_for
                && steps.iter().any(|step| of_records.contains(step))
            {
                fits.extend(fit(index, rule, None, record));
            }
        }
    }
}

fn bit(action: Action) -> u64 {
    1 << action as u32
}

/// Returns the actions that a rule leaves, a bit each.
fn actions_of(rule: &Rule) -> u64 {
    let LooksFor::Records { conditions, .. } = &rule.looks_for else { return 0 };
    let is_left = |action: &&Action| {
        let mut left = conditions.iter().filter_map(Condition::actions);
        left.all(|words| words.iter().any(|word| word == action.word()))
    };
    Action::ALL.iter().filter(is_left).fold(0, |all, action| all | bit(*action))
}

/// Takes what a rule needs to know of a record; nothing where the record does not say whom it is about.
fn fit(rule_at: u16, rule: &Rule, measured: Option<&'static Field>, record: &Record<'_>) -> Option<Fit> {
    let value = |field: &Field| record.value(field).map(shown);
    let group = rule.group_by.iter().map(|field| value(field)).collect::<Option<_>>()?;
    let measured = match measured {
        Some(field) => Some(value(field)?),
        None => None,
    };
    Some(Fit { rule: rule_at, group, measured })
}

fn shown(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => {
            let cut = text.get(..LONGEST_VALUE).unwrap_or(text);
            Untrusted::from_bytes(cut).raw().to_owned()
        }
        Value::Address(address) => IpAddr::to_string(&address),
        Value::Number(number) => number.to_string(),
        Value::Second(second) => second.to_string(),
    }
}

impl Rules {
    /// Returns whether a rule may fit records that a sparse reading of Asterisk's log leaves out: all steps of
    /// the dialplan but the first of each call, and the ends of calls.
    pub(crate) fn need_every_step(&self) -> bool {
        self.0.iter().any(|rule| match &rule.looks_for {
            LooksFor::Records { sources, conditions, .. } => {
                let left_out = [Action::Dialplan.word(), Action::HungUp.word()];
                let may_be = |actions: &[String]| actions.iter().any(|one| left_out.contains(&one.as_str()));
                sources.iter().any(|source| has_steps(*source))
                    && conditions.iter().filter_map(|condition| condition.actions()).all(may_be)
            }
            LooksFor::Sequence(_) => false,
        })
    }
}

/// Returns whether steps of Asterisk's dialplan may be among the records of a source.
fn has_steps(source: Source) -> bool {
    match source {
        Source::Any | Source::Part(Service::Core) => true,
        Source::Part(_) | Source::Calls => false,
        Source::Format(format) => matches!(format.tells, Tells::Server | Tells::Host),
    }
}
