//! Firsts: a country, an hour, a network that was never seen before on this account or this phone system.
//!
//! Evidence begins somewhere: what happens in its first days is always new, and is not told.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation};
use super::{Calls, OutCall, Thresholds};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Seconds of calls that must lie before a first.
const LEAST_HISTORY: i64 = 3 * DAY;
/// Firsts of each kind.
const MOST_TOLD: usize = 20;

pub(super) fn look(calls: &Calls, _: &Thresholds) -> Vec<Observation> {
    let mut all = places(calls);
    all.extend(of_accounts(
        calls,
        "first-hour",
        |call| Some(call.local.rem_euclid(DAY) / HOUR),
        |hour, _| format!("first calls between {hour} and {} o'clock, site time", hour + 1),
    ));
    all.extend(of_accounts(
        calls,
        "first-network",
        |call| (call.network != u32::MAX).then_some(i64::from(call.network)),
        |network, calls| {
            let name = usize::try_from(network).ok().and_then(|network| calls.networks.get(network));
            format!("first calls from {}", name.map_or("a network not known", String::as_str))
        },
    ));
    all
}

fn threshold() -> String {
    format!("not seen before in the evidence, which goes back {} days or more", LEAST_HISTORY / DAY)
}

/// Countries never called before, on the whole system; else on the account.
fn places(calls: &Calls) -> Vec<Observation> {
    let Some(begin) = calls.list.first().map(|call| call.start) else { return Vec::new() };
    let mut by_place: BTreeMap<u16, Vec<&OutCall>> = BTreeMap::new();
    let mut by_account: BTreeMap<(u16, u32), Vec<&OutCall>> = BTreeMap::new();
    for call in calls.list.iter().filter(|call| call.is_costly) {
        by_place.entry(call.place).or_default().push(call);
        by_account.entry((call.place, call.account)).or_default().push(call);
    }
    let is_first =
        |these: &[&OutCall]| these.first().is_some_and(|first| first.start - begin >= LEAST_HISTORY);
    by_place.retain(|_, these| is_first(these));
    by_account.retain(|(place, _), these| is_first(these) && !by_place.contains_key(place));
    let whole = by_place.into_values().filter_map(|these| {
        let first = these.first()?;
        let what =
            format!("first calls of the phone system to {}, {} in all", calls.place(first), these.len());
        let account = calls.account(first);
        Some(Observation::of("first-country", Level::Warning, account, what, threshold(), these))
    });
    let own = by_account.into_values().filter_map(|these| {
        let first = these.first()?;
        let what = format!("first calls of this account to {}, {} in all", calls.place(first), these.len());
        let account = calls.account(first);
        Some(Observation::of("first-country-of-account", Level::Notice, account, what, threshold(), these))
    });
    whole.take(MOST_TOLD).chain(own.take(MOST_TOLD)).collect()
}

/// What an account never did before, with the costly calls that then did it.
fn of_accounts(
    calls: &Calls,
    id: &'static str,
    key: impl Fn(&OutCall) -> Option<i64>,
    words: impl Fn(i64, &Calls) -> String,
) -> Vec<Observation> {
    let mut begin: BTreeMap<u32, i64> = BTreeMap::new();
    let mut known: BTreeSet<(u32, i64)> = BTreeSet::new();
    let mut news: BTreeMap<(u32, i64), Vec<&OutCall>> = BTreeMap::new();
    for call in &calls.list {
        let Some(value) = key(call) else { continue };
        let first = *begin.entry(call.account).or_insert(call.start);
        let is_new = known.insert((call.account, value));
        if is_new && call.start - first >= LEAST_HISTORY {
            news.insert((call.account, value), Vec::new());
        }
        if let Some(these) = news.get_mut(&(call.account, value))
            && call.is_costly
            && these.first().is_none_or(|first: &&OutCall| call.start - first.start < DAY)
        {
            these.push(call);
        }
    }
    let told = news.into_iter().filter_map(|((_, value), these)| {
        let account = calls.account(these.first()?);
        let what = format!("{}, {} of them costly on that day", words(value, calls), these.len());
        Some(Observation::of(id, Level::Notice, account, what, threshold(), these))
    });
    told.take(MOST_TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::super::call;
    use super::*;

    #[test]
    fn what_was_never_seen_before_is_told() {
        let at = |day: i64, hour: i64| day * DAY + hour * HOUR;
        let mut list: Vec<OutCall> =
            (0..6).map(|day| OutCall { place: 0, network: 0, ..call(at(day, 10), 60, 0, 1) }).collect();
        list.push(OutCall { place: 1, network: 1, ..call(at(6, 3), 60, 0, 2) });
        list.push(OutCall { place: 0, ..call(at(6, 10), 60, 1, 1) });
        let calls = Calls {
            list,
            accounts: vec!["300".to_owned(), "301".to_owned()],
            places: vec!["France", "Somalia"],
            networks: vec!["198.51.100.0/24".to_owned(), "203.0.113.0/24".to_owned()],
            ..Calls::default()
        };
        let told: Vec<(&str, String)> =
            look(&calls, &Thresholds::default()).into_iter().map(|one| (one.id, one.what)).collect();
        let expected = [
            ("first-country", "first calls of the phone system to Somalia, 1 in all"),
            ("first-country-of-account", "first calls of this account to France, 1 in all"),
            ("first-hour", "first calls between 3 and 4 o'clock, site time, 1 of them costly on that day"),
            ("first-network", "first calls from 203.0.113.0/24, 1 of them costly on that day"),
        ];
        assert_eq!(told, expected.map(|(id, what)| (id, what.to_owned())));
        let fresh = Calls { list: calls.list[6..].to_vec(), ..calls };
        assert!(look(&fresh, &Thresholds::default()).is_empty(), "all is new when evidence begins");
    }
}
