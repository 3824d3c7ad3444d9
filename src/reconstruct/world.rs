//! What all sources told, joined.
//!
//! One try is told by `messages`, `full`, `security` and their JSON copy. Files of one log add up;
//! different logs tell the same again, so of them the fullest counts, hour by hour, never the sum.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::calls::{Calls, Origin};
pub use super::parties::{Attempts, Party};
use super::standing::Neighbours;
use super::trunks;
pub use super::uses::Use;
use super::ways::Ways;
use super::{behaviour, join};
use super::{parties, registrations, uses};
use crate::artifacts::Artifacts;
use crate::event::{Action, Citation, Instant, Service};
use crate::evidence::Source;
use crate::fold::Ledger;
use crate::fold::fetches::Client;
use crate::fold::host::Visitor;
use crate::fold::uses::Kind;
use crate::fold::web::Web;
use crate::pbx::{Account, Pbx, Technology};
use crate::readers::Tells;

/// One source with what it told.
#[derive(Debug)]
pub struct Told<'a> {
    /// The source.
    pub source: &'a Source,
    /// What it told.
    pub ledger: Box<Ledger>,
    /// The log that it is a file of: `full.log`, `full.log.0` and `full.log-20260910.gz` are one.
    pub family: String,
}

impl Told<'_> {
    /// Returns whether it shows failed logins, as a phone server's log does; a SIP proxy's does where the
    /// site has its routing script print them.
    pub fn is_server_log(&self) -> bool {
        let of_proxy = self.ledger.services.iter().any(|service| service.is_proxy());
        let has_failures = self.ledger.actions.contains_key(&Action::AuthFailed);
        let is_log = matches!(self.source.kind.tells(), Some(Tells::Server | Tells::Wire));
        is_log || of_proxy && has_failures
    }
}

/// Everything that was told.
#[derive(Debug)]
pub struct World<'a> {
    /// The configuration.
    pub pbx: &'a Pbx,
    /// What the host's files and the panel's database say.
    pub artifacts: &'a Artifacts,
    /// Whose an address is.
    pub neighbours: Neighbours,
    /// The sources.
    pub told: Vec<Told<'a>>,
    /// What each address did that failed.
    pub parties: BTreeMap<IpAddr, Party>,
    /// All tries on accounts that more was tried on than the parties' own counts tell: where many
    /// addresses tried many accounts, not each pair of them has a count of its own.
    pub crowds: BTreeMap<String, Attempts>,
    /// Every use of every account, by account, in the order of time.
    pub uses: BTreeMap<String, Vec<Use>>,
    /// When the last log ends that tells of registrations: what became of one after that no record says.
    pub(super) registrations_until: Option<Instant>,
    /// Registrations of FreeSWITCH's that may have been accepted.
    pub(super) asked: registrations::Asked,
    /// The accounts that each address used with success.
    pub users: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Manager sessions, in the order of time.
    pub sessions: Vec<Use>,
    /// Files asked for, by address.
    pub fetches: BTreeMap<IpAddr, Client>,
    /// What each address did at the host's own services.
    pub visitors: BTreeMap<IpAddr, Visitor>,
    /// Web requests that may be an intruder's.
    pub web: Web,
    /// Calls, in the order of their start.
    pub calls: Calls,
    /// Accounts that exist: configured, or used with success.
    pub accounts: BTreeSet<String>,
    /// Of those, the ones that a file lists or that were used with success.
    pub confirmed: BTreeSet<String>,
    /// Does a file list whom a SIP proxy relays for? The accounts of a server behind it are others.
    pub lists_subscribers: bool,
    /// The length of the longest of their names: a number that is longer is no account's.
    pub longest_account: usize,
    /// Names of trunks.
    pub trunks: BTreeSet<String>,
    /// The earliest instant of any event.
    pub first: Option<Instant>,
    /// The latest instant of any event.
    pub last: Option<Instant>,
    /// Who can get where by the dialplan.
    pub(crate) ways: Ways<'a>,
}

/// Returns the earlier of two instants, either of which may be unknown.
pub fn earliest(left: Option<Instant>, right: Option<Instant>) -> Option<Instant> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

impl<'a> World<'a> {
    /// Joins what the sources told.
    pub fn new(
        pbx: &'a Pbx,
        artifacts: &'a Artifacts,
        mut neighbours: Neighbours,
        mut told: Vec<Told<'a>>,
    ) -> Self {
        let uses::Uses { by_account: uses, sessions, registrations_until } = uses::take(&mut told);
        let mut accounts: BTreeSet<String> =
            pbx.accounts.iter().map(|account| account.name.clone()).collect();
        accounts.extend(uses.keys().cloned());
        let confirmed = accounts.clone();
        let trunks = trunks::find(pbx, &told, &accounts);
        accounts.retain(|name| !trunks.contains(name));
        neighbours.note_uses(&uses, &trunks);
        let calls = join::join(&told, &trunks);
        let lists_subscribers = relays_for_any(&calls, &confirmed);
        let unlisted = unlisted_callers(pbx, &calls, lists_subscribers);
        accounts.extend(unlisted.filter(|name| !trunks.contains(*name)).cloned());
        let managers = pbx.manager_users.iter().map(|user| user.name.clone());
        let known: BTreeSet<String> = accounts.iter().cloned().chain(managers).collect();
        let first = told.iter().filter_map(|told| told.ledger.first).min();
        let last = end_of(&told);
        let failed = parties::take(&mut told);
        let ways = Ways::new(pbx, &accounts);
        let mut world = World {
            pbx,
            artifacts,
            neighbours,
            parties: BTreeMap::new(),
            crowds: BTreeMap::new(),
            fetches: fetches(&told),
            visitors: visitors(&told),
            web: web(&told),
            asked: registrations::take(&mut told),
            told,
            users: BTreeMap::new(),
            uses,
            registrations_until,
            sessions,
            calls,
            longest_account: accounts.iter().map(String::len).max().unwrap_or(0),
            accounts,
            confirmed,
            lists_subscribers,
            trunks,
            first,
            last,
            ways,
        };
        // Where calls came from and go to is told without the failures.
        let note = || {
            world.note_users();
            behaviour::note_destinations(&mut world);
            super::attribute::attribute(&mut world);
            behaviour::note_outward(&mut world);
        };
        let (parties, ()) = rayon::join(|| parties::join(failed, &known), note);
        (world.parties, world.crowds) = (parties.by_address, parties.crowds);
        world
    }

    fn note_users(&mut self) {
        for (account, uses) in &self.uses {
            let addresses: BTreeSet<IpAddr> = uses.iter().filter_map(|used| used.address).collect();
            for address in addresses {
                self.users.entry(address).or_default().insert(account.clone());
            }
        }
    }

    /// Returns how many accounts an address failed at that it never used with success.
    pub fn foreign_accounts(&self, address: IpAddr, party: &Party) -> usize {
        let own = self.users.get(&address);
        let foreign =
            party.by_account.keys().filter(|account| !own.is_some_and(|own| own.contains(*account)));
        // Of those that have no count of their own, one may be its own.
        foreign.count() + party.other_accounts.saturating_sub(1)
    }

    /// Returns the accounts' uses from one address.
    pub fn uses_from(&self, account: &str, address: IpAddr) -> impl Iterator<Item = &Use> {
        self.uses.get(account).into_iter().flatten().filter(move |used| used.address == Some(address))
    }

    /// Returns failures of an address on an account.
    pub fn failures(&self, address: IpAddr, account: &str) -> Option<&Attempts> {
        self.parties.get(&address)?.by_account.get(account).map(Box::as_ref)
    }

    /// Returns how many tries on an account before an instant no address's own count tells.
    pub fn unpaired_before(&self, account: &str, at: Instant) -> u64 {
        let Some(all) = self.crowds.get(account) else { return 0 };
        let paired = self.parties.values().filter_map(|party| party.by_account.get(account));
        all.before(at).saturating_sub(paired.map(|tried| tried.before(at)).sum())
    }

    /// Returns whether tries on names that no configuration knows were forgotten.
    pub fn has_forgotten(&self, account: &str) -> bool {
        let is_configured = self.pbx.accounts.iter().any(|known| known.name == account);
        !is_configured && self.told.iter().any(|told| told.ledger.tries.has_forgotten)
    }

    /// Returns since when logs show who logs in and who fails to; `None` if none does.
    pub fn watched_since(&self) -> Option<Instant> {
        let logs = self.told.iter().filter(|told| told.is_server_log());
        // FreeSWITCH tells of wrong secrets only where it was told to.
        let logs = logs.filter(|told| !told.ledger.is_freeswitch || told.ledger.has_wrong_secrets);
        logs.filter_map(|told| told.ledger.first).min()
    }

    /// Returns whether any source is FreeSWITCH's.
    pub fn is_freeswitch(&self) -> bool {
        let is_one = |account: &Account| account.technology == Technology::Sofia;
        self.told.iter().any(|told| told.source.kind.word().starts_with("freeswitch-"))
            || self.pbx.accounts.iter().any(is_one)
    }

    /// Returns whether any source is a log of Asterisk's.
    pub fn has_asterisk_log(&self) -> bool {
        self.told.iter().any(|told| told.source.kind.word() == "asterisk-log")
    }

    /// Returns which services' requests for files the evidence tells.
    pub fn logged_services(&self) -> BTreeSet<Service> {
        self.told.iter().flat_map(|told| told.ledger.fetches.services.iter().copied()).collect()
    }

    /// Returns whether the evidence is that of a SIP proxy, by its records or its configuration.
    pub fn has_proxy(&self) -> bool {
        let told = self.told.iter().flat_map(|told| &told.ledger.services).any(|service| service.is_proxy());
        told || self.pbx.proxy.is_some()
    }

    /// Returns when a SIP proxy's flood detector blocked an address first, and the line that says so.
    pub fn flooded(&self, address: IpAddr) -> Option<&(Instant, Citation)> {
        self.told.iter().filter_map(|told| told.ledger.flooded.get(&address)).min()
    }

    /// Returns whether SIP was captured, which shows every login.
    pub fn has_capture(&self) -> bool {
        self.told.iter().any(|told| told.source.kind.tells() == Some(Tells::Wire))
    }

    /// Returns whether a login that was accepted would have been seen: some is, or all are printed.
    pub fn shows_logins(&self) -> bool {
        // FreeSWITCH asks every caller for credentials, and tells each call that followed.
        self.records_logins() || (self.is_freeswitch() && self.shows_calls())
    }

    /// Returns whether logins that are accepted stand in a log, and are not only known by the calls that followed.
    pub fn records_logins(&self) -> bool {
        let accepted = self
            .uses
            .values()
            .flatten()
            .chain(&self.sessions)
            .any(|used| matches!(used.kind, Kind::Registered | Kind::Authenticated | Kind::ManagerLogin));
        // Of a log that ends before the time that is looked at, nothing of that time can be known.
        let shows_all = |told: &Told<'_>| {
            let is_capture = told.source.kind.tells() == Some(Tells::Wire);
            told.ledger.first.is_some() && (told.ledger.has_security_events || is_capture)
        };
        accepted || self.told.iter().any(shows_all)
    }

    /// Returns whether calls would have been seen.
    pub fn shows_calls(&self) -> bool {
        let tells = |told: &Told<'_>| {
            let ledger = &told.ledger;
            let has_calls = !ledger.rows.rows.is_empty() || !ledger.calls.calls.is_empty();
            has_calls || (ledger.has_dialplan && ledger.first.is_some())
        };
        self.told.iter().any(tells)
    }

    /// Returns whether any source tells of security events.
    pub fn has_security_events(&self) -> bool {
        self.told.iter().any(|told| told.ledger.has_security_events)
    }
}

/// Returns whether anybody a proxy relayed for is an account that is known otherwise.
fn relays_for_any(calls: &Calls, confirmed: &BTreeSet<String>) -> bool {
    let relayed = calls.iter().filter(|call| call.origin == Origin::Record);
    relayed.filter_map(|call| calls.account(call)).any(|name| confirmed.contains(name))
}

/// Returns the callers that are accounts though no file lists them: all, where none lists any; those a proxy relays for,
/// where the lists are of the server behind it.
fn unlisted_callers<'c>(
    pbx: &Pbx,
    calls: &'c Calls,
    lists_subscribers: bool,
) -> impl Iterator<Item = &'c String> {
    let is_listed = !pbx.accounts.is_empty();
    let relayed: BTreeSet<&str> = calls
        .iter()
        .filter(|call| is_listed && !lists_subscribers && call.origin == Origin::Record)
        .filter_map(|call| calls.account(call))
        .collect();
    let callers = calls.accounts.iter().filter(|name| !trunks::is_nobody(name));
    callers.filter(move |name| !is_listed || relayed.contains(name.as_str()))
}

/// Returns the log that a file belongs to: its path without packing and rotation marks.
pub fn family(path: &str) -> String {
    let packed = [".gz", ".bz2", ".xz", ".zst"];
    let mut name = packed.iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    loop {
        let cut = name.trim_end_matches(|character: char| character.is_ascii_digit());
        let digits = name.len() - cut.len();
        let shorter = match cut.as_bytes().last() {
            Some(b'.') if digits > 0 && digits <= 10 => &cut[..cut.len() - 1],
            Some(b'-') if digits == 8 || digits == 10 => &cut[..cut.len() - 1],
            _ => return name.to_owned(),
        };
        name = shorter;
    }
}

/// Returns when the evidence ends.
///
/// A broken clock, a damaged line or a forged one may stand years behind all others, and nothing that
/// was not seen until then says that the attack is over: a few records after a silence of more than a
/// year are no end.
fn end_of(told: &[Told<'_>]) -> Option<Instant> {
    const YEAR: i64 = 365 * 86_400 / crate::fold::SPAN_SECONDS + 1;
    let mut spans: BTreeMap<i64, (u64, Instant)> = BTreeMap::new();
    for (span, (records, latest)) in told.iter().flat_map(|told| &told.ledger.spans) {
        let known = spans.entry(*span).or_insert((0, *latest));
        known.0 += records;
        known.1 = known.1.max(*latest);
    }
    let all: u64 = spans.values().map(|(records, _)| records).sum();
    let order: Vec<(i64, u64, Instant)> =
        spans.into_iter().map(|(span, (records, latest))| (span, records, latest)).collect();
    let mut behind = 0;
    let mut end = order.len().checked_sub(1)?;
    for index in (1..order.len()).rev() {
        let (Some(before), Some(this)) = (order.get(index - 1), order.get(index)) else { break };
        behind += this.1;
        // One record in twenty may stand apart.
        if behind.saturating_mul(20) > all {
            break;
        }
        if this.0 - before.0 > YEAR {
            end = index - 1;
        }
    }
    order.get(end).map(|(_, _, latest)| *latest)
}

/// Joins what was asked for. Files of one log add up; another log, and the journal, tell the same again.
fn fetches(told: &[Told<'_>]) -> BTreeMap<IpAddr, Client> {
    let mut families: BTreeMap<&str, BTreeMap<IpAddr, Client>> = BTreeMap::new();
    for told in told {
        let family = families.entry(&told.family).or_default();
        for (address, client) in &told.ledger.fetches.clients {
            family.entry(*address).or_default().add(client.clone());
        }
    }
    let mut all: BTreeMap<IpAddr, Client> = BTreeMap::new();
    for (address, client) in families.into_values().flatten() {
        all.entry(address).or_default().take_fuller(client);
    }
    all
}

fn web(told: &[Told<'_>]) -> Web {
    let mut all = Web::default();
    told.iter().for_each(|told| all.add(&told.ledger.web));
    all
}

fn visitors(told: &[Told<'_>]) -> BTreeMap<IpAddr, Visitor> {
    let mut all: BTreeMap<IpAddr, Visitor> = BTreeMap::new();
    for (address, visitor) in told.iter().flat_map(|told| &told.ledger.host.visitors) {
        all.entry(*address).and_modify(|known| known.add(visitor)).or_insert(*visitor);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn rotated_files_are_one_log() {
        for name in [
            "full",
            "full.1",
            "full-20260910",
            "full.1.gz",
            "full.0",
            "full.2.xz",
            "full-20260910.gz",
            "full.1788873657",
        ] {
            assert_eq!(family(&format!("var/log/asterisk/{name}")), "var/log/asterisk/full", "{name}");
        }
        assert_eq!(family("messages.log.0"), "messages.log");
        assert_eq!(family("queue_log"), "queue_log");
        assert_eq!(family("0015654a1c30.cfg"), "0015654a1c30.cfg");
    }
}
