//! What rows and lines say of one call, looked up where they are kept.

use super::calls::Call;
use super::world::{Told, World};
use crate::event::Place;
use crate::fold::calls::LogCall;
use crate::fold::rows::{Row, RowText};

/// Extensions that stand for no number.
pub(super) const NO_NUMBERS: [&[u8]; 7] = [b"", b"s", b"h", b"i", b"t", b"hang", b"hangup"];

pub(super) fn row_at<'t>(
    told: &'t [Told<'_>],
    (source, index): (u16, u32),
) -> Option<(&'t Row, RowText<'t>)> {
    let rows = &told.get(usize::from(source))?.ledger.rows;
    let row = rows.rows.get(index as usize)?;
    Some((row, rows.text(row)))
}

pub(super) fn logged_at<'t>(told: &'t [Told<'_>], (source, index): (u16, u32)) -> Option<&'t LogCall> {
    told.get(usize::from(source))?.ledger.calls.calls.get(index as usize)
}
impl World<'_> {
    /// Returns the account that made a call.
    pub fn account_of(&self, call: &Call) -> Option<&str> {
        self.calls.account(call)
    }

    /// Returns what was dialled, untouched.
    pub fn dialed(&self, call: &Call) -> &[u8] {
        if let Some((_, text)) = call.dialed.and_then(|at| row_at(&self.told, at))
            && !NO_NUMBERS.contains(&text.dst)
        {
            return text.dst;
        }
        let logged = call.log.and_then(|(source, index)| {
            let calls = &self.told.get(usize::from(source))?.ledger.calls;
            Some(calls.number(calls.calls.get(index as usize)?))
        });
        let row = || call.row.and_then(|at| row_at(&self.told, at)).map(|(_, text)| text.dst);
        logged.or_else(row).unwrap_or_default()
    }

    /// Returns the id of the call's first record.
    pub fn uniqueid(&self, call: &Call) -> Option<&[u8]> {
        let (_, text) = row_at(&self.told, call.row?)?;
        (!text.uniqueid.is_empty()).then_some(text.uniqueid)
    }

    /// Returns the calling channel.
    pub fn channel(&self, call: &Call) -> &[u8] {
        if let Some((_, text)) = call.row.and_then(|at| row_at(&self.told, at)) {
            return text.channel;
        }
        call.log
            .and_then(|(source, index)| {
                let calls = &self.told.get(usize::from(source))?.ledger.calls;
                Some(calls.channel(calls.calls.get(index as usize)?))
            })
            .unwrap_or_default()
    }

    /// Returns the context that the call entered.
    pub fn context(&self, call: &Call) -> &[u8] {
        let of_row = call.row.and_then(|(source, index)| {
            let ledger = &self.told.get(usize::from(source))?.ledger;
            Some(ledger.names.text(ledger.rows.rows.get(index as usize)?.context))
        });
        let of_log = || {
            let (source, _) = call.log?;
            let logged = logged_at(&self.told, call.log?)?;
            Some(self.told.get(usize::from(source))?.ledger.names.text(logged.context))
        };
        of_row.or_else(of_log).unwrap_or_default()
    }

    /// Returns the places that prove a call: its first row and its first line.
    pub fn places(&self, call: &Call) -> Vec<Place> {
        let row = call.row.and_then(|at| {
            let (row, _) = row_at(&self.told, at)?;
            let source = self.told.get(usize::from(at.0))?.source.id;
            Some(Place { source, offset: row.offset, line: row.line })
        });
        let line = call.log.and_then(|at| {
            let logged = logged_at(&self.told, at)?;
            let source = self.told.get(usize::from(at.0))?.source.id;
            Some(crate::fold::calls::place(source, logged))
        });
        row.into_iter().chain(line).collect()
    }
}
