//! A page of an index: its header, the chain of its rows and the list of what was freed in it.

use super::record::Format;
use super::space::{Space, page_kind};
use crate::mariadb::bytes::{big, big16};

const HEADER: usize = 38;
const NEWER_FORMAT: usize = 0x8000;

/// A page of an index, as it is in memory.
pub(super) struct IndexPage<'a> {
    pub(super) bytes: &'a [u8],
    /// How rows are written in it.
    pub(super) format: Format,
    /// The index to which it belongs.
    pub(super) index: u64,
    /// 0 for the pages that hold the rows themselves.
    pub(super) level: usize,
    /// How many records were ever put into it, the two at the ends counted.
    heap: usize,
}

impl<'a> IndexPage<'a> {
    /// Returns a page if it is one of an index.
    pub(super) fn of(space: &Space<'_>, bytes: &'a [u8]) -> Option<Self> {
        let kind = space.kind(bytes);
        if kind != page_kind::INDEX && kind != page_kind::INSTANT {
            return None;
        }
        Self::read(bytes)
    }

    /// Reads the header of a page that is known to be one of an index.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let heap = big16(bytes, HEADER + 4)?;
        Some(IndexPage {
            bytes,
            format: if heap & NEWER_FORMAT != 0 { Format::Compact } else { Format::Redundant },
            index: big(bytes, HEADER + 28, 8)?,
            level: big16(bytes, HEADER + 26)?,
            heap: heap & !NEWER_FORMAT,
        })
    }

    /// Returns how many fields the first records had, where columns were added since.
    pub(super) fn first_fields(&self, space: &Space<'_>) -> Option<usize> {
        let is_instant = space.kind(self.bytes) == page_kind::INSTANT;
        is_instant.then(|| big16(self.bytes, HEADER + 12).map(|fields| fields >> 3)).flatten()
    }

    /// Returns the rows in their order, and whether their chain reached its end.
    pub(super) fn chain(&self) -> (Vec<usize>, bool) {
        let first = self.format.next(self.bytes, self.format.first()).unwrap_or(0);
        self.follow(first, self.format.last())
    }

    /// Returns the freed records, the last freed first.
    pub(super) fn free_list(&self) -> Vec<usize> {
        self.follow(big16(self.bytes, HEADER + 6).unwrap_or(0), 0).0
    }

    /// Follows a chain until `end`; one that is longer than the page has records runs in a circle.
    fn follow(&self, first: usize, end: usize) -> (Vec<usize>, bool) {
        let mut origins = Vec::new();
        let mut at = first;
        while at != end {
            let is_inside = at > self.format.last() && at < self.bytes.len();
            if !is_inside || origins.len() >= self.heap.min(self.bytes.len() / self.format.header()) {
                return (origins, false);
            }
            origins.push(at);
            match self.format.next(self.bytes, at) {
                Some(next) => at = next,
                None => return (origins, false),
            }
        }
        (origins, true)
    }
}
