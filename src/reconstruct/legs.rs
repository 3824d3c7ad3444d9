//! Which rows are one call's: those of one uniqueid, of one linkedid, and of one pair of Local channels.

use std::collections::HashMap;

use super::calls::At;
use super::world::Told;
use crate::event::{Instant, Leg as Side};
use crate::fold::rows::{Row, RowKind, RowText};
use crate::fold::{dialogs, hash};
use crate::pbx_id::{self, is_uuid};
use crate::readers::Tells;

/// One row, on its way into a call.
pub(super) struct Leg {
    /// What legs of one call share.
    pub(super) key: u64,
    /// Was it called, and did not call? Its stamp may be the finer one and yet be the earlier.
    pub(super) is_called: bool,
    pub(super) start: Instant,
    pub(super) serial: u64,
    pub(super) sequence: u32,
    pub(super) at: At,
}

/// Gives every row the key of its call.
pub(super) fn legs(told: &[Told<'_>]) -> Vec<Leg> {
    let linked = linked_ids(told);
    let locals = local_pairs(told, &linked);
    let begun = begun(told);
    let is_told_twice = has_legs(told);
    let mut legs = Vec::new();
    for (source, told) in told.iter().enumerate() {
        if is_told_twice && told.source.kind.tells() == Some(Tells::Wire) {
            continue;
        }
        for (index, row) in told.ledger.rows.rows.iter().enumerate() {
            let text = told.ledger.rows.text(row);
            let key = key_of(row, &text, &linked);
            let key = if row.kind.is_transaction() { dialog_of(&text, &begun) } else { key };
            legs.push(Leg {
                key: locals.get(&key).copied().unwrap_or(key),
                is_called: row.leg == Side::Called || (key != hash(&text.uniqueid) && is_uuid(text.uniqueid)),
                start: row.start,
                serial: pbx_id::parts(text.uniqueid).map_or(u64::MAX, |(_, serial)| serial),
                sequence: row.sequence,
                at: At::new(source, index),
            });
        }
    }
    legs
}

/// Returns whether a server's own records tell the calls that a capture shows as well: their names for
/// one call have nothing in common.
fn has_legs(told: &[Told<'_>]) -> bool {
    told.iter().any(|told| {
        let ledger = &told.ledger;
        !ledger.calls.calls.is_empty() || ledger.rows.rows.iter().any(|row| row.kind == RowKind::Leg)
    })
}

/// Returns when INVITEs began dialogs, by the sender's tag.
fn begun(told: &[Told<'_>]) -> HashMap<u64, Instant> {
    let mut begun = HashMap::new();
    let each = told.iter().flat_map(|told| {
        let rows = told.ledger.rows.rows.iter().filter(|row| row.kind == RowKind::Began);
        rows.filter_map(|row| Some((dialogs(&told.ledger.rows.text(row))?.0, row.start)))
    });
    for (tag, at) in each {
        let first = begun.entry(tag).or_insert(at);
        *first = at.min(*first);
    }
    begun
}

/// Returns the dialog that a transaction belongs to, by the caller's tag: the one that was there first,
/// for the called side may hang up, and send an INVITE within the call.
fn dialog_of(text: &RowText<'_>, begun: &HashMap<u64, Instant>) -> u64 {
    let (from, to) = dialogs(text).unwrap_or_default();
    match (begun.get(&from), begun.get(&to)) {
        (Some(own), Some(other)) if other < own => to,
        (None, Some(_)) => to,
        _ => from,
    }
}

fn key_of(row: &Row, text: &RowText<'_>, linked: &HashMap<u64, u64>) -> u64 {
    if text.uniqueid.is_empty() {
        return hash(&(text.channel, row.start));
    }
    let own = hash(&text.uniqueid);
    linked.get(&own).copied().unwrap_or(own)
}

/// Returns, for ids whose row names another as the first of its call, that other: one file may lack
/// the column that a copy of it has.
fn linked_ids(told: &[Told<'_>]) -> HashMap<u64, u64> {
    let mut linked = HashMap::new();
    for told in told {
        for row in told.ledger.rows.rows.iter().filter(|row| !row.kind.is_transaction()) {
            let text = told.ledger.rows.text(row);
            let is_id = pbx_id::parts(text.linkedid).is_some() || is_uuid(text.linkedid);
            if !text.linkedid.is_empty() && is_id {
                linked.insert(hash(&text.uniqueid), hash(&text.linkedid));
            }
            // FreeSWITCH's record of the caller names the leg that was called.
            if is_uuid(text.dst_channel) && text.dst_channel != text.uniqueid {
                linked.insert(hash(&text.dst_channel), hash(&text.uniqueid));
            }
        }
    }
    linked
}

/// Returns, for calls whose rows hold one half of a Local channel each, the key of the earlier.
fn local_pairs(told: &[Told<'_>], linked: &HashMap<u64, u64>) -> HashMap<u64, u64> {
    let mut first: HashMap<u64, (Instant, u64)> = HashMap::new();
    let mut pairs: Vec<(u64, u64)> = Vec::new();
    for told in told {
        for row in told.ledger.rows.rows.iter().filter(|row| !row.kind.is_transaction()) {
            let text = told.ledger.rows.text(row);
            for channel in [text.channel, text.dst_channel] {
                let Some(base) = local_base(channel) else { continue };
                let key = key_of(row, &text, linked);
                // The serial in a Local channel's name starts anew with the server.
                let pair = hash(&(base, row.start.seconds() / 86_400));
                let known = first.entry(pair).or_insert((row.start, key));
                if (row.start, key) < *known {
                    pairs.push((known.1, key));
                    *known = (row.start, key);
                } else if known.1 != key {
                    pairs.push((key, known.1));
                }
            }
        }
    }
    let mut roots: HashMap<u64, u64> = HashMap::new();
    for (key, earlier) in pairs {
        let root = root_of(&mut roots, earlier);
        let own = root_of(&mut roots, key);
        if own != root {
            roots.insert(own, root);
        }
    }
    let keys: Vec<u64> = roots.keys().copied().collect();
    keys.into_iter().map(|key| (key, root_of(&mut roots, key))).collect()
}

/// Follows a chain to its end, and lets each of its members point there: a transfer of a transfer of a
/// transfer must not be walked anew each time.
fn root_of(roots: &mut HashMap<u64, u64>, key: u64) -> u64 {
    let mut root = key;
    while let Some(&next) = roots.get(&root) {
        root = next;
    }
    let mut member = key;
    while let Some(next) = roots.get_mut(&member).filter(|next| **next != root) {
        member = std::mem::replace(next, root);
    }
    root
}

/// Returns the name that both halves of a Local channel share: `Local/600@ctx-0000002a` of `...;2`.
fn local_base(channel: &[u8]) -> Option<&[u8]> {
    channel.strip_prefix(b"Local/")?;
    channel.strip_suffix(b";1").or_else(|| channel.strip_suffix(b";2"))
}
