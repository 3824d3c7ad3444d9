//! The caller's number that calls present: many different ones from one account are not its own.
//!
//! A stolen trunk serves to call as somebody's bank. An extension's own number and its company's are two;
//! a switchboard that forwards calls presents those of its callers, so this is a notice and no more.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pattern};

/// From so many different numbers on.
const LEAST: usize = 4;
/// Numbers named.
const MOST_NAMED: usize = 5;
/// Accounts told of.
const MOST_TOLD: usize = 20;

/// The numbers that each account presented, with its calls.
#[derive(Default)]
pub(super) struct Presented {
    accounts: BTreeMap<u32, (BTreeSet<u32>, Shown)>,
}

impl Pattern for Presented {
    fn take(&mut self, call: &OutCall) {
        let (numbers, shown) = self.accounts.entry(call.account).or_default();
        shown.add(call);
        if call.caller != u32::MAX {
            numbers.insert(call.caller);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let many = self.accounts.values().filter(|(numbers, _)| numbers.len() >= LEAST).take(MOST_TOLD);
        let told = many.filter_map(|(numbers, shown)| {
            let named: Vec<String> = numbers
                .iter()
                .take(MOST_NAMED)
                .filter_map(|number| names.callers.get(*number as usize))
                .map(|number| crate::untrusted::visible(number))
                .collect();
            let more = if numbers.len() > named.len() { " and more" } else { "" };
            let (count, named) = (numbers.len(), named.join(", "));
            let what = format!("{count} different numbers shown as the caller's: {named}{more}");
            let threshold = format!("from {LEAST} on");
            let account = names.account(shown.first.as_ref()?);
            Some(Observation::of("callers-presented", Level::Notice, account, what, threshold, shown))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Made, call, told};
    use super::*;

    #[test]
    fn many_callers_of_one_account() {
        let list: Vec<OutCall> =
            (0..6).map(|at| OutCall { caller: at, ..call(i64::from(at), 9, 0, 1) }).collect();
        let callers = (0..6).map(|at| format!("555010{at}")).collect();
        let names = Names { callers, accounts: vec!["300".to_owned()], ..Names::default() };
        let look = |made: &Made| told(vec![Box::new(Presented::default())], made);
        let made = Made { list, names };
        assert_eq!(
            look(&made)[0].what,
            "6 different numbers shown as the caller's: 5550100, 5550101, 5550102, 5550103, 5550104 and more"
        );
        let few = Made { list: made.list[..3].to_vec(), ..made };
        assert!(look(&few).is_empty());
    }
}
