//! The columns of a row, unpacked; and those of a deleted row whose beginning is overwritten.
//!
//! The bits that tell which columns were left out are gone with a deleted row's beginning. So the columns are sought
//! backwards from its end: from every place and every column on it is tried whether all columns to the last fit,
//! with every choice of what may have been left out, until exactly the block's end is reached. Text that holds
//! control characters does not fit; that keeps a length from being taken for a letter. Where several ways fit, the one
//! that reads most as text is taken, and what is still in doubt is lost.

use std::borrow::Cow;

use super::form::{Form, Packing, Part};
use crate::mariadb::bytes::{big16, byte, little, slice};
use crate::mariadb::definition::Definition;
use crate::mariadb::value::{Order, Value, read};

/// Steps that are tried for one block.
const MOST_STEPS: usize = 20_000;
/// Steps that are tried for all blocks of a file, each time that it is gone through.
pub(super) const MOST_STEPS_IN_ALL: usize = 100_000_000;
/// Looking at so many bytes costs one more step.
const BYTES_OF_STEP: usize = 256;
/// Bytes that a row's block may have behind the row: blocks begin at multiples of four.
const MOST_FILLING: usize = 3;

/// Unpacks a living row.
pub(super) fn unpack(form: &Form, definition: &Definition, row: &[u8]) -> Option<Vec<Value>> {
    let bits = slice(row, 0, form.bit_bytes)?;
    let mut bits = bits.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    let mut values = vec![Value::Lost; definition.columns.len()];
    let mut at = form.bit_bytes;
    // The bytes that belong to no column hold the NULL bits, and come first.
    let mut nulls = Vec::new();
    for part in &form.parts {
        let is_set = part.has_bit() && bits.next()?;
        let (value, length) = part_of(*part, is_set, row.get(at..)?)?;
        at += length;
        let Some(number) = part.column else {
            nulls.extend_from_slice(&value);
            continue;
        };
        let is_null = part.null.is_some_and(|(place, bit)| byte(&nulls, place).unwrap_or(0) & bit != 0);
        let read = if is_null { Some(Value::Null) } else { value_of(definition, number, &value) };
        *values.get_mut(number)? = read.unwrap_or(Value::Lost);
    }
    Some(values)
}

/// Reads one part of a row; returns with it how many bytes it took.
fn part_of(part: Part, is_set: bool, bytes: &[u8]) -> Option<(Cow<'_, [u8]>, usize)> {
    let plain = |length: usize| Some((Cow::Borrowed(slice(bytes, 0, length)?), length));
    match part.packing {
        Packing::Zero if is_set => Some((vec![0; part.length].into(), 0)),
        Packing::Blob if is_set => Some((Cow::Borrowed(&[]), 0)),
        Packing::Plain | Packing::Zero => plain(part.length),
        Packing::Spaces if is_set => {
            let first = usize::from(byte(bytes, 0)?);
            let (length, taken) = if part.length > 255 && first & 128 != 0 {
                ((first & 127) + usize::from(byte(bytes, 1)?) * 128, 2)
            } else {
                (first, 1)
            };
            Some((slice(bytes, taken, length.min(part.length))?.into(), taken + length))
        }
        Packing::Spaces => plain(part.length),
        Packing::Varying => {
            let is_long = part.length > 256;
            let (length, taken) = match byte(bytes, 0)? {
                255 if is_long => (big16(bytes, 1)?, 3),
                short => (usize::from(short), 1),
            };
            if length >= part.length {
                return None;
            }
            Some((slice(bytes, taken, length)?.into(), taken + length))
        }
        Packing::Blob => {
            let width = part.blob_width();
            let length = little(bytes, 0, width)? as usize;
            Some((slice(bytes, width, length)?.into(), width.checked_add(length)?))
        }
    }
}

fn value_of(definition: &Definition, number: usize, bytes: &[u8]) -> Option<Value> {
    read(definition.columns.get(number)?, bytes, Order::Native)
}

/// Finds the columns of a deleted row in its block, whose first 20 bytes are overwritten.
///
/// Columns that cannot be made out are lost; `None` where that is so of more than half of them. The steps that it took
/// are added to `all_steps`.
pub(super) fn carve(
    form: &Form,
    definition: &Definition,
    block: &[u8],
    all_steps: &mut usize,
) -> Option<Vec<Value>> {
    let mut steps = 0;
    let values = sought(form, definition, block, &mut steps);
    *all_steps += steps;
    values
}

fn sought(form: &Form, definition: &Definition, block: &[u8], steps: &mut usize) -> Option<Vec<Value>> {
    const OVERWRITTEN: usize = 20;
    for first in 1..=form.parts.len() / 2 {
        // Columns from the first on are all written anew in each way; those before it stay lost.
        let mut values = vec![Value::Lost; definition.columns.len()];
        for at in OVERWRITTEN..block.len() {
            let mut carving = Carving { form, definition, block, found: Vec::new(), steps: *steps };
            carving.from(first, at, &mut values);
            *steps = carving.steps;
            if let Some(values) = agreed(&carving.found) {
                return Some(values);
            }
            if *steps >= MOST_STEPS {
                return None;
            }
        }
    }
    None
}

/// Returns what the best ways of reading a row agree on.
///
/// Those that read most as text are the best: letters can be taken for a number, but the bytes of numbers are no
/// letters.
fn agreed(found: &[Vec<Value>]) -> Option<Vec<Value>> {
    let letters = |values: &&Vec<Value>| {
        let length = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
        values.iter().map(length).sum::<usize>()
    };
    let most = found.iter().map(|values| letters(&values)).max()?;
    let mut best = found.iter().filter(|values| letters(values) == most);
    let mut values = best.next()?.clone();
    for other in best {
        for (value, other) in values.iter_mut().zip(other) {
            if value != other {
                *value = Value::Lost;
            }
        }
    }
    Some(values)
}

struct Carving<'a> {
    form: &'a Form,
    definition: &'a Definition,
    block: &'a [u8],
    found: Vec<Vec<Value>>,
    steps: usize,
}

impl Carving<'_> {
    /// Tries to read all parts from one on, at a place.
    fn from(&mut self, number: usize, at: usize, values: &mut Vec<Value>) {
        /// More ways of reading one row tell no more than these.
        const MOST_WAYS: usize = 16;
        self.steps += 1;
        if self.steps >= MOST_STEPS || self.found.len() >= MOST_WAYS {
            return;
        }
        let Some(&part) = self.form.parts.get(number) else {
            let filling = self.block.get(at..).unwrap_or_default();
            if filling.len() <= MOST_FILLING && filling.iter().all(|&byte| byte == 0) {
                self.found.push(values.clone());
            }
            return;
        };
        let ways: &[bool] = if part.has_bit() { &[false, true] } else { &[false] };
        for &is_set in ways {
            let Some(rest) = self.block.get(at..) else { continue };
            let Some((bytes, length)) = part_of(part, is_set, rest) else { continue };
            self.steps += bytes.len() / BYTES_OF_STEP;
            let Some(value) = self.fitting(part, is_set, &bytes) else { continue };
            if let Some(place) = part.column.and_then(|column| values.get_mut(column)) {
                *place = value;
            }
            self.from(number + 1, at + length, values);
        }
    }

    /// Reads a value, if the bytes can be one that was written so.
    fn fitting(&self, part: Part, is_set: bool, bytes: &[u8]) -> Option<Value> {
        let Some(number) = part.column else { return Some(Value::Lost) };
        // What is zero would have been left out.
        let is_zero = bytes.iter().all(|&byte| byte == 0);
        if part.packing == Packing::Zero && !is_set && is_zero {
            return None;
        }
        let is_text = self.definition.columns.get(number)?.is_text();
        let has_control = is_text && bytes.iter().any(|&byte| byte < b' ' || byte == 0x7f);
        if has_control { None } else { value_of(self.definition, number, bytes) }
    }
}
