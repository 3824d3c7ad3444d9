//! All secrets that were met, until they have been compared with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::held::{HeldSecret, Reach, SecretKind, Standing};
use super::weakness::Weakness;
use super::{Secret, Values, placeholder, slow, weigh, words};
use crate::event::Citation;

/// Secrets kept of one case; the largest panels have some thousand accounts.
const MOST: usize = 200_000;
/// No password is longer, in bytes.
const LONGEST: usize = 512;
/// Owners told apart for each secret: with so many it is shared, whoever the rest are.
const MOST_OWNERS: usize = 32;

/// Whose a secret is, and where it stands.
pub(in crate::pbx) struct Bearer {
    /// What it protects.
    pub(in crate::pbx) kind: SecretKind,
    /// Whose it is, as reports name them.
    pub(in crate::pbx) owner: String,
    /// Other names of the same: the name for logging in, the carrier's host.
    pub(in crate::pbx) other_names: Vec<String>,
    /// From where it can be tried.
    pub(in crate::pbx) reach: Reach,
    /// Is it in force?
    pub(in crate::pbx) standing: Standing,
    /// The line that holds it, without the secret.
    pub(in crate::pbx) place: Citation,
}

/// One secret; it has no `Debug`.
struct Entry {
    held: HeldSecret,
    other_names: Vec<String>,
    /// `None` where only a hash of it is known.
    value: Option<Secret>,
    /// The hash, where it is unsalted.
    digest: Option<Secret>,
}

impl Entry {
    fn names(&self) -> Vec<&str> {
        std::iter::once(&self.held.owner).chain(&self.other_names).map(String::as_str).collect()
    }

    /// Returns whether two secrets are of one: a phone's in two drivers, a carrier's in its section and in the
    /// line that registers with it.
    fn is_of_the_same(&self, other: &Entry) -> bool {
        let is_same_class = class(self.held.kind) == class(other.held.kind);
        let shares_name = || {
            let names = other.names();
            self.names().iter().any(|name| names.contains(name))
        };
        let may_share = matches!(self.held.kind, SecretKind::Trunk | SecretKind::Database);
        is_same_class && (self.held.owner == other.held.owner || (may_share && shares_name()))
    }
}

/// Drivers of one account are one class.
pub(super) fn class(kind: SecretKind) -> SecretKind {
    match kind {
        SecretKind::Pjsip | SecretKind::Iax => SecretKind::Sip,
        kind => kind,
    }
}

/// The secrets met so far.
#[derive(Default)]
pub(in crate::pbx) struct Book {
    entries: Vec<Entry>,
    beyond: usize,
    /// How many of each kind and form.
    unweighed: BTreeMap<(SecretKind, String), usize>,
    /// Slow hashes of entries, and where each stands.
    slow: Vec<(usize, String, String)>,
    /// Of those that none of the words fits: how many of each kind and form, and on how many words the least were
    /// tried.
    resisting: BTreeMap<(SecretKind, String), (usize, usize)>,
}

impl Book {
    /// Notes a secret as it is typed.
    pub(in crate::pbx) fn hold(&mut self, bearer: Bearer, secret: &str) {
        if secret.len() > LONGEST || placeholder::is_placeholder(secret) {
            return;
        }
        let names = names_of(&bearer);
        let mut weaknesses = match bearer.kind.is_pin() {
            true => weigh::weaknesses_of_pin(secret, &names),
            false => weigh::weaknesses(secret, &names),
        };
        // A phone's page lies behind the router and is tried by hand: only what all know is weak there.
        if bearer.kind == SecretKind::PhonePage {
            weaknesses.retain(|weakness| weakness.is_first_tried());
        }
        self.add(bearer, weaknesses, Some(Secret::new(secret)));
    }

    /// Notes the unsalted MD5 or SHA-1 of a secret: what it is of is known only where everybody tries it.
    pub(in crate::pbx) fn hold_digest(&mut self, bearer: Bearer, digest: &str) {
        let digest = digest.trim();
        let own = names_of(&bearer).into_iter().find(|name| words::is_digest_of(digest, name));
        let behind = own.or_else(|| words::behind_plain_digest(digest));
        let mut weaknesses = match behind {
            Some(word) => weigh::weaknesses(word, &names_of(&bearer)),
            None if words::is_shipped_digest(digest) => BTreeSet::from([Weakness::Shipped]),
            None => BTreeSet::new(),
        };
        if !weaknesses.is_empty() {
            weaknesses.insert(Weakness::UnsaltedHash);
        }
        let value = behind.map(Secret::new);
        let count = self.entries.len();
        self.add(bearer, weaknesses, value);
        if let Some(entry) = self.entries.get_mut(count) {
            entry.digest = Some(Secret::new(&digest.to_ascii_lowercase()));
        }
    }

    /// Notes the MD5 of a salt with a secret behind it, of which the ones that everybody tries first are known.
    pub(in crate::pbx) fn hold_salted(&mut self, bearer: Bearer, salt: &str, digest: &str) {
        let own = names_of(&bearer).into_iter();
        let is_it = |word: &&str| words::is_digest_of(digest.trim(), &format!("{salt}{word}"));
        let behind = own.chain(words::first().iter().copied()).find(is_it).map(str::to_owned);
        match behind {
            Some(word) => self.hold(bearer, &word),
            None => self.hold_hidden(bearer, "MD5 with a salt"),
        }
    }

    /// Notes a secret that cannot be weighed: a salted hash, an encrypted value; `form` says which, and where.
    pub(in crate::pbx) fn hold_hidden(&mut self, bearer: Bearer, form: &str) {
        *self.unweighed.entry((bearer.kind, form.to_owned())).or_default() += 1;
        self.add(bearer, BTreeSet::new(), None);
    }

    /// Notes a slow hash; of most forms some words are tried later, others cannot be weighed.
    pub(in crate::pbx) fn hold_slow(&mut self, bearer: Bearer, hash: &str, table: &str) {
        let form = format!("{} in {table}", words::form_of(hash));
        if bearer.standing != Standing::InForce || !slow::is_tried(hash) {
            return self.hold_hidden(bearer, &form);
        }
        let count = self.entries.len();
        self.add(bearer, BTreeSet::new(), None);
        if self.entries.len() > count {
            self.slow.push((count, hash.to_owned(), form));
        }
    }

    /// Tries the commonest passwords on the slow hashes; it takes some seconds at most.
    pub(in crate::pbx) fn try_slow(&mut self) {
        let waiting = std::mem::take(&mut self.slow);
        let names = |at: usize| {
            let names = self.entries.get(at).map(Entry::names).unwrap_or_default();
            names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let hashes: Vec<slow::Hashed> = waiting
            .iter()
            .map(|(at, hash, _)| slow::Hashed {
                hash: hash.clone(),
                names: names(*at),
                is_of_host: self.entries.get(*at).is_some_and(|entry| entry.held.kind == SecretKind::Host),
            })
            .collect();
        for ((at, _, form), tried) in waiting.into_iter().zip(slow::try_all(&hashes)) {
            let Some(entry) = self.entries.get_mut(at) else { continue };
            let Some(word) = tried.found else {
                let (count, least) = self.resisting.entry((entry.held.kind, form)).or_insert((0, usize::MAX));
                *count += 1;
                *least = tried.count.min(*least);
                continue;
            };
            let mut weaknesses = weigh::weaknesses(&word, &entry.names());
            weaknesses.insert(Weakness::Common);
            entry.held.weaknesses = weaknesses;
            entry.value = Some(Secret::new(&word));
        }
    }

    /// Notes an older secret that is kept beside the one in force.
    pub(in crate::pbx) fn hold_older(&mut self, bearer: Bearer, secret: &str) {
        if secret.len() <= LONGEST && !placeholder::is_placeholder(secret) && !secret.is_empty() {
            self.add(bearer, BTreeSet::from([Weakness::OldOneKept]), Some(Secret::new(secret)));
        }
    }

    fn add(&mut self, bearer: Bearer, weaknesses: BTreeSet<Weakness>, value: Option<Secret>) {
        if self.entries.len() >= MOST {
            self.beyond += 1;
            return;
        }
        let held = HeldSecret {
            owner: bearer.owner,
            kind: bearer.kind,
            weaknesses,
            reach: bearer.reach,
            standing: bearer.standing,
            places: 1,
            tries: None,
            place: bearer.place,
        };
        self.entries.push(Entry { held, other_names: bearer.other_names, value, digest: None });
    }

    /// Returns how many secrets were left out.
    pub(in crate::pbx) fn beyond(&self) -> usize {
        self.beyond
    }

    /// Keeps those in force for comparing with an earlier case.
    pub(in crate::pbx) fn values(&self) -> Values {
        let mut values = Values::default();
        for entry in self.entries.iter().filter(|entry| entry.is_in_force()) {
            values.add(&entry.held, entry.value.as_ref(), entry.digest.as_ref(), entry.tries());
        }
        values
    }

    /// Says which secrets were not weighed: hashes with a salt, made to be slow to try.
    pub(in crate::pbx) fn not_weighed(&self) -> impl Iterator<Item = String> {
        let resisting = self.resisting.iter().map(|((kind, form), (count, least))| {
            format!(
                "not checked in full: the secrets of {count} {}, of which only hashes made to be slow are kept ({form}); \
                 their names and the commonest passwords were tried, {least} or more on each, and none fits; whether they \
                 are weak otherwise cannot be told here",
                kind.words()
            )
        });
        let unweighed = self.unweighed.iter().map(|((kind, form), count)| {
            format!(
                "not checked: the secrets of {count} {}, of which only salted hashes are kept ({form}); whether they are \
                 weak cannot be told here",
                kind.words()
            )
        });
        resisting.chain(unweighed)
    }

    /// Compares all secrets with each other and hands out what may be told of them.
    pub(in crate::pbx) fn finish(mut self) -> Vec<HeldSecret> {
        self.note_equal_ones();
        self.note_pins();
        let mut held: Vec<HeldSecret> = Vec::with_capacity(self.entries.len());
        for mut entry in self.entries {
            entry.held.tries = entry.tries();
            held.push(entry.held);
        }
        held.sort_by(|left, right| {
            let key = |held: &HeldSecret| (held.kind, held.standing, held.place.place);
            (key(left), &left.owner).cmp(&(key(right), &right.owner))
        });
        held
    }

    /// Notes which secrets several have, and which of old copies are still in force.
    fn note_equal_ones(&mut self) {
        let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(secret) = entry.value.as_ref().filter(|secret| !secret.is("")) {
                by_value.entry(secret.0.as_str()).or_default().push(index);
            }
        }
        let mut notes: Vec<(usize, usize, Option<Weakness>, Option<Weakness>)> = Vec::new();
        for indices in by_value.into_values().filter(|indices| indices.len() > 1) {
            let of = |index: &usize| self.entries.get(*index);
            let in_force: Vec<usize> =
                indices.iter().copied().filter(|at| of(at).is_some_and(Entry::is_in_force)).collect();
            let all_share = self.is_shared(&indices);
            let live_share = self.is_shared(&in_force);
            for index in &indices {
                let Some(entry) = of(index) else { continue };
                let is_live = entry.is_in_force();
                let can_share = !matches!(entry.held.kind, SecretKind::Voicemail | SecretKind::PhonePage);
                let is_shared = can_share && if is_live { live_share } else { all_share };
                let is_still = !is_live && entry.held.standing == Standing::Aside && !in_force.is_empty();
                notes.push((
                    *index,
                    indices.len(),
                    is_shared.then_some(Weakness::Shared),
                    is_still.then_some(Weakness::StillInForce),
                ));
            }
        }
        for (index, places, shared, still) in notes {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.held.places = places;
                entry.held.weaknesses.extend(shared.into_iter().chain(still));
            }
        }
    }

    /// Returns whether these are secrets of several owners.
    fn is_shared(&self, indices: &[usize]) -> bool {
        let mut owners: Vec<&Entry> = Vec::new();
        for entry in indices.iter().filter_map(|index| self.entries.get(*index)) {
            let is_other_kind = matches!(entry.held.kind, SecretKind::Voicemail | SecretKind::PhonePage);
            if !is_other_kind && !owners.iter().any(|owner| owner.is_of_the_same(entry)) {
                owners.push(entry);
            }
            if owners.len() >= MOST_OWNERS {
                break;
            }
        }
        owners.len() > 1
    }

    /// Notes accounts whose secret is the PIN of their voicemail.
    fn note_pins(&mut self) {
        let mut pins: BTreeMap<String, Vec<Secret>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.held.kind.is_pin()) {
            if let Some(pin) = entry.value.clone().filter(|pin| !pin.is("")) {
                pins.entry(mailbox(&entry.held.owner).to_owned()).or_default().push(pin);
            }
        }
        let accounts = self.entries.iter_mut().filter(|entry| class(entry.held.kind) == SecretKind::Sip);
        for entry in accounts {
            let Some(secret) = &entry.value else { continue };
            if pins.get(mailbox(&entry.held.owner)).is_some_and(|pins| pins.contains(secret)) {
                entry.held.weaknesses.insert(Weakness::EqualsPin);
            }
        }
    }
}

impl Entry {
    /// Returns how many tries find it at most, where it is weak.
    fn tries(&self) -> Option<f64> {
        let text = self.value.as_ref().map_or("", |secret| secret.0.as_str());
        weigh::tries(text, &self.names(), &self.held.weaknesses, self.held.kind.is_pin())
    }

    fn is_in_force(&self) -> bool {
        self.held.standing == Standing::InForce && !self.held.weaknesses.contains(&Weakness::OldOneKept)
    }
}

fn names_of(bearer: &Bearer) -> Vec<&str> {
    std::iter::once(&bearer.owner).chain(&bearer.other_names).map(String::as_str).collect()
}

/// Returns the number in `301@default`.
fn mailbox(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    fn bearer(kind: SecretKind, owner: &str, standing: Standing, line: u32) -> Bearer {
        let place = Citation::new(Place { source: SourceId(0), offset: 0, line }, b"secret = ***");
        Bearer {
            kind,
            owner: owner.to_owned(),
            other_names: Vec::new(),
            reach: Reach::Anywhere,
            standing,
            place,
        }
    }

    fn weaknesses(book: Book, line: u32) -> Vec<Weakness> {
        let held = book.finish();
        held.iter().find(|held| held.place.place.line == line).unwrap().weaknesses.iter().copied().collect()
    }

    fn book() -> Book {
        let mut book = Book::default();
        book.hold(bearer(SecretKind::Sip, "301", Standing::InForce, 1), "kT9vwQ2mZp4r");
        book.hold(bearer(SecretKind::Pjsip, "301", Standing::InForce, 2), "kT9vwQ2mZp4r");
        book.hold(bearer(SecretKind::Manager, "admin", Standing::InForce, 3), "Lq8-Vn2xTz");
        book.hold(bearer(SecretKind::Database, "asteriskuser", Standing::InForce, 4), "Lq8-Vn2xTz");
        book.hold(bearer(SecretKind::Manager, "admin", Standing::Aside, 5), "Lq8-Vn2xTz");
        book.hold(bearer(SecretKind::Sip, "302", Standing::InForce, 6), "739164");
        book.hold(bearer(SecretKind::Voicemail, "302@default", Standing::InForce, 7), "739164");
        book
    }

    #[test]
    fn secrets_are_compared_with_each_other() {
        assert_eq!(weaknesses(book(), 1), []);
        assert_eq!(weaknesses(book(), 2), []);
        assert_eq!(weaknesses(book(), 3), [Weakness::Shared]);
        assert_eq!(weaknesses(book(), 5), [Weakness::Shared, Weakness::StillInForce]);
        assert!(weaknesses(book(), 6).contains(&Weakness::EqualsPin));
        assert_eq!(weaknesses(book(), 7), []);
        assert_eq!(book().finish().iter().find(|held| held.place.place.line == 3).unwrap().places, 3);
    }

    #[test]
    fn a_hash_of_what_everybody_tries_is_no_secret() {
        let mut book = Book::default();
        // `printf admin | sha1sum`, `printf ops7 | md5sum`
        let admin = "d033e22ae348aeb5660fc2140aec35850c4da997";
        book.hold_digest(bearer(SecretKind::Panel, "admin", Standing::InForce, 1), admin);
        book.hold_digest(bearer(SecretKind::Panel, "ops", Standing::InForce, 2), admin);
        book.hold_digest(bearer(SecretKind::Panel, "third", Standing::InForce, 3), &"0".repeat(40));
        book.hold(bearer(SecretKind::Panel, "fourth", Standing::InForce, 4), "<password>");
        let held = book.finish();
        assert_eq!(held.len(), 3);
        assert_eq!(held[0].gravest(), Some(Weakness::EqualsName));
        assert_eq!(held[1].gravest(), Some(Weakness::Shipped));
        assert!(held[1].weaknesses.contains(&Weakness::UnsaltedHash));
        assert!(held[2].weaknesses.is_empty());
    }
}
