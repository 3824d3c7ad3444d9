//! Where the fields of a record stand in its raw text.
//!
//! The `csv` crate returns the text of fields, not their place. Their lengths lead from one to the
//! next; a field whose raw text differs from its meaning (a doubled quote) has no place of its own.

use csv::ByteRecord;

use super::quotes::Quotes;
use crate::event::Span;

/// The places of one record's fields.
#[derive(Debug, Default)]
pub(super) struct Places {
    spans: Vec<Option<Span>>,
}

impl Places {
    /// Finds each field in `text`, which stands at `start`; returns whether every quote is closed.
    pub(super) fn find(&mut self, text: &[u8], start: usize, delimiter: u8, fields: &ByteRecord) -> bool {
        self.spans.clear();
        let mut at = 0;
        for field in fields {
            let is_quoted = text.get(at) == Some(&b'"');
            let margin = usize::from(is_quoted);
            let from = at + margin;
            let to = from + field.len();
            let end = to + margin;
            let stands_as_such = text.get(from..to) == Some(field)
                && (!is_quoted || text.get(to) == Some(&b'"'))
                && text.get(end).is_none_or(|&byte| byte == delimiter);
            if stands_as_such {
                self.spans.push(Some(Span { start: (start + from) as u32, length: field.len() as u32 }));
                at = end + 1;
                continue;
            }
            let (length, is_closed) = Quotes::field_length(text.get(at..).unwrap_or_default(), delimiter);
            if !is_closed {
                return false;
            }
            self.spans.push(None);
            at += length + 1;
        }
        true
    }

    /// Returns a field's place: `Some(None)` where its text must be kept, `None` where it has no such field.
    pub(super) fn get(&self, column: usize) -> Option<Option<Span>> {
        self.spans.get(column).copied()
    }
}
