//! All rows of a `.MYD` file: the living ones first, then what is left of deleted ones.

use super::blocks::{Form as BlockForm, Reading};
use super::carve::{MOST_STEPS_IN_ALL, carve, unpack};
use super::form::Form;
use crate::mariadb::bytes::{ReadAt, byte, little, slice};
use crate::mariadb::column::Kind;
use crate::mariadb::definition::Definition;
use crate::mariadb::giving::Giving;
use crate::mariadb::row::{Row, RowFile, RowState, Summary};
use crate::mariadb::suspects::{CallColumns, Identity, Suspects, print};
use crate::mariadb::value::{Order, Value, read};

/// The longest deleted block in which a row is sought.
const LONGEST_BLOCK: usize = 64 * 1024;

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
    table.each(&mut |at, read| match read {
        Found::Living(Some(values)) => {
            giving.give(Row { values, state: RowState::Live, file: RowFile::Data, offset: at });
        }
        Found::Living(None) => giving.summary.unreadable += 1,
        Found::Deleted(_) if !with_deleted => {}
        Found::Deleted(Some(values)) => suspects.add(table.identity(&values)),
        Found::Deleted(None) => giving.summary.wiped += 1,
    });
    if giving.is_over || suspects.is_empty() {
        return;
    }
    table.each(&mut |_, read| {
        if let Found::Living(Some(values)) = read {
            suspects.clear(table.identity(&values));
        }
    });
    table.each(&mut |at, read| {
        if let Found::Deleted(Some(values)) = read
            && suspects.take(table.identity(&values))
        {
            giving.give(Row { values, state: RowState::DeletedBlock, file: RowFile::Data, offset: at });
        }
    });
}

/// Says what the index file counts, where that is another thing than what was found.
pub(in crate::mariadb) fn tell_counts(form: &Form, with_deleted: bool, summary: &mut Summary) {
    let Some(counts) = form.counts else {
        summary.note("its index file (.MYI) is missing: what it counts cannot be compared".to_owned());
        return;
    };
    let (living, deleted) = (summary.count(RowState::Live), summary.count(RowState::DeletedBlock));
    if counts.rows != living || (with_deleted && counts.deleted != deleted) {
        summary.note(format!(
            "its index file counts {} rows and {} deleted ones; found were {living} and {deleted}",
            counts.rows, counts.deleted
        ));
    }
    if counts.was_open {
        summary.note("it was open when the server ended: the last changes may be missing".to_owned());
    }
}

enum Found {
    Living(Option<Vec<Value>>),
    Deleted(Option<Vec<Value>>),
}

struct Table<'a> {
    file: &'a dyn ReadAt,
    form: &'a Form,
    definition: &'a Definition,
    calls: CallColumns,
}

impl Table<'_> {
    /// Tells a row from others: by its call, else by the latter half of its columns, which a deletion leaves.
    fn identity(&self, values: &[Value]) -> Identity {
        if self.definition.column("dstchannel").is_some() {
            return Identity { row: None, call: self.calls.print(values) };
        }
        let half = values.get(values.len() / 2..).unwrap_or_default();
        let texts: Vec<Vec<u8>> = half.iter().map(|value| format!("{value:?}").into_bytes()).collect();
        let parts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        Identity { row: None, call: Some(print("half", &parts)) }
    }

    fn each(&self, take: &mut dyn FnMut(u64, Found)) {
        if self.form.is_varying {
            self.each_block(take);
        } else {
            self.each_fixed(take);
        }
    }

    fn each_block(&self, take: &mut dyn FnMut(u64, Found)) {
        let mut reading = Reading::new(self.file);
        let mut next = 0;
        let mut steps = 0;
        while let Some((at, block)) = reading.block(next) {
            next = at + block.length.max(4);
            match block.form {
                BlockForm::Rest => {}
                BlockForm::First => {
                    let row = reading.row(at, block);
                    let values = row.and_then(|row| unpack(self.form, self.definition, &row));
                    take(at, Found::Living(values));
                }
                BlockForm::Deleted => {
                    let length = usize::try_from(block.length).unwrap_or(usize::MAX).min(LONGEST_BLOCK);
                    let bytes = reading.bytes(at, length);
                    let may_try = steps < MOST_STEPS_IN_ALL;
                    let values =
                        may_try.then(|| carve(self.form, self.definition, bytes, &mut steps)).flatten();
                    take(at, Found::Deleted(values));
                }
            }
        }
    }

    fn each_fixed(&self, take: &mut dyn FnMut(u64, Found)) {
        let length = self.form.row_length.max(1);
        let mut reading = Reading::new(self.file);
        let mut at = 0;
        while at + length as u64 <= reading.size() {
            let row = reading.bytes(at, length);
            let is_deleted = byte(row, 0) == Some(0);
            let lost = if is_deleted { self.form.overwritten } else { 0 };
            let values = self.fixed(row, lost);
            take(at, if is_deleted { Found::Deleted(values) } else { Found::Living(values) });
            at += length as u64;
        }
    }

    /// Reads a row of fixed length, of which the first `lost` bytes are overwritten.
    fn fixed(&self, row: &[u8], lost: usize) -> Option<Vec<Value>> {
        let mut values = vec![Value::Lost; self.definition.columns.len()];
        let mut at = 0;
        for part in &self.form.parts {
            let start = at;
            at += part.length;
            let Some(number) = part.column else { continue };
            let null = part.null.map(|(place, bit)| byte(row, place).unwrap_or(0) & bit != 0);
            let value = if null == Some(true) && lost == 0 {
                Some(Value::Null)
            } else {
                self.fixed_value(number, slice(row, start, part.length)?, lost.saturating_sub(start))
            };
            *values.get_mut(number)? = value.unwrap_or(Value::Lost);
        }
        Some(values)
    }

    fn fixed_value(&self, number: usize, bytes: &[u8], lost: usize) -> Option<Value> {
        let column = self.definition.columns.get(number)?;
        if lost > 0 {
            // Without its length a text has no end: behind it stands what an earlier row had there.
            return None;
        }
        let Kind::Varying { longest } = column.kind else { return read(column, bytes, Order::Native) };
        let width = if longest > 255 { 2 } else { 1 };
        let (length, text) = bytes.split_at_checked(width)?;
        let length = little(length, 0, width)? as usize;
        read(column, slice(text, 0, length)?, Order::Native)
    }
}
