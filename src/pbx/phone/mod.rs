//! Files from which phones take their settings, and whose credentials they give away.
//!
//! Which keys hold an account and its secret is data: `provisioning_keys.tsv`, one pattern a row, by
//! vendor. A row marked `by-name` is too common a word to count unless the file is named after a phone.

mod credentials;
mod grandstream;
mod name;
pub(super) mod pages;
mod request;
mod rules;

use std::borrow::Cow;

pub use request::Asked;

use super::model::{Pbx, PhoneAccount, PhoneFile, Problem};
use super::secret::Secrets;
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source};

/// The largest published template has 146 thousand bytes.
const LARGEST: usize = 1024 * 1024;

/// Returns whether a file is one that phones take their settings from.
pub fn is_phone_file(path: &str, head: &[u8]) -> bool {
    if grandstream::is_binary(head) {
        return true;
    }
    let reach = match name::judge(path) {
        name::Name::OfPhone => rules::Reach::ByName,
        name::Name::Possible => rules::Reach::Anywhere,
        name::Name::Other => return false,
    };
    mentions_secret(head) && rules::vendors().iter().any(|vendor| vendor.is_in(head, reach))
}

/// Reads every phone file and compares its secrets with those of the server.
///
/// Copies are read too: each path is one more place to fetch the secret from.
pub(super) fn read_all(evidence: &Evidence, secrets: &Secrets, pbx: &mut Pbx) {
    for source in evidence.sources.iter().filter(|source| source.kind == Kind::PhoneFile) {
        match evidence.read_small(source, LARGEST) {
            Ok(bytes) => pbx.phone_files.extend(phone_file(source, &bytes, secrets)),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                pbx.problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
}

fn phone_file(source: &Source, bytes: &[u8], secrets: &Secrets) -> Option<PhoneFile> {
    let path = source.file.path.as_str();
    let is_binary = grandstream::is_binary(bytes);
    let text = if is_binary { Cow::Owned(grandstream::lines(bytes)) } else { Cow::Borrowed(bytes) };
    let of_phone = is_binary || name::judge(path) == name::Name::OfPhone;
    let reach = if of_phone { rules::Reach::ByName } else { rules::Reach::Anywhere };
    let knows = |name: &str| secrets.knows(name);
    // Vendors share keys (Grandstream, Sangoma and Htek all have P34): who explains most wins, and of
    // equals the first in the table.
    let best = rules::vendors()
        .iter()
        .filter(|vendor| !is_binary || vendor.name == "grandstream")
        .filter(|vendor| vendor.is_in(&text, reach))
        .map(|vendor| (vendor, credentials::find(vendor, &text, reach, is_binary, &knows)))
        .reduce(|best, next| if next.1.len() > best.1.len() { next } else { best });
    let (vendor, found) = best?;
    let account = |credential: credentials::Credential| {
        let offset = credential.at.start;
        let line = memchr::memchr_iter(b'\n', text.get(..offset).unwrap_or_default()).count();
        let line = if is_binary { 0 } else { u32::try_from(line + 1).unwrap_or(u32::MAX) };
        let place = Place { source: source.id, offset: offset as u64, line };
        PhoneAccount {
            secret_is_live: secrets.is_live(&credential.name, &credential.secret).map(|is_live| {
                is_live || secrets.is_live(&credential.name, &credential.longer) == Some(true)
            }),
            place: Citation::new(place, text.get(credential.at).unwrap_or_default()),
            name: credential.name,
        }
    };
    let accounts = found.into_iter().map(account).collect();
    Some(PhoneFile { source: source.id, path: path.to_owned(), vendor: vendor.name, accounts })
}

/// Returns whether a file has any of the words that a secret goes by, before patterns are tried.
fn mentions_secret(head: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"pass", b"pwd", b"pswd", b"p34", b"p734", b".pw"];
    let lower = head.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEALINK: &[u8] = b"#!version:1.0.0.1\naccount.1.user_name = 301\naccount.1.auth_name = 301\naccount.1.password = Zx81Spectrum\n";

    #[test]
    fn phone_files_are_told_from_other_text() {
        assert!(is_phone_file("tftpboot/001565aabbcc.cfg", YEALINK));
        assert!(is_phone_file("srv/renamed.cfg.bak", YEALINK));
        assert!(!is_phone_file("var/log/messages", YEALINK));
        for (path, text) in [
            ("etc/my.cnf", "[client]\nuser = root\npassword = abc\n"),
            ("etc/app.xml", "<config><UserName>bob</UserName><Password>x</Password><name>y</name></config>"),
            ("etc/router.cfg", "username bob password 7 0822455D0A16\n"),
            ("srv/readme.txt", "the password is in the safe\n"),
            ("srv/y000000000028.cfg", "#!version:1.0.0.1\nlocal_time.time_zone = -5\n"),
        ] {
            assert!(!is_phone_file(path, text.as_bytes()), "{path}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(48))]
        #[test]
        fn any_bytes_are_read(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), at in 0_usize..120) {
            for (held, wanted) in bytes.iter_mut().skip(at).zip(YEALINK) {
                *held = *wanted;
            }
            let _ = is_phone_file("001565aabbcc.cfg", &bytes);
            let lines = grandstream::lines(&bytes);
            for vendor in rules::vendors() {
                let _ = credentials::find(vendor, &lines, rules::Reach::ByName, true, &|_| false);
                let _ = credentials::find(vendor, &bytes, rules::Reach::ByName, false, &|_| false);
            }
        }
    }
}
