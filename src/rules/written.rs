//! Rules as they stand in a playbook: `[step.check.match]` and `[[step.check.sample]]`.
//!
//! Everything keeps its place in the file, so that a mistake can be pointed at. Keys that are not known are
//! refused; what is left to find out about the values is the work of [`super::compile`].

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// What a rule looks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// What the records are of; see [`super::SOURCES`].
    pub source: Option<Spanned<OneOrMore>>,
    /// What must hold of a record, all of it.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Spanned<Condition>>,
    /// Fields of which every set of values is looked at by itself.
    #[serde(default)]
    pub group_by: Vec<Spanned<String>>,
    /// The span of time that must hold what is counted: `90s`, `5m`, `1h`, `2d`.
    pub within: Option<Spanned<String>>,
    /// How many records.
    pub count: Option<Spanned<Count>>,
    /// How many values of a field.
    pub distinct: Option<Spanned<Measured>>,
    /// The sum of a field.
    pub sum: Option<Spanned<Measured>>,
    /// Ids of rules that must hit in this order.
    pub sequence: Option<Spanned<Vec<Spanned<String>>>>,
    /// Is it but a step of sequences, of which nothing is told by itself?
    #[serde(default)]
    pub step_only: bool,
}

/// What must hold of one field.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field; see [`super::FIELDS`].
    pub field: Spanned<String>,
    /// It is that.
    pub eq: Option<Spanned<OneOrMore>>,
    /// It is one of these.
    pub any: Option<Spanned<OneOrMore>>,
    /// That stands in it.
    pub contains: Option<Spanned<OneOrMore>>,
    /// It begins so.
    pub starts: Option<Spanned<OneOrMore>>,
    /// It ends so.
    pub ends: Option<Spanned<OneOrMore>>,
    /// It fits this expression of the `regex` crate.
    pub regex: Option<Spanned<OneOrMore>>,
    /// It lies in this network.
    pub cidr: Option<Spanned<OneOrMore>>,
    /// It is not that.
    pub not_eq: Option<Spanned<OneOrMore>>,
    /// It is none of these.
    pub not_any: Option<Spanned<OneOrMore>>,
    /// None of that stands in it.
    pub not_contains: Option<Spanned<OneOrMore>>,
    /// It does not begin so.
    pub not_starts: Option<Spanned<OneOrMore>>,
    /// It does not end so.
    pub not_ends: Option<Spanned<OneOrMore>>,
    /// It fits no such expression.
    pub not_regex: Option<Spanned<OneOrMore>>,
    /// It lies in no such network.
    pub not_cidr: Option<Spanned<OneOrMore>>,
    /// It is a larger number.
    pub above: Option<Spanned<u64>>,
    /// It is a smaller number.
    pub below: Option<Spanned<u64>>,
    /// It is a time outside these hours of the source's own clock: `07:00-19:00`.
    pub outside_hours: Option<Spanned<String>>,
    /// Does the record tell it at all? All other conditions hold only for what is told.
    pub told: Option<bool>,
}

/// How many records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// From so many on.
    pub at_least: u64,
}

/// How many values of a field, or how much of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The field.
    pub field: Spanned<String>,
    /// From so many on.
    pub at_least: u64,
}

/// Records that a rule is tried on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What should come of it.
    pub expect: Spanned<Expect>,
    /// The records, as they stand in a file; `{year}` and its like are filled in, see [`super::filled`].
    pub line: Option<Spanned<String>>,
    /// A file that holds them, beside the playbook.
    pub file: Option<Spanned<String>>,
    /// The name under which the records lie, for a kind that is told by its path.
    pub path: Option<String>,
    /// How many times the line follows itself.
    pub repeat: Option<Spanned<u64>>,
    /// The time between them: `3s`.
    pub every: Option<Spanned<String>>,
}

/// What should come of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// The rule hits.
    Hit,
    /// The rule does not hit.
    Miss,
}

impl Expect {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Expect::Hit => "hit",
            Expect::Miss => "miss",
        }
    }
}

/// One value or a list of values: texts, or whole numbers as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMore(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

/// Takes a text, a whole number or a list of them; serde's own untagged forms would not say what is wrong.
struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a whole number, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![text.to_owned()]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![number.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
        let mut all = Vec::new();
        while let Some(OneOrMore(one)) = list.next_element()? {
            all.extend(one);
        }
        Ok(OneOrMore(all))
    }
}
