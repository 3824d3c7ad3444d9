//! Calls that one record claims: which of them a second source should know of, and does not.
//!
//! A row of FreeSWITCH's CSV file can be written by one packet from a stranger. Rows stand in the order in which
//! their calls ended. Where the rows around one were borne out by a source, and that source goes on, it was there
//! when this row was written, and would have told of the call.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{At, Call};
use super::world::Told;
use crate::event::Instant;
use crate::fold::hash;
use crate::pbx_id::is_uuid;

/// Takes out the calls that a second source denies.
pub(super) fn take_unproven(told: &[Told<'_>], list: &mut Vec<Call>) -> Vec<Call> {
    if list.iter().all(|call| !call.is_claim) {
        return Vec::new();
    }
    let witnesses = Witnesses::new(told);
    let denied: BTreeSet<At> =
        list.iter().filter(|call| call.is_claim).map(|call| call.row).filter(|at| witnesses.deny(told, *at)).collect();
    let (unproven, kept) = list.drain(..).partition(|call| call.is_claim && denied.contains(&call.row));
    *list = kept;
    unproven
}

/// Which sources know of which call, by its uuid.
struct Witnesses {
    /// By uuid: a log by its index, records of their own by the folder that they lie in.
    known: BTreeMap<u64, Vec<u64>>,
    /// The last instant of each log.
    last: BTreeMap<u64, Instant>,
}

impl Witnesses {
    fn new(told: &[Told<'_>]) -> Self {
        let mut witnesses = Witnesses { known: BTreeMap::new(), last: BTreeMap::new() };
        for (index, told) in told.iter().enumerate() {
            let ledger = &told.ledger;
            let log = hash(&index);
            if ledger.is_freeswitch && let Some(last) = ledger.last {
                witnesses.last.insert(log, last);
            }
            for call in ledger.calls.calls.iter().filter(|_| ledger.is_freeswitch) {
                let uuid = hash(&&*ledger.calls.channel(call, &ledger.names));
                witnesses.known.entry(uuid).or_default().push(log);
            }
            let folder = hash(&told.source.file.path.rsplit_once('/').map(|(folder, _)| folder));
            for row in ledger.rows.rows.iter().filter(|row| !row.is_claim) {
                let text = ledger.rows.text(row);
                if is_uuid(text.uniqueid) {
                    witnesses.known.entry(hash(&text.uniqueid)).or_default().push(folder);
                }
            }
        }
        witnesses
    }

    /// Returns whether a source that was there when the row was written does not know of its call.
    fn deny(&self, told: &[Told<'_>], at: At) -> bool {
        let Some((source, index)) = at.get() else { return false };
        let Some(told) = told.get(source) else { return false };
        let rows = &told.ledger.rows;
        let witnesses = |index: usize| {
            let row = rows.rows.get(index)?;
            let known = self.known.get(&hash(&rows.text(row).uniqueid))?;
            Some((known, row.start.plus_seconds(i64::from(row.duration))))
        };
        // The nearest row before that anything bears out.
        let Some((before, end)) = (0..index).rev().take(MOST_LOOKED_AT).find_map(witnesses) else {
            return false;
        };
        let behind = (index + 1..rows.rows.len()).take(MOST_LOOKED_AT).find_map(witnesses);
        before.iter().any(|witness| {
            let goes_on = self.last.get(witness).is_some_and(|last| *last > end);
            goes_on || behind.is_some_and(|(behind, _)| behind.contains(witness))
        })
    }
}

/// Rows looked at on either side; a file of nothing but claims is borne out by nothing.
const MOST_LOOKED_AT: usize = 10_000;
