//! What fraudulent calls cost: each call once, from the best basis there is.
//!
//! A carrier's rated record comes first, the user's rate deck second; what neither tells gets a range of past
//! price lists, which stays apart. Sums of two currencies are never added.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::build::Case;
use crate::event::{Disposition, Instant};
use crate::money::{Amount, Deck, illustrative};
use crate::numbering::Class;
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident::Incident;
use crate::report::model::{IllustrativeLoss, KnownLoss, Loss, LossRow, When};
use crate::untrusted::Untrusted;

/// Rows of each table.
const MOST_ROWS: usize = 50;

/// What a carrier charged for calls, by their index: it comes before every deck.
pub(super) type Charged = BTreeMap<usize, Cost>;

/// What one call cost.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// `carrier` or `rate-deck`.
    pub(super) basis: &'static str,
    pub(super) amount: Amount,
    pub(super) currency: Option<String>,
}

/// A call that the carrier alone tells.
pub(super) struct BilledCall<'c> {
    pub(super) start: Instant,
    pub(super) is_answered: bool,
    pub(super) cost: Option<Cost>,
    pub(super) place: &'c str,
    pub(super) account: &'c str,
}

/// What is known of the cost of one call.
enum Figure {
    Known(Cost),
    Range(Amount, Amount),
    None,
}

/// Prices calls.
#[derive(Debug, Default)]
pub(super) struct Prices {
    pub(super) deck: Option<Deck>,
    pub(super) charged: Charged,
}

impl Case<'_> {
    /// Returns what a call cost, where a carrier or a deck says so.
    pub(super) fn cost(&self, index: usize, call: &Call) -> Option<Cost> {
        match self.figure(index, call) {
            Figure::Known(cost) => Some(cost),
            Figure::Range(..) | Figure::None => None,
        }
    }

    fn figure(&self, index: usize, call: &Call) -> Figure {
        if let Some(charged) = self.prices.charged.get(&index) {
            return Figure::Known(charged.clone());
        }
        let is_answered = call.disposition() == Disposition::Answered;
        let Some(seconds) = self.world.billed(call).filter(|_| is_answered) else { return Figure::None };
        let number = self.numbers.of(self.world.dialed(call));
        let Some(digits) = number.e164.as_deref().and_then(|e164| e164.strip_prefix('+')) else {
            return Figure::None;
        };
        let day = self.when(self.world.begun(call)).map(|when| when.date_naive());
        let deck = self.prices.deck.as_ref();
        if let Some(rate) = deck.zip(day).and_then(|(deck, day)| deck.rate(digits.as_bytes(), day)) {
            let (amount, currency) = (rate.cost(seconds), rate.currency.clone());
            return Figure::Known(Cost { basis: "rate-deck", amount, currency });
        }
        // The lists tell ordinary numbers: a premium number of the same country costs what its owner asks.
        let is_listed =
            matches!(number.number.class, Some(Class::Geo | Class::Satellite | Class::IntlNetwork));
        match illustrative::band(digits.as_bytes()).filter(|_| is_listed) {
            Some(band) => Figure::Range(band.low.for_seconds(seconds), band.high.for_seconds(seconds)),
            None => Figure::None,
        }
    }

    /// Adds up what the calls of an incident cost.
    pub(super) fn loss(&self, incident: &Incident) -> Loss {
        let mut sums = Sums::default();
        for &index in incident.calls.keys() {
            if let Some(call) =
                self.world.calls.list.get(index).filter(|call| !self.stayed_inside(index, call))
            {
                self.add(&mut sums, index, call);
            }
        }
        self.shown(sums)
    }

    fn add(&self, sums: &mut Sums, index: usize, call: &Call) {
        let figure = self.figure(index, call);
        let place = self.numbers.of(self.world.dialed(call)).number.country_name.unwrap_or("not known");
        let account = self.world.account_of(call).unwrap_or("-");
        sums.add(
            &figure,
            self.world.begun(call),
            call.disposition() == Disposition::Answered,
            place,
            account,
        );
    }

    /// Adds up what calls cost that the carrier alone tells.
    pub(super) fn loss_of_billed<'c>(&self, calls: impl Iterator<Item = BilledCall<'c>>) -> Loss {
        let mut sums = Sums::default();
        for call in calls {
            let figure = call.cost.map_or(Figure::None, Figure::Known);
            sums.add(&figure, call.start, call.is_answered, call.place, call.account);
        }
        self.shown(sums)
    }

    fn shown(&self, sums: Sums) -> Loss {
        let mut loss = Loss {
            calls_without_figure: sums.without,
            first_paid_call: self.maybe(sums.first),
            last_paid_call: self.maybe(sums.last),
            by_hour: self.hours(sums.hours),
            by_destination: dearest(sums.places),
            by_account: dearest(sums.accounts),
            ..Loss::default()
        };
        for ((basis, currency), sum) in sums.all {
            match basis {
                None => {
                    loss.illustrative = Some(IllustrativeLoss {
                        low: sum.low.rounded(2).to_string(),
                        high: sum.high.rounded(2).to_string(),
                        currency: illustrative::CURRENCY,
                        calls: sum.calls,
                        caveat: illustrative::CAVEAT,
                    });
                }
                Some(basis) => {
                    let (cost, calls) = (sum.known.to_string(), sum.calls);
                    loss.known.push(KnownLoss { basis, currency, cost, calls });
                }
            }
        }
        loss
    }

    fn hours(&self, hours: BTreeMap<(i64, Option<String>), Sum>) -> Vec<LossRow> {
        let mut so_far: BTreeMap<Option<String>, Amount> = BTreeMap::new();
        let rows = hours.into_iter().map(|((hour, currency), sum)| {
            let reached = so_far.entry(currency.clone()).or_default();
            *reached = reached.plus(sum.known);
            let reached = *reached;
            let hour: Option<When> = self.when(Instant::from_seconds(hour.saturating_mul(3_600)));
            let mut row = row("", currency, &sum);
            row.cost_so_far = row.cost.is_some().then(|| reached.to_string());
            row.hour = hour;
            row
        });
        rows.collect()
    }
}

impl Figure {
    fn basis(&self) -> (Option<&'static str>, Option<String>) {
        match self {
            Figure::Known(cost) => (Some(cost.basis), cost.currency.clone()),
            Figure::Range(..) | Figure::None => (None, None),
        }
    }
}

#[derive(Default)]
struct Sums {
    all: BTreeMap<(Option<&'static str>, Option<String>), Sum>,
    hours: BTreeMap<(i64, Option<String>), Sum>,
    places: BTreeMap<(String, Option<String>), Sum>,
    accounts: BTreeMap<(String, Option<String>), Sum>,
    first: Option<Instant>,
    last: Option<Instant>,
    without: u64,
}

impl Sums {
    fn add(&mut self, figure: &Figure, at: Instant, is_answered: bool, place: &str, account: &str) {
        if matches!(figure, Figure::None) {
            self.without += u64::from(is_answered);
            return;
        }
        self.first = self.first.map_or(Some(at), |first| Some(first.min(at)));
        self.last = self.last.max(Some(at));
        let currency = match figure {
            Figure::Known(cost) => cost.currency.clone(),
            Figure::Range(..) | Figure::None => None,
        };
        let hour = at.seconds().div_euclid(3_600);
        self.all.entry(figure.basis()).or_default().add(figure);
        self.hours.entry((hour, currency.clone())).or_default().add(figure);
        self.places.entry((place.to_owned(), currency.clone())).or_default().add(figure);
        self.accounts.entry((account.to_owned(), currency)).or_default().add(figure);
    }
}

#[derive(Default)]
struct Sum {
    calls: u64,
    known_calls: u64,
    known: Amount,
    low: Amount,
    high: Amount,
}

impl Sum {
    fn add(&mut self, figure: &Figure) {
        self.calls += 1;
        match figure {
            Figure::Known(cost) => {
                self.known_calls += 1;
                self.known = self.known.plus(cost.amount);
            }
            Figure::Range(low, high) => {
                self.low = self.low.plus(*low);
                self.high = self.high.plus(*high);
            }
            Figure::None => {}
        }
    }
}

fn row(name: &str, currency: Option<String>, sum: &Sum) -> LossRow {
    let range = |amount: Amount| (sum.calls > sum.known_calls).then(|| amount.rounded(2).to_string());
    LossRow {
        name: Untrusted::from(name),
        hour: None,
        calls: sum.calls,
        currency,
        cost: (sum.known_calls > 0).then(|| sum.known.to_string()),
        cost_so_far: None,
        illustrative_low: range(sum.low),
        illustrative_high: range(sum.high),
    }
}

/// Puts the dearest first.
fn dearest(sums: BTreeMap<(String, Option<String>), Sum>) -> Vec<LossRow> {
    let mut order: Vec<_> = sums.into_iter().collect();
    order.sort_by_key(|(_, sum)| Reverse((sum.known, sum.high)));
    order.truncate(MOST_ROWS);
    order.into_iter().map(|((name, currency), sum)| row(&name, currency, &sum)).collect()
}
