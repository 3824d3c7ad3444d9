//! The log of a small TFTP server written in Python that people run for old Cisco phones.
//!
//! `[2021-07-03 10:03:20 +0000] 'SEP0011BB73AD61.cnf.xml' of type 'octet' is requested from 192.0.2.7:49841`;
//! the end of a transfer is told by name only. A file that is not there leaves the same request.

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells, text};
use crate::event::{Action, Service};

/// How the log is told and read.
pub(super) static FORMAT: Format = Format {
    word: "tftp-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| {
        let is_request = |line: &[u8]| TftpLog.line(line).is_some_and(|line| line.found.is_some());
        by_line::most_fit(head, |line| TftpLog.line(line).is_some())
            && head.split(|&byte| byte == b'\n').any(is_request)
    },
    open: |_| Some(Opened::certain(ByLine(TftpLog))),
};

struct TftpLog;

impl Lines for TftpLog {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (stamp, said) = text::split_once(line.strip_prefix(b"[")?, b"] ")?;
        let (stamp, _) = crate::clock::any_stamp(stamp).filter(|(_, used)| *used == stamp.len())?;
        let others: [&[u8]; 3] =
            ["\u{2b06} Transfer of '".as_bytes(), b"I'm already processing", b"Connection timeout for '"];
        if others.iter().any(|start| said.starts_with(start)) {
            return Some(Line { stamp: Some(stamp), found: None });
        }
        let (asked, client) = text::split_last(said, b"' is requested from ")?;
        let (name, _mode) = text::split_last(asked.strip_prefix(b"'")?, b"' of type '")?;
        let mut found = Found::new(Action::FileFetched, Service::Tftp).from(text::endpoint(client));
        found.detail = Some(name);
        Some(Line { stamp: Some(stamp), found: Some(found) })
    }
}
