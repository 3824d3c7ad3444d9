//! Slow hashes against the passwords that everybody tries first, within a budget of work.
//!
//! bcrypt takes two to the power of its cost rounds for one try, tens of milliseconds on purpose: a list of words
//! would take hours where it takes an instant against MD5. So few are tried, the user's own names before all others,
//! and each on every hash before the next, until the budget is spent. The budget is counted in rounds and not in
//! seconds, so that two runs come to the same.

use blowfish::Blowfish;
use rayon::prelude::*;

/// Rounds in all: some three seconds of one processor.
const BUDGET: u64 = 1 << 16;
/// What panels are set up with, the commonest first.
const WORDS: [&str; 24] = [
    "admin",
    "password",
    "123456",
    "admin123",
    "12345678",
    "1234",
    "changeme",
    "Passw0rd",
    "P@ssw0rd",
    "password123",
    "12345",
    "123456789",
    "superadmin",
    "fusionpbx",
    "freepbx",
    "asterisk",
    "Admin123",
    "qwerty",
    "letmein",
    "welcome",
    "P@ssword",
    "root",
    "test",
    "secret",
];

/// A hash, and the names of whoever has it.
pub(super) struct Hashed {
    pub(super) hash: String,
    pub(super) names: Vec<String>,
}

/// What came of one hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tried {
    /// The password, if it was found.
    pub(super) found: Option<String>,
    /// How many were tried.
    pub(super) count: usize,
}

/// Returns whether a hash is one that is tried here.
pub(super) fn is_bcrypt(hash: &str) -> bool {
    cost(hash).is_some()
}

/// Reads the cost of `$2y$10$...`; more than 31 is not to be had, and no panel sets more than 14.
fn cost(hash: &str) -> Option<u32> {
    let mut parts = hash.strip_prefix("$2")?.splitn(3, '$');
    let (_, cost, rest) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    (rest.len() == 53 && (4..=14).contains(&cost)).then_some(cost)
}

/// Returns whether a hash is of a password (Provos and Mazieres, 1999): a key schedule of Blowfish gone through over
/// and over with password and salt, then a fixed text encrypted 64 times.
fn is_of(hash: &str, password: &str) -> bool {
    let (Some(cost), Some((salt, sum))) = (cost(hash), parts(hash)) else { return false };
    // The password counts with the zero byte behind it, up to 72 bytes.
    let key: Vec<u8> = password.bytes().chain([0]).take(72).collect();
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(&salt, &key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(&key);
        state.bc_expand_key(&salt);
    }
    let mut made = Vec::with_capacity(TEXT.len() * 8);
    for mut pair in TEXT {
        for _ in 0..64 {
            pair = state.bc_encrypt(pair);
        }
        made.extend(pair.iter().flat_map(|half| half.to_be_bytes()));
    }
    made.starts_with(&sum)
}

/// What is encrypted: `OrpheanBeholderScryDoubt`.
const TEXT: [[u32; 2]; 3] =
    [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];

/// Returns the salt, and as much of the sum as a hash keeps: 23 bytes.
fn parts(hash: &str) -> Option<([u8; 16], Vec<u8>)> {
    let text = hash.rsplit('$').next()?.as_bytes();
    let salt = decoded(text.get(..22)?)?;
    Some((salt.get(..16)?.try_into().ok()?, decoded(text.get(22..)?)?))
}

/// Undoes the base 64 of bcrypt, which has its own order of signs.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    const SIGNS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(24), 0_u32, 0_u32);
    for sign in text {
        let value = SIGNS.iter().position(|known| known == sign)?;
        held = (held << 6 | u32::try_from(value).ok()?) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Tries the words on all hashes, as far as the budget goes.
pub(super) fn try_all(hashes: &[Hashed]) -> Vec<Tried> {
    within(hashes, BUDGET)
}

fn within(hashes: &[Hashed], mut left: u64) -> Vec<Tried> {
    let mut tried = vec![Tried::default(); hashes.len()];
    let most_names = hashes.iter().map(|hashed| hashed.names.len()).max().unwrap_or(0);
    for turn in 0..most_names + WORDS.len() {
        let mut jobs: Vec<(usize, &Hashed, &str)> = Vec::new();
        for (number, hashed) in hashes.iter().enumerate() {
            let word = match turn.checked_sub(most_names) {
                None => hashed.names.get(turn).map(String::as_str),
                Some(at) => {
                    WORDS.get(at).copied().filter(|word| !hashed.names.iter().any(|name| name == word))
                }
            };
            let is_open = tried.get(number).is_some_and(|tried| tried.found.is_none());
            let rounds = cost(&hashed.hash).map(|cost| 1_u64 << cost).filter(|rounds| *rounds <= left);
            if let (Some(word), true, Some(rounds)) = (word, is_open, rounds) {
                left -= rounds;
                jobs.push((number, hashed, word));
            }
        }
        let fitting: Vec<(usize, bool)> =
            jobs.par_iter().map(|(number, hashed, word)| (*number, is_of(&hashed.hash, word))).collect();
        for ((number, fits), (_, _, word)) in fitting.into_iter().zip(&jobs) {
            if let Some(tried) = tried.get_mut(number) {
                tried.count += 1;
                tried.found = fits.then(|| (*word).to_owned());
            }
        }
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of `1001`, `changeme` and `kT9vwQ2mZp4r` with the cost 4, made by `crypt(3)`.
    const HASHES: [&str; 3] = [
        "$2y$04$Qw8rTzUpLkJhGfDsAyXc.uV8enlCNsJKVyCi/uvhXKKD1K3qpz4ua",
        "$2y$04$mNbVcXyAsDfGhJkLpOiU.OuUpU6kBIahYo5.gO24Csd..fekwninu",
        "$2b$04$zXcVbNmLkJhGfDsApQwE.uFU71DgsDPFRESNocF8dNJIaWyj9uFMy",
    ];

    fn hashed(hash: &str, names: &[&str]) -> Hashed {
        Hashed { hash: hash.to_owned(), names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn what_everybody_tries_first_is_found() {
        let [name, common, good] = HASHES;
        let hashes = [hashed(name, &["ops", "1001"]), hashed(common, &["boss"]), hashed(good, &["boss"])];
        let tried = try_all(&hashes);
        let found: Vec<Option<&str>> = tried.iter().map(|tried| tried.found.as_deref()).collect();
        assert_eq!(found, [Some("1001"), Some("changeme"), None]);
        assert_eq!(tried[2].count, 1 + WORDS.len());
        assert!(is_of(good, "kT9vwQ2mZp4r"));
        // A vector that every implementation is tried on.
        let known = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(is_of(known, "U*U") && !is_of(known, "U*"));
    }

    #[test]
    fn other_forms_are_left_alone() {
        for other in
            ["$6$a$b", "$2y$10$short", "$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ""]
        {
            assert!(!is_bcrypt(other) && !is_of(other, ""), "{other}");
        }
        assert!(!is_of("$2y$04$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "a"));
    }

    #[test]
    fn the_budget_holds_whatever_there_is_to_try() {
        let hashes: Vec<Hashed> = (0..5).map(|_| hashed(HASHES[2], &["a"])).collect();
        // Seven tries: the name on each, and the first word on two.
        let tried = within(&hashes, 7 * 16 + 15);
        assert_eq!(tried.iter().map(|tried| tried.count).collect::<Vec<_>>(), [2, 2, 1, 1, 1]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_no_hash(text in "[$2ay0-9./A-Z]{0,70}") {
            proptest::prop_assert!(!is_bcrypt(&text) || parts(&text).is_some() || !is_of(&text, "a"));
        }
    }
}
