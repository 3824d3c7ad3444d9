//! Asterisk's `queue_log`: `EPOCH|CALLID|QUEUE|AGENT|EVENT|DATA...`.
//!
//! The epoch is UTC, so these lines need no zone and no year; the first one after a start reads
//! `...|NONE|NONE|NONE|QUEUESTART|`. The call is the `uniqueid` of the caller's channel, or one of
//! `NONE`, `MANAGER`, `REALTIME`, `CLI`, `HTTP`. `ENTERQUEUE` has as data the URL, the caller's
//! number and the position.

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells};
use crate::event::{Action, Instant, Service};

/// How the queue log is told and read.
pub(super) static FORMAT: Format = Format {
    word: "queue-log",
    tells: Tells::Queues,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| QueueLog.line(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(QueueLog))),
};

/// What stands where no call or agent is meant.
const NOBODY: [&[u8]; 6] = [b"", b"NONE", b"MANAGER", b"REALTIME", b"CLI", b"HTTP"];

struct QueueLog;

impl Lines for QueueLog {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        if memchr::memchr(0, line).is_some() {
            return None;
        }
        let mut fields = line.split(|&byte| byte == b'|');
        let epoch = fields.next()?;
        let (call, queue, agent) = (fields.next()?, fields.next()?, fields.next()?);
        let event = fields.next().filter(|text| is_event(text))?;
        let mut found = Found::new(Action::Queue, Service::Queue);
        found.exact = Some(Instant::from_seconds(seconds(epoch)?));
        found.session = unless_nobody(call);
        found.context = unless_nobody(queue);
        found.account = unless_nobody(agent);
        found.detail = Some(event);
        if event == b"ENTERQUEUE" {
            found.number = fields.nth(1).and_then(unless_nobody);
        }
        Some(Line { stamp: None, found: Some(found) })
    }
}

fn unless_nobody(text: &[u8]) -> Option<&[u8]> {
    (!NOBODY.contains(&text)).then_some(text)
}

fn is_event(text: &[u8]) -> bool {
    (3..=40).contains(&text.len()) && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Reads an epoch of nine or ten digits: every second from 1973 to 2286.
fn seconds(text: &[u8]) -> Option<i64> {
    let is_epoch = (9..=10).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_epoch.then(|| text.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}
