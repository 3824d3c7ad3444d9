//! The pages of web roots, gone through while the evidence is listed: a panel has ten thousand of them, and
//! only those that bear a mark become sources.

use std::collections::{BTreeMap, BTreeSet};

use super::judge;
use super::place::{self, Place};
use super::read::is_locked;
use super::signature::{self, Signed};
use crate::event::Instant;
use crate::evidence::File;

/// Pages remembered until all were seen; a panel has twenty thousand at most.
const MOST_PAGES: usize = 60_000;
/// Pages that become sources.
const MOST_WANTED: usize = 2_000;
/// Pages that become sources because they are newer than all beside them.
const MOST_NEWER: usize = 200;
/// Bytes of a page that are kept for showing where it begins.
const BEGINNING: usize = 256;
/// Nothing longer is held against a signature, in bytes.
pub(crate) const LONGEST_SIGNED: usize = 4 * 1024 * 1024;
/// A page that is newer than the others beside it by so much was put there later, in seconds.
const LATER_SECONDS: i64 = 7 * 86_400;
/// Pages of a copy that has no times of its own are all new; so many there must be to compare with.
const ENOUGH_PAGES: usize = 10;
/// Modules remembered; FreePBX has a hundred.
const MOST_MODULES: usize = 1_000;
/// No module's name is longer, in bytes.
const LONGEST_NAME: usize = 64;

/// How a page differs from what its module's signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// It has other bytes.
    Changed,
    /// The signature does not know it.
    Unlisted,
}

/// A page that differs from its module's signature.
#[derive(Clone, Debug)]
pub(crate) struct Differing {
    pub(crate) path: String,
    pub(crate) difference: Difference,
    /// The signature's path, and the line that lists the page.
    pub(crate) signature: (String, u32),
}

/// What going through the pages of web roots showed.
#[derive(Debug, Default)]
pub(crate) struct WebCode {
    /// Pages that were looked at.
    pub(crate) looked_at: u64,
    /// Pages that were held against a signature.
    pub(crate) compared: u64,
    /// Pages that differ from one.
    pub(crate) differing: Vec<Differing>,
    /// Pages that are newer than all beside them.
    pub(crate) newer: Vec<String>,
    /// Names of the modules that the pages of FreePBX's panel lie in.
    pub(crate) modules: Vec<String>,
    /// Limits that were reached.
    pub(crate) limits: Vec<String>,
}

/// A page that was met.
struct Page {
    file: File,
    beginning: Vec<u8>,
    digest: Option<[u8; 32]>,
    is_source: bool,
}

/// Everything that was met so far.
#[derive(Default)]
pub(crate) struct Shelf {
    pages: Vec<Page>,
    /// By the folder of the module.
    signatures: BTreeMap<String, (String, Signed)>,
    looked_at: u64,
    beyond: u64,
    wanted: usize,
    left_out: u64,
    modules: BTreeSet<String>,
}

/// A page that becomes a source after all were seen.
pub(crate) struct Late {
    pub(crate) file: File,
    pub(crate) beginning: Vec<u8>,
    pub(crate) digest: Option<[u8; 32]>,
}

impl Shelf {
    /// Returns whether a page's digest is wanted: it lies in a module, which may be signed.
    pub(crate) fn wants_digest(file: &File) -> bool {
        file.placed.contains("/modules/") && file.bytes <= LONGEST_SIGNED as u64
    }

    /// Takes a signature.
    pub(crate) fn signature(&mut self, file: &File, text: &[u8]) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(signed) = signature::read(text) {
            self.signatures.insert(folder.to_owned(), (file.path.clone(), signed));
        }
    }

    /// Returns the files of the pages.
    pub(crate) fn files_mut(&mut self) -> impl Iterator<Item = &mut File> {
        self.pages.iter_mut().map(|page| &mut page.file)
    }

    /// Takes a page and says whether it becomes a source at once.
    pub(crate) fn page(&mut self, file: &File, head: &[u8], digest: Option<[u8; 32]>) -> bool {
        self.looked_at += 1;
        let path = place::on_disk(&file.placed);
        if let Some(module) = module_of(&path).filter(|_| self.modules.len() < MOST_MODULES)
            && !self.modules.contains(module)
        {
            self.modules.insert(module.to_owned());
        }
        let is_marked = judge::is_marked(&path, Place::Page, head) || is_locked(file);
        let is_source = is_marked && self.wanted < MOST_WANTED;
        self.wanted += usize::from(is_source);
        self.left_out += u64::from(is_marked && !is_source);
        if self.pages.len() < MOST_PAGES {
            let beginning = head.get(..BEGINNING).unwrap_or(head).to_vec();
            self.pages.push(Page { file: file.clone(), beginning, digest, is_source });
        } else {
            self.beyond += 1;
        }
        is_source
    }

    /// Returns the pages that become sources now that all were seen, and what was found.
    pub(crate) fn settle(&mut self) -> (Vec<Late>, WebCode) {
        let mut found = WebCode { looked_at: self.looked_at, ..WebCode::default() };
        for page in &self.pages {
            self.compare(page, &mut found);
        }
        found.newer = self.newer();
        found.modules = std::mem::take(&mut self.modules).into_iter().collect();
        let mut wanted: Vec<&str> = found.differing.iter().map(|differing| differing.path.as_str()).collect();
        wanted.extend(found.newer.iter().map(String::as_str));
        wanted.sort_unstable();
        let mut late = Vec::new();
        for page in std::mem::take(&mut self.pages) {
            if page.is_source || wanted.binary_search(&page.file.path.as_str()).is_err() {
                continue;
            }
            if self.wanted == MOST_WANTED {
                self.left_out += 1;
                continue;
            }
            self.wanted += 1;
            late.push(Late { file: page.file, beginning: page.beginning, digest: page.digest });
        }
        if self.beyond > 0 {
            found.limits.push(format!(
                "{} pages of web roots beyond the first {MOST_PAGES} were not held against their modules' signatures",
                self.beyond
            ));
        }
        if self.left_out > 0 {
            found.limits.push(format!(
                "more than {MOST_WANTED} pages of web roots bear a mark: {} of them are not shown",
                self.left_out
            ));
        }
        (late, found)
    }

    fn compare(&self, page: &Page, found: &mut WebCode) {
        let Some(digest) = page.digest else { return };
        let path = page.file.path.as_str();
        let folders = path.match_indices('/').map(|(at, _)| at);
        let signed = folders.rev().find_map(|at| {
            let (signature, signed) = self.signatures.get(path.get(..at)?)?;
            Some((signature, signed, path.get(at + 1..)?))
        });
        let Some((signature, signed, inner)) = signed else { return };
        found.compared += 1;
        let difference = match signed.get(inner) {
            Some((known, _)) if *known == digest => return,
            Some((_, line)) => (Difference::Changed, *line),
            None => (Difference::Unlisted, 0),
        };
        found.differing.push(Differing {
            path: path.to_owned(),
            difference: difference.0,
            signature: (signature.clone(), difference.1),
        });
    }

    /// Returns the pages that are newer than all others in their folder by far, if the copy kept times.
    fn newer(&self) -> Vec<String> {
        let mut folders: BTreeMap<&str, Vec<(Instant, &str)>> = BTreeMap::new();
        for page in &self.pages {
            let path = page.file.path.as_str();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if let Some(at) = page.file.modified {
                folders.entry(folder).or_default().push((at, path));
            }
        }
        if self.pages.len() < ENOUGH_PAGES {
            return Vec::new();
        }
        let mut newer = Vec::new();
        for pages in folders.values_mut() {
            pages.sort_unstable();
            if let [.., (before, _), (last, path)] = pages.as_slice()
                && last.seconds_since(*before) >= LATER_SECONDS
                && newer.len() < MOST_NEWER
            {
                newer.push((*path).to_owned());
            }
        }
        newer
    }
}

/// Returns the module of FreePBX's panel that a page lies in; folders that begin with `_` are no modules'.
fn module_of(path: &str) -> Option<&str> {
    let (_, inner) = path.split_once("/admin/modules/")?;
    let (module, _) = inner.split_once('/')?;
    (!module.starts_with(['_', '.']) && module.len() <= LONGEST_NAME).then_some(module)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, day: i64) -> File {
        File { modified: Some(Instant::from_seconds(day * 86_400)), ..File::of_test(path, None) }
    }

    #[test]
    fn pages_are_held_against_their_modules_signature() {
        let mut shelf = Shelf::default();
        let digest = [0x2d; 32];
        let hex = "2d".repeat(32);
        let folder = "var/www/html/admin/modules/core";
        shelf.signature(
            &file(&format!("{folder}/module.sig"), 1),
            format!("[hashes]\na.php = {hex}\nb/c.php = {hex}\n").as_bytes(),
        );
        for (name, digest) in [("a.php", digest), ("b/c.php", [1; 32]), ("d.php", digest)] {
            shelf.page(&file(&format!("{folder}/{name}"), 1), b"<?php", Some(digest));
        }
        let (late, found) = shelf.settle();
        assert_eq!(found.compared, 3);
        let differing: Vec<_> = found
            .differing
            .iter()
            .map(|it| (it.path.rsplit('/').next().unwrap_or(""), it.difference))
            .collect();
        assert_eq!(differing, [("c.php", Difference::Changed), ("d.php", Difference::Unlisted)]);
        assert_eq!(late.len(), 2);
    }

    #[test]
    fn a_page_newer_than_all_beside_it_is_kept() {
        let mut shelf = Shelf::default();
        for number in 0..12 {
            shelf.page(&file(&format!("var/www/html/{number}.php"), 100), b"<?php", None);
        }
        shelf.page(&file("var/www/html/x.php", 200), b"<?php", None);
        let (late, found) = shelf.settle();
        assert_eq!(found.newer, ["var/www/html/x.php"]);
        assert_eq!(late.len(), 1);
    }
}
