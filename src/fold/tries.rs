//! Failures, challenges, probes and rejected calls: counted, never kept one by one.
//!
//! A month of guessing at eighty tries a second is 200 million lines, and its names, numbers and
//! addresses are the attacker's choice. Counts are exact for every address up to a limit, by hour;
//! accounts that exist are counted apart, names that do not are sampled.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use super::hash;
use super::names::NameId;
use crate::event::{Action, Citation, Instant, Place, Service};
use crate::readers::{NO_SUCH_USER, REFUSED};

/// Addresses counted one by one; those that tried least are counted together.
const MOST_ADDRESSES: usize = 65_536;
/// Names kept of those that one address tried.
const MOST_NAMES: usize = 64;
/// Names told apart when they are counted.
const MOST_DISTINCT: usize = 4_096;
/// Cells of hours over the whole source; beyond it the last hour of an address takes the rest.
const MOST_CELLS: usize = 400_000;

/// SIP's transaction timer B and F (RFC 3261, 17.1.1.2): what repeats within it is one try.
const ONE_TRY_SECONDS: i64 = 32;

/// A kind of thing that comes in floods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A wrong secret or a name that does not exist.
    Failure,
    /// A call that was turned away.
    Rejected,
    /// A request for credentials, which everybody gets.
    Challenge,
    /// Anything else that only scanners send.
    Probe,
}

/// Counts of one kind, for one address and perhaps one account.
#[derive(Clone, Debug)]
pub struct Tally {
    /// First record.
    pub first: Instant,
    /// Last record.
    pub last: Instant,
    /// Records.
    pub records: u64,
    /// Distinct tries.
    pub attempts: u64,
    /// Records and tries by hour since the epoch, in order.
    pub hours: Vec<(u32, Cell)>,
    /// The first line.
    first_line: Citation,
    /// The last line, in room that is used again: a flood has a new one with every record.
    last_line: Option<(Place, Vec<u8>)>,
    /// Do all tries share one Call-ID, as a phone's registrations do?
    pub one_session: bool,
    /// The hash of the first Call-ID.
    session: u64,
}

/// Counts of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Records.
    pub records: u32,
    /// Distinct tries.
    pub attempts: u32,
}

/// What one address did that came in floods.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// By kind, and by account where it exists; [`NameId::NONE`] for the others.
    pub tallies: BTreeMap<(Kind, NameId), Tally>,
    /// Names that it tried and that do not exist or are not known to, in order.
    pub names: Vec<Box<[u8]>>,
    /// Hashes of those names, for counting.
    distinct: BTreeSet<u64>,
    /// Numbers that it asked for, in order.
    pub numbers: Vec<Box<[u8]>>,
    /// Services it spoke to.
    pub services: BTreeSet<Service>,
    /// Methods and reasons, for telling a guess from a probe.
    pub invites: u64,
    /// Records that are OPTIONS, as keep-alives are.
    pub options: u64,
}

impl Party {
    /// Returns how many distinct names that do not exist it tried, counted up to a limit.
    pub fn distinct_names(&self) -> usize {
        self.distinct.len()
    }
}

/// One record of a flood, ready to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// Its kind.
    pub kind: Kind,
    /// When.
    pub at: Instant,
    /// From where.
    pub address: Option<IpAddr>,
    /// The service.
    pub service: Service,
    /// The account, if it is one that exists.
    pub account: NameId,
    /// The name that was tried.
    pub name: &'a [u8],
    /// The number that was asked for.
    pub number: &'a [u8],
    /// What tells tries apart.
    pub session: &'a [u8],
    /// The log's reason.
    pub reason: &'static str,
    /// Was it an INVITE?
    pub is_invite: bool,
    /// Was it an OPTIONS?
    pub is_options: bool,
}

/// All floods of one source.
#[derive(Debug, Default)]
pub struct Tries {
    /// By address; `None` for records that do not know it.
    pub parties: BTreeMap<Option<IpAddr>, Party>,
    /// Failures and rejected calls, by records.
    pub failure_records: u64,
    /// Records of addresses beyond the limit.
    pub beyond: u64,
    cells: usize,
    recent: Recent,
}

impl Tries {
    /// Counts one record, which stands at `place` and reads `text`.
    pub fn count(&mut self, event: &Try<'_>, place: Place, text: &[u8]) {
        let is_failure = matches!(event.kind, Kind::Failure | Kind::Rejected);
        self.failure_records += u64::from(is_failure);
        let session = self.recent.key(event);
        let is_new = event.kind != Kind::Failure || self.recent.is_new(event, session);
        if self.parties.len() >= MOST_ADDRESSES && !self.parties.contains_key(&event.address) {
            self.make_room();
        }
        let party = self.parties.entry(event.address).or_default();
        party.services.insert(event.service);
        party.invites += u64::from(event.is_invite);
        party.options += u64::from(event.is_options);
        if event.account == NameId::NONE && is_failure {
            sample(&mut party.names, event.name);
            if party.distinct.len() < MOST_DISTINCT && !event.name.is_empty() {
                party.distinct.insert(hash(&event.name));
            }
        }
        sample(&mut party.numbers, event.number);
        let tally = party
            .tallies
            .entry((event.kind, event.account))
            .or_insert_with(|| Tally::new(event.at, session, Citation::new(place, text)));
        tally.add(event.at, is_new, session, &mut self.cells);
        tally.line(place, text);
    }

    /// Counts the addresses that tried least only together, until a quarter of the room is free.
    ///
    /// A sender's address is easily forged over UDP, and a flood of them must not hide the one that
    /// tries a secret a thousand times.
    fn make_room(&mut self) {
        let mut least = 1;
        while self.parties.len() > MOST_ADDRESSES / 4 * 3 {
            let beyond = &mut self.beyond;
            self.parties.retain(|address, party| {
                let records: u64 = party.tallies.values().map(|tally| tally.records).sum();
                let stays = records > least || address.is_none();
                *beyond += if stays { 0 } else { records };
                stays
            });
            least *= 2;
        }
    }

    /// Forgets what is only needed while lines are read.
    pub fn settle(&mut self) {
        self.recent = Recent::default();
    }
}

fn sample(names: &mut Vec<Box<[u8]>>, name: &[u8]) {
    if !name.is_empty() && names.len() < MOST_NAMES && !names.iter().any(|known| &**known == name) {
        names.push(name.get(..64).unwrap_or(name).into());
    }
}

impl Tally {
    fn new(at: Instant, session: u64, first_line: Citation) -> Self {
        Tally {
            first: at,
            last: at,
            records: 0,
            attempts: 0,
            hours: Vec::new(),
            first_line,
            last_line: None,
            one_session: session != 0,
            session,
        }
    }

    fn add(&mut self, at: Instant, is_new: bool, session: u64, cells: &mut usize) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        self.records += 1;
        self.attempts += u64::from(is_new);
        self.one_session &= session == self.session;
        let hour = (at.seconds() / 3_600).clamp(0, i64::from(u32::MAX)) as u32;
        let index = self.cell(hour, cells);
        if let Some((_, cell)) = self.hours.get_mut(index) {
            cell.records += 1;
            cell.attempts += u32::from(is_new);
        }
    }

    /// Returns the place of an hour's cell: nearly always the last, for logs are nearly in order. When
    /// no more cells may be made, the nearest one before takes the count.
    fn cell(&mut self, hour: u32, cells: &mut usize) -> usize {
        let last = self.hours.len().saturating_sub(1);
        if self.hours.last().is_some_and(|(known, _)| *known == hour) {
            return last;
        }
        match self.hours.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(at) => at,
            Err(at) if *cells < MOST_CELLS || self.hours.is_empty() => {
                *cells += 1;
                self.hours.insert(at, (hour, Cell::default()));
                at
            }
            Err(at) => at.saturating_sub(1).min(last),
        }
    }

    fn line(&mut self, place: Place, text: &[u8]) {
        if place == self.first_line.place {
            return;
        }
        let (last, kept) = self.last_line.get_or_insert_with(|| (place, Vec::new()));
        *last = place;
        kept.clear();
        kept.extend_from_slice(text.get(..Citation::LONGEST).unwrap_or(text));
    }

    /// Returns the telling lines: the first and the last.
    pub fn lines(&self) -> impl Iterator<Item = Citation> {
        let last = self.last_line.as_ref().map(|(place, text)| Citation::new(*place, text));
        std::iter::once(self.first_line.clone()).chain(last)
    }

    /// Adds the counts of a tally of another file of the same log.
    pub fn merge(&mut self, other: &Tally) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        self.attempts += other.attempts;
        self.one_session &= other.one_session && self.session == other.session;
        let mut hours: BTreeMap<u32, Cell> = self.hours.drain(..).collect();
        for (hour, cell) in &other.hours {
            let own = hours.entry(*hour).or_default();
            own.records += cell.records;
            own.attempts += cell.attempts;
        }
        self.hours = hours.into_iter().collect();
        let mut lines: Vec<Citation> = self.lines().chain(other.lines()).collect();
        lines.sort();
        let last = lines.pop().map(|line| (line.place, line.text.into_vec()));
        self.last_line = last;
        if let Some(first) = lines.into_iter().next() {
            self.first_line = first;
        }
    }
}

/// Tries of the last seconds, for telling the lines of one from the next.
#[derive(Debug, Default)]
struct Recent {
    last: HashMap<u64, Instant>,
    order: VecDeque<(Instant, u64)>,
    newest: Option<Instant>,
}

/// Tries remembered at most: a thousand a second for the time that one can last.
const MOST_RECENT: usize = 1_000 * ONE_TRY_SECONDS as usize;

impl Recent {
    fn key(&self, event: &Try<'_>) -> u64 {
        match event.service {
            // A manager's nonexistent user leaves two notices, and a third when the session ends.
            Service::Manager => hash(&(event.address, "manager")),
            // chan_sip's sessions are pointers, used again at once; each failure is a try.
            Service::Pjsip if !event.session.is_empty() => hash(&(event.address, event.session)),
            _ => 0,
        }
    }

    fn is_new(&mut self, event: &Try<'_>, key: u64) -> bool {
        if event.service == Service::Manager {
            let is_echo = matches!(event.reason, "failed to authenticate" | "unable to authenticate");
            let known = self.last.get(&key).is_some_and(|last| event.at.seconds_since(*last) <= 2);
            self.remember(event.at, key);
            return !(is_echo && known);
        }
        if event.service == Service::Sofia {
            return self.is_new_to_sofia(event);
        }
        if key == 0 {
            return true;
        }
        let known = self.last.get(&key).is_some_and(|last| event.at.seconds_since(*last) < ONE_TRY_SECONDS);
        self.remember(event.at, key);
        !known
    }

    /// FreeSWITCH tells of a name that no directory has twice: that it cannot be found, and that it was
    /// refused. The case of its escapes differs.
    fn is_new_to_sofia(&mut self, event: &Try<'_>) -> bool {
        let key = hash(&(event.address, event.name.to_ascii_lowercase()));
        match event.reason {
            NO_SUCH_USER => {
                self.remember(event.at, key);
                true
            }
            REFUSED => {
                let told = self.last.remove(&key);
                told.is_none_or(|told| event.at.seconds_since(told) > 2)
            }
            _ => true,
        }
    }

    fn remember(&mut self, at: Instant, key: u64) {
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        if self.last.insert(key, at).is_none_or(|before| before != at) {
            self.order.push_back((at, key));
        }
        while let Some(&(oldest, key)) = self.order.front() {
            let is_over = self.newest.is_some_and(|newest| newest.seconds_since(oldest) >= ONE_TRY_SECONDS);
            if !is_over && self.order.len() <= MOST_RECENT {
                break;
            }
            self.order.pop_front();
            if self.last.get(&key) == Some(&oldest) {
                self.last.remove(&key);
            }
        }
    }
}

/// Returns the kind of flood that an action belongs to.
pub fn kind_of(action: Action) -> Option<Kind> {
    Some(match action {
        Action::AuthFailed => Kind::Failure,
        Action::CallRejected => Kind::Rejected,
        Action::Challenge => Kind::Challenge,
        Action::Probe => Kind::Probe,
        _ => return None,
    })
}
