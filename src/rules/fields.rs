//! The fields of a record that a rule can speak of: one list, and how each is taken from a record.
//!
//! They have the names of the timeline's columns where it has them. What a record does not say is not told:
//! no condition but `told` holds of it, neither a positive nor a negative one.

use std::net::IpAddr;

use crate::clock::Zone;
use crate::event::{Action, CallRow, Entry, Instant, Service, Span};
use crate::readers::{Chunk, channel_account};
use crate::untrusted::Untrusted;

/// Bytes of a record that conditions on `message` see.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The word that a rule writes.
    pub word: &'static str,
    /// What its values are.
    pub kind: FieldKind,
    /// Which records can tell it.
    pub of: FieldOf,
    /// What it means.
    pub meaning: &'static str,
    name: Name,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One of the program's own words.
    Word,
    /// Text, which may be anybody's.
    Text,
    /// An address.
    Address,
    /// A whole number.
    Number,
    /// A time.
    Time,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: [FieldKind; 5] =
        [FieldKind::Word, FieldKind::Text, FieldKind::Address, FieldKind::Number, FieldKind::Time];

    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            FieldKind::Word => "word",
            FieldKind::Text => "text",
            FieldKind::Address => "address",
            FieldKind::Number => "number",
            FieldKind::Time => "time",
        }
    }

    /// Returns the keys that a condition on such a field may have.
    pub fn operators(self) -> &'static [&'static str] {
        match self {
            FieldKind::Word => &["eq", "any", "not_eq", "not_any", "told"],
            FieldKind::Text => &[
                "eq",
                "any",
                "contains",
                "starts",
                "ends",
                "regex",
                "not_eq",
                "not_any",
                "not_contains",
                "not_starts",
                "not_ends",
                "not_regex",
                "told",
            ],
            FieldKind::Address => &["eq", "any", "cidr", "not_eq", "not_any", "not_cidr", "told"],
            FieldKind::Number => &["eq", "any", "above", "below", "not_eq", "not_any", "told"],
            FieldKind::Time => &["outside_hours", "told"],
        }
    }
}

/// Which records can tell a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOf {
    /// All of them.
    Every,
    /// All but call records.
    Events,
    /// Call records.
    Calls,
}

impl FieldOf {
    /// Returns the words used in every output.
    pub fn words(self) -> &'static str {
        match self {
            FieldOf::Every => "every record",
            FieldOf::Events => "all but call records",
            FieldOf::Calls => "call records",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Action,
    Service,
    Address,
    Port,
    Account,
    Number,
    Caller,
    Reason,
    Detail,
    Session,
    Channel,
    Context,
    Agent,
    Referrer,
    Seconds,
    Duration,
    Disposition,
    Leg,
    Trunk,
    AccountCode,
    Application,
    Data,
    Path,
    Message,
    Time,
}

/// Every field, in the order in which they are listed for people.
pub static FIELDS: [Field; 25] = {
    use FieldKind::{Address, Number, Text, Time, Word};
    use FieldOf::{Calls, Events, Every};
    const fn field(
        word: &'static str,
        name: Name,
        kind: FieldKind,
        of: FieldOf,
        meaning: &'static str,
    ) -> Field {
        Field { word, kind, of, meaning, name }
    }
    [
        field(
            "action",
            Name::Action,
            Word,
            Every,
            "what happened, as in the timeline: auth-failed, call, ...",
        ),
        field(
            "service",
            Name::Service,
            Word,
            Every,
            "the part of the server that says so: sip, ssh, cdr, ...",
        ),
        field("address", Name::Address, Address, Every, "the peer's address, from the socket"),
        field("port", Name::Port, Number, Events, "the peer's port"),
        field("account", Name::Account, Text, Every, "the account, extension or user"),
        field("number", Name::Number, Text, Every, "the number dialled or asked for, as written"),
        field("caller", Name::Caller, Text, Every, "the caller's number, where it is not the account's"),
        field("reason", Name::Reason, Text, Every, "the log's own reason; how a call ended"),
        field(
            "detail",
            Name::Detail,
            Text,
            Events,
            "the file or page asked for, the command, the queue event",
        ),
        field(
            "session",
            Name::Session,
            Text,
            Every,
            "what tells one try or call from another: Call-ID, uniqueid",
        ),
        field("channel", Name::Channel, Text, Every, "the channel's name"),
        field("context", Name::Context, Text, Every, "the dialplan context, the queue, the virtual host"),
        field("agent", Name::Agent, Text, Events, "the client's user agent, in its own words"),
        field("referrer", Name::Referrer, Text, Events, "the page that a web client says it came from"),
        field("seconds", Name::Seconds, Number, Every, "how long a call lasted from its answer on (billsec)"),
        field(
            "duration",
            Name::Duration,
            Number,
            Calls,
            "how long a call lasted from its start on, in seconds",
        ),
        field(
            "disposition",
            Name::Disposition,
            Word,
            Calls,
            "how a call ended: ANSWERED, NO ANSWER, BUSY, ...",
        ),
        field(
            "leg",
            Name::Leg,
            Word,
            Calls,
            "whose side of a call a record tells: caller, called, originated, unknown",
        ),
        field("trunk", Name::Trunk, Text, Calls, "the trunk that a call left by"),
        field("accountcode", Name::AccountCode, Text, Calls, "the column accountcode"),
        field(
            "application",
            Name::Application,
            Text,
            Calls,
            "the last application of the dialplan (lastapp)",
        ),
        field("data", Name::Data, Text, Calls, "what that application was given (lastdata)"),
        field("path", Name::Path, Text, Every, "the path of the file that tells it, below the evidence"),
        field("message", Name::Message, Text, Every, "the record as it stands, its first 8 KiB"),
        field("time", Name::Time, Time, Every, "when it happened, on the source's own clock"),
    ]
};

impl Field {
    /// Finds the field of that word.
    pub fn of_word(word: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.word == word)
    }

    /// Returns whether its values make groups: a whole line or a time makes one of each record.
    pub(super) fn makes_groups(&self) -> bool {
        !matches!(self.name, Name::Message | Name::Time)
    }

    /// Returns whether a PIN that a caller typed may stand in it.
    pub(super) fn may_hold_a_pin(&self) -> bool {
        matches!(self.name, Name::AccountCode | Name::Data)
    }

    /// Returns whether it is the action, which tells how much of a log has to be read.
    pub(super) fn is_action(&self) -> bool {
        self.name == Name::Action
    }

    /// Returns whether it is the part of the server, which tells whether there was anything to look at.
    pub(super) fn is_service(&self) -> bool {
        self.name == Name::Service
    }
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a [u8]),
    Address(IpAddr),
    Number(u64),
    /// Seconds since local midnight.
    Second(i64),
}

/// One record, with all that conditions ask of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// The chunk that it stands in.
    pub(crate) chunk: &'a Chunk,
    /// The path of its source.
    pub(crate) path: &'a str,
    /// When it happened.
    pub(crate) at: Option<Instant>,
    /// The zone of its source.
    pub(crate) zone: &'a Zone,
    /// What it tells.
    pub(crate) told: Told<'a>,
}

/// What a record tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told<'a> {
    /// Something that happened.
    Event(&'a Entry),
    /// A call that is over.
    Call(&'a CallRow),
}

/// Returns what a record says, field by field, but for its text.
pub(crate) fn described(chunk: &Chunk, path: &str, told: Told<'_>) -> String {
    let record = Record { chunk, path, at: None, zone: &Zone::UTC, told };
    let is_told = |field: &&Field| !matches!(field.name, Name::Message | Name::Time | Name::Path);
    let says = |field: &Field| {
        Some(match record.value(field)? {
            Value::Text(text) => format!("{} `{}`", field.word, Untrusted::from_bytes(text).terminal()),
            Value::Address(address) => format!("{} {address}", field.word),
            Value::Number(number) => format!("{} {number}", field.word),
            Value::Second(_) => return None,
        })
    };
    let all: Vec<String> = FIELDS.iter().filter(is_told).filter_map(says).collect();
    all.join(", ")
}

impl<'a> Record<'a> {
    /// Returns whether it is a call record.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.told, Told::Call(_))
    }

    /// Returns the part of the server that says so.
    pub(super) fn service(&self) -> Service {
        match self.told {
            Told::Event(entry) => entry.service,
            Told::Call(_) => Service::Cdr,
        }
    }

    /// Returns what happened.
    pub(super) fn action(&self) -> Action {
        match self.told {
            Told::Event(entry) => entry.action,
            Told::Call(_) => Action::Call,
        }
    }

    /// Returns what it says in a field.
    pub(super) fn value(&self, field: &Field) -> Option<Value<'a>> {
        match field.name {
            Name::Path => Some(Value::Text(self.path.as_bytes())),
            Name::Time => {
                let seconds = self.at?.seconds();
                Some(Value::Second(seconds.saturating_add(i64::from(self.zone.offset_at(seconds)))))
            }
            name => match self.told {
                Told::Event(entry) => self.of_event(entry, name),
                Told::Call(row) => self.of_call(row, name),
            },
        }
    }

    fn text(&self, span: Span) -> Option<Value<'a>> {
        self.chunk.text(span).filter(|text| !text.is_empty()).map(Value::Text)
    }

    fn message(&self, offset: u32, length: u32) -> Option<Value<'a>> {
        let (start, length) = (offset as usize, (length as usize).min(LONGEST_MESSAGE));
        self.chunk.records_bytes().get(start..start + length).map(Value::Text)
    }

    fn of_event(&self, entry: &'a Entry, name: Name) -> Option<Value<'a>> {
        match name {
            Name::Action => Some(Value::Text(entry.action.word().as_bytes())),
            Name::Service => Some(Value::Text(entry.service.word().as_bytes())),
            Name::Address => entry.address.map(Value::Address),
            Name::Port => entry.port.map(|port| Value::Number(port.into())),
            Name::Account => self.text(entry.account),
            Name::Number => self.text(entry.number),
            Name::Caller => self.text(entry.caller),
            Name::Reason => (!entry.reason.is_empty()).then_some(Value::Text(entry.reason.as_bytes())),
            Name::Detail => self.text(entry.detail),
            Name::Session => self.text(entry.session),
            Name::Channel => self.text(entry.channel),
            Name::Context => self.text(entry.context),
            Name::Agent => self.text(entry.agent),
            Name::Referrer => self.text(entry.referrer),
            Name::Seconds => entry.seconds.map(|seconds| Value::Number(seconds.into())),
            Name::Message => self.message(entry.offset, entry.length),
            _ => None,
        }
    }

    fn of_call(&self, row: &'a CallRow, name: Name) -> Option<Value<'a>> {
        let word = |word: &'static str| Some(Value::Text(word.as_bytes()));
        match name {
            Name::Action => word(Action::Call.word()),
            Name::Service => word(Service::Cdr.word()),
            Name::Address => row.address.map(Value::Address),
            Name::Account => self.text(row.account).or_else(|| {
                let account = self.chunk.text(row.channel).and_then(channel_account);
                account.filter(|account| !account.is_empty()).map(Value::Text)
            }),
            Name::Number => self.text(row.dst),
            Name::Caller => self.text(row.src),
            Name::Reason => self.text(row.cause).or_else(|| word(row.disposition.word())),
            Name::Session => self.text(row.uniqueid),
            Name::Channel => self.text(row.channel),
            Name::Context => self.text(row.context),
            Name::Seconds => Some(Value::Number(row.billsec.into())),
            Name::Duration => Some(Value::Number(row.duration.into())),
            Name::Disposition => word(row.disposition.word()),
            Name::Leg => word(row.leg.word()),
            Name::Trunk => self.text(row.trunk),
            Name::AccountCode => self.text(row.account_code),
            Name::Application => self.text(row.last_app),
            Name::Data => self.text(row.last_data),
            Name::Message => self.message(row.offset, row.length),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_word_of_its_own() {
        let mut words: Vec<&str> = FIELDS.iter().map(|field| field.word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), FIELDS.len());
        assert!(FIELDS.iter().all(|field| Field::of_word(field.word) == Some(field)));
    }
}
