//! `xferlog`, the transfer log that wu-ftpd began and vsftpd and ProFTPD write as well.
//!
//! `Fri Nov 20 17:25:59 2026 1 192.0.2.7 23 /a.cfg b _ o a user ftp 0 * c`: date, seconds, client, bytes,
//! path, `a`scii or `b`inary, what was done to it, `o`ut, `i`n or `d`eleted, `a`nonymous, `g`uest or `r`eal,
//! user, service, how the user was known and as whom, `c`omplete or `i`ncomplete. Path and user may hold
//! spaces: the eight words behind are counted from the end.

use crate::event::{Action, Service};
use crate::readers::by_line::{self, ByLine, Line, Lines};
use crate::readers::found::Found;
use crate::readers::{Cites, Content, Format, Opened, Tells, text};

/// How a transfer log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "transfer-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| Transfers.line(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(Transfers))),
};

struct Transfers;

impl Lines for Transfers {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (stamp, used) = crate::clock::any_stamp(line)?;
        let rest = line.get(used..)?.strip_prefix(b" ")?;
        let (seconds, rest) = text::split_once(rest.trim_ascii_start(), b" ")?;
        let (client, rest) = text::split_once(rest, b" ")?;
        let (size, rest) = text::split_once(rest, b" ")?;
        text::number::<u64>(seconds).and(text::number::<u64>(size))?;
        let Words { path, direction, user, is_whole } = words(rest)?;
        let action = match direction {
            b"o" => Action::FileFetched,
            b"i" | b"d" => Action::FileWritten,
            _ => return None,
        };
        let reason = match (direction, is_whole) {
            (b"d", _) => "deleted",
            (_, false) => "incomplete",
            _ => "",
        };
        let mut found = Found::new(action, Service::Ftp).because(reason).of(user);
        (found.address, found.detail) = (text::address(client), Some(path));
        Some(Line { stamp: Some(stamp), found: Some(found) })
    }
}

/// What stands behind the size.
struct Words<'a> {
    path: &'a [u8],
    direction: &'a [u8],
    user: &'a [u8],
    is_whole: bool,
}

fn words(text: &[u8]) -> Option<Words<'_>> {
    let mut last = text.rsplitn(10, |&byte| byte == b' ');
    let status = last.next()?;
    let (_known_as, _how_known, _service, user) = (last.next()?, last.next()?, last.next()?, last.next()?);
    let (access, direction, _action, kind, path) =
        (last.next()?, last.next()?, last.next()?, last.next()?, last.next()?);
    let fits = matches!(kind, b"a" | b"b")
        && matches!(access, b"a" | b"g" | b"r")
        && matches!(status, b"c" | b"i")
        && !path.is_empty();
    fits.then_some(Words { path, direction, user, is_whole: status == b"c" })
}
