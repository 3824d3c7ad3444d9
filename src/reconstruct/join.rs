//! Rows and lines to calls: the legs of one call joined, and joined with what the log says of the same
//! channel.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

use super::behaviour::Destination;
use super::call_facts::{NO_NUMBERS, logged_at, row_at};
use super::calls::{Addresses, At, Call, Calls, Facts, Id, Length, Mark, Origin};
use super::legs::{Leg, legs};
use super::proof;
use super::relayed;
use super::transactions;
use super::world::Told;
use crate::event::{Disposition, Instant, Leg as Side};
use crate::fold::calls::LogCall;
use crate::fold::hash;
use crate::fold::names::NameId;
use crate::fold::rows::{Row, RowText};
use crate::pbx_id::is_uuid;
use crate::readers::{Tells, channel_account};

/// How far row and line of one call may lie apart: the row has whole seconds, and a queue may have
/// answered first.
const APART_SECONDS: i64 = 10;
/// How much later a record may begin than its channel, where that is known to happen.
const RESET_SECONDS: i64 = 900;

/// Joins rows and lines to calls.
pub(super) fn join(told: &[Told<'_>], trunks: &BTreeSet<String>) -> Calls {
    let mut names = Names::default();
    let mut addresses = Addresses::default();
    let mut legs = legs(told);
    legs.sort_unstable_by_key(|leg| (leg.key, leg.is_called, leg.start, leg.serial, leg.sequence, leg.at));
    let mut list = Vec::new();
    let mut start = 0;
    while start < legs.len() {
        let end = start + legs[start..].iter().take_while(|leg| leg.key == legs[start].key).count();
        let addresses = &mut addresses;
        list.extend(call_of(told, trunks, &mut names, addresses, &legs[start..end]));
        start = end;
    }
    drop(legs);
    add_logged(told, trunks, &mut names, &mut addresses, &mut list);
    let unproven = proof::take_unproven(told, &mut list);
    list.sort_unstable_by_key(|call| (call.start(), call.row, call.log));
    let mut calls = Calls { list, accounts: names.texts, addresses, unproven };
    relayed::merge(told, &mut calls);
    calls
}

#[derive(Default)]
struct Names {
    ids: HashMap<String, Id>,
    texts: Vec<String>,
}

impl Names {
    fn id(&mut self, name: Option<&[u8]>) -> Id {
        let Some(name) = name else { return Id::NONE };
        let name = String::from_utf8_lossy(name);
        if let Some(&id) = self.ids.get(name.as_ref()) {
            return id;
        }
        let id = Id::new(self.texts.len());
        self.texts.push(name.clone().into_owned());
        self.ids.insert(name.into_owned(), id);
        id
    }
}

fn call_of(
    told: &[Told<'_>],
    trunks: &BTreeSet<String>,
    names: &mut Names,
    addresses: &mut Addresses,
    legs: &[Leg],
) -> Option<Call> {
    let is_proxy =
        legs.first().and_then(|leg| row_at(told, leg.at)).is_some_and(|(row, _)| row.kind.is_transaction());
    if is_proxy {
        return transactions::call_of(told, trunks, legs, |account, address| {
            (names.id(account), addresses.id(address))
        });
    }
    Some(call_of_legs(told, trunks, names, addresses, legs))
}

fn call_of_legs(
    told: &[Told<'_>],
    trunks: &BTreeSet<String>,
    names: &mut Names,
    addresses: &mut Addresses,
    legs: &[Leg],
) -> Call {
    let own = OwnWords::of(told, legs);
    // Looked up once: where a row's texts lie has to be worked out.
    let found: Vec<(At, (&Row, RowText<'_>))> =
        legs.iter().filter_map(|leg| Some((leg.at, row_at(told, leg.at)?))).collect();
    let rows = || found.iter().copied();
    let is_trunk = |channel: &[u8]| {
        channel_account(channel).is_some_and(|name| trunks.contains(String::from_utf8_lossy(name).as_ref()))
    };
    let account = own.account.or_else(|| rows().find_map(|(_, (_, text))| channel_account(text.channel)));
    let first_channel = found.first().map_or(&b""[..], |(_, (_, text))| text.channel);
    let address = own.address.or_else(|| iax_caller(first_channel));
    // Of a call that came in and was sent on, the number counts that it was sent to.
    let is_sent_on = |text: &RowText<'_>| is_trunk(first_channel) && is_trunk(text.dst_channel);
    let dialed = rows()
        .filter(|(_, (_, text))| !NO_NUMBERS.contains(&text.dst))
        .max_by_key(|(at, (_, text))| (is_sent_on(text), std::cmp::Reverse(*at)))
        .map(|(at, _)| at);
    // The house answers whoever comes in: whether the call was answered, the leg tells that went out.
    let went_out = rows().any(|(_, (_, text))| is_sent_on(&text));
    let told_by = || rows().filter(|(_, (_, text))| !went_out || is_sent_on(text));
    let answered = told_by().filter(|(_, (row, _))| row.disposition == Disposition::Answered);
    let billsec = answered.map(|(_, (row, _))| row.billsec).max();
    let first = legs.first().map_or(At::NONE, |leg| leg.at);
    let last_end = rows().map(|(_, (row, _))| row.start.plus_seconds(i64::from(row.duration))).max();
    let start = own.start.unwrap_or_else(|| legs.first().map_or(Instant(0), |leg| leg.start));
    let is_originated = own.originated.unwrap_or_else(|| channel_account(first_channel).is_none());
    let unanswered = told_by().map(|(_, (row, _))| row.disposition).min().unwrap_or(Disposition::Unknown);
    Call {
        start: start.into(),
        length: Length::new(
            last_end.map_or(0, |end| end.seconds_since(start).max(0)) as u32,
            billsec.unwrap_or(0),
        ),
        account: names.id(account),
        address: addresses.id(address),
        row: first,
        dialed: dialed.map_or(0, |dialed| dialed.behind(first)),
        log: At::NONE,
        origin: if address.is_some() { Origin::Signalling } else { Origin::Unknown },
        destination: Destination::default(),
        facts: Facts::new(if billsec.is_some() { Disposition::Answered } else { unanswered })
            .with(Mark::ByTrunk, own.by_trunk || rows().any(|(_, (_, text))| is_trunk(text.dst_channel)))
            .with(Mark::FromTrunk, is_trunk(first_channel))
            .with(Mark::Originated, is_originated)
            .with(Mark::Claim, own.is_claim),
    }
}

/// Returns the address of an IAX2 caller whom no account names: its channel is called by the socket
/// (`channels/chan_iax2.c`), where chan_sip takes what the caller wrote.
fn iax_caller(channel: &[u8]) -> Option<IpAddr> {
    let name = channel_account(channel.strip_prefix(b"IAX2/").map(|_| channel)?)?;
    let socket: SocketAddr = std::str::from_utf8(name).ok()?.parse().ok()?;
    Some(socket.ip())
}

/// What the records of a call say in so many words, and do not leave to the names of channels.
#[derive(Debug, Default)]
struct OwnWords<'t> {
    account: Option<&'t [u8]>,
    address: Option<IpAddr>,
    /// The caller's start, of a record that tells it to the microsecond.
    start: Option<Instant>,
    by_trunk: bool,
    /// Did no phone make it? `None` for records that tell it by their channel.
    originated: Option<bool>,
    is_claim: bool,
}

impl<'t> OwnWords<'t> {
    fn of(told: &'t [Told<'_>], legs: &[Leg]) -> Self {
        let mut own = OwnWords { is_claim: !legs.is_empty(), ..OwnWords::default() };
        for leg in legs {
            let Some((source, _)) = leg.at.get() else { continue };
            let (Some(told), Some((row, text))) = (told.get(source), row_at(told, leg.at)) else { continue };
            let ledger = &told.ledger;
            let account = ledger.names.text(row.account);
            own.is_claim &= row.is_claim;
            own.by_trunk |= row.trunk != NameId::NONE;
            own.address = own.address.or_else(|| ledger.rows.address(row));
            // What cannot be forged knows best who called.
            let is_better = own.account.is_none() || !row.is_claim;
            if !account.is_empty() && is_better && !leg.is_called {
                own.account = Some(account);
            }
            if is_uuid(text.uniqueid) && !leg.is_called {
                own.start = own.start.or((!row.is_claim).then_some(row.start));
                own.originated = Some(row.leg == Side::Originated || own.originated == Some(true));
            }
        }
        own
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
    let covered = list.iter().map(Call::start).min().zip(list.iter().map(Call::start).max());
    let recorded = ByChannel::of_rows(told, list);
    let mut added = ByChannel::default();
    // Channel events tell least of a call, so that they count where nothing else does.
    let (events, logs): (Vec<_>, Vec<_>) =
        told.iter().enumerate().partition(|(_, told)| told.source.kind.tells() == Some(Tells::Channels));
    for (source, entry) in logs.into_iter().chain(events) {
        let before = list.len();
        let is_of_events = entry.source.kind.tells() == Some(Tells::Channels);
        let mut callers = Callers::new(entry, trunks);
        if recorded.is_empty() {
            // Doubling would leave behind the room of every list that it grew out of.
            list.reserve(entry.ledger.calls.calls.len());
        }
        for (index, logged) in entry.ledger.calls.calls.iter().enumerate() {
            let at = At::new(source, index);
            let is_covered = covered.is_some_and(|(first, last)| (first..=last).contains(&logged.start()));
            let is_alone = recorded.is_empty() && added.is_empty();
            let key =
                if is_alone { 0 } else { hash(&entry.ledger.calls.channel(logged, &entry.ledger.names)) };
            let near = recorded.nearest(key, logged.start());
            let found = near.or_else(|| recorded.reset(key, logged.start(), list));
            if is_of_events && found.is_some() {
                continue;
            }
            if let Some(known) = found.and_then(|index| list.get_mut(index)) {
                known.log = known.log.or(at);
                if known.address == Id::NONE {
                    known.address = callers.address(addresses, logged);
                    known.origin = origin(logged, known.address);
                }
                if logged.is_ordered() {
                    take_for_ordered(known);
                }
                if entry.ledger.is_freeswitch {
                    bear_out(known, entry, names, logged);
                }
            } else if logged.dialed() && !is_covered && added.nearest(key, logged.start()).is_none() {
                list.push(callers.call(names, addresses, logged, at));
            }
        }
        // Another log tells the same calls again; within one, each has its own number.
        if told.len() > 1 {
            added.add_logged(told, list.get(before..).unwrap_or_default(), before);
        }
    }
}

/// Returns how the address of a call of the log is known.
fn origin(logged: &LogCall, address: Id) -> Origin {
    match (address, logged.is_signalled()) {
        (Id::NONE, _) => Origin::Unknown,
        (_, true) => Origin::Signalling,
        (_, false) => Origin::Media,
    }
}

/// Tells of a call that the server itself was told to place: the channel of its record is the one that was called.
fn take_for_ordered(known: &mut Call) {
    known.mark(Mark::ByTrunk, true);
    known.mark(Mark::FromTrunk, false);
    known.mark(Mark::Originated, true);
    known.account = Id::NONE;
}

/// Adds to a call what FreeSWITCH's log says of its session.
fn bear_out(known: &mut Call, told: &Told<'_>, names: &mut Names, logged: &LogCall) {
    known.mark(Mark::Claim, false);
    known.mark(Mark::ByTrunk, known.by_trunk() || logged.by_trunk());
    // A session that no INVITE began; one whose beginning the log lacks is dated by its end.
    let is_whole = logged.start().seconds_since(known.start()).abs() <= 2;
    known.mark(Mark::Originated, known.is_originated() || is_whole && logged.is_uninvited());
    if known.account == Id::NONE {
        let account = told.ledger.names.text(logged.account());
        known.account = names.id((!account.is_empty()).then_some(account));
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
            // FreeSWITCH's records and log share the uuid.
            let name = if text.channel.is_empty() { text.uniqueid } else { text.channel };
            Some((hash(&name), call.start(), index as u32))
        });
        let mut sorted: Vec<_> = rows.collect();
        sorted.sort_unstable();
        ByChannel { sorted }
    }

    fn add_logged(&mut self, told: &[Told<'_>], list: &[Call], first: usize) {
        let more = list.iter().enumerate().filter_map(|(index, call)| {
            let (told, logged) = logged_at(told, call.log)?;
            let channel = told.ledger.calls.channel(logged, &told.ledger.names);
            Some((hash(&channel), call.start(), (first + index) as u32))
        });
        self.sorted.extend(more);
        self.sorted.sort_unstable();
    }

    fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Returns an incoming call whose record begins later than the channel did: a second dial tone sets the
    /// record back when the number is dialled (`apps/app_disa.c`).
    fn reset(&self, key: u64, start: Instant, list: &[Call]) -> Option<usize> {
        let from = self.sorted.partition_point(|entry| (entry.0, entry.1) < (key, start));
        let (_, at, index) = self.sorted.get(from).filter(|entry| entry.0 == key)?;
        let call = list.get(*index as usize)?;
        let is_free = call.from_trunk() && call.log == At::NONE;
        (is_free && at.seconds_since(start) <= RESET_SECONDS).then_some(*index as usize)
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

/// The calls of one log, of which many are one caller's: what is asked of each name and address is asked once.
struct Callers<'t> {
    told: &'t Told<'t>,
    trunks: &'t BTreeSet<String>,
    /// The id of each account, and whether it is a trunk.
    accounts: Vec<Option<(Id, bool)>>,
    /// The id of each address.
    addresses: Vec<Option<Id>>,
}

impl<'t> Callers<'t> {
    fn new(told: &'t Told<'t>, trunks: &'t BTreeSet<String>) -> Self {
        Callers { told, trunks, accounts: Vec::new(), addresses: Vec::new() }
    }

    /// Returns the id of a caller's account and whether it is a trunk; `None` for none.
    fn account(&mut self, names: &mut Names, logged: &LogCall) -> Option<(Id, bool)> {
        let name = self.told.ledger.names.text(logged.account());
        if name.is_empty() {
            return None;
        }
        let id = || (names.id(Some(name)), self.trunks.contains(String::from_utf8_lossy(name).as_ref()));
        Some(remembered(&mut self.accounts, logged.account().0 as usize, id))
    }

    fn address(&mut self, addresses: &mut Addresses, logged: &LogCall) -> Id {
        let calls = &self.told.ledger.calls;
        match calls.address(logged) {
            None => Id::NONE,
            some => remembered(&mut self.addresses, calls.address_index(logged), || addresses.id(some)),
        }
    }

    fn call(&mut self, names: &mut Names, addresses: &mut Addresses, logged: &LogCall, at: At) -> Call {
        let account = self.account(names, logged).filter(|_| !logged.is_ordered());
        let mut address = self.address(addresses, logged);
        let mut origin = origin(logged, address);
        if address == Id::NONE && account.is_some_and(|(_, is_trunk)| !is_trunk) {
            let channel = self.told.ledger.calls.iax_channel(logged, &self.told.ledger.names);
            if let Some(caller) = channel.and_then(|channel| iax_caller(&channel)) {
                (address, origin) = (addresses.id(Some(caller)), Origin::Signalling);
            }
        }
        let ending = if logged.answered() { Disposition::Answered } else { Disposition::Unknown };
        Call {
            start: logged.start().into(),
            length: Length::UNKNOWN,
            account: account.map_or(Id::NONE, |(id, _)| id),
            address,
            row: At::NONE,
            dialed: 0,
            log: at,
            origin,
            destination: Destination::default(),
            facts: Facts::new(ending)
                .with(Mark::ByTrunk, logged.by_trunk())
                .with(Mark::FromTrunk, account.is_some_and(|(_, is_trunk)| is_trunk))
                .with(Mark::Originated, account.is_none()),
        }
    }
}

/// Returns what is known of an index, worked out when it is asked for first.
fn remembered<T: Copy>(all: &mut Vec<Option<T>>, index: usize, make: impl FnOnce() -> T) -> T {
    if all.len() <= index {
        all.resize(index + 1, None);
    }
    match all.get_mut(index) {
        Some(known) => *known.get_or_insert_with(make),
        None => make(),
    }
}
