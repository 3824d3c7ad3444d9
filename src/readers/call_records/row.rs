//! One row of columns, whatever file it came from, as a call record.

use super::column::Column;
use super::shapes::seconds;
use crate::event::{CallRow, Disposition, Span, Stamp};

/// Reads a row whose columns hold what `columns` says; its place is left to the caller.
///
/// `span` gives the place of a column's text in the chunk. `None` where a column has not its form.
pub(super) fn read<'a>(
    columns: &[Column],
    texts: impl Iterator<Item = &'a [u8]>,
    has_no_answer: bool,
    stamp: impl Fn(&[u8]) -> Option<Stamp>,
    mut span: impl FnMut(usize) -> Span,
) -> Option<CallRow> {
    let mut row = CallRow::new(0, 0, 0);
    for (at, (&column, text)) in columns.iter().zip(texts).enumerate() {
        match column {
            Column::Other => {}
            Column::Start if text.is_empty() => {}
            Column::Start => row.start = Some(stamp(text)?),
            Column::Answer => row.answered = is_answer(text),
            Column::End => row.end = stamp(text),
            Column::Duration => row.duration = count(text)?,
            Column::Billsec => row.billsec = count(text)?,
            Column::Disposition => row.disposition = Disposition::from_text(text),
            Column::Sequence => row.sequence = seconds(text),
            other => {
                if let Some(place) = span_of(&mut row, other) {
                    *place = span(at);
                }
            }
        }
    }
    if has_no_answer {
        row.answered = row.disposition == Disposition::Answered;
    }
    let says_nothing = row.start.is_none() && row.disposition == Disposition::Unknown;
    (!says_nothing).then_some(row)
}

/// Returns whether the text of `answer` says when the call was answered.
///
/// A database writes a date of zeros where `cdr_csv` leaves the column empty.
fn is_answer(text: &[u8]) -> bool {
    text.iter().any(|byte| (b'1'..=b'9').contains(byte))
}

fn count(text: &[u8]) -> Option<u32> {
    if text.is_empty() { Some(0) } else { seconds(text) }
}

fn span_of(row: &mut CallRow, column: Column) -> Option<&mut Span> {
    Some(match column {
        Column::AccountCode => &mut row.account_code,
        Column::Src => &mut row.src,
        Column::Dst => &mut row.dst,
        Column::Context => &mut row.context,
        Column::CallerId => &mut row.caller_id,
        Column::Channel => &mut row.channel,
        Column::DstChannel => &mut row.dst_channel,
        Column::LastApp => &mut row.last_app,
        Column::LastData => &mut row.last_data,
        Column::Uniqueid => &mut row.uniqueid,
        Column::Userfield => &mut row.userfield,
        Column::LinkedId => &mut row.linkedid,
        _ => return None,
    })
}
