//! The packet for the carrier: what happened, which calls are disputed, what is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::sums::Purse;
use super::{CarrierSide, Judged, cell, incident, own_id};
use crate::carrier::Direction;
use crate::case::build::Case;
use crate::money::Amount;
use crate::numbering;
use crate::report::document::{counted, duration, instant, place};
use crate::report::model::{CarrierClass, Dispute, DisputedCall, FraudCall, Incident, Money, Vector};
use crate::untrusted::{Untrusted, visible};

/// Prefixes named in what is asked for.
const MOST_NAMED: usize = 12;

/// Builds the packet from the incidents and, where the carrier's records are there, from these.
pub(in crate::case) fn dispute(
    case: &Case<'_>,
    side: Option<&CarrierSide<'_>>,
    incidents: &[Incident],
) -> Option<Dispute> {
    if side.is_none() && incidents.is_empty() {
        return None;
    }
    let calls = calls(case, side, incidents);
    let mut cost = Purse::default();
    for call in &calls {
        cost.add(call.cost.as_deref().and_then(Amount::parse), call.currency.as_deref());
    }
    let seconds = calls.iter().filter_map(|call| call.seconds_there).map(u64::from);
    let mut dispute = Dispute {
        seconds_billed: side.map(|_| seconds.sum()),
        cost: cost.shown(),
        method: method(side, incidents),
        asked: asked(&calls, incidents, side.is_some()),
        ..Dispute::default()
    };
    dispute.facts = facts(case, side, incidents, &calls, &dispute);
    dispute.calls = calls;
    Some(dispute)
}

fn calls(case: &Case<'_>, side: Option<&CarrierSide<'_>>, incidents: &[Incident]) -> Vec<DisputedCall> {
    let all = side.map(|side| side.calls.as_slice()).unwrap_or_default();
    let theirs = by_record(case, all);
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut calls = Vec::new();
    for (incident, call) in incidents.iter().flat_map(|one| one.calls.iter().map(move |call| (one, call))) {
        let same =
            call.uniqueid.as_ref().and_then(|id| theirs.get(id.raw())).map(Vec::as_slice).unwrap_or_default();
        let mut same = same.iter().filter(|at| told.insert(**at)).peekable();
        let reason = format!("{}: {}", incident.id, call.why);
        if same.peek().is_none() {
            if call.stayed_inside {
                continue;
            }
            calls.push(of_own(call, reason));
            continue;
        }
        for judged in same.filter_map(|&at| all.get(at)) {
            calls.push(of_judged(case, judged, reason.clone()));
        }
    }
    for (_, judged) in all.iter().enumerate().filter(|(at, _)| !told.contains(at)) {
        let reason = match judged.class {
            CarrierClass::LengthDiffers => "the length billed is not the length of the call",
            CarrierClass::PriceDiffers => "the charge is not what the rate of the record comes to",
            CarrierClass::CarrierOnly if judged.direction == Direction::Outbound => {
                "the phone system has no record of this call"
            }
            _ => continue,
        };
        calls.push(of_judged(case, judged, reason.to_owned()));
    }
    calls.sort_by_key(|call| call.start);
    calls
}

/// Returns the carrier's calls by the id that an incident's call has: the own record's, else the carrier's.
fn by_record(case: &Case<'_>, all: &[Judged<'_>]) -> BTreeMap<String, Vec<usize>> {
    let mut by_record: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, judged) in all.iter().enumerate() {
        let id = match judged.leg {
            Some((leg, _)) => case.world.leg_uniqueid(leg).map(Untrusted::from_bytes),
            None => Some(cell(incident::record_id(judged.call))),
        };
        if let Some(id) = id.filter(|id| !id.raw().is_empty()) {
            by_record.entry(id.raw().to_owned()).or_default().push(at);
        }
    }
    by_record
}

fn of_judged(case: &Case<'_>, judged: &Judged<'_>, reason: String) -> DisputedCall {
    let call = judged.call;
    let text = |text: &str| (!text.is_empty()).then(|| cell(text));
    let leg = judged.leg.map(|(leg, _)| leg);
    DisputedCall {
        reason,
        start: case.maybe(call.begin()),
        number: cell(&call.to),
        e164: (call.to_number > 0).then(|| format!("+{}", call.to_number)),
        country: super::shown::country(call.to_number).map(str::to_owned),
        call_id: text(&call.call_id),
        sip_call_id: text(&call.sip_call_id),
        seconds_there: call.seconds_billed(),
        seconds_here: leg.and_then(|leg| leg.seconds).map(u64::from),
        pbx_uniqueid: leg.and_then(|leg| case.world.leg_uniqueid(leg)).map(own_id),
        cost: call.cost.map(|cost| cost.to_string()),
        currency: call.currency.as_deref().map(visible),
        source: call.source,
        record: place(&incident::proof(judged)),
    }
}

/// A fraudulent call that the carrier's records, if there are any, do not have.
fn of_own(call: &FraudCall, reason: String) -> DisputedCall {
    DisputedCall {
        reason,
        start: call.start,
        number: call.dialed.clone(),
        e164: call.e164.clone(),
        country: call.country.map(str::to_owned),
        call_id: None,
        sip_call_id: None,
        seconds_there: None,
        seconds_here: call.seconds,
        pbx_uniqueid: call.uniqueid.as_ref().map(|id| cell(id.raw())),
        cost: call.cost.clone(),
        currency: call.currency.clone(),
        source: call.address,
        record: call.evidence.first().map(place).unwrap_or_default(),
    }
}

fn money(cost: &[Money]) -> String {
    let shown = cost.iter().map(|money| match &money.currency {
        Some(currency) => format!("{} {currency}", money.amount),
        None => format!("{} (the records name no currency)", money.amount),
    });
    shown.collect::<Vec<_>>().join(" and ")
}

fn facts(
    case: &Case<'_>,
    side: Option<&CarrierSide<'_>>,
    incidents: &[Incident],
    calls: &[DisputedCall],
    dispute: &Dispute,
) -> Vec<String> {
    let mut facts: Vec<String> = incidents.iter().map(|incident| incident.title.clone()).collect();
    let begun = || calls.iter().filter_map(|call| call.start.as_ref());
    if let Some((first, last)) = begun().min().zip(begun().max()) {
        let utc =
            |when: &crate::report::model::When| when.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string();
        facts.push(format!(
            "Disputed: {}, the first of {} ({} local time), the last of {} ({} local time).",
            counted(calls.len() as u64, "call"),
            utc(first),
            instant(first),
            utc(last),
            instant(last)
        ));
    } else {
        facts.push(
            "No call is disputed: what the carrier billed is what the phone system recorded.".to_owned(),
        );
    }
    if let Some(seconds) = dispute.seconds_billed.filter(|_| !calls.is_empty()) {
        let cost = if dispute.cost.is_empty() {
            String::new()
        } else {
            format!(", charged {}", money(&dispute.cost))
        };
        facts.push(format!("By the carrier's records they were billed for {}{cost}.", duration(seconds)));
    }
    match side {
        None => facts.push(
            "The carrier's own records were not given: seconds, ids and charges are the phone system's alone.".to_owned(),
        ),
        Some(side) => {
            let invoice = side.invoice();
            let matched = side.calls.iter().filter(|judged| judged.leg.is_some()).count();
            facts.push(format!(
                "Of {} of the carrier{}, {matched} match the phone system's records.",
                counted(invoice.calls, "record"),
                if invoice.cost.is_empty() { String::new() } else { format!(" over {}", money(&invoice.cost)) },
            ));
        }
    }
    if let Some(organisation) = &case.options.organisation {
        facts.push(format!("Customer: {}.", visible(organisation)));
    }
    facts
}

/// What every fraud desk can do, and only within days: money is held back before it is settled.
fn asked(calls: &[DisputedCall], incidents: &[Incident], has_records: bool) -> Vec<String> {
    let mut asked = Vec::new();
    if !calls.is_empty() {
        asked.push(
            "Stop calls abroad on this trunk now, and to the destinations listed first of all.".to_owned(),
        );
        // Satellites and networks of no country have a name all the same.
        let mut countries: BTreeMap<&str, u64> = BTreeMap::new();
        for place in calls.iter().filter_map(|call| call.country.as_deref().or_else(|| network_of(call))) {
            *countries.entry(place).or_default() += 1;
        }
        let mut countries: Vec<(&str, u64)> = countries.into_iter().collect();
        countries.sort_by_key(|(country, calls)| (std::cmp::Reverse(*calls), *country));
        let shown: Vec<String> = countries
            .iter()
            .take(MOST_NAMED)
            .map(|(country, calls)| format!("{country} ({calls})"))
            .collect();
        if !shown.is_empty() {
            asked.push(format!("Countries of the disputed calls: {}.", shown.join(", ")));
        }
        if incidents.iter().any(|incident| incident.entry.vector == Vector::TrunkCredential) {
            asked.push(
                "Change the trunk's secret, and accept it from the phone system's address alone.".to_owned(),
            );
        }
        asked.push(
            "Hold back payment of these calls to the networks that took them, before it is settled."
                .to_owned(),
        );
        asked.push(
            "Book the disputed calls apart from the rest of the invoice, which is not disputed here."
                .to_owned(),
        );
        asked.push("Keep and send the signalling records of these calls: source address and port, User-Agent, Call-ID, and the registrations of the trunk in that time.".to_owned());
        asked.push("Name the networks that these calls were handed to.".to_owned());
    }
    if !has_records {
        asked.push("Send the call records of the trunk for the time above and a week before it, with Call-IDs and source addresses, times with their zone.".to_owned());
    }
    asked.push("Confirm in writing, with a reference and the name of a contact. Who bears the cost is for the contract to say.".to_owned());
    asked
}

/// Returns the name of what a number belongs to that belongs to no country.
fn network_of(call: &DisputedCall) -> Option<&'static str> {
    let digits = call.e164.as_deref()?.strip_prefix('+')?;
    numbering::plan().lookup(digits.as_bytes()).map(|found| found.region.name)
}

fn method(side: Option<&CarrierSide<'_>>, incidents: &[Incident]) -> Vec<String> {
    let inside =
        incidents.iter().flat_map(|incident| &incident.calls).filter(|call| call.stayed_inside).count();
    let inside = (inside > 0).then(|| {
        format!(
            "Left out: {} of the intruder to extensions of the house, over no trunk; no carrier bills them.",
            counted(inside as u64, "call")
        )
    });
    let Some(side) = side else {
        let alone = "Calls were judged by the phone system's records alone.".to_owned();
        return [alone].into_iter().chain(inside).collect();
    };
    let mut method = side.method();
    method.extend(inside);
    let clock = side.clock();
    method.push(match clock.carrier_ahead_seconds {
        Some(ahead) => format!(
            "The carrier's clock is {ahead} seconds ahead of the phone system's (half of {} within {} seconds of that): {}.",
            counted(clock.calls, "call"),
            clock.spread_seconds,
            clock.note
        ),
        None => format!("The difference of the clocks: {}.", clock.note),
    });
    method
}
