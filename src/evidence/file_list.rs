//! Lists of the host's files with their sizes, rights and times: the body file of UAC's (`bodyfile/bodyfile.txt`), and
//! what `fls -m` and `mac-robber` print.
//!
//! A line is `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`, times in seconds since 1970 (The Sleuth Kit's
//! body file, version 3). A copy that is carried about comes to bear other times; the list keeps those that the files had.
//! It also names what is on the host and was not collected.
//!
//! Whoever may make a file chooses its name, which may hold a bar or the end of a line: the fields are counted from the
//! line's end, a file that is listed twice is not believed, and one of another size is another file.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};

use super::{Evidence, File, Kind, Source};
use crate::artifacts::{Shelf, place};
use crate::event::Instant;

/// The longest line that is read: a path of Linux has 4,096 bytes.
const LONGEST_LINE: u64 = 8 * 1024;
/// Lists that are read: a collection has one.
const MOST_LISTS: usize = 32;
/// Lines of all lists of one case.
const MOST_LINES: u64 = 20_000_000;
/// The bits of a mode that say who may read, write and run.
const RIGHTS: [(char, u32); 9] = [
    ('r', 0o400),
    ('w', 0o200),
    ('x', 0o100),
    ('r', 0o040),
    ('w', 0o020),
    ('x', 0o010),
    ('r', 0o004),
    ('w', 0o002),
    ('x', 0o001),
];

/// Files of one sort that are on a host by its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// How many.
    pub(crate) files: u64,
    /// Their sizes together.
    pub(crate) bytes: u64,
    /// The names of the first.
    pub(crate) names: Vec<String>,
}

/// What the lists told.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileLists {
    /// By the list's path: how many files got their times of it.
    pub(crate) corrected: BTreeMap<String, u64>,
    /// By the name of the sort: what is on the host.
    pub(crate) listed: BTreeMap<&'static str, Listed>,
}

/// Names of a sort that are kept.
const MOST_NAMES: usize = 3;

/// Sorts of files that an inquiry wants, and where hosts have them.
const SORTS: [(&str, &[&str]); 9] = [
    (
        "the database with the calls and the panel's settings",
        &["/var/lib/mysql/", "/var/lib/pgsql/", "/var/lib/postgresql/"],
    ),
    ("Asterisk's own database and keys", &["/var/lib/asterisk/astdb"]),
    ("FreeSWITCH's databases", &["/var/lib/freeswitch/db/", "/usr/local/freeswitch/db/"]),
    (
        "the phone server's logs and call records",
        &["/var/log/asterisk/", "/var/log/freeswitch/", "/usr/local/freeswitch/log/"],
    ),
    (
        "the phone server's configuration",
        &["/etc/asterisk/", "/etc/freeswitch/", "/etc/kamailio/", "/etc/opensips/"],
    ),
    ("the pages of the web server", &["/var/www/", "/srv/www/", "/usr/share/nginx/html/"]),
    ("the web server's logs", &["/var/log/httpd/", "/var/log/apache2/", "/var/log/nginx/"]),
    ("phone files", &["/tftpboot/", "/srv/tftp/", "/var/lib/tftpboot/"]),
    ("backups of the phone server", &["/var/spool/asterisk/backup/", "/var/backups/fusionpbx/"]),
];

/// Returns the sort of a file by its path on the host.
pub(crate) fn sort_of(path: &str) -> Option<&'static str> {
    let is_of = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    SORTS.iter().find(|(_, folders)| is_of(folders)).map(|(sort, _)| *sort)
}

/// Returns whether a file is such a list, from its path and its first bytes: one that lies on a disk tells of another time.
pub(super) fn is_list(path: &str, head: &[u8]) -> bool {
    if !place::is_off_disk(path) {
        return false;
    }
    let mut lines = head.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let mut fits = || lines.next().map(|line| Entry::of(&String::from_utf8_lossy(line)).is_some());
    // The head may cut its last line.
    fits() == Some(true) && fits() != Some(false)
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'l> {
    path: &'l str,
    /// Its mode, where it is a regular file.
    mode: Option<u32>,
    bytes: u64,
    modified: i64,
}

impl<'l> Entry<'l> {
    fn of(line: &'l str) -> Option<Self> {
        let mut fields = line.trim_end_matches('\r').rsplitn(10, '|');
        let (_created, _changed) = (fields.next()?, fields.next()?);
        let modified = fields.next()?.split('.').next()?.parse().ok()?;
        let _accessed = fields.next()?;
        let bytes = fields.next()?.parse().ok()?;
        let (_group, _user) = (fields.next()?, fields.next()?);
        let mode = fields.next()?;
        let _inode = fields.next()?;
        let (digest, path) = fields.next()?.split_once('|')?;
        let is_digest = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_mode = mode.len() >= 9 && mode.is_ascii();
        (is_digest && is_mode && path.starts_with('/')).then(|| Entry {
            path,
            mode: rights(mode),
            bytes,
            modified,
        })
    }
}

/// Reads `-rwsr-xr-x`, or `r/rrwsr-xr-x`; `None` for what is no regular file.
fn rights(mode: &str) -> Option<u32> {
    let (kind, letters) = mode.split_at_checked(mode.len().checked_sub(9)?)?;
    if !["-", "r/r", "r/-", "-/r"].contains(&kind) {
        return None;
    }
    let special = [(2, 's', 0o4000), (5, 's', 0o2000), (8, 't', 0o1000)];
    let mut bits = 0;
    for (at, letter) in letters.chars().enumerate() {
        let (expected, bit) = *RIGHTS.get(at)?;
        let lower = letter.to_ascii_lowercase();
        let found = special.iter().find(|(place, special, _)| *place == at && lower == *special);
        match (letter, found) {
            ('-', _) => {}
            (_, Some((.., high))) => bits |= high | if letter.is_ascii_lowercase() { bit } else { 0 },
            (letter, None) if letter == expected => bits |= bit,
            _ => return None,
        }
    }
    Some(bits)
}

/// A file of the evidence under its path on the host, and what a list says of it.
#[derive(Default)]
struct Slot<'f> {
    files: Vec<&'f mut File>,
    /// Size, time and mode; the second time a path is listed nothing is believed.
    told: Option<(u64, i64, Option<u32>)>,
    is_twice: bool,
}

/// Gives the files of every collection the times and rights that its list has for them, and sorts what is listed.
pub(super) fn settle(evidence: &Evidence, found: &mut [Source], shelf: &mut Shelf) -> FileLists {
    let is_list = |source: &&Source| source.kind == Kind::FileList;
    let lists: Vec<Source> = found.iter().filter(is_list).cloned().collect();
    let (mut told, mut lines) = (FileLists::default(), 0);
    for list in lists.into_iter().take(MOST_LISTS) {
        let base = base_of(&list.file.placed);
        let mut slots: BTreeMap<String, Slot<'_>> = BTreeMap::new();
        let of_sources = found.iter_mut().filter(|source| source.kind != Kind::Archive);
        for file in of_sources.map(|source| &mut source.file).chain(shelf.files_mut()) {
            if let Some(path) = on_host(&file.placed, base) {
                slots.entry(path).or_default().files.push(file);
            }
        }
        read(evidence, &list, &mut lines, &mut |entry| {
            take(&entry, &mut slots, &mut told.listed);
        });
        let corrected = slots.into_values().map(correct).sum();
        told.corrected.insert(list.file.path.clone(), corrected);
    }
    told
}

/// Returns the folder of a collection that a list lies in.
fn base_of(placed: &str) -> &str {
    let folder = placed.rfind('/').and_then(|at| placed.get(..=at)).unwrap_or_default();
    folder.strip_suffix("bodyfile/").unwrap_or(folder)
}

/// Returns the path on the host of a file that was collected; what lies in an archive of the host is none of its files.
fn on_host(placed: &str, base: &str) -> Option<String> {
    let inner = placed.strip_prefix(base)?;
    match inner.strip_prefix("[root]/") {
        _ if inner.contains("!/") => None,
        Some(path) => Some(format!("/{path}")),
        None => Some(place::on_disk(inner).into_owned()),
    }
}

fn take(
    entry: &Entry<'_>,
    slots: &mut BTreeMap<String, Slot<'_>>,
    listed: &mut BTreeMap<&'static str, Listed>,
) {
    let Some(mode) = entry.mode else { return };
    if let Some(slot) = slots.get_mut(entry.path) {
        slot.is_twice = slot.told.is_some();
        slot.told = Some((entry.bytes, entry.modified, Some(mode)));
    }
    let Some(sort) = sort_of(entry.path).filter(|_| entry.bytes > 0) else { return };
    let of_sort = listed.entry(sort).or_default();
    of_sort.files += 1;
    of_sort.bytes = of_sort.bytes.saturating_add(entry.bytes);
    if of_sort.names.len() < MOST_NAMES {
        of_sort.names.push(entry.path.to_owned());
    }
}

/// Corrects the files of one path; returns how many were.
fn correct(slot: Slot<'_>) -> u64 {
    let Some((bytes, modified, mode)) = slot.told.filter(|_| !slot.is_twice) else { return 0 };
    let mut corrected = 0;
    // A page may be held twice under one name; two files of one path are of two hosts, or of two times.
    let mut names: Vec<&str> = slot.files.iter().map(|file| file.path.as_str()).collect();
    names.dedup();
    if names.len() > 1 {
        return 0;
    }
    for file in slot.files {
        if file.bytes == bytes {
            file.modified = Some(Instant::from_seconds(modified));
            file.mode = mode.or(file.mode);
            corrected = 1;
        }
    }
    corrected
}

/// Goes through a list's lines; one that cannot be read is passed over.
fn read(evidence: &Evidence, list: &Source, lines: &mut u64, take: &mut dyn FnMut(Entry<'_>)) {
    let Ok(handle) = evidence.open(&list.file) else { return };
    let mut text = BufReader::with_capacity(256 * 1024, handle.contents(list.packing));
    let mut line = Vec::new();
    while *lines < MOST_LINES {
        line.clear();
        match (&mut text).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => *lines += 1,
        }
        if let Some(entry) = Entry::of(String::from_utf8_lossy(&line).trim_end_matches('\n')) {
            take(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_from_its_end() {
        for (line, expected) in [
            (
                "0|/etc/asterisk/sip.conf|131|-rw-r-----|995|995|812|1|1763287321|3|4",
                Some(("/etc/asterisk/sip.conf", Some(0o640), 812)),
            ),
            // A name may hold the bar.
            (
                "0|/tmp/a|b|131|-rwsr-xr-t|0|0|5|1|1763287321|3|0",
                Some(("/tmp/a|b", Some(0o4755 | 0o1000), 5)),
            ),
            (
                "0|/var/log/full|7|r/rrw-r--r--|0|0|9|1|1763287321.5|3|0",
                Some(("/var/log/full", Some(0o644), 9)),
            ),
            ("0|/etc|131|drwxr-xr-x|0|0|4096|1|1763287321|3|4", Some(("/etc", None, 4096))),
            ("131|-rw-r-----|995|995|812|1|1763287321|3|4", None),
            ("0|relative|131|-rw-r-----|995|995|812|1|1763287321|3|4", None),
            ("0|/x|131|-rw-r-----|995|995|much|1|1763287321|3|4", None),
        ] {
            let read = Entry::of(line);
            assert!(read.as_ref().is_none_or(|entry| entry.modified == 1_763_287_321), "{line}");
            assert_eq!(read.map(|entry| (entry.path, entry.mode, entry.bytes)), expected, "{line}");
        }
    }

    #[test]
    fn a_collected_file_is_found_by_its_path_on_the_host() {
        let base = base_of("case/uac.tgz!/bodyfile/bodyfile.txt");
        assert_eq!(base, "case/uac.tgz!/");
        for (placed, path) in [
            ("case/uac.tgz!/[root]/data/full", Some("/data/full")),
            ("case/uac.tgz!/rootfs/var/log/full", Some("/var/log/full")),
            ("case/uac.tgz!/[root]/var/spool/b.tgz!/etc/passwd", None),
            ("case/other/etc/passwd", None),
        ] {
            assert_eq!(on_host(placed, base).as_deref(), path, "{placed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(text in "(0\\||/etc/x\\||-rwxr-xr-x\\||[0-9]{1,3}\\||\n|[ -~é]){0,60}") {
            let _ = is_list("bodyfile.txt", text.as_bytes());
            for line in text.lines() {
                let _ = Entry::of(line);
            }
        }
    }
}
