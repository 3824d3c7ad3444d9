//! Call records, kept whole in a few dozen bytes and their text.

use std::collections::HashMap;
use std::net::IpAddr;

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
    /// What it is a record of.
    pub kind: RowKind,
    /// The address that the call came from, an index into [`Rows::addresses`].
    address: u32,
}

/// What a row is a record of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// A call, or one leg of it, that is over.
    Leg,
    /// The INVITE that began a call, as a proxy accounts it.
    Began,
    /// The BYE that ended a call, as a proxy accounts it.
    Ended,
}

impl RowKind {
    /// Returns whether it is one transaction of a call, not a whole leg.
    pub fn is_transaction(self) -> bool {
        self != RowKind::Leg
    }
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

/// Addresses of callers kept for one source; those beyond have none.
const MOST_ADDRESSES: usize = 1 << 20;

impl Rows {
    /// Keeps a row; its text, lengths and address are filled in.
    pub fn push(&mut self, mut row: Row, text: RowText<'_>, address: Option<IpAddr>) {
        row.address = address.map_or(u32::MAX, |address| self.address_id(address));
        let linkedid = if text.linkedid == text.uniqueid { b"" } else { text.linkedid };
        let texts = [text.src, text.dst, text.channel, text.dst_channel, text.uniqueid, linkedid];
        (row.text, row.lengths) = self.texts.keep(texts);
        self.rows.push(row);
    }

    /// Returns the address that a row itself says the call came from.
    pub fn address(&self, row: &Row) -> Option<IpAddr> {
        self.addresses.get(row.address as usize).copied()
    }

    fn address_id(&mut self, address: IpAddr) -> u32 {
        if let Some(&id) = self.address_ids.get(&address) {
            return id;
        }
        if self.addresses.len() >= MOST_ADDRESSES {
            return u32::MAX;
        }
        let id = self.addresses.len() as u32;
        self.addresses.push(address);
        self.address_ids.insert(address, id);
        id
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
            kind: RowKind::Leg,
            address: u32::MAX,
        }
    }
}
