//! Calls as a person counts them: rows of one uniqueid, of one linkedid and of one pair of Local
//! channels joined, and joined with what the log says of the same channel.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::call_facts::{NO_NUMBERS, row_at};
use super::legs::{Leg, hash, legs};
use super::world::Told;
use crate::event::{Disposition, Instant};
use crate::fold::calls::LogCall;
use crate::readers::channel_account;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When it began.
    pub start: Instant,
    /// Seconds from start to end.
    pub duration: u32,
    /// Billed seconds: of the answered leg that lasted longest.
    pub billsec: u32,
    /// How it ended, answered if any leg was.
    pub disposition: Disposition,
    /// Rows that tell of it.
    pub legs: u16,
    /// The account that made it, an index into [`Calls::accounts`].
    pub(super) account: u32,
    /// Its first row.
    pub(super) row: Option<(u16, u32)>,
    /// The row that tells what was dialled.
    pub(super) dialed: Option<(u16, u32)>,
    /// Its first line in a log.
    pub(super) log: Option<(u16, u32)>,
    /// The address it came from.
    pub address: Option<IpAddr>,
    /// How that address is known.
    pub origin: Origin,
    /// Did it go out by a trunk?
    pub by_trunk: bool,
    /// Did it come in by a trunk?
    pub from_trunk: bool,
    /// Did no phone make it: a Local channel, an originated call?
    pub originated: bool,
}

impl Call {
    /// Returns the index of its account in [`Calls::accounts`]; beyond it if it has none.
    pub(super) fn account_index(&self) -> usize {
        self.account as usize
    }
}

/// How the address of a call is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It is not.
    Unknown,
    /// The account was registered from there.
    Registration,
    /// Several addresses held the account; the place called tells which of them.
    Place,
    /// Credentials were accepted from there at that moment.
    Authentication,
    /// The caller's audio came from there.
    Media,
}

/// All calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// In the order of their start.
    pub list: Vec<Call>,
    /// Accounts that made calls.
    pub accounts: Vec<String>,
}

impl Calls {
    /// Goes over all calls in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Call> {
        self.list.iter()
    }

    /// Returns the account that made a call.
    pub fn account(&self, call: &Call) -> Option<&str> {
        self.accounts.get(call.account as usize).map(String::as_str)
    }
}

/// How far row and line of one call may lie apart: the row has whole seconds, and a queue may have
/// answered first.
const APART_SECONDS: i64 = 10;

/// Joins rows and lines to calls.
pub fn join(told: &[Told<'_>], trunks: &BTreeSet<String>) -> Calls {
    let mut names = Names::default();
    let mut legs = legs(told);
    legs.sort_by_key(|leg| (leg.key, leg.start, leg.serial, leg.sequence, leg.at));
    let mut list = Vec::with_capacity(legs.len());
    let mut start = 0;
    while start < legs.len() {
        let end = start + legs[start..].iter().take_while(|leg| leg.key == legs[start].key).count();
        list.push(call_of(told, trunks, &mut names, &legs[start..end]));
        start = end;
    }
    drop(legs);
    add_logged(told, trunks, &mut names, &mut list);
    list.sort_by_key(|call| (call.start, call.row, call.log));
    Calls { list, accounts: names.texts }
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
    let first = legs.first().map(|leg| leg.at);
    let last_end = rows().map(|(_, (row, _))| row.start.plus_seconds(i64::from(row.duration))).max();
    let start = legs.first().map_or(Instant(0), |leg| leg.start);
    let unanswered = rows().map(|(_, (row, _))| row.disposition).min().unwrap_or(Disposition::Unknown);
    let first_channel = first.and_then(|at| row_at(told, at)).map_or(&b""[..], |(_, text)| text.channel);
    Call {
        start,
        duration: last_end.map_or(0, |end| end.seconds_since(start).max(0)) as u32,
        billsec: billsec.unwrap_or(0),
        disposition: if billsec.is_some() { Disposition::Answered } else { unanswered },
        legs: legs.len().min(usize::from(u16::MAX)) as u16,
        account: names.id(account),
        row: first,
        dialed: dialed.or(first),
        log: None,
        address: None,
        origin: Origin::Unknown,
        by_trunk: rows().any(|(_, (_, text))| is_trunk(text.dst_channel)),
        from_trunk: is_trunk(first_channel),
        originated: channel_account(first_channel).is_none(),
    }
}

/// Joins the log's calls to those of the records, and adds those that no record covers.
fn add_logged(told: &[Told<'_>], trunks: &BTreeSet<String>, names: &mut Names, list: &mut Vec<Call>) {
    let covered = list.iter().map(|call| call.start).min().zip(list.iter().map(|call| call.start).max());
    let mut by_channel: Vec<(u64, Instant, usize)> = list
        .iter()
        .enumerate()
        .filter_map(|(index, call)| {
            let (_, text) = row_at(told, call.row?)?;
            Some((hash(&text.channel), call.start, index))
        })
        .collect();
    by_channel.sort_unstable();
    let mut added: BTreeSet<(u64, i64)> = BTreeSet::new();
    for (source, entry) in told.iter().enumerate() {
        for (index, logged) in entry.ledger.calls.calls.iter().enumerate() {
            let channel = entry.ledger.calls.channel(logged);
            let key = hash(&channel);
            let at = (source as u16, index as u32);
            if let Some(known) = nearest(&by_channel, key, logged.start).and_then(|index| list.get_mut(index))
            {
                known.log = known.log.or(Some(at));
                if known.address.is_none() {
                    known.address = entry.ledger.calls.address(logged);
                    known.origin = if known.address.is_some() { Origin::Media } else { Origin::Unknown };
                }
                continue;
            }
            let is_covered = covered.is_some_and(|(first, last)| (first..=last).contains(&logged.start));
            let is_new = (-2..=2).all(|off| !added.contains(&(key, logged.start.seconds() + off)));
            if logged.dialed && !is_covered && is_new {
                added.insert((key, logged.start.seconds()));
                list.push(logged_call(entry, trunks, names, logged, at));
            }
        }
    }
}

fn nearest(by_channel: &[(u64, Instant, usize)], key: u64, start: Instant) -> Option<usize> {
    let from = by_channel.partition_point(|entry| entry.0 < key);
    by_channel
        .get(from..)?
        .iter()
        .take_while(|entry| entry.0 == key)
        .map(|entry| (entry.1.seconds_since(start).abs(), entry.2))
        .filter(|(apart, _)| *apart <= APART_SECONDS)
        .min()
        .map(|(_, index)| index)
}

fn logged_call(
    told: &Told<'_>,
    trunks: &BTreeSet<String>,
    names: &mut Names,
    logged: &LogCall,
    at: (u16, u32),
) -> Call {
    let account = told.ledger.names.text(logged.account);
    let account = (!account.is_empty()).then_some(account);
    let address = told.ledger.calls.address(logged);
    Call {
        start: logged.start,
        duration: 0,
        billsec: 0,
        disposition: if logged.answered { Disposition::Answered } else { Disposition::Unknown },
        legs: 1,
        account: names.id(account),
        row: None,
        dialed: None,
        log: Some(at),
        address,
        origin: if address.is_some() { Origin::Media } else { Origin::Unknown },
        by_trunk: false,
        from_trunk: account.is_some_and(|name| trunks.contains(String::from_utf8_lossy(name).as_ref())),
        originated: account.is_none(),
    }
}
