//! Rows and lines to calls: the legs of one call joined, and joined with what the log says of the same
//! channel.

use std::collections::{BTreeSet, HashMap};

use super::behaviour::Destination;
use super::call_facts::{NO_NUMBERS, logged_at, row_at};
use super::calls::{Addresses, At, Call, Calls, Origin};
use super::legs::{Leg, legs};
use super::world::Told;
use crate::event::{Disposition, Instant};
use crate::fold::calls::LogCall;
use crate::fold::hash;
use crate::readers::channel_account;

/// How far row and line of one call may lie apart: the row has whole seconds, and a queue may have
/// answered first.
const APART_SECONDS: i64 = 10;

/// Joins rows and lines to calls.
pub(super) fn join(told: &[Told<'_>], trunks: &BTreeSet<String>) -> Calls {
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
        destination: Destination::default(),
        is_outward: false,
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
            let key =
                if is_alone { 0 } else { hash(&entry.ledger.calls.channel(logged, &entry.ledger.names)) };
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
        destination: Destination::default(),
        is_outward: false,
        by_trunk: logged.by_trunk(),
        from_trunk: account.is_some_and(|name| trunks.contains(String::from_utf8_lossy(name).as_ref())),
        originated: account.is_none(),
    }
}
