//! Which files are FreeSWITCH's configuration, and which of several copies is the live one.

use std::borrow::Cow;
use std::io;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::model::Problem;
use super::variables::Variables;
use crate::event::{Citation, Place, SourceId};
use crate::evidence::{Evidence, Kind, Source, ends_with_path};
use crate::untrusted::Untrusted;

/// The expanded configuration has half a million bytes as shipped.
const LONGEST_FILE: usize = 16 * 1024 * 1024;
/// Files read: directories with a file for each user have some thousands.
const MOST_FILES: usize = 50_000;
/// Where packages and source installations have it.
const HOMES: [&str; 2] = ["etc/freeswitch", "freeswitch/conf"];

/// One file, its variables put in.
pub(super) struct Text {
    /// Its source.
    pub(super) source: SourceId,
    /// Its path.
    pub(super) path: String,
    /// Its path below the live directory; empty for the expanded configuration.
    pub(super) inner: String,
    /// What it holds.
    original: String,
    /// The same with the variables put in.
    pub(super) expanded: String,
}

impl Text {
    /// Returns the line on which something stands, counted from 1, with passwords masked; putting variables in
    /// adds no line.
    pub(super) fn citation(&self, node: roxmltree::Node<'_, '_>) -> Citation {
        let at = node.range().start;
        let before = self.expanded.as_bytes().get(..at).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count();
        let text = self.original.split('\n').nth(line).unwrap_or_default();
        let offset = (text.as_ptr() as usize).saturating_sub(self.original.as_ptr() as usize);
        let offset = if text.is_empty() { 0 } else { offset as u64 };
        let shown = masked(text);
        Citation::new(Place { source: self.source, offset, line: line as u32 + 1 }, shown.as_bytes())
    }
}

/// A parameter that holds a password, or an address of a database with one: what comes before its value, and
/// the value.
static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(\sname\s*=\s*["'][^"']*(?:pass|secret|hash|pin|pwd|dsn)[^"']*["'][^>]*?\svalue\s*=\s*)("[^"]*"|'[^']*')"#)
        .ok()
});

/// Returns a line with the values of passwords masked; a variable's name says where the password stands.
fn masked(line: &str) -> Cow<'_, str> {
    let Some(pattern) = PASSWORD.as_ref() else { return Cow::Borrowed("") };
    pattern.replace_all(line, |found: &Captures<'_>| {
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        let is_variable = part(2).get(1..).is_some_and(|value| value.starts_with("$${"));
        format!("{}{}", part(1), if is_variable { part(2) } else { "\"***\"" })
    })
}

/// Returns whether a file is configuration of FreeSWITCH.
///
/// Most files of a dialplan, and the profile `internal` as it is shipped, bear no mark of FreeSWITCH's own: in its
/// folders the tags suffice.
pub fn is_freeswitch_configuration(path: &str, head: &[u8]) -> bool {
    const ROOTS: [&[u8]; 7] =
        [b"<include", b"<document", b"<configuration", b"<domain", b"<user", b"<profile", b"<gateway"];
    const MARKS: [&[u8]; 6] = [
        b"freeswitch/xml",
        b"X-PRE-PROCESS",
        b"<user id=",
        b"<gateway name=",
        b"<configuration name=",
        b"<X-NO-PRE-PROCESS",
    ];
    const FOLDERS: [&str; 5] =
        ["dialplan/", "sip_profiles/", "directory/", "autoload_configs/", "freeswitch/"];
    const TAGS: [&[u8]; 4] = [b"<extension name=", b"<context name=", b"<profile name=", b"<domain name="];
    let has = |mark: &[u8]| memchr::memmem::find(head, mark).is_some();
    let is_in = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    let is_at_home = FOLDERS.iter().any(|folder| is_in(folder)) && TAGS.iter().any(|tag| has(tag));
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_named = name.ends_with(".xml") || name.ends_with(".fsxml") || name.starts_with("directory.");
    let start = head.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    is_named
        && start.starts_with(b"<")
        && (is_at_home || (ROOTS.iter().any(|root| has(root)) && MARKS.iter().any(|mark| has(mark))))
}

/// Reads the expanded configuration, then the files of the live directory.
pub(super) fn gather(evidence: &Evidence, problems: &mut Vec<Problem>) -> Vec<Text> {
    let sources = || evidence.sources.iter().filter(|source| source.kind == Kind::FreeSwitchConfiguration);
    let mut wanted: Vec<(&Source, String)> = Vec::new();
    let expanded = sources().filter(|source| source.file.path.ends_with(".fsxml"));
    wanted.extend(
        expanded
            .min_by_key(|source| (source.file.path.len(), &source.file.path))
            .map(|it| (it, String::new())),
    );
    let base = base(evidence);
    for source in sources().filter(|source| !source.file.path.ends_with(".fsxml")) {
        let path = source.file.path.as_str();
        // FusionPBX keeps users in its database, and as files in a cache: `directory.1001@example.com`.
        let is_cached = path.rsplit('/').next().is_some_and(|name| name.starts_with("directory."));
        let inner = match base.as_str() {
            _ if is_cached => Some(path),
            "" => Some(path),
            base => source.file.path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')),
        };
        wanted.extend(inner.filter(|_| wanted.len() < MOST_FILES).map(|inner| (source, inner.to_owned())));
    }
    let mut texts = Vec::new();
    for (source, inner) in wanted {
        match read(evidence, source) {
            Ok(original) => texts.push(Text {
                source: source.id,
                path: source.file.path.clone(),
                inner,
                expanded: String::new(),
                original,
            }),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
    let mut variables = Variables::default();
    // Settings elsewhere are rare and come later.
    let (first, others): (Vec<&Text>, Vec<&Text>) =
        texts.iter().partition(|text| text.inner.ends_with("vars.xml"));
    first.into_iter().chain(others).for_each(|text| variables.learn(&text.original));
    for text in &mut texts {
        text.expanded = variables.expanded(&text.original);
    }
    texts
}

fn read(evidence: &Evidence, source: &Source) -> io::Result<String> {
    let bytes = evidence.read_small(source, LONGEST_FILE)?;
    Ok(Untrusted::from_bytes(&bytes).raw().to_owned())
}

/// Returns the live directory: a home that a package or the sources give it, else the one with the main file.
fn base(evidence: &Evidence) -> String {
    let sources = evidence.sources.iter().filter(|source| source.kind == Kind::FreeSwitchConfiguration);
    let folders: Vec<&str> = sources
        .filter_map(|source| source.file.path.rsplit_once('/'))
        .filter(|(_, name)| matches!(*name, "freeswitch.xml" | "vars.xml"))
        .map(|(folder, _)| folder)
        .collect();
    let is_home = |folder: &str| HOMES.iter().any(|home| ends_with_path(folder, home));
    let mut ordered: Vec<(bool, usize, &str)> =
        folders.into_iter().map(|folder| (!is_home(folder), folder.len(), folder)).collect();
    ordered.sort_unstable();
    ordered.first().map_or_else(String::new, |(_, _, folder)| (*folder).to_owned())
}

/// Parses a file.
pub(super) fn parse(text: &str) -> Result<roxmltree::Document<'_>, roxmltree::Error> {
    roxmltree::Document::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_in_lines() {
        for (line, shown) in [
            (r#"<param name="password" value="1234"/>"#, r#"<param name="password" value="***"/>"#),
            (
                r#"<user id="1"><param name='vm-password' value='1'/>"#,
                r#"<user id="1"><param name='vm-password' value="***"/>"#,
            ),
            (
                r#"<param name="password" value="$${default_password}"/>"#,
                r#"<param name="password" value="$${default_password}"/>"#,
            ),
            (r#"<param name="realm" value="pbx.example"/>"#, r#"<param name="realm" value="pbx.example"/>"#),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn configuration_is_told_from_other_xml() {
        let user = b"<include>\n  <user id=\"1000\">\n  </user>\n</include>\n";
        assert!(is_freeswitch_configuration("directory/default/1000.xml", user));
        assert!(is_freeswitch_configuration(
            "copy/vars.xml",
            b"<include><X-PRE-PROCESS cmd=\"set\" data=\"a=b\"/></include>"
        ));
        let extension = b"<include>\n  <extension name=\"in\">\n  </extension>\n</include>\n";
        assert!(is_freeswitch_configuration("conf/dialplan/public/00_in.xml", extension));
        assert!(!is_freeswitch_configuration("srv/plugins/00_in.xml", extension));
        assert!(is_freeswitch_configuration("sip_profiles/internal.xml", b"<profile name=\"internal\">\n"));
        assert!(!is_freeswitch_configuration("pom.xml", b"<project><include>x</include></project>"));
        assert!(!is_freeswitch_configuration("notes.txt", user));
    }
}
