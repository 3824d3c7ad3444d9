//! Calls that one record claims: which of them a second source should know of, and does not.
//!
//! A row of FreeSWITCH's CSV file can be written by one packet from a stranger. Rows stand in the order in which
//! their calls ended. A source that bears out a row before, and one behind or later than this, was there when this
//! row was written, and would have told of the call.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{At, Call};
use super::world::Told;
use crate::event::Instant;
use crate::fold::hash;
use crate::pbx_id::is_uuid;

/// Rows looked at on either side of a claim; a file of nothing but claims is borne out by nothing.
const MOST_LOOKED_AT: usize = 1_000;
/// Records of their own must know at least one in so many of a file's rows, and nearly all that anything bears
/// out: of those that are sent elsewhere only the failures stay behind.
const ONE_IN: usize = 5;

/// Takes out the calls that a second source denies.
pub(super) fn take_unproven(told: &[Told<'_>], list: &mut Vec<Call>) -> Vec<Call> {
    if list.iter().all(|call| !call.is_claim()) {
        return Vec::new();
    }
    let witnesses = Witnesses::new(told);
    let claims = list.iter().filter(|call| call.is_claim()).map(|call| call.row);
    let mut files: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (source, index) in claims.filter_map(At::get) {
        files.entry(source).or_default().insert(index);
    }
    let mut denied = BTreeSet::new();
    for (source, indices) in files {
        let Some(file) = told.get(source) else { continue };
        let fit = witnesses.fit_for(file);
        let is_denied = |index: &usize| witnesses.deny(file, *index, &fit);
        denied.extend(indices.into_iter().filter(is_denied).map(|index| At::new(source, index)));
    }
    let (unproven, kept) = list.drain(..).partition(|call| call.is_claim() && denied.contains(&call.row));
    *list = kept;
    unproven
}

/// Which sources know of which call, by its uuid.
#[derive(Default)]
struct Witnesses {
    /// By uuid: a log by its index, records of their own by the folder that they lie in.
    known: BTreeMap<u64, BTreeSet<u64>>,
    /// The last instant of each.
    last: BTreeMap<u64, Instant>,
    logs: BTreeSet<u64>,
}

impl Witnesses {
    fn new(told: &[Told<'_>]) -> Self {
        let mut witnesses = Witnesses::default();
        for (index, told) in told.iter().enumerate() {
            let ledger = &told.ledger;
            if let Some(last) = ledger.last.filter(|_| ledger.is_freeswitch) {
                let log = hash(&("log", index));
                witnesses.logs.insert(log);
                witnesses.last.insert(log, last);
                for call in ledger.calls.calls.iter() {
                    let uuid = hash(&&*ledger.calls.channel(call, &ledger.names));
                    witnesses.known.entry(uuid).or_default().insert(log);
                }
            }
            let folder = hash(&("folder", told.source.file.path.rsplit_once('/').map(|(folder, _)| folder)));
            for row in ledger.rows.rows.iter().filter(|row| !row.is_claim) {
                let text = ledger.rows.text(row);
                if is_uuid(text.uniqueid) {
                    witnesses.known.entry(hash(&text.uniqueid)).or_default().insert(folder);
                    let end = row.start.plus_seconds(i64::from(row.duration));
                    let last = witnesses.last.entry(folder).or_insert(end);
                    *last = (*last).max(end);
                }
            }
        }
        witnesses
    }

    /// Returns which witnesses may deny a row of a file.
    fn fit_for(&self, file: &Told<'_>) -> BTreeSet<u64> {
        let rows = &file.ledger.rows;
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        let (mut all, mut borne_out) = (0, 0);
        for row in rows.rows.iter() {
            all += 1;
            let Some(known) = self.known.get(&hash(&rows.text(row).uniqueid)) else { continue };
            borne_out += 1;
            known.iter().for_each(|witness| *counts.entry(*witness).or_default() += 1);
        }
        let is_fit = |(witness, count): &(u64, usize)| {
            // A log is written from its beginning to its end.
            self.logs.contains(witness) || (count * ONE_IN >= all && count * 5 >= borne_out * 4)
        };
        counts.into_iter().filter(is_fit).map(|(witness, _)| witness).collect()
    }

    /// Returns whether a source that was there when the row was written does not know of its call: one that knows
    /// of a row before, and of one behind or of the time at which the call is said to have ended.
    fn deny(&self, file: &Told<'_>, index: usize, fit: &BTreeSet<u64>) -> bool {
        let rows = &file.ledger.rows;
        let Some(claim) = rows.rows.get(index).filter(|_| !fit.is_empty()) else { return false };
        let end = claim.start.plus_seconds(i64::from(claim.duration));
        let known = |index: usize| {
            let row = rows.rows.get(index)?;
            self.known.get(&hash(&rows.text(row).uniqueid))
        };
        let before: BTreeSet<u64> = (index.saturating_sub(MOST_LOOKED_AT)..index)
            .rev()
            .filter_map(known)
            .flatten()
            .copied()
            .collect();
        before.intersection(fit).any(|witness| {
            let reaches = self.last.get(witness).is_some_and(|last| *last >= end);
            let mut behind = (index + 1..rows.rows.len()).take(MOST_LOOKED_AT).filter_map(known);
            reaches || behind.any(|known| known.contains(witness))
        })
    }
}
