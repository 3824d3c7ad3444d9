//! A copy of just the evidence, made so that a stranger can check it.
//!
//! [`preserve()`] copies the files that the inquiry reads, as they lie there, archives unopened, and writes
//! beside them:
//!
//! - `manifest.sha256`, as `sha256sum -c` takes it, so that nobody needs this program to check the copy;
//! - `custody.jsonl`, one line an item, each with the fingerprint of the line before it, so that no line can be
//!   changed, taken out or moved without a trace;
//! - `custody-form.md`, filled in where a program can, blank where a person must sign;
//! - `manifest.tsq`, a request for a time stamp (RFC 3161) over the manifest, to be sent from another machine.
//!
//! [`verify()`] goes through it again. Nothing is written under the evidence, no link is followed, and files
//! are told to have changed while they were read.

mod content;
mod copy;
mod custody;
mod error;
mod form;
mod known;
mod manifest;
mod names;
mod timestamp;
mod verify;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::case::Progress;
use crate::evidence::{Evidence, File, Link, Lying, Unread};
use copy::Copied;
use custody::{Action, Custody};
use manifest::Manifest;

pub use error::PreserveError;
pub(crate) use known::KnownFacts;
pub use verify::{Verified, verify};

/// Where the copies lie in the folder.
const COPIES: &str = "evidence";
/// The chained log of what was done.
const CUSTODY: &str = "custody.jsonl";
/// The fingerprints.
const MANIFEST: &str = "manifest.sha256";
/// The form to be signed.
const FORM: &str = "custody-form.md";
/// The request for a time stamp.
const REQUEST: &str = "manifest.tsq";
/// So many of what could not be copied are shown; the log has all.
const MOST_SHOWN: usize = 20;

/// Who preserves, for whom, and when.
pub struct Record<'a> {
    /// `--case-number`.
    pub case_number: Option<&'a str>,
    /// `--examiner`.
    pub examiner: Option<&'a str>,
    /// `--organisation`.
    pub organisation: Option<&'a str>,
    /// The command line.
    pub command: Vec<String>,
    /// Copy every file below the roots, and not only what the inquiry reads.
    pub everything: bool,
    /// Tells the time, RFC 3339 with the zone of this machine.
    pub now: &'a dyn Fn() -> String,
}

/// What was preserved.
#[derive(Debug, Default)]
pub struct Preserved {
    /// Files copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Links kept as links.
    pub links: u64,
    /// How many files were left where they are: nothing in them is evidence of a kind that is known.
    pub left: u64,
    /// What could not be copied whole, and why; the first of them.
    pub troubles: Vec<Unread>,
    /// How many there are.
    pub troubles_count: u64,
    /// SHA-256 of the manifest, which vouches for everything else.
    pub fingerprint: String,
    /// The files written beside the copies.
    pub written: Vec<String>,
}

/// Copies the evidence into `folder`, which must be new or empty.
pub fn preserve(
    evidence: &mut Evidence,
    folder: &Path,
    record: &Record<'_>,
    progress: &dyn Progress,
) -> Result<Preserved, PreserveError> {
    let chosen = Chosen::of(evidence, record.everything);
    let total = chosen.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    make_empty(folder)?;
    let on_disk = chosen.files.iter().map(|file| copy::bytes_on_disk(evidence, file));
    require_room(folder, on_disk.fold(0, u64::saturating_add))?;
    progress.begin(total);
    let mut work = Work::begin(folder, evidence, record)?;
    for file in &chosen.files {
        work.file(evidence, file, progress)?;
    }
    for link in &chosen.links {
        work.link(link)?;
    }
    for unread in &chosen.troubles {
        work.trouble(unread.clone())?;
    }
    let preserved = work.finish(evidence, chosen.left)?;
    progress.end();
    Ok(preserved)
}

/// What is copied.
struct Chosen {
    files: Vec<File>,
    links: Vec<Link>,
    /// What the walk could not open.
    troubles: Vec<Unread>,
    /// Files left where they are.
    left: u64,
}

impl Chosen {
    fn of(evidence: &mut Evidence, everything: bool) -> Self {
        let Lying { files, links, trouble } = evidence.go_through();
        let count = files.len() as u64;
        let wanted = wanted(evidence);
        let around: BTreeSet<&str> = wanted.iter().map(|path| folder_of(path)).collect();
        // That a file is there and empty may tell as much: a log that was emptied, a list that allows nobody.
        let is_wanted = |file: &File| {
            everything
                || wanted.contains(&file.path)
                || (file.bytes == 0 && around.contains(folder_of(&file.path)))
        };
        let files: Vec<File> = files.into_iter().filter(is_wanted).collect();
        let folders: BTreeSet<&str> = files.iter().map(|file| folder_of(&file.path)).collect();
        // A link's text tells what the disk looked like: the zone is known by one.
        let is_wanted = |link: &Link| {
            everything || folders.contains(folder_of(&link.path)) || link.path.ends_with("etc/localtime")
        };
        let links = links.into_iter().filter(is_wanted).collect();
        let left = count - files.len() as u64;
        Chosen { files, links, troubles: trouble, left }
    }
}

/// Returns the paths of the files that are sources, hold sources, or could not be read through: what this
/// program fails on another may open.
fn wanted(evidence: &Evidence) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let sources = evidence.sources.iter().map(|source| source.file.path.as_str());
    for path in sources.chain(evidence.trouble.iter().map(|unread| unread.path.as_str())) {
        // A folder's name may end in `!`, so every archive that may be meant is taken.
        let around = path.match_indices("!/").filter_map(|(at, _)| path.get(..at));
        wanted.extend(around.map(str::to_owned));
        wanted.insert(path.to_owned());
    }
    wanted
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn make_empty(folder: &Path) -> Result<(), PreserveError> {
    fs::create_dir_all(folder).map_err(|cause| PreserveError::unwritable(folder, cause))?;
    let mut listing = fs::read_dir(folder).map_err(|cause| PreserveError::unwritable(folder, cause))?;
    if listing.next().is_some() {
        return Err(PreserveError::NotEmpty(folder.to_string_lossy().into_owned()));
    }
    Ok(())
}

/// Refuses to begin what cannot be ended: a disk that is full in the middle leaves half of the evidence.
fn require_room(folder: &Path, needed: u64) -> Result<(), PreserveError> {
    let Ok(room) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free < needed {
        let path = folder.to_string_lossy().into_owned();
        return Err(PreserveError::NoRoom { path, needed, free });
    }
    Ok(())
}

/// Copying under way.
struct Work<'a> {
    folder: &'a Path,
    record: &'a Record<'a>,
    custody: Custody,
    manifest: Manifest,
    begun: String,
    done: Preserved,
}

impl<'a> Work<'a> {
    fn begin(folder: &'a Path, evidence: &Evidence, record: &'a Record<'a>) -> Result<Self, PreserveError> {
        let mut custody = Custody::create(&folder.join(CUSTODY))?;
        let manifest = Manifest::create(&folder.join(MANIFEST))?;
        let copies = folder.join(COPIES);
        fs::create_dir(&copies).map_err(|cause| PreserveError::unwritable(&copies, cause))?;
        let begun = (record.now)();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let action = Action::Begun {
            tool: format!("tolltrace {}", env!("CARGO_PKG_VERSION")),
            command: record.command.clone(),
            evidence: evidence.given.clone(),
            machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            case_number: owned(record.case_number),
            examiner: owned(record.examiner),
            organisation: owned(record.organisation),
        };
        custody.add(begun.clone(), action)?;
        Ok(Work { folder, record, custody, manifest, begun, done: Preserved::default() })
    }

    fn file(
        &mut self,
        evidence: &Evidence,
        file: &File,
        progress: &dyn Progress,
    ) -> Result<(), PreserveError> {
        let path = evidence.path_on_disk(file);
        let name = Path::new(COPIES).join(names::copied_name(&path));
        match copy::copy(evidence, file, &self.folder.join(&name), progress) {
            Ok(copied) => self.copied(file, &name, copied),
            Err(copy::Failure::Evidence(cause)) => {
                self.not_copied(file, &name, format!("cannot be read: {cause}"))
            }
            Err(copy::Failure::Place(cause)) => {
                self.not_copied(file, &name, format!("no copy of it can be made there: {cause}"))
            }
            Err(copy::Failure::Copy(cause)) => {
                Err(PreserveError::unwritable(&self.folder.join(&name), cause))
            }
        }
    }

    /// Notes what could not be copied, and takes away the folders that were made for it alone.
    fn not_copied(&mut self, file: &File, name: &Path, why: String) -> Result<(), PreserveError> {
        let folders = name.ancestors().skip(1).take_while(|folder| *folder != Path::new(COPIES));
        for folder in folders {
            // One that holds something stays, and so do those around it.
            if fs::remove_dir(self.folder.join(folder)).is_err() {
                break;
            }
        }
        self.trouble(Unread { path: file.path.clone(), bytes: Some(file.bytes), why })
    }

    fn copied(&mut self, file: &File, name: &Path, copied: Copied) -> Result<(), PreserveError> {
        let name = name.to_string_lossy().into_owned();
        self.manifest.add(&copied.sha256, &name)?;
        self.done.files += 1;
        self.done.bytes += copied.bytes;
        if let Some(note) = &copied.note {
            self.note(Unread { path: file.path.clone(), bytes: Some(copied.bytes), why: note.to_string() });
        }
        let action = Action::Copied { path: file.path.clone(), copy: name, facts: copied };
        self.custody.add((self.record.now)(), action)
    }

    fn link(&mut self, link: &Link) -> Result<(), PreserveError> {
        let (path, target) = match &link.on_disk {
            Some(found) => (found.path.as_path(), found.target.as_path()),
            None => (Path::new(&link.path), Path::new(&link.target)),
        };
        let name = Path::new(COPIES).join(names::copied_name(path));
        let place = self.folder.join(&name);
        // Text alone: a copy of a link leads nowhere that anybody goes.
        let made = copy::make_parent(&place).and_then(|()| std::os::unix::fs::symlink(target, &place));
        if let Err(cause) = made {
            let why = format!("its link cannot be made: {cause}");
            return self.trouble(Unread { path: link.path.clone(), bytes: None, why });
        }
        self.done.links += 1;
        let copy = name.to_string_lossy().into_owned();
        let target_bytes = target.to_str().is_none().then(|| manifest::hex(target.as_os_str().as_bytes()));
        let action =
            Action::Link { path: link.path.clone(), copy, target: link.target.clone(), target_bytes };
        self.custody.add((self.record.now)(), action)
    }

    fn trouble(&mut self, unread: Unread) -> Result<(), PreserveError> {
        let action =
            Action::NotCopied { path: unread.path.clone(), bytes: unread.bytes, why: unread.why.clone() };
        self.note(unread);
        self.custody.add((self.record.now)(), action)
    }

    fn note(&mut self, unread: Unread) {
        self.done.troubles_count += 1;
        if self.done.troubles.len() < MOST_SHOWN {
            self.done.troubles.push(unread);
        }
    }

    fn finish(self, evidence: &Evidence, left: u64) -> Result<Preserved, PreserveError> {
        let Work { folder, record, mut custody, mut manifest, begun, mut done } = self;
        let ended = (record.now)();
        let action = Action::Finished {
            files: done.files,
            bytes: done.bytes,
            links: done.links,
            left,
            not_copied: done.troubles_count,
        };
        custody.add(ended.clone(), action)?;
        manifest.add(&custody.finish()?, CUSTODY)?;
        let fingerprint = manifest.finish()?;
        done.left = left;
        done.fingerprint = manifest::hex(&fingerprint);
        let form = form::filled(&done, evidence, record, [&begun, &ended]);
        for (name, bytes) in [(FORM, form.into_bytes()), (REQUEST, timestamp::request(&fingerprint))] {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(|cause| PreserveError::unwritable(&path, cause))?;
        }
        done.written = [FORM, MANIFEST, CUSTODY, REQUEST].map(str::to_owned).to_vec();
        Ok(done)
    }
}

/// Returns the copies' folder of a preserved folder, to be given as evidence.
pub fn copies(folder: &Path) -> PathBuf {
    folder.join(COPIES)
}
