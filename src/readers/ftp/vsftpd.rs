//! vsftpd's own log, `/var/log/vsftpd.log`.
//!
//! `Fri Nov 20 17:25:59 2026 [pid 9] [user] OK DOWNLOAD: Client "192.0.2.7", "/a.cfg", 23 bytes, 63.09Kbyte/sec`;
//! through syslog the same begins with `[user]`. User and path are the client's words and are not escaped:
//! where the words before the address stand twice, the address is nobody's.

use std::net::IpAddr;

use crate::event::{Action, Service};
use crate::readers::by_line::{self, ByLine, Line, Lines};
use crate::readers::found::Found;
use crate::readers::{Content, Format, Opened, Tells, text};

/// How the log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "vsftpd-log",
    tells: Tells::Host,
    content: Content::Text,
    looks_like: |_, head| by_line::most_fit(head, |line| Vsftpd.line(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(Vsftpd))),
};

struct Vsftpd;

impl Lines for Vsftpd {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (stamp, used) = crate::clock::any_stamp(line)?;
        let rest = line.get(used..)?.strip_prefix(b" [pid ")?;
        let (process, said) = text::split_once(rest, b"] ")?;
        if !process.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(Line { stamp: Some(stamp), found: found(said) })
    }
}

const BEFORE_CLIENT: &[u8] = b": Client \"";

/// Reads what stands behind stamp and process number; `None` for what tells of no event.
pub(super) fn found(said: &[u8]) -> Option<Found<'_>> {
    let (before, rest) = text::split_once(said, BEFORE_CLIENT)?;
    let is_plain = memchr::memmem::find(rest, BEFORE_CLIENT).is_none();
    let (client, rest) = text::split_once(rest, b"\"")?;
    let user = before.strip_prefix(b"[").and_then(|rest| text::split_once(rest, b"] "));
    let (user, operation) = user.unwrap_or((b"", before));
    let (action, reason) = action(operation)?;
    let mut found = Found::new(action, Service::Ftp).because(reason).of(user);
    found.address = text::address(client).filter(|_: &IpAddr| is_plain);
    if matches!(action, Action::FileFetched | Action::FileWritten | Action::FileMissing) {
        found.detail = rest.strip_prefix(b", \"").map(path);
    }
    Some(found)
}

fn action(operation: &[u8]) -> Option<(Action, &'static str)> {
    Some(match operation {
        b"CONNECT" => (Action::Connected, ""),
        b"OK LOGIN" => (Action::AuthOk, ""),
        b"FAIL LOGIN" => (Action::AuthFailed, "login refused"),
        b"OK DOWNLOAD" => (Action::FileFetched, ""),
        b"FAIL DOWNLOAD" => (Action::FileMissing, "download failed"),
        b"OK UPLOAD" => (Action::FileWritten, ""),
        b"OK DELETE" => (Action::FileWritten, "deleted"),
        b"OK RENAME" => (Action::FileWritten, "renamed"),
        _ => return None,
    })
}

/// Cuts a path at the quote that the server wrote: the last one before the count of bytes.
fn path(rest: &[u8]) -> &[u8] {
    text::split_last(rest, b"\", ").or_else(|| text::split_last(rest, b"\"")).map_or(rest, |(path, _)| path)
}
