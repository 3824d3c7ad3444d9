//! All rows of a `.MAD` file in pages: the living ones first, then what is left of deleted ones.
//!
//! A page of rows has a directory at its end. A row that is deleted loses its entry there, and its bytes stay until
//! the page is put in order for another; the last one of a page gives the page back, which is marked so and not wiped.
//! Rows have no gaps between them, so that deleted ones are read one after the other, where everything in them fits.

use super::form::Form;
use super::row::{self, FULL_HEADER, HEAD, SUFFIX, entry, kind_of, row};
use crate::mariadb::bytes::{ReadAt, byte, read_part};
use crate::mariadb::definition::Definition;
use crate::mariadb::giving::Giving;
use crate::mariadb::row::{Row, RowFile, RowState};
use crate::mariadb::suspects::{CallColumns, Identity, Suspects, print};
use crate::mariadb::value::Value;

/// Bytes before the rows of a page: its stamp, its kind, how many entries, the first free one, the empty bytes.
const HEADER: usize = 12;
/// Where a page tells how many entries its directory has.
const ENTRIES: usize = 8;
/// A page that was given back.
const UNALLOCATED: u8 = 0;
/// Fewer bytes of text may be there by chance.
const LEAST_TEXT: usize = 6;

/// Gives all rows of a file.
pub(in crate::mariadb) fn rows(
    file: &dyn ReadAt,
    form: &Form,
    definition: &Definition,
    with_deleted: bool,
    giving: &mut Giving<'_>,
) {
    let table = Table { file, form, definition, calls: CallColumns::of(definition) };
    let mut suspects = Suspects::default();
    table.each(with_deleted, &mut |at, found| match found {
        Found::Living(Some(values)) => {
            giving.give(Row { values, state: RowState::Live, file: RowFile::Data, offset: at });
        }
        Found::Living(None) => giving.summary.unreadable += 1,
        Found::Deleted(values, _) => suspects.add(table.identity(&values)),
    });
    let living = giving.summary.count(RowState::Live);
    if form.rows != living && !giving.is_over {
        giving.summary.note(format!("its index file counts {} rows; found were {living}", form.rows));
    }
    if giving.is_over || suspects.is_empty() {
        return;
    }
    table.each(false, &mut |_, found| {
        if let Found::Living(Some(values)) = found {
            suspects.clear(table.identity(&values));
        }
    });
    table.each(true, &mut |at, found| {
        if let Found::Deleted(values, state) = found
            && suspects.take(table.identity(&values))
        {
            giving.give(Row { values, state, file: RowFile::Data, offset: at });
        }
    });
}

enum Found {
    Living(Option<Vec<Value>>),
    Deleted(Vec<Value>, RowState),
}

struct Table<'a> {
    file: &'a dyn ReadAt,
    form: &'a Form,
    definition: &'a Definition,
    calls: CallColumns,
}

impl Table<'_> {
    /// Tells a row from others: by its key, else by all that is in it; a call by what makes it unique, too.
    fn identity(&self, values: &[Value]) -> Identity {
        let of_key = self.definition.clustered_key().map(|key| {
            key.parts.iter().filter_map(|(column, _)| values.get(*column)).collect::<Vec<&Value>>()
        });
        let of_row = of_key.unwrap_or_else(|| values.iter().collect());
        let texts: Vec<Vec<u8>> = of_row.iter().map(|value| format!("{value:?}").into_bytes()).collect();
        let parts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        Identity { row: Some(print("row", &parts)), call: self.calls.print(values) }
    }

    fn each(&self, with_deleted: bool, take: &mut dyn FnMut(u64, Found)) {
        let length = self.form.page as u64;
        // The first page, like every so many behind it, tells which of the others are in use.
        let of_map = (self.form.page.saturating_sub(SUFFIX) / 6 * 16 + 1) as u64;
        for number in 0..self.file.size() / length {
            if number % of_map == 0 {
                continue;
            }
            let Ok(page) = read_part(self.file, number * length, self.form.page) else { continue };
            match kind_of(&page) {
                Some(HEAD) => self.page(&page, number * length, with_deleted, take),
                Some(UNALLOCATED) if with_deleted => {
                    self.space(
                        &page,
                        FULL_HEADER + 4,
                        page.len().saturating_sub(SUFFIX),
                        RowState::FreedPage,
                        number * length,
                        take,
                    );
                }
                _ => {}
            }
        }
    }

    fn page(&self, page: &[u8], start: u64, with_deleted: bool, take: &mut dyn FnMut(u64, Found)) {
        let entries = usize::from(byte(page, ENTRIES).unwrap_or(0));
        let mut held: Vec<(usize, usize)> = (0..entries).filter_map(|number| entry(page, number)).collect();
        held.sort_unstable();
        for (place, length) in &held {
            let bytes = page.get(*place..place + length);
            let read = bytes.and_then(|bytes| row(self.form, self.definition, bytes, Some(self.file)));
            take(start + *place as u64, Found::Living(read.map(|read| read.values)));
        }
        if !with_deleted {
            return;
        }
        let directory = page.len().saturating_sub(SUFFIX + 4 * entries);
        held.push((directory, 0));
        let mut at = HEADER;
        for (place, length) in held {
            self.space(page, at, place, RowState::FreeSpace, start, take);
            at = at.max(place + length);
        }
    }

    /// Reads the deleted rows in a part of a page.
    fn space(
        &self,
        page: &[u8],
        from: usize,
        to: usize,
        state: RowState,
        start: u64,
        take: &mut dyn FnMut(u64, Found),
    ) {
        let mut at = from;
        while at < to {
            let Some(bytes) = page.get(at..to) else { return };
            match row(self.form, self.definition, bytes, None).filter(|read| self.is_certain(read)) {
                Some(read) => {
                    take(start + at as u64, Found::Deleted(read.values, state));
                    at += read.taken.max(1);
                }
                None => at += 1,
            }
        }
    }

    /// Returns whether what was read can be nothing but a row.
    fn is_certain(&self, read: &row::Read) -> bool {
        self.form.has_lengths && read.is_plain && read.text >= LEAST_TEXT
    }
}
