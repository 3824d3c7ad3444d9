//! Copies of configuration, backups and dumps of databases that a web server handed out to whoever asked.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::web::Request;
use crate::event::{Citation, Instant};

/// Endings of names that hold secrets wherever they lie.
const ENDINGS: [&[u8]; 13] = [
    b".sql",
    b".sql.gz",
    b".sql.bz2",
    b".sql.xz",
    b".sql.zip",
    b".dump",
    b".bak",
    b".old",
    b".conf",
    b".env",
    b".sqlite",
    b".sqlite3",
    b".db",
];
/// Endings of archives, which may hold anything: a word of [`WORDS`] in the path tells of secrets.
const ARCHIVES: [&[u8]; 8] =
    [b".tar.gz", b".tgz", b".tar", b".tar.bz2", b".tar.xz", b".zip", b".7z", b".rar"];
/// Words of backups and of what a phone system's archives are named after.
const WORDS: [&[u8]; 12] = [
    b"backup",
    b"bak",
    b"dump",
    b"asterisk",
    b"freepbx",
    b"issabel",
    b"elastix",
    b"fusionpbx",
    b"freeswitch",
    b"pbx",
    b"etc",
    b"config",
];
/// Pairs of address and path that are kept.
const MOST_PAIRS: usize = 4_096;
/// No path is longer.
const LONGEST_PATH: usize = 512;

/// One file that one address was given.
#[derive(Clone, Debug)]
pub struct Download {
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Instant,
    /// The first line.
    pub line: Citation,
}

/// All of them, by address and path.
#[derive(Debug, Default)]
pub struct Downloads {
    /// Those kept.
    pub given: BTreeMap<(IpAddr, Box<[u8]>), Download>,
    /// Those beyond the limit.
    pub beyond: u64,
}

impl Downloads {
    /// Takes a request, if it was answered with such a file.
    pub fn request(&mut self, request: &Request<'_>, line: &dyn Fn() -> Citation) {
        let is_given = matches!(request.outcome, "GET 200" | "GET 206" | "POST 200");
        let end = memchr::memchr(b'?', request.target).unwrap_or(request.target.len());
        let path = request.target.get(..end).unwrap_or_default();
        if !is_given || path.len() > LONGEST_PATH || !holds_secrets(path) {
            return;
        }
        let key = (request.address, Box::from(path));
        if self.given.len() >= MOST_PAIRS && !self.given.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        let known =
            self.given.entry(key).or_insert_with(|| Download { count: 0, first: request.at, line: line() });
        known.count += 1;
    }

    /// Adds what another source tells.
    pub fn add(&mut self, other: &Downloads) {
        self.beyond += other.beyond;
        for (key, download) in &other.given {
            if let Some(known) = self.given.get_mut(key) {
                known.count += download.count;
                if download.first < known.first {
                    (known.first, known.line) = (download.first, download.line.clone());
                }
            } else {
                self.given.insert(key.clone(), download.clone());
            }
        }
    }
}

/// Returns whether a file holds secrets, by its name: a server runs a program's pages and gives their copies out.
fn holds_secrets(path: &[u8]) -> bool {
    let path = path.to_ascii_lowercase();
    let ends = |endings: &[&[u8]]| endings.iter().any(|ending| path.ends_with(ending));
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let is_old_copy = memchr::memmem::find(name, b".conf.").is_some();
    let mut words = path.split(|byte| !byte.is_ascii_alphabetic());
    let is_telling =
        words.any(|word| WORDS.iter().any(|known| *known == word || word == [known, &b"s"[..]].concat()));
    ends(&ENDINGS) || is_old_copy || (ends(&ARCHIVES) && is_telling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_that_hold_secrets() {
        for path in [
            "/backup/etc-asterisk-20260214.tar.gz",
            "/x/pjsip.conf.bak",
            "/dump.sql.gz",
            "/Backups/all.zip",
            "/etc/freepbx.conf",
        ] {
            assert!(holds_secrets(path.as_bytes()), "{path}");
        }
        for path in [
            "/",
            "/admin/config.php",
            "/assets/app.js",
            "/downloads/softphone-5.2.zip",
            "/config/x.min.js.gz",
        ] {
            assert!(!holds_secrets(path.as_bytes()), "{path}");
        }
    }
}
