//! Goes through what was preserved: is everything there, is it as it was, and is nothing there besides?
//!
//! What an intruder who holds the folder can do is change a file *and* its line in the manifest *and* the log of
//! custody after it. Only a fingerprint that lies elsewhere, on the signed form or in a time stamp, tells that.

mod case;
mod drift;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::custody::{self, Action, Entry};
use super::manifest::{self, Hash, hex};
use super::{COPIES, CUSTODY, FORM, MANIFEST, PreserveError, REQUEST, content, timestamp};
use crate::case::Progress;
use crate::evidence::open_regular;
use crate::report::manifest as case_manifest;
use drift::AsCopied;

/// Problems listed; the rest is counted.
const MOST_LISTED: usize = 200;
/// No line of a manifest is longer.
const LONGEST_LINE: u64 = 64 * 1024;
/// No time stamp is larger.
const LARGEST_STAMP: u64 = 1024 * 1024;

/// What a check found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files whose bytes are as they were.
    pub files: u64,
    /// Links that are as they were.
    pub links: u64,
    /// What does not hold; the first of it.
    pub problems: Vec<String>,
    /// How much does not hold.
    pub problems_count: u64,
    /// What is no fault and worth knowing.
    pub notes: Vec<String>,
    /// SHA-256 of the manifest as it is now.
    pub fingerprint: String,
    /// Was the fingerprint held against one from elsewhere?
    pub compared: bool,
}

impl Verified {
    /// Does everything hold?
    pub fn holds(&self) -> bool {
        self.problems_count == 0
    }

    fn problem(&mut self, problem: String) {
        self.problems_count += 1;
        if self.problems.len() < MOST_LISTED {
            self.problems.push(problem);
        }
    }
}

/// What an item has to be.
enum Expected {
    File(Hash),
    Link(PathBuf),
}

/// Goes through a folder that [`super::preserve()`] or `run -o` wrote; `expected` is the manifest's SHA-256 as it was
/// written down elsewhere.
pub fn verify(
    folder: &Path,
    expected: Option<&str>,
    progress: &dyn Progress,
) -> Result<Verified, PreserveError> {
    let mut verified = Verified::default();
    // Either of the two tells what it is: who took one away wants the rest not looked at.
    if [MANIFEST, CUSTODY].iter().any(|name| fs::symlink_metadata(folder.join(name)).is_ok()) {
        preserved(folder, &mut verified, progress)?;
    } else if let Some(files) = case_manifest::files(folder) {
        case::case(folder, files, &mut verified)?;
    } else {
        return Err(PreserveError::Foreign(folder.to_string_lossy().into_owned()));
    }
    if let Some(expected) = expected {
        verified.compared = true;
        if !expected.eq_ignore_ascii_case(&verified.fingerprint) {
            verified.problem("the manifest is not the one whose SHA-256 was given".to_owned());
        }
    }
    Ok(verified)
}

fn preserved(folder: &Path, verified: &mut Verified, progress: &dyn Progress) -> Result<(), PreserveError> {
    let log = follow_custody(folder, verified);
    let mut listed = read_manifest(folder, verified)?;
    compare_order(&log, &listed, verified);
    progress.begin(log.bytes);
    if let Some((hash, name)) = listed.pop().filter(|(_, name)| name == CUSTODY) {
        hold_against(folder, &name, &Expected::File(hash), verified, progress);
    } else {
        verified.problem(format!("{MANIFEST} does not end with {CUSTODY}: it was cut short or changed"));
    }
    let mut expected: BTreeMap<String, Expected> =
        listed.into_iter().map(|(hash, name)| (name, Expected::File(hash))).collect();
    expected.extend(log.links.into_iter().map(|(name, target)| (name, Expected::Link(target))));
    for (name, is_like) in &expected {
        hold_against(folder, name, is_like, verified, progress);
    }
    drift::compare(folder, &log.as_copied, log.ended, verified);
    if fs::symlink_metadata(folder.join(COPIES)).is_ok_and(|found| found.is_dir()) {
        unlisted(folder, Path::new(COPIES), &expected)
            .iter()
            .for_each(|found| verified.problem(found.told()));
    } else {
        verified.problem(format!("{COPIES} is no folder: what it leads to lies elsewhere"));
    }
    beside(folder, verified);
    progress.end();
    Ok(())
}

/// What the log of custody says was copied.
#[derive(Default)]
struct Log {
    files: Vec<(Hash, String)>,
    as_copied: Vec<AsCopied>,
    links: Vec<(String, PathBuf)>,
    bytes: u64,
    is_finished: bool,
    /// When the copying ended, in seconds since 1970.
    ended: Option<i64>,
}

fn follow_custody(folder: &Path, verified: &mut Verified) -> Log {
    let path = folder.join(CUSTODY);
    let mut log = Log::default();
    let mut problems = Vec::new();
    let mut take = |entry: Entry| match entry.action {
        Action::Copied { copy, facts, .. } => {
            log.bytes = log.bytes.saturating_add(facts.bytes);
            log.as_copied.push(AsCopied::new(&copy, &facts));
            log.files.push((facts.sha256, copy));
        }
        Action::Link { copy, target, target_bytes, .. } => {
            let bytes = target_bytes.as_deref().and_then(manifest::bytes_of);
            log.links
                .push((copy, bytes.map_or_else(|| target.into(), |bytes| OsString::from_vec(bytes).into())));
        }
        Action::Finished { .. } => {
            log.is_finished = true;
            log.ended = chrono::DateTime::parse_from_rfc3339(&entry.at).ok().map(|at| at.timestamp());
        }
        Action::Begun { .. } | Action::NotCopied { .. } => {}
    };
    if let Err(cause) = custody::read(&path, &mut take, &mut |problem| problems.push(problem)) {
        problems.push(format!("cannot be read: {cause}"));
    }
    problems.into_iter().for_each(|problem| verified.problem(format!("{CUSTODY}: {problem}")));
    if !log.is_finished {
        verified.problem(format!("{CUSTODY} has no end: the copying was broken off, or its end was cut off"));
    }
    log
}

fn read_manifest(folder: &Path, verified: &mut Verified) -> Result<Vec<(Hash, String)>, PreserveError> {
    let path = folder.join(MANIFEST);
    let unreadable = |cause| PreserveError::unreadable(&path, cause);
    let file = match open_regular(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            verified.problem(format!("{MANIFEST} is missing"));
            return Ok(Vec::new());
        }
        other => other.map_err(unreadable)?,
    };
    let mut file = BufReader::new(file);
    let mut hash = Sha256::new();
    let mut listed = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        hash.update(&line);
        let text = std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix('\n'));
        match text.and_then(manifest::line) {
            Some((hash, name)) if is_below(name) => listed.push((hash, name.to_owned())),
            _ => verified.problem(format!("{MANIFEST}: line {number} is none that was written")),
        }
    }
    verified.fingerprint = hex(&hash.finalize());
    Ok(listed)
}

/// Returns whether a name leads to a place below the folder and nowhere else.
fn is_below(name: &str) -> bool {
    name == CUSTODY
        || name
            .strip_prefix(COPIES)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

/// The manifest and the log were written in one go and have to tell the same.
fn compare_order(log: &Log, listed: &[(Hash, String)], verified: &mut Verified) {
    let copied = listed.iter().filter(|(_, name)| name != CUSTODY);
    let mut pairs = log.files.iter().zip(copied.clone());
    if let Some(((_, in_log), (_, in_manifest))) = pairs.find(|(one, other)| one != other) {
        verified.problem(format!(
            "{CUSTODY} and {MANIFEST} differ, first at {in_log} and {in_manifest}: one of them was changed or put in another order"
        ));
    } else if log.files.len() != copied.count() {
        verified.problem(format!(
            "{CUSTODY} tells of {} copied files and {MANIFEST} of {}",
            log.files.len(),
            listed.iter().filter(|(_, name)| name != CUSTODY).count()
        ));
    }
}

fn hold_against(
    folder: &Path,
    name: &str,
    expected: &Expected,
    verified: &mut Verified,
    progress: &dyn Progress,
) {
    let path = folder.join(name);
    let metadata = fs::symlink_metadata(&path);
    match (expected, metadata) {
        (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            verified.problem(format!("{name} is missing"));
        }
        (_, Err(error)) => verified.problem(format!("{name} cannot be looked at: {error}")),
        (Expected::Link(target), Ok(_)) => match fs::read_link(&path) {
            Ok(found) if found == *target => verified.links += 1,
            Ok(_) => verified.problem(format!("{name} is a link to another place than it was")),
            Err(_) => verified.problem(format!("{name} is no link any more")),
        },
        (Expected::File(hash), Ok(metadata)) => {
            let found = open_regular(&path).and_then(|file| content::hash_of(&file));
            progress.advance(name, metadata.len());
            match found {
                Ok(found) if found == *hash => verified.files += 1,
                Ok(_) => verified.problem(format!("{name} has changed: its SHA-256 is another")),
                Err(error) => verified.problem(format!("{name} cannot be read: {error}")),
            }
        }
    }
}

/// What lies in a folder and is in no list.
struct Unlisted {
    /// Its path below the folder.
    name: String,
    kind: Added,
}

/// What was added.
#[derive(Clone, Copy)]
enum Added {
    Item,
    Folder,
    /// A folder that cannot be looked into.
    Closed,
}

impl Unlisted {
    fn told(&self) -> String {
        let name = &self.name;
        match self.kind {
            Added::Item => format!("{name} was added: it is in no list"),
            Added::Folder => format!("{name} was added: a folder that nothing was put into"),
            Added::Closed => format!("{name} cannot be listed"),
        }
    }
}

/// Returns what lies below a place and was not put there; no link is followed.
fn unlisted(folder: &Path, below: &Path, expected: &BTreeMap<String, Expected>) -> Vec<Unlisted> {
    let folders: BTreeSet<&Path> =
        expected.keys().flat_map(|name| Path::new(name).ancestors().skip(1)).collect();
    let mut unlisted = Vec::new();
    let mut waiting = vec![below.to_owned()];
    while let Some(place) = waiting.pop() {
        let Ok(listing) = fs::read_dir(folder.join(&place)) else {
            unlisted.push(Unlisted { name: place.to_string_lossy().into_owned(), kind: Added::Closed });
            continue;
        };
        let mut names: Vec<_> = listing.flatten().map(|entry| place.join(entry.file_name())).collect();
        names.sort();
        for path in names {
            let name = path.to_string_lossy().into_owned();
            if fs::symlink_metadata(folder.join(&path)).is_ok_and(|found| found.is_dir()) {
                if !folders.contains(path.as_path()) {
                    unlisted.push(Unlisted { name, kind: Added::Folder });
                }
                waiting.push(path);
            } else if !expected.contains_key(&name) {
                unlisted.push(Unlisted { name, kind: Added::Item });
            }
        }
    }
    unlisted
}

/// Looks at what lies beside the copies: the request, the answer of an authority, and papers.
fn beside(folder: &Path, verified: &mut Verified) {
    let digest = manifest::from_hex(&verified.fingerprint).unwrap_or_default();
    let request = read_stamp(&folder.join(REQUEST));
    if request.as_deref() != Some(timestamp::request(&digest).as_slice()) {
        verified.problem(format!("{REQUEST} does not speak of this manifest, or is missing"));
    }
    hold_form(folder, verified);
    let Ok(listing) = fs::read_dir(folder) else { return };
    let mut names: Vec<String> =
        listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names {
        if name.ends_with(".tsr") {
            let answer = read_stamp(&folder.join(&name)).unwrap_or_default();
            if timestamp::speaks_of(&answer, &digest) {
                verified.notes.push(format!(
                    "{name} speaks of this manifest; whether its signature holds: openssl ts -verify -queryfile {REQUEST} -in {name} -CAfile AUTHORITY.pem"
                ));
            } else {
                verified.problem(format!("{name} is no time stamp of this manifest"));
            }
        } else if ![COPIES, CUSTODY, MANIFEST, FORM, REQUEST].contains(&name.as_str()) {
            verified.notes.push(format!("{name} lies beside the copies and is in no list"));
        }
    }
}

/// Looks whether the form of custody names this manifest. People fill it in, so that the rest of it may be anything;
/// once it is signed it may lie elsewhere.
fn hold_form(folder: &Path, verified: &mut Verified) {
    let Some(form) = read_stamp(&folder.join(FORM)) else {
        verified
            .notes
            .push(format!("{FORM} is missing: the signed one has to name the SHA-256 of the manifest"));
        return;
    };
    let form = String::from_utf8_lossy(&form);
    let lines = form.lines().filter(|line| line.contains("manifest"));
    let words = lines.flat_map(|line| line.split(|character: char| !character.is_ascii_hexdigit()));
    let mut named = words.filter(|word| word.len() == 64).peekable();
    let is_named = named.peek().is_some();
    if !is_named || named.any(|word| !word.eq_ignore_ascii_case(&verified.fingerprint)) {
        verified.problem(format!("{FORM} does not name the SHA-256 of this manifest, or names another"));
    }
}

fn read_stamp(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path).ok()?.take(LARGEST_STAMP).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
