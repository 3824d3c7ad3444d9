//! Links inside archives, and whether what they point to is there too.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::INSIDE;
use super::names::relative_target;
use super::streamed::Place;
use crate::evidence::gather::Gather;
use crate::evidence::walk::rerooted;
use crate::evidence::{Evidence, Link};

/// Links of one file of the evidence that are kept.
const MOST_LINKS: usize = 100_000;
/// The longest text of a link; Linux has none longer.
const LONGEST_TARGET: usize = 4_096;

/// The names in all archives inside one file, and the links, whose targets may come later than they.
#[derive(Debug, Default)]
pub(in crate::evidence) struct Names {
    /// Hashes alone: a million names would fill memory.
    seen: HashSet<u64>,
    hasher: RandomState,
    links: Vec<(Link, Place)>,
    lost: u64,
}

impl Names {
    /// Takes in the name of a member, and the folders that it implies.
    pub(super) fn add(&mut self, archive: &Place, name: &str) {
        let mut end = name.len();
        while let Some(path) = name.get(..end).filter(|path| !path.is_empty()) {
            if !self.seen.insert(self.hasher.hash_one((&archive.path, path))) {
                return;
            }
            end = path.rfind('/').unwrap_or(0);
        }
    }

    fn has(&self, archive: &Place, path: &Path) -> bool {
        let path = path.to_string_lossy();
        self.seen.contains(&self.hasher.hash_one((&archive.path, path.as_ref())))
    }

    /// Takes in a link. A hard link is told from the top of the archive: it is another name of a member.
    pub(super) fn add_link(&mut self, archive: &Place, name: &str, target: &[u8], is_hard: bool) {
        self.add(archive, name);
        if self.links.len() >= MOST_LINKS {
            self.lost += 1;
            return;
        }
        let target = String::from_utf8_lossy(target.get(..LONGEST_TARGET).unwrap_or(target));
        let target = target.replace('\0', "\u{fffd}");
        let target = if is_hard { relative_target(name, target.trim_start_matches("./")) } else { target };
        let place = archive.of_member(name);
        let link = Link { path: place.path, target, inside: false, placed: place.placed, on_disk: None };
        self.links.push((link, archive.clone()));
    }

    /// Returns whether a link points to a member. The tar of a disk may hold it in a folder (`[root]`), so
    /// an absolute target may begin at any folder above the link.
    fn reaches(&self, link: &Link, archive: &Place) -> bool {
        let name = link.path.get(archive.path.len() + INSIDE.len()..).unwrap_or_default();
        let (name, target) = (Path::new(name), Path::new(&link.target));
        let Some(path) = rerooted(name, target) else { return false };
        if !target.is_absolute() {
            return self.has(archive, &path);
        }
        name.ancestors().skip(1).any(|root| self.has(archive, &PathBuf::from(root).join(&path)))
    }
}

/// Hands the links met in the file at hand to the evidence, and forgets its names.
pub(in crate::evidence) fn settle_links(gather: &mut Gather<'_>) {
    let mut names = std::mem::take(&mut gather.names);
    let links = std::mem::take(&mut names.links);
    if names.lost > 0
        && let Some((_, archive)) = links.first()
    {
        let why = format!("{} more links than {MOST_LINKS}: not listed", names.lost);
        gather.trouble(&archive.path, None, why);
    }
    let mut settled: Vec<Link> = links
        .into_iter()
        .map(|(link, archive)| Link { inside: names.reaches(&link, &archive), ..link })
        .collect();
    settled.sort();
    let evidence: &mut Evidence = gather.evidence;
    evidence.links.extend(settled);
}
