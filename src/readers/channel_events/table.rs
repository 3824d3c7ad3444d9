//! Channel events in the table of a database.

use super::column::Column;
use super::{epoch, told_by_row};
use crate::event::{Entry, Span, Stamp};

/// A table of which each row is a channel event.
#[derive(Clone, Debug)]
pub(in crate::readers) struct EventTable {
    columns: Vec<Column>,
}

/// A row that was understood.
pub(in crate::readers) struct EventRow {
    /// What it tells; its place is not filled in.
    pub(in crate::readers) entry: Entry,
    /// Does it tell of an event, and not only of a time?
    pub(in crate::readers) is_event: bool,
}

impl EventTable {
    /// Tells from its columns' names whether a table holds channel events.
    pub(in crate::readers) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let columns: Vec<Column> = names.map(Column::from_name).collect();
        let telling = [Column::EventType, Column::EventTime, Column::Channel, Column::Uniqueid];
        telling.iter().all(|wanted| columns.contains(wanted)).then_some(EventTable { columns })
    }

    /// Reads a row; `keep` puts a text into the chunk.
    pub(in crate::readers) fn row(
        &self,
        values: &[Option<&[u8]>],
        stamp: impl Fn(&[u8]) -> Option<Stamp>,
        mut keep: impl FnMut(&[u8]) -> Span,
    ) -> Option<EventRow> {
        let place = |wanted: Column| self.columns.iter().position(|&column| column == wanted);
        let text = |wanted: Column| {
            place(wanted).and_then(|at| values.get(at).copied().flatten()).unwrap_or_default()
        };
        let time = |text: &[u8]| match epoch(text) {
            Some(instant) => Some((None, Some(instant))),
            None => Some((Some(stamp(text)?), None)),
        };
        let read = told_by_row(text, time, |wanted| keep(text(wanted)))?;
        Some(EventRow { entry: read.entry, is_event: read.is_event })
    }

    /// Returns which column holds the time of events.
    pub(in crate::readers) fn time(&self) -> Option<usize> {
        self.columns.iter().position(|&column| column == Column::EventTime)
    }
}
