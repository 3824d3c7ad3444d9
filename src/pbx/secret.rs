//! Secrets while they are read: weighed, compared, then dropped.
//!
//! A [`Secret`] has neither `Debug` nor `Display`: no message can show one by mistake.

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};

use super::model::SecretStrength;

/// One person's desk phone, softphone and door bell may share a secret.
const MOST_SHARING: usize = 3;

/// Below this a secret is guessed within hours by the tools that scan for SIP servers.
const SHORTEST_FAIR: usize = 8;

/// Passwords that products ship with, and those at the top of every guesser's list.
const SHIPPED: &[&str] = &[
    "0000",
    "1111",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "4321",
    "654321",
    "111111",
    "123123",
    "22222",
    "abc123",
    "admin",
    "admin123",
    "administrator",
    "amp109",
    "amp111",
    "asterisk",
    "changeme",
    "cisco",
    "ClueCon",
    "default",
    "elastix",
    "elastix456",
    "elastix.2oo7",
    "elastix2oo7",
    "eLaStIx.2oo7",
    "eLaStIx.asteriskuser.2oo7",
    "freepbx",
    "fpbx",
    "guest",
    "issabel",
    "letmein",
    "mysecret",
    "mypassword",
    "pass",
    "pass1234",
    "passw0rd",
    "p@ssw0rd",
    "password",
    "password1",
    "palosanto",
    "phone",
    "qwerty",
    "root",
    "secret",
    "secret5",
    "sip",
    "supersecret",
    "test",
    "test123",
    "testing",
    "toor",
    "trixbox",
    "user",
    "voip",
    "voip123",
    "welcome",
    "works",
    "ChangeMe",
    "verysecret",
    "unsecurepassword",
    "blah",
];

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
        let text = self.0.as_str();
        let lower = text.to_lowercase();
        let names = || names.iter().filter(|name| !name.is_empty()).map(|name| name.to_lowercase());
        if text.is_empty() {
            return (SecretStrength::None, Some("no secret"));
        }
        if names().any(|name| name == lower) {
            return (SecretStrength::Default, Some("the same as its name"));
        }
        if SHIPPED.iter().any(|shipped| shipped.eq_ignore_ascii_case(text)) {
            return (SecretStrength::Default, Some("a password that products ship with"));
        }
        let weakness = if text.chars().count() < SHORTEST_FAIR {
            Some("shorter than 8 characters")
        } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Some("digits only")
        // A long random secret may hold a three-digit name by chance: what is left must be short.
        } else if names().any(|name| lower.contains(&name) && lower.len() - name.len() < SHORTEST_FAIR) {
            Some("made of its name")
        } else if has_little_but_runs(lower.as_bytes()) {
            Some("a run of keys or a repeated character")
        } else if is_word_with_number(text) {
            Some("a word, or a word and a number")
        } else {
            None
        };
        (weakness.map_or(SecretStrength::Fair, |_| SecretStrength::Weak), weakness)
    }
}

/// Finds the secret behind a digest of SIP, `MD5(name:realm:secret)` (RFC 2617), if it is one that everybody
/// tries first.
pub(super) fn behind_digest<'a>(name: &'a str, realm: &str, digest: &str) -> Option<&'a str> {
    let gives = |secret: &&str| {
        let sum = Md5::digest(format!("{name}:{realm}:{secret}"));
        let shown: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        shown.eq_ignore_ascii_case(digest.trim())
    };
    std::iter::once(name).chain(SHIPPED.iter().copied()).find(gives)
}

/// Returns whether less than four characters are left once runs of three and more are taken out.
fn has_little_but_runs(text: &[u8]) -> bool {
    let mut in_run = vec![false; text.len()];
    for (at, three) in text.windows(3).enumerate() {
        if let [first, second, third] = *three
            && is_run(first, second, third)
        {
            in_run.iter_mut().skip(at).take(3).for_each(|marked| *marked = true);
        }
    }
    in_run.iter().filter(|marked| !**marked).count() < 4
}

/// Returns whether a short text is a word that can be spoken, with up to four digits and a mark behind it.
fn is_word_with_number(text: &str) -> bool {
    const LONGEST: usize = 15;
    let text = text.strip_suffix(['!', '.', '*', '#', '$', '@', '?']).unwrap_or(text);
    let word = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let rest = word.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or(word);
    let one_case = rest.bytes().all(|byte| byte.is_ascii_lowercase())
        || word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_vowel = |byte: u8| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let longest_without_vowel = word.bytes().fold((0, 0), |(longest, now), byte| {
        let now = if is_vowel(byte) { 0 } else { now + 1 };
        (now.max(longest), now)
    });
    one_case
        && word.len() >= 4
        && text.len() <= LONGEST
        && text.len() - word.len() <= 4
        && word.bytes().any(is_vowel)
        && longest_without_vowel.0 <= 4
}

fn is_run(first: u8, second: u8, third: u8) -> bool {
    const ROWS: [&[u8]; 4] = [b"1234567890", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let step = |from: u8, to: u8| i16::from(to) - i16::from(from);
    let counted = step(first, second) == step(second, third) && step(first, second).abs() <= 1;
    let on_row = |row: &[u8]| {
        row.windows(3).any(|keys| keys == [first, second, third] || keys == [third, second, first])
    };
    counted || ROWS.iter().any(|row| on_row(row))
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
