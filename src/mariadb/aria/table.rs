//! All rows of a `.MAD` file in pages: the living ones first, then what is left of deleted ones.
//!
//! A page of rows has a directory at its end. A row that is deleted loses its entry there, and its bytes stay until
//! the page is put in order for another; the last one of a page gives the page back, which is marked so and not wiped.
//! Rows have no gaps between them, so that deleted ones are read one after the other, where everything in them fits.

use super::form::Form;
use super::row::{self, Effort, HEAD, SUFFIX, entry, kind_of, row};
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
/// How often every byte may be read on the way to the living rows, and to deleted ones.
const LOOKS: u64 = 4;
const LOOKS_FOR_DELETED: u64 = 32;
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
    let is_whole = table.each(with_deleted, &mut |at, found| match found {
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
    if !is_whole {
        giving.summary.note(
            "its unused space holds so much that looks like rows that not all of it was read".to_owned(),
        );
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

/// A page, and who is told of its rows.
struct Page<'p> {
    bytes: &'p [u8],
    /// Its first byte in the file.
    start: u64,
    take: &'p mut dyn FnMut(u64, Found),
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

    /// Goes through all pages; returns whether all deleted rows that were wanted were sought.
    fn each(&self, with_deleted: bool, take: &mut dyn FnMut(u64, Found)) -> bool {
        let length = self.form.page as u64;
        let (all, least) = (self.file.size(), 16 * length);
        let living = Effort::of(all.saturating_mul(LOOKS).max(least));
        let deleted = Effort::of(all.saturating_mul(LOOKS_FOR_DELETED).max(least));
        // The first page, like every so many behind it, tells which of the others are in use.
        let of_map = (self.form.page.saturating_sub(SUFFIX) / 6 * 16 + 1) as u64;
        for number in (0..all / length).filter(|number| number % of_map != 0) {
            let Ok(bytes) = read_part(self.file, number * length, self.form.page) else { continue };
            let mut page = Page { bytes: &bytes, start: number * length, take };
            match kind_of(&bytes) {
                Some(HEAD) => {
                    let spaces = self.living(&mut page, &living);
                    for (from, to) in spaces.into_iter().filter(|_| with_deleted) {
                        self.space(&mut page, from, to, RowState::FreeSpace, &deleted);
                    }
                }
                Some(UNALLOCATED) if with_deleted => {
                    let end = bytes.len().saturating_sub(SUFFIX);
                    self.space(&mut page, HEADER, end, RowState::FreedPage, &deleted);
                }
                _ => {}
            }
        }
        !deleted.is_over()
    }

    /// Reads the living rows of a page; returns the places between them.
    fn living(&self, page: &mut Page<'_>, effort: &Effort) -> Vec<(usize, usize)> {
        let entries = usize::from(byte(page.bytes, ENTRIES).unwrap_or(0));
        let mut held: Vec<(usize, usize)> =
            (0..entries).filter_map(|number| entry(page.bytes, number)).collect();
        held.sort_unstable();
        let (mut spaces, mut at) = (Vec::new(), HEADER);
        for (place, length) in held {
            let end = place + length;
            // Two rows in one place are none.
            let bytes = page.bytes.get(place..end).filter(|_| place >= at);
            let read =
                bytes.and_then(|bytes| row(self.form, self.definition, bytes, Some(self.file), effort));
            (page.take)(page.start + place as u64, Found::Living(read.map(|read| read.values)));
            spaces.push((at, place));
            at = at.max(end);
        }
        spaces.push((at, page.bytes.len().saturating_sub(SUFFIX + 4 * entries)));
        spaces
    }

    /// Reads the deleted rows in a part of a page.
    fn space(&self, page: &mut Page<'_>, from: usize, to: usize, state: RowState, effort: &Effort) {
        let mut at = from;
        while at < to && !effort.is_over() {
            let Some(bytes) = page.bytes.get(at..to) else { return };
            let read = row(self.form, self.definition, bytes, None, effort);
            match read.filter(|read| self.is_certain(read)) {
                Some(read) => {
                    (page.take)(page.start + at as u64, Found::Deleted(read.values, state));
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
