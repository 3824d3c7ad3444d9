//! The records that readers produce, as spans of the chunk they were read from.

use std::net::IpAddr;

use super::{Action, Instant, Service, Stamp};

/// A piece of a chunk's text; see [`crate::readers::Chunk::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Length in bytes; [`Span::NONE`] is told by its start.
    pub length: u32,
}

impl Span {
    /// The record does not say.
    pub const NONE: Span = Span { start: u32::MAX, length: 0 };

    /// Returns whether the record does not say.
    pub fn is_none(self) -> bool {
        self.start == u32::MAX
    }
}

/// One thing that happened, as one record tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// What happened.
    pub action: Action,
    /// Which part of the server says so.
    pub service: Service,
    /// The log's own reason, one of a closed list; empty where there is none.
    pub reason: &'static str,
    /// Wall-clock time as written; `None` where the record has none.
    pub stamp: Option<Stamp>,
    /// The instant, where the record itself tells it without doubt (an epoch, a zone).
    pub exact: Option<Instant>,
    /// The peer's address, from socket fields only.
    pub address: Option<IpAddr>,
    /// The peer's port.
    pub port: Option<u16>,
    /// The account, extension or manager user.
    pub account: Span,
    /// The number dialled or asked for.
    pub number: Span,
    /// The file asked for, the user agent, the queue event: what the action needs beyond the rest.
    pub detail: Span,
    /// What tells one try from another: Call-ID, nonce or session.
    pub session: Span,
    /// The channel's name.
    pub channel: Span,
    /// The dialplan context, the queue, the web server's virtual host.
    pub context: Span,
    /// The caller's number, where it is not the account's.
    pub caller: Span,
    /// The client's user agent, its own words.
    pub agent: Span,
    /// The page that a web client says it came from.
    pub referrer: Span,
    /// The number in `[C-0000002f]`, which joins the lines of one call.
    pub call: Option<u32>,
    /// How many seconds a call lasted, from its answer on.
    pub seconds: Option<u32>,
    /// Bytes from the chunk's first byte to the record.
    pub offset: u32,
    /// The record's length in bytes, without its line end.
    pub length: u32,
    /// Lines from the chunk's first line to the record.
    pub line: u32,
}

impl Entry {
    /// Builds an entry that says nothing yet but what was done and by whom.
    pub fn new(action: Action, service: Service) -> Self {
        Entry {
            action,
            service,
            reason: "",
            stamp: None,
            exact: None,
            address: None,
            port: None,
            account: Span::NONE,
            number: Span::NONE,
            detail: Span::NONE,
            session: Span::NONE,
            channel: Span::NONE,
            context: Span::NONE,
            caller: Span::NONE,
            agent: Span::NONE,
            referrer: Span::NONE,
            call: None,
            seconds: None,
            offset: 0,
            length: 0,
            line: 0,
        }
    }
}

impl Entry {
    /// Returns all its texts. Every field is named here, so that a new one cannot be forgotten.
    pub(crate) fn spans_mut(&mut self) -> [&mut Span; 9] {
        let Entry {
            action: _,
            service: _,
            reason: _,
            stamp: _,
            exact: _,
            address: _,
            port: _,
            account,
            number,
            detail,
            session,
            channel,
            context,
            caller,
            agent,
            referrer,
            call: _,
            seconds: _,
            offset: _,
            length: _,
            line: _,
        } = self;
        [account, number, detail, session, channel, context, caller, agent, referrer]
    }
}

/// One SIP message as it stood on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SipMessage {
    /// The method of a request, the status of a response.
    pub what: Span,
    /// Is it a request?
    pub is_request: bool,
    /// Its `User-Agent`.
    pub agent: Span,
    /// The address of the packet's sender.
    pub from: IpAddr,
}

/// How a call ended, as its record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// `ANSWERED`.
    Answered,
    /// `NO ANSWER`.
    NoAnswer,
    /// `BUSY`.
    Busy,
    /// `FAILED`.
    Failed,
    /// `CONGESTION`.
    Congestion,
    /// Something else, or nothing.
    Unknown,
}

impl Disposition {
    /// All of them, in their order.
    pub const ALL: [Disposition; 6] = [
        Disposition::Answered,
        Disposition::NoAnswer,
        Disposition::Busy,
        Disposition::Failed,
        Disposition::Congestion,
        Disposition::Unknown,
    ];

    /// Reads the text of a CDR's disposition column.
    pub fn from_text(text: &[u8]) -> Self {
        match text {
            b"ANSWERED" | b"8" => Disposition::Answered,
            b"NO ANSWER" | b"4" => Disposition::NoAnswer,
            b"BUSY" | b"2" => Disposition::Busy,
            b"FAILED" | b"1" => Disposition::Failed,
            b"CONGESTION" | b"16" => Disposition::Congestion,
            _ => Disposition::Unknown,
        }
    }

    /// Tells how a call ended from the final status of its INVITE (RFC 3261).
    pub fn from_status(status: u16) -> Self {
        match status {
            200..=299 => Disposition::Answered,
            486 | 600 => Disposition::Busy,
            408 | 480 | 487 => Disposition::NoAnswer,
            503 => Disposition::Congestion,
            300..=699 => Disposition::Failed,
            _ => Disposition::Unknown,
        }
    }

    /// Returns the word that a CDR has for it.
    pub fn word(self) -> &'static str {
        match self {
            Disposition::Answered => "ANSWERED",
            Disposition::NoAnswer => "NO ANSWER",
            Disposition::Busy => "BUSY",
            Disposition::Failed => "FAILED",
            Disposition::Congestion => "CONGESTION",
            Disposition::Unknown => "UNKNOWN",
        }
    }
}

/// Which side of a call a record tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// The record does not say, or tells of both.
    #[default]
    Unknown,
    /// The one who called.
    Caller,
    /// The one who was called.
    Called,
    /// A leg that the server began by itself.
    Originated,
}

impl Leg {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Leg::Unknown => "unknown",
            Leg::Caller => "caller",
            Leg::Called => "called",
            Leg::Originated => "originated",
        }
    }
}

/// One row of call detail records, columns as spans of the chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallRow {
    /// Start as written.
    pub start: Option<Stamp>,
    /// End as written.
    pub end: Option<Stamp>,
    /// Seconds from start to end.
    pub duration: u32,
    /// Seconds from answer to end.
    pub billsec: u32,
    /// How it ended.
    pub disposition: Disposition,
    /// Was `answer` filled?
    pub answered: bool,
    /// Column `accountcode`.
    pub account_code: Span,
    /// Column `src`: the number shown, which the dialplan may have rewritten.
    pub src: Span,
    /// Column `dst`: the number dialled.
    pub dst: Span,
    /// Column `dcontext`.
    pub context: Span,
    /// Column `clid`.
    pub caller_id: Span,
    /// Column `channel`.
    pub channel: Span,
    /// Column `dstchannel`.
    pub dst_channel: Span,
    /// Column `lastapp`.
    pub last_app: Span,
    /// Column `lastdata`.
    pub last_data: Span,
    /// Column `uniqueid`.
    pub uniqueid: Span,
    /// Column `linkedid`.
    pub linkedid: Span,
    /// Column `userfield`.
    pub userfield: Span,
    /// Column `sequence`.
    pub sequence: Option<u32>,
    /// The instant of the start, where the record itself tells it without doubt.
    pub exact: Option<Instant>,
    /// The account whose credentials made the call, where the record says so itself; `anonymous` where it
    /// says that none did.
    pub account: Span,
    /// The caller's address, from the socket.
    pub address: Option<IpAddr>,
    /// The trunk that it left by.
    pub trunk: Span,
    /// Why it ended, in the program's own word.
    pub cause: Span,
    /// Which side of the call it tells of.
    pub leg: Leg,
    /// Could one packet from a stranger have written it? Then it proves nothing alone.
    pub is_claim: bool,
    /// Bytes from the chunk's first byte to the row.
    pub offset: u32,
    /// The row's length in bytes, without its line end.
    pub length: u32,
    /// Lines from the chunk's first line to the row.
    pub line: u32,
}

impl CallRow {
    /// Returns all its texts. Every field is named here, so that a new one cannot be forgotten.
    pub(crate) fn spans_mut(&mut self) -> [&mut Span; 15] {
        let CallRow {
            start: _,
            end: _,
            duration: _,
            billsec: _,
            disposition: _,
            answered: _,
            account_code,
            src,
            dst,
            context,
            caller_id,
            channel,
            dst_channel,
            last_app,
            last_data,
            uniqueid,
            linkedid,
            userfield,
            sequence: _,
            exact: _,
            account,
            address: _,
            trunk,
            cause,
            leg: _,
            is_claim: _,
            offset: _,
            length: _,
            line: _,
        } = self;
        [
            account_code,
            account,
            trunk,
            cause,
            src,
            dst,
            context,
            caller_id,
            channel,
            dst_channel,
            last_app,
            last_data,
            uniqueid,
            linkedid,
            userfield,
        ]
    }

    /// Builds a row that says nothing yet but where it stands.
    pub fn new(offset: u32, length: u32, line: u32) -> Self {
        CallRow {
            start: None,
            end: None,
            duration: 0,
            billsec: 0,
            disposition: Disposition::Unknown,
            answered: false,
            account_code: Span::NONE,
            src: Span::NONE,
            dst: Span::NONE,
            context: Span::NONE,
            caller_id: Span::NONE,
            channel: Span::NONE,
            dst_channel: Span::NONE,
            last_app: Span::NONE,
            last_data: Span::NONE,
            uniqueid: Span::NONE,
            linkedid: Span::NONE,
            userfield: Span::NONE,
            sequence: None,
            exact: None,
            account: Span::NONE,
            address: None,
            trunk: Span::NONE,
            cause: Span::NONE,
            leg: Leg::Unknown,
            is_claim: false,
            offset,
            length,
            line,
        }
    }
}
