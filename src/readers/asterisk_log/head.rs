//! The head of a log line: stamp, level, thread, call, file; whatever stands around it.
//!
//! Forms by version are those of `main/logger.c` (1.8 line 1029, 11 line 1162, 13 line 1470, 16
//! line 399 and later 425, formatter `plain` of 16 and later; the syslog form of all).

use crate::clock::{DateFormat, any_stamp, with_fraction};
use crate::event::Stamp;

use crate::readers::text;

/// The severity that Asterisk gives a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Notice,
    Warning,
    Error,
    Verbose,
    Security,
    Other,
}

impl Level {
    const WORDS: [(&'static [u8], Level); 9] = [
        (b"VERBOSE", Level::Verbose),
        (b"NOTICE", Level::Notice),
        (b"SECURITY", Level::Security),
        (b"WARNING", Level::Warning),
        (b"DEBUG", Level::Debug),
        (b"ERROR", Level::Error),
        (b"DTMF", Level::Other),
        (b"FAX", Level::Other),
        (b"TRACE", Level::Other),
    ];

    /// Reads the level word at the start of `text` and returns it with its length.
    pub(super) fn at(text: &[u8]) -> Option<(Level, usize)> {
        Self::WORDS.iter().find(|(word, _)| text.starts_with(word)).map(|(word, level)| (*level, word.len()))
    }
}

/// What stands before a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) stamp: Option<Stamp>,
    pub(super) level: Level,
    /// The number of `[C-0000002f]`.
    pub(super) call: Option<u32>,
    /// The source file, or `Ext. NUMBER` where the dialplan wrote the line.
    pub(super) file: &'a [u8],
    pub(super) message: &'a [u8],
}

/// Reads what follows the level word: `[lwp][C-call]: file.c:LINE function: message` and kin.
pub(super) fn after_level(text: &[u8]) -> Option<(Option<u32>, &[u8], &[u8])> {
    let (call, rest) = thread_and_call(text)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let rest = rest.strip_prefix(b" ")?;
    let (file, message) = file_and_message(rest);
    Some((call, file, message))
}

/// Reads `[1234][C-0000002f]` or ` [1234]`.
pub(super) fn thread_and_call(text: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let inside = text.strip_prefix(b"[")?;
    let digits = inside.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let rest = inside.get(digits..)?.strip_prefix(b"]")?;
    match rest.strip_prefix(b"[C-") {
        Some(id) => {
            let close = id.iter().take(17).position(|&byte| byte == b']')?;
            Some((hexadecimal(id.get(..close)?), id.get(close + 1..)?))
        }
        None => Some((None, rest)),
    }
}

/// Splits `file.c: message`, `file.c:12 function: message` and `file.c:12 in function: message`.
///
/// `Ext. 0044:1 in @ context: text` is how `Log()` shows in syslog.
fn file_and_message(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', text) else { return (b"", text) };
    let (file, rest) = (&text[..colon], &text[colon + 1..]);
    if let Some(message) = rest.strip_prefix(b" ") {
        return (file, message);
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0
        && let Some(after) = rest.get(digits..).and_then(|rest| rest.strip_prefix(b" "))
        && let Some((_, message)) = text::split_once(after, b": ")
    {
        return (file, message);
    }
    (file, rest)
}

pub(super) fn hexadecimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    text.iter().try_fold(0, |value, &byte| Some(value << 4 | char::from(byte).to_digit(16)?))
}

/// Finds a head anywhere in the first bytes of a line: behind the prefixes of syslog, journald,
/// containers and `grep`, or without any stamp at all.
pub(super) fn anywhere<'a>(line: &'a [u8], formats: &[DateFormat]) -> Option<Head<'a>> {
    let level_at = level_position(line)?;
    let (level, length) = Level::at(line.get(level_at..)?)?;
    let (call, file, message) = after_level(line.get(level_at + length..)?)?;
    let stamp = line.get(..level_at).and_then(|prefix| last_stamp(prefix, formats));
    Some(Head { stamp, level, call, file, message })
}

/// Returns whether a syslog message begins with a head, perhaps behind a container's name and a stamp.
pub(super) fn begins(message: &[u8]) -> bool {
    let Some(level_at) = level_position(message) else { return false };
    let before = message.get(..level_at).unwrap_or_default();
    let name = super::trace::container_prefix(before).map_or(0, <[u8]>::len);
    let before = before.get(name..).unwrap_or_default().trim_ascii();
    let stamp = before.strip_prefix(b"[").and_then(|inside| inside.strip_suffix(b"]"));
    before.is_empty() || stamp.is_some_and(|stamp| !stamp.contains(&b']'))
}

/// Finds the message of a program that names itself in a form that is not the usual one of syslog:
/// `sshd[77]: ` behind any stamp, or the fields of RFC 5424.
pub(super) fn of_program(line: &[u8]) -> Option<&[u8]> {
    let start = &line[..line.len().min(LONGEST_PREFIX)];
    if let Some(fields) = start.strip_prefix(b"<").and_then(|rest| text::split_once(rest, b">1 ")) {
        // Stamp, host, program, process, message's kind; then `-` or `[...]` for the structured data.
        let (priority, _) = fields;
        let skipped = priority.len() + 4;
        let words = line.get(skipped..)?.splitn(7, |&byte| byte == b' ');
        return words.last();
    }
    for bracket in memchr::memchr_iter(b'[', start) {
        let name = start[..bracket].rsplit(|&byte| byte == b' ').next().unwrap_or_default();
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(byte));
        if !is_name {
            continue;
        }
        let process = line.get(bracket + 1..)?;
        let digits = process.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || process.get(digits) != Some(&b']') {
            continue;
        }
        let is_level = Level::at(name).is_some_and(|(_, length)| length == name.len());
        let message = process.get(digits + 1..)?;
        let message = message.strip_prefix(b":").unwrap_or(message);
        return (!is_level).then(|| message.trim_ascii_start());
    }
    None
}

/// Prefixes are short; a level word further in is a quotation.
const LONGEST_PREFIX: usize = 256;

fn level_position(line: &[u8]) -> Option<usize> {
    let searched = &line[..line.len().min(LONGEST_PREFIX)];
    for bracket in memchr::memchr_iter(b'[', searched) {
        let before = &line[..bracket];
        let before = before.strip_suffix(b" ").unwrap_or(before);
        let word = before.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
        let start = before.len() - word;
        let is_level = Level::at(&line[start..]).is_some_and(|(_, length)| length == word);
        if word > 0 && is_level && thread_and_call(&line[bracket..]).is_some() {
            return Some(start);
        }
    }
    None
}

/// Returns the last stamp in a prefix: the innermost is the one that Asterisk wrote.
pub(super) fn last_stamp(prefix: &[u8], formats: &[DateFormat]) -> Option<Stamp> {
    let mut found = None;
    let mut at = 0;
    while at < prefix.len() {
        let starts = at == 0 || matches!(prefix[at - 1], b' ' | b'[' | b':' | b'|' | b'>' | b'\t');
        let read = starts.then(|| stamp_at(&prefix[at..], formats)).flatten();
        match read {
            Some((stamp, length)) => {
                found = Some(stamp);
                at += length.max(1);
            }
            None => at += 1,
        }
    }
    found
}

/// Reads a stamp in the file's own formats, or in any common one.
pub(super) fn stamp_at(text: &[u8], formats: &[DateFormat]) -> Option<(Stamp, usize)> {
    let Some((stamp, used)) = formats.iter().find_map(|format| format.parse(text)) else {
        return any_stamp(text);
    };
    // A format was changed in the middle of the file, or two daemons write to it: what is read by the
    // older one may go on with a fraction.
    match with_fraction(stamp, used, text) {
        Some(read) => any_stamp(text).filter(|(_, length)| *length > read.1).or(Some(read)),
        None => Some((stamp, used)),
    }
}
