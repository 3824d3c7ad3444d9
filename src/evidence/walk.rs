//! Every regular file below a root, once, in the order of names.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::{Evidence, File, Link, LinkOnDisk, Reach, Root, Unread, collector, live};
use crate::event::Instant;
use crate::preserve::KnownFacts;

/// Folders in folders; no file system that people keep is deeper.
const DEEPEST: usize = 128;
/// Files and folders looked at below one root.
const MOST_ENTRIES: u64 = 5_000_000;

/// Adds the files below root `index` to `files`, and links and trouble to `evidence`.
pub(super) fn walk(evidence: &mut Evidence, index: usize, prefix: &str, files: &mut Vec<File>) {
    let base = match &evidence.roots[index] {
        Root::Folder(base) => base.clone(),
        Root::File(path) => {
            let path = path.clone();
            return add_single(evidence, index, prefix, &path, files);
        }
        Root::Memory(held) => {
            let held = *held;
            return add_memory(evidence, index, prefix, held, files);
        }
    };
    let name = fs::canonicalize(&base).ok().and_then(|base| base.file_name().map(PathBuf::from));
    let name = name.unwrap_or_default();
    let border = live::Border::of(&base);
    let custody = known_facts(evidence, prefix, &base);
    let seen = BTreeSet::new();
    let mut walk =
        Walk { evidence, index, prefix, base: &base, border, custody, name, files, seen, entries: 0 };
    walk.folder(Path::new(""), 0);
}

fn add_single(evidence: &mut Evidence, index: usize, prefix: &str, path: &Path, files: &mut Vec<File>) {
    let name = path.file_name().unwrap_or(path.as_os_str());
    match fs::symlink_metadata(path) {
        Ok(metadata) => {
            let custody = known_facts(evidence, prefix, path);
            let path = format!("{prefix}{}", name.to_string_lossy());
            let placed = path.trim_start_matches(prefix).to_owned();
            let mut file = file_of(index, path, placed, name.into(), &metadata);
            custody.correct(Path::new(""), &mut file);
            files.push(file);
        }
        Err(error) => evidence.trouble.push(Unread {
            path: format!("{prefix}{}", name.to_string_lossy()),
            bytes: None,
            why: error.to_string(),
        }),
    }
}

fn add_memory(
    evidence: &mut Evidence,
    index: usize,
    prefix: &str,
    held: &'static [super::MemoryFile],
    files: &mut Vec<File>,
) {
    for file in held {
        let path = format!("{prefix}{}", file.path);
        if file.is_link {
            let target = String::from_utf8_lossy(file.bytes).into_owned();
            let placed = file.path.to_owned();
            evidence.links.push(Link { path, target, inside: false, placed, on_disk: None });
        } else {
            files.push(File {
                path,
                bytes: file.bytes.len() as u64,
                modified: None,
                mode: None,
                placed: file.path.to_owned(),
                reach: Reach::Found { root: index, relative: file.path.into(), identity: (0, 0) },
                container: None,
                stored_as: None,
            });
        }
    }
}

fn file_of(root: usize, path: String, placed: String, relative: PathBuf, metadata: &fs::Metadata) -> File {
    File {
        path,
        bytes: metadata.size(),
        modified: Some(Instant::from_seconds(metadata.mtime())),
        mode: Some(metadata.mode() & super::MODE_BITS),
        placed,
        reach: Reach::Found { root, relative, identity: (metadata.dev(), metadata.ino()) },
        container: None,
        stored_as: None,
    }
}

/// Returns what the log of custody tells of the files of a preserved copy, and says where it cannot be relied on.
fn known_facts(evidence: &mut Evidence, prefix: &str, root: &Path) -> KnownFacts {
    KnownFacts::around(root).unwrap_or_else(|why| {
        evidence.trouble.push(Unread { path: format!("{prefix}custody.jsonl"), bytes: None, why });
        KnownFacts::default()
    })
}

struct Walk<'a> {
    evidence: &'a mut Evidence,
    index: usize,
    prefix: &'a str,
    base: &'a Path,
    /// What of it is not walked.
    border: live::Border,
    /// What is known of its files from when they were copied.
    custody: KnownFacts,
    /// The root's own name.
    name: PathBuf,
    files: &'a mut Vec<File>,
    /// Files met under another name (hard links), and folders: each is read once.
    seen: BTreeSet<(u64, u64)>,
    entries: u64,
}

impl Walk<'_> {
    fn folder(&mut self, relative: &Path, depth: usize) {
        if depth > DEEPEST {
            return self.trouble(relative, None, format!("folders nest deeper than {DEEPEST}"));
        }
        let listing = match fs::read_dir(self.base.join(relative)) {
            Ok(listing) => listing,
            Err(error) => return self.trouble(relative, None, format!("cannot be listed: {error}")),
        };
        let mut names = Vec::new();
        for entry in listing {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) => self.trouble(relative, None, format!("cannot be listed to its end: {error}")),
            }
        }
        names.sort();
        for name in names {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                if self.entries == MOST_ENTRIES + 1 {
                    self.trouble(
                        relative,
                        None,
                        format!("more than {MOST_ENTRIES} entries: the rest was not looked at"),
                    );
                }
                return;
            }
            self.entry(&relative.join(name), depth);
        }
    }

    fn entry(&mut self, relative: &Path, depth: usize) {
        let metadata = match fs::symlink_metadata(self.base.join(relative)) {
            Ok(metadata) => metadata,
            Err(error) => return self.trouble(relative, None, error.to_string()),
        };
        let identity = (metadata.dev(), metadata.ino());
        let kind = metadata.file_type();
        if kind.is_symlink() {
            self.link(relative);
        } else if kind.is_dir() {
            if let Some(why) = self.border.left_out(relative, metadata.dev(), self.base) {
                self.trouble(relative, None, why.to_owned());
                let shared = Path::new(live::SHARED_MEMORY);
                if shared.starts_with(relative) && self.base.join(shared).is_dir() {
                    self.entry(shared, depth + 1);
                }
                return;
            }
            if self.seen.insert(identity) {
                self.folder(relative, depth + 1);
            }
        } else if kind.is_file() {
            // One file under several names is told apart by number of links: most have one.
            if metadata.nlink() > 1 && !self.seen.insert(identity) {
                return self.trouble(
                    relative,
                    Some(metadata.size()),
                    "another name of a file listed already".into(),
                );
            }
            let mut file = file_of(
                self.index,
                self.shown(relative),
                self.placed(relative),
                relative.to_owned(),
                &metadata,
            );
            self.custody.correct(relative, &mut file);
            if let Some(decoded) = collector::decoded(&relative.to_string_lossy()) {
                file.stored_as =
                    Some(std::mem::replace(&mut file.path, format!("{}{decoded}", self.prefix)).into());
                file.placed = self.name.join(&decoded).to_string_lossy().into_owned();
            }
            self.files.push(file);
        } else {
            self.trouble(relative, None, "a device, fifo or socket: never opened".into());
        }
    }

    fn link(&mut self, relative: &Path) {
        let Ok(target) = fs::read_link(self.base.join(relative)) else {
            return self.trouble(relative, None, "a link that cannot be read".into());
        };
        let inside =
            rerooted(relative, &target).is_some_and(|path| self.base.join(path).symlink_metadata().is_ok());
        let path = self.shown(relative);
        let placed = self.placed(relative);
        let shown = target.to_string_lossy().into_owned();
        let on_disk = LinkOnDisk { path: Path::new(self.prefix).join(relative), target };
        let on_disk = Some(Box::new(on_disk));
        self.evidence.links.push(Link { path, target: shown, inside, placed, on_disk });
    }

    fn shown(&self, relative: &Path) -> String {
        format!("{}{}", self.prefix, relative.to_string_lossy())
    }

    fn placed(&self, relative: &Path) -> String {
        self.name.join(relative).to_string_lossy().into_owned()
    }

    fn trouble(&mut self, relative: &Path, bytes: Option<u64>, why: String) {
        let path = self.shown(relative);
        self.evidence.trouble.push(Unread { path, bytes, why });
    }
}

/// Returns where a link points to below the root, without looking at the disk: an absolute target
/// starts at the root again, and nothing climbs above it.
pub(super) fn rerooted(link: &Path, target: &Path) -> Option<PathBuf> {
    let mut path = if target.is_absolute() { PathBuf::new() } else { link.parent()?.to_owned() };
    for component in target.components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if !path.pop() && !target.is_absolute() => return None,
            _ => {}
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_the_root() {
        let at = |link: &str, target: &str| rerooted(Path::new(link), Path::new(target));
        assert_eq!(at("etc/localtime", "/usr/share/zoneinfo/UTC"), Some("usr/share/zoneinfo/UTC".into()));
        assert_eq!(at("etc/localtime", "../usr/x"), Some("usr/x".into()));
        assert_eq!(at("a", "../../etc/passwd"), None);
        assert_eq!(at("a", "/../../etc/passwd"), Some("etc/passwd".into()));
    }
}
