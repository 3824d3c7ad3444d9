//! Entries and rows, in the order of their source, into the ledger.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use super::Ledger;
use super::calls::Step;
use super::fetches::Fetch;
use super::names::NameId;
use super::rows::{Row, RowText};
use super::transactions;
use super::tries::{self, Try};
use super::uses::{self, Run};
use crate::clock::Resolver;
use crate::event::{Action, CallRow, Citation, Entry, Instant, Place, Resolution, Service, SourceId, Stamp};
use crate::evidence::{Packing, Source};
use crate::readers::Chunk;
use crate::scan::{Base, Sink};

/// User agents kept for one account.
const MOST_AGENTS: usize = 8;
/// Accounts whose user agents are kept.
const MOST_AGENT_ACCOUNTS: usize = 10_000;
/// Names counted apart though no configuration knows them.
const MOST_LEARNED: usize = 4_096;
/// Addresses whose bans are kept.
const MOST_BANNED: usize = 65_536;

/// Names that exist, by the configuration.
#[derive(Debug, Default)]
pub struct Known {
    /// Accounts, trunks and manager users.
    pub accounts: BTreeSet<Vec<u8>>,
    /// Trunks.
    pub trunks: BTreeSet<Vec<u8>>,
}

impl Known {
    fn has(&self, name: &[u8]) -> bool {
        self.accounts.contains(name)
    }

    /// Returns whether a dialled channel is a trunk's: `SIP/carrier/0044`, `PJSIP/0044@carrier`.
    fn is_trunk(&self, target: &[u8]) -> bool {
        !self.trunks.is_empty()
            && target.split(|byte| matches!(byte, b'/' | b'@')).skip(1).any(|part| self.trunks.contains(part))
    }
}

/// The span of time that counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// From this instant on.
    pub since: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

impl Window {
    /// Returns whether an instant counts.
    pub fn holds(&self, at: Instant) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// The folding sink of one source.
pub struct Fold {
    source: SourceId,
    resolver: Resolver,
    known: Arc<Known>,
    window: Window,
    /// Does it consist of lines?
    has_lines: bool,
    /// Is the text of a flood's lines kept? A plain file is read again where it is cited.
    keeps_text: bool,
    ledger: Ledger,
    challenges: Challenges,
    /// Names that are counted apart.
    counted: HashMap<Box<[u8]>, NameId>,
    /// How many of them have no account in the configuration.
    learned: usize,
    /// The instant of the last entry that had one: a line without takes its neighbour's.
    last_at: Option<(Instant, Resolution)>,
}

impl Fold {
    /// Builds the sink of a source.
    pub fn new(source: &Source, resolver: Resolver, known: Arc<Known>, window: Window) -> Self {
        Fold {
            source: source.id,
            has_lines: source.kind.has_lines(),
            keeps_text: source.packing != Packing::Plain || !source.kind.has_lines(),
            resolver,
            known,
            window,
            ledger: Ledger::default(),
            challenges: Challenges::default(),
            counted: HashMap::new(),
            learned: 0,
            last_at: None,
        }
    }

    /// Ends the folding and returns what was told.
    pub fn finish(mut self) -> Ledger {
        self.ledger.fetches.settle();
        self.ledger.tries.settle();
        self.ledger.calls.settle();
        let ledger = &mut self.ledger;
        let limits = [
            (ledger.names.is_full, "more names than are told apart: the rest has none"),
            (ledger.uses.is_full, "more changes of registration than are kept: the rest was counted only"),
            (
                ledger.tries.beyond > 0,
                "more attacking addresses than are counted one by one: the rest was counted together",
            ),
            (ledger.fetches.beyond > 0, "more addresses asked for files than are counted one by one"),
            (
                ledger.fetches.nameless > 0,
                "one address was given more files than are kept by name: who read a phone's file may be missing",
            ),
        ];
        ledger.limits.extend(limits.into_iter().filter(|(hit, _)| *hit).map(|(_, words)| words.to_owned()));
        self.ledger
    }

    fn instant(&mut self, entry: &Entry) -> Option<(Instant, Resolution)> {
        let at = match (entry.exact, entry.stamp) {
            (Some(exact), stamp) => {
                if let Some(stamp) = &stamp {
                    self.resolver.observe(exact, stamp);
                }
                Some((exact, Resolution::Exact))
            }
            (None, Some(stamp)) => self.resolver.resolve(&stamp),
            (None, None) => None,
        };
        if at.is_some() {
            self.last_at = at;
        }
        at.or(self.last_at)
    }

    fn entry(&mut self, chunk: &Chunk, entry: &Entry, base: Base) {
        let Some((at, resolution)) = self.instant(entry) else {
            *self.ledger.actions.entry(entry.action).or_default() += 1;
            return;
        };
        if !self.window.holds(at) {
            return;
        }
        self.ledger.seen(at, resolution);
        *self.ledger.actions.entry(entry.action).or_default() += 1;
        self.ledger.services.insert(entry.service);
        let told = Told { chunk, entry, base, at, source: self.source, has_lines: self.has_lines };
        match entry.action {
            Action::AuthFailed | Action::CallRejected | Action::Challenge | Action::Probe => {
                self.flood(&told);
            }
            Action::Dialplan | Action::CallAttempt => self.step(&told),
            Action::Media => {
                if let Some(address) = entry.address {
                    self.ledger.calls.media(entry.call, address);
                }
            }
            Action::Dialed => {
                let by_trunk = self.known.is_trunk(told.text(entry.number));
                self.ledger.calls.progress(entry.call, false, by_trunk);
            }
            Action::Answered => self.ledger.calls.progress(entry.call, true, false),
            Action::AuthOk => self.accepted(&told),
            Action::Registered | Action::Unregistered | Action::ManagerLogin | Action::ManagerLogoff => {
                self.used(&told);
            }
            Action::FileFetched | Action::FileMissing => self.fetched(&told),
            Action::Call | Action::HungUp if tells_transactions(entry.service) => {
                transactions::take(&mut self.ledger, &told);
            }
            Action::Banned => self.banned(&told),
            Action::UserAgent => self.agent(&told),
            Action::Server => {
                self.ledger.calls.restart();
                let version = told.text(entry.detail).to_vec();
                self.ledger.version.get_or_insert(version);
            }
            _ => {}
        }
    }

    fn flood(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let Some(kind) = tries::kind_of(entry.action) else { return };
        self.ledger.has_security_events |= is_security_event(entry);
        let name = told.text(entry.account);
        if entry.action == Action::Challenge {
            self.challenges.note(told);
        }
        let account = self.account(name);
        let event = Try {
            kind,
            at: told.at,
            address: entry.address,
            service: entry.service,
            account,
            name,
            number: told.text(entry.number),
            session: told.text(entry.session),
            reason: entry.reason,
            is_invite: told.text(entry.detail) == b"INVITE" || entry.action == Action::CallRejected,
            is_options: told.text(entry.detail) == b"OPTIONS",
        };
        let line = if self.keeps_text { told.line() } else { b"" };
        self.ledger.tries.count(&event, told.place(), line);
    }

    /// Returns the id of a name that is counted apart: one that exists, or one of the first that may.
    ///
    /// Accounts of a database stand in no file, so what exists is settled only when all is read.
    fn account(&mut self, name: &[u8]) -> NameId {
        if let Some(&id) = self.counted.get(name) {
            return id;
        }
        let is_known = self.known.has(name);
        if name.is_empty() || !is_known && self.learned >= MOST_LEARNED {
            return NameId::NONE;
        }
        self.learned += usize::from(!is_known);
        let id = self.ledger.names.id(name);
        self.counted.insert(name.into(), id);
        id
    }

    fn step(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        if tells_transactions(entry.service) {
            return;
        }
        self.ledger.has_dialplan = true;
        // Channel events tell every leg of a call; the log's steps tell the caller's.
        if entry.service != Service::Core || entry.channel.is_none() {
            return;
        }
        let place = told.place();
        let step = Step {
            at: told.at,
            call: entry.call,
            channel: told.text(entry.channel),
            account: told.text(entry.account),
            number: told.text(entry.number),
            context: told.text(entry.context),
            offset: place.offset,
            line: place.line,
        };
        self.ledger.calls.step(&step, &mut self.ledger.names);
    }

    /// Credentials were accepted. chan_sip names the account for a registration and the number
    /// dialled for a call; the challenge before, of the same session, tells which.
    fn accepted(&mut self, told: &Told<'_>) {
        self.ledger.has_security_events |= is_security_event(told.entry);
        let said = told.text(told.entry.account);
        let account = match told.entry.service {
            Service::Sip => match self.challenges.take(told) {
                Some(account) => account,
                None if self.known.has(said) => said.to_vec(),
                None => return,
            },
            _ => said.to_vec(),
        };
        self.run(told, uses::Kind::Authenticated, &account);
    }

    fn used(&mut self, told: &Told<'_>) {
        let kind = match told.entry.action {
            Action::Registered => uses::Kind::Registered,
            Action::Unregistered => uses::Kind::Unregistered,
            Action::ManagerLogin => uses::Kind::ManagerLogin,
            _ => uses::Kind::ManagerLogoff,
        };
        let account = told.text(told.entry.account).to_vec();
        self.run(told, kind, &account);
    }

    fn run(&mut self, told: &Told<'_>, kind: uses::Kind, account: &[u8]) {
        let entry = told.entry;
        let claimed = match entry.service {
            Service::Pjsip => crate::readers::uri_host(told.text(entry.detail)).map(|(address, _)| address),
            _ => None,
        };
        self.ledger.uses.add(Run {
            kind,
            account: self.ledger.names.id(account),
            service: entry.service,
            address: entry.address,
            port: entry.port,
            claimed,
            reason: entry.reason,
            first: told.at,
            last: told.at,
            count: 1,
            line: told.citation(),
            last_line: None,
        });
    }

    fn fetched(&mut self, told: &Told<'_>) {
        let Some(address) = told.entry.address else { return };
        let file = told.text(told.entry.detail);
        let session = told.text(told.entry.session);
        let fetches = &mut self.ledger.fetches;
        if told.entry.action == Action::FileMissing {
            fetches.missing(address, session, file, told.at, told.citation());
        } else {
            let fetch = Fetch { at: told.at, file: file.into(), line: told.citation() };
            fetches.asked(address, session, fetch);
        }
    }

    fn banned(&mut self, told: &Told<'_>) {
        let ledger = &mut self.ledger;
        let of_proxy = told.entry.service.is_proxy();
        let blocked = if of_proxy { &mut ledger.flooded } else { &mut ledger.banned };
        if let Some(address) = told.entry.address
            && blocked.len() < MOST_BANNED
        {
            blocked.entry(address).or_insert_with(|| (told.at, told.citation()));
        }
    }

    fn agent(&mut self, told: &Told<'_>) {
        let account = told.text(told.entry.account);
        let agent = told.text(told.entry.detail);
        if self.ledger.agents.len() >= MOST_AGENT_ACCOUNTS && !self.ledger.agents.contains_key(account) {
            return;
        }
        let agents = self.ledger.agents.entry(account.to_vec()).or_default();
        if agents.len() < MOST_AGENTS && !agents.iter().any(|known| known == agent) {
            agents.push(agent.to_vec());
        }
    }

    fn row(&mut self, chunk: &Chunk, row: &CallRow, base: Base) {
        let text = |span| chunk.text(span).unwrap_or_default();
        let by_stamp = row.start.and_then(|stamp| self.resolver.resolve_unordered(&stamp));
        let by_id = || crate::pbx_id::epoch(text(row.uniqueid)).map(|at| (at, Resolution::Exact));
        let Some((start, resolution)) = by_stamp.or_else(by_id) else { return };
        if !self.window.holds(start) {
            return;
        }
        self.ledger.seen(start, resolution);
        self.ledger.seen(start.plus_seconds(i64::from(row.duration)), resolution);
        *self.ledger.actions.entry(Action::Call).or_default() += 1;
        let names = &mut self.ledger.names;
        let mut kept = Row::blank(start);
        kept.offset = base.offset + u64::from(row.offset);
        kept.line = if self.has_lines { (base.line + u64::from(row.line) + 1) as u32 } else { 0 };
        kept.length = row.length;
        kept.duration = row.duration;
        kept.billsec = row.billsec;
        kept.sequence = row.sequence.unwrap_or(u32::MAX);
        kept.context = names.id(text(row.context));
        kept.last_app = names.id(text(row.last_app));
        kept.account_code = names.id(text(row.account_code));
        kept.disposition = row.disposition;
        let texts = RowText {
            src: text(row.src),
            dst: text(row.dst),
            channel: text(row.channel),
            dst_channel: text(row.dst_channel),
            uniqueid: text(row.uniqueid),
            linkedid: text(row.linkedid),
        };
        self.ledger.rows.push(kept, texts, None);
    }
}

impl Fold {
    /// Notes the time of a record that may tell of no event: a log reaches as far as its lines do.
    fn reach(&mut self, stamp: Option<Stamp>) {
        if let Some((at, resolution)) = stamp.and_then(|stamp| self.resolver.resolve(&stamp))
            && self.window.holds(at)
        {
            self.ledger.seen(at, resolution);
        }
    }
}

impl Sink for Fold {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        // Call records stand in the order of their end and tell both their times themselves.
        let is_ordered = chunk.rows.is_empty();
        self.reach(chunk.first_stamp.filter(|_| is_ordered));
        for entry in &chunk.entries {
            self.entry(chunk, entry, base);
        }
        for row in &chunk.rows {
            self.row(chunk, row, base);
        }
        for message in &chunk.sip {
            self.ledger.sip.take(chunk, message);
        }
        self.reach(chunk.last_stamp.filter(|_| is_ordered));
    }
}

/// Security events tell their own instant; so do a proxy's records and captured packets.
fn is_security_event(entry: &Entry) -> bool {
    entry.exact.is_some() && !tells_transactions(entry.service)
}

/// Proxies and captures tell calls by their requests, and know no dialplan.
fn tells_transactions(service: Service) -> bool {
    service.is_proxy() || service == Service::Capture
}

/// One entry where it stands.
pub(super) struct Told<'a> {
    chunk: &'a Chunk,
    pub(super) entry: &'a Entry,
    base: Base,
    pub(super) at: Instant,
    source: SourceId,
    has_lines: bool,
}

impl<'a> Told<'a> {
    pub(super) fn text(&self, span: crate::event::Span) -> &'a [u8] {
        self.chunk.text(span).unwrap_or_default()
    }

    pub(super) fn place(&self) -> Place {
        Place {
            source: self.source,
            offset: self.base.offset + u64::from(self.entry.offset),
            line: if self.has_lines { (self.base.line + u64::from(self.entry.line) + 1) as u32 } else { 0 },
        }
    }

    fn line(&self) -> &'a [u8] {
        let start = self.entry.offset as usize;
        self.chunk.records_bytes().get(start..start + self.entry.length as usize).unwrap_or_default()
    }

    fn citation(&self) -> Citation {
        Citation::new(self.place(), self.line())
    }
}

/// Challenges of chan_sip that wait for their answer, by session.
#[derive(Debug, Default)]
struct Challenges {
    accounts: HashMap<(IpAddr, Vec<u8>), Vec<u8>>,
    order: VecDeque<(IpAddr, Vec<u8>)>,
}

/// Challenges remembered; an answer comes within a second or never.
const MOST_CHALLENGES: usize = 4_096;

impl Challenges {
    fn note(&mut self, told: &Told<'_>) {
        let (Service::Sip, Some(address)) = (told.entry.service, told.entry.address) else { return };
        let key = (address, told.text(told.entry.session).to_vec());
        if self.accounts.insert(key.clone(), told.text(told.entry.account).to_vec()).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST_CHALLENGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.accounts.remove(&oldest);
        }
    }

    fn take(&mut self, told: &Told<'_>) -> Option<Vec<u8>> {
        let key = (told.entry.address?, told.text(told.entry.session).to_vec());
        self.accounts.get(&key).cloned().filter(|account| !account.is_empty())
    }
}
