//! Firsts: a country, an hour, a network that was never seen before on this account or this phone system.
//!
//! Evidence begins somewhere: what happens in its first days is always new, and is not told.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Level, Observation, Shown};
use super::{Names, OutCall, Pattern};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Seconds of calls that must lie before a first.
const LEAST_HISTORY: i64 = 3 * DAY;
/// Firsts of each kind.
const MOST_TOLD: usize = 20;

pub(super) fn patterns<'t>() -> Vec<Box<dyn Pattern + 't>> {
    vec![
        Box::new(Places::default()),
        Box::new(OfAccounts::new(
            "first-hour",
            |call| Some(call.local.rem_euclid(DAY) / HOUR),
            |hour, _| format!("first calls between {hour} and {} o'clock, site time", hour + 1),
        )),
        Box::new(OfAccounts::new(
            "first-network",
            |call| (call.network != u32::MAX).then_some(i64::from(call.network)),
            |network, names| {
                let name = usize::try_from(network).ok().and_then(|network| names.networks.get(network));
                format!("first calls from {}", name.map_or("a network not known", String::as_str))
            },
        )),
    ]
}

fn threshold() -> String {
    format!("not seen before in the evidence, which goes back {} days or more", LEAST_HISTORY / DAY)
}

/// Countries never called before, on the whole system; else on the account.
#[derive(Default)]
struct Places {
    begin: Option<i64>,
    by_place: BTreeMap<u16, Shown>,
    by_account: BTreeMap<(u16, u32), Shown>,
}

impl Pattern for Places {
    fn take(&mut self, call: &OutCall) {
        self.begin.get_or_insert(call.start);
        if call.is_costly {
            self.by_place.entry(call.place).or_default().add(call);
            self.by_account.entry((call.place, call.account)).or_default().add(call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let Some(begin) = self.begin else { return Vec::new() };
        let is_first = |these: &Shown| these.first.is_some_and(|first| first.start - begin >= LEAST_HISTORY);
        let whole = self.by_place.values().filter(|these| is_first(these)).filter_map(|these| {
            let first = these.first.as_ref()?;
            let (place, count) = (names.place(first), these.count);
            let what = format!("first calls of the phone system to {place}, {count} in all");
            let account = names.account(first);
            Some(Observation::of("first-country", Level::Warning, account, what, threshold(), these))
        });
        let is_own = |place: &u16| !self.by_place.get(place).is_some_and(is_first);
        let own = self.by_account.iter().filter(|((place, _), these)| is_first(these) && is_own(place));
        let own = own.filter_map(|(_, these)| {
            let first = these.first.as_ref()?;
            let (place, count) = (names.place(first), these.count);
            let what = format!("first calls of this account to {place}, {count} in all");
            let (id, account) = ("first-country-of-account", names.account(first));
            Some(Observation::of(id, Level::Notice, account, what, threshold(), these))
        });
        whole.take(MOST_TOLD).chain(own.take(MOST_TOLD)).collect()
    }
}

/// What an account never did before, with the costly calls that then did it.
struct OfAccounts {
    id: &'static str,
    key: fn(&OutCall) -> Option<i64>,
    words: fn(i64, &Names) -> String,
    begin: BTreeMap<u32, i64>,
    known: BTreeSet<(u32, i64)>,
    news: BTreeMap<(u32, i64), Shown>,
}

impl OfAccounts {
    fn new(id: &'static str, key: fn(&OutCall) -> Option<i64>, words: fn(i64, &Names) -> String) -> Self {
        let (begin, known, news) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        OfAccounts { id, key, words, begin, known, news }
    }
}

impl Pattern for OfAccounts {
    fn take(&mut self, call: &OutCall) {
        let Some(value) = (self.key)(call) else { return };
        let first = *self.begin.entry(call.account).or_insert(call.start);
        let is_new = self.known.insert((call.account, value));
        if is_new && call.start - first >= LEAST_HISTORY {
            self.news.insert((call.account, value), Shown::default());
        }
        if let Some(these) = self.news.get_mut(&(call.account, value))
            && call.is_costly
            && these.seconds_after_first(call) < DAY
        {
            these.add(call);
        }
    }

    fn tell(&mut self, names: &Names) -> Vec<Observation> {
        let told = self.news.iter().filter_map(|((_, value), these)| {
            let account = names.account(these.first.as_ref()?);
            let what = format!("{}, {} of them costly on that day", (self.words)(*value, names), these.count);
            Some(Observation::of(self.id, Level::Notice, account, what, threshold(), these))
        });
        told.take(MOST_TOLD).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Made, call, told};
    use super::*;

    #[test]
    fn what_was_never_seen_before_is_told() {
        let at = |day: i64, hour: i64| day * DAY + hour * HOUR;
        let mut list: Vec<OutCall> =
            (0..6).map(|day| OutCall { place: 0, network: 0, ..call(at(day, 10), 60, 0, 1) }).collect();
        list.push(OutCall { place: 1, network: 1, ..call(at(6, 3), 60, 0, 2) });
        list.push(OutCall { place: 0, ..call(at(6, 10), 60, 1, 1) });
        let names = Names {
            accounts: vec!["300".to_owned(), "301".to_owned()],
            places: vec!["France", "Somalia"],
            networks: vec!["198.51.100.0/24".to_owned(), "203.0.113.0/24".to_owned()],
            ..Names::default()
        };
        let made = Made { list, names };
        let words: Vec<(&str, String)> =
            told(patterns(), &made).into_iter().map(|one| (one.id, one.what)).collect();
        let expected = [
            ("first-country", "first calls of the phone system to Somalia, 1 in all"),
            ("first-country-of-account", "first calls of this account to France, 1 in all"),
            ("first-hour", "first calls between 3 and 4 o'clock, site time, 1 of them costly on that day"),
            ("first-network", "first calls from 203.0.113.0/24, 1 of them costly on that day"),
        ];
        assert_eq!(words, expected.map(|(id, what)| (id, what.to_owned())));
        let fresh = Made { list: made.list[6..].to_vec(), ..made };
        assert!(told(patterns(), &fresh).is_empty(), "all is new when evidence begins");
    }
}
