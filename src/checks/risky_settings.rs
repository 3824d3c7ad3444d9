//! Settings that let an intruder in, help him or hide him; each rule of the table is a check of its own.
//!
//! A setting that is not there counts by what the program then does, where its version decides by the version that
//! its log tells. A file that is not there is not checked: nothing is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Show;
use crate::pbx::settings::{Held, Rule, Version};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof};
use crate::untrusted::{Untrusted, visible};

/// Lines shown of settings that many sections share.
const MOST_PROOFS: usize = 4;
/// Sections named one by one.
const MOST_NAMED: usize = 5;

/// Yields one finding for each rule that something held breaks.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let version = version(world);
    let mut broken: BTreeMap<usize, Vec<&Held>> = BTreeMap::new();
    let rules = crate::pbx::settings::rules();
    for held in &world.pbx.settings.held {
        let is_bad = match &held.value {
            Some(value) => held.rule.is_bad(value),
            None => held.rule.is_absence_bad(version) == Some(true),
        };
        let number = rules.iter().position(|rule| std::ptr::eq(rule, held.rule));
        if let Some(number) = number.filter(|_| is_bad) {
            broken.entry(number).or_default().push(held);
        }
    }
    broken.into_values().filter_map(|held| finding(&held, incidents, show)).collect()
}

/// Returns the version of Asterisk that a log tells.
fn version(world: &World<'_>) -> Option<Version> {
    let told = world.told.iter().filter_map(|told| told.ledger.version.as_deref());
    told.map(String::from_utf8_lossy)
        .find(|text| text.contains("Asterisk"))
        .and_then(|text| Version::find(&text))
}

fn finding(held: &[&Held], incidents: &[Incident], show: &Show<'_>) -> Option<Finding> {
    let first = held.first()?;
    let rule = first.rule;
    let evidence: Vec<Proof> = held.iter().filter_map(|held| show(&held.cited)).take(MOST_PROOFS).collect();
    let said = match &first.value {
        Some(value) => format!("`{}` is {}", rule.key, visible(value)),
        None => {
            format!("`{}` is not set, which means {}", rule.key, rule.absent.as_deref().unwrap_or_default())
        }
    };
    let subjects: BTreeSet<&str> = held.iter().map(|held| held.subject.as_str()).collect();
    let whose = if held.len() > 1 { format!(" for {}", named(&subjects)) } else { String::new() };
    Some(Finding {
        id: &rule.id,
        severity: rule.severity,
        subject: Untrusted::from(subject(held, &evidence).as_str()),
        title: rule.title.clone(),
        detail: format!("{said}{whose}. {}{}", rule.why, bearing(rule, incidents)),
        remedy: rule.remedy.clone(),
        attack: rule.attack.iter().map(String::as_str).collect(),
        evidence,
    })
}

/// What a finding is about: the section where it is one account's, else the file.
fn subject(held: &[&Held], evidence: &[Proof]) -> String {
    let path = evidence.first().map(|proof| proof.path.clone()).unwrap_or_default();
    match held {
        [one] if !matches!(one.subject.to_ascii_lowercase().as_str(), "general" | "options") => {
            format!("{} ({path})", one.subject)
        }
        _ => path,
    }
}

/// Names sections; one that stands in several files is one.
fn named(subjects: &BTreeSet<&str>) -> String {
    let names: Vec<String> = subjects.iter().take(MOST_NAMED).map(|subject| visible(subject)).collect();
    match subjects.len().saturating_sub(MOST_NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Says which intrusion a setting has to do with.
fn bearing(rule: &Rule, incidents: &[Incident]) -> String {
    let helped = incidents.iter().enumerate().filter_map(|(number, incident)| {
        let vector = incident.ways.first()?.vector.word();
        rule.bears_on.iter().any(|word| word == vector).then(|| format!("incident-{} ({vector})", number + 1))
    });
    let helped: Vec<String> = helped.take(MOST_NAMED).collect();
    if helped.is_empty() { String::new() } else { format!(" It bears on {}.", helped.join(", ")) }
}
