//! Sums: by class, by currency, by number; together they are the invoice.

use std::collections::BTreeMap;

use super::{CarrierSide, Judged};
use crate::money::Amount;
use crate::reconcile::How;
use crate::report::model::{CarrierClass, CarrierSum, Money, PumpedGroup};

/// Groups that are shown.
const MOST_GROUPS: usize = 50;

impl CarrierSide<'_> {
    /// Returns the sums of every class that has calls.
    pub(super) fn totals(&self) -> Vec<CarrierSum> {
        let of = |class: CarrierClass| {
            let calls = self.calls.iter().filter(move |judged| judged.class == class);
            sum(class.word(), calls)
        };
        CarrierClass::ALL.into_iter().map(of).filter(|sum| sum.calls > 0).collect()
    }

    /// Returns the sums of all.
    pub(super) fn invoice(&self) -> CarrierSum {
        sum("invoice", self.calls.iter())
    }

    /// Returns numbers of which so many calls began at once that which is which cannot be told.
    pub(super) fn groups(&self) -> Vec<PumpedGroup> {
        let mut groups: BTreeMap<u64, PumpedGroup> = BTreeMap::new();
        for (judged, pair) in self.calls.iter().zip(&self.matched.pairs) {
            let Some(pair) = pair.filter(|pair| pair.how == How::Group) else { continue };
            let number = judged.call.to_number;
            let group = groups.entry(number).or_insert_with(|| PumpedGroup {
                e164: format!("+{number}"),
                carrier_calls: 0,
                carrier_seconds: 0,
                pbx_calls: 0,
                pbx_seconds: 0,
            });
            group.carrier_calls += 1;
            group.carrier_seconds += u64::from(judged.call.seconds_billed().unwrap_or(0));
            group.pbx_calls += 1;
            let own = self.legs.legs.get(pair.ours as usize).and_then(|leg| leg.seconds);
            group.pbx_seconds += u64::from(own.unwrap_or(0));
        }
        let mut groups: Vec<PumpedGroup> = groups.into_values().collect();
        groups
            .sort_by(|left, right| (right.carrier_calls, &left.e164).cmp(&(left.carrier_calls, &right.e164)));
        groups.truncate(MOST_GROUPS);
        groups
    }
}

fn sum<'j, 'a: 'j>(class: &'static str, calls: impl Iterator<Item = &'j Judged<'a>>) -> CarrierSum {
    let mut cost = Purse::default();
    let (mut count, mut seconds) = (0, 0);
    for judged in calls {
        count += 1;
        seconds += u64::from(judged.call.seconds_billed().unwrap_or(0));
        cost.add(judged.call.cost, judged.call.currency.as_deref());
    }
    CarrierSum { class, calls: count, seconds_billed: seconds, cost: cost.shown() }
}

/// Amounts of several currencies, which are never added to each other.
#[derive(Debug, Default)]
pub(super) struct Purse(BTreeMap<Option<String>, Amount>);

impl Purse {
    pub(super) fn add(&mut self, cost: Option<Amount>, currency: Option<&str>) {
        let Some(cost) = cost else { return };
        let sum = self.0.entry(currency.map(str::to_owned)).or_default();
        *sum = sum.plus(cost);
    }

    pub(super) fn shown(self) -> Vec<Money> {
        self.0.into_iter().map(|(currency, sum)| Money { amount: sum.to_string(), currency }).collect()
    }
}
