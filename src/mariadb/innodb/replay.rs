//! What the redo log tells of one table: rows that were written once, and what starting the server would do.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use super::found::{Found, Standing};
use super::packed;
use super::page::IndexPage;
use super::space::page_kind;
use super::table::InnoDb;
use crate::mariadb::bytes::{big, big16};
use crate::mariadb::redo::{Change, How, Image, Inserted, Log};
use crate::mariadb::suspects::Print;

/// Bytes of pages that are kept while the log is read.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The root of the index that is the table, in a file of its own.
const ROOT: u32 = 3;

/// What starting a killed server would make of a table.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// The pages that would change, as they would be.
    pages: BTreeMap<u32, Image>,
    /// The rows that would be alive in them.
    alive: HashSet<Print>,
    /// Did the log end without room for all pages that it changes?
    pub(super) is_cut: bool,
    /// Was there anything to be done, for any table?
    pub(super) was_killed: bool,
}

impl Recovered {
    /// Would a row of that page be gone?
    pub(super) fn would_delete(&self, page: u32, row: Option<Print>) -> bool {
        self.pages.contains_key(&page) && row.is_some_and(|row| !self.alive.contains(&row))
    }
}

impl InnoDb<'_> {
    /// Applies what the log has behind its checkpoint, as the server would.
    pub(super) fn recovered(&self, log: &Log<'_>) -> Recovered {
        let mut recovered = Recovered::default();
        log.groups(log.checkpoint, &mut |group| {
            group.changes(&mut |change| {
                let Change::Page { space, page, how } = change else { return };
                recovered.was_killed = true;
                if space == self.space.id
                    && (recovered.pages.contains_key(&page) || self.may_be_own(page, how))
                {
                    self.redo(&mut recovered, page, how, group.end);
                }
            });
            ControlFlow::Continue(())
        });
        recovered.pages.retain(|_, image| image.is_freed || page_is(image, self.index));
        let mut alive = HashSet::new();
        for image in recovered.pages.values() {
            self.each_of_image(image, &mut |found| {
                if found.standing == Standing::InChain {
                    alive.extend(found.identity.row);
                }
            });
        }
        recovered.alive = alive;
        recovered
    }

    fn redo(&self, recovered: &mut Recovered, page: u32, how: How<'_>, end: u64) {
        if !recovered.pages.contains_key(&page) {
            if recovered.pages.len() >= MOST_BYTES / self.space.physical_size {
                recovered.is_cut = true;
                return;
            }
            let image = self.image_of_file(page, how);
            // What reached the file already says so itself.
            if how != How::Made && big(&image.bytes, 16, 8).is_some_and(|written| written >= end) {
                return;
            }
            recovered.pages.insert(page, image);
        }
        if let Some(image) = recovered.pages.get_mut(&page) {
            image.apply(how);
        }
    }

    /// May a changed page be the table's? Where the file holds other tables too, one that was made anew may become so.
    fn may_be_own(&self, page: u32, how: How<'_>) -> bool {
        self.place.shared.is_none() || how == How::Made || self.own.has(page)
    }

    fn image_of_file(&self, page: u32, how: How<'_>) -> Image {
        let blank = Image::blank(self.space.physical_size);
        if how == How::Made {
            return blank;
        }
        self.space.page(page).map_or(blank, |bytes| Image { bytes, is_certain: false, is_freed: false })
    }

    /// Gives the rows of the pages as they would be.
    pub(super) fn each_recovered(&self, recovered: &Recovered, take: &mut dyn FnMut(u32, Found)) {
        for (&number, image) in &recovered.pages {
            self.each_of_image(image, &mut |found| take(number, found));
        }
    }

    fn each_of_image(&self, image: &Image, take: &mut dyn FnMut(Found)) {
        if image.is_freed {
            return;
        }
        let unpacked;
        let bytes = if self.space.is_packed() {
            unpacked = packed::unpack(&image.bytes, self.space.page_size, &self.rows.layout);
            unpacked.as_deref().unwrap_or_default()
        } else {
            &image.bytes
        };
        if let Some(page) = IndexPage::read(bytes) {
            self.rows.of_page(&page, Some(&self.space), take);
        }
    }

    /// Gives every row that the log says was inserted, with the log position, from the oldest on.
    pub(super) fn each_logged(&self, log: &Log<'_>, name: &str, take: &mut dyn FnMut(u64, Found)) {
        if self.space.is_packed() {
            return;
        }
        let end = log.groups(log.checkpoint, &mut |_| ControlFlow::Continue(()));
        let mut history = History { table: self, spaces: HashMap::new(), images: HashMap::new(), name };
        history.spaces.insert(self.space.id, Some(self.index));
        log.groups(log.oldest(end), &mut |group| {
            group.changes(&mut |change| match change {
                Change::File { space, name } => history.file(space, name),
                Change::Page { space, page, how } => {
                    if let Some(found) = history.page(space, page, how, group.end) {
                        take(group.start, found);
                    }
                }
            });
            ControlFlow::Continue(())
        });
    }
}

/// The table's pages while the log is read from its oldest entry on.
struct History<'h, 'a> {
    table: &'h InnoDb<'a>,
    /// The numbers that the table's file had, and the index that was the table: emptying a table makes a new file.
    spaces: HashMap<u32, Option<u64>>,
    images: HashMap<(u32, u32), Image>,
    /// The table's file as the log names it: `asteriskcdrdb/cdr.ibd`.
    name: &'h str,
}

impl History<'_, '_> {
    fn file(&mut self, space: u32, name: &[u8]) {
        if name == self.name.as_bytes() || name.strip_prefix(b"./") == Some(self.name.as_bytes()) {
            self.spaces.entry(space).or_insert(None);
        }
    }

    /// Applies a change; returns the row that it inserted, if it did.
    fn page(&mut self, space: u32, number: u32, how: How<'_>, end: u64) -> Option<Found> {
        let is_current = space == self.table.space.id;
        if !self.spaces.contains_key(&space) {
            // A file is named only after its first pages were made.
            if how != How::Made || number > ROOT {
                self.images.contains_key(&(space, number)).then_some(())?;
            }
        }
        if is_current && !self.images.contains_key(&(space, number)) && !self.table.may_be_own(number, how) {
            return None;
        }
        if self.images.len() >= MOST_BYTES / self.table.space.physical_size
            && !self.images.contains_key(&(space, number))
        {
            self.images.clear();
        }
        let table = self.table;
        let image = self.images.entry((space, number)).or_insert_with(|| {
            let mut image = if is_current {
                table.image_of_file(number, how)
            } else {
                Image { is_certain: how == How::Made, ..Image::blank(table.space.physical_size) }
            };
            let is_older = big(&image.bytes, 16, 8).is_some_and(|written| written < end);
            image.is_certain |= is_older && is_current;
            image
        });
        let inserted = image.apply(how)?;
        let known_index = *self.spaces.get(&space)?;
        let index = match known_index {
            Some(index) => index,
            None => IndexPage::read(&self.images.get(&(space, ROOT))?.bytes)?.index,
        };
        let image = self.images.get(&(space, number))?;
        if page_is(image, index) {
            return self.row(image, inserted);
        }
        let of = is_current.then(|| leaf_of(image))??;
        self.table.is_dropped_index(of).then_some(())?;
        self.table.rows.surely_call(self.row(image, inserted)?)
    }

    /// Reads an inserted row. Where the page's earlier state is not certain, the record that it shares bytes with
    /// must be whole, and what makes a call unique must be there to tell the row by.
    fn row(&self, image: &Image, inserted: Inserted) -> Option<Found> {
        let page = IndexPage::read(&image.bytes)?;
        let rows = &self.table.rows;
        let mut found = rows.record(&page, inserted.origin, Standing::Freed, None)?;
        if !image.is_certain && inserted.shares {
            rows.record(&page, inserted.before, Standing::Freed, None)?;
            found.identity.row = None;
            found.identity.call?;
        }
        Some(found)
    }
}

/// Is the page a leaf of that index?
fn page_is(image: &Image, index: u64) -> bool {
    leaf_of(image) == Some(index)
}

/// Returns the number of the index of which the page is a leaf.
fn leaf_of(image: &Image) -> Option<u64> {
    let kind = big16(&image.bytes, 24);
    let is_index = kind == Some(page_kind::INDEX) || kind == Some(page_kind::INSTANT);
    let page = IndexPage::read(&image.bytes).filter(|page| is_index && page.level == 0)?;
    Some(page.index)
}
