//! Slow hashes against the passwords that everybody tries first, within a budget of work.
//!
//! Such a hash takes thousands of rounds for one try, some to tens of milliseconds on purpose: a list of words would
//! take hours where it takes an instant against MD5. So few are tried, the user's own names before all others, and
//! each on every hash before the next, until the budget is spent. The budget is counted in rounds and not in seconds,
//! so that two runs come to the same.

mod bcrypt;
mod crypt;

use rayon::prelude::*;

/// Rounds of bcrypt in all, or what takes as long: some three seconds of one processor.
const BUDGET: u64 = 1 << 16;
/// What panels are set up with, the commonest first.
const OF_PANELS: [&str; 24] = [
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
/// What hosts are set up with: every image has such a list, and its hashes are the slowest of all.
const OF_HOSTS: [&str; 8] =
    ["password", "123456", "admin", "changeme", "root", "passw0rd", "SangomaDefaultPassword", "schmoozecom"];

/// A hash, and the names of whoever has it.
pub(super) struct Hashed {
    pub(super) hash: String,
    pub(super) names: Vec<String>,
    pub(super) is_of_host: bool,
}

/// What came of one hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tried {
    /// The password, if it was found.
    pub(super) found: Option<String>,
    /// How many were tried.
    pub(super) count: usize,
}

impl Hashed {
    /// Returns the word of a turn: names come first, with `most_names` turns for them.
    fn word(&self, turn: usize, most_names: usize) -> Option<&str> {
        let words: &[&str] = if self.is_of_host { &OF_HOSTS } else { &OF_PANELS };
        match turn.checked_sub(most_names) {
            None => self.names.get(turn).map(String::as_str),
            Some(at) => words.get(at).copied().filter(|word| !self.names.iter().any(|name| name == word)),
        }
    }
}

/// Returns whether a hash is one that words are tried on here.
pub(super) fn is_tried(hash: &str) -> bool {
    cost(hash).is_some()
}

/// Returns what one try takes, in rounds of bcrypt; nothing for forms that are not tried.
fn cost(hash: &str) -> Option<u64> {
    bcrypt::cost(hash).map(|cost| 1 << cost).or_else(|| crypt::cost(hash))
}

fn is_of(hash: &str, password: &str) -> bool {
    if bcrypt::cost(hash).is_some() { bcrypt::is_of(hash, password) } else { crypt::is_of(hash, password) }
}

/// Tries the words on all hashes, as far as the budget goes.
pub(super) fn try_all(hashes: &[Hashed]) -> Vec<Tried> {
    within(hashes, BUDGET)
}

fn within(hashes: &[Hashed], mut left: u64) -> Vec<Tried> {
    let mut tried = vec![Tried::default(); hashes.len()];
    let most_names = hashes.iter().map(|hashed| hashed.names.len()).max().unwrap_or(0);
    for turn in 0..most_names + OF_PANELS.len() {
        let mut jobs: Vec<(usize, &Hashed, &str)> = Vec::new();
        for (number, hashed) in hashes.iter().enumerate() {
            let is_open = tried.get(number).is_some_and(|tried| tried.found.is_none());
            let rounds = cost(&hashed.hash).filter(|rounds| *rounds <= left);
            if let (Some(word), true, Some(rounds)) = (hashed.word(turn, most_names), is_open, rounds) {
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
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Hashed { hash: hash.to_owned(), names, is_of_host: false }
    }

    #[test]
    fn what_everybody_tries_first_is_found() {
        let [name, common, good] = HASHES;
        let hashes = [hashed(name, &["ops", "1001"]), hashed(common, &["boss"]), hashed(good, &["boss"])];
        let tried = try_all(&hashes);
        let found: Vec<Option<&str>> = tried.iter().map(|tried| tried.found.as_deref()).collect();
        assert_eq!(found, [Some("1001"), Some("changeme"), None]);
        assert_eq!(tried[2].count, 1 + OF_PANELS.len());
        assert!(is_of(good, "kT9vwQ2mZp4r"));
    }

    #[test]
    fn a_host_is_tried_with_what_hosts_are_set_up_with() {
        let of_host = |hash: &str| Hashed { is_of_host: true, ..hashed(hash, &["root"]) };
        let tried = try_all(&[of_host(HASHES[1]), of_host(HASHES[2])]);
        assert_eq!(tried[0].found.as_deref(), Some("changeme"));
        // `root` is a name already.
        assert_eq!(tried[1].count, OF_HOSTS.len());
    }

    #[test]
    fn the_budget_holds_whatever_there_is_to_try() {
        let hashes: Vec<Hashed> = (0..5).map(|_| hashed(HASHES[2], &["a"])).collect();
        // Seven tries: the name on each, and the first word on two.
        let tried = within(&hashes, 7 * 16 + 15);
        assert_eq!(tried.iter().map(|tried| tried.count).collect::<Vec<_>>(), [2, 2, 1, 1, 1]);
    }
}
