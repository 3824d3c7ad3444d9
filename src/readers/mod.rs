//! Bytes to records, one format a file; none of them ever stops at a bad line.
//!
//! A reader is given [`Chunk`]s that begin and end with whole records and fills in what it
//! understood. It looks at nothing but the chunk, so that any cut gives the same records; what needs
//! more than one record (a year, a fold in time, one try told by three lines) is the sinks' work. Where
//! what a record means is said far before it, as in a dump of tables, the reader is given the file as a
//! stream and cuts it itself ([`Access::Stream`]).
//!
//! To add a format: write a file with a [`Format`], list it in [`FORMATS`], and put lines into
//! `testdata/lines`, in a case file of its name. A format of which every line is a record writes how
//! one line is read ([`by_line`]); a program that writes into syslog goes to [`syslog`].

mod apt_history;
mod asterisk_log;
mod by_line;
mod call_records;
mod capture;
mod channel_events;
mod chunk;
mod database_table;
mod delimited;
mod fail2ban;
mod fail2ban_database;
mod format;
mod found;
mod freeswitch;
mod ftp;
mod history;
mod host;
mod journal;
mod packages;
mod panel;
mod printed_sessions;
mod queue_log;
mod sessions;
mod sip_proxy;
mod sql_dump;
mod sqlite_file;
mod sqlite_tables;
mod syslog;
mod table_rows;
mod text;
mod tftp;
mod tftp_log;
mod web;

use std::io::Read;

pub use asterisk_log::CONTEXT;
pub use channel_events::channel_account;
pub use chunk::{Chunk, Skipped, Why};
pub use format::{Cites, Content, Format, Opened, Opening, Tells, TextsAt};
pub(crate) use freeswitch::{BROKEN_OFF, INVITE, NEW_SESSION, NO_SUCH_USER, is_to_carrier, leads_to};
pub use syslog::SyslogMessages;
pub(crate) use syslog::is_same_machine;
/// The databases of Kamailio and OpenSIPS, which tell of accounts as well.
pub static SIP_PROXY_DATABASE: &Format = &sip_proxy::DATABASE;
/// The text tables of Kamailio and OpenSIPS, which do so too.
pub static SIP_PROXY_TEXT_TABLE: &Format = &sip_proxy::TEXT_TABLE;
/// What `wtmp` and `btmp` hold, and what `last` and `lastb` print of them.
pub(crate) static SESSIONS: &Format = &sessions::FORMAT;
pub(crate) static PRINTED_SESSIONS: &Format = &printed_sessions::FORMAT;
/// The tables of call records and channel events in MariaDB's data directory.
pub static TABLE: &Format = &database_table::FORMAT;
pub(crate) use database_table::{are_columns_of_records, may_be_table_of_records};
pub(crate) use sip_proxy::{exact_time, text_table_heading, text_table_values};
pub(crate) use text::uri_host;

use crate::evidence::{Evidence, FIRST_LOOK, Handle, Kind, Source};
use crate::pbx::Pbx;

/// All formats, the strictest first: a call record is told by its columns, a syslog file by nothing but a
/// stamp and a program's name.
///
/// What strangers send stands in the logs of file servers word by word, and some of it may look like lines
/// of Asterisk: those logs come before its own.
pub static FORMATS: [&Format; 34] = [
    &database_table::FORMAT,
    &sqlite_tables::FORMAT,
    &sql_dump::FORMAT,
    &freeswitch::JSON,
    &freeswitch::XML,
    &freeswitch::LOG,
    &web::access::FORMAT,
    &web::error::FORMAT,
    &ftp::vsftpd::FORMAT,
    &ftp::transfers::FORMAT,
    &tftp_log::FORMAT,
    &panel::FREEPBX,
    &panel::AUDIT,
    &packages::FORMAT,
    &apt_history::FORMAT,
    &history::FORMAT,
    &fail2ban_database::FORMAT,
    &journal::binary::FORMAT,
    &journal::export::FORMAT,
    &journal::json::FORMAT,
    &sessions::FORMAT,
    &sessions::LAST_LOGINS,
    &printed_sessions::FORMAT,
    &asterisk_log::FORMAT,
    &queue_log::FORMAT,
    &channel_events::FORMAT,
    &freeswitch::RECORDS,
    &freeswitch::DATABASE,
    &call_records::FORMAT,
    &fail2ban::FORMAT,
    &sip_proxy::DATABASE,
    &sip_proxy::TEXT_TABLE,
    &capture::FORMAT,
    &syslog::FORMAT,
];

/// The reason of what was asked for and not given: a call, a login, a file that may well be there.
pub(crate) const REFUSED: &str = "refused";

/// How a file of a format is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Cut at any line end, the pieces in any order.
    Anywhere,
    /// From beginning to end, cut where [`Reader::whole_records`] says: records may span lines.
    InOrder,
    /// From beginning to end by [`Reader::read_stream`]: what a record means is said far before it, as in a
    /// dump of tables.
    Stream,
    /// By [`Reader::read_file`]: records stand anywhere in the file, as in a database.
    AtWill,
}

/// Takes a batch of records; the number is where the batch's offsets count from, in bytes.
pub type Take<'a> = dyn FnMut(&Chunk, u64) + 'a;

/// Reads the records of one file.
pub trait Reader: Send + Sync {
    /// Returns how the file is gone through.
    fn access(&self) -> Access {
        Access::Anywhere
    }

    /// Returns how many of `bytes`, which begin with a record, hold whole records.
    fn whole_records(&self, bytes: &[u8]) -> usize {
        memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1)
    }

    /// Reads every record that starts in the chunk.
    fn read(&self, chunk: &mut Chunk);

    /// Reads a file's bytes, unpacked, from beginning to end, where [`Access::Stream`] asks for it, and hands
    /// the records over in pieces of about `piece` bytes; returns sentences for the report.
    fn read_stream(&self, _bytes: &mut dyn Read, _piece: usize, _take: &mut Take<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Returns whether [`Reader::read_file`] undoes a file's packing by itself.
    fn unpacks(&self) -> bool {
        false
    }

    /// Reads a file by positions, where [`Access::AtWill`] asks for it, and hands the records over batch by
    /// batch; returns sentences for the report about what was damaged or left out.
    fn read_file(&self, _file: &Handle, _take: &mut Take<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Gives the first few records of a file that is read by positions, for the survey of its clock.
    fn sample(&self, _source: &Source, _evidence: &Evidence, _take: &mut Take<'_>) {}

    /// Reads a file as [`Reader::read_file`] does, where other files of the evidence belong to it, as to a
    /// table of a database.
    fn read_file_among(
        &self,
        file: &Handle,
        _source: &Source,
        _evidence: &Evidence,
        take: &mut Take<'_>,
    ) -> Vec<String> {
        self.read_file(file, take)
    }
}

/// Tells which kind of records a file holds, if any, from its path and its first bytes.
pub fn recognise(path: &str, head: &[u8]) -> Option<Kind> {
    let is_text = memchr::memchr(0, &head[..head.len().min(FIRST_LOOK)]).is_none();
    let may_be = |format: &&&Format| is_text || format.content != Content::Text;
    let mut fitting = FORMATS.iter().filter(may_be).filter(|format| (format.looks_like)(path, head));
    fitting.next().map(|format| Kind::Records(format))
}

/// Returns whether a source is a dump of a database, which may tell of accounts as well.
pub(crate) fn is_sql_dump(kind: Kind) -> bool {
    kind == Kind::Records(&sql_dump::FORMAT)
}

/// Returns the format of that word.
pub fn format(word: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.word == word)
}

/// Builds the reader of a source, with what had to be guessed for it; of lines that name the machine that wrote them,
/// those of `machine` alone are read where it is given.
pub fn reader_for(source: &Source, pbx: &Pbx, machine: Option<&str>) -> Option<Opened> {
    let Kind::Records(format) = source.kind else { return None };
    (format.open)(&Opening { path: &source.file.path, head: &source.head, pbx, machine })
}
