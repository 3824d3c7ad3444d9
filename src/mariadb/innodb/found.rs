//! The records of one page, told apart: rows, rows marked as deleted, and what was freed.

use super::layout::Layout;
use super::page::IndexPage;
use super::record::{Piece, REFERENCE};
use super::space::Space;
use crate::mariadb::bytes::slice;
use crate::mariadb::definition::Definition;
use crate::mariadb::suspects::{CallColumns, Identity, print};
use crate::mariadb::value::{Order, Value, read};

/// Where in a page a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mariadb) enum Standing {
    /// In the chain of rows.
    InChain,
    /// In the chain, marked as deleted.
    Marked,
    /// In the list of what was freed.
    Freed,
}

/// A record that was read.
#[derive(Clone, Debug)]
pub(in crate::mariadb) struct Found {
    pub(in crate::mariadb) values: Vec<Value>,
    pub(in crate::mariadb) identity: Identity,
    pub(in crate::mariadb) standing: Standing,
    /// Its place in the page.
    pub(in crate::mariadb) origin: usize,
    /// How many values could not be read.
    pub(in crate::mariadb) unreadable: usize,
}

/// What records could not be read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::mariadb) struct Passed {
    /// Freed, with nothing left of them.
    pub(in crate::mariadb) wiped: u64,
    /// In the chain, and damaged.
    pub(in crate::mariadb) unreadable: u64,
    /// Does the chain break off?
    pub(in crate::mariadb) is_chain_broken: bool,
}

/// How the rows of a table are read.
#[derive(Clone, Debug)]
pub(in crate::mariadb) struct Rows<'a> {
    pub(in crate::mariadb) definition: &'a Definition,
    pub(super) layout: Layout,
    pub(in crate::mariadb) calls: CallColumns,
    /// What rows have in columns that were added after they were written.
    pub(super) added: Vec<Value>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        Rows {
            definition,
            layout: Layout::clustered(definition),
            calls: CallColumns::of(definition),
            added: Vec::new(),
        }
    }

    /// Reads all records of a leaf.
    pub(super) fn of_page(
        &self,
        page: &IndexPage<'_>,
        space: Option<&Space<'_>>,
        take: &mut dyn FnMut(Found),
    ) -> Passed {
        let mut passed = Passed::default();
        let (chain, is_whole) = page.chain();
        passed.is_chain_broken = !is_whole;
        for origin in chain {
            if page.format.is_note_of_added_columns(page.bytes, origin) {
                continue;
            }
            let is_marked = page.format.is_deleted(page.bytes, origin);
            let standing = if is_marked { Standing::Marked } else { Standing::InChain };
            match self.record(page, origin, standing, space) {
                Some(found) => take(found),
                None => passed.unreadable += 1,
            }
        }
        for origin in page.free_list() {
            match self.record(page, origin, Standing::Freed, space) {
                Some(found) => take(found),
                None => passed.wiped += 1,
            }
        }
        passed
    }

    /// Reads one record. What does not lie in the chain must be whole in every value to be believed.
    pub(super) fn record(
        &self,
        page: &IndexPage<'_>,
        origin: usize,
        standing: Standing,
        space: Option<&Space<'_>>,
    ) -> Option<Found> {
        let pieces = page.format.pieces(page.bytes, origin, &self.layout)?;
        let key = self.key(page.bytes, &pieces)?;
        let mut values = vec![Value::Lost; self.definition.columns.len()];
        let mut unreadable = 0;
        for (field, piece) in self.layout.fields.iter().zip(&pieces) {
            let Some(number) = field.column else { continue };
            let value = self.value(number, page.bytes, piece, space);
            unreadable += usize::from(value.is_none());
            if let (Some(place), Some(value)) = (values.get_mut(number), value) {
                *place = value;
            }
        }
        if standing == Standing::Freed && unreadable > 0 {
            return None;
        }
        let identity = Identity { row: Some(key), call: self.calls.print(&values) };
        Some(Found { values, identity, standing, origin, unreadable })
    }

    /// Returns a record that was found where any table's may stand, if it can be nothing but a call: all its values are
    /// whole, and it has a call's identifier. Its row number is of another table.
    pub(in crate::mariadb) fn surely_call(&self, mut found: Found) -> Option<Found> {
        let identifier = found.values.get(self.calls.identifier()?)?.text()?;
        crate::pbx_id::epoch(&identifier)?;
        found.identity.row = None;
        (found.unreadable == 0 && found.identity.call.is_some()).then_some(found)
    }

    /// Returns what tells the row from all others; nothing for a record whose bytes were wiped.
    fn key(&self, page: &[u8], pieces: &[Piece]) -> Option<u128> {
        let part = |piece: &Piece| slice(page, piece.at, piece.length);
        let keys: Vec<&[u8]> = pieces.iter().take(self.layout.key_fields).map(part).collect::<Option<_>>()?;
        let transaction = part(pieces.get(self.layout.key_fields)?)?;
        // No transaction has the number zero, but a packed page keeps none for what was freed.
        let is_wiped = keys.iter().all(|key| key.iter().all(|&byte| byte == 0))
            && transaction.iter().all(|&byte| byte == 0);
        let is_hidden_key_wiped = self.layout.fields.first().is_some_and(|field| field.column.is_none())
            && keys.iter().all(|key| key.iter().all(|&byte| byte == 0));
        (!is_wiped && !is_hidden_key_wiped).then(|| print("row", &keys))
    }

    fn value(&self, number: usize, page: &[u8], piece: &Piece, space: Option<&Space<'_>>) -> Option<Value> {
        let column = self.definition.columns.get(number)?;
        if piece.is_missing {
            return Some(self.added.get(number).cloned().unwrap_or(Value::Lost));
        }
        if piece.is_null {
            return Some(Value::Null);
        }
        let bytes = slice(page, piece.at, piece.length)?;
        if !piece.is_elsewhere {
            return read(column, bytes, Order::Sorted);
        }
        let Some(space) = space else { return Some(Value::Lost) };
        let (here, reference) = bytes.split_at_checked(bytes.len().checked_sub(REFERENCE)?)?;
        let Some(rest) = space.long_value(reference) else { return Some(Value::Lost) };
        let whole = [here, &rest].concat();
        Some(read(column, &whole, Order::Sorted).unwrap_or(Value::Lost))
    }
}
