//! By which digits a call that is up is told to be one of the fraud: the numbers that it went to.
//!
//! A fraud goes on within the ranges that it began with: a number abroad stands for its neighbours too, unless an
//! honest call went to one of them; those of one's own country stand whole. A number is told as a whole, with what is
//! dialled before it here: a form that the site reads as somebody else's number is left out, so that no honest call
//! ends for digits that it has in common with a number of the fraud.

use std::collections::BTreeSet;

use super::Case;
use super::outbound::international;
use crate::contain::Plan;
use crate::contain::words::NumberForm;
use crate::numbering::{self, Confidence};
use crate::report::model::{FraudCall, Report, Vector};

/// Forms that are listed, of all numbers.
const MOST_LISTED: usize = 2_000;
/// A number of fewer digits is an extension's, or one of the same town.
const LEAST_DIGITS: usize = 7;
/// What calls of the fraud had dialled before the number: kinds that are tried with the other numbers, and digits.
const MOST_PREFIXES: usize = 16;
const LONGEST_PREFIX: usize = 6;
/// Digits before a number that are passed over to read it.
const MOST_BEFORE: usize = 3;
/// The last digits of a number abroad, which differ from neighbour to neighbour.
const LAST_DIGITS: usize = 4;
/// Honest numbers that are compared.
const MOST_HONEST: usize = 5_000;

/// Fills in the forms.
pub(super) fn fill(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let sure = report
        .incidents
        .iter()
        .filter(|incident| !incident.cannot_tell && incident.entry.vector != Vector::TrunkCredential);
    let calls = sure.flat_map(|incident| &incident.calls);
    let called: Vec<Called> = calls.filter_map(|call| called(case, call)).collect();
    let honest = honest(case, report);
    let prefixes = prefixes(case, &called);
    let forms: BTreeSet<String> =
        called.iter().flat_map(|called| forms(case, called, &prefixes, &honest)).collect();
    let listed: Vec<NumberForm> = forms.iter().filter_map(|form| NumberForm::new(form)).collect();
    plan.numbers_left_out = listed.len().saturating_sub(MOST_LISTED);
    plan.numbers = listed.into_iter().take(MOST_LISTED).collect();
}

/// Returns the digits of a text.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Returns the number that was dialled, without a plus, where it can be read; digits that no site's habits explain may
/// stand before it, such as those of a pattern that the intruder wrote himself.
fn number(case: &Case<'_>, call: &FraudCall, dialed: &str) -> Option<String> {
    if let Some(e164) = call.e164.as_deref() {
        return Some(digits(e164));
    }
    let read = |skip: usize| {
        let reading = numbering::read(&case.numbers.site, dialed.get(skip..)?.as_bytes());
        reading.e164.filter(|_| reading.confidence <= Confidence::High)
    };
    (1..=MOST_BEFORE).find_map(read).map(|e164| digits(&e164))
}

/// A number that a call of the fraud went to, in its parts.
struct Called {
    /// What was dialled before it.
    prefix: String,
    /// The number as it is dialled behind a prefix: without the country's code where that is one's own.
    own: String,
    /// The number with its country's code; empty where what was dialled is not read as one.
    number: String,
    /// Is it one of one's own country?
    is_at_home: bool,
}

/// Returns what a call dialled, in its parts.
fn called(case: &Case<'_>, call: &FraudCall) -> Option<Called> {
    let home = case.numbers.site.home().map_or("", |home| home.country_code);
    let dialed = digits(call.dialed.raw());
    let number = number(case, call, &dialed).unwrap_or_default();
    let at_home = number.strip_prefix(home).filter(|_| !home.is_empty());
    let own = at_home.unwrap_or(&number).to_owned();
    // A number that was not dialled so (a forward, a menu) is told by what was.
    let called = match dialed.strip_suffix(own.as_str()).filter(|_| !own.is_empty()) {
        Some(prefix) => Called { prefix: prefix.to_owned(), is_at_home: at_home.is_some(), own, number },
        None => {
            Called { prefix: String::new(), is_at_home: true, own: dialed.clone(), number: String::new() }
        }
    };
    (called.own.len() >= LEAST_DIGITS).then_some(called)
}

/// Returns what may stand before a number: nothing, what this fraud dialled, and what the site dials abroad.
fn prefixes(case: &Case<'_>, called: &[Called]) -> BTreeSet<String> {
    let site = &case.numbers.site;
    let seen: BTreeSet<&String> =
        called.iter().map(|called| &called.prefix).filter(|prefix| prefix.len() <= LONGEST_PREFIX).collect();
    let abroad = international(site);
    let lines = || std::iter::once("").chain(site.outside().iter().map(String::as_str));
    let usual = lines().flat_map(|line| abroad.iter().map(move |prefix| format!("{line}{prefix}")));
    let bare = lines().map(str::to_owned);
    seen.into_iter().take(MOST_PREFIXES).cloned().chain(usual).chain(bare).collect()
}

/// Returns the forms in which calls to a number, or to one of its range, show it.
fn forms(
    case: &Case<'_>,
    called: &Called,
    prefixes: &BTreeSet<String>,
    honest: &BTreeSet<String>,
) -> Vec<String> {
    let own = called.own.as_str();
    let head = own.get(..own.len().saturating_sub(LAST_DIGITS).max(LEAST_DIGITS)).unwrap_or(own);
    let is_range = !called.is_at_home && !honest.iter().any(|honest| honest.contains(head));
    let shown =
        if is_range { format!("{head}{}", ".".repeat(own.len() - head.len())) } else { own.to_owned() };
    let fits = |prefix: &&String| **prefix == called.prefix || is_read_so(case, prefix, called);
    let others = prefixes.iter().filter(fits).map(|prefix| format!("{prefix}{shown}"));
    std::iter::once(format!("{}{shown}", called.prefix)).chain(others).collect()
}

/// Returns whether digits with a prefix are this number and nobody else's, as the site dials. A trunk shows the bare
/// number, which nobody need be able to dial: it only must not be another's.
fn is_read_so(case: &Case<'_>, prefix: &str, called: &Called) -> bool {
    let site = &case.numbers.site;
    if called.number.is_empty() || site.home().is_none() {
        return false;
    }
    let reading = numbering::read(site, format!("{prefix}{}", called.own).as_bytes());
    match reading.e164.as_deref().map(digits) {
        Some(read) => read == called.number,
        None => prefix.is_empty(),
    }
}

/// Returns what honest calls dialled.
fn honest(case: &Case<'_>, report: &Report) -> BTreeSet<String> {
    let world = case.world;
    let blamed: BTreeSet<&str> =
        report.incidents.iter().flat_map(|incident| &incident.calls).map(|call| call.dialed.raw()).collect();
    let outward = world.calls.iter().filter(|call| call.is_outward() && !call.from_trunk());
    let dialed = outward.filter_map(|call| std::str::from_utf8(world.dialed(call)).ok());
    dialed.filter(|dialed| !blamed.contains(dialed)).map(digits).take(MOST_HONEST).collect()
}
