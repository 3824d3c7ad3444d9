//! fail2ban's own log: which address was seen, banned and let go, by which jail.
//!
//! `2025-08-22 03:11:10,123 fail2ban.actions [1234]: NOTICE [pbx-gui] Ban 203.0.113.9`; 0.8 has
//! `WARNING` in place of `NOTICE`, its oldest releases no process number. From 0.9 on the filter tells
//! each failure as `Found`. Sent to syslog, the same text stands behind syslog's prefix. The name
//! `fail2ban` of a file under `/var/log/asterisk` is no sign: FreePBX gives it to Asterisk's security log.

use std::net::IpAddr;

use super::{Chunk, Reader, Skipped, Why};
use crate::clock::DateFormat;
use crate::event::{Action, Entry, Service, Span, Stamp};

/// A line is no longer than that.
const LONGEST: usize = 16 * 1024;
/// So many lines of a head are looked at.
const LOOKED_AT: usize = 40;
/// The program's name comes no later than that in a line.
const PREFIX: usize = 160;

/// What one line of fail2ban says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fail2banLine<'a> {
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

/// Returns whether a text file that begins with `head` is fail2ban's own log.
pub fn looks_like(head: &[u8]) -> bool {
    let Some(reader) = Fail2banReader::new() else { return false };
    let lines: Vec<&[u8]> = head
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .take(LOOKED_AT)
        .collect();
    let fit = lines.iter().filter(|line| reader.line(line).is_some()).count();
    fit > 0 && fit * 2 > lines.len()
}

/// Reads fail2ban's own log.
#[derive(Clone, Debug)]
pub struct Fail2banReader {
    own: DateFormat,
    syslog: DateFormat,
}

impl Fail2banReader {
    /// Builds a reader; `None` only if the forms of its stamps could not be compiled.
    pub fn new() -> Option<Self> {
        Some(Fail2banReader {
            own: DateFormat::from_strftime("%Y-%m-%d %T")?,
            syslog: DateFormat::from_strftime(DateFormat::DEFAULT)?,
        })
    }

    /// Reads one line; `None` where it is none of fail2ban's.
    pub fn line<'a>(&self, line: &'a [u8]) -> Option<Fail2banLine<'a>> {
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

    fn entry(line: &[u8], offset: usize, said: &Fail2banLine) -> Option<Entry> {
        let mut entry = Entry::new(said.action?, Service::Fail2ban);
        entry.reason = said.reason;
        entry.stamp = said.stamp;
        entry.address = said.address;
        if let Some(jail) = said.jail {
            let start = memchr::memmem::find(line, jail)? + offset;
            entry.detail = Span { start: start as u32, length: jail.len() as u32 };
        }
        Some(entry)
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
pub fn message(text: &[u8]) -> Option<Fail2banLine<'_>> {
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

impl Reader for Fail2banReader {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut offset = 0;
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let line = raw.trim_ascii_end();
            let (start, number) = (offset, chunk.lines);
            offset += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            if line.is_empty() {
                continue;
            }
            // The address stands last: cut by one digit, it would be somebody else's.
            let is_whole = raw.ends_with(b"\n") && line.len() <= LONGEST;
            let said = if is_whole { self.line(line) } else { None };
            let Some(said) = said else {
                chunk.skipped.push(Skipped {
                    offset: start as u32,
                    line: number,
                    why: Why::of_line(raw, LONGEST),
                });
                continue;
            };
            chunk.records += 1;
            chunk.first_stamp = chunk.first_stamp.or(said.stamp);
            chunk.last_stamp = said.stamp.or(chunk.last_stamp);
            if let Some(mut entry) = Self::entry(line, start, &said) {
                (entry.offset, entry.length, entry.line) = (start as u32, line.len() as u32, number);
                chunk.entries.push(entry);
            }
        }
        chunk.bytes = bytes;
    }
}
