//! Rows of a database's tables, wherever they were found: a dump, a data directory, an SQLite file.
//!
//! The one place where a row of named values becomes a [`CallRow`](crate::event::CallRow) or an
//! [`Entry`](crate::event::Entry).

use super::call_records::CallTable;
use super::channel_events::EventTable;
use super::freeswitch::{Accounts, FusionTable};
use super::sip_proxy::ProxyTable;
use super::{Chunk, Skipped, Why};
use crate::clock::{DateFormat, any_stamp};
use crate::event::Stamp;
use crate::tables::Column;

/// How databases write dates.
const USUAL_DATES: &str = "%Y-%m-%d %T";

/// Where a row stands in its chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// Bytes from the chunk's first byte.
    pub(crate) offset: u32,
    /// Its length in bytes.
    pub(crate) length: u32,
    /// Lines from the chunk's first line.
    pub(crate) line: u32,
}

/// Reads the rows of one table that holds call records, channel events, or what FusionPBX or a SIP proxy keeps.
#[derive(Clone, Debug)]
pub(crate) struct TableRows {
    kind: Kind,
    dates: Option<DateFormat>,
    in_utc: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    Calls(CallTable),
    Events(EventTable),
    Fusion(FusionTable),
    Proxy(ProxyTable),
}

impl TableRows {
    /// Tells from its columns what a table holds; `None` for tables of anything else.
    ///
    /// The table's name does not matter: whoever puts old calls aside renames the table.
    pub(in crate::readers) fn of(columns: &[Column], accounts: &Accounts) -> Option<Self> {
        let names = || columns.iter().map(|column| column.name.as_str());
        let kind = CallTable::of(names())
            .map(Kind::Calls)
            .or_else(|| EventTable::of(names()).map(Kind::Events))
            .or_else(|| FusionTable::of(names(), accounts).map(Kind::Fusion))
            .or_else(|| ProxyTable::of(names()).map(Kind::Proxy))?;
        let time = match &kind {
            Kind::Calls(table) => table.time(),
            Kind::Events(table) => table.time(),
            Kind::Fusion(table) => table.time(),
            Kind::Proxy(table) => table.time(),
        };
        let in_utc = time.and_then(|at| columns.get(at)).is_some_and(|column| column.in_utc);
        Some(TableRows { kind, dates: DateFormat::from_strftime(USUAL_DATES), in_utc })
    }

    /// Returns whether its rows are events of calls, which stay until somebody deletes them: a proxy drops its phones'
    /// contacts by itself.
    pub(in crate::readers) fn tells_events(&self) -> bool {
        match &self.kind {
            Kind::Events(_) => true,
            Kind::Proxy(table) => table.is_accounting(),
            Kind::Calls(_) | Kind::Fusion(_) => false,
        }
    }

    /// Reads a row, a value a column and `None` for `NULL`, into `chunk`: what it tells, and its texts into
    /// the chunk's scratch text.
    ///
    /// Spans count from the chunk's bytes as they are now: see [`Chunk::set_records`] for bytes that come
    /// later.
    pub(crate) fn read(&self, values: &[Option<&[u8]>], place: RowPlace, chunk: &mut Chunk) {
        let stamp = |text: &[u8]| self.stamp(text);
        let is_read = match &self.kind {
            Kind::Calls(table) => table.row(values, stamp, |text| chunk.keep(text)).map(|mut row| {
                (row.offset, row.length, row.line) = (place.offset, place.length, place.line);
                note_stamp(chunk, row.start);
                chunk.rows.push(row);
                chunk.records += 1;
            }),
            Kind::Events(table) => table.row(values, stamp, |text| chunk.keep(text)).map(|mut read| {
                let entry = &mut read.entry;
                (entry.offset, entry.length, entry.line) = (place.offset, place.length, place.line);
                note_stamp(chunk, entry.stamp);
                chunk.records += 1;
                if read.is_event {
                    chunk.entries.push(read.entry);
                }
            }),
            Kind::Fusion(table) => table.read(values, place, chunk).then_some(()),
            Kind::Proxy(table) => table.read(values, stamp, place, chunk).then_some(()),
        };
        if is_read.is_none() {
            let why = Why::WrongColumns;
            chunk.skipped.push(Skipped { offset: place.offset, line: place.line, why });
        }
    }

    /// Reads a time as databases write it, with or without a fraction and an offset.
    fn stamp(&self, text: &[u8]) -> Option<Stamp> {
        let usual = self.dates.as_ref().filter(|_| text.len() == 19);
        let read = usual.and_then(|dates| dates.parse(text)).or_else(|| any_stamp(text));
        let (mut stamp, _) = read?;
        if self.in_utc {
            stamp.offset_minutes = stamp.offset_minutes.or(Some(0));
        }
        Some(stamp)
    }
}

fn note_stamp(chunk: &mut Chunk, stamp: Option<Stamp>) {
    chunk.first_stamp = chunk.first_stamp.or(stamp);
    chunk.last_stamp = stamp.or(chunk.last_stamp);
}
