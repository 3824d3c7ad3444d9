//! What rows and lines say of one call, looked up where they are kept.

use std::borrow::Cow;
use std::net::IpAddr;

use super::calls::{At, Call};
use super::world::{Told, World};
use crate::event::{Disposition, Place};
use crate::fold::calls::LogCall;
use crate::fold::rows::{Row, RowKind, RowText};

/// Extensions that stand for no number.
pub(super) const NO_NUMBERS: [&[u8]; 7] = [b"", b"s", b"h", b"i", b"t", b"hang", b"hangup"];

/// Returns a row with its texts.
pub(super) fn row_at<'t>(told: &'t [Told<'_>], at: At) -> Option<(&'t Row, RowText<'t>)> {
    let (source, index) = at.get()?;
    let rows = &told.get(source)?.ledger.rows;
    let row = rows.rows.get(index)?;
    Some((row, rows.text(row)))
}

/// Returns a call of a log with its source.
pub(super) fn logged_at<'t>(told: &'t [Told<'_>], at: At) -> Option<(&'t Told<'t>, &'t LogCall)> {
    let (source, index) = at.get()?;
    let told = told.get(source)?;
    Some((told, told.ledger.calls.calls.get(index)?))
}

impl World<'_> {
    /// Returns the account that made a call.
    pub fn account_of(&self, call: &Call) -> Option<&str> {
        self.calls.account(call)
    }

    /// Returns the address that a call came from.
    pub fn address_of(&self, call: &Call) -> Option<IpAddr> {
        self.calls.address(call)
    }

    /// Returns whether a call record tells of a call; else its length is not known.
    pub fn has_record(&self, call: &Call) -> bool {
        call.row != At::NONE
    }

    /// Returns a call's billed seconds, where a call record tells them.
    ///
    /// A proxy's record of the request that began a call tells no length; the one that ended it does.
    pub fn billed(&self, call: &Call) -> Option<u64> {
        let (row, _) = row_at(&self.told, call.row)?;
        let is_open =
            row.kind == RowKind::Began && call.billsec == 0 && call.disposition == Disposition::Answered;
        (!is_open).then_some(u64::from(call.billsec))
    }

    /// Returns what was dialled, untouched.
    pub fn dialed(&self, call: &Call) -> &[u8] {
        if let Some((_, text)) = row_at(&self.told, call.row.plus(call.dialed))
            && !NO_NUMBERS.contains(&text.dst)
        {
            return text.dst;
        }
        let logged = logged_at(&self.told, call.log).map(|(told, logged)| told.ledger.calls.number(logged));
        let row = || row_at(&self.told, call.row).map(|(_, text)| text.dst);
        logged.or_else(row).unwrap_or_default()
    }

    /// Returns the caller's number as a record tells it, which is what was presented.
    pub fn caller(&self, call: &Call) -> &[u8] {
        row_at(&self.told, call.row).map(|(_, text)| text.src).unwrap_or_default()
    }

    /// Returns the id of the call's first record.
    pub fn uniqueid(&self, call: &Call) -> Option<&[u8]> {
        let (_, text) = row_at(&self.told, call.row)?;
        (!text.uniqueid.is_empty()).then_some(text.uniqueid)
    }

    /// Returns the calling channel.
    pub fn channel(&self, call: &Call) -> Cow<'_, [u8]> {
        if let Some((_, text)) = row_at(&self.told, call.row) {
            return Cow::Borrowed(text.channel);
        }
        let logged = logged_at(&self.told, call.log);
        logged.map(|(told, logged)| told.ledger.calls.channel(logged, &told.ledger.names)).unwrap_or_default()
    }

    /// Returns the address that a proxy sent a call on to.
    pub(super) fn next_hop(&self, call: &Call) -> Option<IpAddr> {
        let (row, text) = row_at(&self.told, call.row)?;
        let hop = std::str::from_utf8(text.dst_channel).ok().filter(|_| row.kind.is_transaction())?;
        hop.split(';').next()?.trim_matches(['[', ']']).parse().ok()
    }

    /// Returns the context that the call entered.
    pub fn context(&self, call: &Call) -> &[u8] {
        let of_row = call.row.get().and_then(|(source, index)| {
            let ledger = &self.told.get(source)?.ledger;
            Some(ledger.names.text(ledger.rows.rows.get(index)?.context))
        });
        let of_log = || {
            let (told, logged) = logged_at(&self.told, call.log)?;
            Some(told.ledger.names.text(logged.context()))
        };
        of_row.or_else(of_log).unwrap_or_default()
    }

    /// Returns the places that prove a call: its first row and its first line.
    pub fn places(&self, call: &Call) -> Vec<Place> {
        let row = row_at(&self.told, call.row).and_then(|(row, _)| {
            let (source, _) = call.row.get()?;
            let source = self.told.get(source)?.source.id;
            Some(Place { source, offset: row.offset, line: row.line })
        });
        let line = logged_at(&self.told, call.log)
            .map(|(told, logged)| crate::fold::calls::place(told.source.id, logged));
        row.into_iter().chain(line).collect()
    }
}
