//! What `apt` did, and by whose order: `/var/log/apt/history.log`.
//!
//! One transaction a paragraph, `Name: value` a line: `Start-Date: 2025-08-22  03:11:09`, `Commandline: apt-get install
//! asterisk`, `Requested-By: admin (1000)`, `Upgrade: asterisk:amd64 (1:16.2.1, 1:16.2.2), ...`, `End-Date:`. Times are
//! local, without a zone. A package is told by its own piece of the line, and where its transaction began.

use super::found::{Found, span_within};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why};
use crate::clock::any_stamp;
use crate::event::{Action, Entry, Service, Span, Stamp};

/// How the log is told and read.
pub(super) static FORMAT: Format = Format {
    word: "apt-history",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| {
        let first = head.trim_ascii_start();
        first.starts_with(b"Start-Date: ") && memchr::memmem::find(first, b"\nEnd-Date: ").is_some()
    },
    open: |_| Some(Opened::certain(History)),
};

/// An upgrade of a whole release is one line of some hundred kilobytes.
const LONGEST: usize = 1024 * 1024;
/// What is done to packages, and what that is called here.
const DONE: [(&[u8], &str); 6] = [
    (b"Install", "installed"),
    (b"Reinstall", "replaced"),
    (b"Upgrade", "replaced"),
    (b"Downgrade", "replaced"),
    (b"Remove", "removed"),
    (b"Purge", "removed with its settings"),
];

/// Reads the log.
struct History;

impl Reader for History {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        memchr::memmem::rfind(bytes, b"\n\n").map_or(0, |end| end + 2)
    }

    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut transaction = Transaction::default();
        let mut offset = 0;
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let (start, number) = (offset, chunk.lines);
            offset += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            let line = raw.trim_ascii_end();
            if line.is_empty() {
                transaction = Transaction::default();
                continue;
            }
            let is_whole = raw.ends_with(b"\n") && line.len() <= LONGEST;
            let first = chunk.entries.len();
            if !(is_whole && transaction.line(text, line, chunk)) {
                let why = Why::of_line(raw, LONGEST);
                chunk.skipped.push(Skipped { offset: start as u32, line: number, why });
                continue;
            }
            for entry in chunk.entries.iter_mut().skip(first) {
                (entry.offset, entry.length, entry.line) = (start as u32, line.len() as u32, number);
            }
        }
        chunk.bytes = bytes;
    }
}

/// One transaction, as far as its lines were read.
#[derive(Default)]
struct Transaction {
    began: Option<Stamp>,
    /// The entry of the command, which the line of the user follows.
    command: Option<usize>,
}

impl Transaction {
    /// Reads a line, which is a piece of `text`; returns whether it has a form of the log.
    fn line(&mut self, text: &[u8], line: &[u8], chunk: &mut Chunk) -> bool {
        let Some(colon) = memchr::memmem::find(line, b": ") else { return false };
        let (name, value) =
            (line.get(..colon).unwrap_or_default(), line.get(colon + 2..).unwrap_or_default());
        match name {
            b"Start-Date" => {
                let value = spaced_once(value);
                self.began = any_stamp(&value).map(|(stamp, _)| stamp);
                chunk.first_stamp = chunk.first_stamp.or(self.began);
                chunk.last_stamp = self.began.or(chunk.last_stamp);
                // The transaction is the record; its other lines belong to it.
                chunk.records += 1;
                return self.began.is_some();
            }
            b"Commandline" => {
                let found = Found { detail: Some(value), ..Found::new(Action::Command, Service::Host) };
                self.command = Some(chunk.entries.len());
                chunk.entries.push(self.entry(&found, text));
            }
            b"Requested-By" => {
                let user = value.split(|&byte| byte == b' ').next().unwrap_or_default();
                if let Some(entry) = self.command.and_then(|at| chunk.entries.get_mut(at)) {
                    entry.account = if user.is_empty() { Span::NONE } else { span_within(text, user, 0) };
                }
            }
            b"End-Date" | b"Error" | b"Comment" => {}
            _ => {
                let Some((_, reason)) = DONE.iter().find(|(known, _)| *known == name) else { return false };
                for package in packages(value) {
                    let found = Found {
                        detail: Some(package),
                        ..Found::new(Action::Installed, Service::Host).because(reason)
                    };
                    chunk.entries.push(self.entry(&found, text));
                }
            }
        }
        true
    }

    fn entry(&self, found: &Found<'_>, text: &[u8]) -> Entry {
        Entry { stamp: self.began, ..found.entry(text, 0) }
    }
}

/// Puts one blank where there are two: between day and time stand two.
fn spaced_once(text: &[u8]) -> Vec<u8> {
    let words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// Splits `a:amd64 (1, 2), b:amd64 (3, automatic)` into packages.
fn packages(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut depth = 0_u32;
    let pieces = text.split(move |&byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b',' && depth == 0
    });
    pieces.map(<[u8]>::trim_ascii).filter(|piece| !piece.is_empty())
}
