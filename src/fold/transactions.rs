//! Transactions that a SIP proxy accounts, kept as rows: joined, the INVITE and the BYE of one dialog are
//! one call.

use super::rows::{Row, RowKind, RowText};
use super::sink::Told;
use super::{Ledger, hash};
use crate::event::{Action, Disposition};

/// Takes one accounted transaction.
///
/// The row's `src` is the account, its `uniqueid` the Call-ID, `dst_channel` the next hop, and
/// `linkedid` tells the dialog: see [`dialogs`].
pub(super) fn take(ledger: &mut Ledger, told: &Told<'_>) {
    let entry = told.entry;
    let place = told.place();
    let call_id = told.text(entry.session);
    let mut row = Row::blank(told.at);
    row.offset = place.offset;
    row.line = place.line;
    row.length = entry.length;
    row.kind = if entry.action == Action::Call { RowKind::Began } else { RowKind::Ended };
    row.disposition = Disposition::from_text(entry.reason.as_bytes());
    row.duration = entry.seconds.unwrap_or(0);
    row.billsec = row.duration;
    let tags = [hash(&(call_id, told.text(entry.channel))), hash(&(call_id, told.text(entry.context)))];
    let dialog = tags.map(u64::to_le_bytes).concat();
    let text = RowText {
        src: told.text(entry.account),
        dst: told.text(entry.number),
        dst_channel: told.text(entry.detail),
        uniqueid: call_id,
        linkedid: &dialog,
        ..RowText::default()
    };
    ledger.rows.push(row, text, entry.address);
}

/// Returns what tells the dialog of a row by the sender's tag, and by the other side's: whoever hangs
/// up sends the BYE, so that the caller's tag may stand on either side of it.
pub(crate) fn dialogs(text: &RowText<'_>) -> Option<(u64, u64)> {
    let (from, to) = text.linkedid.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*from), u64::from_le_bytes(to.try_into().ok()?)))
}
