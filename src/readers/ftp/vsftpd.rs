//! vsftpd's own log, `/var/log/vsftpd.log`.
//!
//! `Fri Nov 20 17:25:59 2026 [pid 9] [user] OK DOWNLOAD: Client "192.0.2.7", "/a.cfg", 23 bytes, 63.09Kbyte/sec`;
//! through syslog the same begins with `[user]`. User and path are the client's words and are not escaped:
//! where the words before the address stand twice, only a refused login is told, by the last of them.

use crate::event::{Action, Service};
use crate::readers::by_line::{self, ByLine, Line, Lines};
use crate::readers::found::Found;
use crate::readers::{Cites, Content, Format, Opened, Tells, text};

/// How the log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "vsftpd-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
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
///
/// The user may hold all of another line before the address, the path of a file may hold it behind: a
/// line that can be read both ways tells nothing unless it must be a login that was refused.
pub(super) fn found(said: &[u8]) -> Option<Found<'_>> {
    let (before, rest) = text::split_once(said, BEFORE_CLIENT)?;
    if memchr::memmem::find(rest, BEFORE_CLIENT).is_some() {
        return refused(said);
    }
    let (client, rest) = text::split_once(rest, b"\"")?;
    let user = before.strip_prefix(b"[").and_then(|rest| text::split_once(rest, b"] "));
    let (user, operation) = user.unwrap_or((b"", before));
    let (action, reason) = action(operation)?;
    let mut found = Found::new(action, Service::Ftp).because(reason).of(user);
    found.address = text::address(client);
    if matches!(action, Action::FileFetched | Action::FileWritten | Action::FileMissing) {
        found.detail = rest.strip_prefix(b", \"").map(path);
    }
    Some(found)
}

/// Reads a line with several addresses, which tells of a refused login or of nothing.
///
/// The server ends the line of a login with the address, that of a transfer with its speed. A line that
/// ends with an address and holds no other operation, nor an anonymous password, is a login, and only
/// its user's name can hold the other addresses. Whose name it is stays open.
fn refused(said: &[u8]) -> Option<Found<'_>> {
    const OPERATIONS: [&[u8]; 4] = [b" LOGIN", b"CONNECT", b" DOWNLOAD", b" UPLOAD"];
    let is_login = memchr::memmem::find(said, b", anon password").is_none()
        && text::positions(said, BEFORE_CLIENT, 2)
            .filter_map(|at| said.get(..at))
            .all(|before| OPERATIONS.iter().any(|operation| before.ends_with(operation)));
    let (before, client) = text::split_last(said, BEFORE_CLIENT).filter(|_| is_login)?;
    before.strip_suffix(b"] FAIL LOGIN")?;
    let address = text::address(client.strip_suffix(b"\"")?);
    Some(Found { address, ..Found::new(Action::AuthFailed, Service::Ftp).because("login refused") })
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
