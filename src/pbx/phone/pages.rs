//! Passwords of phones' own web pages, in the files that phones take their settings from.
//!
//! Whoever opens the page reads or changes the phone's account. Which keys hold the password is data:
//! `page_keys.tsv`, one pattern a row, by vendor. A file without the key leaves the phone its vendor's default,
//! which a file cannot tell.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::{LARGEST, grandstream, servers};
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Source};
use crate::pbx::directory::split;
use crate::pbx::read::Collector;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing};
use crate::untrusted::Untrusted;

const TABLE: &str = include_str!("page_keys.tsv");
/// No phone has more logins for its page.
const MOST: usize = 8;
/// Longer is no password, and no key.
pub(super) const LONGEST: usize = 256;

/// One pattern: group `v` is the password.
struct Key {
    vendor: &'static str,
    role: &'static str,
    pattern: Regex,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(key).collect());

/// Reads one row: vendor, whose login it is, pattern.
fn key(row: &'static str) -> Option<Key> {
    let mut fields = row.split('\t');
    let (vendor, role) = (fields.next()?, fields.next()?);
    let pattern = RegexBuilder::new(fields.next()?).multi_line(true).unicode(false).build().ok()?;
    Some(Key { vendor, role, pattern })
}

/// Notes the passwords in every phone file that was read, those of the server that hands the files out among them.
pub(in crate::pbx) fn gather_all(evidence: &Evidence, collector: &mut Collector) {
    let files: Vec<_> = collector.pbx.phone_files.iter().map(|file| (file.source, file.vendor)).collect();
    for (id, vendor) in files {
        let Some(source) = evidence.source(id) else { continue };
        // What cannot be read has been reported when its accounts were looked for.
        if let Ok(bytes) = evidence.read_small(source, LARGEST) {
            gather(source, vendor, &bytes, collector);
        }
    }
}

fn gather(source: &Source, vendor: &str, bytes: &[u8], collector: &mut Collector) {
    let is_binary = grandstream::is_binary(bytes);
    let text = if is_binary { Cow::Owned(grandstream::lines(bytes)) } else { Cow::Borrowed(bytes) };
    for key in KEYS.iter().filter(|key| key.vendor == vendor) {
        for found in key.pattern.captures_iter(&text).take(MOST) {
            let Some(value) = found.name("v") else { continue };
            let password =
                if is_binary { grandstream::decode(value.as_bytes()) } else { value.as_bytes().to_vec() };
            let password = password.trim_ascii();
            if password.is_empty() || password.len() > LONGEST {
                continue;
            }
            let password = Untrusted::from_bytes(password);
            // Yealink writes `admin:secret`.
            let (role, password) = match password.raw().split_once(':') {
                Some((login, rest)) if vendor == "yealink" => (login, rest),
                _ => (key.role, password.raw()),
            };
            let Some(place) = cited(source, &text, is_binary, &found) else { continue };
            let bearer = Bearer {
                kind: SecretKind::PhonePage,
                owner: format!("{} ({})", split(&source.file.path).1, role),
                other_names: vec![role.to_owned()],
                reach: Reach::Unknown,
                standing: Standing::InForce,
                place,
            };
            collector.hold(bearer, password);
        }
    }
    servers::gather(source, vendor, &text, is_binary, collector);
}

/// Cites the line of a secret, which is group `v`, up to the secret.
pub(super) fn cited(source: &Source, text: &[u8], is_binary: bool, found: &Captures<'_>) -> Option<Citation> {
    let (whole, value) = (found.get(0)?, found.name("v")?);
    let before = text.get(whole.start()..value.start()).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', text.get(..value.start()).unwrap_or_default()).count();
    let line = if is_binary { 0 } else { u32::try_from(line + 1).unwrap_or(u32::MAX) };
    let place = Place { source: source.id, offset: whole.start() as u64, line };
    let shown = [before.get(..LONGEST).unwrap_or(before).trim_ascii(), b"***"].concat();
    Some(Citation::new(place, &shown))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns how many keys there are.
    pub(in crate::pbx::phone) fn rows() -> usize {
        KEYS.len()
    }

    /// Returns what each of a vendor's keys finds in a text, by its row.
    pub(in crate::pbx::phone) fn passwords(vendor: &str, text: &str) -> Vec<(usize, String)> {
        let of_vendor = KEYS.iter().enumerate().filter(|(_, key)| key.vendor == vendor);
        let found = of_vendor.flat_map(|(row, key)| {
            let found = key.pattern.captures_iter(text.as_bytes()).filter_map(|found| found.name("v"));
            found.map(move |value| (row, String::from_utf8_lossy(value.as_bytes()).trim().to_owned()))
        });
        found.collect()
    }
    use crate::evidence::{MemoryFile, Root};
    use crate::pbx::{Weakness, read};

    #[test]
    fn every_row_of_the_table_is_a_key() {
        for row in TABLE.lines().skip(1) {
            let has_value =
                key(row).is_some_and(|key| key.pattern.capture_names().flatten().any(|name| name == "v"));
            assert!(has_value, "{row}");
        }
    }

    #[test]
    fn a_phones_page_with_a_vendors_password_is_told() {
        const FILE: &[u8] = b"#!version:1.0.0.1\naccount.1.user_name = 301\naccount.1.auth_name = 301\n\
            account.1.password = Zx81Spectrum\nstatic.security.user_password = admin:admin\n\
            security.user_password = user:Lq8-Vn2xTz\n";
        let file = |path| MemoryFile { path, bytes: FILE, is_link: false };
        let root = Root::Memory(Box::leak(vec![file("srv/tftp/001565aabbcc.cfg")].into_boxed_slice()));
        let pbx = read(&Evidence::from_roots(vec!["memory".into()], vec![root]));
        let told: Vec<_> =
            pbx.held_secrets.iter().map(|held| (held.owner.as_str(), held.gravest())).collect();
        assert_eq!(
            told,
            [("001565aabbcc.cfg (admin)", Some(Weakness::EqualsName)), ("001565aabbcc.cfg (user)", None),]
        );
        assert_eq!(pbx.held_secrets[0].place.place.line, 5);
        assert!(!format!("{pbx:?}").contains("Lq8-"));
    }
}
