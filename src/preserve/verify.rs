//! Goes through what was preserved: is everything there, is it as it was, and is nothing there besides?
//!
//! What an intruder who holds the folder can do is change a file *and* its line in the manifest *and* the log of
//! custody after it. Only a fingerprint that lies elsewhere, on the signed form or in a time stamp, tells that.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::custody::{self, Action, Entry};
use super::manifest::{self, Hash, hex};
use super::{COPIES, CUSTODY, FORM, MANIFEST, PreserveError, REQUEST, copy, timestamp};
use crate::case::Progress;
use crate::evidence::open_regular;
use crate::report::manifest as case_manifest;

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
    Link(String),
}

/// Goes through a folder that [`super::preserve()`] or `run -o` wrote; `expected` is the manifest's SHA-256 as it was
/// written down elsewhere.
pub fn verify(
    folder: &Path,
    expected: Option<&str>,
    progress: &dyn Progress,
) -> Result<Verified, PreserveError> {
    let mut verified = Verified::default();
    let path = folder.join(MANIFEST);
    if fs::symlink_metadata(&path).is_ok() {
        preserved(folder, &mut verified, progress)?;
    } else if let Some(files) = case_manifest::files(folder) {
        case(folder, files, &mut verified)?;
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
    added(folder, Path::new(COPIES), &expected, verified);
    beside(folder, verified);
    progress.end();
    Ok(())
}

/// What the log of custody says was copied.
#[derive(Default)]
struct Log {
    files: Vec<(Hash, String)>,
    links: Vec<(String, String)>,
    bytes: u64,
    is_finished: bool,
}

fn follow_custody(folder: &Path, verified: &mut Verified) -> Log {
    let path = folder.join(CUSTODY);
    let mut log = Log::default();
    let mut problems = Vec::new();
    let mut take = |entry: Entry| match entry.action {
        Action::Copied { copy, facts, .. } => {
            log.bytes = log.bytes.saturating_add(facts.bytes);
            log.files.push((facts.sha256, copy));
        }
        Action::Link { copy, target, .. } => log.links.push((copy, target)),
        Action::Finished { .. } => log.is_finished = true,
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
    let mut file = BufReader::new(open_regular(&path).map_err(unreadable)?);
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
    verified.fingerprint = hex(&hash.finalize().into());
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
            Ok(found) if found == Path::new(target) => verified.links += 1,
            Ok(_) => verified.problem(format!("{name} is a link to another place than it was")),
            Err(_) => verified.problem(format!("{name} is no link any more")),
        },
        (Expected::File(hash), Ok(metadata)) => {
            let found = open_regular(&path).and_then(|mut file| copy::hash_of(&mut file));
            progress.advance(name, metadata.len());
            match found {
                Ok(found) if found == *hash => verified.files += 1,
                Ok(_) => verified.problem(format!("{name} has changed: its SHA-256 is another")),
                Err(error) => verified.problem(format!("{name} cannot be read: {error}")),
            }
        }
    }
}

/// Tells what lies among the copies and was not put there.
fn added(folder: &Path, below: &Path, expected: &BTreeMap<String, Expected>, verified: &mut Verified) {
    let mut waiting = vec![below.to_owned()];
    while let Some(place) = waiting.pop() {
        let Ok(listing) = fs::read_dir(folder.join(&place)) else {
            verified.problem(format!("{} cannot be listed", place.to_string_lossy()));
            continue;
        };
        let mut names: Vec<_> = listing.flatten().map(|entry| place.join(entry.file_name())).collect();
        names.sort();
        for name in names {
            let shown = name.to_string_lossy().into_owned();
            if fs::symlink_metadata(folder.join(&name)).is_ok_and(|found| found.is_dir()) {
                waiting.push(name);
            } else if !expected.contains_key(&shown) {
                verified.problem(format!("{shown} was added: it is in no list"));
            }
        }
    }
}

/// Looks at what lies beside the copies: the request, the answer of an authority, and papers.
fn beside(folder: &Path, verified: &mut Verified) {
    let digest = manifest::from_hex(&verified.fingerprint).unwrap_or_default();
    let request = read_stamp(&folder.join(REQUEST));
    if request.as_deref() != Some(timestamp::request(&digest).as_slice()) {
        verified.problem(format!("{REQUEST} does not speak of this manifest, or is missing"));
    }
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

fn read_stamp(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path).ok()?.take(LARGEST_STAMP).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Goes through the folder of a case: its manifest has the fingerprint of each file that was written.
fn case(
    folder: &Path,
    files: Vec<case_manifest::Held>,
    verified: &mut Verified,
) -> Result<(), PreserveError> {
    let path = folder.join(case_manifest::FILE_NAME);
    let unreadable = |cause| PreserveError::unreadable(&path, cause);
    let mut manifest = open_regular(&path).map_err(unreadable)?;
    verified.fingerprint = hex(&copy::hash_of(&mut manifest).map_err(unreadable)?);
    let mut expected = BTreeMap::new();
    for file in files {
        let Some(hash) = manifest::from_hex(&file.sha256) else {
            verified.problem(format!("{}: its SHA-256 in the manifest is none", file.path));
            continue;
        };
        let stays_inside = file.path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !stays_inside || expected.insert(file.path.clone(), Expected::File(hash)).is_some() {
            verified.problem(format!("{}: no path that a case has", file.path));
        }
    }
    for (name, is_like) in &expected {
        hold_against(folder, name, is_like, verified, &Silent);
    }
    let mut found = Verified::default();
    added(folder, Path::new(""), &expected, &mut found);
    let own = format!("{} was added", case_manifest::FILE_NAME);
    // People keep notes in a case; nothing that was written rests on them.
    verified.notes.extend(found.problems.into_iter().filter(|problem| !problem.starts_with(&own)));
    Ok(())
}

/// Nobody watches a few small files.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}
