//! Rows and lines to calls: rows of one uniqueid, of one linkedid and of one pair of Local channels
//! joined, and joined with what the log says of the same channel.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::calls::{Addresses, At, Call, Calls, NO_NUMBERS, Origin, logged_at, row_at};
use super::world::Told;
use crate::event::{Disposition, Instant};
use crate::fold::calls::LogCall;
use crate::fold::rows::{Row, RowText};
use crate::pbx_id;
use crate::readers::channel_account;

/// How far row and line of one call may lie apart: the row has whole seconds, and a queue may have
/// answered first.
const APART_SECONDS: i64 = 10;

/// One row, on its way into a call.
struct Leg {
    key: u64,
    start: Instant,
    serial: u64,
    sequence: u32,
    at: At,
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Joins rows and lines to calls.
pub fn join(told: &[Told<'_>], trunks: &BTreeSet<String>) -> Calls {
    let mut names = Names::default();
    let mut addresses = Addresses::default();
    let mut legs = legs(told);
    legs.sort_unstable_by_key(|leg| (leg.key, leg.start, leg.serial, leg.sequence, leg.at));
    let mut list = Vec::new();
    let mut start = 0;
    while start < legs.len() {
        let end = start + legs[start..].iter().take_while(|leg| leg.key == legs[start].key).count();
        list.push(call_of(told, trunks, &mut names, &legs[start..end]));
        start = end;
    }
    drop(legs);
    add_logged(told, trunks, &mut names, &mut addresses, &mut list);
    list.sort_unstable_by_key(|call| (call.start, call.row, call.log));
    Calls { list, accounts: names.texts, addresses }
}

#[derive(Default)]
struct Names {
    ids: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn id(&mut self, name: Option<&[u8]>) -> u32 {
        let Some(name) = name else { return u32::MAX };
        let name = String::from_utf8_lossy(name);
        if let Some(&id) = self.ids.get(name.as_ref()) {
            return id;
        }
        let id = self.texts.len() as u32;
        self.texts.push(name.clone().into_owned());
        self.ids.insert(name.into_owned(), id);
        id
    }
}

/// Gives every row the key of its call.
fn legs(told: &[Told<'_>]) -> Vec<Leg> {
    let linked = linked_ids(told);
    let locals = local_pairs(told, &linked);
    let mut legs = Vec::new();
    for (source, told) in told.iter().enumerate() {
        for (index, row) in told.ledger.rows.rows.iter().enumerate() {
            let text = told.ledger.rows.text(row);
            let key = key_of(row, &text, &linked);
            legs.push(Leg {
                key: locals.get(&key).copied().unwrap_or(key),
                start: row.start,
                serial: pbx_id::parts(text.uniqueid).map_or(u64::MAX, |(_, serial)| serial),
                sequence: row.sequence,
                at: At::new(source, index),
            });
        }
    }
    legs
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
        for row in told.ledger.rows.rows.iter() {
            let text = told.ledger.rows.text(row);
            if !text.linkedid.is_empty() && pbx_id::parts(text.linkedid).is_some() {
                linked.insert(hash(&text.uniqueid), hash(&text.linkedid));
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
        for row in told.ledger.rows.rows.iter() {
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
        let root = root_of(&roots, earlier);
        let own = root_of(&roots, key);
        if own != root {
            roots.insert(own, root);
        }
    }
    roots.keys().map(|&key| (key, root_of(&roots, key))).collect()
}

fn root_of(roots: &HashMap<u64, u64>, mut key: u64) -> u64 {
    while let Some(&next) = roots.get(&key) {
        key = next;
    }
    key
}

/// Returns the name that both halves of a Local channel share: `Local/600@ctx-0000002a` of `...;2`.
fn local_base(channel: &[u8]) -> Option<&[u8]> {
    channel.strip_prefix(b"Local/")?;
    channel.strip_suffix(b";1").or_else(|| channel.strip_suffix(b";2"))
}

fn call_of(told: &[Told<'_>], trunks: &BTreeSet<String>, names: &mut Names, legs: &[Leg]) -> Call {
    let rows = || legs.iter().filter_map(|leg| Some((leg.at, row_at(told, leg.at)?)));
    let is_trunk = |channel: &[u8]| {
        channel_account(channel).is_some_and(|name| trunks.contains(String::from_utf8_lossy(name).as_ref()))
    };
    let account = rows().find_map(|(_, (_, text))| channel_account(text.channel));
    let dialed = rows().find(|(_, (_, text))| !NO_NUMBERS.contains(&text.dst)).map(|(at, _)| at);
    let answered = rows().filter(|(_, (row, _))| row.disposition == Disposition::Answered);
    let billsec = answered.map(|(_, (row, _))| row.billsec).max();
    let first = legs.first().map_or(At::NONE, |leg| leg.at);
    let last_end = rows().map(|(_, (row, _))| row.start.plus_seconds(i64::from(row.duration))).max();
    let start = legs.first().map_or(Instant(0), |leg| leg.start);
    let unanswered = rows().map(|(_, (row, _))| row.disposition).min().unwrap_or(Disposition::Unknown);
    let first_channel = row_at(told, first).map_or(&b""[..], |(_, text)| text.channel);
    Call {
        start,
        duration: last_end.map_or(0, |end| end.seconds_since(start).max(0)) as u32,
        billsec: billsec.unwrap_or(0),
        disposition: if billsec.is_some() { Disposition::Answered } else { unanswered },
        account: names.id(account),
        address: u32::MAX,
        row: first,
        dialed: dialed.map_or(0, |dialed| dialed.behind(first)),
        log: At::NONE,
        origin: Origin::Unknown,
        by_trunk: rows().any(|(_, (_, text))| is_trunk(text.dst_channel)),
        from_trunk: is_trunk(first_channel),
        originated: channel_account(first_channel).is_none(),
    }
}

/// Joins the log's calls to those of the records, and adds those that no record covers.
fn add_logged(
    told: &[Told<'_>],
    trunks: &BTreeSet<String>,
    names: &mut Names,
    addresses: &mut Addresses,
    list: &mut Vec<Call>,
) {
    let covered = list.iter().map(|call| call.start).min().zip(list.iter().map(|call| call.start).max());
    let recorded = ByChannel::of_rows(told, list);
    let mut added = ByChannel::default();
    for (source, entry) in told.iter().enumerate() {
        let before = list.len();
        for (index, logged) in entry.ledger.calls.calls.iter().enumerate() {
            let at = At::new(source, index);
            let is_covered = covered.is_some_and(|(first, last)| (first..=last).contains(&logged.start));
            let is_alone = recorded.is_empty() && added.is_empty();
            let key = if is_alone { 0 } else { hash(&entry.ledger.calls.channel(logged, &entry.ledger.names)) };
            if let Some(known) = recorded.nearest(key, logged.start).and_then(|index| list.get_mut(index)) {
                known.log = known.log.or(at);
                if known.address == u32::MAX {
                    known.address = addresses.id(entry.ledger.calls.address(logged));
                    known.origin = if known.address == u32::MAX { Origin::Unknown } else { Origin::Media };
                }
            } else if logged.dialed() && !is_covered && added.nearest(key, logged.start).is_none() {
                list.push(logged_call(entry, trunks, names, addresses, logged, at));
            }
        }
        // Another log tells the same calls again; within one, each has its own number.
        if source + 1 < told.len() {
            added.add_logged(told, list.get(before..).unwrap_or_default(), before);
        }
    }
}

/// Calls by channel, for finding the one that another source tells of.
#[derive(Default)]
struct ByChannel {
    sorted: Vec<(u64, Instant, u32)>,
}

impl ByChannel {
    fn of_rows(told: &[Told<'_>], list: &[Call]) -> Self {
        let has_logs = told.iter().any(|told| !told.ledger.calls.calls.is_empty());
        let rows = list.iter().enumerate().filter(|_| has_logs).filter_map(|(index, call)| {
            let (_, text) = row_at(told, call.row)?;
            Some((hash(&text.channel), call.start, index as u32))
        });
        let mut sorted: Vec<_> = rows.collect();
        sorted.sort_unstable();
        ByChannel { sorted }
    }

    fn add_logged(&mut self, told: &[Told<'_>], list: &[Call], first: usize) {
        let more = list.iter().enumerate().filter_map(|(index, call)| {
            let (told, logged) = logged_at(told, call.log)?;
            let channel = told.ledger.calls.channel(logged, &told.ledger.names);
            Some((hash(&channel), call.start, (first + index) as u32))
        });
        self.sorted.extend(more);
        self.sorted.sort_unstable();
    }

    fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    fn nearest(&self, key: u64, start: Instant) -> Option<usize> {
        let from = self.sorted.partition_point(|entry| entry.0 < key);
        let same = self.sorted.get(from..)?.iter().take_while(|entry| entry.0 == key);
        same.map(|entry| (entry.1.seconds_since(start).abs(), entry.2))
            .filter(|(apart, _)| *apart <= APART_SECONDS)
            .min()
            .map(|(_, index)| index as usize)
    }
}

fn logged_call(
    told: &Told<'_>,
    trunks: &BTreeSet<String>,
    names: &mut Names,
    addresses: &mut Addresses,
    logged: &LogCall,
    at: At,
) -> Call {
    let account = told.ledger.names.text(logged.account);
    let account = (!account.is_empty()).then_some(account);
    let address = told.ledger.calls.address(logged);
    Call {
        start: logged.start,
        duration: 0,
        billsec: 0,
        disposition: if logged.answered() { Disposition::Answered } else { Disposition::Unknown },
        account: names.id(account),
        address: addresses.id(address),
        row: At::NONE,
        dialed: 0,
        log: at,
        origin: if address.is_some() { Origin::Media } else { Origin::Unknown },
        by_trunk: logged.by_trunk(),
        from_trunk: account.is_some_and(|name| trunks.contains(String::from_utf8_lossy(name).as_ref())),
        originated: account.is_none(),
    }
}
