//! Call records, kept whole in a few dozen bytes and their text.

use std::collections::HashMap;
use std::net::IpAddr;

use super::blocks::{Blocks, TextAt, Texts};
use super::names::NameId;
use crate::event::{Disposition, Instant, Leg};

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
    /// The account that made it, where the record says so itself.
    pub account: NameId,
    /// The trunk that it left by, where the record says so itself.
    pub trunk: NameId,
    /// An index into the addresses of [`Rows`]; beyond them where the record tells none.
    address: u32,
    /// Which side of the call it tells of.
    pub leg: Leg,
    /// Could one packet from a stranger have written it?
    pub is_claim: bool,
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
    addresses: Vec<IpAddr>,
    address_ids: HashMap<IpAddr, u32>,
}

impl Rows {
    /// Keeps a row; its text and lengths are filled in.
    pub fn push(&mut self, mut row: Row, text: RowText<'_>, address: Option<IpAddr>) {
        if let Some(address) = address {
            row.address = *self.address_ids.entry(address).or_insert_with(|| {
                self.addresses.push(address);
                (self.addresses.len() - 1) as u32
            });
        }
        let linkedid = if text.linkedid == text.uniqueid { b"" } else { text.linkedid };
        let texts = [text.src, text.dst, text.channel, text.dst_channel, text.uniqueid, linkedid];
        (row.text, row.lengths) = self.texts.keep(texts);
        self.rows.push(row);
    }

    /// Returns the caller's address, where the record tells it.
    pub fn address(&self, row: &Row) -> Option<IpAddr> {
        self.addresses.get(row.address as usize).copied()
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
            account: NameId::NONE,
            trunk: NameId::NONE,
            address: u32::MAX,
            leg: Leg::Unknown,
            is_claim: false,
            text: TextAt::default(),
            lengths: [0; 6],
            disposition: Disposition::Unknown,
        }
    }
}
