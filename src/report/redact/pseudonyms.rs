//! Which value has which pseudonym, and which values keep their own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use regex::Regex;

use crate::report::model::{Finding, Report, Severity};
use crate::untrusted::Untrusted;

use super::OwnWords;

/// What a pseudonym stands for; the word that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Account,
    Number,
    Name,
    Host,
    Mac,
    Evidence,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::Number => "number",
            Kind::Name => "name",
            Kind::Host => "host",
            Kind::Mac => "mac",
            Kind::Evidence => "evidence",
        }
    }
}

/// Names that every phone system has, and words of the report itself: to mask them would hide nothing and spoil the
/// report.
const GENERIC: [&str; 39] = [
    "account",
    "address",
    "admin",
    "administrator",
    "anonymous",
    "asterisk",
    "call",
    "calls",
    "carrier",
    "default",
    "event_socket",
    "extension",
    "fax",
    "from",
    "guest",
    "iax",
    "iax2",
    "internal",
    "ivr",
    "line",
    "local",
    "manager",
    "office",
    "operator",
    "phone",
    "pjsip",
    "provider",
    "public",
    "root",
    "sip",
    "sips",
    "tel",
    "test",
    "trunk",
    "udp",
    "unknown",
    "user",
    "voicemail",
    "web",
];
/// So many values have a pseudonym of their own: the words of a flooded log are the attacker's choice. What comes after
/// them is hidden as well, and no longer told apart.
const MOST_GIVEN: usize = 1_000_000;
/// What stands for every further address.
const PAST_THE_LAST_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(0, 255, 255, 255));
const PAST_THE_LAST_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0xffff, 0xffff, 0xffff, 0xffff));
/// A display name shorter than this is no name that could be found in a text.
const LEAST_NAME: usize = 3;
/// What SIPVicious writes in the place of the address in its From and To, whoever is asked
/// (<https://github.com/EnableSecurity/sipvicious>, `svmap`); a resolver that everybody may use, and no customer's.
const MARK_OF_A_SCANNER: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1));
/// Fewer digits than this are an extension's, or a count.
pub(super) const LEAST_DIGITS: usize = 6;
/// A number that ends in one of the intruder's, from so many digits on, is that one with digits before it.
const LEAST_TAIL: usize = 7;

/// Every pseudonym that was given, and what keeps its value.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    /// Addresses of attackers.
    kept_addresses: BTreeSet<IpAddr>,
    /// Digits of numbers that were called by fraud.
    kept_numbers: BTreeSet<String>,
    /// Accounts that the intruder made: their names are his.
    kept_accounts: BTreeSet<String>,
    /// Names of accounts that are looked for in text.
    accounts: BTreeSet<String>,
    /// Names of people, as one expression, and names of accounts that are more than one word.
    people: Option<Regex>,
    phrases: Option<Regex>,
    given: BTreeMap<(Kind, String), u64>,
    counts: BTreeMap<Kind, u64>,
    addresses: BTreeMap<IpAddr, IpAddr>,
    v4_given: u32,
    v6_given: u128,
}

impl Pseudonyms {
    /// Collects what is one's own and what is the intruder's.
    pub(super) fn new(report: &Report, own: &OwnWords) -> Self {
        let mut accounts: BTreeSet<String> = own.accounts.iter().cloned().collect();
        accounts.extend(typed_accounts(report).map(|name| name.raw().to_owned()));
        let kept_accounts = made_by_intruders(report);
        accounts.retain(|name| {
            !name.trim().is_empty() && !is_generic(name) && !kept_accounts.contains(name.as_str())
        });
        let is_word = |name: &str| name.chars().all(super::text::is_of_word);
        let phrases = expression(accounts.iter().filter(|name| !is_word(name)).map(String::as_str));
        let people = own.people.iter().map(|name| name.trim()).filter(|name| {
            let is_number = name.chars().all(|letter| letter.is_ascii_digit());
            name.chars().count() >= LEAST_NAME && !is_number && !is_generic(name)
        });
        Pseudonyms {
            kept_addresses: kept_addresses(report),
            kept_numbers: kept_numbers(report),
            kept_accounts,
            people: expression(people),
            phrases,
            accounts,
            given: BTreeMap::new(),
            counts: BTreeMap::new(),
            addresses: BTreeMap::new(),
            v4_given: 0,
            v6_given: 0,
        }
    }

    /// Returns the pseudonym of a value.
    pub(super) fn of(&mut self, kind: Kind, value: &str) -> String {
        if self.given.len() >= MOST_GIVEN && !self.given.contains_key(&(kind, value.to_owned())) {
            return format!("{}-more", kind.word());
        }
        let count = self.counts.entry(kind).or_default();
        let number = self.given.entry((kind, value.to_owned())).or_insert_with(|| {
            *count += 1;
            *count
        });
        format!("{}-{number}", kind.word())
    }

    /// Returns what stands for the name of an account; generic ones stay.
    pub(super) fn account(&mut self, name: &str) -> String {
        if name.is_empty() || is_generic(name) || self.kept_accounts.contains(name) {
            return name.to_owned();
        }
        self.of(Kind::Account, name)
    }

    /// Returns whether a word of a text is the name of an account of one's own.
    pub(super) fn is_account(&self, word: &str) -> bool {
        self.accounts.contains(word)
    }

    /// Returns what stands for a number: itself if the intruder called it.
    pub(super) fn number(&mut self, text: &str) -> String {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() || self.is_kept_number(&digits) {
            return text.to_owned();
        }
        if self.accounts.contains(text) || digits.len() < LEAST_DIGITS {
            return self.account(text);
        }
        // One number, however it was dialled: with or without the sign for abroad.
        let bare = digits.trim_start_matches('0').to_owned();
        self.of(Kind::Number, &bare)
    }

    /// Returns whether digits are those of a number that was called by fraud, or end in them.
    pub(super) fn is_kept_number(&self, digits: &str) -> bool {
        self.kept_numbers.contains(digits)
            || self
                .kept_numbers
                .iter()
                .any(|kept| kept.len() >= LEAST_TAIL && digits.ends_with(kept.as_str()))
    }

    /// Returns what stands for an address: itself if it is an attacker's or nobody's.
    pub(super) fn address(&mut self, address: IpAddr) -> IpAddr {
        let address = address.to_canonical();
        let is_nobodys = address.is_loopback() || address.is_unspecified() || address == MARK_OF_A_SCANNER;
        if is_nobodys || self.kept_addresses.contains(&address) {
            return address;
        }
        if let Some(known) = self.addresses.get(&address) {
            return *known;
        }
        if self.addresses.len() >= MOST_GIVEN {
            return if address.is_ipv4() { PAST_THE_LAST_V4 } else { PAST_THE_LAST_V6 };
        }
        let given = if address.is_ipv4() {
            self.v4_given += 1;
            IpAddr::V4(Ipv4Addr::from_bits(self.v4_given))
        } else {
            self.v6_given += 1;
            IpAddr::V6(Ipv6Addr::from_bits((0x0100 << 112) | self.v6_given))
        };
        self.addresses.insert(address, given);
        given
    }

    /// Returns the expression that finds people's names.
    pub(super) fn people(&self) -> Option<&Regex> {
        self.people.as_ref()
    }

    /// Returns the expression that finds names of accounts that are more than one word.
    pub(super) fn phrases(&self) -> Option<&Regex> {
        self.phrases.as_ref()
    }
}

fn is_generic(name: &str) -> bool {
    GENERIC.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
}

/// Builds an expression that finds any of these names, the longest first.
fn expression<'n>(names: impl Iterator<Item = &'n str>) -> Option<Regex> {
    let mut names: Vec<&str> = names.collect();
    names.sort_by_key(|name| (std::cmp::Reverse(name.len()), *name));
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.into_iter().map(regex::escape).collect();
    // A name inside a longer word is none.
    Regex::new(&format!(r"(?:^|[^\pL\pN_])({})(?:$|[^\pL\pN_])", names.join("|"))).ok()
}

/// Names of accounts as the report tells them, those that exist.
fn typed_accounts(report: &Report) -> impl Iterator<Item = &Untrusted> {
    let taken = report.incidents.iter().flat_map(|incident| &incident.accounts).map(|account| &account.name);
    let calls = report.incidents.iter().flat_map(|incident| &incident.calls);
    let asked = report.to_confirm.iter().map(|question| &question.account);
    taken.chain(calls.filter_map(|call| call.account.as_ref())).chain(asked)
}

fn kept_addresses(report: &Report) -> BTreeSet<IpAddr> {
    let incidents = || report.incidents.iter();
    let sources = incidents().flat_map(|incident| &incident.sources).map(|source| source.address);
    let registered = incidents().flat_map(|incident| &incident.still_registered).copied();
    let failed = report.failed_attackers.iter().chain(&report.hole_seekers).map(|attacker| attacker.address);
    // Whom a grave finding is about, and from where calls came to the carrier that nobody here made.
    let is_grave = |finding: &&Finding| finding.severity == Severity::Critical || finding.id == "indicator";
    let grave = report.findings.iter().filter(is_grave);
    let found = grave.filter_map(|finding| finding.subject.raw().parse::<IpAddr>().ok());
    let disputed = report.dispute.iter().flat_map(|dispute| &dispute.calls);
    let elsewhere = disputed.filter(|call| call.seconds_here.is_none()).filter_map(|call| call.source);
    let all = sources.chain(registered).chain(failed).chain(found).chain(elsewhere);
    all.map(|address| address.to_canonical()).collect()
}

/// Names of the accounts that findings tell of as made by an intruder.
pub(super) fn made_by_intruders(report: &Report) -> BTreeSet<String> {
    const MADE: [&str; 2] = ["account-made-by-intruder", "unknown-admin"];
    let is_made = |finding: &&Finding| finding.severity == Severity::Critical && MADE.contains(&finding.id);
    report.findings.iter().filter(is_made).map(|finding| finding.subject.raw().to_owned()).collect()
}

fn kept_numbers(report: &Report) -> BTreeSet<String> {
    let calls = report.incidents.iter().flat_map(|incident| &incident.calls);
    let called = calls.flat_map(|call| [Some(call.dialed.raw()), call.e164.as_deref()]);
    let disputed = report.dispute.iter().flat_map(|dispute| &dispute.calls);
    let disputed = disputed.flat_map(|call| [Some(call.number.raw()), call.e164.as_deref()]);
    let numbers = called.chain(disputed).flatten();
    let digits = numbers.map(|number| number.chars().filter(char::is_ascii_digit).collect::<String>());
    digits.filter(|digits| digits.len() >= LEAST_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_words_are_sorted() {
        assert!(GENERIC.is_sorted());
    }
}
