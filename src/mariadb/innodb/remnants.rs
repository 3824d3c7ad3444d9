//! Keys of deleted rows that an index other than the table itself still has.
//!
//! A page of an index keeps copies of keys that moved to another page, and those survive the deletion of their rows. A
//! call's identifier that stands there, and in no row and no living entry of the index, is that of a deleted call; it
//! holds the second in which the call began.

use super::layout::Layout;
use super::page::IndexPage;
use super::record::Piece;
use super::space::FreeMaps;
use super::table::InnoDb;
use crate::mariadb::bytes::slice;
use crate::mariadb::giving::Giving;
use crate::mariadb::row::{Row, RowFile, RowState};
use crate::mariadb::suspects::Orphans;
use crate::mariadb::value::Value;
use crate::pbx_id;

/// Of a page's records, so many in ten must begin with an identifier for the page to be one of that index.
const MOST_OF_TEN: usize = 8;

/// What a record of an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Living,
    Remnant,
}

/// Takes a page, a place in it, what stands there, and its key.
type Take<'a> = dyn FnMut(u32, usize, Entry, &[u8]) + 'a;

impl InnoDb<'_> {
    /// Finds the keys that are left of deleted rows; those of living rows are still among them.
    pub(super) fn orphans(&self) -> Orphans {
        let mut orphans = Orphans::default();
        self.each_entry(&mut |_, _, entry, key| {
            if entry == Entry::Remnant {
                orphans.add(key);
            }
        });
        if !orphans.is_empty() {
            self.each_entry(&mut |_, _, entry, key| {
                if entry == Entry::Living {
                    orphans.take(key);
                }
            });
        }
        orphans
    }

    /// Gives the keys that belong to no row that was given.
    pub(super) fn remnants(&self, giving: &mut Giving<'_>) {
        let Some(column) = self.rows.calls.identifier() else { return };
        let columns = self.rows.definition.columns.len();
        self.each_entry(&mut |number, origin, entry, key| {
            if entry == Entry::Living || !giving.orphans.take(key) {
                return;
            }
            let mut values = vec![Value::Lost; columns];
            if let Some(place) = values.get_mut(column) {
                *place = Value::Text(key.to_vec());
            }
            let offset = self.space.offset(number) + origin as u64;
            giving.give(Row { values, state: RowState::IndexRemnant, file: RowFile::Data, offset });
        });
    }

    /// Gives every entry of the index on calls' identifiers: its page, its place, what it is, its key.
    fn each_entry(&self, take: &mut Take<'_>) {
        let Some(layout) = self.layout_of_identifiers() else { return };
        let mut maps = FreeMaps::default();
        for number in (0..self.pages).filter(|&number| self.others.has(number)) {
            let Some(bytes) = self.space.page(number) else { continue };
            let Some(page) = IndexPage::of(&self.space, &bytes) else { continue };
            if page.level > 0 || !self.space.is_whole(&bytes) {
                continue;
            }
            let (chain, _) = page.chain();
            if !is_of_identifiers(&page, &chain, &layout) {
                continue;
            }
            let is_free = self.space.is_free(number, &mut maps) == Some(true);
            for origin in chain {
                let is_remnant = is_free || page.format.is_deleted(&bytes, origin);
                let entry = if is_remnant { Entry::Remnant } else { Entry::Living };
                if let Some(key) = key(&page, origin, &layout) {
                    take(number, origin, entry, key);
                }
            }
            for origin in page.free_list() {
                if let Some(key) = key(&page, origin, &layout) {
                    take(number, origin, Entry::Remnant, key);
                }
            }
        }
    }

    /// Returns how the records of the index on calls' identifiers lie; packed pages are not looked at.
    fn layout_of_identifiers(&self) -> Option<Layout> {
        let column = self.rows.calls.identifier().filter(|_| !self.space.is_packed())?;
        let definition = self.rows.definition;
        let mut keys = definition.keys.iter().filter(|key| !key.is_primary);
        let key = keys.find(|key| key.parts.first().is_some_and(|part| part.0 == column))?;
        Some(Layout::secondary(definition, key))
    }
}

/// Nothing in a page says of which key its index is; its records do.
fn is_of_identifiers(page: &IndexPage<'_>, chain: &[usize], layout: &Layout) -> bool {
    let fitting = chain.iter().filter(|&&origin| key(page, origin, layout).is_some()).count();
    fitting * 10 >= chain.len() * MOST_OF_TEN
}

/// Returns the identifier of a record, if it begins with one.
fn key<'p>(page: &IndexPage<'p>, origin: usize, layout: &Layout) -> Option<&'p [u8]> {
    let first: Piece = *page.format.pieces(page.bytes, origin, layout)?.first()?;
    let key = slice(page.bytes, first.at, first.length)?;
    pbx_id::epoch(key).map(|_| key)
}
