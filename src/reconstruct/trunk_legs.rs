//! Calls as they crossed a trunk, one for each leg: what a carrier counts.
//!
//! A person's call may take no trunk, one, or several: a call from outside that is sent on to a mobile has a leg in and a
//! leg out, and a route with a second choice tries two. A ring group's rows are one leg of the caller's.

use std::collections::HashMap;

use super::call_facts::{NO_NUMBERS, row_at};
use super::calls::At;
use super::world::World;
use crate::event::{Disposition, Instant, Place};
use crate::fold::hash;
use crate::fold::rows::RowKind;
use crate::pbx_id;
use crate::readers::channel_account;

/// One leg.
#[derive(Clone, Copy, Debug)]
pub struct TrunkLeg {
    /// When it began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// Seconds from answer to end, where a record tells them.
    pub seconds: Option<u32>,
    /// How it ended.
    pub disposition: Disposition,
    /// Did it come in?
    pub is_inward: bool,
    /// The trunk, an index into [`TrunkLegs::trunks`].
    pub trunk: u32,
    /// Its row; none for a call that only a log or a proxy tells.
    row: At,
    /// The call that it is, for one without a row of its own.
    call: u32,
}

/// All legs over trunks.
#[derive(Debug, Default)]
pub struct TrunkLegs {
    /// In the order of their start.
    pub legs: Vec<TrunkLeg>,
    /// Names of trunks.
    pub trunks: Vec<String>,
    /// Calls that took no trunk.
    pub internal: u64,
}

impl TrunkLegs {
    fn trunk(&mut self, name: &[u8]) -> u32 {
        let name = String::from_utf8_lossy(name);
        let known = self.trunks.iter().position(|known| *known == name);
        known.unwrap_or_else(|| {
            self.trunks.push(name.into_owned());
            self.trunks.len() - 1
        }) as u32
    }

    /// Returns the name of a leg's trunk.
    pub fn name(&self, leg: &TrunkLeg) -> &str {
        self.trunks.get(leg.trunk as usize).map_or("", String::as_str)
    }
}

impl World<'_> {
    /// Returns all legs over trunks.
    pub fn trunk_legs(&self) -> TrunkLegs {
        let mut found = TrunkLegs::default();
        let mut known: HashMap<u64, usize> = HashMap::new();
        for (source, told) in self.told.iter().enumerate() {
            for (index, row) in
                told.ledger.rows.rows.iter().enumerate().filter(|(_, row)| row.kind == RowKind::Leg)
            {
                let text = told.ledger.rows.text(row);
                let Some((channel, is_inward)) = self.trunk_channel(text.channel, text.dst_channel) else {
                    continue;
                };
                let Some(account) = channel_account(channel) else { continue };
                let leg = TrunkLeg {
                    start: row.start,
                    end: row.start.plus_seconds(i64::from(row.duration)),
                    seconds: Some(if row.disposition == Disposition::Answered { row.billsec } else { 0 }),
                    disposition: row.disposition,
                    is_inward,
                    trunk: found.trunk(account),
                    row: At::new(source, index),
                    call: u32::MAX,
                };
                let id = if text.uniqueid.is_empty() { row.start.0 as u64 } else { hash(&text.uniqueid) };
                match known.get(&hash(&(id, channel))).and_then(|&place| found.legs.get_mut(place)) {
                    Some(same) => same.join(&leg),
                    None => {
                        known.insert(hash(&(id, channel)), found.legs.len());
                        found.legs.push(leg);
                    }
                }
            }
        }
        self.add_calls(&mut found);
        found.legs.sort_by_key(|leg| (leg.start, leg.row, leg.call));
        found
    }

    /// Returns the channel of a row that is a trunk's, and whether it is the caller's.
    fn trunk_channel<'t>(&self, channel: &'t [u8], called: &'t [u8]) -> Option<(&'t [u8], bool)> {
        let is_trunk = |channel: &[u8]| {
            let name = channel_account(channel).map(String::from_utf8_lossy);
            name.is_some_and(|name| self.trunks.contains(name.as_ref()))
        };
        if is_trunk(called) {
            return Some((called, false));
        }
        is_trunk(channel).then_some((channel, true))
    }

    /// Adds calls of which no row of a channel tells: a log's, a proxy's, FreeSWITCH's.
    fn add_calls(&self, found: &mut TrunkLegs) {
        for (index, call) in (0_u32..).zip(self.calls.iter()) {
            let row = row_at(&self.told, call.row);
            if !call.by_trunk() && !call.from_trunk() {
                found.internal += 1;
                continue;
            }
            let has_channels = |channel: &[u8], called: &[u8]| self.trunk_channel(channel, called).is_some();
            if row.is_some_and(|(row, text)| {
                row.kind == RowKind::Leg
                    && (has_channels(text.channel, text.dst_channel)
                        || pbx_id::parts(text.uniqueid).is_some())
            }) {
                continue;
            }
            let own = call.row.get().zip(row).and_then(|((source, _), (row, _))| {
                Some(self.told.get(source)?.ledger.names.text(row.trunk).to_vec())
            });
            let trunk = found.trunk(&own.unwrap_or_default());
            found.legs.push(TrunkLeg {
                start: call.start(),
                end: call.end(),
                seconds: self.billed(call).map(|seconds| seconds as u32),
                disposition: call.disposition(),
                is_inward: call.from_trunk() && !call.by_trunk(),
                trunk,
                row: At::NONE,
                call: index,
            });
        }
    }

    /// Returns the number that a leg called, untouched.
    pub fn leg_number(&self, leg: &TrunkLeg) -> &[u8] {
        if let Some((_, text)) = row_at(&self.told, leg.row) {
            return if NO_NUMBERS.contains(&text.dst) { b"" } else { text.dst };
        }
        self.calls.list.get(leg.call as usize).map(|call| self.dialed(call)).unwrap_or_default()
    }

    /// Returns the id of a leg's record: of a proxy's call, its Call-ID.
    pub fn leg_uniqueid(&self, leg: &TrunkLeg) -> Option<&[u8]> {
        if let Some((_, text)) = row_at(&self.told, leg.row) {
            return (!text.uniqueid.is_empty()).then_some(text.uniqueid);
        }
        self.calls.list.get(leg.call as usize).and_then(|call| self.uniqueid(call))
    }

    /// Returns the place that proves a leg.
    pub fn leg_place(&self, leg: &TrunkLeg) -> Option<Place> {
        if let Some(((source, _), (row, _))) = leg.row.get().zip(row_at(&self.told, leg.row)) {
            let source = self.told.get(source)?.source.id;
            return Some(Place { source, offset: row.offset, line: row.line });
        }
        self.calls.list.get(leg.call as usize).and_then(|call| self.places(call).first().copied())
    }

    /// Returns second and serial of every channel that a record names, in the order of creation, as far as
    /// one server numbered them.
    pub fn channel_serials(&self) -> Vec<(i64, u64)> {
        let rows = self.told.iter().flat_map(|told| {
            let rows = told.ledger.rows.rows.iter();
            rows.filter_map(|row| pbx_id::parts(told.ledger.rows.text(row).uniqueid))
        });
        let mut serials: Vec<(i64, u64)> = rows.collect();
        serials.sort_unstable();
        serials.dedup();
        serials
    }

    /// Returns when the first call record begins.
    pub fn records_begin(&self) -> Option<Instant> {
        let rows = self.told.iter().flat_map(|told| told.ledger.rows.rows.iter());
        rows.map(|row| row.start).min()
    }
}

impl TrunkLeg {
    /// Adds another row of the same channel: a ring group has one for each phone.
    fn join(&mut self, other: &TrunkLeg) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.seconds = self.seconds.max(other.seconds);
        self.disposition = self.disposition.min(other.disposition);
    }
}
