//! By which digits a call that is up is told to be one of the fraud: the numbers that it went to.
//!
//! A fraud goes on within the ranges that it began with: a number abroad stands for its neighbours too, unless an
//! honest call went to one of them. What was dialled differs in its prefixes, so that only the digits of the number
//! itself are kept; those of one's own country stand whole, without the country's code, which nobody dials there.

use std::collections::BTreeSet;

use super::Case;
use crate::contain::Plan;
use crate::contain::words::Digits;
use crate::numbering::{self, Confidence};
use crate::report::model::{FraudCall, Report, Vector};

/// Digits that are listed; the list of channels is searched for each.
const MOST_LISTED: usize = 400;
/// Fewer digits are found in anything.
const LEAST_DIGITS: usize = 7;
/// No number has more (ITU-T E.164).
const MOST_DIGITS: usize = 15;
/// Digits before a number that are passed over to read it.
const MOST_BEFORE: usize = 3;
/// The last digits of a number abroad, which differ from neighbour to neighbour.
const LAST_DIGITS: usize = 4;
/// Honest numbers that are compared.
const MOST_HONEST: usize = 5_000;

/// Fills in the digits.
pub(super) fn fill(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let sure = report
        .incidents
        .iter()
        .filter(|incident| !incident.cannot_tell && incident.entry.vector != Vector::TrunkCredential);
    let calls: Vec<&FraudCall> = sure.flat_map(|incident| &incident.calls).collect();
    let honest = honest(case, report);
    let marks: BTreeSet<String> = calls.iter().filter_map(|call| mark(case, call, &honest)).collect();
    // What holds another is found by that one.
    let is_covered = |mark: &String| marks.iter().any(|other| other != mark && mark.contains(other.as_str()));
    let listed: Vec<Digits> =
        marks.iter().filter(|mark| !is_covered(mark)).filter_map(|mark| Digits::new(mark)).collect();
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

/// Returns the digits by which calls like this one are told, if it has any that were dialled.
fn mark(case: &Case<'_>, call: &FraudCall, honest: &BTreeSet<String>) -> Option<String> {
    let home = case.numbers.site.home().map_or("", |home| home.country_code);
    let dialed = digits(call.dialed.raw());
    let number = number(case, call, &dialed).unwrap_or_default();
    let at_home = number.strip_prefix(home).filter(|_| !home.is_empty());
    let own = at_home.unwrap_or(&number);
    // A number that was not dialled so (a forward, a menu) is told by what was.
    let is_dialed = !own.is_empty() && dialed.contains(own);
    let whole = if is_dialed { own } else { dialed.get(dialed.len().saturating_sub(MOST_DIGITS)..)? };
    if whole.len() < LEAST_DIGITS {
        return None;
    }
    let range = whole.get(..whole.len().saturating_sub(LAST_DIGITS).max(LEAST_DIGITS))?;
    let is_range = is_dialed && at_home.is_none() && !honest.iter().any(|honest| honest.contains(range));
    Some(if is_range { range } else { whole }.to_owned())
}

/// Returns what honest calls dialled.
fn honest(case: &Case<'_>, report: &Report) -> BTreeSet<String> {
    let world = case.world;
    let blamed: BTreeSet<&str> =
        report.incidents.iter().flat_map(|incident| &incident.calls).map(|call| call.dialed.raw()).collect();
    let outward = world.calls.iter().filter(|call| call.is_outward && !call.from_trunk);
    let dialed = outward.filter_map(|call| std::str::from_utf8(world.dialed(call)).ok());
    dialed.filter(|dialed| !blamed.contains(dialed)).map(digits).take(MOST_HONEST).collect()
}
