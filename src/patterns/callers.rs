//! The caller's number that calls present: many different ones from one account are not its own.
//!
//! A stolen trunk serves to call as somebody's bank. An extension's own number and its company's are two;
//! a switchboard that forwards calls presents those of its callers, so this is a notice and no more.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation};
use super::{Calls, OutCall, Thresholds};

/// From so many different numbers on.
const LEAST: usize = 4;
/// Numbers named.
const MOST_NAMED: usize = 5;
/// Accounts told of.
const MOST_TOLD: usize = 20;

pub(super) fn look(calls: &Calls, _: &Thresholds) -> Vec<Observation> {
    let mut presented: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for call in calls.list.iter().filter(|call| call.caller != u32::MAX) {
        presented.entry(call.account).or_default().insert(call.caller);
    }
    let many = presented.into_iter().filter(|(_, numbers)| numbers.len() >= LEAST).take(MOST_TOLD);
    let told = many.filter_map(|(account, numbers)| {
        let these: Vec<&OutCall> = calls.list.iter().filter(|call| call.account == account).collect();
        let named: Vec<String> = numbers
            .iter()
            .take(MOST_NAMED)
            .filter_map(|number| calls.callers.get(*number as usize))
            .map(|number| crate::untrusted::visible(number))
            .collect();
        let more = if numbers.len() > named.len() { " and more" } else { "" };
        let what =
            format!("{} different numbers shown as the caller's: {}{more}", numbers.len(), named.join(", "));
        let name = calls.account(these.first()?);
        Some(Observation::of(
            "callers-presented",
            Level::Notice,
            name,
            what,
            format!("from {LEAST} on"),
            these,
        ))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::super::call;
    use super::*;

    #[test]
    fn many_callers_of_one_account() {
        let list: Vec<OutCall> =
            (0..6).map(|at| OutCall { caller: at, ..call(i64::from(at), 9, 0, 1) }).collect();
        let callers = (0..6).map(|at| format!("555010{at}")).collect();
        let calls = Calls { list, callers, accounts: vec!["300".to_owned()], ..Calls::default() };
        let told = look(&calls, &Thresholds::default());
        assert_eq!(
            told[0].what,
            "6 different numbers shown as the caller's: 5550100, 5550101, 5550102, 5550103, 5550104 and more"
        );
        let few = Calls { list: calls.list[..3].to_vec(), ..calls };
        assert!(look(&few, &Thresholds::default()).is_empty());
    }
}
