//! What each address did that failed, of all sources.
//!
//! One try is told by `messages`, `full`, `security` and their JSON copy. Files of one log add up;
//! different logs tell the same again, so of them the fullest counts, hour by hour, never the sum.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::habits::PHONE_TRIES;
use super::world::{Told, earliest};
use crate::event::{Citation, Instant, Service};
use crate::fold::names::NameId;
use crate::fold::tries::{self, Cell, Kind, Tally, Tries};

/// Failed tries, of one address and perhaps on one account.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// First record.
    pub first: Option<Instant>,
    /// Last record.
    pub last: Option<Instant>,
    /// Records, in all files.
    pub records: u64,
    /// Records in the log that has most of them: others tell the same again.
    pub in_fullest_log: u64,
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
    pub by_account: BTreeMap<String, Box<Attempts>>,
    /// How many accounts that exist it tried beside those, where room ran out; up to a limit.
    pub other_accounts: usize,
    /// Tries on those accounts.
    pub other_attempts: u64,
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
    /// Records that are of any other method.
    pub other_methods: u64,
    /// Did a probe's own mark show (a scanner's trap, a hacking notice)?
    pub probes: u64,
}

impl Party {
    /// Returns how many names it tried, existing or not.
    pub fn names_tried(&self) -> usize {
        self.unknown_count + self.by_account.len() + self.other_accounts
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

/// Tallies of one log and address, its files' added up; by account where it is one that exists.
type Tallies = BTreeMap<(Kind, Option<String>), Box<Tally>>;

/// All that failed.
#[derive(Debug, Default)]
pub(super) struct Parties {
    /// What each address did.
    pub(super) by_address: BTreeMap<IpAddr, Party>,
    /// All tries on accounts that more was tried on than each address's tries there tell.
    pub(super) crowds: BTreeMap<String, Attempts>,
}

/// What failed by the files of each log, in the order of the files.
pub(super) type ByLog = BTreeMap<String, Vec<Tries>>;

/// Takes the counts out of every source.
pub(super) fn take(told: &mut [Told<'_>]) -> ByLog {
    // There may be a file for each call, which tells of no failure.
    let is_telling = |told: &&mut Told<'_>| {
        let tries = &told.ledger.tries;
        !tries.parties.is_empty() || !tries.crowds.is_empty()
    };
    let mut families = ByLog::new();
    for told in told.iter_mut().filter(is_telling) {
        families.entry(told.family.clone()).or_default().push(told.ledger.tries.draw());
    }
    families
}

/// Joins the counts of all sources; `known` are the accounts that exist.
pub(super) fn join(families: ByLog, known: &BTreeSet<String>) -> Parties {
    let crowded: BTreeSet<String> = families
        .values()
        .flatten()
        .flat_map(|tries| tries.crowds.keys())
        .map(|name| text(name))
        .filter(|name| known.contains(name))
        .collect();
    let mut parties = Parties::default();
    for files in families.into_values() {
        let mut family: BTreeMap<IpAddr, Tallies> = BTreeMap::new();
        let mut crowds: BTreeMap<String, Box<Tally>> = BTreeMap::new();
        for mut tries in files {
            take_crowds(&mut tries, &crowded, &mut crowds);
            take_file(&mut tries, known, &mut parties.by_address, &mut family);
        }
        for tallies in family.values() {
            add_to_crowds(tallies, &crowded, &mut crowds);
        }
        for (account, tally) in crowds {
            let mut own = Attempts::default();
            own.add(&tally);
            parties.crowds.entry(account).or_default().take_fuller(own);
        }
        for (address, tallies) in family {
            if let Some(party) = parties.by_address.get_mut(&address) {
                add_family(party, tallies);
            }
        }
    }
    parties
}

/// Takes what was tried on accounts by addresses that are not counted apart there.
fn take_crowds(tries: &mut Tries, crowded: &BTreeSet<String>, crowds: &mut BTreeMap<String, Box<Tally>>) {
    for (name, tally) in std::mem::take(&mut tries.crowds) {
        let name = text(&name);
        if crowded.contains(&name) {
            add_tally(crowds, name, tally);
        }
    }
}

/// Adds what addresses tried that are counted apart.
fn add_to_crowds(tallies: &Tallies, crowded: &BTreeSet<String>, crowds: &mut BTreeMap<String, Box<Tally>>) {
    for ((kind, account), tally) in tallies {
        if let Some(account) =
            account.as_ref().filter(|account| *kind == Kind::Failure && crowded.contains(*account))
        {
            add_tally(crowds, account.clone(), tally.clone());
        }
    }
}

fn add_tally<K: Ord>(tallies: &mut BTreeMap<K, Box<Tally>>, key: K, tally: Box<Tally>) {
    match tallies.entry(key) {
        Entry::Occupied(mut known) => known.get_mut().merge(&tally, &mut 0),
        Entry::Vacant(free) => {
            free.insert(tally);
        }
    }
}

fn take_file(
    tries: &mut Tries,
    known: &BTreeSet<String>,
    parties: &mut BTreeMap<IpAddr, Party>,
    family: &mut BTreeMap<IpAddr, Tallies>,
) {
    for (address, party) in std::mem::take(&mut tries.parties) {
        let Some(address) = address else { continue };
        add_names(parties.entry(address).or_default(), tries, &party, known);
        let tallies = family.entry(address).or_default();
        for ((kind, account), tally) in party.tallies {
            let name = (account != NameId::NONE).then(|| text(tries.name(account)));
            add_tally(tallies, (kind, name.filter(|name| known.contains(name))), tally);
        }
    }
}

fn add_names(joined: &mut Party, tries: &Tries, party: &tries::Party, known: &BTreeSet<String>) {
    joined.services.extend(&party.services);
    joined.invites += party.invites;
    joined.options += party.options;
    joined.other_methods += party.other_methods;
    joined.other_accounts = joined.other_accounts.max(party.folded_accounts());
    joined.other_attempts = joined.other_attempts.max(party.folded_attempts);
    let learned = party
        .tallies
        .iter()
        .filter(|((kind, account), _)| {
            *account != NameId::NONE && matches!(kind, Kind::Failure | Kind::Rejected)
        })
        .map(|((_, account), tally)| (tally.first, text(tries.name(*account))));
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
fn add_family(party: &mut Party, tallies: Tallies) {
    let mut failures = Attempts::default();
    for ((kind, account), tally) in tallies {
        match kind {
            Kind::Failure | Kind::Rejected => failures.add(&tally),
            Kind::Challenge => {
                let mut own = Attempts::default();
                own.add(&tally);
                party.contacts.take_fuller(own);
                continue;
            }
            Kind::Probe => {
                party.probes = party.probes.max(tally.records);
                failures.add(&tally);
                continue;
            }
        }
        // A call that is turned away bears the name that its sender wrote, and no secret.
        if let Some(account) = account.filter(|_| kind == Kind::Failure) {
            let mut own = Attempts::default();
            own.add(&tally);
            party.by_account.entry(account).or_default().take_fuller(own);
        }
    }
    party.failures.take_fuller(failures);
}

/// Lines kept for citing: the first two and the last.
const KEPT_LINES: usize = 3;

impl Attempts {
    /// Adds a tally of the same log.
    fn add(&mut self, tally: &Tally) {
        let is_first = self.records == 0;
        self.first = earliest(self.first, Some(tally.first));
        self.last = self.last.max(Some(tally.last));
        self.records += tally.records;
        self.in_fullest_log += tally.records;
        for (hour, Cell { attempts, .. }) in &tally.hours {
            *self.hours.entry(*hour).or_default() += u64::from(*attempts);
        }
        self.attempts = self.hours.values().sum();
        self.one_session = tally.one_session && (is_first || self.one_session);
        self.keep_lines(tally.lines());
    }

    /// Keeps the first lines and the last.
    fn keep_lines(&mut self, lines: impl IntoIterator<Item = Citation>) {
        self.lines.extend(lines);
        self.lines.sort();
        self.lines.dedup();
        if self.lines.len() > KEPT_LINES {
            let last = self.lines.pop();
            self.lines.truncate(KEPT_LINES - 1);
            self.lines.extend(last);
        }
    }

    /// Joins another log's count of the same tries.
    fn take_fuller(&mut self, other: Attempts) {
        if other.records == 0 {
            return;
        }
        if self.records == 0 {
            *self = other;
            return;
        }
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        self.in_fullest_log = self.in_fullest_log.max(other.in_fullest_log);
        for (hour, attempts) in &other.hours {
            let own = self.hours.entry(*hour).or_default();
            *own = (*own).max(*attempts);
        }
        self.attempts = self.hours.values().sum();
        // A log without Call-IDs says nothing about them.
        self.one_session |= other.one_session;
        self.keep_lines(other.lines);
    }

    /// Returns whether the tries may be one phone's: under one Call-ID, and no faster than phones try.
    /// Some guessing tools keep one Call-ID for all they send.
    pub fn is_one_phones(&self) -> bool {
        let lasted = self.first.zip(self.last).map_or(0, |(first, last)| last.seconds_since(first).max(0));
        let hours_begun = lasted as u64 / 3_600 + 1;
        self.one_session && self.attempts <= PHONE_TRIES.saturating_mul(hours_begun) && !self.is_rush(lasted)
    }

    /// Ten tries and more, two seconds apart at most: no phone retries so.
    fn is_rush(&self, lasted: i64) -> bool {
        self.attempts >= 10 && lasted as u64 <= self.attempts * 2
    }

    /// Returns how many tries were before an instant: exact by the hour, in proportion within it.
    pub fn before(&self, at: Instant) -> u64 {
        let hour = (at.seconds() / 3_600).max(0) as u32;
        let whole: u64 = self.hours.range(..hour).map(|(_, attempts)| attempts).sum();
        let this = self.hours.get(&hour).copied().unwrap_or(0);
        let (Some(first), Some(last)) = (self.first, self.last) else { return whole };
        let from = first.0.max(i64::from(hour) * 3_600 * Instant::SECOND);
        let to = last.0.min((i64::from(hour) + 1) * 3_600 * Instant::SECOND);
        // Stamps of whole seconds may lie a little behind the instant that an event tells.
        if to <= at.plus_seconds(2).0 {
            return whole + this;
        }
        let share = (at.0 - from).max(0) as f64 / (to - from).max(1) as f64;
        whole + (this as f64 * share).round() as u64
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
