//! The failures of the intruders' addresses, read once more, with what each jail's filter makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::case::{Progress, build::Case, threads};
use crate::clock::Resolver;
use crate::event::{Action, Citation, Entry, Instant, Place, Service, SourceId};
use crate::fail2ban::{Filter, Heard, Jail};
use crate::readers::{Chunk, reader_for};
use crate::reconstruct::incident::Incident;
use crate::scan::{self, Base, How, Sink, Task};

/// Bytes of logs that are read a second time; more would double the time that a large case takes.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Expressions tried on the lines of one log; fail2ban's own filter of Asterisk has some fifteen.
const MOST_TRIES: usize = 600_000;
/// Failures of one log that are gone through: days of guessing at any pace that is not banned at once.
const MOST_FAILURES: usize = 100_000;
/// Jails whose filters are tried.
const MOST_JAILS: usize = 32;
/// Starts of fail2ban that are counted.
const MOST_STARTS: usize = 10_000;

/// One line that tells of a failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) at: Instant,
    pub(super) address: IpAddr,
    /// A bit for each jail whose filter counts it.
    heard: u32,
    /// A bit for each jail whose filter cannot be tried on it.
    undecided: u32,
}

impl Failure {
    /// Returns what the jail of that number makes of it; `None` where that cannot be told.
    pub(super) fn is_heard(&self, jail: usize) -> Option<bool> {
        let bit = 1 << jail.min(MOST_JAILS - 1);
        (self.undecided & bit == 0).then_some(self.heard & bit != 0)
    }
}

/// What one log tells of the intruders.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) path: String,
    pub(super) failures: Vec<Failure>,
    /// The first such line of each address.
    pub(super) lines: BTreeMap<IpAddr, Citation>,
    /// When fail2ban began to run, where this is its log.
    pub(super) starts: Vec<Instant>,
    /// The first line that tells of a start.
    pub(super) start_line: Option<Citation>,
    /// The times it spans.
    pub(super) span: Option<(Instant, Instant)>,
}

/// All that was read again.
#[derive(Debug, Default)]
pub(in crate::case) struct Replay {
    pub(super) logs: Vec<Log>,
    /// Is there more than may be read a second time?
    pub(super) is_partial: bool,
}

impl Replay {
    /// Reads the logs again that tell of failures, where there is a jail to be tried or a log of fail2ban's.
    pub(in crate::case) fn of(case: &Case<'_>, incidents: &[Incident]) -> Self {
        let addresses: BTreeSet<IpAddr> =
            incidents.iter().flat_map(|incident| incident.actors.keys().copied()).collect();
        let jails = case.world.pbx.fail2ban.as_ref();
        let is_own_log = |word: &str| word == "fail2ban-log";
        let has_log = case.world.told.iter().any(|told| is_own_log(told.source.kind.word()));
        if addresses.is_empty() || case.options.figures_only || (jails.is_none() && !has_log) {
            return Replay::default();
        }
        let jails: Vec<Jail> =
            jails.into_iter().flat_map(|found| found.phone_jails().take(MOST_JAILS).cloned()).collect();
        let (addresses, jails) = (Arc::new(addresses), Arc::new(jails));
        let mut replay = Replay::default();
        let mut left = MOST_BYTES;
        let mut tasks = Vec::new();
        for told in &case.world.told {
            let (source, ledger) = (told.source, &told.ledger);
            if !is_own_log(source.kind.word()) && ledger.tries.failure_records == 0 {
                continue;
            }
            let Some(rest) = left.checked_sub(source.file.bytes) else {
                replay.is_partial = true;
                continue;
            };
            left = rest;
            let Some(opened) = reader_for(source, case.world.pbx, case.options.machine.as_deref()) else {
                continue;
            };
            let log = Log { path: source.file.path.clone(), span: ledger.reach, ..Log::default() };
            let resolver = case.clock.of(source.id).resolver();
            let (addresses, jails) = (Arc::clone(&addresses), Arc::clone(&jails));
            let sink =
                Listener { tries_left: MOST_TRIES, source: source.id, resolver, addresses, jails, log };
            tasks.push(Task { source, reader: Some(opened.reader), sink });
        }
        let how = How { jobs: threads(case.options), sparse: true, piece: scan::PIECE };
        match scan::scan(case.evidence, tasks, how, &Silent) {
            Ok(done) => replay.logs = done.into_iter().map(|done| done.sink.log).collect(),
            Err(_) => replay.is_partial = true,
        }
        replay.logs.iter_mut().for_each(|log| log.failures.sort_by_key(|failure| failure.at));
        replay
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}

/// Keeps the failures of one log.
struct Listener {
    /// Expressions that may still be tried on lines: a filter on a hacked disk may be anybody's.
    tries_left: usize,
    source: SourceId,
    resolver: Resolver,
    addresses: Arc<BTreeSet<IpAddr>>,
    jails: Arc<Vec<Jail>>,
    log: Log,
}

impl Sink for Listener {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        for entry in &chunk.entries {
            let at = match (entry.exact, &entry.stamp) {
                (Some(exact), _) => Some(exact),
                (None, Some(stamp)) => self.resolver.resolve(stamp).map(|(at, _)| at),
                (None, None) => None,
            };
            if let Some(at) = at {
                self.entry(chunk, entry, base, at);
            }
        }
    }
}

impl Listener {
    fn entry(&mut self, chunk: &Chunk, entry: &Entry, base: Base, at: Instant) {
        let start = entry.offset as usize;
        let text = || chunk.records_bytes().get(start..start + entry.length as usize).unwrap_or_default();
        let cited = || {
            let line = u32::try_from(base.line + u64::from(entry.line) + 1).unwrap_or(0);
            let offset = base.offset + u64::from(entry.offset);
            Citation::new(Place { source: self.source, offset, line }, text())
        };
        if entry.service == Service::Fail2ban {
            if entry.action == Action::Server
                && entry.reason == "started"
                && self.log.starts.len() < MOST_STARTS
            {
                self.log.start_line.get_or_insert_with(cited);
                self.log.starts.push(at);
            }
            return;
        }
        let is_failure = matches!(entry.action, Action::AuthFailed | Action::CallRejected | Action::Probe);
        let Some(address) = entry.address.filter(|address| is_failure && self.addresses.contains(address))
        else {
            return;
        };
        if self.log.failures.len() >= MOST_FAILURES {
            return;
        }
        self.log.lines.entry(address).or_insert_with(cited);
        let line = String::from_utf8_lossy(text());
        let (mut heard, mut undecided) = (0, 0);
        for (number, jail) in self.jails.iter().enumerate() {
            let filter = jail.filter.as_ref().filter(|filter| filter.expressions() <= self.tries_left);
            self.tries_left -= filter.map_or(0, Filter::expressions);
            match filter.map(|filter| filter.hears(&line)) {
                Some(Heard::Failure(caught)) if caught.is_none_or(|caught| caught == address) => {
                    heard |= 1 << number;
                }
                Some(Heard::Failure(_) | Heard::Nothing) => {}
                Some(Heard::Undecided) | None => undecided |= 1 << number,
            }
        }
        self.log.failures.push(Failure { at, address, heard, undecided });
    }
}
