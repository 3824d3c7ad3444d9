//! The files of Asterisk's logger, 1.4 to 22, and syslog files with lines of Asterisk and TFTP.
//!
//! Most lines of a log have one shape, so that the level stands at one byte; that byte, and the
//! source file's name behind it, decide what a line is worth. Everything else (prefixes of syslog,
//! journald, containers and `grep`, colours, JSON, no stamp) takes the slower way through the line.

mod clean;
mod container;
mod head;
mod json;
mod messages;
mod next_step;
mod reading;
mod trace;

use memchr::memmem;

use super::found::Found;
use super::{Cites, Content, Format, Opened, Opening, Tells, fail2ban, syslog, text};
use crate::clock::DateFormat;
use crate::pbx::Pbx;
use crate::untrusted::Untrusted;

/// How a file of Asterisk's logger is told and read.
pub(super) static FORMAT: Format = Format {
    word: "asterisk-log",
    tells: Tells::Server,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| looks_like(head),
    open: |opening| Some(AsteriskLogReader::open(opening, false)),
};

/// Bytes before a chunk that tell whether it begins inside a printed packet.
pub const CONTEXT: usize = 2 * trace::LONGEST;

/// A line is cut off here; nothing that matters stands further in.
const LONGEST_LINE: usize = 64 * 1024;

/// Reads Asterisk's logs.
#[derive(Clone, Debug)]
pub(super) struct AsteriskLogReader {
    /// Forms that stamps have in this file, the likeliest first.
    formats: Vec<DateFormat>,
    /// Are lines of other programs to be expected?
    is_syslog: bool,
    /// Lines of a blocker that stand between.
    blocker: Option<fail2ban::Fail2banReader>,
    /// The machine whose lines alone are read, where lines name theirs.
    machine: Option<Box<str>>,
}

impl AsteriskLogReader {
    /// Builds a reader for a file that begins with `head`.
    ///
    /// The `dateformat` of `logger.conf` counts as far as the lines agree: it may have been changed since.
    pub(super) fn find(head: &[u8], pbx: &Pbx, is_syslog: bool) -> (Self, Option<String>) {
        let configured = pbx.logger.as_ref().and_then(|logger| logger.date_format.as_deref());
        let mut formats = Vec::new();
        let mut note = None;
        let stamps: Vec<&[u8]> =
            head.split(|&byte| byte == b'\n').take(400).filter_map(bracketed_stamp).collect();
        let configured = configured.and_then(DateFormat::from_strftime);
        let fits = |format: &DateFormat| {
            let read = stamps
                .iter()
                .filter(|stamp| format.parse(stamp).is_some_and(|(_, used)| used == stamp.len()));
            !stamps.is_empty() && read.count() * 10 >= stamps.len() * 9
        };
        match configured {
            Some(format) if fits(&format) => formats.push(format),
            _ => {
                if let Some((format, guess)) = DateFormat::detect(&stamps) {
                    note = guess;
                    formats.push(format);
                }
            }
        }
        for usual in ["%F %T", DateFormat::DEFAULT] {
            formats.extend(DateFormat::from_strftime(usual).filter(|format| !formats.contains(format)));
        }
        let blocker = fail2ban::Fail2banReader::new();
        (AsteriskLogReader { formats, is_syslog, blocker, machine: None }, note)
    }

    /// Opens a file in whose lines the names of machines may stand.
    pub(super) fn open(opening: &Opening<'_>, is_syslog: bool) -> Opened {
        let (reader, note) = AsteriskLogReader::find(opening.head, opening.pbx, is_syslog);
        let reader = AsteriskLogReader { machine: opening.machine.map(Box::from), ..reader };
        let machines = syslog::machines(opening.head).into_iter().map(Untrusted::from_bytes).collect();
        Opened { note, machines, ..Opened::certain(reader) }
    }
}

/// Reads what a program said to syslog or the journal, if it begins as a line of Asterisk's; with the number
/// of its call.
pub(super) fn of_message(message: &[u8]) -> Option<(Found<'_>, Option<u32>)> {
    if !head::begins(message) {
        return None;
    }
    let head = head::anywhere(message, &[])?;
    Some((messages::read(&head)?, head.call))
}

/// Returns whether a file that begins with `head` holds lines of Asterisk's logger.
///
/// A text that quotes a few log lines does not: at least a tenth of the lines must be such.
fn looks_like(head: &[u8]) -> bool {
    let (mut lines, mut hits) = (0u32, 0u32);
    for line in head.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(500) {
        lines += 1;
        let printed = container::printed(line).map(|printed| printed.text);
        let line = printed.as_ref().map_or(line, |text| text.trim_end().as_bytes());
        let cleaned = clean::without_colours(line);
        hits += u32::from(is_log_line(cleaned.as_deref().unwrap_or(line)));
    }
    hits > 0 && hits * 10 >= lines
}

fn is_log_line(line: &[u8]) -> bool {
    head::anywhere(line, &[]).is_some()
        || banner(line).is_some()
        || (line.starts_with(b"{") && memmem::find(line, b"\"logmsg\":").is_some())
}

/// Returns what stands in the brackets that a line begins with, if it may be a stamp.
fn bracketed_stamp(line: &[u8]) -> Option<&[u8]> {
    let line = container::beginning(line);
    let line = line.strip_prefix(b"{").map_or(line, |rest| {
        memmem::find(rest, b"\"timestamp\":\"").map_or(rest, |at| &rest[at + b"\"timestamp\":\"".len() - 1..])
    });
    let (close, inside) = match line.first()? {
        b'[' => (b']', &line[1..]),
        b'"' => (b'"', &line[1..]),
        _ => return None,
    };
    let end = memchr::memchr(close, &inside[..inside.len().min(48)])?;
    let inside = &inside[..end];
    inside.iter().any(u8::is_ascii_digit).then_some(inside)
}

/// Returns the version of `Asterisk 18.26.4 built by root @ host on a ...`, which has no level.
fn banner(line: &[u8]) -> Option<&[u8]> {
    let start = if line.starts_with(b"[") { memmem::find(line, b"] ")? + 2 } else { 0 };
    let rest = line.get(start..)?.strip_prefix(b"Asterisk ")?;
    let (version, rest) = text::split_once(rest, b" built by ")?;
    memmem::find(rest, b" running ").map(|_| version)
}
