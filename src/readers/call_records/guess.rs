//! Which column is which, told from what the columns hold.
//!
//! Every order that Asterisk, its databases and its panels write keeps three groups together:
//! `src dst dcontext` with `clid` before or behind them, then `channel dstchannel lastapp lastdata`;
//! `duration billsec disposition amaflags`; and the one to three dates. Kamailio, FreeSWITCH and
//! billing systems have other words for how a call ended, which is what tells them apart.

use super::column::Column;
use super::shapes::{
    is_caller_id, is_channel, is_count, is_date, is_disposition, is_epoch, is_uniqueid, is_written_date,
};

/// Of a column's filled cells, so many in ten must have its form: the rest may be damaged or hostile.
const MOST_OF_TEN: usize = 8;

/// Rows of equal width, to be looked at by column.
pub(super) struct Sample<'a> {
    rows: &'a [&'a csv::ByteRecord],
    width: usize,
}

impl<'a> Sample<'a> {
    /// Takes rows that have `width` columns each.
    pub(super) fn new(rows: &'a [&'a csv::ByteRecord], width: usize) -> Self {
        Sample { rows, width }
    }

    fn filled(&self, column: usize) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().filter_map(move |row| row.get(column)).filter(|cell| !cell.is_empty())
    }

    /// Returns whether the cells of `column` that are filled have a form, and there are some.
    pub(super) fn is_mostly(&self, column: usize, form: fn(&[u8]) -> bool) -> bool {
        let filled = self.filled(column).count();
        let fit = self.filled(column).filter(|cell| form(cell)).count();
        filled > 0 && fit * 10 >= filled * MOST_OF_TEN
    }

    /// Returns whether nearly every row has a cell of that form.
    pub(super) fn is_always(&self, column: usize, form: fn(&[u8]) -> bool) -> bool {
        self.is_mostly(column, form) && self.filled(column).count() * 10 >= self.rows.len() * MOST_OF_TEN
    }

    fn is_empty(&self, column: usize) -> bool {
        self.filled(column).next().is_none()
    }

    fn first(&self, range: std::ops::Range<usize>, form: fn(&[u8]) -> bool) -> Option<usize> {
        let mut range = range;
        range.find(|&column| self.is_mostly(column, form))
    }
}

/// Tells the columns of call records, or `None` where the rows are something else.
pub(super) fn columns(sample: &Sample) -> Option<Vec<Column>> {
    let disposition = (2..sample.width).find(|&column| sample.is_always(column, is_disposition))?;
    let (duration, billsec) = (disposition - 2, disposition - 1);
    if !sample.is_always(duration, is_count) || !sample.is_always(billsec, is_count) {
        return None;
    }
    let channel = (0..duration).find(|&column| sample.is_always(column, is_channel))?;
    let mut columns = vec![Column::Other; sample.width];
    let mut put = |at: usize, column: Column| {
        if let Some(place) = columns.get_mut(at).filter(|place| **place == Column::Other) {
            *place = column;
        }
    };
    put(disposition, Column::Disposition);
    put(duration, Column::Duration);
    put(billsec, Column::Billsec);
    dates(sample, channel, duration, &mut put)?;
    let has_code_first = parties(sample, channel, &mut put)?;
    put(channel, Column::Channel);
    for (distance, column) in [Column::DstChannel, Column::LastApp, Column::LastData].into_iter().enumerate()
    {
        if channel + 1 + distance < duration {
            put(channel + 1 + distance, column);
        }
    }
    // Only `cdr_csv` begins with the account code; the rest has it behind `amaflags`.
    if !has_code_first {
        put(disposition + 2, Column::AccountCode);
    }
    identifiers(sample, disposition + 2, &mut put);
    Some(columns)
}

/// Places `start`, `answer` and `end`.
fn dates(
    sample: &Sample,
    channel: usize,
    duration: usize,
    put: &mut impl FnMut(usize, Column),
) -> Option<()> {
    let written = |column: &usize| sample.is_mostly(*column, is_written_date);
    let mut found: Vec<usize> = (0..sample.width).filter(written).collect();
    if found.is_empty() {
        // Numbers of ten digits look like epochs, but they stand before the channel.
        let is_moment = |column: &usize| sample.is_mostly(*column, is_epoch) && *column != duration;
        found = (channel + 1..duration).filter(is_moment).collect();
    }
    let start = *found.iter().find(|&&column| sample.is_always(column, is_date))?;
    put(start, Column::Start);
    match (sample.is_mostly(start + 1, is_date), sample.is_mostly(start + 2, is_date)) {
        (true, true) => {
            put(start + 1, Column::Answer);
            put(start + 2, Column::End);
        }
        (false, true) if sample.is_empty(start + 1) => {
            put(start + 1, Column::Answer);
            put(start + 2, Column::End);
        }
        (true, false) if sample.is_always(start + 1, is_date) => put(start + 1, Column::End),
        (true, false) => put(start + 1, Column::Answer),
        _ => {}
    }
    Some(())
}

/// Places `clid`, `src`, `dst` and `dcontext`; returns whether the account code comes before them.
fn parties(sample: &Sample, channel: usize, put: &mut impl FnMut(usize, Column)) -> Option<bool> {
    let caller_id = sample.first(0..channel, is_caller_id);
    let src = match caller_id {
        Some(caller_id) if caller_id + 4 == channel => caller_id + 1,
        Some(caller_id) if caller_id + 1 == channel => channel.checked_sub(4)?,
        Some(_) => return None,
        // A caller without a name is his bare number; only `cdr_csv` has dates and counts in these columns.
        None if channel == 5 && sample.is_always(9, is_date) => 1,
        None => channel.checked_sub(3)?,
    };
    if let Some(caller_id) = caller_id {
        put(caller_id, Column::CallerId);
    } else if src == 1 && channel == 5 {
        put(4, Column::CallerId);
    } else if let Some(before) = src.checked_sub(1) {
        put(before, Column::CallerId);
    }
    put(src, Column::Src);
    put(src + 1, Column::Dst);
    put(src + 2, Column::Context);
    let has_code_first = src == 1 && channel == 5;
    if has_code_first {
        put(0, Column::AccountCode);
    }
    Some(has_code_first)
}

/// Places `uniqueid`, `userfield`, `linkedid` and `sequence`.
fn identifiers(sample: &Sample, from: usize, put: &mut impl FnMut(usize, Column)) {
    let Some(uniqueid) = sample.first(from..sample.width, is_uniqueid) else { return };
    put(uniqueid, Column::Uniqueid);
    put(uniqueid + 1, Column::Userfield);
    if let Some(linkedid) = sample.first(uniqueid + 1..sample.width, is_uniqueid) {
        put(linkedid, Column::LinkedId);
    }
    if sample.is_always(uniqueid + 2, |cell| is_count(cell) && !is_uniqueid(cell)) {
        put(uniqueid + 2, Column::Sequence);
    }
}
