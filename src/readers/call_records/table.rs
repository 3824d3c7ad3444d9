//! Call records in the table of a database.

use super::column::Column;
use super::row;
use crate::event::{CallRow, Span, Stamp};

/// A table of which each row is a call record.
#[derive(Clone, Debug)]
pub(in crate::readers) struct CallTable {
    columns: Vec<Column>,
    has_no_answer: bool,
}

impl CallTable {
    /// Tells from its columns' names whether a table holds call records.
    ///
    /// Asterisk's sample for SQLite has neither `src` nor `dst`.
    pub(in crate::readers) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut columns = Vec::new();
        for name in names {
            let column = Column::from_name(name);
            let is_new = column == Column::Other || !columns.contains(&column);
            columns.push(if is_new { column } else { Column::Other });
        }
        let has = |wanted: Column| columns.contains(&wanted);
        let tells_calls = [Column::Start, Column::Channel, Column::Billsec, Column::Disposition];
        let is_one = tells_calls.into_iter().all(has) && (has(Column::LastApp) || has(Column::Dst));
        let has_no_answer = !has(Column::Answer);
        is_one.then_some(CallTable { columns, has_no_answer })
    }

    /// Reads a row; `keep` puts a text into the chunk.
    pub(in crate::readers) fn row(
        &self,
        values: &[Option<&[u8]>],
        stamp: impl Fn(&[u8]) -> Option<Stamp>,
        mut keep: impl FnMut(&[u8]) -> Span,
    ) -> Option<CallRow> {
        let texts = values.iter().map(|value| value.unwrap_or_default());
        let span = |at: usize| values.get(at).copied().flatten().map_or(Span::NONE, &mut keep);
        row::read(&self.columns, texts, self.has_no_answer, stamp, span)
    }

    /// Returns which column holds the time at which calls began.
    pub(in crate::readers) fn time(&self) -> Option<usize> {
        self.columns.iter().position(|&column| column == Column::Start)
    }
}
