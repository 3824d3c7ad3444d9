//! Bytes to records, one format a file; none of them ever stops at a bad line.
//!
//! A reader is given [`Chunk`]s that begin and end with whole records and fills in what it
//! understood. It looks at nothing but the chunk, so that any cut gives the same records; what needs
//! more than one record (a year, a fold in time, one try told by three lines) is the sinks' work.

mod asterisk_log;
pub mod call_records;
pub mod channel_events;
mod chunk;
mod delimited;
pub mod fail2ban;
pub mod queue_log;
pub mod tftp;

pub(crate) use asterisk_log::uri_host;
pub use asterisk_log::{AsteriskLogReader, CONTEXT};
pub use channel_events::channel_account;
pub use chunk::{Chunk, Skipped, Why};

use crate::evidence::{Kind, Source};
use crate::pbx::Pbx;

/// A format that can be read chunk by chunk.
pub trait Reader: Send + Sync {
    /// Returns whether chunks may be cut at any line end and read in any order.
    ///
    /// A format whose records may span lines says `false`: its chunks then come one after the other,
    /// cut where [`Reader::whole_records`] says.
    fn cuts_anywhere(&self) -> bool {
        true
    }

    /// Returns how many of `bytes`, which begin with a record, hold whole records.
    fn whole_records(&self, bytes: &[u8]) -> usize {
        memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1)
    }

    /// Reads every record that starts in the chunk.
    fn read(&self, chunk: &mut Chunk);
}

/// Tells which kind of records a text file holds, if any.
///
/// The strictest form is asked first: a call record is told by its columns, a syslog file by nothing
/// but a stamp and a program's name.
pub fn recognise(head: &[u8]) -> Option<Kind> {
    if AsteriskLogReader::looks_like(head) {
        Some(Kind::AsteriskLog)
    } else if queue_log::looks_like(head) {
        Some(Kind::QueueLog)
    } else if channel_events::looks_like(head) {
        Some(Kind::ChannelEvents)
    } else if call_records::looks_like(head) {
        Some(Kind::CallRecords)
    } else if fail2ban::looks_like(head) {
        Some(Kind::Fail2banLog)
    } else if AsteriskLogReader::looks_like_syslog(head) {
        Some(Kind::Syslog)
    } else {
        None
    }
}

/// Builds the reader of a source, with what had to be guessed for it.
///
/// The configuration helps where a file does not tell by itself: date formats, columns.
pub fn reader_for(source: &Source, pbx: &Pbx) -> Option<(Box<dyn Reader>, Option<String>)> {
    let head = source.head.as_slice();
    let name = source.file.path.rsplit('/').next().unwrap_or_default();
    let settings = &pbx.call_records;
    let custom = |columns: &std::collections::BTreeMap<String, Vec<String>>| columns.get(name).cloned();
    match source.kind {
        Kind::AsteriskLog | Kind::Syslog => {
            let configured = pbx.logger.as_ref().and_then(|logger| logger.date_format.as_deref());
            let (reader, note) = AsteriskLogReader::find(head, configured, source.kind == Kind::Syslog);
            Some((Box::new(reader), note))
        }
        Kind::CallRecords => {
            let is_custom = source.file.path.contains("cdr-custom");
            let columns = if is_custom { custom(&settings.custom_columns) } else { None };
            let (reader, note) = call_records::CallRecordReader::find(head, columns.as_deref())
                .or_else(|| call_records::CallRecordReader::find(head, None))?;
            Some((Box::new(reader), note))
        }
        Kind::ChannelEvents => {
            let columns = custom(&settings.event_columns);
            let format = settings.event_date_format.as_deref();
            let reader = channel_events::ChannelEventReader::find(head, columns.as_deref(), format)
                .or_else(|| channel_events::ChannelEventReader::find(head, None, format))?;
            Some((Box::new(reader), None))
        }
        Kind::QueueLog => Some((Box::new(queue_log::QueueLogReader), None)),
        Kind::Fail2banLog => Some((Box::new(fail2ban::Fail2banReader::new()?), None)),
        Kind::AsteriskDatabase | Kind::Configuration | Kind::PhoneFile | Kind::HostFile | Kind::Archive => {
            None
        }
    }
}
