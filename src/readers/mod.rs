//! Bytes to records, one format a file; none of them ever stops at a bad line.
//!
//! A reader is given [`Chunk`]s that begin and end with whole records and fills in what it
//! understood. It looks at nothing but the chunk, so that any cut gives the same records; what needs
//! more than one record (a year, a fold in time, one try told by three lines) is the sinks' work.
//!
//! To add a format: write a file with a [`Format`], list it in [`FORMATS`], and put lines into
//! `testdata/lines`, in a case file of its name. A format of which every line is a record writes how
//! one line is read ([`by_line`]); a program that writes into syslog goes to [`syslog`].

mod asterisk_log;
mod by_line;
mod call_records;
mod channel_events;
mod chunk;
mod database_table;
mod delimited;
mod fail2ban;
mod format;
mod found;
mod queue_log;
mod syslog;
mod text;
mod tftp;

pub use asterisk_log::CONTEXT;
pub use channel_events::channel_account;
pub use chunk::{Chunk, Skipped, Why};
pub use format::{Content, Format, Opened, Opening, Tells};
pub use syslog::SyslogMessages;
pub(crate) use text::uri_host;

use crate::evidence::{Evidence, FIRST_LOOK, Handle, Kind, Source};
use crate::pbx::Pbx;

/// All formats, the strictest first: a call record is told by its columns, a syslog file by nothing but a
/// stamp and a program's name.
pub static FORMATS: [&Format; 7] = [
    &database_table::FORMAT,
    &asterisk_log::FORMAT,
    &queue_log::FORMAT,
    &channel_events::FORMAT,
    &call_records::FORMAT,
    &fail2ban::FORMAT,
    &syslog::FORMAT,
];

/// How a file of a format is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Cut at any line end, the pieces in any order.
    Anywhere,
    /// From beginning to end, cut where [`Reader::whole_records`] says: records may span lines.
    InOrder,
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
    let may_be = |format: &&&Format| is_text || format.content == Content::Binary;
    let mut fitting = FORMATS.iter().filter(may_be).filter(|format| (format.looks_like)(path, head));
    fitting.next().map(|format| Kind::Records(format))
}

/// Returns the format of that word.
pub fn format(word: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.word == word)
}

/// Builds the reader of a source, with what had to be guessed for it.
pub fn reader_for(source: &Source, pbx: &Pbx) -> Option<Opened> {
    let Kind::Records(format) = source.kind else { return None };
    (format.open)(&Opening { path: &source.file.path, head: &source.head, pbx })
}
