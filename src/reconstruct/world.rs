//! What all sources told, joined.
//!
//! One try is told by `messages`, `full`, `security` and their JSON copy. Files of one log add up;
//! different logs tell the same again, so of them the fullest counts, hour by hour, never the sum.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::calls::{self, Calls};
use super::standing::Neighbours;
use super::trunks;
use crate::event::{Citation, Instant, Service};
use crate::evidence::{Kind, Source};
use crate::fold::fetches::Client;
use crate::fold::names::NameId;
use crate::fold::tries::{Cell, Kind as Flood, Tally};
use crate::fold::uses::Kind as Used;
use crate::fold::{Ledger, tries};
use crate::pbx::Pbx;

/// One source with what it told.
#[derive(Debug)]
pub struct Told<'a> {
    /// The source.
    pub source: &'a Source,
    /// What it told.
    pub ledger: Ledger,
    /// The log that it is a file of: `full.log`, `full.log.0` and `full.log-20260910.gz` are one.
    pub family: String,
}

/// Everything that was told.
#[derive(Debug)]
pub struct World<'a> {
    /// The configuration.
    pub pbx: &'a Pbx,
    /// Whose an address is.
    pub neighbours: Neighbours,
    /// The sources.
    pub told: Vec<Told<'a>>,
    /// What each address did that failed.
    pub parties: BTreeMap<IpAddr, Party>,
    /// Every use of every account, by account, in the order of time.
    pub uses: BTreeMap<String, Vec<Use>>,
    /// The accounts that each address used with success.
    pub users: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Manager sessions, in the order of time.
    pub sessions: Vec<Use>,
    /// Files asked for, by address.
    pub fetches: BTreeMap<IpAddr, Client>,
    /// Calls, in the order of their start.
    pub calls: Calls,
    /// Accounts that exist: configured, or used with success.
    pub accounts: BTreeSet<String>,
    /// Names of trunks.
    pub trunks: BTreeSet<String>,
    /// The earliest instant of any event.
    pub first: Option<Instant>,
    /// The latest instant of any event.
    pub last: Option<Instant>,
}

/// Failed tries, of one address and perhaps on one account.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// First record.
    pub first: Option<Instant>,
    /// Last record.
    pub last: Option<Instant>,
    /// Records, in all files.
    pub records: u64,
    /// Distinct tries.
    pub attempts: u64,
    /// Tries by hour since the epoch.
    pub hours: BTreeMap<u32, u64>,
    /// Telling lines.
    pub lines: Vec<Citation>,
    /// Do all tries share one Call-ID?
    pub one_session: bool,
}

/// What one address did that failed.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// All failures and rejected calls.
    pub failures: Attempts,
    /// Failures by account that exists.
    pub by_account: BTreeMap<String, Attempts>,
    /// Challenges, probes: contact without a secret.
    pub contacts: Attempts,
    /// Names that do not exist which it tried: the first few, in order.
    pub unknown_names: Vec<String>,
    /// How many such names, counted up to a limit.
    pub unknown_count: usize,
    /// Numbers that it asked for.
    pub numbers: Vec<String>,
    /// Services it spoke to.
    pub services: BTreeSet<Service>,
    /// Records that are INVITEs.
    pub invites: u64,
    /// Records that are OPTIONS.
    pub options: u64,
    /// Did a probe's own mark show (a scanner's trap, a hacking notice)?
    pub probes: u64,
}

impl Party {
    /// Returns how many names it tried, existing or not.
    pub fn names_tried(&self) -> usize {
        self.unknown_count + self.by_account.len()
    }

    /// Returns its first record of any kind.
    pub fn first(&self) -> Option<Instant> {
        earliest(self.failures.first, self.contacts.first)
    }

    /// Returns its last record of any kind.
    pub fn last(&self) -> Option<Instant> {
        self.failures.last.max(self.contacts.last)
    }
}

/// Use of one account from one address, without another's in between.
#[derive(Clone, Debug)]
pub struct Use {
    /// The account.
    pub account: String,
    /// What was accepted.
    pub kind: Used,
    /// The service.
    pub service: Service,
    /// The peer's address, or the contact's where nothing better is told.
    pub address: Option<IpAddr>,
    /// Is the address only what the contact said?
    pub is_claimed: bool,
    /// The reason of an end.
    pub reason: &'static str,
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
    /// How many.
    pub count: u64,
    /// Lines.
    pub lines: Vec<Citation>,
    /// Does it begin so soon after its log does that it was there before?
    pub from_the_start: bool,
}

/// Whoever used an account this soon after the log begins was there before: phones renew their
/// registration within the hour.
const FROM_THE_START_SECONDS: i64 = 3_700;

/// Returns the earlier of two instants, either of which may be unknown.
pub fn earliest(left: Option<Instant>, right: Option<Instant>) -> Option<Instant> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

impl<'a> World<'a> {
    /// Joins what the sources told.
    pub fn new(pbx: &'a Pbx, neighbours: Neighbours, told: Vec<Told<'a>>) -> Self {
        let (uses, sessions) = uses(&told);
        let mut accounts: BTreeSet<String> =
            pbx.accounts.iter().map(|account| account.name.clone()).collect();
        accounts.extend(uses.keys().cloned());
        let trunks = trunks::find(pbx, &told, &accounts);
        accounts.retain(|name| !trunks.contains(name));
        let calls = calls::join(&told, &trunks);
        let is_configured = !pbx.accounts.is_empty();
        let callers = calls.accounts.iter().filter(|name| !is_configured && !trunks::is_nobody(name));
        accounts.extend(callers.filter(|name| !trunks.contains(*name)).cloned());
        let managers = pbx.manager_users.iter().map(|user| user.name.clone());
        let known: BTreeSet<String> = accounts.iter().cloned().chain(managers).collect();
        let first = told.iter().filter_map(|told| told.ledger.first).min();
        let last = told.iter().filter_map(|told| told.ledger.last).max();
        let mut world = World {
            pbx,
            neighbours,
            parties: parties(&told, &known),
            fetches: fetches(&told),
            told,
            users: BTreeMap::new(),
            uses,
            sessions,
            calls,
            accounts,
            trunks,
            first,
            last,
        };
        world.name_addresses();
        world.note_users();
        super::attribute::attribute(&mut world);
        world
    }

    /// Gives registrations that know no peer the address of the credentials accepted beside them.
    ///
    /// PJSIP prints the contact only; the security event of the same second names the socket. A contact
    /// in a private network that nothing stands beside tells nothing: whoever registers writes it.
    fn name_addresses(&mut self) {
        for uses in self.uses.values_mut() {
            let mut known: Vec<(Instant, Instant, IpAddr)> = uses
                .iter()
                .filter(|used| used.kind == Used::Authenticated && !used.is_claimed)
                .filter_map(|used| Some((used.first, used.last, used.address?)))
                .collect();
            known.sort_unstable();
            let mut names: BTreeMap<IpAddr, IpAddr> = BTreeMap::new();
            for used in uses.iter_mut().filter(|used| used.is_claimed) {
                let named = match used.kind {
                    Used::Registered => beside(&known, used),
                    _ => used.address.and_then(|claimed| names.get(&claimed).copied()),
                };
                if let (Some(address), Some(claimed)) = (named, used.address) {
                    names.insert(claimed, address);
                    used.address = Some(address);
                    used.is_claimed = false;
                }
            }
        }
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
        party.by_account.keys().filter(|account| !own.is_some_and(|own| own.contains(*account))).count()
    }

    /// Returns the accounts' uses from one address.
    pub fn uses_from(&self, account: &str, address: IpAddr) -> impl Iterator<Item = &Use> {
        self.uses.get(account).into_iter().flatten().filter(move |used| used.address == Some(address))
    }

    /// Returns failures of an address on an account.
    pub fn failures(&self, address: IpAddr, account: &str) -> Option<&Attempts> {
        self.parties.get(&address)?.by_account.get(account)
    }

    /// Returns since when logs show who logs in and who fails to; `None` if none does.
    pub fn watched_since(&self) -> Option<Instant> {
        let logs = self.told.iter().filter(|told| told.source.kind == Kind::AsteriskLog);
        logs.filter_map(|told| told.ledger.first).min()
    }

    /// Returns whether any source tells of security events.
    pub fn has_security_events(&self) -> bool {
        self.told.iter().any(|told| told.ledger.has_security_events)
    }
}

/// Returns the socket of credentials accepted within a second of a registration: the one that its
/// contact names, else the nearest before it.
fn beside(known: &[(Instant, Instant, IpAddr)], used: &Use) -> Option<IpAddr> {
    let at = used.first;
    let end = known.partition_point(|(first, _, _)| first.seconds_since(at) <= 1);
    let near = known.get(..end)?.iter().rev().take(64);
    let near: Vec<_> = near.filter(|(_, last, _)| at.seconds_since(*last) <= 1).collect();
    let same = near.iter().find(|(_, _, address)| used.address == Some(*address));
    let begun = near
        .iter()
        .find(|(first, last, _)| at.seconds_since(*first).abs() <= 1 || at.seconds_since(*last).abs() <= 1);
    same.or(begun).or(near.first()).map(|(_, _, address)| *address)
}

/// Returns the log that a file belongs to: its path without packing and rotation marks.
pub fn family(path: &str) -> String {
    let mut name = path.trim_end_matches(".gz");
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns when each log begins.
fn begins<'t>(told: &'t [Told<'_>]) -> BTreeMap<&'t str, Instant> {
    let mut begins: BTreeMap<&str, Instant> = BTreeMap::new();
    for told in told {
        if let Some(first) = told.ledger.first {
            begins.entry(&told.family).and_modify(|known| *known = first.min(*known)).or_insert(first);
        }
    }
    begins
}

type Uses = (BTreeMap<String, Vec<Use>>, Vec<Use>);

fn uses(told: &[Told<'_>]) -> Uses {
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    let mut sessions = Vec::new();
    let begins = begins(told);
    for told in told {
        let start = begins.get(told.family.as_str()).copied();
        for run in &told.ledger.uses.runs {
            let account = text(told.ledger.names.text(run.account));
            if account.is_empty() {
                continue;
            }
            let used = Use {
                account: account.clone(),
                kind: run.kind,
                service: run.service,
                address: run.address.or(run.claimed),
                is_claimed: run.address.is_none(),
                reason: run.reason,
                first: run.first,
                last: run.last,
                count: run.count,
                lines: std::iter::once(&run.line).chain(&run.last_line).cloned().collect(),
                from_the_start: start
                    .is_some_and(|start| run.first.seconds_since(start) <= FROM_THE_START_SECONDS),
            };
            if matches!(run.kind, Used::ManagerLogin | Used::ManagerLogoff) {
                sessions.push(used);
            } else {
                uses.entry(account).or_default().push(used);
            }
        }
    }
    let order = |used: &Use| (used.first, used.kind, used.address, used.lines.first().map(|line| line.place));
    uses.values_mut().for_each(|uses| uses.sort_by_key(order));
    sessions.sort_by_key(order);
    (uses, sessions)
}

fn fetches(told: &[Told<'_>]) -> BTreeMap<IpAddr, Client> {
    let mut all: BTreeMap<IpAddr, Client> = BTreeMap::new();
    for told in told {
        for (address, client) in &told.ledger.fetches.clients {
            let known = all.entry(*address).or_default();
            known.given.extend(client.given.iter().cloned());
            known.given_count += client.given_count;
            known.missing += client.missing;
            known.missing_lines.extend(client.missing_lines.iter().cloned());
            known.first = earliest(known.first, client.first);
            known.last = known.last.max(client.last);
        }
    }
    all
}

/// Tallies of one log: its files' added up.
#[derive(Default)]
struct FamilyTallies {
    by_kind_and_account: BTreeMap<(Flood, Option<String>), Tally>,
}

fn parties(told: &[Told<'_>], known: &BTreeSet<String>) -> BTreeMap<IpAddr, Party> {
    let mut families: BTreeMap<(IpAddr, &str), FamilyTallies> = BTreeMap::new();
    let mut parties: BTreeMap<IpAddr, Party> = BTreeMap::new();
    for told in told {
        for (address, party) in &told.ledger.tries.parties {
            let Some(address) = *address else { continue };
            let joined = parties.entry(address).or_default();
            add_names(joined, told, party, known);
            let family = families.entry((address, told.family.as_str())).or_default();
            for ((kind, account), tally) in &party.tallies {
                let name = (*account != NameId::NONE).then(|| text(told.ledger.names.text(*account)));
                let key = (*kind, name.filter(|name| known.contains(name)));
                family
                    .by_kind_and_account
                    .entry(key)
                    .and_modify(|known| known.merge(tally))
                    .or_insert_with(|| tally.clone());
            }
        }
    }
    for ((address, _), family) in families {
        if let Some(party) = parties.get_mut(&address) {
            add_family(party, &family);
        }
    }
    parties
}

fn add_names(joined: &mut Party, told: &Told<'_>, party: &tries::Party, known: &BTreeSet<String>) {
    joined.services.extend(&party.services);
    joined.invites += party.invites;
    joined.options += party.options;
    let learned = party
        .tallies
        .iter()
        .filter(|((kind, account), _)| {
            *account != NameId::NONE && matches!(kind, Flood::Failure | Flood::Rejected)
        })
        .map(|((_, account), tally)| (tally.first, text(told.ledger.names.text(*account))));
    let mut learned: Vec<(Instant, String)> = learned.filter(|(_, name)| !known.contains(name)).collect();
    learned.sort();
    learned.dedup_by(|left, right| left.1 == right.1);
    let here = learned.len() + party.distinct_names();
    joined.unknown_count = joined.unknown_count.max(here);
    for name in learned.into_iter().map(|(_, name)| name).chain(party.names.iter().map(|name| text(name))) {
        if joined.unknown_names.len() < 64 && !joined.unknown_names.contains(&name) {
            joined.unknown_names.push(name);
        }
    }
    for number in &party.numbers {
        let number = text(number);
        if joined.numbers.len() < 64 && !joined.numbers.contains(&number) {
            joined.numbers.push(number);
        }
    }
}

/// Adds one log's tallies to a party: the fuller log of each hour counts.
fn add_family(party: &mut Party, family: &FamilyTallies) {
    let mut failures = Attempts::default();
    for ((kind, account), tally) in &family.by_kind_and_account {
        match kind {
            Flood::Failure | Flood::Rejected => {
                failures.add(tally);
                // A call that is turned away bears the name that its sender wrote, and no secret.
                if let Some(account) = account.as_ref().filter(|_| *kind == Flood::Failure) {
                    let mut own = Attempts::default();
                    own.add(tally);
                    party.by_account.entry(account.clone()).or_default().take_fuller(&own);
                }
            }
            Flood::Challenge => {
                let mut own = Attempts::default();
                own.add(tally);
                party.contacts.take_fuller(&own);
            }
            Flood::Probe => {
                party.probes = party.probes.max(tally.records);
                failures.add(tally);
            }
        }
    }
    party.failures.take_fuller(&failures);
}

impl Attempts {
    /// Adds a tally of the same log.
    fn add(&mut self, tally: &Tally) {
        let is_first = self.records == 0;
        self.first = earliest(self.first, Some(tally.first));
        self.last = self.last.max(Some(tally.last));
        self.records += tally.records;
        for (hour, Cell { attempts, .. }) in &tally.hours {
            *self.hours.entry(*hour).or_default() += u64::from(*attempts);
        }
        self.attempts = self.hours.values().sum();
        self.one_session = tally.one_session && (is_first || self.one_session);
        self.lines.extend(tally.lines.iter().cloned());
        self.lines.sort();
    }

    /// Joins another log's count of the same tries.
    fn take_fuller(&mut self, other: &Attempts) {
        if other.records == 0 {
            return;
        }
        let is_first = self.records == 0;
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        for (hour, attempts) in &other.hours {
            let own = self.hours.entry(*hour).or_default();
            *own = (*own).max(*attempts);
        }
        self.attempts = self.hours.values().sum();
        // A log without Call-IDs says nothing about them.
        self.one_session = if is_first { other.one_session } else { self.one_session || other.one_session };
        self.lines.extend(other.lines.iter().cloned());
        self.lines.sort();
        self.lines.dedup();
    }

    /// Returns how many tries were before an instant, to the hour.
    pub fn before(&self, at: Instant) -> u64 {
        let hour = (at.seconds() / 3_600).max(0) as u32;
        let whole: u64 = self.hours.range(..hour).map(|(_, attempts)| attempts).sum();
        let this = self.hours.get(&hour).copied().unwrap_or(0);
        if self.last.is_some_and(|last| last <= at) { whole + this } else { whole + this / 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn rotated_files_are_one_log() {
        for name in
            ["full", "full.1", "full-20260910", "full.1.gz", "full.0", "full-20260910.gz", "full.1788873657"]
        {
            assert_eq!(family(&format!("var/log/asterisk/{name}")), "var/log/asterisk/full", "{name}");
        }
        assert_eq!(family("messages.log.0"), "messages.log");
        assert_eq!(family("queue_log"), "queue_log");
        assert_eq!(family("0015654a1c30.cfg"), "0015654a1c30.cfg");
    }
}
