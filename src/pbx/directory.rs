//! Configuration files by directory, and which directory is the live one.
//!
//! A disk may hold several: `/etc/asterisk`, a backup below the web root, a chroot. Only one decides
//! accounts. Includes are looked up among the files found, never on the machine this runs on.

use std::collections::BTreeMap;
use std::io;

use super::recognise::is_known_name;
use crate::event::SourceId;
use crate::evidence::{Evidence, Kind, Source, ends_with_path};

/// No configuration file is longer; the largest generated dialplans have a few million bytes.
const LONGEST_FILE: usize = 16 * 1024 * 1024;
/// Links that lead to links.
const MOST_LINKS: usize = 8;
const HOME: &str = "etc/asterisk";

/// The live configuration directory, and every configuration file that an include may reach.
pub(super) struct Directory<'a> {
    evidence: &'a Evidence,
    base: String,
    files: BTreeMap<String, &'a Source>,
}

/// A file's bytes.
pub(super) struct Read {
    /// Its source.
    pub(super) source: SourceId,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// Is it longer than what was read?
    pub(super) is_cut: bool,
}

impl<'a> Directory<'a> {
    /// Finds the live directory; `None` where there is no configuration at all.
    ///
    /// Copies count too: of two files with the same bytes, the one in the live directory must be read
    /// even where the other was found first.
    pub(super) fn find(evidence: &'a Evidence) -> Option<Self> {
        let configurations = evidence.sources.iter().filter(|source| source.kind == Kind::Configuration);
        let files: BTreeMap<String, &Source> =
            configurations.map(|source| (source.file.path.clone(), source)).collect();
        let mut directories: BTreeMap<&str, usize> = BTreeMap::new();
        // FreePBX links much of `/etc/asterisk` into its modules below the web root.
        let links = evidence.links.iter().map(|link| link.path.as_str());
        for path in files.keys().map(String::as_str).chain(links.filter(|path| is_known_name(split(path).1)))
        {
            let (parent, name) = split(path);
            *directories.entry(parent).or_default() += usize::from(is_known_name(name));
        }
        let base = directories
            .keys()
            .filter(|path| ends_with_path(path, HOME))
            .min_by_key(|path| (path.len(), **path))
            .or_else(|| {
                let most = directories.iter().max_by_key(|(path, known)| {
                    (**known, std::cmp::Reverse(path.len()), std::cmp::Reverse(**path))
                });
                most.map(|(path, _)| path)
            })?;
        let mut directory = Directory { evidence, base: (*base).to_owned(), files };
        directory.add_links();
        Some(directory)
    }

    /// Makes files reachable by the links that point to them.
    fn add_links(&mut self) {
        let links: BTreeMap<&str, &str> =
            self.evidence.links.iter().map(|link| (link.path.as_str(), link.target.as_str())).collect();
        let reached = links.keys().filter_map(|link| {
            let mut path = (*link).to_owned();
            for _ in 0..MOST_LINKS {
                let Some(target) = links.get(path.as_str()) else { break };
                path = match target.starts_with('/') {
                    true => self.rooted(target)?,
                    false => normal(&format!("{}/{target}", split(&path).0))?,
                };
            }
            Some(((*link).to_owned(), *self.files.get(&path)?))
        });
        let reached: Vec<(String, &Source)> = reached.collect();
        for (link, source) in reached {
            self.files.entry(link).or_insert(source);
        }
    }

    /// Returns the path of a file in the directory.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.base.is_empty() { name.to_owned() } else { format!("{}/{name}", self.base) }
    }

    /// Returns whether a path was found.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Returns the source at a path.
    pub(super) fn source(&self, path: &str) -> Option<SourceId> {
        self.files.get(path).map(|source| source.id)
    }

    /// Returns the files that lie directly in the directory.
    pub(super) fn own_files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| split(path).0 == self.base)
    }

    /// Reads a file.
    pub(super) fn read(&self, path: &str) -> io::Result<Read> {
        let source = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = self.evidence.read_small(source, LONGEST_FILE + 1)?;
        let is_cut = bytes.len() > LONGEST_FILE;
        bytes.truncate(LONGEST_FILE);
        Ok(Read { source: source.id, bytes, is_cut })
    }

    /// Returns the files that an include names, in order: a name, or a pattern.
    pub(super) fn resolve(&self, name: &str) -> Vec<String> {
        let Some(pattern) = self.rooted(name) else { return Vec::new() };
        if self.has(&pattern) {
            return vec![pattern];
        }
        // The folder may have a wildcard's signs in its own name: collectors call it `[root]`.
        let (folder, wild) = pattern.split_at(self.literal(&pattern));
        let Some(fixed) = wild.find(['*', '?', '[']) else { return Vec::new() };
        let fixed = format!("{folder}{}", wild.get(..fixed).unwrap_or_default());
        let matching = self.files.range(fixed.clone()..).map(|(path, _)| path.as_str());
        let matching = matching.take_while(|path| path.starts_with(&fixed));
        let is_match = |path: &&str| {
            path.strip_prefix(folder).is_some_and(|rest| matches(wild.as_bytes(), rest.as_bytes()))
        };
        matching.filter(is_match).map(str::to_owned).collect()
    }

    /// Returns how much of a path is the folder that was found, which is no pattern.
    fn literal(&self, path: &str) -> usize {
        let root = self.base.strip_suffix(HOME).unwrap_or(&self.base);
        let folders = [self.base.as_str(), root].into_iter();
        folders.filter(|folder| path.starts_with(folder)).map(str::len).max().unwrap_or(0)
    }

    /// Returns whether a file is there that holds nothing, which is why it is no source.
    pub(super) fn is_known_empty(&self, name: &str) -> bool {
        let Some(path) = self.rooted(name) else { return false };
        self.evidence.unrecognised.iter().any(|unread| unread.path == path && unread.bytes == Some(0))
    }

    /// Turns the name in an include into a path of the evidence.
    fn rooted(&self, name: &str) -> Option<String> {
        let Some(absolute) = name.strip_prefix('/') else { return normal(&self.path_of(name)) };
        let root = self.base.strip_suffix(HOME);
        match (absolute.strip_prefix(HOME).and_then(|rest| rest.strip_prefix('/')), root) {
            (Some(rest), _) => normal(&self.path_of(rest)),
            (None, Some(root)) => normal(&format!("{root}{absolute}")),
            (None, None) => None,
        }
    }
}

/// Splits a path into folder and name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Takes `.` and `..` out of a path; `None` where it would leave the evidence.
fn normal(path: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            // An archive is a root of its own.
            ".." => {
                kept.pop().filter(|left| !left.ends_with('!'))?;
            }
            part => kept.push(part),
        }
    }
    Some(kept.join("/"))
}

/// Matches a path against a pattern as `glob(3)` does: no wildcard stands for a slash.
pub(crate) fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(at), path.get(seen)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                retry = Some((at + 1, seen));
                at += 1;
                continue;
            }
            (Some(b'?'), Some(byte)) if *byte != b'/' => Some(at + 1),
            (Some(b'['), Some(byte)) if *byte != b'/' => one_of(pattern, at, *byte),
            (Some(wanted), Some(byte)) if wanted == byte => Some(at + 1),
            _ => None,
        };
        match (step, retry) {
            (Some(next), _) => {
                at = next;
                seen += 1;
            }
            (None, Some((after_star, from))) if path.get(from).is_some_and(|byte| *byte != b'/') => {
                retry = Some((after_star, from + 1));
                at = after_star;
                seen = from + 1;
            }
            _ => return false,
        }
    }
}

/// Matches one byte against the `[...]` that begins at `at`; returns where the pattern goes on.
fn one_of(pattern: &[u8], at: usize, byte: u8) -> Option<usize> {
    let inner = pattern.get(at + 1..)?;
    let negated = matches!(inner.first(), Some(b'!' | b'^'));
    let skipped = usize::from(negated);
    let length = inner.iter().skip(skipped + 1).position(|&held| held == b']')? + 1;
    let set = inner.get(skipped..skipped + length)?;
    let ranged =
        set.windows(3).any(|range| matches!(range, [low, b'-', high] if (low..=high).contains(&&byte)));
    ((ranged || set.contains(&byte)) != negated).then_some(at + 1 + skipped + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_shell_would() {
        for (pattern, path, wanted) in [
            ("a/*.conf", "a/b.conf", true),
            ("a/*.conf", "a/b/c.conf", false),
            ("a/?.conf", "a/b.conf", true),
            ("a/[a-c].conf", "a/b.conf", true),
            ("a/[!a-c].conf", "a/b.conf", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("[", "[", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn paths_never_leave_the_evidence() {
        assert_eq!(normal("a/../b/./c"), Some("b/c".to_owned()));
        assert_eq!(normal("a/../../b"), None);
        assert_eq!(normal("a.tar!/etc/../b"), Some("a.tar!/b".to_owned()));
        assert_eq!(normal("a.tar!/../etc/passwd"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_pattern_ends(pattern in "[a*?\\[\\]!/-]{0,24}", path in "[a/-]{0,24}") {
            let _ = matches(pattern.as_bytes(), path.as_bytes());
        }
    }
}
