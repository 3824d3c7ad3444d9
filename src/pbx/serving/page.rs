//! A configuration file as text, and the disk that it lies on.

use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source};
use crate::pbx::model::Problem;

/// A page of configuration; generated sites of a panel have a few thousand lines.
const LARGEST: usize = 256 * 1024;
/// Files of this kind read in all.
const MOST_PAGES: usize = 2_000;
/// Links that lead to links.
const MOST_LINKS: usize = 8;

/// One file.
pub(in crate::pbx) struct Page<'e> {
    source: &'e Source,
    /// What paths of its disk begin with, a slash at the end unless it is empty.
    pub(in crate::pbx) disk: String,
    /// Its path from the disk's root: `etc/default/tftpd-hpa`.
    pub(in crate::pbx) name: String,
    /// Names under which links lead to it.
    pub(in crate::pbx) links: Vec<String>,
    /// What it says.
    pub(in crate::pbx) text: String,
}

/// One line that is no comment, blanks around it taken off.
#[derive(Clone, Copy)]
pub(in crate::pbx) struct PageLine<'p> {
    pub(in crate::pbx) text: &'p str,
    number: u32,
    offset: usize,
}

impl<'e> Page<'e> {
    /// Builds one of what a command printed, for the disk of the host that it ran on.
    pub(in crate::pbx) fn of_output(source: &'e Source, disk: String, text: String) -> Self {
        Page { source, disk, name: String::new(), links: Vec::new(), text }
    }

    /// Returns its path with its root's own name before it.
    pub(in crate::pbx) fn placed(&self) -> &str {
        &self.source.file.placed
    }

    /// Returns its path as reports cite it.
    pub(in crate::pbx) fn path(&self) -> &str {
        &self.source.file.path
    }

    /// Goes over the lines that are no comments.
    pub(in crate::pbx) fn lines(&self) -> impl Iterator<Item = PageLine<'_>> {
        let mut offset = 0;
        self.text.split('\n').enumerate().filter_map(move |(index, whole)| {
            let at = offset;
            offset += whole.len() + 1;
            let text = whole.trim();
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let is_comment = text.is_empty() || text.starts_with(['#', ';']);
            (!is_comment).then_some(PageLine { text, number, offset: at })
        })
    }

    /// Cites a line.
    pub(in crate::pbx) fn cite(&self, line: &PageLine<'_>) -> Citation {
        // What was no UTF-8 may have become longer, so that only the line's number is sure.
        let place = Place { source: self.source.id, offset: line.offset as u64, line: line.number };
        Citation::new(place, crate::secrets::masked(line.text).as_bytes())
    }

    /// Cites the first line that holds a word, or the first of all.
    pub(in crate::pbx) fn cite_word(&self, word: &str) -> Citation {
        let line = self.lines().find(|line| line.text.contains(word)).or_else(|| self.lines().next());
        self.cite(&line.unwrap_or(PageLine { text: "", number: 1, offset: 0 }))
    }

    /// Returns whether the file has this name, or a link to it has.
    pub(in crate::pbx) fn is_named(&self, fits: impl Fn(&str) -> bool) -> bool {
        fits(&self.name) || self.links.iter().any(|link| fits(link))
    }
}

/// Splits a path at the root of its disk: before its last `etc`, or `lib/systemd`.
pub(in crate::pbx) fn disk_and_name(path: &str) -> (&str, &str) {
    let mut at = None;
    for mark in ["etc/", "usr/lib/systemd/", "lib/systemd/"] {
        let starts = path.match_indices(mark).map(|(at, _)| at);
        let whole = starts.filter(|at| *at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'));
        at = at.or(whole.last());
    }
    path.split_at(at.unwrap_or(0))
}

/// Reads all configuration of servers and firewalls.
pub(super) fn read_all<'e>(evidence: &'e Evidence, problems: &mut Vec<Problem>) -> Vec<Page<'e>> {
    let mut pages: Vec<Page<'e>> = Vec::new();
    for source in evidence.sources.iter().filter(|source| source.kind == Kind::HostFile) {
        let (disk, name) = disk_and_name(&source.file.placed);
        if !super::is_configuration(&source.file.placed) {
            continue;
        }
        if pages.len() == MOST_PAGES {
            let what = format!("more than {MOST_PAGES} files of servers: this and later ones were not read");
            problems.push(Problem { path: source.file.path.clone(), what });
            break;
        }
        let bytes = match evidence.read_small(source, LARGEST + 1) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("cannot be read: {error}");
                problems.push(Problem { path: source.file.path.clone(), what });
                continue;
            }
        };
        if bytes.len() > LARGEST {
            let what = format!("read up to {} KiB: what it sets behind that is not known", LARGEST >> 10);
            problems.push(Problem { path: source.file.path.clone(), what });
        }
        let text = String::from_utf8_lossy(bytes.get(..LARGEST).unwrap_or(&bytes)).into_owned();
        let (disk, name) = (disk.to_owned(), name.to_owned());
        pages.push(Page { source, disk, name, links: Vec::new(), text });
    }
    add_links(evidence, &mut pages);
    pages
}

fn add_links(evidence: &Evidence, pages: &mut [Page<'_>]) {
    for link in &evidence.links {
        let (disk, name) = disk_and_name(&link.placed);
        if name.is_empty() || !super::is_configuration(&link.placed) {
            continue;
        }
        let Some(target) = rooted(&format!("/{name}"), &link.target) else { continue };
        let target = target.trim_start_matches('/');
        for page in pages.iter_mut().filter(|page| page.disk == disk && page.name == target) {
            if page.links.len() < MOST_LINKS {
                page.links.push(name.to_owned());
            }
        }
    }
}

/// Returns where a link at an absolute path leads, without looking at the disk.
pub(super) fn rooted(link: &str, target: &str) -> Option<String> {
    let (parent, _) = link.rsplit_once('/')?;
    let start = if target.starts_with('/') { "" } else { parent };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.iter().fold(String::new(), |path, part| path + "/" + part))
}
