//! Call records, kept whole in a few dozen bytes and their text.

use super::blocks::{Blocks, TextAt, Texts};
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

/// The texts of one row.
#[derive(Clone, Copy, Debug, Default)]
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
#[derive(Debug, Default)]
pub struct Rows {
    /// In the order of the file.
    pub rows: Blocks<Row>,
    texts: Texts,
}

impl Rows {
    /// Keeps a row; its text and lengths are filled in.
    pub fn push(&mut self, mut row: Row, text: RowText<'_>) {
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

impl Row {
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
