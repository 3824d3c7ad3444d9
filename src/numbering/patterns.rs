//! The patterns of the tables, made ready: a prefix that may be of several lengths, a short number.

use std::sync::OnceLock;

use regex::Regex;

/// No prefix of any plan is longer: `14560011` is Australia's longest.
const LONGEST_PREFIX: usize = 9;

/// What stands before a number.
#[derive(Clone, Debug)]
pub(super) enum Prefix {
    /// Nothing does.
    None,
    /// These digits, in most countries.
    Digits(&'static str),
    /// One of several.
    Pattern(Regex),
}

impl Prefix {
    pub(super) fn new(pattern: &'static str) -> Prefix {
        if pattern.is_empty() {
            Prefix::None
        } else if pattern.bytes().all(|byte| byte.is_ascii_digit()) {
            Prefix::Digits(pattern)
        } else {
            whole(pattern).map_or(Prefix::None, Prefix::Pattern)
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Prefix::None)
    }

    /// Gives every way to part `digits` into the prefix and the rest, the longest prefix first.
    pub(super) fn splits<'d>(&self, digits: &'d str) -> Vec<(&'d str, &'d str)> {
        match self {
            Prefix::None => Vec::new(),
            Prefix::Digits(prefix) => digits
                .strip_prefix(prefix)
                .map(|rest| (digits.get(..prefix.len()).unwrap_or_default(), rest))
                .into_iter()
                .collect(),
            Prefix::Pattern(pattern) => (1..=LONGEST_PREFIX.min(digits.len()))
                .rev()
                .filter_map(|length| digits.split_at_checked(length))
                .filter(|(prefix, _)| pattern.is_match(prefix))
                .collect(),
        }
    }
}

/// A pattern of whole texts, made ready when it is asked for first: for most countries that is never.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole {
    pattern: &'static str,
    ready: OnceLock<Option<Regex>>,
}

impl Whole {
    /// Takes a pattern; nothing fits an empty one.
    pub(super) fn new(pattern: &'static str) -> Whole {
        Whole { pattern, ready: OnceLock::new() }
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        let ready = || Some(self.pattern).filter(|pattern| !pattern.is_empty()).and_then(whole);
        self.ready.get_or_init(ready).as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

/// Returns a pattern that matches a whole text only.
fn whole(pattern: &str) -> Option<Regex> {
    // The pattern between the ends of the text, of digits.
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbering::plan;

    #[test]
    fn every_pattern_of_the_tables_compiles() {
        for region in &plan().regions {
            for pattern in [region.international, region.trunk, region.emergency] {
                assert!(pattern.is_empty() || whole(pattern).is_some(), "{} {pattern}", region.code);
            }
        }
    }

    #[test]
    fn a_prefix_of_several_lengths_is_tried_at_each() {
        let hong_kong = Prefix::new("00(?:30|5[09]|[126-9]?)");
        assert_eq!(hong_kong.splits("00112125550100"), [("001", "12125550100"), ("00", "112125550100")]);
        assert_eq!(Prefix::new("011").splits("0115"), [("011", "5")]);
        assert!(Prefix::new("").splits("011").is_empty());
    }
}
