//! Entries and rows, in the order of their source, into the ledger.

mod freeswitch;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use super::Ledger;
use super::budget::Budget;
use super::calls::{Key, Passed, Step};
use super::fetches::Fetch;
use super::names::NameId;
use super::ordered::Waiting;
use super::rows::{Row, RowText};
use super::sessions::Sessions;
use super::transactions;
use super::tries::{self, Try};
use super::uses::{self, Run};
use super::web;
use crate::clock::Resolver;
use crate::event::{Action, CallRow, Citation, Entry, Instant, Place, Resolution, Service, SourceId, Stamp};
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
/// Addresses whose bans are kept.
const MOST_BANNED: usize = 65_536;

/// Trunks noted where no configuration names any.
const MOST_TRUNKS: usize = 256;

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

    fn step(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        if tells_transactions(entry.service) {
            return;
        }
        // Channel events tell every leg of a call; the log's steps tell the caller's.
        if entry.service == Service::Cel {
            self.caller(told);
            if let Some(door) = door(entry.reason.as_bytes()) {
                self.ledger.calls.pass(told.call_key(), door);
            }
        }
        let is_callers = entry.service == Service::Core || told.begins_call();
        if !is_callers || entry.channel.is_none() {
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
        if let Some(passed) = door(told.text(entry.detail)) {
            self.ledger.calls.pass(Some(step.key()), passed);
        }
    }

    fn dialed(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let call = told.call_key();
        // Channel events have all that `Dial` was given: seconds and options behind the target.
        let target = told.text(entry.number).split(|&byte| byte == b',').next().unwrap_or_default();
        // Without any configuration the form of what is called shows what a trunk is.
        let shown = super::ordered::shown_trunk(target).filter(|_| self.known.trunks.is_empty());
        if let Some(name) = shown.filter(|_| self.ledger.trunks.len() < MOST_TRUNKS) {
            self.ledger.trunks.insert(name.to_vec());
        }
        let by_trunk = self.known.is_trunk(target) || shown.is_some();
        self.ledger.calls.progress(call, false, by_trunk);
        if by_trunk {
            let (known, seen) = (&self.known.trunks, &self.ledger.trunks);
            let is_trunk = |part: &[u8]| known.contains(part) || seen.contains(part);
            match call {
                Some(call) => self.ledger.calls.sent_on(call, target, is_trunk, &self.ledger.names),
                None => self.waiting.call(told.line(), told.at, target, is_trunk),
            }
            self.ledger.calls.dialed_out(call, told.at);
        }
        match entry.reason {
            "forwarded" => self.ledger.calls.pass(call, Passed::Forwarded),
            "by a mailbox" => self.ledger.calls.pass(call, Passed::ByMailbox),
            _ => {}
        }
    }

    /// Notes that a call was answered: a caller's, or one that the server itself was told to place.
    fn answered(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        if !entry.channel.is_none() || entry.service != Service::Core {
            return self.ledger.calls.progress(told.call_key(), true, false);
        }
        let Some((at, number)) = self.waiting.answer(told.line(), told.at) else { return };
        let place = told.place();
        let step = Step {
            at,
            call: None,
            channel: told.text(entry.detail),
            account: told.text(entry.account),
            number: &number,
            context: b"",
            offset: place.offset,
            line: place.line,
        };
        self.ledger.calls.place_ordered(&step, &mut self.ledger.names);
    }

    /// Notes a wrong PIN; whoever gave it came by telephone and has no address.
    fn wrong_pin(&mut self, told: &Told<'_>) {
        let call = told.entry.call.map(Key::Id);
        self.ledger.calls.wrong_pin(call);
        if told.entry.reason == "wrong DISA password" {
            self.flood(told);
        }
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

    fn of_host(&mut self, told: &Told<'_>) {
        self.ledger.host.note(told.entry, told.at);
        self.of_web(told);
    }

    /// Requests and logins at the web server and the panel.
    fn of_web(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let Some(address) = entry.address else { return };
        let line = || told.citation();
        let web = &mut self.ledger.web;
        if crate::indicators::is_published(address) {
            web.published(address, &line);
        }
        match (entry.service, entry.action) {
            (Service::Web, Action::WebError) => web.error(address, told.at, told.text(entry.detail), &line),
            (Service::Web, _) => {
                let request = web::Request {
                    at: told.at,
                    address,
                    outcome: entry.reason,
                    target: told.text(entry.detail),
                    has_referrer: !entry.referrer.is_none(),
                };
                web.request(&request, &self.known.pages, &line);
                web.edits.request(&request, &line);
                // Who gave a password is one whom the server knows.
                if matches!(told.text(entry.account), b"" | b"-") {
                    web.downloads.request(&request, &line);
                }
            }
            (Service::Panel, Action::AuthOk | Action::AuthFailed) => {
                let is_accepted = entry.action == Action::AuthOk;
                web.login(address, told.text(entry.account), told.at, is_accepted, &line);
            }
            _ => {}
        }
    }

    fn fetched(&mut self, told: &Told<'_>) {
        let Some(address) = told.entry.address else { return };
        let file = told.text(told.entry.detail);
        let session = told.text(told.entry.session);
        let fetches = &mut self.ledger.fetches;
        let service = told.entry.service;
        // Guests of an FTP server give a name, too.
        let user = told.text(told.entry.account);
        let has_password = !matches!(user, b"" | b"-" | b"ftp" | b"anonymous" | b"?");
        let fetch = || Fetch { at: told.at, file: file.into(), service, has_password, line: told.citation() };
        match (told.entry.action, told.entry.service) {
            (Action::FileMissing, Service::Tftp) => {
                fetches.missing(address, session, file, told.at, told.citation());
            }
            // A TFTP server tells a request by one line and its refusal by another.
            (_, Service::Tftp) => fetches.asked(address, session, fetch()),
            (Action::FileMissing, _) if told.entry.reason == readers::REFUSED => {
                fetches.refused(address, told.at);
            }
            (Action::FileMissing, _) => fetches.absent(address, file, told.at, told.citation()),
            _ => fetches.given(address, fetch()),
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

    fn row(&mut self, chunk: &Chunk, row: &CallRow, base: Base) {
        let text = |span| chunk.text(span).unwrap_or_default();
        let told = row.exact.map(|at| (at, Resolution::Exact));
        let by_stamp = told.or_else(|| row.start.and_then(|stamp| self.resolver.resolve_unordered(&stamp)));
        let by_id = || crate::pbx_id::epoch(text(row.uniqueid)).map(|at| (at, Resolution::Exact));
        let Some((start, resolution)) = by_stamp.or_else(by_id) else { return };
        let end = start.plus_seconds(i64::from(row.duration));
        let place = Place {
            source: self.source,
            offset: base.offset + u64::from(row.offset),
            line: (base.line + u64::from(row.line) + 1) as u32,
        };
        let from = row.offset as usize;
        let line = || chunk.records_bytes().get(from..from + row.length as usize).unwrap_or_default();
        self.ledger.deleted.call(chunk.is_deleted, start, || Citation::new(place, line()));
        self.ledger.reaches(start);
        self.ledger.reaches(end);
        if !self.window.holds(start) {
            return;
        }
        self.ledger.marked.caller(text(row.caller_id), start, &|| Citation::new(place, line()));
        self.ledger.seen(start, resolution);
        self.ledger.seen(end, resolution);
        *self.ledger.actions.entry(Action::Call).or_default() += 1;
        self.turned_away(chunk, row, start, base);
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
        kept.account = names.id(text(row.account));
        kept.trunk = names.id(text(row.trunk));
        (kept.leg, kept.is_claim) = (row.leg, row.is_claim);
        kept.disposition = row.disposition;
        let texts = RowText {
            src: text(row.src),
            dst: text(row.dst),
            channel: text(row.channel),
            dst_channel: text(row.dst_channel),
            uniqueid: text(row.uniqueid),
            linkedid: text(row.linkedid),
        };
        self.ledger.rows.push(kept, texts, row.address);
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
        let mut by_stamp = || chunk.first_stamp.and_then(|stamp| self.resolver.resolve_unordered(&stamp));
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

/// Returns whether a record tells of a wrong PIN, of a mailbox or of a second dial tone.
fn is_wrong_pin(entry: &Entry) -> bool {
    entry.service == Service::Core && matches!(entry.reason, "wrong DISA password" | "wrong mailbox password")
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

    /// Returns whether it is a channel event of a caller's own channel, by which its call is named.
    fn is_callers_event(&self) -> bool {
        self.entry.service == Service::Cel
            && !self.entry.session.is_none()
            && self.text(self.entry.session) == self.text(self.entry.detail)
    }

    /// Returns whether it is the channel event that a call begins with.
    fn begins_call(&self) -> bool {
        self.entry.action == Action::CallAttempt && self.is_callers_event()
    }

    /// Returns what joins the records of its call.
    fn call_key(&self) -> Option<Key> {
        match self.entry.call {
            None if self.is_callers_event() => Some(Key::of_channel(self.text(self.entry.channel))),
            call => call.map(Key::Id),
        }
    }
}

/// Returns the way out that an application opens to whoever knows a PIN.
fn door(application: &[u8]) -> Option<Passed> {
    match application {
        b"DISA" => Some(Passed::Disa),
        b"VoiceMailMain" => Some(Passed::Mailbox),
        _ => None,
    }
}

/// Methods of requests, besides the one that asks whether the server is alive.
const OTHER_METHODS: [&[u8]; 4] = [b"REGISTER", b"INVITE", b"SUBSCRIBE", b"MESSAGE"];

/// Returns whether a record tells of a call that was refused. That FreeSWITCH asks for credentials says
/// nothing: it asks everybody.
fn is_invite(told: &Told<'_>) -> bool {
    let entry = told.entry;
    let is_asked = entry.service == Service::Sofia && entry.action == Action::Challenge;
    entry.action == Action::CallRejected || (told.text(entry.detail) == b"INVITE" && !is_asked)
}

/// Challenges of chan_sip that wait for their answer, by session.
#[derive(Debug, Default)]
struct Challenges {
    accounts: HashMap<(IpAddr, Vec<u8>), Vec<u8>>,
    order: VecDeque<(IpAddr, Vec<u8>)>,
}

/// Bytes of a session and an account; chan_sip's session is a pointer.
const LONGEST_CHALLENGE: usize = 512;
/// Challenges remembered; an answer comes within a second or never.
const MOST_CHALLENGES: usize = 4_096;

impl Challenges {
    fn note(&mut self, told: &Told<'_>) {
        let (Service::Sip, Some(address)) = (told.entry.service, told.entry.address) else { return };
        if told.text(told.entry.session).len() + told.text(told.entry.account).len() > LONGEST_CHALLENGE {
            return;
        }
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
