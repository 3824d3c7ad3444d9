//! What `last -F` and `lastb -F` print of `wtmp` and `btmp`: a session or a refused login a line, the newest first.
//!
//! `root     pts/0        Mon Nov 16 10:22:01 2026 - Mon Nov 16 11:00:00 2026  (00:37)     203.0.113.5` with `-a`; without
//! it the client stands before the first time. Without `-F` the lines have no year, and are not read. The user's name of
//! a refused login is whatever a stranger sent, so that a line is read from its end.

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells, text};
use crate::clock::any_stamp;
use crate::event::{Action, Service, Stamp};

/// How the list is told and read.
pub(super) static FORMAT: Format = Format {
    word: "printed-sessions",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| {
        let list = Printed { only_failures: false };
        let is_session = |line: &[u8]| list.line(line).is_some_and(|line| line.stamp.is_some());
        by_line::most_fit(head, |line| list.line(line).is_some())
            && head.split(|&byte| byte == b'\n').any(is_session)
    },
    open: |opening| {
        let name = opening.name();
        let only_failures = name.starts_with("lastb") || name.starts_with("btmp");
        Some(Opened::certain(ByLine(Printed { only_failures })))
    },
};

/// Bytes of a time: `Mon Nov 16 10:22:01 2026`.
const STAMP: usize = 24;

struct Printed {
    /// Is it what `lastb` printed?
    only_failures: bool,
}

impl Lines for Printed {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        if line.starts_with(b"wtmp begins ") || line.starts_with(b"btmp begins ") {
            return Some(Line { stamp: None, found: None });
        }
        let (before, after) = parted(line)?;
        let (who, stamp) = before.split_at_checked(before.len().checked_sub(STAMP)?)?;
        let stamp = stamp_of(stamp)?;
        let mut words = who.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let (user, terminal) = (words.next()?, words.next()?);
        let mut found = if terminal == b"boot" || (user == b"reboot" && terminal == b"system") {
            Found::new(Action::Server, Service::Host).because("host started")
        } else {
            let host = words.next().or_else(|| host_behind(after));
            if words.next().is_some() {
                return None;
            }
            let (action, reason) = match self.only_failures || terminal == b"ssh:notty" {
                true => (Action::AuthFailed, "login refused"),
                false => (Action::AuthOk, "session"),
            };
            let mut found = Found::new(action, Service::Host).because(reason).of(user);
            found.address = host.and_then(text::address);
            found.context = host;
            found
        };
        if found.account.is_some() {
            found.detail = Some(terminal);
        }
        Some(Line { stamp: Some(stamp), found: Some(found) })
    }
}

/// Parts a line behind the time at which a session began.
fn parted(line: &[u8]) -> Option<(&[u8], &[u8])> {
    /// How a session that has no end is put.
    const OPEN: [&[u8]; 3] = [b"   still logged in", b"   still running", b"    gone - no logout"];
    let open = OPEN.iter().filter_map(|word| memchr::memmem::rfind(line, word)).max();
    let ended = memchr::memmem::rfind(line, b" - ").filter(|at| {
        let after = line.get(at + 3..).unwrap_or_default();
        let is_ended = after.starts_with(b"crash") || after.starts_with(b"down");
        is_ended || after.get(..STAMP).and_then(stamp_of).is_some()
    });
    line.split_at_checked(open.max(ended)?)
}

/// Returns the client behind a session's end, where it stands there: the last word, which is no part of how it ended.
fn host_behind(after: &[u8]) -> Option<&[u8]> {
    let word = after.rsplit(|byte| *byte == b' ').next()?;
    let is_end =
        word.is_empty() || word.ends_with(b")") || [&b"in"[..], b"running", b"logout"].contains(&word);
    (!is_end).then_some(word)
}

/// Reads a time with its year and nothing behind it.
fn stamp_of(text: &[u8]) -> Option<Stamp> {
    let (stamp, used) = any_stamp(text)?;
    (used == text.len() && stamp.year > 0).then_some(stamp)
}
