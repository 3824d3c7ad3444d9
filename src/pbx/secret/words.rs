//! Passwords that are known to all: what products and distributions ship with, what is tried first, and what
//! such passwords are hashed to. The lists are data: `words.tsv`, a word a row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use md5::{Digest, Md5};
use sha1::Sha1;

/// Words tried on each digest that is salted with a name: a proxy may have a hundred thousand accounts.
const MOST_HASHED: usize = 150;

const TABLE: &str = include_str!("words.tsv");

/// The rows of the table by their kind, in lower case: case is what a guesser tries next.
struct Words {
    shipped: BTreeSet<String>,
    common: BTreeSet<String>,
    pins: BTreeSet<&'static str>,
    hashes: BTreeSet<&'static str>,
    /// The shipped and the common ones as written.
    all: Vec<&'static str>,
    /// Digests of the words as written, by the digest.
    digests: BTreeMap<String, &'static str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let rows = || {
        TABLE.lines().skip(1).filter_map(|row| {
            let mut fields = row.split('\t');
            Some((fields.next()?, fields.next()?))
        })
    };
    let of = |wanted: &'static str| {
        rows().filter(move |(kind, _)| *kind == wanted).map(|(_, word)| word.to_lowercase()).collect()
    };
    let plain = |wanted: &'static str| {
        rows().filter(move |(kind, _)| *kind == wanted).map(|(_, word)| word).collect()
    };
    let hashes = plain("hash");
    let known = rows().filter(|(kind, _)| matches!(*kind, "shipped" | "common"));
    let all: Vec<&str> = known.map(|(_, word)| word).collect();
    let mut digests = BTreeMap::new();
    for word in &all {
        digests.insert(hex(&Md5::digest(word)), *word);
        digests.insert(hex(&Sha1::digest(word)), *word);
    }
    Words { shipped: of("shipped"), common: of("common"), pins: plain("pin"), hashes, all, digests }
});

/// Returns whether products or distributions ship with a password.
pub(super) fn is_shipped(text: &str) -> bool {
    WORDS.shipped.contains(&text.to_lowercase())
}

/// Returns whether a password is one that everybody tries first.
pub(super) fn is_common(text: &str) -> bool {
    WORDS.common.contains(&text.to_lowercase())
}

/// Returns whether a PIN is one that everybody tries first.
pub(super) fn is_common_pin(text: &str) -> bool {
    WORDS.pins.contains(text)
}

/// Returns whether a product ships with the password that a digest is of, whatever it is.
pub(super) fn is_shipped_digest(digest: &str) -> bool {
    WORDS.hashes.contains(digest.to_ascii_lowercase().as_str())
}

/// Returns how many passwords the lists have: so many tries find any of them.
pub(super) fn count() -> usize {
    WORDS.shipped.len() + WORDS.common.len()
}

/// Returns how many PINs are tried first.
pub(super) fn pin_count() -> usize {
    WORDS.pins.len()
}

/// Returns the words that are tried first of all, the shipped ones before the common ones.
pub(super) fn first() -> &'static [&'static str] {
    WORDS.all.get(..MOST_HASHED).unwrap_or(&WORDS.all)
}

/// Returns the listed password that an unsalted MD5 or SHA-1 is of.
pub(super) fn behind_plain_digest(digest: &str) -> Option<&'static str> {
    WORDS.digests.get(&digest.to_ascii_lowercase()).copied()
}

/// Returns whether a digest is the unsalted MD5 or SHA-1 of a text.
pub(super) fn is_digest_of(digest: &str, text: &str) -> bool {
    let is = |sum: &[u8]| hex(sum).eq_ignore_ascii_case(digest);
    is(&Md5::digest(text)) || is(&Sha1::digest(text))
}

/// Returns what a hash of `crypt(3)` or of its kin is called, by the mark that it begins with.
pub(super) fn form_of(hash: &str) -> &'static str {
    const FORMS: [(&str, &str); 8] = [
        ("$2", "bcrypt"),
        ("$6$", "SHA-512 crypt"),
        ("$5$", "SHA-256 crypt"),
        ("$1$", "MD5 crypt"),
        ("$y$", "yescrypt"),
        ("$gy$", "gost-yescrypt"),
        ("$7$", "scrypt"),
        ("$argon2", "Argon2"),
    ];
    let known = FORMS.iter().find(|(mark, _)| hash.starts_with(mark)).map(|(_, form)| *form);
    known.unwrap_or(if hash.len() == 13 { "DES crypt" } else { "another hash" })
}

/// Returns bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_used() {
        for row in TABLE.lines().skip(1) {
            let fields: Vec<&str> = row.split('\t').collect();
            assert_eq!(fields.len(), 3, "{row}");
            assert!(["shipped", "common", "pin", "hash"].contains(&fields[0]), "{row}");
            assert!(!fields[1].is_empty() && fields[1].trim() == fields[1], "{row}");
        }
        assert!(is_shipped("cluecon") && is_common("Password1") && is_common_pin("2580"));
        assert!(!is_common("kT9vwQ2mZp4r"));
    }

    #[test]
    fn hashes_of_what_everybody_tries_are_known() {
        // `printf admin | sha1sum`, `printf palosanto | md5sum`
        assert_eq!(behind_plain_digest("d033e22ae348aeb5660fc2140aec35850c4da997"), Some("admin"));
        assert_eq!(behind_plain_digest("7A5210C173EA40C03205A5DE7DCD4CB0"), Some("palosanto"));
        assert_eq!(behind_plain_digest(""), None);
    }
}
