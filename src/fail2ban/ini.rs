//! Files of sections and options as Python's `configparser` reads them.
//!
//! Facts relied on: a name ends at the first `=` or `:` and its case does not matter; a line that is indented
//! deeper than its option goes on with its value; `#` and `;` begin a comment at a line's start, and ` ;` behind
//! a value (`client/configparserinc.py` of fail2ban, `configparser` of Python 3).

use std::collections::BTreeMap;

use crate::event::{Citation, Place, SourceId};

/// No section of a real file is larger; a hostile one must not grow without end.
const MOST_OPTIONS: usize = 20_000;
/// The longest value kept, in bytes: lists of expressions are a few thousand.
const LONGEST_VALUE: usize = 64 * 1024;

/// An option's value, and the line that begins it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) cited: Citation,
}

/// Options by section and by name; `DEFAULT` is a section like the others here.
#[derive(Clone, Debug, Default)]
pub(super) struct Ini {
    sections: BTreeMap<String, BTreeMap<String, Value>>,
    headers: BTreeMap<String, Citation>,
    options: usize,
}

/// The option that a deeper line goes on with.
struct Open {
    section: String,
    name: String,
    indent: usize,
}

impl Ini {
    /// Reads one file.
    pub(super) fn parse(source: SourceId, bytes: &[u8]) -> Self {
        let mut ini = Ini::default();
        let mut section: Option<String> = None;
        let mut open: Option<Open> = None;
        let mut offset = 0_u64;
        for (number, raw) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
            let cited = Citation::new(Place { source, offset, line }, raw.trim_ascii_end());
            offset += raw.len() as u64 + 1;
            let text = String::from_utf8_lossy(raw);
            let Some(text) = without_comment(&text) else { continue };
            let indent = text.len() - text.trim_start().len();
            let text = text.trim();
            if let Some(at) = open.as_ref().filter(|open| indent > open.indent && !text.is_empty()) {
                ini.extend(at, text);
            } else if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                ini.headers.entry(name.to_owned()).or_insert(cited);
                section = Some(name.to_owned());
                open = None;
            } else if let (Some(section), Some((name, value))) = (&section, text.split_once(['=', ':'])) {
                let name = name.trim().to_ascii_lowercase();
                ini.set(section, &name, Value { text: value.trim().to_owned(), cited });
                open = Some(Open { section: section.clone(), name, indent });
            }
        }
        ini
    }

    fn extend(&mut self, at: &Open, text: &str) {
        let held = self.sections.get_mut(&at.section).and_then(|section| section.get_mut(&at.name));
        if let Some(held) = held.filter(|held| held.text.len() + text.len() < LONGEST_VALUE) {
            held.text.push('\n');
            held.text.push_str(text);
        }
    }

    fn set(&mut self, section: &str, name: &str, value: Value) {
        if self.options < MOST_OPTIONS {
            self.options += 1;
            self.sections.entry(section.to_owned()).or_default().insert(name.to_owned(), value);
        }
    }

    /// Takes in a file that is read later: its options replace those of the same name, whose earlier value
    /// stays reachable as `known/NAME`.
    pub(super) fn merge(&mut self, later: Ini) {
        for (section, options) in later.sections {
            for (name, value) in options {
                let earlier = self.sections.get(&section).and_then(|held| held.get(&name)).cloned();
                if let Some(earlier) = earlier {
                    self.set(&section, &format!("known/{name}"), earlier);
                }
                self.set(&section, &name, value);
            }
        }
        for (section, header) in later.headers {
            self.headers.insert(section, header);
        }
    }

    /// Returns an option as written, its section's own or the default one.
    pub(super) fn raw(&self, section: &str, name: &str) -> Option<&Value> {
        let of = |section: &str| self.sections.get(section).and_then(|options| options.get(name));
        of(section).or_else(|| of("DEFAULT"))
    }

    /// Returns the names of a section's own options.
    pub(super) fn names(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections.get(section).into_iter().flat_map(|options| options.keys().map(String::as_str))
    }

    /// Returns the sections in order of name, and the line of each one's header.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&str, &Citation)> {
        self.headers.iter().map(|(name, header)| (name.as_str(), header))
    }
}

/// Returns a line without its comment; `None` where it is all comment.
fn without_comment(line: &str) -> Option<&str> {
    let trimmed = line.trim();
    if trimmed.starts_with(['#', ';']) {
        return None;
    }
    let end = line.match_indices(';').map(|(at, _)| at).find(|&at| {
        let before = line.get(..at).unwrap_or_default();
        before.ends_with([' ', '\t'])
    });
    Some(line.get(..end.unwrap_or(line.len())).unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_in_deeper_lines() {
        let text = "; a comment\n[DEFAULT]\nMaxRetry = 5 ; five\n[a]\nfailregex = ^one$\n            ^two; three$\n  # no\nport: 5060\n";
        let ini = Ini::parse(SourceId(3), text.as_bytes());
        assert_eq!(ini.raw("a", "maxretry").map(|value| value.text.as_str()), Some("5"));
        assert_eq!(ini.raw("a", "failregex").map(|value| value.text.as_str()), Some("^one$\n^two; three$"));
        let port = ini.raw("a", "port").expect("an option");
        assert_eq!((port.text.as_str(), port.cited.place.line), ("5060", 8));
    }

    #[test]
    fn a_later_file_wins_and_leaves_the_earlier_value_known() {
        let mut ini = Ini::parse(SourceId(0), b"[a]\nx = 1\n");
        ini.merge(Ini::parse(SourceId(1), b"[a]\nx = 2\n"));
        assert_eq!(ini.raw("a", "x").map(|value| value.text.as_str()), Some("2"));
        assert_eq!(ini.raw("a", "known/x").map(|value| value.text.as_str()), Some("1"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = Ini::parse(SourceId(0), &bytes);
        }
    }
}
