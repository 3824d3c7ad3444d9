//! What collectors make of the files that they copy: Velociraptor and UAC.
//!
//! Velociraptor keeps copies below `uploads/ACCESSOR/` and escapes in their names what a zip of Windows cannot hold, in old
//! versions every slash too; they are shown by the names that they had on the host. UAC keeps them below `[root]/`, and what
//! its commands printed below `live_response/`. What collectors wrote of their own, and nothing here reads, is told for
//! what it is: read are the firewall's rules in force, connections, the phone server's own commands and lists of files.
//!
//! Names are the choice of whoever wrote to the host: what climbs out of its folder when it is decoded stays as it is.

use super::{Kind, Source};
use crate::artifacts::place::is_top_folder;
use crate::readers::{PRINTED_SESSIONS, SESSIONS};

/// Accessors of Velociraptor that read files of Unix.
const ACCESSORS: [&str; 7] = ["auto", "file", "raw_file", "file_links", "ext4", "raw_ext4", "sparse"];
/// Files at the top of a collection of Velociraptor's.
const RECORDS: [&str; 6] = [
    "uploads.json",
    "client_info.json",
    "collection_context.json",
    "requests.json",
    "log.json",
    "metadata.json",
];
/// The longest name that is decoded, in bytes; no path of Linux is longer.
const LONGEST: usize = 4_096;

/// Returns the path that a file of a collection had on the host, behind what stands before it; `None` for any other.
///
/// `path` lies below a root or an archive. The folders of a disk hold no collection: there `uploads` is a web page's.
pub(super) fn decoded(path: &str) -> Option<String> {
    let (before, rest) = split_at_folder(path, "uploads")?;
    let (accessor, name) = rest.split_once('/')?;
    if !ACCESSORS.contains(&accessor) || !name.contains('%') || name.len() > LONGEST {
        return None;
    }
    let plain = percent_decoded(name)?;
    let parts: Vec<&str> = plain.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let is_harmless = !parts.is_empty() && !parts.contains(&"..") && !plain.contains(char::is_control);
    (is_harmless && plain != name).then(|| format!("{before}uploads/{accessor}/{}", parts.join("/")))
}

/// Returns what precedes and what follows a folder that does not lie in one of a disk's.
fn split_at_folder<'p>(path: &'p str, folder: &str) -> Option<(&'p str, &'p str)> {
    let mut at = 0;
    for part in path.split('/') {
        if part == folder {
            return Some((path.get(..at)?, path.get(at + part.len() + 1..)?));
        }
        if is_top_folder(part) {
            return None;
        }
        at += part.len() + 1;
    }
    None
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%');
        let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { after.get(2..)? } else { after };
    }
    String::from_utf8(bytes).ok()
}

/// Why what `last` printed is not read.
pub(super) const PRINTED_TWICE: &str =
    "what a command printed of wtmp or btmp, which is there itself: not read";

/// Takes out what `last` and `lastb` printed of files that are there themselves: each login would be told twice.
pub(super) fn settle(found: &mut Vec<Source>) -> Vec<Source> {
    let has = |word: &str| {
        let name =
            |source: &Source| source.file.path.rsplit('/').next().unwrap_or_default().starts_with(word);
        found.iter().any(|source| source.kind == Kind::Records(SESSIONS) && name(source))
    };
    let (has_logins, has_failures) = (has("wtmp"), has("btmp"));
    let is_of_failures = |source: &Source| {
        let name = source.file.path.rsplit('/').next().unwrap_or_default();
        name.starts_with("lastb") || name.starts_with("btmp")
    };
    let is_twice = |source: &mut Source| {
        let is_printed = source.kind == Kind::Records(PRINTED_SESSIONS);
        is_printed && if is_of_failures(source) { has_failures } else { has_logins }
    };
    found.extract_if(.., is_twice).collect()
}

/// Says what a file is that a collector wrote of its own, and that nothing here reads.
pub(super) fn product(path: &str) -> Option<String> {
    let inner = path.rsplit_once("!/").map_or(path, |(_, inner)| inner);
    let name = inner.rsplit('/').next().unwrap_or_default();
    if let Some((_, rest)) = split_at_folder(inner, "results") {
        let artifact = rest.rsplit_once(".json").filter(|(_, end)| ["", "l", ".index"].contains(end))?.0;
        return Some(format!(
            "what a collector's artifact {} reported: not read; the files that it looked at are, where they were collected",
            crate::untrusted::visible(artifact)
        ));
    }
    if split_at_folder(inner, "live_response").is_some() {
        return Some(
            "what a command printed that a collector ran on the live system: none whose output is read"
                .to_owned(),
        );
    }
    if split_at_folder(inner, "bodyfile").is_some() && name.ends_with(".txt") {
        return Some(
            "a collector's list of the host's files and their times, in a form that is not read; the files that were copied are".to_owned(),
        );
    }
    let is_at_top = !inner.split('/').any(is_top_folder) && inner.matches('/').count() <= 1;
    (is_at_top && (RECORDS.contains(&name) || name == "uac.log"))
        .then(|| "a collector's own record of what it did".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_host() {
        for (path, expected) in [
            ("uploads/auto/%2Fvar%2Flog%2Fasterisk%2Ffull", Some("uploads/auto/var/log/asterisk/full")),
            ("uploads/auto/var/log/full%3A1", Some("uploads/auto/var/log/full:1")),
            (
                "Collection-pbx/uploads/file/%2Fetc/asterisk/sip.conf",
                Some("Collection-pbx/uploads/file/etc/asterisk/sip.conf"),
            ),
            ("uploads/auto/etc/asterisk/sip.conf", None),
            // A web page's folder is no collection, and nothing climbs out of one.
            ("var/www/html/uploads/auto/%2Fetc%2Fasterisk%2Fsip.conf", None),
            ("uploads/auto/%2F..%2F..%2Fetc%2Fpasswd", None),
            ("uploads/auto/a%0Ab", None),
            ("uploads/auto/a%FFb", None),
            ("uploads/auto/100%", None),
            ("uploads/mine/%2Fetc", None),
            ("uploads", None),
        ] {
            assert_eq!(decoded(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn what_a_collector_wrote_is_told_for_what_it_is() {
        for (path, expected) in [
            ("c.zip!/results/Linux.Sys.BashHistory.json", Some("artifact Linux.Sys.BashHistory")),
            ("uac.tar.gz!/live_response/network/ss_-anp.txt", Some("a command")),
            ("bodyfile/bodyfile.txt", Some("list of the host's files")),
            ("c.zip!/uploads.json", Some("own record")),
            ("var/www/html/results/a.json", None),
            ("etc/uac.log", None),
            ("results/a.txt", None),
        ] {
            let told = product(path);
            assert_eq!(told.is_some(), expected.is_some(), "{path}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_decoded(path in "(uploads/|auto/|%2F|%|\\.\\.|[ -~é]|/){0,40}") {
            let told = decoded(&path);
            proptest::prop_assert!(told.is_none_or(|told| !told.split('/').any(|part| part == "..") || path.contains("..")));
            let _ = product(&path);
        }
    }
}
