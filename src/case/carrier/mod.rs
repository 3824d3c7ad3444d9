//! The carrier's records beside the case: matched against the trunks' legs, classed and summed up.
//!
//! What the carrier alone tells is a sign of a trunk's secret used elsewhere only where the phone system's own records
//! cover the time: else it says nothing, and that is its own class. Which legs could be the carrier's at all is told by
//! the trunks that matched.

mod assess;
mod dispute;
mod incident;
mod shown;
mod sums;
pub(super) mod timeline;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::SecondsFormat;

use super::Examined;
use super::build::Case;
use super::losses::{Charged, Cost};
use super::numbers::Numbers;
use crate::carrier::{Billed, CarrierFile, Direction};
use crate::event::{Action, Disposition, Instant};
use crate::fold::{Window, hash};
use crate::money::Amount;
use crate::numbering::Confidence;
use crate::reconcile::{Ours, Reconciled, Theirs, reconcile};
use crate::reconstruct::trunk_legs::{TrunkLeg, TrunkLegs};
use crate::reconstruct::world::World;
use crate::report::model::{CarrierClass, FraudCall, TimelineRow};
use crate::untrusted::Untrusted;

/// The part of a charge that rounding of rate and price explains: one in so many.
const PRICE_PARTS: u64 = 50;

/// One of the carrier's calls, with what became of it.
pub(super) struct Judged<'a> {
    pub(super) file: &'a CarrierFile,
    pub(super) call: &'a Billed,
    pub(super) class: CarrierClass,
    pub(super) direction: Direction,
    /// The leg that it is, with how that is known.
    pub(super) leg: Option<(&'a TrunkLeg, &'static str)>,
}

/// The carrier's records beside the case.
pub(super) struct CarrierSide<'a> {
    pub(super) calls: Vec<Judged<'a>>,
    pub(super) legs: &'a TrunkLegs,
    pub(super) matched: Reconciled,
    /// Trunks that took calls of the carrier's.
    pub(super) trunks: BTreeSet<u32>,
    /// Legs that are no call of the carrier's.
    pub(super) left: Vec<&'a TrunkLeg>,
    /// Calls outside `--since` and `--until`.
    pub(super) outside: u64,
    /// Records that another file has as well.
    pub(super) repeated: u64,
}

impl<'a> CarrierSide<'a> {
    /// Sets the records against the legs; `None` where none were given.
    pub(super) fn new(
        world: &World<'_>,
        numbers: &Numbers,
        window: Window,
        files: &'a [CarrierFile],
        legs: &'a TrunkLegs,
    ) -> Option<Self> {
        if files.is_empty() {
            return None;
        }
        let (billed, outside, repeated) = kept(window, files);
        let theirs: Vec<Theirs> = billed.iter().map(|(_, call)| of_theirs(call)).collect();
        let mut readings = HashMap::new();
        let ours: Vec<Ours> =
            legs.legs.iter().map(|leg| of_ours(world, leg, numbers, &mut readings)).collect();
        let matched = reconcile(&theirs, &ours);
        let mut side = CarrierSide {
            calls: Vec::new(),
            legs,
            matched,
            trunks: BTreeSet::new(),
            left: Vec::new(),
            outside,
            repeated,
        };
        let taken: HashSet<u32> = side.matched.pairs.iter().flatten().map(|pair| pair.ours).collect();
        side.left =
            (0_u32..).zip(&legs.legs).filter(|(at, _)| !taken.contains(at)).map(|(_, leg)| leg).collect();
        side.trunks = side
            .matched
            .pairs
            .iter()
            .flatten()
            .filter_map(|pair| legs.legs.get(pair.ours as usize))
            .map(|leg| leg.trunk)
            .collect();
        side.judge(world, &billed);
        Some(side)
    }

    /// Returns what the carrier charged for calls of one's own, by their index.
    pub(super) fn charged(&self, world: &World<'_>) -> Charged {
        let mut costs: HashMap<&[u8], Cost> = HashMap::new();
        for judged in &self.calls {
            let id = judged.leg.and_then(|(leg, _)| world.leg_uniqueid(leg));
            let (Some(id), Some(amount)) = (id, judged.call.cost) else { continue };
            let currency = judged.call.currency.as_deref().map(str::to_owned);
            match costs.get_mut(id) {
                // A call in and one out may have one id; two currencies have no sum.
                Some(known) if known.currency == currency => known.amount = known.amount.plus(amount),
                Some(_) => {}
                None => drop(costs.insert(id, Cost { basis: "carrier", amount, currency })),
            }
        }
        let calls = world.calls.iter().enumerate();
        calls.filter_map(|(index, call)| Some((index, costs.get(world.uniqueid(call)?)?.clone()))).collect()
    }

    /// Says what these records cannot tell, a sentence each.
    fn cannot_tell(&self) -> Vec<String> {
        let of = |class: CarrierClass| self.calls.iter().filter(|judged| judged.class == class).count();
        let matched = self.calls.iter().filter(|judged| judged.leg.is_some()).count();
        let (alone, beyond) = (of(CarrierClass::CarrierOnly), of(CarrierClass::NotCovered));
        let mut told = Vec::new();
        if alone > 0 && matched < incident::LEAST_MATCHED {
            told.push(format!(
                "{alone} calls of the carrier have no record here, and only {matched} have: whether these records are of this phone system's trunk cannot be told"
            ));
        }
        if beyond > 0 {
            told.push(format!(
                "{beyond} calls of the carrier lie before or after the time of which the phone system's records tell: whether it made them was not checked"
            ));
        }
        told
    }

    fn judge(&mut self, world: &World<'_>, billed: &[(&'a CarrierFile, &'a Billed)]) {
        let (begin, end) = (world.records_begin(), world.last);
        let legs: &'a TrunkLegs = self.legs;
        for ((file, call), pair) in billed.iter().zip(&self.matched.pairs) {
            let ahead = self.matched.clock.seconds.unwrap_or(0);
            let at = call.begin().unwrap_or(Instant(0)).plus_seconds(-ahead);
            let is_covered = begin.zip(end).is_some_and(|(begin, end)| at >= begin && at <= end);
            let class = match pair {
                Some(pair) if pair.is_length_apart => CarrierClass::LengthDiffers,
                Some(_) => CarrierClass::Matched,
                None if is_covered => CarrierClass::CarrierOnly,
                None => CarrierClass::NotCovered,
            };
            let leg = pair.and_then(|pair| Some((legs.legs.get(pair.ours as usize)?, pair.how.word())));
            self.calls.push(Judged { file, call, class, direction: call.direction, leg });
        }
        self.settle_directions();
        self.judge_prices();
    }

    /// Settles which way calls went: by the leg that they are, else by which of the numbers is one's own.
    fn settle_directions(&mut self) {
        let mut own: HashSet<u64> = HashSet::new();
        for judged in &mut self.calls {
            let Some((leg, _)) = judged.leg else { continue };
            judged.direction = if leg.is_inward { Direction::Inbound } else { Direction::Outbound };
            own.insert(if leg.is_inward { judged.call.to_number } else { judged.call.from_number });
        }
        own.remove(&0);
        for judged in self.calls.iter_mut().filter(|judged| judged.leg.is_none()) {
            judged.direction =
                match (own.contains(&judged.call.from_number), own.contains(&judged.call.to_number)) {
                    (true, false) => Direction::Outbound,
                    (false, true) => Direction::Inbound,
                    _ => judged.call.direction,
                };
        }
    }

    /// Finds charges that are not what the record's own rate comes to; where most are not, the tariff has fees that the
    /// record does not show, and none of them is to be disputed for that.
    fn judge_prices(&mut self) {
        let apart: Vec<usize> =
            (0..self.calls.len()).filter(|&at| self.calls.get(at).is_some_and(is_price_apart)).collect();
        let rated = self.calls.iter().filter(|judged| judged.call.rate.is_some()).count();
        if apart.len() * 5 > rated {
            return;
        }
        for at in apart {
            if let Some(judged) =
                self.calls.get_mut(at).filter(|judged| judged.class == CarrierClass::Matched)
            {
                judged.class = CarrierClass::PriceDiffers;
            }
        }
    }
}

fn is_price_apart(judged: &Judged<'_>) -> bool {
    let (Some(rate), Some(cost), Some(seconds)) = (judged.call.rate, judged.call.cost, judged.call.billed)
    else {
        return false;
    };
    let difference = rate.for_seconds(u64::from(seconds)).minus(cost.abs()).abs();
    let is_beyond_rounding = Amount::parse("0.01").is_some_and(|cent| difference > cent);
    // `for_seconds` of so many minutes is so many times as much.
    is_beyond_rounding && difference.for_seconds(60 * PRICE_PARTS) > cost.abs()
}

/// Returns the calls that count: within the time looked at, and each once though two files may tell it.
fn kept(window: Window, files: &[CarrierFile]) -> (Vec<(&CarrierFile, &Billed)>, u64, u64) {
    let (mut kept, mut outside, mut repeated) = (Vec::new(), 0, 0);
    let mut told: HashMap<(u64, i64), usize> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        let mut same = Vec::new();
        let from = kept.len();
        for call in &file.calls {
            if call.begin().is_some_and(|at| !window.holds(at)) {
                outside += 1;
                continue;
            }
            let end = call.end.or(call.start).map_or(0, Instant::seconds);
            let keys = [(call.to_number, end), (call.to_number, end - 1), (call.to_number, end + 1)];
            same.push(keys.iter().any(|key| told.get(key).is_some_and(|file| *file != number)));
            kept.push((file, call));
        }
        // Two exports of one period share most calls; two trunks of one customer share a few by chance.
        let shared = same.iter().filter(|is_same| **is_same).count();
        if shared * 2 > same.len() {
            let mut marks = same.iter();
            let new = kept.split_off(from);
            kept.extend(new.into_iter().filter(|_| !marks.next().is_some_and(|is_same| *is_same)));
            repeated += shared as u64;
        }
        for (_, call) in kept.get(from..).unwrap_or_default() {
            told.insert((call.to_number, call.end.or(call.start).map_or(0, Instant::seconds)), number);
        }
    }
    (kept, outside, repeated)
}

fn of_theirs(call: &Billed) -> Theirs {
    let seconds = |at: Option<Instant>| at.map(Instant::seconds);
    Theirs {
        to: call.to_number,
        start: seconds(call.begin()).unwrap_or(0),
        answer: seconds(call.answer).filter(|_| call.is_answered),
        end: seconds(call.end),
        seconds: call.seconds,
        billed: call.billed,
        id: if call.sip_call_id.is_empty() { 0 } else { hash(&call.sip_call_id.as_bytes()) },
    }
}

/// The readings of a dialled number: its own and another.
type Readings = HashMap<Box<[u8]>, (u64, u64)>;

fn of_ours(world: &World<'_>, leg: &TrunkLeg, numbers: &Numbers, readings: &mut Readings) -> Ours {
    let dialed = world.leg_number(leg);
    let (number, other) = match readings.get(dialed) {
        Some(known) => *known,
        None => {
            let read = read(numbers, dialed);
            readings.insert(dialed.into(), read);
            read
        }
    };
    Ours {
        number,
        other,
        dialed: digits(&String::from_utf8_lossy(dialed)),
        start: leg.start.seconds(),
        end: leg.end.seconds(),
        seconds: leg.seconds,
        is_answered: leg.disposition == Disposition::Answered,
        id: world.leg_uniqueid(leg).map_or(0, |id| hash(&id)),
    }
}

/// Reads what was dialled; where it can be read in two ways, neither is the only one.
fn read(numbers: &Numbers, dialed: &[u8]) -> (u64, u64) {
    if dialed.is_empty() {
        return (0, 0);
    }
    let reading = numbers.reading(dialed);
    let other = reading.alternatives.iter().find_map(|other| other.e164.as_deref()).map_or(0, digits);
    match reading.e164.as_deref().map(digits) {
        Some(number) if matches!(reading.confidence, Confidence::Exact | Confidence::High) => (number, other),
        Some(number) => (number, if other == 0 { number } else { other }),
        None => (0, other),
    }
}

/// Returns a cell of the carrier's as it may be shown.
fn cell(text: &str) -> Untrusted {
    Untrusted::from(&*crate::secrets::without_userinfo(text))
}

/// Returns the id of one's own record, likewise.
fn own_id(id: &[u8]) -> Untrusted {
    cell(Untrusted::from_bytes(id).raw())
}

/// Returns the last digits of a text as a number; 19 are more than any number has.
fn digits(text: &str) -> u64 {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let kept = digits.get(digits.len().saturating_sub(18)..).unwrap_or_default();
    kept.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// Returns the legs that crossed a trunk, where there is something to hold them against.
pub(super) fn legs(world: &World<'_>, files: &[CarrierFile]) -> TrunkLegs {
    if files.is_empty() { TrunkLegs::default() } else { world.trunk_legs() }
}

/// Adds what the carrier's records say to the report.
pub(super) fn add(
    case: &Case<'_>,
    side: Option<&CarrierSide<'_>>,
    files: &[CarrierFile],
    examined: &mut Examined,
) {
    let report = &mut examined.report;
    if let Some(side) = side {
        if let Some(incident) = side.incident(case) {
            assess::add(&mut report.assessment.incident, &incident.calls);
            examined.story.extend(incident.calls.iter().filter_map(|call| told(call)));
            examined.story.sort_by(|left, right| left.datetime.cmp(&right.datetime));
            report.incidents.push(incident);
        }
        report.incidents.sort_by_key(|incident| incident.breach);
        for (number, incident) in (1..).zip(&mut report.incidents) {
            incident.id = format!("incident-{number}");
        }
        report.limits.extend(side.cannot_tell());
        report.reconciliation = Some(side.shown(case));
    }
    report.evidence.extend(shown::evidence_rows(case, files));
    // Who asks for figures only gets no packet for the carrier; it would name every call again.
    if !case.options.figures_only {
        report.dispute = dispute::dispute(case, side, &report.incidents);
    }
}

/// Tells a call of the carrier's in the story.
fn told(call: &FraudCall) -> Option<TimelineRow> {
    let proof = call.evidence.first()?;
    Some(TimelineRow {
        message: Untrusted::from(call.why.as_str()),
        datetime: call.start.map(|start| start.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true)),
        timestamp_desc: "Event Time",
        action: Action::Call,
        address: call.address,
        port: None,
        account: call.account.clone(),
        number: Some(call.dialed.clone()),
        reason: None,
        path: proof.path.clone(),
        line: proof.line,
        offset: proof.offset,
    })
}

/// Counts by what they share.
fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}
