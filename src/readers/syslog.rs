//! Syslog files: the lines of many programs, of which each has its own file here.
//!
//! To add a program: write a file with a [`Program`], list it in [`PROGRAMS`], and put lines into a
//! case file of its name. Lines of Asterisk may stand in any syslog file, so its reader reads them all.

use super::asterisk_log::AsteriskLogReader;
use super::by_line::{ByLine, Line, Lines};
use super::found::Found;
use super::{Content, Format, Opened, Reader, Tells, text, tftp};
use crate::event::Stamp;

/// How a syslog file is told and read.
pub(super) static FORMAT: Format = Format {
    word: "syslog",
    tells: Tells::Host,
    content: Content::Text,
    looks_like: |_, head| looks_like(head),
    open: |opening| {
        let (reader, note) = AsteriskLogReader::find(opening.head, opening.pbx, true);
        Some(Opened { reader: Box::new(reader), note })
    },
};

/// A program whose messages are understood.
pub(crate) struct Program {
    /// The name of its case file.
    pub(crate) word: &'static str,
    /// Names that it has in syslog, without process number.
    pub(crate) names: &'static [&'static str],
    /// Reads one message; `None` for one that tells of no event.
    pub(crate) read: for<'a> fn(&Message<'a>) -> Option<Found<'a>>,
}

/// All programs that are understood.
static PROGRAMS: [&Program; 1] = [&tftp::PROGRAM];

/// One message of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// The program's name, its process number with it: `in.tftpd[1234]`.
    pub(crate) program: &'a [u8],
    /// What it says.
    pub(crate) text: &'a [u8],
}

impl<'a> Message<'a> {
    /// Returns the program's name without process number.
    pub(crate) fn name(&self) -> &'a [u8] {
        self.program.split(|&byte| byte == b'[').next().unwrap_or_default()
    }

    /// Returns the name with the process number, where there is one: it joins the lines of one process.
    pub(crate) fn process(&self) -> Option<&'a [u8]> {
        Some(self.program).filter(|program| program.ends_with(b"]"))
    }
}

/// Reads what one program says; `None` for a program, or a message, that tells of no event.
pub(super) fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let name = message.name();
    let is_known = |program: &&&Program| program.names.iter().any(|known| known.as_bytes() == name);
    (PROGRAMS.iter().find(is_known)?.read)(message)
}

/// Reads the lines of one program, `program[1234]: message`, as they stand behind syslog's prefix.
///
/// Case files give a program's lines so.
#[derive(Clone, Copy, Debug)]
pub struct SyslogMessages;

impl SyslogMessages {
    /// Returns a reader of such lines, if there is a program of that name.
    pub fn of(program: &str) -> Option<Box<dyn Reader>> {
        let is_known = PROGRAMS.iter().any(|known| known.word == program);
        is_known.then(|| Box::new(ByLine(SyslogMessages)) as Box<dyn Reader>)
    }
}

impl Lines for SyslogMessages {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (program, text) = text::split_once(line, b": ")?;
        Some(Line { stamp: None, found: found(&Message { program, text }) })
    }
}

/// Splits a syslog line: stamp, then program and message.
pub(super) fn parts(line: &[u8]) -> Option<(Stamp, Message<'_>)> {
    let (stamp, length) = crate::clock::any_stamp(line)?;
    let rest = line.get(length..)?.strip_prefix(b" ")?;
    // BSD syslog (RFC 3164): host, then `program[pid]:`.
    let (host, rest) = text::split_once(rest.trim_ascii_start(), b" ")?;
    // `Oct 17 23:52:29 NOTICE[4570] chan_sip.c: ...` is a line of Asterisk 1.4.
    if host.contains(&b'[') {
        return None;
    }
    let (program, message) = text::split_once(rest, b":")?;
    if program.contains(&b' ') {
        return None;
    }
    Some((stamp, Message { program, text: message.strip_prefix(b" ").unwrap_or(message) }))
}

fn looks_like(head: &[u8]) -> bool {
    let lines: Vec<&[u8]> =
        head.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(500).collect();
    let hits = lines.iter().filter(|line| parts(line).is_some()).count();
    hits > 0 && hits * 10 >= lines.len() * 9
}
