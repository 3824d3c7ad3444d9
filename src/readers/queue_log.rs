//! Asterisk's `queue_log`: `EPOCH|CALLID|QUEUE|AGENT|EVENT|DATA...`.
//!
//! The epoch is UTC, so these lines need no zone and no year; the first one after a start reads
//! `...|NONE|NONE|NONE|QUEUESTART|`. The call is the `uniqueid` of the caller's channel, or one of
//! `NONE`, `MANAGER`, `REALTIME`, `CLI`, `HTTP`. `ENTERQUEUE` has as data the URL, the caller's
//! number and the position.

use super::{Chunk, Reader, Skipped, Why};
use crate::event::{Action, Entry, Instant, Service, Span};

/// A line is no longer than that.
const LONGEST: usize = 16 * 1024;
/// What stands where no call or agent is meant.
const NOBODY: [&[u8]; 6] = [b"", b"NONE", b"MANAGER", b"REALTIME", b"CLI", b"HTTP"];
/// So many lines of a head are looked at.
const LOOKED_AT: usize = 20;

/// Returns whether a text file that begins with `head` is a queue log.
pub fn looks_like(head: &[u8]) -> bool {
    let lines: Vec<&[u8]> = head
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .take(LOOKED_AT)
        .collect();
    let fit = lines.iter().filter(|line| parse(line.trim_ascii_end(), 0).is_some()).count();
    fit > 0 && fit * 2 > lines.len()
}

/// Reads the queue log.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueLogReader;

impl Reader for QueueLogReader {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut offset = 0;
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let line = raw.trim_ascii_end();
            let place = (offset as u32, chunk.lines);
            offset += raw.len();
            match parse(line, place.0 as usize) {
                _ if line.is_empty() => {}
                Some(mut entry) => {
                    (entry.offset, entry.line, entry.length) = (place.0, place.1, line.len() as u32);
                    chunk.records += 1;
                    chunk.entries.push(entry);
                }
                None => chunk.skipped.push(Skipped {
                    offset: place.0,
                    line: place.1,
                    why: Why::of_line(raw, LONGEST),
                }),
            }
            chunk.lines += u32::from(raw.ends_with(b"\n"));
        }
        chunk.bytes = bytes;
    }
}

/// Reads one line, which stands at `offset`.
fn parse(line: &[u8], offset: usize) -> Option<Entry> {
    if line.len() > LONGEST || memchr::memchr(0, line).is_some() {
        return None;
    }
    let mut at = offset;
    let mut fields = line.split(|&byte| byte == b'|').map(|text| {
        let span = Span { start: at as u32, length: text.len() as u32 };
        at += text.len() + 1;
        (text, span)
    });
    let (epoch, _) = fields.next()?;
    let (call, queue, agent) = (fields.next()?, fields.next()?, fields.next()?);
    let event = fields.next().filter(|(text, _)| is_event(text))?;
    let mut entry = Entry::new(Action::Queue, Service::Queue);
    entry.exact = Some(Instant::from_seconds(seconds(epoch)?));
    entry.session = unless_nobody(call);
    entry.context = unless_nobody(queue);
    entry.account = unless_nobody(agent);
    entry.detail = event.1;
    if event.0 == b"ENTERQUEUE" {
        entry.number = fields.nth(1).map_or(Span::NONE, unless_nobody);
    }
    Some(entry)
}

fn unless_nobody((text, span): (&[u8], Span)) -> Span {
    if NOBODY.contains(&text) { Span::NONE } else { span }
}

fn is_event(text: &[u8]) -> bool {
    (3..=40).contains(&text.len()) && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Reads an epoch of nine or ten digits: every second from 1973 to 2286.
fn seconds(text: &[u8]) -> Option<i64> {
    let is_epoch = (9..=10).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_epoch.then(|| text.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}
