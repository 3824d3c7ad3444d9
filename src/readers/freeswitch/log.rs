//! `freeswitch.log`, 1.4 to 1.11, and lines of FreeSWITCH in syslog files.
//!
//! Half of the lines carry no stamp of their own; they belong to the message before them.

use super::accounts::Accounts;
use super::doubt::Doubt;
use super::head::{self, Form};
use super::message;
use crate::event::{Action, Stamp};
use crate::readers::syslog::Program;
use crate::readers::{CONTEXT, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why};

/// How the log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "freeswitch-log",
    tells: Tells::Server,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| looks_like(head),
    open: |opening| Some(Opened::certain(LogReader { accounts: Accounts::of(opening.pbx) })),
};

/// `mod_syslog`, whose identity is `freeswitch` unless set.
pub(in crate::readers) static PROGRAM: Program = Program {
    word: "freeswitch",
    names: &["freeswitch"],
    read: |message| message::read_in_syslog(message.text),
};

/// A line is cut off here: `mod_logfile` cuts a session's at 2,047 bytes, others it writes whole.
const LONGEST_LINE: usize = 64 * 1024;
/// How far behind a message a line without a head still belongs to it.
///
/// Half of the context, so that no cut changes it.
const REACH: usize = CONTEXT / 2;

/// Reads the log.
#[derive(Clone, Debug)]
struct LogReader {
    accounts: Accounts,
}

impl Reader for LogReader {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let mut state = State::default();
        let before = bytes.get(..chunk.context).unwrap_or_default();
        for line in before.split_inclusive(|&byte| byte == b'\n') {
            state.follow(line.trim_ascii_end(), &head::form(line.trim_ascii_end()));
            state.at += line.len();
        }
        let start = state.at;
        let text = bytes.get(chunk.context..).unwrap_or_default();
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let offset = state.at - start;
            self.line(chunk, &mut state, text, line, offset);
            state.at += line.len();
            chunk.lines += u32::from(line.ends_with(b"\n"));
        }
        chunk.bytes = bytes;
    }
}

impl LogReader {
    fn line(&self, chunk: &mut Chunk, state: &mut State, text: &[u8], raw: &[u8], offset: usize) {
        let line = raw.trim_ascii_end();
        if line.is_empty() {
            return;
        }
        let is_whole = raw.ends_with(b"\n") && line.len() <= LONGEST_LINE;
        let form = if is_whole { head::form(line) } else { Form::Other };
        let is_doubted = state.follow(line, &form);
        let said = match form {
            Form::Dated(head) => Some((head.stamp, message::read(&head, &self.accounts))),
            Form::Session(uuid, rest) if is_record(rest) => Some((None, message::read_session(uuid, rest))),
            Form::Session(..) => return,
            Form::Other if is_whole && state.is_in_message() => return,
            Form::Other => None,
        };
        let Some((stamp, found)) = said else {
            let why = Why::of_line(raw, LONGEST_LINE);
            return chunk.skipped.push(Skipped { offset: offset as u32, line: chunk.lines, why });
        };
        chunk.records += 1;
        let found = match found {
            Some(found) if is_doubted => Some(message::broken_off(found.session)),
            found => found,
        };
        let is_forged = found.is_some_and(|found| found.action == Action::Forged);
        let stamp: Option<Stamp> = stamp.filter(|_| !is_forged && !is_doubted);
        chunk.first_stamp = chunk.first_stamp.or(stamp);
        chunk.last_stamp = stamp.or(chunk.last_stamp);
        if let Some(found) = found {
            let mut entry = found.entry(text, 0);
            entry.stamp = stamp;
            (entry.offset, entry.length, entry.line) = (offset as u32, line.len() as u32, chunk.lines);
            chunk.entries.push(entry);
        }
    }
}

/// Returns whether a session's line without stamp is a message of its own.
fn is_record(text: &[u8]) -> bool {
    text.starts_with(b"EXECUTE ") || text.starts_with(b"Dialplan: ")
}

/// What the lines before tell of the next.
#[derive(Debug, Default)]
struct State {
    /// Bytes gone by.
    at: usize,
    /// Where the last message began.
    message_at: Option<usize>,
    /// What a caller may have written.
    doubt: Doubt,
}

impl State {
    /// Takes in a line, and returns whether it may be a part of what a caller wrote.
    fn follow(&mut self, line: &[u8], form: &Form<'_>) -> bool {
        if matches!(form, Form::Dated(_)) {
            self.message_at = Some(self.at);
        }
        self.doubt.follow(line, form, self.at)
    }

    fn is_in_message(&self) -> bool {
        self.message_at.is_some_and(|message| self.at - message <= REACH)
    }
}

/// Returns whether a file that begins with `head` is a log of FreeSWITCH.
///
/// A syslog file in which it is one program of many is none.
fn looks_like(head: &[u8]) -> bool {
    let (mut lines, mut own, mut in_syslog) = (0, 0, 0);
    for line in head.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(500) {
        lines += 1;
        match head::form(line.trim_ascii_end()) {
            Form::Dated(head) if head.in_syslog => in_syslog += 1,
            Form::Dated(_) => own += 1,
            Form::Session(_, rest) => own += usize::from(is_record(rest)),
            Form::Other => {}
        }
    }
    own > 0 && own * 10 >= lines || in_syslog > 0 && in_syslog * 10 >= lines * 9
}
