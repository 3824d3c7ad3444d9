//! The folding sink: what one source tells, in memory that does not grow with the log.
//!
//! Floods become tallies ([`tries`]), repeated use of an account becomes runs ([`uses`]), and what
//! tells by itself is kept: a call in a few dozen bytes ([`calls`], [`rows`]), a fetched file
//! ([`fetches`]). The host's web requests and logins are counted by address ([`host`]); those that may be an intruder's are kept ([`web`]). Raw text is kept where it will be cited, for a packed log cannot be reopened
//! cheaply. Every cap has a name and is reported when it was hit.

mod accounts;
pub mod asked;
pub mod blocks;
pub mod budget;
pub mod callers;
pub mod calls;
pub mod deleted;
pub mod doubt;
pub mod downloads;
pub mod fetches;
pub mod holes;
pub mod host;
pub mod marked;
pub mod names;
mod ordered;
pub mod panel_edits;
mod recent;
pub mod rows;
mod sessions;
mod sink;
pub mod sip;
mod tally;
mod transactions;
pub mod tries;
pub mod uses;
pub mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::event::{Action, Citation, Instant, Resolution, Service};

pub use sink::{Fold, Known, Window};
pub(crate) use transactions::dialogs;

/// What one source told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Names that the other parts refer to.
    pub names: names::Names,
    /// Failures, challenges, probes and rejected calls.
    pub tries: tries::Tries,
    /// Accepted credentials, registrations, manager sessions.
    pub uses: uses::Uses,
    /// Registrations of FreeSWITCH's that may have been accepted.
    pub asked: asked::Asked,
    /// Files asked for.
    pub fetches: fetches::Fetches,
    /// What was done on the host around the phone system.
    pub host: host::Host,
    /// Web requests that may be an intruder's.
    pub web: web::Web,
    /// Records whose text bears a published mark.
    pub marked: marked::Marked,
    /// Calls as log lines tell them.
    pub calls: calls::LogCalls,
    /// Numbers of callers from elsewhere, as channel events tell them.
    pub callers: callers::Callers,
    /// Call records.
    pub rows: rows::Rows,
    /// Call records that were deleted, and recovered.
    pub deleted: deleted::Deleted,
    /// How many records told of each action.
    pub actions: BTreeMap<Action, u64>,
    /// The earliest instant.
    pub first: Option<Instant>,
    /// The latest instant.
    pub last: Option<Instant>,
    /// The earliest and the latest instant, those that the user's options leave out included.
    pub reach: Option<(Instant, Instant)>,
    /// Long stretches of which it tells nothing.
    pub holes: holes::Holes,
    /// How many records each span of thirty days has, and the latest of them.
    pub spans: BTreeMap<i64, (u64, Instant)>,
    /// The least certain way in which an instant was resolved.
    pub resolution: Option<Resolution>,
    /// Bans and other single events worth citing, the first of each kind.
    pub banned: BTreeMap<std::net::IpAddr, (Instant, Citation)>,
    /// Addresses that a SIP proxy's flood detector blocked, and when it did first.
    pub flooded: BTreeMap<std::net::IpAddr, (Instant, Citation)>,
    /// User agents by account, the first few.
    pub agents: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    /// The product and its version, from the first record that tells it.
    pub version: Option<Vec<u8>>,
    /// Does it tell security events? This and the next two count what the user's options leave out.
    pub has_security_events: bool,
    /// Does it tell who gave wrong secrets?
    pub has_wrong_secrets: bool,
    /// Is it FreeSWITCH's?
    pub is_freeswitch: bool,
    /// Records that text of a stranger's made, and the first of them.
    pub forged: (u64, Vec<Citation>),
    /// SIP messages, counted.
    pub sip: sip::SipCounts,
    /// The services that its records speak of.
    pub services: BTreeSet<Service>,
    /// Trunks that numbers outside were called by, where no configuration names any.
    pub trunks: BTreeSet<Vec<u8>>,
    /// Does it tell dialplan steps?
    pub has_dialplan: bool,
    /// Which of its lines a stranger may have written.
    pub doubt: doubt::Doubt,
    /// Limits that were hit.
    pub limits: Vec<String>,
}

/// Returns a number that stands for a value where keeping the value itself would cost too much; the same
/// in every run, so that two runs answer alike.
pub(crate) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The length of one of [`Ledger::spans`], in seconds.
pub const SPAN_SECONDS: i64 = 30 * 86_400;
/// The most spans of one source: eighty years.
const MOST_SPANS: usize = 1_000;

impl Ledger {
    /// Begins with nothing, to keep as much as `budget` says.
    pub fn new(budget: budget::Budget) -> Self {
        Ledger {
            tries: tries::Tries::new(budget),
            uses: uses::Uses::new(budget.runs),
            callers: callers::Callers::new(budget.calls),
            calls: calls::LogCalls::new(budget.calls),
            rows: rows::Rows::new(budget.rows),
            ..Ledger::default()
        }
    }

    /// Notes that the source reaches to `at`, whether or not that time is looked at.
    pub fn reaches(&mut self, at: Instant) {
        let (first, last) = self.reach.unwrap_or((at, at));
        self.reach = Some((first.min(at), last.max(at)));
    }

    /// Notes that something happened at `at`.
    pub fn seen(&mut self, at: Instant, resolution: Resolution) {
        self.holes.tell(self.last, at);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        let span = at.seconds().div_euclid(SPAN_SECONDS);
        if let Some((records, latest)) = self.spans.get_mut(&span) {
            (*records, *latest) = (*records + 1, at.max(*latest));
        } else if self.spans.len() < MOST_SPANS {
            self.spans.insert(span, (1, at));
        }
        self.resolution = Some(self.resolution.map_or(resolution, |known| known.max(resolution)));
    }
}
