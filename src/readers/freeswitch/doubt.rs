//! Which lines of the log a caller may have written.
//!
//! A caller's text with line ends breaks off the line that prints it. Where the log puts a session's uuid in front
//! of each line, all of what a session prints has its own; `mod_cdr_sqlite` prints its SQL without one, and a log
//! that is set to leave the uuids out has none at all. What follows such a break can look like anything, so that
//! only what its writer cannot have foreseen ends the doubt: the uuid of a session that was there before.

use std::collections::HashMap;

use super::head::{Form, Head, UUID, is_uuid};
use super::message;
use crate::readers::CONTEXT;

/// A caller's text goes on for no longer than that: a packet's length.
const LONGEST_TEXT: usize = CONTEXT / 2;
/// How long a session is remembered behind its last line.
///
/// With the longest text less than the context, so that a cut changes little.
const REMEMBERED: usize = CONTEXT / 4;

/// What the lines before tell of the next.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// Up to where a caller's text may go on.
    until: Option<usize>,
    /// Up to where lines are known to be written without uuids.
    without_uuids_until: Option<usize>,
    /// Sessions, by their uuids, and where a line of theirs that nobody doubts was last seen.
    sessions: HashMap<[u8; UUID], usize>,
}

impl Doubt {
    /// Takes in the line at `at`, and returns whether a caller may have written it.
    pub(super) fn follow(&mut self, line: &[u8], form: &Form<'_>, at: usize) -> bool {
        let own = match form {
            Form::Dated(head) => head.uuid,
            Form::Session(uuid, _) => Some(*uuid),
            Form::Other => None,
        };
        let is_within = self.until.is_some_and(|until| at <= until);
        let is_remembered = own.is_some_and(|uuid| self.remembers(uuid, at));
        if is_within && !is_remembered {
            if self.ends_text(line, at) {
                self.until = None;
            } else if breaks_off(line, form) {
                self.until = Some(at + LONGEST_TEXT);
            }
            return true;
        }
        self.until = None;
        if own.is_some() && self.without_uuids_until.is_some_and(|until| at <= until) {
            return true;
        }
        if breaks_off(line, form) {
            self.until = Some(at + LONGEST_TEXT);
            return false;
        }
        self.learn(own, form, at);
        false
    }

    /// Remembers the session of a line that is not doubted.
    fn learn(&mut self, own: Option<&[u8]>, form: &Form<'_>, at: usize) {
        let begun = match form {
            Form::Dated(head) if own.is_none() => message::begun(head),
            _ => None,
        };
        if begun.is_some() {
            self.without_uuids_until = Some(at + LONGEST_TEXT);
        }
        if let Some(uuid) = own.or(begun).and_then(|uuid| uuid.try_into().ok()) {
            self.sessions.insert(uuid, at);
        }
    }

    fn remembers(&self, uuid: &[u8], at: usize) -> bool {
        // What was seen before the text began was seen no longer ago than that before the text's end.
        let reach = REMEMBERED + LONGEST_TEXT;
        self.sessions.get(uuid).is_some_and(|seen| at.saturating_sub(*seen) <= reach)
    }

    /// Returns whether a line bears a uuid, as the last values of a call record, that its writer cannot know.
    fn ends_text(&self, line: &[u8], at: usize) -> bool {
        is_end_of_record(line)
            && line.split(is_quote).any(|value| is_uuid(value) && self.remembers(value, at))
    }
}

/// Returns whether a line without uuid bears a caller's text and lacks what stands behind it.
fn breaks_off(line: &[u8], form: &Form<'_>) -> bool {
    match form {
        Form::Dated(head) => head.uuid.is_none() && is_broken(line, head),
        Form::Session(..) => false,
        Form::Other => line.starts_with(b"EXECUTE ") && !line.ends_with(b")"),
    }
}

fn is_broken(line: &[u8], head: &Head<'_>) -> bool {
    if head.message.starts_with(b"Writing SQL to DB") {
        return !(is_end_of_record(line) && line.split(is_quote).any(is_uuid));
    }
    message::lacks_end(head)
}

/// Returns whether a line ends as the SQL of a call record does.
fn is_end_of_record(line: &[u8]) -> bool {
    line.strip_suffix(b";").unwrap_or(line).ends_with(b")")
}

fn is_quote(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'')
}
