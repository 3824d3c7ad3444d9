//! Calls as a person counts them: rows of one uniqueid, of one linkedid and of one pair of Local
//! channels joined, and joined with what the log says of the same channel.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use super::world::{Told, World};
use crate::event::{Disposition, Instant, Place};
use crate::fold::calls::LogCall;
use crate::fold::rows::{Row, RowText};
use crate::pbx_id;
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
    account: u32,
    /// Its first row.
    row: Option<(u16, u32)>,
    /// The row that tells what was dialled.
    dialed: Option<(u16, u32)>,
    /// Its first line in a log.
    log: Option<(u16, u32)>,
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

/// Extensions that stand for no number.
const NO_NUMBERS: [&[u8]; 7] = [b"", b"s", b"h", b"i", b"t", b"hang", b"hangup"];
/// How far row and line of one call may lie apart: the row has whole seconds, and a queue may have
/// answered first.
const APART_SECONDS: i64 = 10;

/// One row, on its way into a call.
struct Leg {
    key: u64,
    start: Instant,
    serial: u64,
    sequence: u32,
    at: (u16, u32),
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

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

fn row_at<'t>(told: &'t [Told<'_>], (source, index): (u16, u32)) -> Option<(&'t Row, RowText<'t>)> {
    let rows = &told.get(usize::from(source))?.ledger.rows;
    let row = rows.rows.get(index as usize)?;
    Some((row, rows.text(row)))
}

fn logged_at<'t>(told: &'t [Told<'_>], (source, index): (u16, u32)) -> Option<&'t LogCall> {
    told.get(usize::from(source))?.ledger.calls.calls.get(index as usize)
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
                at: (source as u16, index as u32),
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
            let key = hash(&entry.ledger.calls.channel(logged, &entry.ledger.names));
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

impl World<'_> {
    /// Returns the account that made a call.
    pub fn account_of(&self, call: &Call) -> Option<&str> {
        self.calls.account(call)
    }

    /// Returns what was dialled, untouched.
    pub fn dialed(&self, call: &Call) -> &[u8] {
        if let Some((_, text)) = call.dialed.and_then(|at| row_at(&self.told, at))
            && !NO_NUMBERS.contains(&text.dst)
        {
            return text.dst;
        }
        let logged = call.log.and_then(|(source, index)| {
            let calls = &self.told.get(usize::from(source))?.ledger.calls;
            Some(calls.number(calls.calls.get(index as usize)?))
        });
        let row = || call.row.and_then(|at| row_at(&self.told, at)).map(|(_, text)| text.dst);
        logged.or_else(row).unwrap_or_default()
    }

    /// Returns the id of the call's first record.
    pub fn uniqueid(&self, call: &Call) -> Option<&[u8]> {
        let (_, text) = row_at(&self.told, call.row?)?;
        (!text.uniqueid.is_empty()).then_some(text.uniqueid)
    }

    /// Returns the calling channel.
    pub fn channel(&self, call: &Call) -> Cow<'_, [u8]> {
        if let Some((_, text)) = call.row.and_then(|at| row_at(&self.told, at)) {
            return Cow::Borrowed(text.channel);
        }
        call.log
            .and_then(|(source, index)| {
                let ledger = &self.told.get(usize::from(source))?.ledger;
                Some(ledger.calls.channel(ledger.calls.calls.get(index as usize)?, &ledger.names))
            })
            .unwrap_or_default()
    }

    /// Returns the context that the call entered.
    pub fn context(&self, call: &Call) -> &[u8] {
        let of_row = call.row.and_then(|(source, index)| {
            let ledger = &self.told.get(usize::from(source))?.ledger;
            Some(ledger.names.text(ledger.rows.rows.get(index as usize)?.context))
        });
        let of_log = || {
            let (source, _) = call.log?;
            let logged = logged_at(&self.told, call.log?)?;
            Some(self.told.get(usize::from(source))?.ledger.names.text(logged.context))
        };
        of_row.or_else(of_log).unwrap_or_default()
    }

    /// Returns the places that prove a call: its first row and its first line.
    pub fn places(&self, call: &Call) -> Vec<Place> {
        let row = call.row.and_then(|at| {
            let (row, _) = row_at(&self.told, at)?;
            let source = self.told.get(usize::from(at.0))?.source.id;
            Some(Place { source, offset: row.offset, line: row.line })
        });
        let line = call.log.and_then(|at| {
            let logged = logged_at(&self.told, at)?;
            let source = self.told.get(usize::from(at.0))?.source.id;
            Some(crate::fold::calls::place(source, logged))
        });
        row.into_iter().chain(line).collect()
    }
}
