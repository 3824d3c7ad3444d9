//! FreeSWITCH's sessions while their lines come: who called from where, and whether credentials were asked for.
//!
//! A session that enters the dialplan becomes a call of the log, found again by its uuid; one that ends before
//! is a try that was turned away. A session whose first line breaks off bears a caller's text with line ends:
//! what its lines say a stranger may have written, so that none of them counts.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::calls::{Key, LogCalls, Step};
use super::names::{NameId, Names};
use crate::event::{Instant, Place};
use crate::readers;

/// Sessions whose lines may still come.
const MOST_OPEN: usize = 16_384;

/// One session.
#[derive(Clone, Debug)]
struct Session {
    start: Instant,
    offset: u64,
    line: u32,
    address: Option<IpAddr>,
    /// The user in the channel's name: what the caller claims to be, until credentials bear it out.
    user: NameId,
    /// INVITEs: a second one answers a challenge.
    invites: u8,
    is_call: bool,
    progressed: bool,
    is_doubted: bool,
    /// What was dialled, if no account did.
    nobodys: Option<Box<[u8]>>,
}

/// All sessions of one source.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<u64, Session>,
    order: VecDeque<u64>,
}

/// A session that ended without a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct TurnedAway {
    /// Where it came from.
    pub(super) address: IpAddr,
}

/// How a session came into the dialplan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered<'a> {
    /// The session's uuid.
    pub(super) uuid: &'a [u8],
    /// What was dialled.
    pub(super) number: &'a [u8],
    /// The context.
    pub(super) context: &'a [u8],
    /// Do calls that no account made enter that context?
    pub(super) is_for_guests: bool,
    /// What a caller without account is called.
    pub(super) nobody: &'a [u8],
}

impl Sessions {
    /// Notes that a session began.
    pub(super) fn begin(&mut self, uuid: &[u8], at: Instant, place: Place) {
        let key = super::hash(&uuid);
        self.make_room(key);
        self.open.entry(key).or_insert(Session {
            start: at,
            offset: place.offset,
            line: place.line,
            address: None,
            user: NameId::NONE,
            invites: 0,
            is_call: false,
            progressed: false,
            is_doubted: false,
            nobodys: None,
        });
    }

    /// Notes that what the lines of a session say may be a stranger's.
    pub(super) fn doubt(&mut self, uuid: &[u8], at: Instant, place: Place) {
        self.begin(uuid, at, place);
        if let Some(session) = self.open.get_mut(&super::hash(&uuid)) {
            session.is_doubted = true;
        }
    }

    /// Returns whether nothing that a session's lines say counts.
    pub(super) fn is_doubted(&self, uuid: &[u8]) -> bool {
        self.open.get(&super::hash(&uuid)).is_some_and(|session| session.is_doubted)
    }

    /// Notes an INVITE.
    pub(super) fn invite(&mut self, uuid: &[u8], address: Option<IpAddr>, user: NameId) {
        if let Some(session) = self.open.get_mut(&super::hash(&uuid)) {
            session.invites = session.invites.saturating_add(1);
            session.address = session.address.or(address);
            session.user = user;
        }
    }

    /// Notes that a session entered the dialplan, and adds the call.
    pub(super) fn enter(&mut self, entered: &Entered<'_>, calls: &mut LogCalls, names: &mut Names) {
        let key = super::hash(&entered.uuid);
        let Some(session) = self.open.get_mut(&key).filter(|session| !session.is_call) else { return };
        session.is_call = true;
        let is_challenged = session.invites >= 2;
        let user = names.text(session.user).to_vec();
        let account: &[u8] = if session.invites == 0 {
            b""
        } else if is_challenged || !entered.is_for_guests {
            &user
        } else {
            session.nobodys = Some(entered.number.into());
            entered.nobody
        };
        let step = Step {
            at: session.start,
            call: None,
            channel: entered.uuid,
            account,
            number: entered.number,
            context: entered.context,
            offset: session.offset,
            line: session.line,
        };
        calls.step(&step, names);
        if let Some(address) = session.address {
            calls.signalling(Key::Channel(key), address);
        }
    }

    /// Notes that a session called out, to a target of a carrier's if `by_trunk`.
    pub(super) fn dial(&mut self, uuid: &[u8], target: &[u8], by_trunk: bool, calls: &mut LogCalls) {
        let key = super::hash(&uuid);
        let session = self.open.get_mut(&key);
        let nobodys = session.and_then(|session| {
            session.progressed = true;
            session.nobodys.as_deref()
        });
        // A carrier that no file names comes as nobody, and what it brings may be sent on to a mobile phone.
        let is_let_out = nobodys.is_none_or(|dialed| readers::leads_to(target, dialed));
        calls.progress(Some(Key::Channel(key)), false, by_trunk && is_let_out);
    }

    /// Notes that a session was answered.
    pub(super) fn answer(&mut self, uuid: &[u8], calls: &mut LogCalls) {
        let key = super::hash(&uuid);
        if let Some(session) = self.open.get_mut(&key) {
            session.progressed = true;
        }
        calls.progress(Some(Key::Channel(key)), true, false);
    }

    /// Notes that a session ended; returns who was turned away. A session that never entered the dialplan is
    /// kept as well, by its uuid: it bears out a call record.
    pub(super) fn end(
        &mut self,
        uuid: &[u8],
        at: Instant,
        place: Place,
        (calls, names): (&mut LogCalls, &mut Names),
    ) -> Option<TurnedAway> {
        let key = super::hash(&uuid);
        let session = self.open.remove(&key);
        let is_doubted = session.as_ref().is_some_and(|session| session.is_doubted);
        if is_doubted {
            return None;
        }
        let was_call = session.as_ref().is_some_and(|session| session.is_call);
        let progressed = session.as_ref().is_some_and(|session| session.progressed);
        let invites = session.as_ref().map_or(0, |session| session.invites);
        let is_rejected = invites == 1 && !progressed;
        if !was_call && invites == 0 {
            let (start, offset, line) = session.as_ref().map_or((at, place.offset, place.line), |session| {
                (session.start, session.offset, session.line)
            });
            let none: &[u8] = b"";
            let step = Step {
                at: start,
                call: None,
                channel: uuid,
                account: none,
                number: none,
                context: none,
                offset,
                line,
            };
            calls.step(&step, names);
        }
        let address = session.and_then(|session| session.address)?;
        is_rejected.then_some(TurnedAway { address })
    }

    /// Forgets what is only needed while lines are read.
    pub(super) fn settle(&mut self) {
        *self = Sessions::default();
    }

    fn make_room(&mut self, key: u64) {
        if self.open.contains_key(&key) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MOST_OPEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
    }
}
