//! systemd's journal: the file itself, and what `journalctl` writes of it as `export` and `json`.
//!
//! Where no syslog daemon is installed, as on Debian since 12, it alone holds what the host's programs
//! said. Every message is read as the line of syslog that it would have been. `journalctl`'s `short` forms
//! are lines of syslog and are read as such.

pub(super) mod binary;
pub(super) mod export;
pub(super) mod json;
mod packed;

use super::Chunk;
use super::asterisk_log;
use super::syslog::{self, Message};
use crate::clock::utc_stamp;
use crate::event::{Entry, Instant, Stamp};

/// One record, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Record {
    /// Microseconds since 1970, as the sender's clock or the journal's own had it.
    at: Option<i64>,
    name: Vec<u8>,
    process: Vec<u8>,
    message: Vec<u8>,
}

/// The fields that are read, with their `=`.
const FIELDS: [&[u8]; 6] =
    [b"MESSAGE=", b"SYSLOG_IDENTIFIER=", b"_PID=", b"SYSLOG_PID=", b"_COMM=", b"_SOURCE_REALTIME_TIMESTAMP="];

/// A program's name is no longer, in bytes.
const LONGEST_NAME: usize = 256;

impl Record {
    /// Takes in one field; the first of several of one name counts.
    fn field(&mut self, name: &[u8], value: &[u8]) {
        let put = |place: &mut Vec<u8>| {
            if place.is_empty() {
                place.extend_from_slice(value);
            }
        };
        match name {
            b"MESSAGE" => put(&mut self.message),
            b"SYSLOG_IDENTIFIER" => {
                self.name.clear();
                self.name.extend_from_slice(value.get(..LONGEST_NAME).unwrap_or(value));
            }
            b"_COMM" => put(&mut self.name),
            b"_PID" | b"SYSLOG_PID" => put(&mut self.process),
            b"__REALTIME_TIMESTAMP" => self.at = self.at.or_else(|| super::text::number(value)),
            b"_SOURCE_REALTIME_TIMESTAMP" => self.at = super::text::number(value).or(self.at),
            _ => {}
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        utc_stamp(Instant(self.at?))
    }

    /// Writes the record as a program's line of syslog, and returns where the message begins.
    fn line(&self, line: &mut Vec<u8>) -> usize {
        line.clear();
        line.extend_from_slice(&self.name);
        if !self.process.is_empty() && self.process.iter().all(u8::is_ascii_digit) {
            line.push(b'[');
            line.extend_from_slice(&self.process);
            line.push(b']');
        }
        line.extend_from_slice(b": ");
        let start = line.len();
        line.extend_from_slice(&self.message);
        start
    }

    /// Returns the event that the record tells of; the line must have been written by [`Record::line`], and
    /// `shift` is where a chunk counts its first byte.
    fn entry(&self, line: &[u8], message_at: usize, shift: usize) -> Option<Entry> {
        let (program, message) = (line.get(..message_at.checked_sub(2)?)?, line.get(message_at..)?);
        let (found, call) = match asterisk_log::of_message(message) {
            Some((found, call)) => (found, call),
            None => (syslog::found(&Message { program, text: message })?, None),
        };
        Some(Entry { stamp: self.stamp(), call, ..found.entry(line, shift) })
    }

    /// Adds what the record tells to a chunk whose records take `length_of_all` bytes, at its place there.
    fn tell(&self, chunk: &mut Chunk, length_of_all: usize, offset: usize, length: usize) {
        let stamp = self.stamp();
        chunk.records += 1;
        chunk.first_stamp = chunk.first_stamp.or(stamp);
        chunk.last_stamp = stamp.or(chunk.last_stamp);
        let mut line = Vec::new();
        let message_at = self.line(&mut line);
        if let Some(mut entry) = self.entry(&line, message_at, length_of_all + chunk.scratch.len()) {
            (entry.offset, entry.length, entry.line) = (offset as u32, length as u32, chunk.lines);
            chunk.scratch.extend_from_slice(&line);
            chunk.entries.push(entry);
        }
    }
}
