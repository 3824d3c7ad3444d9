//! The SQLite databases of Kamailio and OpenSIPS: accounting and registrations.
//!
//! `acc` and `missed_calls` have a row per transaction, `acc_cdrs` and `cdrs` one per call, `location`
//! one per contact that is registered now; sites add columns of their own. Kamailio's driver keeps a
//! time as a Julian day (`db_sqlite`), half a second behind; others keep seconds since 1970, or local
//! time as text. The rows are shown as `TABLE row N: name=value;...`, for they stand nowhere as text.
//!
//! A registration's `received` is the socket that it came from. A server without NAT keeps none, and
//! what the contact says is the phone's own word: such a row has no address.

use rusqlite::types::ValueRef;

use super::super::found::Found;
use super::super::sqlite_file::{Rows, SqliteFile};
use super::super::{Cites, Content, Format, Opened, Take, Tells, uri_host};
use super::accounting::{self, About};
use super::fields::Fields;
use crate::event::{Action, Instant, Service, Stamp};
use crate::readers::Chunk;
use crate::sqlite;

/// How a database of a SIP proxy is told and read.
pub(in super::super) static FORMAT: Format = Format {
    word: "sip-proxy-database",
    tells: Tells::Calls,
    content: Content::Database,
    cites: Cites::Nowhere,
    looks_like: |_, head| looks_like(head),
    open: |opening| {
        Some(Opened::certain(SqliteFile(Database { service: service_of(opening.path, opening.head) })))
    },
};

/// Rows handed over at once.
const BATCH: usize = 1_000;
/// Bytes of a value that are shown and read.
const LONGEST_VALUE: usize = 512;

/// The tables that are read, the ones of transactions first.
const TABLES: [(&str, Row); 5] = [
    ("acc", Row::Accounting(About::Transaction)),
    ("missed_calls", Row::Accounting(About::Transaction)),
    ("acc_cdrs", Row::Accounting(About::Call)),
    ("cdrs", Row::Accounting(About::Call)),
    ("location", Row::Contact),
];

/// What a row of a table is.
#[derive(Clone, Copy, Debug)]
enum Row {
    Accounting(About),
    Contact,
}

/// Both keep a table of their tables' versions.
fn looks_like(head: &[u8]) -> bool {
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let has_table = ["acc", "location", "subscriber", "missed_calls", "dispatcher"]
        .iter()
        .any(|table| has(&format!("CREATE TABLE {table} ")));
    head.starts_with(sqlite::MAGIC) && (has("table_version") || has("sip_code") || has("ha1")) && has_table
}

fn service_of(path: &str, head: &[u8]) -> Service {
    // `contact_id` in `location` and `setuptime` in `acc` are OpenSIPS's alone.
    let is_opensips = ["contact_id", "setuptime"].iter().any(|column| has_word(head, column))
        || path.to_ascii_lowercase().contains("opensips");
    if is_opensips { Service::Opensips } else { Service::Kamailio }
}

/// Returns whether a name stands alone: Kamailio's own `account_contact_idx` holds no `contact_id`.
fn has_word(head: &[u8], word: &str) -> bool {
    let is_of_a_name = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memchr::memmem::find_iter(head, word).any(|at| {
        let before = at.checked_sub(1).and_then(|at| head.get(at));
        !is_of_a_name(before) && !is_of_a_name(head.get(at + word.len()))
    })
}

/// Reads one database.
#[derive(Clone, Copy, Debug)]
struct Database {
    service: Service,
}

impl Rows for Database {
    fn rows(&self, bytes: Vec<u8>, take: &mut Take<'_>) -> Result<Vec<String>, rusqlite::Error> {
        let connection = sqlite::open(bytes)?;
        let mut batch = Batch { service: self.service, take, chunk: Chunk::default(), offset: 0 };
        let mut notes = Vec::new();
        batch.tables(&connection, &mut notes);
        batch.hand_over();
        Ok(notes)
    }
}

/// Rows on their way to whoever takes them.
struct Batch<'b, 't> {
    service: Service,
    take: &'b mut Take<'t>,
    chunk: Chunk,
    offset: u64,
}

impl Batch<'_, '_> {
    fn tables(&mut self, connection: &rusqlite::Connection, notes: &mut Vec<String>) {
        let mut has_transactions = false;
        for (table, kind) in TABLES {
            let mut rows = 0_u64;
            let outcome = sqlite::each_row(connection, table, |number, values| {
                rows += 1;
                self.row(table, kind, number, values, has_transactions);
            });
            if let Err(error) = outcome {
                notes.push(format!("table {table}: read in part, {rows} rows: {error}"));
            }
            has_transactions |= table == "acc" && rows > 0;
        }
    }

    fn row(
        &mut self,
        table: &str,
        kind: Row,
        number: i64,
        values: &[(&str, ValueRef<'_>)],
        has_transactions: bool,
    ) {
        let shown = Shown::new(table, number, values);
        let fields = shown.fields();
        let found = match kind {
            Row::Accounting(about) => accounting::found(&fields, about, self.service)
                // A record of a whole call that cannot be joined would tell the call a second time.
                .filter(|found| found.session.is_some() || !has_transactions),
            Row::Contact => contact(&fields, self.service),
        };
        let time = time_of(kind, values);
        let start = self.chunk.bytes.len();
        if let Some(mut found) = found {
            found.seconds = found.seconds.filter(|seconds| *seconds > 0);
            let mut entry = found.entry(&shown.text, start);
            match time {
                Some(Time::Exact(at)) => entry.exact = Some(at),
                Some(Time::Local(stamp)) => entry.stamp = Some(stamp),
                None => {}
            }
            (entry.offset, entry.length) = (start as u32, shown.text.len() as u32);
            if time.is_some() {
                self.chunk.entries.push(entry);
            }
        }
        self.chunk.bytes.extend_from_slice(&shown.text);
        self.chunk.bytes.push(b'\n');
        self.chunk.records += 1;
        if self.chunk.records as usize >= BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        (self.take)(&self.chunk, self.offset);
        self.offset += self.chunk.bytes.len() as u64;
        self.chunk.clear();
    }
}

pub(super) fn contact<'a>(fields: &Fields<'a>, service: Service) -> Option<Found<'a>> {
    let account = fields.get(b"username")?;
    let mut found = Found::new(Action::Registered, service).of(account);
    found = found.from(fields.get(b"received").and_then(uri_host));
    found.detail = fields.get(b"contact");
    found.session = fields.get(b"callid");
    Some(found)
}

/// A row as text, and where its values lie in it.
struct Shown {
    text: Vec<u8>,
    values: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
}

impl Shown {
    fn new(table: &str, number: i64, values: &[(&str, ValueRef<'_>)]) -> Self {
        let mut shown = Shown { text: format!("{table} row {number}: ").into_bytes(), values: Vec::new() };
        for (name, value) in values {
            let owned: String;
            let value: &[u8] = match value {
                ValueRef::Null => continue,
                ValueRef::Integer(number) => {
                    owned = number.to_string();
                    owned.as_bytes()
                }
                ValueRef::Real(number) => {
                    owned = number.to_string();
                    owned.as_bytes()
                }
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
            };
            let value = value.get(..LONGEST_VALUE).unwrap_or(value);
            let name_at = shown.text.len();
            shown.text.extend_from_slice(name.get(..64).unwrap_or(name).as_bytes());
            let name_end = shown.text.len();
            shown.text.push(b'=');
            let value_at = shown.text.len();
            shown.text.extend_from_slice(value);
            shown.values.push((name_at..name_end, value_at..shown.text.len()));
            shown.text.push(b';');
        }
        shown
    }

    fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default();
        for (name, value) in &self.values {
            if let (Some(name), Some(value)) = (self.text.get(name.clone()), self.text.get(value.clone())) {
                fields.add(name, value);
            }
        }
        fields
    }
}

/// When a row says that something happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Time {
    Exact(Instant),
    Local(Stamp),
}

fn time_of(kind: Row, values: &[(&str, ValueRef<'_>)]) -> Option<Time> {
    let names: &[&str] = match kind {
        Row::Accounting(About::Transaction) => &["time"],
        Row::Accounting(About::Call) => &["start_time", "call_start_time", "time"],
        Row::Contact => &["last_modified"],
    };
    let value = names.iter().find_map(|name| values.iter().find(|(known, _)| known == name))?;
    time(value.1)
}

/// Returns the instant that a value stands for, where it needs no zone.
pub(crate) fn exact_time(value: ValueRef<'_>) -> Option<Instant> {
    match time(value)? {
        Time::Exact(at) => Some(at),
        Time::Local(_) => None,
    }
}

/// Reads a time that a table without types of its own holds: seconds since 1970, a Julian day, or local time, which
/// `stamp` reads.
pub(super) fn time_of_text(text: &[u8], stamp: impl Fn(&[u8]) -> Option<Stamp>) -> Option<Time> {
    let number = std::str::from_utf8(text).ok();
    match number.and_then(|number| number.parse().ok()) {
        Some(seconds) => time(ValueRef::Integer(seconds)),
        None => match number.and_then(|number| number.parse().ok()) {
            Some(real) => time(ValueRef::Real(real)),
            None => stamp(text).map(Time::Local),
        },
    }
}

fn time(value: ValueRef<'_>) -> Option<Time> {
    /// The Julian day of 1970-01-01T00:00:00Z.
    const EPOCH_DAY: f64 = 2_440_587.5;
    /// From 1995 to 2100, in seconds.
    const PLAUSIBLE: std::ops::Range<f64> = 788_918_400.0..4_102_444_800.0;
    let exact = |seconds: f64| {
        PLAUSIBLE.contains(&seconds).then(|| Time::Exact(Instant((seconds * 1e6).round() as i64)))
    };
    match value {
        ValueRef::Real(day) if day < 1e8 => {
            // The driver adds half a second when it reads its own values back.
            exact(((day - EPOCH_DAY) * 86_400.0 + 0.5).round())
        }
        ValueRef::Real(seconds) => exact(seconds),
        ValueRef::Integer(seconds) => exact(seconds as f64),
        ValueRef::Text(text) => crate::clock::any_stamp(text).map(|(stamp, _)| Time::Local(stamp)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Service, service_of};

    /// Kamailio 5.6 as `kamdbctl create` leaves it has an index whose name holds a column's name of OpenSIPS's.
    #[test]
    fn the_proxy_is_told_by_whole_names_of_columns() {
        let kamailio: &[u8] =
            b"CREATE INDEX location_account_contact_idx ON location (username, domain, contact)";
        assert_eq!(service_of("var/lib/proxy.sqlite", kamailio), Service::Kamailio);
        let opensips: &[u8] = b"CREATE TABLE location (\n    contact_id INTEGER PRIMARY KEY NOT NULL,";
        assert_eq!(service_of("var/lib/proxy.sqlite", opensips), Service::Opensips);
        assert_eq!(service_of("proxy.sqlite", b"CREATE TABLE acc (setuptime INTEGER"), Service::Opensips);
    }
}
