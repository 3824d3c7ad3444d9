//! Secrets while they are read: weighed, compared, then dropped.
//!
//! A [`Secret`] has neither `Debug` nor `Display`: no message can show one by mistake. What is handed out is a
//! [`HeldSecret`]: whose it is, where it stands and what is wrong with it.

mod book;
mod held;
mod placeholder;
pub(super) mod places;
mod slow;
mod values;
mod weakness;
mod weigh;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};

use book::class;
pub(super) use book::{Bearer, Book};
pub use held::{HeldSecret, Reach, SecretKind, Standing};
pub use values::{Change, Imprint, METHOD, Values};
pub use weakness::Weakness;

use super::model::SecretStrength;
use super::read::Collector;

/// One person's desk phone, softphone and door bell may share a secret.
const MOST_SHARING: usize = 3;

/// A password as it stands in the evidence.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// Takes a password.
    pub(super) fn new(text: &str) -> Self {
        Secret(text.to_owned())
    }

    /// Returns whether another text is this password.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Weighs the secret of an account that bears one or more names.
    pub(super) fn weigh(&self, names: &[&str]) -> (SecretStrength, Option<&'static str>) {
        let found = weigh::weaknesses(&self.0, names);
        let strength = match found.first() {
            None => SecretStrength::Fair,
            Some(Weakness::Empty) => SecretStrength::None,
            Some(weakness) if weakness.is_first_tried() => SecretStrength::Default,
            Some(_) => SecretStrength::Weak,
        };
        (strength, found.first().map(|weakness| weakness.words()))
    }
}

/// Finds the secret behind a digest of SIP, `MD5(name:realm:secret)` (RFC 2617), if it is one that everybody
/// tries first.
pub(super) fn behind_digest<'a>(name: &'a str, realm: &str, digest: &str) -> Option<&'a str> {
    let gives = |secret: &&str| {
        let sum = Md5::digest(format!("{name}:{realm}:{secret}"));
        words::hex(&sum).eq_ignore_ascii_case(digest.trim())
    };
    std::iter::once(name).chain(words::first().iter().copied()).find(gives)
}

/// Notes the secret behind a digest of SIP in Asterisk's configuration, whose realm is `asterisk` unless it was
/// named.
fn hold_behind(collector: &mut Collector, bearer: Bearer, name: &str, realm: Option<&str>, digest: &str) {
    let realms = realm.into_iter().chain(["asterisk"]);
    let behind = realms.filter_map(|realm| behind_digest(name, realm, digest)).next().map(str::to_owned);
    match behind {
        Some(secret) => collector.hold(bearer, &secret),
        None => collector.hold_hidden(bearer, "MD5 with name and realm"),
    }
}

/// The secrets that the server accepts, by account, for comparing with phone files.
#[derive(Default)]
pub(super) struct Secrets(BTreeMap<String, Vec<Secret>>);

impl Secrets {
    /// Remembers the secret of an account.
    pub(super) fn learn(&mut self, account: &str, secret: &Secret) {
        if !secret.is("") {
            self.0.entry(account.to_owned()).or_default().push(secret.clone());
        }
    }

    /// Returns whether a text is the account's secret; `None` where none is known.
    pub(super) fn is_live(&self, account: &str, text: &str) -> Option<bool> {
        let held = self.0.get(account)?;
        Some(held.iter().any(|secret| secret.is(text)))
    }

    /// Returns whether another secret is the account's; `None` where none is known.
    pub(super) fn is_live_secret(&self, account: &str, secret: &Secret) -> Option<bool> {
        self.is_live(account, &secret.0)
    }

    /// Returns the accounts whose secret many others have as well.
    pub(super) fn shared(&self) -> BTreeSet<&str> {
        let mut holders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (account, secrets) in &self.0 {
            for secret in secrets {
                holders.entry(secret.0.as_str()).or_default().push(account);
            }
        }
        holders.into_values().filter(|accounts| accounts.len() > MOST_SHARING).flatten().collect()
    }

    /// Returns whether a secret of the account is known.
    pub(super) fn knows(&self, account: &str) -> bool {
        self.0.contains_key(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_known_by_its_digest() {
        // `printf 103:pbx.example:103 | md5sum`
        assert_eq!(behind_digest("103", "pbx.example", "1cf4d5b3f38774b728d261934d3e2e82"), Some("103"));
        assert_eq!(behind_digest("103", "other", "1cf4d5b3f38774b728d261934d3e2e82"), None);
        assert_eq!(behind_digest("103", "pbx.example", "a4ece9817d81360d97c759aaecc4140c"), Some("changeme"));
        assert_eq!(behind_digest("103", "pbx.example", ""), None);
    }

    #[test]
    fn secrets_are_weighed_by_what_a_guesser_tries() {
        for (secret, strength) in [
            ("", SecretStrength::None),
            ("1001", SecretStrength::Default),
            ("Admin", SecretStrength::Default),
            ("x7Kp2", SecretStrength::Weak),
            ("83920175", SecretStrength::Weak),
            ("phone1001", SecretStrength::Weak),
            ("qwertyasdf", SecretStrength::Weak),
            ("aaaaaaaaaa", SecretStrength::Weak),
            ("verano2019", SecretStrength::Weak),
            ("Sunshine!", SecretStrength::Weak),
            ("SXJZwVVjPnWPGjFd", SecretStrength::Fair),
            ("n2848e6d3a", SecretStrength::Fair),
            ("xkqzvbnw12", SecretStrength::Fair),
            ("k6be1679fQ9zP1001!", SecretStrength::Fair),
            ("d41d8cd98f00b204e9800998ecf8427e", SecretStrength::Fair),
        ] {
            assert_eq!(Secret::new(secret).weigh(&["1001"]).0, strength, "{secret}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_secret_is_weighed(text in ".{0,40}", name in ".{0,8}") {
            let _ = Secret::new(&text).weigh(&[&name]);
        }
    }
}
