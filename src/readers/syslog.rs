//! Syslog files: the lines of many programs, of which each has its own file here.
//!
//! To add a program: write a file with a [`Program`], list it in [`PROGRAMS`], and put lines into a
//! case file of its name. Lines of Asterisk may stand in any syslog file, so its reader reads them all.

use super::asterisk_log::AsteriskLogReader;
use super::by_line::{ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Reader, Tells, freeswitch, ftp, host, sip_proxy, text, tftp};
use crate::event::{Instant, Stamp};

/// How a syslog file is told and read.
pub(super) static FORMAT: Format = Format {
    word: "syslog",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| looks_like(head),
    open: |opening| Some(AsteriskLogReader::open(opening, true)),
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
static PROGRAMS: [&Program; 15] = [
    &tftp::PROGRAM,
    &tftp::XINETD,
    &ftp::VSFTPD,
    &ftp::PROFTPD,
    &ftp::PURE_FTPD,
    &host::SSHD,
    &host::SUDO,
    &host::SU,
    &host::LOGIN,
    &host::USERS,
    &host::CRON,
    &host::LOST_LINES,
    &freeswitch::PROGRAM,
    &sip_proxy::KAMAILIO,
    &sip_proxy::OPENSIPS,
];

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

    /// Returns the name without the folder that the program was started from: `/usr/sbin/kamailio`.
    fn file_name(&self) -> &'a [u8] {
        let name = self.name();
        memchr::memrchr(b'/', name).and_then(|slash| name.get(slash + 1..)).unwrap_or(name)
    }

    /// Returns the name with the process number, where there is one: it joins the lines of one process.
    pub(crate) fn process(&self) -> Option<&'a [u8]> {
        Some(self.program).filter(|program| program.ends_with(b"]"))
    }
}

/// Reads what one program says; `None` for a program, or a message, that tells of no event.
pub(super) fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let name = message.file_name();
    let is_known = |program: &&&Program| program.names.iter().any(|known| known.as_bytes() == name);
    match PROGRAMS.iter().find(is_known) {
        Some(program) => (program.read)(message),
        None => sip_proxy::by_form(message),
    }
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

/// Splits a syslog line: stamp, then program and message; before it, the priority may stand as it is sent.
pub(super) fn parts(line: &[u8]) -> Option<(Stamp, Message<'_>)> {
    split(line).map(|(stamp, _, message)| (stamp, message))
}

/// Returns the machine that a syslog line names as the one that wrote it.
pub(super) fn machine(line: &[u8]) -> Option<&[u8]> {
    split(line)?.1
}

/// Returns whether two names are of one machine: some lines have its domain with it.
pub(crate) fn is_same_machine(one: &[u8], other: &[u8]) -> bool {
    short_name(one).eq_ignore_ascii_case(short_name(other))
}

/// Returns a machine's name without its domain; an address is no name with a domain.
fn short_name(name: &[u8]) -> &[u8] {
    let is_address = std::str::from_utf8(name).is_ok_and(|name| name.parse::<std::net::IpAddr>().is_ok());
    if is_address { name } else { text::until(name, b".").unwrap_or(name) }
}

/// The machines whose phone systems wrote the lines of a file that begins with `head`, each under its first name.
pub(super) fn machines(head: &[u8]) -> Vec<&[u8]> {
    /// Machines told apart.
    const MOST: usize = 64;
    let mut found: Vec<&[u8]> = Vec::new();
    for line in head.split(|&byte| byte == b'\n') {
        let Some((_, Some(machine), message)) = split(line) else { continue };
        let is_new = !found.iter().any(|known| is_same_machine(known, machine));
        if is_new && found.len() < MOST && is_of_a_phone_system(&message) {
            found.push(machine);
        }
    }
    found
}

/// Returns whether a phone system wrote a message: Asterisk, by its lines, or a program that tells of calls.
fn is_of_a_phone_system(message: &Message<'_>) -> bool {
    let programs = [&freeswitch::PROGRAM, &sip_proxy::KAMAILIO, &sip_proxy::OPENSIPS];
    let mut names = programs.iter().flat_map(|program| program.names);
    super::asterisk_log::of_message(message.text).is_some()
        || names.any(|known| known.as_bytes() == message.file_name())
}

fn split(line: &[u8]) -> Option<(Stamp, Option<&[u8]>, Message<'_>)> {
    let line = without_priority(line);
    if let Some(fields) = line.strip_prefix(b"1 ") {
        return of_rfc5424(fields);
    }
    let (stamp, length) = stamp(line)?;
    let rest = line.get(length..)?.strip_prefix(b" ")?;
    // BSD syslog (RFC 3164): host, then `program[pid]:`.
    let (host, rest) = text::split_once(rest.trim_ascii_start(), b" ")?;
    // A program that writes its log itself has no host: `Nov 20 17:25:17 dnsmasq-tftp[9]: ...`.
    if let Some(program) = host.strip_suffix(b"]:").and(host.strip_suffix(b":"))
        && host.first().is_some_and(u8::is_ascii_lowercase)
    {
        return Some((stamp, None, Message { program, text: rest }));
    }
    // `Oct 17 23:52:29 NOTICE[4570] chan_sip.c: ...` is a line of Asterisk 1.4.
    if host.contains(&b'[') {
        return None;
    }
    let (program, message) = text::split_once(rest, b":")?;
    if program.contains(&b' ') {
        return None;
    }
    Some((stamp, Some(host), Message { program, text: message.strip_prefix(b" ").unwrap_or(message) }))
}

/// Takes `<34>` off.
fn without_priority(line: &[u8]) -> &[u8] {
    let priority =
        line.strip_prefix(b"<").and_then(|rest| text::split_once(rest.get(..4).unwrap_or(rest), b">"));
    let digits = priority.map(|(digits, _)| digits).filter(|digits| text::number::<u16>(digits).is_some());
    digits.and_then(|digits| line.get(digits.len() + 2..)).unwrap_or(line)
}

/// Reads the fields of RFC 5424 behind its version: stamp, host, program, process, message's kind, then `-` or
/// `[...]` for structured data.
fn of_rfc5424(fields: &[u8]) -> Option<(Stamp, Option<&[u8]>, Message<'_>)> {
    let (stamp, rest) = text::split_once(fields, b" ")?;
    let (stamp, _) = crate::clock::any_stamp(stamp).filter(|(_, used)| *used == stamp.len())?;
    let mut words = rest.splitn(5, |&byte| byte == b' ');
    let (host, program, _process, _kind) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let data = words.next()?;
    let text = match data.strip_prefix(b"-") {
        Some(text) => text,
        // A bracket within a value is written with a backslash.
        None => text::positions(data, b"] ", 0)
            .find(|&at| at == 0 || data.get(at - 1) != Some(&b'\\'))
            .and_then(|at| data.get(at + 1..))?,
    };
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    Some((stamp, Some(host).filter(|host| *host != b"-"), Message { program, text }))
}

/// Reads the stamp that a line begins with: any of syslog's, and those of `journalctl -o short-full` and
/// `short-unix`, `Wed 2026-11-11 07:12:56 UTC` and `1794381176.500000`.
fn stamp(line: &[u8]) -> Option<(Stamp, usize)> {
    if let Some(read) = crate::clock::any_stamp(line) {
        return Some(read);
    }
    if let Some((weekday, dated)) = line.split_at_checked(4)
        && weekday.ends_with(b" ")
        && dated.first().is_some_and(u8::is_ascii_digit)
    {
        let (mut stamp, used) = crate::clock::any_stamp(dated)?;
        let zone = dated.get(used..)?.strip_prefix(b" ").and_then(|rest| text::until(rest, b" "))?;
        // Another zone's short name could be several; it is the machine's own.
        stamp.offset_minutes = (zone == b"UTC").then_some(0);
        return Some((stamp, weekday.len() + used + 1 + zone.len()));
    }
    let (seconds, rest) = text::split_once(line.get(..20)?, b".")?;
    let micros =
        text::until(rest, b" ").filter(|micros| micros.len() == 6 && (9..=10).contains(&seconds.len()))?;
    let instant = Instant::from_seconds(text::number::<u32>(seconds)?.into());
    let stamp = crate::clock::utc_stamp(Instant(instant.0 + i64::from(text::number::<u32>(micros)?)))?;
    Some((stamp, seconds.len() + 1 + micros.len()))
}

fn looks_like(head: &[u8]) -> bool {
    let lines: Vec<&[u8]> =
        head.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(500).collect();
    let hits = lines.iter().filter(|line| parts(line).is_some()).count();
    hits > 0 && hits * 10 >= lines.len() * 9
}
