//! Which pages the tree of an index reaches from its root.
//!
//! A page that is not reached holds no living row, however alive its records look.

use super::layout::Layout;
use super::packed;
use super::page::IndexPage;
use super::record::Format;
use super::space::Space;
use crate::mariadb::bytes::{big16, big32, byte};

/// A bit for every page of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    bits: Vec<u64>,
}

impl Pages {
    pub(super) fn new(count: u32) -> Self {
        Pages { bits: vec![0; (count as usize).div_ceil(64)] }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.bits.get(number as usize / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// Adds a page; returns whether it is new and within the file.
    pub(super) fn add(&mut self, number: u32) -> bool {
        let is_new = !self.has(number);
        match self.bits.get_mut(number as usize / 64) {
            Some(bits) => *bits |= 1 << (number % 64),
            None => return false,
        }
        is_new
    }
}

/// Finds the pages that a tree reaches; returns with them those that should be pages of it and are not.
pub(super) fn reached(space: &Space<'_>, root: u32, layout: &Layout, count: u32) -> (Pages, Vec<u32>) {
    let mut pages = Pages::new(count);
    let mut broken = Vec::new();
    let mut waiting = vec![(root, None)];
    pages.add(root);
    let mut of_index = None;
    while let Some((number, level)) = waiting.pop() {
        let bytes = space.page(number);
        let page = bytes.as_deref().and_then(|bytes| IndexPage::of(space, bytes));
        let fits = |page: &IndexPage<'_>| {
            of_index.is_none_or(|index| index == page.index) && level.is_none_or(|level| level == page.level)
        };
        let Some(page) = page.filter(fits) else {
            broken.push(number);
            continue;
        };
        of_index = Some(page.index);
        if page.level == 0 {
            continue;
        }
        let below = Some(page.level - 1);
        for child in children(space, &page, layout).into_iter().filter(|&child| child < count) {
            if pages.add(child) {
                waiting.push((child, below));
            }
        }
    }
    (pages, broken)
}

fn children(space: &Space<'_>, page: &IndexPage<'_>, layout: &Layout) -> Vec<u32> {
    if space.is_packed() {
        return packed::children(page.bytes).unwrap_or_default();
    }
    let (origins, _) = page.chain();
    origins.into_iter().filter_map(|origin| child(page, origin, layout)).collect()
}

/// Returns the page that a record of a page above the leaves names in its last four bytes.
fn child(page: &IndexPage<'_>, origin: usize, layout: &Layout) -> Option<u32> {
    let end = match page.format {
        Format::Redundant => redundant_end(page.bytes, origin)?,
        Format::Compact => compact_key_end(page.bytes, origin, layout)? + 4,
    };
    big32(page.bytes, end.checked_sub(4)?)
}

fn redundant_end(page: &[u8], origin: usize) -> Option<usize> {
    let header = big16(page, origin.checked_sub(4)?)?;
    let (count, is_short) = (header >> 1 & 0x3ff, header & 1 == 1);
    let length = if is_short {
        usize::from(byte(page, origin.checked_sub(6 + count)?)?) & 0x7f
    } else {
        big16(page, origin.checked_sub(6 + 2 * count)?)? & 0x3fff
    };
    Some(origin + length)
}

/// Returns where the key ends; before its lengths lie as many NULL bits as the rows themselves have.
fn compact_key_end(page: &[u8], origin: usize, layout: &Layout) -> Option<usize> {
    let held = layout.first_fields.unwrap_or(layout.fields.len());
    let mut before = origin.checked_sub(5 + layout.nullable_of(held).div_ceil(8))?;
    let mut at = origin;
    for field in layout.fields.iter().take(layout.key_fields) {
        at += match field.width {
            Some(width) => width,
            None => {
                before = before.checked_sub(1)?;
                let first = usize::from(byte(page, before)?);
                if field.is_long && first >= 0x80 {
                    before = before.checked_sub(1)?;
                    (first << 8 | usize::from(byte(page, before)?)) & 0x3fff
                } else {
                    first
                }
            }
        };
    }
    Some(at)
}
