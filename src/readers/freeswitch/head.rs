//! What a line of FreeSWITCH's log begins with.
//!
//! `switch_log.c` writes `2026-11-20 17:03:26.523582 70.17% [WARNING] sofia_reg.c:1787 ...`; the idle column
//! is there from 1.10.7 on. `mod_logfile` puts a session's uuid in front of each of its lines, also of those
//! that carry no stamp: `EXECUTE ...`, `Dialplan: ...`, and the second and later lines of a message. Lines
//! without a session have nothing in front of their continuation. Forks leave the year out and put
//! `[SOFIA] [sofia_reg.c:4130]`; syslog puts its own prefix in front, whose stamp is the one that other
//! programs' lines beside it have.

use crate::clock::any_stamp;
use crate::event::Stamp;
pub(super) use crate::pbx_id::is_uuid;
use crate::readers::text::{self, split_once};

/// Bytes of a uuid in text.
pub(super) const UUID: usize = 36;
/// The program's name stands no later than that in a line of syslog.
const PREFIX: usize = 160;

/// A line with a level and a source file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// The session.
    pub(super) uuid: Option<&'a [u8]>,
    /// Wall-clock time as written.
    pub(super) stamp: Option<Stamp>,
    /// The source file: `sofia_reg.c`.
    pub(super) file: &'a [u8],
    /// What follows.
    pub(super) message: &'a [u8],
    /// Does it stand behind syslog's prefix?
    pub(super) in_syslog: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form<'a> {
    /// A message.
    Dated(Head<'a>),
    /// A session's line without level: the uuid, and what follows it.
    Session(&'a [u8], &'a [u8]),
    /// The continuation of a message without session, or nothing of FreeSWITCH's.
    Other,
}

/// Tells what a line is.
pub(super) fn form(line: &[u8]) -> Form<'_> {
    let line = without_colour(line);
    if let Some((uuid, rest)) = session(line) {
        return match dated(rest) {
            Some(head) => Form::Dated(Head { uuid: Some(uuid), ..head }),
            None => Form::Session(uuid, rest),
        };
    }
    dated(line).or_else(|| behind_syslog(line)).map_or(Form::Other, Form::Dated)
}

/// Splits off the uuid that a line begins with.
fn session(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (uuid, rest) = line.split_at_checked(UUID)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(b" ")? };
    is_uuid(uuid).then_some((uuid, rest))
}

/// Takes off the escapes that colour a copied console.
fn without_colour(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(b"\x1b[") {
        let Some(end) = rest.iter().take(12).position(|byte| *byte == b'm') else { break };
        line = rest.get(end + 1..).unwrap_or_default();
    }
    while line.last() == Some(&b'm') {
        let Some(start) = memchr::memmem::rfind(line, b"\x1b[").filter(|start| line.len() - start <= 12)
        else {
            break;
        };
        line = line.get(..start).unwrap_or_default();
    }
    line
}

/// Reads `[stamp [idle%] ][LEVEL] file:line message`.
fn dated(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, rest) = match stamp(line) {
        Some((stamp, used)) => (Some(stamp), without_idle(line.get(used..)?.strip_prefix(b" ")?)),
        None => (None, line),
    };
    let (level, rest) = split_once(rest.strip_prefix(b"[")?, b"] ")?;
    let is_level = (3..=10).contains(&level.len())
        && level.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !is_level {
        return None;
    }
    // A fork names the part of the program as well.
    let rest = match rest.strip_prefix(b"[").and_then(|rest| split_once(rest, b"] [")) {
        Some((part, _)) if part.iter().all(u8::is_ascii_uppercase) => rest.get(part.len() + 3..)?,
        _ => rest,
    };
    let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    let (place, message) = rest.split_at_checked(end)?;
    let place = place.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(place);
    let (file, number) = text::split_last(place, b":")?;
    let is_file = file.contains(&b'.')
        && file.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'));
    let is_line = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let message = message.strip_prefix(b" ").unwrap_or(message);
    (is_file && is_line).then_some(Head { uuid: None, stamp, file, message, in_syslog: false })
}

/// Takes off the idle column, `70.17% `.
fn without_idle(line: &[u8]) -> &[u8] {
    let digits = line.iter().take(8).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    match line.get(digits..) {
        Some([b'%', b' ', rest @ ..]) if digits > 0 => rest,
        _ => line,
    }
}

/// Reads a line behind `<stamp> host freeswitch[1234]: `.
fn behind_syslog(line: &[u8]) -> Option<Head<'_>> {
    const NAME: &[u8] = b"freeswitch";
    let start = line.get(..PREFIX).unwrap_or(line);
    let at = memchr::memmem::find(start, NAME).filter(|at| *at > 0)?;
    let rest = line.get(at + NAME.len()..)?;
    let rest = match rest.strip_prefix(b"[") {
        Some(rest) => split_once(rest, b"]")?.1,
        None => rest,
    };
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    let (uuid, rest) = session(rest).map_or((None, rest), |(uuid, rest)| (Some(uuid), rest));
    let head = dated(rest)?;
    let outer = any_stamp(line).map(|(stamp, _)| stamp);
    Some(Head { uuid, stamp: outer.or(head.stamp), in_syslog: true, ..head })
}

/// Reads `2026-11-20 17:08:20.072361`, or a fork's `11-20 17:08:20.072361`, and returns its length.
fn stamp(text: &[u8]) -> Option<(Stamp, usize)> {
    let has_year = text.get(4) == Some(&b'-');
    let from = if has_year { 5 } else { 0 };
    let year: i16 = if has_year { text::number(text.get(..4)?)? } else { 0 };
    let two = |at: usize, end: u8| -> Option<u8> {
        let value = text::number(text.get(from + at..from + at + 2)?)?;
        (text.get(from + at + 2) == Some(&end)).then_some(value)
    };
    let (month, day) = (two(0, b'-')?, two(3, b' ')?);
    let (hour, minute, second) = (two(6, b':')?, two(9, b':')?, two(12, b'.')?);
    let micros: u32 = text::number(text.get(from + 15..from + 21)?)?;
    let is_time = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && (year > 0 || !has_year);
    let second = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second);
    let stamp = Stamp { year, month, day, second, micros, offset_minutes: None };
    is_time.then_some((stamp, from + 21))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<(bool, Option<u32>, String)> {
        match form(line.as_bytes()) {
            Form::Dated(head) => Some((
                head.uuid.is_some(),
                head.stamp.map(|stamp| stamp.second),
                String::from_utf8_lossy(head.message).into_owned(),
            )),
            _ => None,
        }
    }

    #[test]
    fn every_prefix_is_read() {
        let at = Some(17 * 3_600 + 8 * 60 + 20);
        for (line, uuid, second) in [
            ("2026-11-20 17:08:20.072361 87.57% [WARNING] sofia_reg.c:1842 text", false, at),
            ("2013-12-31 17:08:20.767815 [WARNING] sofia_reg.c:1533 text", false, at),
            ("08-03 17:08:20.026292 [WARN] [SOFIA] [sofia_reg.c:4130] text", false, at),
            ("[WARNING] sofia_reg.c:1792 text", false, None),
            (
                "\x1b[33m2026-11-20 17:08:20.072361 100.00% [NOTICE] switch_cpp.cpp:1466 text\x1b[0m",
                false,
                at,
            ),
            (
                "5bd0a656-5842-4d47-8bb7-15e92240784d 2026-11-20 17:08:20.072361 0.00% [DEBUG] a.c:1 text",
                true,
                at,
            ),
            (
                "Nov 20 17:08:20 host freeswitch[12]: 2026-11-20 17:08:11.000000 [INFO] sofia.c:1 text",
                false,
                at,
            ),
        ] {
            assert_eq!(told(line), Some((uuid, second, "text".to_owned())), "{line}");
        }
    }

    #[test]
    fn lines_of_others_have_no_head() {
        for line in [
            "[2026-11-20 17:08:20] NOTICE[123] chan_sip.c: text",
            "2026-11-20 17:08:20.072361 text",
            "5bd0a656-5842-4d47-8bb7-15e92240784d EXECUTE [depth=0] sofia/internal/1 set(a=b)",
            "You must define a domain called 'x' in your directory",
            "",
        ] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(line in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = form(&line);
        }
    }
}
