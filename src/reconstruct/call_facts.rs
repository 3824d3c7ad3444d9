//! What rows and lines say of one call, looked up where they are kept.

use std::borrow::Cow;
use std::net::IpAddr;

use super::calls::{At, Call};
use super::world::{Told, World};
use crate::event::{Disposition, Instant, Place};
use crate::fold::calls::{LogCall, Passed};
use crate::fold::names::NameId;
use crate::fold::rows::{Row, RowKind, RowText};
use crate::readers::channel_account;

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
            row.kind == RowKind::Began && call.billsec() == 0 && call.disposition() == Disposition::Answered;
        (!is_open).then_some(u64::from(call.billsec()))
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

    /// Returns the number that the record shows as the caller's, which the dialplan may have written.
    pub(super) fn shown_number(&self, call: &Call) -> Option<&[u8]> {
        let (_, text) = row_at(&self.told, call.row)?;
        (!text.src.is_empty()).then_some(text.src)
    }

    /// Returns the caller's number as it was when the channel began; `None` where nothing tells.
    pub(super) fn number_at_start(&self, call: &Call) -> Option<&[u8]> {
        let uniqueid = self.uniqueid(call)?;
        self.told.iter().find_map(|told| told.ledger.callers.of(uniqueid))
    }

    /// Returns whether the log tells that the caller went through something.
    pub(super) fn passed(&self, call: &Call, what: Passed) -> bool {
        logged_at(&self.told, call.log).is_some_and(|(_, logged)| logged.passed(what))
    }

    /// Returns how many wrong PINs the caller gave, as the log tells.
    pub(super) fn wrong_pins(&self, call: &Call) -> u32 {
        logged_at(&self.told, call.log).map_or(0, |(_, logged)| u32::from(logged.wrong_pins()))
    }

    /// Returns when a trunk was called for the call, where the log tells; it came in some time before.
    fn dialed_at(&self, call: &Call) -> Option<Instant> {
        let logged = logged_at(&self.told, call.log).filter(|_| call.from_trunk() && call.by_trunk());
        logged.and_then(|(_, logged)| logged.dialed_at())
    }

    /// Returns when a call that leaves the house began: behind a dial tone or a mailbox that is when the number was
    /// dialled, which the caller's own call is older than.
    pub fn begun(&self, call: &Call) -> Instant {
        self.dialed_at(call).unwrap_or(call.start())
    }

    /// Returns the context of the row that tells what was dialled.
    pub fn outgoing_context(&self, call: &Call) -> &[u8] {
        let row = call.row.plus(call.dialed).get().and_then(|(source, index)| {
            let ledger = &self.told.get(source)?.ledger;
            Some(ledger.names.text(ledger.rows.rows.get(index)?.context))
        });
        row.unwrap_or_else(|| self.context(call))
    }

    /// Returns whether an account or a number of the house was called and the call went on to another; the digit
    /// of a menu is none.
    pub(super) fn was_sent_on(&self, call: &Call) -> bool {
        const NUMBER_DIGITS: usize = 7;
        let Some((_, first)) = row_at(&self.told, call.row) else { return false };
        let is_number = first.dst.iter().filter(|byte| byte.is_ascii_digit()).count() >= NUMBER_DIGITS;
        let is_called = is_number || self.accounts.contains(String::from_utf8_lossy(first.dst).as_ref());
        call.dialed != 0 && is_called && first.dst != self.dialed(call)
    }

    /// Returns whether somebody here answered the call before it went on to where it was sent.
    pub(super) fn was_answered_first(&self, call: &Call) -> bool {
        let (Some((first, text)), Some((last, _))) =
            (row_at(&self.told, call.row), row_at(&self.told, call.row.plus(call.dialed)))
        else {
            return false;
        };
        let phone = channel_account(text.dst_channel).map(String::from_utf8_lossy);
        let is_phone = phone.is_some_and(|name| self.accounts.contains(name.as_ref()));
        let end = first.start.plus_seconds(i64::from(first.duration));
        is_phone && first.disposition == Disposition::Answered && last.start.seconds_since(end) >= -1
    }

    /// Returns whether the record bears an account code.
    pub(super) fn has_account_code(&self, call: &Call) -> bool {
        row_at(&self.told, call.row.plus(call.dialed))
            .is_some_and(|(row, _)| row.account_code != NameId::NONE)
    }

    /// Returns the application that the first row ended with.
    pub(super) fn first_application(&self, call: &Call) -> &[u8] {
        let row = call.row.get().and_then(|(source, index)| {
            let ledger = &self.told.get(source)?.ledger;
            Some(ledger.names.text(ledger.rows.rows.get(index)?.last_app))
        });
        row.unwrap_or_default()
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

    /// Returns the context of the call's first step, where a log tells it.
    pub(super) fn entered_context(&self, call: &Call) -> &[u8] {
        let logged = logged_at(&self.told, call.log);
        logged.map(|(told, logged)| told.ledger.names.text(logged.context())).unwrap_or_default()
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
