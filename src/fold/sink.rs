//! Entries and rows, in the order of their source, into the ledger.

mod calls;
mod challenges;
mod freeswitch;
mod host;
mod told;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use self::challenges::Challenges;
pub(super) use self::told::Told;
use self::told::{OTHER_METHODS, is_invite, is_security_event, is_wrong_pin, tells_transactions};
use super::Ledger;
use super::budget::Budget;
use super::names::NameId;
use super::ordered::Waiting;
use super::sessions::Sessions;
use super::transactions;
use super::tries::{self, Try};
use super::uses::{self, Run};
use super::web;
use crate::clock::Resolver;
use crate::event::{Action, Citation, Entry, Instant, Place, Resolution, Service, SourceId, Stamp};
use crate::evidence::Source;
use crate::readers::{self, Chunk};
use crate::scan::{Base, Sink};

/// User agents kept for one account.
const MOST_AGENTS: usize = 8;
/// Accounts whose user agents are kept.
const MOST_AGENT_ACCOUNTS: usize = 10_000;
/// Bytes kept of a user agent.
const LONGEST_AGENT: usize = 512;
/// Addresses of callers whose last name is kept.
const MOST_CALLERS: usize = 65_536;

/// Names that exist, by the configuration.
#[derive(Debug, Default)]
pub struct Known {
    /// Accounts, trunks and manager users.
    pub accounts: BTreeSet<Vec<u8>>,
    /// Trunks.
    pub trunks: BTreeSet<Vec<u8>>,
    /// Contexts that calls enter which no account made.
    pub guest_contexts: BTreeSet<Vec<u8>>,
    /// Pages of web roots that bear a mark.
    pub pages: web::MarkedPages,
}

impl Known {
    fn has(&self, name: &[u8]) -> bool {
        self.accounts.contains(name)
    }

    fn is_for_guests(&self, context: &[u8]) -> bool {
        // `public` is where FreeSWITCH's shipped configuration sends them.
        if self.guest_contexts.is_empty() {
            context == b"public"
        } else {
            self.guest_contexts.contains(context)
        }
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
    /// Is the text of a flood's lines kept? A plain text file is read again where it is cited.
    keeps_text: bool,
    // On the heap: there may be as many as there are sources, and they are moved about.
    ledger: Box<Ledger>,
    challenges: Challenges,
    /// FreeSWITCH's sessions.
    sessions: Sessions,
    /// Calls that the server was told to place and that nobody answered yet.
    waiting: Waiting,
    /// Whom each address last called as, and when.
    callers: HashMap<IpAddr, (NameId, Instant)>,
    /// The instant of the last entry that had one: a line without takes its neighbour's.
    last_at: Option<(Instant, Resolution)>,
    met: Met,
}

/// The kinds of entries met in a chunk: a map is not looked into for each of them.
#[derive(Default)]
struct Met {
    /// How many entries told of each action; empty until there is one, for most sources have none.
    actions: Vec<u64>,
    /// Parts of the server that entries spoke of.
    services: Vec<Service>,
}

impl Met {
    fn count(&mut self, action: Action) {
        if self.actions.is_empty() {
            self.actions.resize(Action::ALL.len(), 0);
        }
        if let Some(count) = self.actions.get_mut(action as usize) {
            *count += 1;
        }
    }

    fn service(&mut self, service: Service) {
        if !self.services.contains(&service) {
            self.services.push(service);
        }
    }

    /// Hands over what was met.
    fn settle(&mut self, ledger: &mut Ledger) {
        for (action, count) in Action::ALL.into_iter().zip(&mut self.actions).filter(|(_, count)| **count > 0)
        {
            *ledger.actions.entry(action).or_default() += std::mem::take(count);
        }
        ledger.services.extend(self.services.drain(..));
    }
}

impl Fold {
    /// Builds the sink of a source, which may keep as much as `budget` says.
    pub fn new(
        source: &Source,
        resolver: Resolver,
        known: Arc<Known>,
        window: Window,
        budget: Budget,
    ) -> Self {
        Fold {
            source: source.id,
            has_lines: source.kind.has_lines(),
            keeps_text: !source.is_random_access() || source.kind.is_binary(),
            resolver,
            known,
            window,
            ledger: Box::new(Ledger::new(budget)),
            challenges: Challenges::default(),
            sessions: Sessions::default(),
            waiting: Waiting::default(),
            callers: HashMap::new(),
            last_at: None,
            met: Met::default(),
        }
    }

    /// Ends the folding and returns what was told.
    pub fn finish(mut self) -> Box<Ledger> {
        let end = self.ledger.reach.map(|(_, last)| last);
        self.ledger.fetches.settle(end);
        self.ledger.tries.settle();
        self.ledger.calls.settle();
        self.sessions.settle();
        let ledger = &mut self.ledger;
        let limits = [
            (ledger.names.is_full, "more names than are told apart: the rest has none"),
            (ledger.uses.is_full, "more changes of registration than are kept: the rest was counted only"),
            (
                ledger.tries.beyond > 0,
                "more attacking addresses than are counted one by one: the rest was counted together",
            ),
            (
                ledger.tries.unpaired > 0,
                "more pairs of address and account than are counted apart: those tried least were counted by address and by account",
            ),
            (
                ledger.tries.has_forgotten,
                "more names were tried than are counted apart: single tries on an account that no file lists may be missing",
            ),
            (
                ledger.asked.is_full,
                "more addresses were asked for secrets than are followed: a registration that was accepted may be missing",
            ),
            (
                ledger.host.beyond > 0,
                "more addresses at the host's services than are counted one by one: the rest was left out",
            ),
            (
                ledger.web.beyond > 0,
                "more addresses sent requests that fit a mark than are counted one by one: the rest was left out",
            ),
            (
                ledger.web.downloads.beyond > 0,
                "more backups and copies of configuration were given out by the web server than are counted one by one",
            ),
            (ledger.marked.beyond > 0, "more commands bear marks than are kept: the rest was left out"),
            (ledger.fetches.beyond > 0, "more addresses asked for files than are counted one by one"),
            (
                ledger.fetches.nameless > 0,
                "one address was given more files than are kept by name: who read a phone's file may be missing",
            ),
        ];
        ledger.limits.extend(limits.into_iter().filter(|(hit, _)| *hit).map(|(_, words)| words.to_owned()));
        ledger.limits.extend(beyond(ledger.rows.beyond, "call records", ledger.rows.rows.len()));
        ledger.limits.extend(beyond(ledger.callers.beyond, "callers' numbers", ledger.callers.len()));
        ledger.limits.extend(beyond(ledger.calls.beyond, "calls", ledger.calls.calls.len()));
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
        if matches!(entry.service, Service::Sofia | Service::FreeSwitch) {
            return self.of_freeswitch(chunk, entry, base);
        }
        let known = self.instant(entry);
        if super::marked::is_looked_at(entry) && known.is_none_or(|(at, _)| self.window.holds(at)) {
            self.marks(chunk, entry, base, known.map(|(at, _)| at));
        }
        let Some((at, resolution)) = known else {
            self.met.count(entry.action);
            return;
        };
        self.ledger.reaches(at);
        self.shows(entry);
        if !self.window.holds(at) {
            return;
        }
        self.ledger.seen(at, resolution);
        self.met.count(entry.action);
        self.met.service(entry.service);
        self.ledger.doubt.count(entry.action, base.offset + u64::from(entry.offset));
        let told = Told { chunk, entry, base, at, source: self.source, has_lines: self.has_lines };
        match entry.action {
            Action::FileFetched | Action::FileMissing => self.fetched(&told),
            Action::LinesLost => self.ledger.host.lost(told.citation()),
            _ if entry.service.is_of_host() => self.of_host(&told),
            Action::AuthFailed if is_wrong_pin(entry) => self.wrong_pin(&told),
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
                self.dialed(&told);
            }
            Action::Answered => self.answered(&told),
            Action::AuthOk => self.accepted(&told),
            Action::Registered | Action::Unregistered | Action::ManagerLogin | Action::ManagerLogoff => {
                self.used(&told);
            }
            Action::Call | Action::HungUp if tells_transactions(entry.service) => {
                transactions::take(&mut self.ledger, &told);
            }
            Action::Banned => self.banned(&told),
            Action::UserAgent => self.agent(&told),
            Action::Server if entry.service == Service::Core => {
                self.ledger.calls.restart();
                let version = told.text(entry.detail);
                self.ledger.version.get_or_insert_with(|| [b"Asterisk ", version].concat());
            }
            _ => {}
        }
    }

    /// Looks a record's text through for published marks.
    fn marks(&mut self, chunk: &Chunk, entry: &Entry, base: Base, at: Option<Instant>) {
        let text = |span| chunk.text(span).unwrap_or_default();
        let from = entry.offset as usize;
        let line = chunk.records_bytes().get(from..from + entry.length as usize).unwrap_or_default();
        let place = Place {
            source: self.source,
            offset: base.offset + u64::from(entry.offset),
            line: if self.has_lines { (base.line + u64::from(entry.line) + 1) as u32 } else { 0 },
        };
        let said = (text(entry.account), text(entry.detail));
        self.ledger.marked.entry(entry.action, said, at, &|| Citation::new(place, line));
    }

    /// Notes what kinds of records the source has, whenever they were.
    fn shows(&mut self, entry: &Entry) {
        let ledger = &mut self.ledger;
        match entry.action {
            Action::Dialplan | Action::CallAttempt => ledger.has_dialplan = true,
            Action::FileFetched | Action::FileMissing => {
                ledger.fetches.services.insert(entry.service);
            }
            // A panel tells of its own pages only, not of files.
            Action::WebRequest if entry.service == Service::Web => {
                ledger.fetches.services.insert(Service::Web);
            }
            Action::AuthOk => ledger.has_security_events |= is_security_event(entry),
            action if tries::kind_of(action).is_some() => {
                ledger.has_security_events |= is_security_event(entry);
            }
            _ => {}
        }
    }

    fn flood(&mut self, told: &Told<'_>) {
        self.flood_at(told, told.text(told.entry.account));
    }

    /// Counts a record of a flood that is about an account or a name.
    fn flood_at(&mut self, told: &Told<'_>, name: &[u8]) {
        let entry = told.entry;
        let Some(kind) = tries::kind_of(entry.action) else { return };
        if entry.action == Action::Challenge {
            self.challenges.note(told);
        }
        let event = Try {
            kind,
            at: told.at,
            address: entry.address,
            service: entry.service,
            name,
            number: told.text(entry.number),
            session: told.text(entry.session),
            reason: entry.reason,
            is_invite: is_invite(told),
            is_options: told.text(entry.detail) == b"OPTIONS",
            is_other_method: OTHER_METHODS.contains(&told.text(entry.detail)),
        };
        let line = if self.keeps_text { told.line() } else { b"" };
        let known = &self.known;
        self.ledger.tries.count(&event, |name| known.has(name), told.place(), line);
    }

    /// Notes the number of a caller from elsewhere, which the dialplan may write over before the call record
    /// is made.
    fn caller(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let account = told.text(entry.account);
        let is_from_elsewhere = !self.known.has(account) || self.known.trunks.contains(account);
        if entry.action == Action::CallAttempt && is_from_elsewhere {
            self.ledger.callers.note(told.text(entry.session), told.text(entry.caller));
        }
    }

    /// Credentials were accepted. chan_sip names the account for a registration and the number
    /// dialled for a call; the challenge before, of the same session, tells which.
    fn accepted(&mut self, told: &Told<'_>) {
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
            // A proxy's table of contacts has no other address where it does not handle NAT.
            Service::Pjsip | Service::Kamailio | Service::Opensips if entry.address.is_none() => {
                readers::uri_host(told.text(entry.detail)).map(|(address, _)| address)
            }
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

    fn agent(&mut self, told: &Told<'_>) {
        let cut = |text: &[u8]| text.len().min(LONGEST_AGENT);
        let account = told.text(told.entry.account);
        let agent = told.text(told.entry.detail);
        let (account, agent) = (&account[..cut(account)], &agent[..cut(agent)]);
        if self.ledger.agents.len() >= MOST_AGENT_ACCOUNTS && !self.ledger.agents.contains_key(account) {
            return;
        }
        let agents = self.ledger.agents.entry(account.to_vec()).or_default();
        if agents.len() < MOST_AGENTS && !agents.iter().any(|known| known == agent) {
            agents.push(agent.to_vec());
        }
    }
}

impl Fold {
    /// Notes the time of a record that may tell of no event: a log reaches as far as its lines do.
    fn reach(&mut self, stamp: Option<Stamp>) {
        let Some((at, resolution)) = stamp.and_then(|stamp| self.resolver.resolve(&stamp)) else { return };
        self.ledger.reaches(at);
        if self.window.holds(at) {
            self.ledger.seen(at, resolution);
        }
    }
}

impl Fold {
    /// Counts a row of a table that holds events of calls, one to a chunk, among those deleted or left.
    fn event_row(&mut self, chunk: &Chunk, base: Base) {
        let exact = chunk.entries.first().and_then(|entry| entry.exact);
        let mut by_stamp =
            || chunk.first_stamp.and_then(|stamp| self.resolver.resolve_unordered(&stamp, None));
        let at = exact.or_else(|| by_stamp().map(|(at, _)| at));
        // A row of a data directory has no line.
        let place = Place { source: self.source, offset: base.offset, line: 0 };
        let line = || Citation::new(place, chunk.records_bytes());
        self.ledger.deleted.event(chunk.is_deleted, at, line);
    }
}

/// Says how many of something were counted only, if any were.
fn beyond(count: u64, what: &str, kept: usize) -> Option<String> {
    (count > 0).then(|| format!("more {what} than are kept ({kept}): {count} later ones were only counted"))
}

impl Sink for Fold {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        // Call records stand in the order of their end and tell both their times themselves.
        let is_ordered = chunk.rows.is_empty();
        self.reach(chunk.first_stamp.filter(|_| is_ordered));
        for stretch in &chunk.doubtful {
            let place = |at: u32| base.offset + u64::from(at);
            self.ledger.doubt.add(place(stretch.start)..place(stretch.end));
        }
        for entry in &chunk.entries {
            self.entry(chunk, entry, base);
        }
        for row in &chunk.rows {
            self.row(chunk, row, base);
        }
        if chunk.is_event_row {
            self.event_row(chunk, base);
        }
        for message in &chunk.sip {
            self.ledger.sip.take(chunk, message);
        }
        self.met.settle(&mut self.ledger);
        self.reach(chunk.last_stamp.filter(|_| is_ordered));
    }
}
