//! Files from which phones take their settings, and whose credentials they give away.
//!
//! Which keys hold an account and its secret is data: `provisioning_keys.tsv`, one pattern a row, by
//! vendor. A row marked `by-name` is too common a word to count unless the file is named after a phone.

mod credentials;
mod grandstream;
pub(super) mod made;
mod maker;
mod name;
pub(super) mod pages;
mod request;
mod rules;
#[cfg(test)]
mod samples;
mod servers;

use std::borrow::Cow;

pub use made::phoneprov::PROGRAM as PHONEPROV;
pub use request::Asked;

use super::model::{FileOrigin, Pbx, PhoneAccount, PhoneFile, Problem};
use super::secret::Secrets;
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source};

/// The largest published template has 146 thousand bytes.
const LARGEST: usize = 1024 * 1024;
/// Phone files read in all: every pattern goes over every byte.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: usize = 128 * 1024 * 1024;

/// Returns whether a file has the packed form that old phones of Grandstream's take.
pub fn is_binary_phone_file(head: &[u8]) -> bool {
    grandstream::is_binary(head)
}

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
    let mut left = MOST_BYTES;
    let sources = evidence.sources.iter().filter(|source| source.kind == Kind::PhoneFile);
    for (count, source) in sources.enumerate() {
        let mut problem = |what: String| pbx.problems.push(Problem { path: source.file.path.clone(), what });
        if count == MOST_FILES || left == 0 {
            let limit = MOST_BYTES >> 20;
            problem(format!(
                "more than {MOST_FILES} phone files, or {limit} MiB of them: this and later ones were not read"
            ));
            break;
        }
        match evidence.read_small(source, LARGEST.min(left) + 1) {
            Ok(bytes) => {
                if bytes.len() > LARGEST.min(left) {
                    problem(format!("read up to {} KiB", LARGEST.min(left) >> 10));
                }
                left = left.saturating_sub(bytes.len());
                pbx.phone_files.extend(phone_file(source, &bytes, secrets));
            }
            Err(error) => problem(format!("cannot be read: {error}")),
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
    let maker = name::hardware_address(path.rsplit('/').next().unwrap_or(path));
    let maker = maker.and_then(|address| maker::of(&address));
    let is_maker = |vendor: &rules::Vendor| maker.is_some_and(|maker| vendor.name.starts_with(maker));
    // Vendors share keys (Grandstream, Sangoma and Htek all have P34): who explains most wins, of equals the
    // one who made the phone, and then the first in the table.
    let best = rules::vendors()
        .iter()
        .filter(|vendor| !is_binary || vendor.name == "grandstream")
        .filter(|vendor| vendor.is_in(&text, reach))
        .map(|vendor| (vendor, credentials::find(vendor, &text, reach, is_binary, &knows)))
        .reduce(|best, next| {
            let weight = |held: &(&rules::Vendor, Vec<_>)| (held.1.len(), is_maker(held.0));
            if weight(&next) > weight(&best) { next } else { best }
        });
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
    let comments = comments(&text);
    let accounts = found.into_iter().map(|found| (found.at.start, account(found)));
    // A sample within a comment is no secret, but one that still works is.
    let is_sample = |at: usize| comments.iter().any(|comment| comment.contains(&at));
    let accounts = accounts.filter(|(at, phone)| phone.secret_is_live == Some(true) || !is_sample(*at));
    let accounts = accounts.map(|(_, phone)| phone).collect();
    Some(PhoneFile {
        source: source.id,
        path: path.to_owned(),
        placed: source.file.placed.clone(),
        also: Vec::new(),
        origin: FileOrigin::Disk,
        mode: source.file.mode,
        vendor: vendor.name,
        accounts,
    })
}

/// Returns where the comments of XML stand.
fn comments(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut ends = memchr::memmem::find_iter(text, b"-->").peekable();
    let mut comments: Vec<std::ops::Range<usize>> = Vec::new();
    for start in memchr::memmem::find_iter(text, b"<!--") {
        if comments.last().is_some_and(|last| last.contains(&start)) {
            continue;
        }
        while ends.next_if(|end| *end < start).is_some() {}
        comments.push(start..ends.peek().copied().unwrap_or(text.len()));
    }
    comments
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
