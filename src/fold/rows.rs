//! Call records, kept whole in a few dozen bytes and their text.

use super::blocks::{Blocks, LONGEST_TEXT, TextAt, Texts};
use super::budget::Budget;
use super::names::NameId;
use crate::event::{Disposition, Instant};

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Start.
    pub start: Instant,
    /// Byte offset.
    pub offset: u64,
    /// Line number.
    pub line: u32,
    /// Row length in bytes.
    pub length: u32,
    /// Seconds from start to end.
    pub duration: u32,
    /// Seconds from answer to end.
    pub billsec: u32,
    /// Column `sequence`; `u32::MAX` where there is none.
    pub sequence: u32,
    /// Column `dcontext`.
    pub context: NameId,
    /// Column `lastapp`.
    pub last_app: NameId,
    /// Column `accountcode`.
    pub account_code: NameId,
    text: TextAt,
    lengths: [u8; 6],
    /// How it ended.
    pub disposition: Disposition,
}

/// Rows remembered for telling repeated ones.
const RECENT: usize = 16_384;
/// Bytes of text that a row has on the average, and half as much again.
const TEXT_PER_ROW: usize = 160;

/// The texts of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RowText<'a> {
    /// Column `src`.
    pub src: &'a [u8],
    /// Column `dst`.
    pub dst: &'a [u8],
    /// Column `channel`.
    pub channel: &'a [u8],
    /// Column `dstchannel`.
    pub dst_channel: &'a [u8],
    /// Column `uniqueid`.
    pub uniqueid: &'a [u8],
    /// Column `linkedid`.
    pub linkedid: &'a [u8],
}

/// All rows of one source.
#[derive(Debug)]
pub struct Rows {
    /// In the order of the file, each once.
    pub rows: Blocks<Row>,
    /// Rows that say the same as one a little before them.
    pub repeated: u64,
    /// Rows beyond the limit.
    pub beyond: u64,
    texts: Texts,
    recent: Vec<(u64, u32)>,
    most: usize,
}

impl Default for Rows {
    fn default() -> Self {
        Rows::new(Budget::WHOLE.rows)
    }
}

impl Rows {
    /// Begins with nothing, to keep up to `most` rows.
    pub fn new(most: usize) -> Self {
        Rows {
            rows: Blocks::default(),
            repeated: 0,
            beyond: 0,
            texts: Texts::default(),
            recent: Vec::new(),
            most,
        }
    }

    /// Keeps a row, unless an equal one was kept a little before; its text and lengths are filled in.
    pub fn push(&mut self, row: Row, text: RowText<'_>) {
        if self.is_repeated(&row, &text) {
            self.repeated += 1;
        } else if self.rows.len() >= self.most || self.texts.bytes() / TEXT_PER_ROW >= self.most {
            self.beyond += 1;
        } else {
            self.keep(row, text);
        }
    }

    /// Returns whether a row says the same as one of the last few thousand, and remembers it.
    fn is_repeated(&mut self, row: &Row, text: &RowText<'_>) -> bool {
        if self.recent.is_empty() {
            self.recent = vec![(0, u32::MAX); RECENT];
        }
        let key = super::hash(&(row.facts(), text));
        let next = self.rows.len() as u32;
        let Some(slot) = self.recent.get_mut(key as usize % RECENT) else { return false };
        let (before, index) = std::mem::replace(slot, (key, next));
        let known = self.rows.get(index as usize).filter(|_| before == key);
        let is_same =
            known.is_some_and(|known| known.facts() == row.facts() && self.text(known) == text.shortened());
        if is_same && let Some(slot) = self.recent.get_mut(key as usize % RECENT) {
            slot.1 = index;
        }
        is_same
    }

    fn keep(&mut self, mut row: Row, text: RowText<'_>) {
        let linkedid = if text.linkedid == text.uniqueid { b"" } else { text.linkedid };
        let texts = [text.src, text.dst, text.channel, text.dst_channel, text.uniqueid, linkedid];
        (row.text, row.lengths) = self.texts.keep(texts);
        self.rows.push(row);
    }

    /// Returns a row's texts.
    pub fn text(&self, row: &Row) -> RowText<'_> {
        let mut skip = 0;
        let mut next = |length: u8| {
            let text = self.texts.get(row.text, skip, length);
            skip += usize::from(length);
            text
        };
        let [src, dst, channel, dst_channel, uniqueid, linkedid] = row.lengths;
        RowText {
            src: next(src),
            dst: next(dst),
            channel: next(channel),
            dst_channel: next(dst_channel),
            uniqueid: next(uniqueid),
            linkedid: next(linkedid),
        }
    }
}

impl RowText<'_> {
    /// Returns the texts as they are kept.
    fn shortened(self) -> Self {
        let short = |text: &[u8]| -> usize { text.len().min(LONGEST_TEXT) };
        let linkedid = if self.linkedid == self.uniqueid { &[][..] } else { self.linkedid };
        RowText {
            src: &self.src[..short(self.src)],
            dst: &self.dst[..short(self.dst)],
            channel: &self.channel[..short(self.channel)],
            dst_channel: &self.dst_channel[..short(self.dst_channel)],
            uniqueid: &self.uniqueid[..short(self.uniqueid)],
            linkedid: &linkedid[..short(linkedid)],
        }
    }
}

impl Row {
    /// Returns what a row says beside its texts.
    fn facts(&self) -> impl PartialEq + std::hash::Hash + use<> {
        let times = (self.start, self.duration, self.billsec);
        (times, self.sequence, self.context, self.last_app, self.account_code, self.disposition)
    }

    /// Builds a row without text, to be given to [`Rows::push`].
    pub fn blank(start: Instant) -> Self {
        Row {
            start,
            offset: 0,
            line: 0,
            length: 0,
            duration: 0,
            billsec: 0,
            sequence: u32::MAX,
            context: NameId::NONE,
            last_app: NameId::NONE,
            account_code: NameId::NONE,
            text: TextAt::default(),
            lengths: [0; 6],
            disposition: Disposition::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(rows: &mut Rows, number: u32) {
        let id = number.to_string();
        let text = RowText { uniqueid: id.as_bytes(), linkedid: id.as_bytes(), ..RowText::default() };
        rows.push(Row::blank(Instant(0)), text);
    }

    #[test]
    fn rows_that_repeat_are_kept_once() {
        let mut rows = Rows::default();
        for number in 0..1_000 {
            push(&mut rows, number % 10);
        }
        assert_eq!((rows.rows.len(), rows.repeated), (10, 990));
        rows.push(Row::blank(Instant(1)), RowText { uniqueid: b"3", ..RowText::default() });
        assert_eq!(rows.rows.len(), 11, "another start is another row");
    }

    #[test]
    fn rows_beyond_the_limit_are_counted() {
        let mut rows = Rows::new(100);
        for number in 0..250 {
            push(&mut rows, number);
        }
        assert_eq!((rows.rows.len(), rows.beyond), (100, 150));
        let mut rows = Rows::new(100);
        for number in 0..250_u32 {
            let long = [b"x".repeat(2_000), number.to_string().into_bytes()].concat();
            let text = RowText { src: &long, dst: &long, channel: &long, ..RowText::default() };
            rows.push(Row { sequence: number, ..Row::blank(Instant(0)) }, text);
        }
        assert!(rows.rows.len() < 40 && rows.beyond > 200, "{} kept", rows.rows.len());
    }
}
