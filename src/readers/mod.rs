//! Bytes to records, one format a file; none of them ever stops at a bad line.
//!
//! A reader is given [`Chunk`]s that begin and end with whole records and fills in what it
//! understood. It looks at nothing but the chunk, so that any cut gives the same records; what needs
//! more than one record (a year, a fold in time, one try told by three lines) is the sinks' work.

pub mod call_records;
pub mod channel_events;
mod chunk;
mod delimited;
pub mod fail2ban;
pub mod queue_log;
pub mod tftp;

pub use chunk::{Chunk, Skipped, Why};

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
pub fn recognise(head: &[u8]) -> Option<crate::evidence::Kind> {
    let _ = head;
    None
}
