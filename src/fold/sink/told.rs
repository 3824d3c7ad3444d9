//! One entry where it stands, and what it tells of by itself.

use super::super::calls::{Key, Passed};
use crate::event::{Action, Citation, Entry, Instant, Place, Service, SourceId};
use crate::readers::Chunk;
use crate::scan::Base;

/// Returns whether a record tells of a wrong PIN, of a mailbox or of a second dial tone.
pub(super) fn is_wrong_pin(entry: &Entry) -> bool {
    entry.service == Service::Core && matches!(entry.reason, "wrong DISA password" | "wrong mailbox password")
}

/// Security events tell their own instant; so do a proxy's records and captured packets.
pub(super) fn is_security_event(entry: &Entry) -> bool {
    entry.exact.is_some() && !tells_transactions(entry.service)
}

/// Proxies and captures tell calls by their requests, and know no dialplan.
pub(super) fn tells_transactions(service: Service) -> bool {
    service.is_proxy() || service == Service::Capture
}

/// One entry where it stands.
pub(in crate::fold) struct Told<'a> {
    pub(super) chunk: &'a Chunk,
    pub(in crate::fold) entry: &'a Entry,
    pub(super) base: Base,
    pub(in crate::fold) at: Instant,
    pub(super) source: SourceId,
    pub(super) has_lines: bool,
}

impl<'a> Told<'a> {
    pub(in crate::fold) fn text(&self, span: crate::event::Span) -> &'a [u8] {
        self.chunk.text(span).unwrap_or_default()
    }

    pub(in crate::fold) fn place(&self) -> Place {
        Place {
            source: self.source,
            offset: self.base.offset + u64::from(self.entry.offset),
            line: if self.has_lines { (self.base.line + u64::from(self.entry.line) + 1) as u32 } else { 0 },
        }
    }

    pub(super) fn line(&self) -> &'a [u8] {
        let start = self.entry.offset as usize;
        self.chunk.records_bytes().get(start..start + self.entry.length as usize).unwrap_or_default()
    }

    pub(super) fn citation(&self) -> Citation {
        Citation::new(self.place(), self.line())
    }

    /// Returns whether it is a channel event of a caller's own channel, by which its call is named.
    pub(super) fn is_callers_event(&self) -> bool {
        self.entry.service == Service::Cel
            && !self.entry.session.is_none()
            && self.text(self.entry.session) == self.text(self.entry.detail)
    }

    /// Returns whether it is the channel event that a call begins with.
    pub(super) fn begins_call(&self) -> bool {
        self.entry.action == Action::CallAttempt && self.is_callers_event()
    }

    /// Returns what joins the records of its call.
    pub(super) fn call_key(&self) -> Option<Key> {
        match self.entry.call {
            None if self.is_callers_event() => Some(Key::of_channel(self.text(self.entry.channel))),
            call => call.map(Key::Id),
        }
    }
}

/// Returns the way out that an application opens to whoever knows a PIN.
pub(super) fn door(application: &[u8]) -> Option<Passed> {
    match application {
        b"DISA" => Some(Passed::Disa),
        b"VoiceMailMain" => Some(Passed::Mailbox),
        _ => None,
    }
}

/// Methods of requests, besides the one that asks whether the server is alive.
pub(super) const OTHER_METHODS: [&[u8]; 4] = [b"REGISTER", b"INVITE", b"SUBSCRIBE", b"MESSAGE"];

/// Returns whether a record tells of a call that was refused. That FreeSWITCH asks for credentials says
/// nothing: it asks everybody.
pub(super) fn is_invite(told: &Told<'_>) -> bool {
    let entry = told.entry;
    let is_asked = entry.service == Service::Sofia && entry.action == Action::Challenge;
    entry.action == Action::CallRejected || (told.text(entry.detail) == b"INVITE" && !is_asked)
}
