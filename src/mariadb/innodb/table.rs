//! All rows of an `.ibd` file: the living ones first, then what is left of deleted ones.
//!
//! The file is read up to three times. The first time gives the living rows and puts everything else under
//! suspicion; the second clears what is a copy of a living row; the third gives what is left, the surest first.
//! Only the table's own pages are read whole: of the others, which may be those of all other tables, no more than
//! the header.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::found::{Found, Passed, Rows, Standing};
use super::packed;
use super::page::IndexPage;
use super::replay::Recovered;
use super::space::{FreeMaps, Space, page_kind};
use super::tree::{Pages, reached};
use crate::mariadb::bytes::ReadAt;
use crate::mariadb::definition::Definition;
use crate::mariadb::directory::Wanted;
use crate::mariadb::giving::Giving;
use crate::mariadb::redo::Log;
use crate::mariadb::row::{Row, RowFile, RowState, Summary};
use crate::mariadb::suspects::Suspects;
use crate::mariadb::value::Value;

/// The root of the index that is the table, in a file of its own.
const ROOT: u32 = 3;
/// The most pages of a file that are looked at: 2 TiB of the usual size.
const MOST_PAGES: u32 = 1 << 27;
/// Damaged pages that are named.
const MOST_NAMED: usize = 5;

/// Which pages of a file are a table's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mariadb) struct Place {
    /// The root of the index that is the table.
    pub(super) root: u32,
    /// What else the file holds, where that is not this table alone.
    pub(super) shared: Option<Shared>,
    /// Fields of the oldest records, where a later version of InnoDB added some to a table of its own.
    pub(super) least_fields: Option<usize>,
}

/// The indexes of a file that holds many tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::mariadb) struct Shared {
    /// The numbers of the table's other indexes.
    pub(super) others: Vec<u64>,
    /// The numbers of all indexes of all tables; nothing where they are not asked for. A page of any other is left of a
    /// table that was dropped or emptied.
    pub(super) listed: BTreeSet<u64>,
}

impl Shared {
    fn is_dropped(&self, index: u64) -> bool {
        !self.listed.is_empty() && !self.listed.contains(&index)
    }
}

impl Place {
    /// Returns the place of a table that has a file of its own.
    pub(in crate::mariadb) fn own_file() -> Self {
        Place { root: ROOT, shared: None, least_fields: None }
    }
}

/// A table kept by InnoDB.
pub(in crate::mariadb) struct InnoDb<'a> {
    pub(super) space: Space<'a>,
    pub(super) rows: Rows<'a>,
    pub(super) index: u64,
    pub(super) place: Place,
    reached: Pages,
    /// The pages that say they are the table's, or that its tree reaches, and those of tables that are no more.
    pub(super) own: Pages,
    /// The pages that say they are of its other indexes.
    pub(super) others: Pages,
    broken: Vec<u32>,
    pub(super) pages: u32,
}

impl<'a> InnoDb<'a> {
    /// Opens a table, or tells why it cannot be read.
    pub(in crate::mariadb) fn open(
        file: &'a dyn ReadAt,
        definition: &'a Definition,
        place: Place,
        wanted: Wanted,
    ) -> Result<Self, String> {
        let space = Space::open(file)?;
        let pages = space.pages().min(MOST_PAGES);
        let root = space.page(place.root).ok_or("it ends before the table's first page")?;
        if page_kind::PACKED.contains(&(space.kind(&root) & 0x7fff)) {
            return Err("its pages are packed as a whole (PAGE_COMPRESSED), which is not read".to_owned());
        }
        let Some(page) = IndexPage::of(&space, &root) else {
            let number = place.root;
            return Err(format!("its page {number} is not the root of a table: encrypted, or damaged"));
        };
        let mut rows = Rows::new(definition);
        rows.layout.first_fields = page.first_fields(&space).or(place.least_fields);
        let (reached, broken) = reached(&space, place.root, &rows.layout, pages);
        let (index, own) = (page.index, reached.clone());
        let others = Pages::new(pages);
        let mut table = InnoDb { space, rows, index, place, reached, own, others, broken, pages };
        if wanted == Wanted::All {
            table.sort_pages();
        }
        if table.rows.layout.first_fields.is_some() {
            table.read_added_columns()?;
        }
        Ok(table)
    }

    /// Finds the pages that say they are the table's, those of its other indexes, and those of tables that are no more.
    fn sort_pages(&mut self) {
        for number in 0..self.pages {
            let Some(index) = self.space.index_of(number) else { continue };
            let shared = self.place.shared.as_ref();
            if index == self.index || shared.is_some_and(|shared| shared.is_dropped(index)) {
                self.own.add(number);
            } else if shared.is_none_or(|shared| shared.others.contains(&index)) {
                self.others.add(number);
            }
        }
    }

    /// Is a page of that index the table's, or left of a table that is no more, which may have been this one?
    pub(super) fn is_own_index(&self, index: u64) -> bool {
        index == self.index || self.is_dropped_index(index)
    }

    pub(super) fn is_dropped_index(&self, index: u64) -> bool {
        self.place.shared.as_ref().is_some_and(|shared| shared.is_dropped(index))
    }

    /// Reads all records of a leaf; what is left of a table that is no more must be a call in every value.
    fn records(&self, page: &IndexPage<'_>, take: &mut dyn FnMut(Found)) -> Passed {
        if !self.is_dropped_index(page.index) {
            return self.rows.of_page(page, Some(&self.space), take);
        }
        self.rows.of_page(page, Some(&self.space), &mut |found| {
            if let Some(call) = self.rows.surely_call(found) {
                take(call);
            }
        });
        Passed::default()
    }

    /// Gives all rows, and tells what was read; `log` comes with the name that it has for the table's file.
    pub(in crate::mariadb) fn rows(
        &self,
        log: Option<(&Log<'_>, &str)>,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Summary {
        let mut giving = Giving::new(self.rows.definition, take);
        let mut suspects = Suspects::default();
        let mut others = Pages::new(self.pages);
        giving.orphans = self.orphans();
        let recovered = log.map(|(log, _)| self.recovered(log)).unwrap_or_default();
        self.living(&mut giving, &recovered, &mut suspects, &mut others);
        if let Some((log, name)) = log {
            self.each_recovered(&recovered, &mut |_, found| suspects.add(found.identity));
            self.each_logged(log, name, &mut |_, found| suspects.add(found.identity));
        }
        if !giving.is_over && !suspects.is_empty() {
            self.clear(&mut suspects);
            self.inserted(&mut giving, &recovered, &mut suspects);
            self.deleted(&mut giving, &mut suspects, &others);
            self.logged(&mut giving, log, &mut suspects);
        }
        self.remnants(&mut giving);
        if suspects.dropped > 0 {
            giving.summary.note(format!(
                "{} records that look deleted were not told apart: too many at once",
                suspects.dropped
            ));
        }
        self.tell_states(&recovered, &mut giving.summary);
        giving.summary
    }

    /// Gives the living rows alone, which takes one look at the file and none at the log's past.
    pub(in crate::mariadb) fn living_rows(
        &self,
        log: Option<&Log<'_>>,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Summary {
        let mut giving = Giving::new(self.rows.definition, take);
        let recovered = log.map(|log| self.recovered(log)).unwrap_or_default();
        self.living(&mut giving, &recovered, &mut Suspects::default(), &mut Pages::new(self.pages));
        self.tell_states(&recovered, &mut giving.summary);
        giving.summary
    }

    /// Gives the rows that only starting the server would put into the table's file.
    fn inserted(&self, giving: &mut Giving<'_>, recovered: &Recovered, suspects: &mut Suspects) {
        self.each_recovered(recovered, &mut |number, found| {
            if found.standing == Standing::InChain && suspects.take(found.identity) {
                giving.give(self.row(number, found, RowState::InsertedInLog));
            }
        });
    }

    /// Gives the rows that are left in the redo log alone.
    fn logged(&self, giving: &mut Giving<'_>, log: Option<(&Log<'_>, &str)>, suspects: &mut Suspects) {
        let Some((log, name)) = log else { return };
        self.each_logged(log, name, &mut |position, found| {
            if suspects.take(found.identity) {
                let offset = log.offset(position);
                giving.give(Row { values: found.values, state: RowState::Log, file: RowFile::Log, offset });
            }
        });
    }

    /// Says which of two states is shown, where the server was killed.
    fn tell_states(&self, recovered: &Recovered, summary: &mut Summary) {
        if recovered.was_killed {
            let deleted = summary.count(RowState::DeletedInLog);
            let inserted = summary.count(RowState::InsertedInLog);
            summary.note(format!(
                "the server was not stopped but killed: shown is the table as its file has it, and marked is what \
                 the redo log would change at the next start ({deleted} rows deleted, {inserted} rows added), changes \
                 that were not finished included"
            ));
        }
        if summary.count(RowState::DeleteMarked) > 0 {
            summary.note(
                "rows marked as deleted come back at the next start if their deletion was not finished"
                    .to_owned(),
            );
        }
        if recovered.is_cut {
            summary.note("the redo log changes more pages than are kept: of some it is not told".to_owned());
        }
    }

    /// Gives the living rows and puts all others under suspicion; `others` are the pages where those stand.
    fn living(
        &self,
        giving: &mut Giving<'_>,
        recovered: &Recovered,
        suspects: &mut Suspects,
        others: &mut Pages,
    ) {
        let mut damaged = Vec::new();
        let mut unreadable = 0;
        let mut maps = FreeMaps::default();
        for number in 0..self.pages {
            if giving.is_over {
                return;
            }
            let Some(bytes) = self.leaf_bytes(number, Some(&mut damaged)) else { continue };
            let Some(page) = IndexPage::read(&bytes) else { continue };
            let mut here = Vec::new();
            let passed = self.records(&page, &mut |found| here.push(found));
            self.count(passed, number, &mut giving.summary);
            for found in here {
                unreadable += found.unreadable;
                match self.state(number, page.index, found.standing, &mut maps) {
                    RowState::Live => {
                        let is_gone = recovered.would_delete(number, found.identity.row);
                        let state = if is_gone { RowState::DeletedInLog } else { RowState::Live };
                        giving.give(self.row(number, found, state));
                    }
                    _ => {
                        others.add(number);
                        suspects.add(found.identity);
                    }
                }
            }
        }
        if unreadable > 0 {
            giving.summary.note(format!("{unreadable} values are damaged and left out"));
        }
        self.tell_damage(&damaged, &mut giving.summary);
    }

    /// Clears what is a copy of a living row.
    fn clear(&self, suspects: &mut Suspects) {
        let mut maps = FreeMaps::default();
        for number in 0..self.pages {
            self.each(number, &mut |index, found| {
                if self.state(number, index, found.standing, &mut maps) == RowState::Live {
                    suspects.clear(found.identity);
                }
            });
        }
    }

    /// Gives what is left of deleted rows, the surest first.
    fn deleted(&self, giving: &mut Giving<'_>, suspects: &mut Suspects, others: &Pages) {
        let mut maps = FreeMaps::default();
        for wanted in [RowState::DeleteMarked, RowState::FreedPage, RowState::FreeList, RowState::Detached] {
            for number in (0..self.pages).filter(|&number| others.has(number)) {
                self.each(number, &mut |index, found| {
                    let state = self.state(number, index, found.standing, &mut maps);
                    if state == wanted && suspects.take(found.identity) {
                        giving.give(self.row(number, found, state));
                    }
                });
            }
        }
    }

    /// Gives the records of a page, with the number of its index.
    fn each(&self, number: u32, take: &mut dyn FnMut(u64, Found)) {
        let Some(bytes) = self.leaf_bytes(number, None) else { return };
        if let Some(page) = IndexPage::read(&bytes) {
            self.records(&page, &mut |found| take(page.index, found));
        }
    }

    /// Returns a leaf of the table as it is in memory.
    fn leaf_bytes(&self, number: u32, damaged: Option<&mut Vec<u32>>) -> Option<Vec<u8>> {
        if !self.own.has(number) {
            return None;
        }
        let bytes = self.space.page(number)?;
        let is_reached = self.reached.has(number);
        let is_leaf = |page: &IndexPage<'_>| self.is_own_index(page.index) && page.level == 0;
        let found = IndexPage::of(&self.space, &bytes).filter(is_leaf).is_some();
        if (found || is_reached) && !self.space.is_whole(&bytes) {
            if let Some(damaged) = damaged {
                damaged.push(number);
            }
            // A damaged page that the table still uses is better than nothing; others are not believed.
            if !is_reached {
                return None;
            }
        }
        if !found {
            return None;
        }
        if !self.space.is_packed() {
            return Some(bytes);
        }
        packed::unpack(&bytes, self.space.page_size, &self.rows.layout)
    }

    /// Tells what a record is, from its page and its standing in it.
    fn state(&self, number: u32, index: u64, standing: Standing, maps: &mut FreeMaps) -> RowState {
        if self.is_dropped_index(index) {
            return RowState::FreedPage;
        }
        let is_reached = self.reached.has(number);
        match standing {
            Standing::Freed => RowState::FreeList,
            Standing::InChain if is_reached => RowState::Live,
            Standing::Marked if is_reached => RowState::DeleteMarked,
            _ if self.space.is_free(number, maps) == Some(true) => RowState::FreedPage,
            Standing::Marked => RowState::DeleteMarked,
            Standing::InChain => RowState::Detached,
        }
    }

    fn row(&self, number: u32, found: Found, state: RowState) -> Row {
        // Within a packed page a record has no place of its own.
        let within = if self.space.is_packed() { 0 } else { found.origin as u64 };
        Row { values: found.values, state, file: RowFile::Data, offset: self.space.offset(number) + within }
    }

    fn count(&self, passed: Passed, number: u32, summary: &mut Summary) {
        summary.wiped += passed.wiped;
        summary.unreadable += passed.unreadable;
        if passed.is_chain_broken && self.reached.has(number) {
            summary
                .note(format!("the chain of rows breaks off in page {number}: rows behind it are missing"));
        }
    }

    fn tell_damage(&self, damaged: &[u32], summary: &mut Summary) {
        if !self.space.is_header_whole {
            summary.note("its first page is damaged: which pages are free cannot be told".to_owned());
        }
        for (pages, what) in [
            (damaged, "have a checksum that does not agree: rows in them may be wrong"),
            (&self.broken, "should hold rows and do not: those rows are missing"),
        ] {
            if !pages.is_empty() {
                let named: Vec<String> = pages.iter().take(MOST_NAMED).map(u32::to_string).collect();
                let more = if pages.len() > MOST_NAMED { " and more" } else { "" };
                summary.note(format!("{} pages ({}{more}) {what}", pages.len(), named.join(", ")));
            }
        }
        if self.space.pages() > self.pages {
            summary.note(format!("only the first {} pages were read", self.pages));
        }
    }

    /// Finds what rows have in columns that were added after they were written: a record before all rows
    /// holds it.
    fn read_added_columns(&mut self) -> Result<(), String> {
        for number in (0..self.pages).filter(|&number| self.reached.has(number)) {
            let Some(bytes) = self.leaf_bytes(number, None) else { continue };
            let Some(page) = IndexPage::read(&bytes) else { continue };
            let (chain, _) = page.chain();
            let Some(&origin) = chain.first() else { continue };
            if !page.format.is_note_of_added_columns(&bytes, origin) {
                continue;
            }
            if page.format.is_deleted(&bytes, origin) {
                return Err("columns were dropped or moved without writing the rows again, \
                            which is not read"
                    .to_owned());
            }
            let note = self.rows.record(&page, origin, Standing::InChain, Some(&self.space));
            self.rows.added = note.map(|note| note.values).unwrap_or_default();
            return Ok(());
        }
        self.rows.added = vec![Value::Lost; self.rows.definition.columns.len()];
        Ok(())
    }
}
