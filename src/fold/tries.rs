//! Failures, challenges, probes and rejected calls: counted, never kept one by one.
//!
//! A month of guessing at eighty tries a second is 200 million lines, and its names, numbers and
//! addresses are the attacker's choice. Counts are exact for every address up to a limit, by hour;
//! accounts that exist are counted apart, names that do not are sampled.
//!
//! Where room runs out, those that tried least lose theirs, and what they tried is still counted: by
//! address without the account, and by account without the address. So how often the secret of an
//! account was tried before an instant stays known whatever a flood does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::accounts::Accounts;
use super::budget::Budget;
use super::hash;
use super::names::NameId;
use super::recent::Recent;
pub use super::tally::{Cell, Tally};
use crate::event::{Action, Citation, Instant, Place, Service};

/// Names kept of those that one address tried, and numbers.
const MOST_NAMES: usize = 64;
/// Names and numbers kept for every address however many the others tried: what tells a sweep.
const LEAST_NAMES: usize = 8;
/// Names told apart when they are counted, by address.
const MOST_DISTINCT: usize = 4_096;
/// Names told apart for every address, however many the others tried.
const LEAST_DISTINCT: usize = 16;
/// Names told apart when they are counted, of all addresses; each takes about 16 bytes.
const MOST_DISTINCT_OF_ALL: usize = 1_000_000;
/// Accounts whose tries are counted without their addresses.
const MOST_CROWDS: usize = 65_536;

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

/// What one address did that came in floods.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// By kind, and by account where it is counted apart; [`NameId::NONE`] for the others. Most
    /// addresses have one or two.
    pub tallies: BTreeMap<(Kind, NameId), Box<Tally>>,
    /// Names that it tried and that do not exist or are not known to, in order.
    pub names: Vec<Box<[u8]>>,
    /// Hashes of those names, for counting.
    distinct: BTreeSet<u64>,
    /// Hashes of accounts of the configuration that it tried and that had to give up their room.
    folded: BTreeSet<u64>,
    /// Tries on those accounts.
    pub folded_attempts: u64,
    /// Numbers that it asked for, in order.
    pub numbers: Vec<Box<[u8]>>,
    /// Services it spoke to.
    pub services: BTreeSet<Service>,
    /// Methods and reasons, for telling a guess from a probe.
    pub invites: u64,
    /// Records that are OPTIONS, as keep-alives are.
    pub options: u64,
    /// Records that are of any other method.
    pub other_methods: u64,
}

impl Party {
    /// Returns how many distinct names that do not exist it tried, counted up to a limit.
    pub fn distinct_names(&self) -> usize {
        self.distinct.len()
    }

    /// Returns how many accounts it tried that are not counted apart, up to a limit.
    pub fn folded_accounts(&self) -> usize {
        self.folded.len()
    }

    fn records(&self) -> u64 {
        self.tallies.values().map(|tally| tally.records).sum()
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
    /// Does the record tell another method?
    pub is_other_method: bool,
}

/// All floods of one source.
#[derive(Debug)]
pub struct Tries {
    /// By address; `None` for records that do not know it.
    // On the heap: a map makes room for eleven with the first, and most sources have one.
    pub parties: BTreeMap<Option<IpAddr>, Box<Party>>,
    /// Failures on accounts by addresses that are not counted apart there, by the account's name.
    pub crowds: BTreeMap<Box<[u8]>, Box<Tally>>,
    /// Failures and rejected calls, by records.
    pub failure_records: u64,
    /// Records of addresses beyond the limit.
    pub beyond: u64,
    /// Records that are counted by address and by account, and no longer by both.
    pub unpaired: u64,
    /// Were tries on a name that may be an account's forgotten?
    pub has_forgotten: bool,
    accounts: Accounts,
    budget: Budget,
    pairs: usize,
    samples: usize,
    distinct: usize,
    cells: usize,
    recent: Recent,
}

impl Default for Tries {
    fn default() -> Self {
        Tries::new(Budget::WHOLE)
    }
}

impl Tries {
    /// Begins with nothing.
    pub fn new(budget: Budget) -> Self {
        Tries {
            parties: BTreeMap::new(),
            crowds: BTreeMap::new(),
            failure_records: 0,
            beyond: 0,
            unpaired: 0,
            has_forgotten: false,
            accounts: Accounts::default(),
            budget,
            pairs: 0,
            samples: 0,
            distinct: 0,
            cells: 0,
            recent: Recent::default(),
        }
    }

    /// Counts one record, which stands at `place` and reads `text`; `knows` tells whether the
    /// configuration has a name.
    pub fn count(&mut self, event: &Try<'_>, knows: impl FnOnce(&[u8]) -> bool, place: Place, text: &[u8]) {
        let is_failure = matches!(event.kind, Kind::Failure | Kind::Rejected);
        self.failure_records += u64::from(is_failure);
        let account = if is_failure { self.account(event, knows) } else { NameId::NONE };
        let session = self.recent.key(event);
        let is_new = event.kind != Kind::Failure || self.recent.is_new(event, session);
        // What tells a manager's tries apart is no Call-ID, which a phone keeps for all of them.
        let call_id = if event.service == Service::Manager { 0 } else { session };
        if self.parties.len() >= self.budget.addresses && !self.parties.contains_key(&event.address) {
            self.make_room();
        }
        let party = self.parties.entry(event.address).or_default();
        party.services.insert(event.service);
        party.invites += u64::from(event.is_invite);
        party.options += u64::from(event.is_options);
        party.other_methods += u64::from(event.is_other_method);
        let has_room = self.samples < self.budget.samples;
        if account == NameId::NONE && is_failure {
            self.samples += usize::from(sample(&mut party.names, event.name, has_room));
            self.distinct += usize::from(note(&mut party.distinct, event.name, self.distinct));
        }
        self.samples += usize::from(sample(&mut party.numbers, event.number, has_room));
        let mut is_pair = false;
        let tally = party.tallies.entry((event.kind, account)).or_insert_with(|| {
            is_pair = account != NameId::NONE;
            Box::new(Tally::new(event.at, call_id, Some(Citation::new(place, text))))
        });
        tally.add(event.at, is_new, call_id, &mut self.cells);
        tally.line(place, text);
        self.pairs += usize::from(is_pair);
        if self.pairs > self.budget.pairs {
            self.make_room_for_pairs();
        }
    }

    /// Returns the id of a name that is counted apart.
    fn account(&mut self, event: &Try<'_>, knows: impl FnOnce(&[u8]) -> bool) -> NameId {
        let name = event.name;
        if let Some(id) = self.accounts.tried(name, event.at) {
            return id;
        }
        if !Accounts::may_be(name) {
            return NameId::NONE;
        }
        let is_known = knows(name);
        if !is_known && self.accounts.is_full() {
            let before = self.accounts.tried_before(name, event.at);
            self.has_forgotten |= self.accounts.has_forgotten;
            let Some(before) = before else { return NameId::NONE };
            self.make_room_for_names();
            let mut first = Tally::new(before, 0, None);
            first.add(before, true, 0, &mut 0);
            self.join_crowd(name.into(), &first);
        }
        self.accounts.insert(name, event.at, is_known)
    }

    /// Counts the addresses that tried least only together, until a quarter of the room is free.
    ///
    /// A sender's address is easily forged over UDP, and a flood of them must not hide the one that
    /// tries a secret a thousand times.
    fn make_room(&mut self) {
        let mut least = 1;
        while self.parties.len() > self.budget.addresses / 4 * 3 {
            let goes =
                |address: &Option<IpAddr>, party: &Party| address.is_some() && party.records() <= least;
            let gone: Vec<Box<Party>> = self
                .parties
                .extract_if(.., |address, party| goes(address, party))
                .map(|(_, party)| party)
                .collect();
            for mut party in gone {
                self.beyond += party.records();
                self.samples -= party.names.len() + party.numbers.len();
                self.distinct -= party.distinct.len();
                self.unpair(&mut party, |_, _| true);
                self.cells -= party.tallies.values().map(|tally| tally.hours.len()).sum::<usize>();
            }
            least *= 2;
        }
    }

    /// Counts the pairs of address and account with the fewest tries by either only, until a quarter of
    /// the room is free.
    fn make_room_for_pairs(&mut self) {
        let mut least = 1;
        while self.pairs > self.budget.pairs / 4 * 3 {
            self.unpair_all(|_, tally| tally.records <= least);
            least *= 2;
        }
    }

    /// Gives up the names that no configuration knows and that were tried least.
    fn make_room_for_names(&mut self) {
        let gone = self.accounts.least_tried();
        self.unpair_all(|account, _| gone.binary_search(&account).is_ok());
        self.accounts.forget(&gone);
    }

    fn unpair_all(&mut self, goes: impl Fn(NameId, &Tally) -> bool) {
        let mut parties = std::mem::take(&mut self.parties);
        for party in parties.values_mut() {
            self.unpair(party, &goes);
        }
        self.parties = parties;
    }

    /// Counts pairs of one address by address and by account only.
    fn unpair(&mut self, party: &mut Party, goes: impl Fn(NameId, &Tally) -> bool) {
        let pairs = (Kind::Failure, NameId(0))..(Kind::Challenge, NameId(0));
        let gone: Vec<((Kind, NameId), Box<Tally>)> = party
            .tallies
            .extract_if(pairs, |(_, account), tally| *account != NameId::NONE && goes(*account, tally))
            .collect();
        for ((kind, account), tally) in gone {
            self.pairs -= 1;
            self.cells -= tally.hours.len();
            self.unpaired += tally.records;
            let name: Box<[u8]> = self.accounts.text(account).into();
            if self.accounts.is_known(&name) {
                if party.folded.len() < LEAST_DISTINCT {
                    party.folded.insert(hash(&&*name));
                }
                party.folded_attempts += if kind == Kind::Failure { tally.attempts } else { 0 };
            } else {
                self.samples +=
                    usize::from(sample(&mut party.names, &name, self.samples < self.budget.samples));
                self.distinct += usize::from(note(&mut party.distinct, &name, self.distinct));
            }
            if kind == Kind::Failure {
                self.join_crowd(name, &tally);
            }
            match party.tallies.get_mut(&(kind, NameId::NONE)) {
                Some(rest) => rest.merge(&tally, &mut self.cells),
                None => {
                    self.cells += tally.hours.len();
                    party.tallies.insert((kind, NameId::NONE), tally);
                }
            }
        }
    }

    /// Counts tries on a name without their address.
    fn join_crowd(&mut self, name: Box<[u8]>, tally: &Tally) {
        let begun = || Box::new(Tally::new(tally.first, tally.session(), None));
        let before = self.crowds.len();
        let crowd = self.crowds.entry(name).or_insert_with(begun);
        crowd.add_counts(tally, &mut self.cells);
        if self.crowds.len() > before && before >= MOST_CROWDS {
            self.make_room_for_crowds();
        }
    }

    /// Forgets the names with the fewest tries, until a quarter of the room is free.
    fn make_room_for_crowds(&mut self) {
        let mut least = 1;
        while self.crowds.len() > MOST_CROWDS / 4 * 3 {
            let cells = &mut self.cells;
            self.crowds.retain(|_, crowd| {
                let stays = crowd.records > least;
                *cells -= if stays { 0 } else { crowd.hours.len() };
                stays
            });
            least *= 2;
        }
        self.has_forgotten = true;
    }

    /// Returns the name that a tally is of.
    pub fn name(&self, account: NameId) -> &[u8] {
        self.accounts.text(account)
    }

    /// Takes out what is counted by address and by account; the sums stay.
    pub fn draw(&mut self) -> Self {
        let sums = Tries {
            failure_records: self.failure_records,
            beyond: self.beyond,
            unpaired: self.unpaired,
            has_forgotten: self.has_forgotten,
            ..Tries::new(self.budget)
        };
        std::mem::replace(self, sums)
    }

    /// Forgets what is only needed while lines are read.
    pub fn settle(&mut self) {
        self.recent = Recent::default();
        self.accounts.settle();
    }
}

/// Keeps a text as a sample of what an address tried; returns whether it was new.
fn sample(kept: &mut Vec<Box<[u8]>>, text: &[u8], has_room: bool) -> bool {
    let most = if has_room { MOST_NAMES } else { LEAST_NAMES };
    let text = text.get(..64).unwrap_or(text);
    let is_new = !text.is_empty() && kept.len() < most && !kept.iter().any(|known| &**known == text);
    if is_new {
        kept.push(text.into());
    }
    is_new
}

/// Notes a name for counting; returns whether it was new.
fn note(distinct: &mut BTreeSet<u64>, name: &[u8], of_all: usize) -> bool {
    let most = if of_all < MOST_DISTINCT_OF_ALL { MOST_DISTINCT } else { LEAST_DISTINCT };
    distinct.len() < most && !name.is_empty() && distinct.insert(hash(&name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceId;

    const SMALL: Budget = Budget { addresses: 400, pairs: 400, samples: 100, ..Budget::WHOLE };

    fn wrong(tries: &mut Tries, name: &str, address: u32, second: i64) {
        let event = Try {
            kind: Kind::Failure,
            at: Instant::from_seconds(second),
            address: Some(IpAddr::from(address.to_be_bytes())),
            service: Service::Sip,
            name: name.as_bytes(),
            number: b"",
            session: b"",
            reason: "",
            is_invite: false,
            is_options: false,
            is_other_method: false,
        };
        let place = Place { source: SourceId(0), offset: second as u64, line: 1 };
        tries.count(&event, |name| name.starts_with(b"known"), place, b"");
    }

    /// All tries on an account, with and without their addresses.
    fn on(tries: &Tries, name: &str) -> u64 {
        let pairs = tries.parties.values().flat_map(|party| &party.tallies);
        let paired = pairs.filter(|((_, account), _)| tries.name(*account) == name.as_bytes());
        paired.map(|(_, tally)| tally.attempts).sum::<u64>()
            + tries.crowds.get(name.as_bytes()).map_or(0, |crowd| crowd.attempts)
    }

    fn pair(tries: &Tries, name: &str, address: u32) -> Option<u64> {
        let party = tries.parties.get(&Some(IpAddr::from(address.to_be_bytes())))?;
        let mut of_name = party.tallies.iter().filter(|((_, id), _)| tries.name(*id) == name.as_bytes());
        of_name.next().map(|(_, tally)| tally.attempts)
    }

    #[test]
    fn a_flood_of_pairs_takes_no_room_from_who_tries_most() {
        let mut tries = Tries::new(SMALL);
        for second in 0..20_000 {
            let number = second as u32;
            wrong(&mut tries, &format!("known{}", number % 317), 1 + number % 307, second);
            if second % 50 == 0 {
                wrong(&mut tries, "known7", 999, second);
            }
        }
        assert!(tries.pairs <= SMALL.pairs && tries.unpaired > 0);
        assert_eq!(pair(&tries, "known7", 999), Some(400), "the guesser keeps its own count");
        let all: u64 = (0..317).map(|number| on(&tries, &format!("known{number}"))).sum();
        assert_eq!(all, 20_400, "no try on an account that exists is lost");
        let by_address: u64 = tries.parties.values().map(|party| party.records()).sum();
        assert_eq!(by_address, 20_400);
    }

    #[test]
    fn a_flood_of_addresses_loses_no_try_on_an_account() {
        let mut tries = Tries::new(SMALL);
        for second in 0..5_000 {
            wrong(&mut tries, "known1", second as u32, second);
        }
        assert!(tries.parties.len() <= SMALL.addresses && tries.beyond > 0);
        assert_eq!(on(&tries, "known1"), 5_000);
    }

    #[test]
    fn a_flood_of_names_loses_at_most_the_first_try_on_one() {
        let mut tries = Tries::new(Budget::WHOLE);
        for second in 0..60_000 {
            // Half of the names are tried twice, so that they too are counted apart for a while.
            wrong(&mut tries, &format!("invented{}", second * 3 / 4), 1, second);
            if second > 30_000 && second % 500 == 0 {
                wrong(&mut tries, "205", 2, second);
            }
        }
        let counted = pair(&tries, "205", 2).unwrap_or(0);
        assert!(counted >= 50 && on(&tries, "205") >= 58, "{counted} of 59, {} in all", on(&tries, "205"));
    }

    #[test]
    fn what_is_sampled_of_a_flood_is_bounded() {
        let mut tries = Tries::new(SMALL);
        for second in 0..2_000 {
            wrong(&mut tries, &"n".repeat(300 + second as usize), second as u32 % 300, second);
        }
        let names: usize = tries.parties.values().map(|party| party.names.len()).sum();
        assert!(names <= SMALL.samples + 300 * LEAST_NAMES, "{names}");
        assert!(tries.accounts.is_known(b"n") || tries.pairs == 0, "no account has such a name");
    }
}
