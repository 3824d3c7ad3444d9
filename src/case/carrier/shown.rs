//! The comparison as the report shows it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::{CarrierSide, Judged, cell, count, own_id};
use crate::carrier::{Billed, CarrierFile, Direction};
use crate::case::build::Case;
use crate::event::{Disposition, Instant};
use crate::numbering;
use crate::reconstruct::trunk_legs::TrunkLeg;
use crate::report::document::counted;
use crate::report::model::{
    CarrierRow, ClockDay, ClockDifferenceNote, EvidenceRow, OwnCount, OwnRow, Reconciliation, UnparsedPlaces,
    When,
};
use crate::untrusted::{Untrusted, visible};

/// Rows that the report and the packet's table hold, which is said where there are more; totals count them all.
const MOST_ROWS: usize = 200_000;
/// Own calls that are listed.
const MOST_OWN: usize = 10_000;

impl CarrierSide<'_> {
    /// Returns the comparison.
    pub(in crate::case) fn shown(&self, case: &Case<'_>) -> Reconciliation {
        let begun = || self.calls.iter().filter_map(|judged| judged.call.begin());
        let carriers: BTreeSet<String> =
            self.calls.iter().map(|judged| visible(&judged.file.carrier)).collect();
        let (pbx_only, pbx_other) = self.own(case);
        Reconciliation {
            carriers: carriers.into_iter().collect(),
            trunks: self.trunk_names(),
            first: case.maybe(begun().min()),
            last: case.maybe(begun().max()),
            clock: self.clock(),
            increment_seconds: self.matched.increment.step,
            totals: self.totals(),
            invoice: self.invoice(),
            pbx_only,
            pbx_other,
            groups: self.groups(),
            method: self.method(),
            rows: self.calls.iter().take(MOST_ROWS).map(|judged| row(case, self, judged)).collect(),
        }
    }

    fn trunk_names(&self) -> Vec<Untrusted> {
        let names = self.trunks.iter().filter_map(|&trunk| self.legs.trunks.get(trunk as usize));
        names.map(|name| Untrusted::from(name.as_str())).collect()
    }

    pub(super) fn clock(&self) -> ClockDifferenceNote {
        let clock = &self.matched.clock;
        let note = match clock.seconds {
            None => "too few calls agree to tell; none was assumed".to_owned(),
            Some(_) if clock.is_zone() => {
                "whole quarters of an hour: one side's zone is told wrong; allowed for in the matching alone"
                    .to_owned()
            }
            Some(_) => {
                "allowed for in the matching alone; every time is shown as its own side wrote it".to_owned()
            }
        };
        ClockDifferenceNote {
            carrier_ahead_seconds: clock.seconds,
            spread_seconds: clock.spread,
            calls: clock.calls,
            note,
            days: clock
                .days
                .iter()
                .filter_map(|day| {
                    let date = DateTime::from_timestamp(day.day * 86_400, 0)?;
                    Some(ClockDay {
                        day: date.format("%Y-%m-%d").to_string(),
                        calls: day.calls,
                        ahead_seconds: day.median,
                        spread_seconds: day.spread,
                    })
                })
                .collect(),
        }
    }

    /// Returns own calls that the carrier should have, and counts of those that it should not.
    fn own(&self, case: &Case<'_>) -> (Vec<OwnRow>, Vec<OwnCount>) {
        let begun = || self.calls.iter().filter_map(|judged| judged.call.begin());
        let ahead = self.matched.clock.seconds.unwrap_or(0);
        let span = begun()
            .min()
            .zip(begun().max())
            .map(|(first, last)| (first.plus_seconds(-ahead - 60), last.plus_seconds(60 - ahead)));
        let mut only = Vec::new();
        let mut reasons = Vec::new();
        for leg in &self.left {
            let is_within = span.is_some_and(|(first, last)| leg.start >= first && leg.start <= last);
            let why = if !self.trunks.contains(&leg.trunk) {
                format!("by another trunk: {}", visible(self.legs.name(leg)))
            } else if !is_within {
                "before or after the time of the carrier's records".to_owned()
            } else if leg.disposition != Disposition::Answered {
                "not answered: carriers keep no record of what they refused or nobody took".to_owned()
            } else {
                if only.len() < MOST_OWN {
                    only.push(self.own_row(case, leg));
                }
                continue;
            };
            reasons.push(why);
        }
        let mut other: Vec<OwnCount> =
            count(reasons.into_iter()).into_iter().map(|(why, calls)| OwnCount { why, calls }).collect();
        if self.legs.internal > 0 {
            other
                .insert(0, OwnCount { why: "internal: took no trunk".to_owned(), calls: self.legs.internal });
        }
        (only, other)
    }

    fn own_row(&self, case: &Case<'_>, leg: &TrunkLeg) -> OwnRow {
        OwnRow {
            uniqueid: case.world.leg_uniqueid(leg).map(own_id),
            start: case.when(leg.start),
            dialed: Untrusted::from_bytes(case.world.leg_number(leg)),
            trunk: Untrusted::from(self.legs.name(leg)),
            seconds: leg.seconds,
            disposition: leg.disposition.word(),
            why: "answered here by the same trunk, and not in the carrier's records: another account of that carrier, or an export that is not whole",
        }
    }

    pub(super) fn method(&self) -> Vec<String> {
        let mut method = vec![
            "The carrier's records were read by the names of their columns, and every number put into E.164.".to_owned(),
            "A call of the carrier is one of the phone system's where both have its Call-ID, else where number, end (or answer, or start) and length agree, each call once.".to_owned(),
            format!(
                "Lengths agree within 2 seconds, or as far as steps of {} seconds round them.",
                self.matched.increment.step
            ),
            "Times agree within 10 seconds once the difference of the clocks is allowed for; within 120 seconds where nothing nearer is left.".to_owned(),
            "Of many calls to one number at once the counts and sums agree, and which is which is not told.".to_owned(),
        ];
        if self.outside > 0 {
            method.push(format!(
                "{} before --since or after --until left out.",
                counted(self.outside, "record")
            ));
        }
        if self.repeated > 0 {
            method.push(format!(
                "{} in a second file as well, and counted once.",
                counted(self.repeated, "record")
            ));
        }
        if self.calls.len() > MOST_ROWS {
            method.push(format!("The first {MOST_ROWS} of {} records are listed.", self.calls.len()));
        }
        method
    }
}

/// Shows one of the carrier's calls.
fn row(case: &Case<'_>, side: &CarrierSide<'_>, judged: &Judged<'_>) -> CarrierRow {
    let call = judged.call;
    let text = |text: &str| (!text.is_empty()).then(|| cell(text));
    let leg = judged.leg.map(|(leg, _)| leg);
    let e164 = (call.to_number > 0).then(|| format!("+{}", call.to_number));
    CarrierRow {
        path: judged.file.path.clone(),
        row: call.row,
        line: (call.line > 0).then_some(call.line),
        class: judged.class,
        how: judged.leg.map(|(_, how)| how),
        direction: match judged.direction {
            Direction::Outbound => Some("outbound"),
            Direction::Inbound => Some("inbound"),
            Direction::Unknown => None,
        },
        to: cell(&call.to),
        country: country(call.to_number),
        e164,
        from: cell(&call.from),
        start: case.maybe(call.begin()),
        end: case.maybe(call.end),
        call_id: text(&call.call_id),
        sip_call_id: text(&call.sip_call_id),
        trunk: text(&call.trunk),
        source: call.source,
        answered: call.is_answered,
        seconds: call.seconds,
        billed: call.billed,
        cost: call.cost.map(|cost| cost.to_string()),
        currency: call.currency.as_deref().map(visible),
        pbx_uniqueid: leg.and_then(|leg| case.world.leg_uniqueid(leg)).map(own_id),
        pbx_start: leg.and_then(|leg| case.when(leg.start)),
        pbx_seconds: leg.and_then(|leg| leg.seconds),
        pbx_trunk: leg.map(|leg| Untrusted::from(side.legs.name(leg))),
    }
}

/// Returns the country of a number in E.164.
pub(super) fn country(number: u64) -> Option<&'static str> {
    let found = numbering::plan().lookup(number.to_string().as_bytes())?;
    numbering::plan().region(found.region.code).and_then(numbering::Region::country)
}

/// Shows the carrier's files among the evidence.
pub(in crate::case) fn evidence_rows(case: &Case<'_>, files: &[CarrierFile]) -> Vec<EvidenceRow> {
    let shown = |file: &CarrierFile| {
        let begun = || file.calls.iter().filter_map(Billed::begin);
        let at = |instant: Option<Instant>| -> Option<When> { case.maybe(instant) };
        let mut notes = vec![format!("records of {}", visible(&file.carrier))];
        notes.extend(file.notes.iter().cloned());
        let unread: BTreeMap<&str, &(u64, Vec<u64>)> =
            file.unread.iter().map(|(why, places)| (*why, places)).collect();
        EvidenceRow {
            path: file.path.clone(),
            kind: "carrier-cdr",
            container: None,
            bytes: file.bytes,
            sha256: (!case.options.no_hash).then(|| file.sha256.clone()),
            first: at(begun().min()),
            last: at(begun().max()),
            records: file.calls.len() as u64,
            unparsed: unread.values().map(|(count, _)| count).sum(),
            note: Some(notes.join("; ")),
            unparsed_places: file
                .unread
                .iter()
                .map(|(why, (lines, first_lines))| UnparsedPlaces {
                    why,
                    lines: *lines,
                    first_lines: first_lines.clone(),
                })
                .collect(),
            duplicate_of: None,
        }
    };
    files.iter().map(shown).collect()
}
