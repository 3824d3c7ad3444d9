//! fail2ban's own log: which address was seen, banned and let go, by which jail.
//!
//! `2025-08-22 03:11:10,123 fail2ban.actions [1234]: NOTICE [pbx-gui] Ban 203.0.113.9`; 0.8 has
//! `WARNING` in place of `NOTICE`, its oldest releases no process number. From 0.9 on the filter tells
//! each failure as `Found`. Sent to syslog, the same text stands behind syslog's prefix. The name
//! `fail2ban` of a file under `/var/log/asterisk` is no sign: FreePBX gives it to Asterisk's security log.

use std::net::IpAddr;

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells};
use crate::clock::DateFormat;
use crate::event::{Action, Service, Stamp};

/// How fail2ban's log is told and read.
pub(super) static FORMAT: Format = Format {
    word: "fail2ban-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| {
        Fail2banReader::new()
            .is_some_and(|reader| by_line::most_fit(head, |line| reader.said(line).is_some()))
    },
    open: |_| Some(Opened::certain(ByLine(Fail2banReader::new()?))),
};

/// The program's name comes no later than that in a line.
const PREFIX: usize = 160;

/// What one line of fail2ban says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fail2banLine<'a> {
    /// Wall-clock time as written; `None` behind a prefix of another form.
    pub stamp: Option<Stamp>,
    /// What happened; `None` where the line tells of no event.
    pub action: Option<Action>,
    /// The address in question.
    pub address: Option<IpAddr>,
    /// The jail.
    pub jail: Option<&'a [u8]>,
    /// More about the action; empty where there is nothing to add.
    pub reason: &'static str,
}

impl<'a> Fail2banLine<'a> {
    /// Returns the event that the line tells of, if any.
    pub(super) fn found(&self) -> Option<Found<'a>> {
        let mut found = Found::new(self.action?, Service::Fail2ban).because(self.reason);
        found.address = self.address;
        found.detail = self.jail;
        Some(found)
    }
}

/// Reads fail2ban's own log.
#[derive(Clone, Debug)]
pub(super) struct Fail2banReader {
    own: DateFormat,
    syslog: DateFormat,
}

impl Fail2banReader {
    /// Builds a reader; `None` only if the forms of its stamps could not be compiled.
    pub(super) fn new() -> Option<Self> {
        Some(Fail2banReader {
            own: DateFormat::from_strftime("%Y-%m-%d %T")?,
            syslog: DateFormat::from_strftime(DateFormat::DEFAULT)?,
        })
    }

    /// Reads one line; `None` where it is none of fail2ban's.
    pub(super) fn said<'a>(&self, line: &'a [u8]) -> Option<Fail2banLine<'a>> {
        let stamp = self.own.parse(line).or_else(|| self.syslog.parse(line));
        let head = line.get(..PREFIX).unwrap_or(line);
        let name = memchr::memmem::find(head, b"fail2ban")?;
        let is_own_word = name == 0 || matches!(line.get(name - 1), Some(b' ' | b']'));
        let rest = line.get(name + b"fail2ban".len()..)?;
        if !is_own_word || !matches!(rest.first(), Some(b'.' | b'-' | b'[' | b':' | b' ')) {
            return None;
        }
        let colon = memchr::memmem::find(rest, b": ")?;
        let said = message(rest.get(colon + 2..)?)?;
        let stamp = stamp.map(|(stamp, length)| with_fraction(stamp, line.get(length..).unwrap_or_default()));
        Some(Fail2banLine { stamp, ..said })
    }
}

/// Takes in the `,123` behind a stamp.
fn with_fraction(stamp: Stamp, rest: &[u8]) -> Stamp {
    let digits = rest.strip_prefix(b",").and_then(|rest| rest.get(..3)).unwrap_or_default();
    let is_fraction = digits.len() == 3 && digits.iter().all(u8::is_ascii_digit);
    let millis = digits.iter().fold(0u32, |value, digit| value * 10 + u32::from(digit.wrapping_sub(b'0')));
    Stamp { micros: if is_fraction { millis * 1_000 } else { stamp.micros }, ..stamp }
}

/// Reads what stands behind `fail2ban.actions[123]: `: the level, the jail, the words.
pub(super) fn message(text: &[u8]) -> Option<Fail2banLine<'_>> {
    let text = text.trim_ascii();
    let level = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let words = text.get(level..)?.trim_ascii_start();
    let is_level = matches!(
        text.get(..level)?,
        b"DEBUG"
            | b"INFO"
            | b"NOTICE"
            | b"WARNING"
            | b"ERROR"
            | b"CRITICAL"
            | b"HEAVYDEBUG"
            | b"TRACEDEBUG"
            | b"MSG"
    );
    if !is_level {
        return None;
    }
    let nothing = Fail2banLine { stamp: None, action: None, address: None, jail: None, reason: "" };
    let jailed = words.strip_prefix(b"[").and_then(|rest| {
        let end = memchr::memchr(b']', rest)?;
        Some((rest.get(..end)?, rest.get(end + 1..)?.trim_ascii()))
    });
    let Some((jail, words)) = jailed else {
        let told = of_server(words);
        return Some(told.map_or(nothing, |reason| Fail2banLine {
            action: Some(Action::Server),
            reason,
            ..nothing
        }));
    };
    let (action, address, reason) =
        of_jail(words).map_or((None, None, ""), |(action, address, reason)| (Some(action), address, reason));
    Some(Fail2banLine { action, address, jail: Some(jail), reason, ..nothing })
}

fn of_jail(words: &[u8]) -> Option<(Action, Option<IpAddr>, &'static str)> {
    const FORMS: [(&[u8], Action, &str); 6] = [
        (b"Ban ", Action::Banned, ""),
        (b"Restore Ban ", Action::Banned, "restored"),
        (b"Increase Ban ", Action::Banned, "made longer"),
        (b"Unban ", Action::Unbanned, ""),
        (b"Found ", Action::Noticed, ""),
        (b"Ignore ", Action::Noticed, "ignored"),
    ];
    for (start, action, reason) in FORMS {
        if let Some(rest) = words.strip_prefix(start) {
            return Some((action, address(rest), reason));
        }
    }
    let rest = words.strip_suffix(b" already banned")?;
    Some((Action::Noticed, address(rest), "already banned"))
}

fn of_server(words: &[u8]) -> Option<&'static str> {
    const FORMS: [(&[u8], &str); 5] = [
        (b"Starting Fail2ban", "started"),
        (b"Changed logging target", "log opened"),
        (b"Stopping all jails", "stopping"),
        (b"Shutdown in progress", "stopping"),
        (b"Exiting Fail2ban", "stopped"),
    ];
    FORMS.iter().find(|(start, _)| words.starts_with(start)).map(|&(_, reason)| reason)
}

/// Reads the address at the start of `text`; a network counts as its first address.
fn address(text: &[u8]) -> Option<IpAddr> {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'/' | b',')).unwrap_or(text.len());
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl Lines for Fail2banReader {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let said = self.said(line)?;
        Some(Line { stamp: said.stamp, found: said.found() })
    }
}
