//! The `.frm` file: how MariaDB (and MySQL before 8.0) writes a table's definition.
//!
//! A header of 64 bytes says where the rest is: the keys, the row of default values with the engine's name
//! behind it, and a form of 288 bytes after which come 17 bytes a column, the columns' names, and the words of
//! `ENUM` and `SET`. All numbers have the least significant byte first.

use super::bytes::{byte, little, little16, little32, slice};
use super::column::{BINARY, Column, Kind};
use super::definition::{Definition, Engine, Key, Places};

/// The longest definition that is read; the longest measured has 34 KB.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
/// MariaDB itself takes no more columns.
const MOST_COLUMNS: usize = 4_096;
const HEADER: usize = 64;
const FORM: usize = 288;
const FIELD: usize = 17;
/// Flags of a column, two bytes of it.
const MAY_BE_NULL: usize = 0x8000;
const IS_SIGNED: usize = 1;
const IS_BIT_AS_CHAR: usize = 0x1000;

/// Reads a definition, or tells why it cannot be read.
pub(super) fn read(bytes: &[u8]) -> Result<Definition, &'static str> {
    if slice(bytes, 0, 2) != Some(&[0xfe, 1]) {
        return Err("no table definition: the first bytes are others");
    }
    let extra = little16(bytes, 4).ok_or("cut off in the header")?;
    let form = little32(bytes, HEADER + extra).ok_or("cut off before the form")?;
    let count = form.checked_add(258).and_then(|at| little16(bytes, at)).ok_or("cut off in the form")?;
    if count == 0 || count > MOST_COLUMNS {
        return Err("it has no columns, or more than a table can have");
    }
    let mut columns = Columns::new(bytes, form, count).ok_or("cut off among the columns")?;
    let (definition_columns, places) = columns.read().ok_or("a column of a type that is not known")?;
    Ok(Definition {
        keys: keys(bytes, definition_columns.len()).ok_or("damaged among the keys")?,
        engine: engine(byte(bytes, 3).unwrap_or(0)),
        columns: definition_columns,
        places: Places {
            length: little16(bytes, 16).unwrap_or(0),
            is_packed: little16(bytes, 30).unwrap_or(0) & 1 != 0,
            ..places
        },
    })
}

/// Engines have kept their numbers since MySQL 4; Aria is MariaDB's.
fn engine(number: u8) -> Engine {
    match number {
        12 => Engine::InnoDb,
        9 => Engine::MyIsam,
        42 => Engine::Aria,
        _ => Engine::Other,
    }
}

/// The columns' part of the file.
struct Columns<'a> {
    fields: &'a [u8],
    names: Vec<&'a [u8]>,
    words: Vec<Vec<String>>,
}

impl<'a> Columns<'a> {
    fn new(bytes: &'a [u8], form: usize, count: usize) -> Option<Self> {
        let screens = little16(bytes, form + 260)?;
        let names_length = little16(bytes, form + 268)?;
        let words_length = little16(bytes, form + 274)?;
        let start = form.checked_add(FORM)?.checked_add(screens)?;
        let names_at = start + count * FIELD;
        let names = slice(bytes, names_at, names_length)?;
        let words = slice(bytes, names_at + names_length, words_length)?;
        // Names stand between bytes 0xff, and a zero ends the list; so do the words, one list after another.
        Some(Columns {
            fields: slice(bytes, start, count * FIELD)?,
            names: names.split(|&byte| byte == 0xff).skip(1).take(count).collect(),
            words: words.split(|&byte| byte == 0).map(word_list).collect(),
        })
    }

    fn read(&mut self) -> Option<(Vec<Column>, Places)> {
        let mut columns = Vec::new();
        let mut places = Places::default();
        let mut null_bits = 0;
        for (field, name) in self.fields.chunks_exact(FIELD).zip(&self.names) {
            let column = self.column(field, name)?;
            places.columns.push((little(field, 5, 3)? as usize).checked_sub(1)?);
            places.null_bits.push(column.is_nullable.then_some(null_bits));
            null_bits += usize::from(column.is_nullable);
            columns.push(column);
        }
        (columns.len() * FIELD == self.fields.len()).then_some((columns, places))
    }

    fn column(&self, field: &[u8], name: &[u8]) -> Option<Column> {
        let flags = little16(field, 8)?;
        let words = byte(field, 12).and_then(|number| self.words.get(usize::from(number).checked_sub(1)?));
        let collation = u16::from(byte(field, 14)?) | u16::from(byte(field, 11)?) << 8;
        Some(Column {
            name: String::from_utf8_lossy(name).into_owned(),
            kind: kind(byte(field, 13)?, little16(field, 3)?, flags, words)?,
            is_nullable: flags & MAY_BE_NULL != 0,
            collation: if collation == 0 { BINARY } else { collation },
        })
    }
}

fn word_list(words: &[u8]) -> Vec<String> {
    let words = words.split(|&byte| byte == 0xff).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Tells what a column holds from its type's number and its length as printed, in bytes.
fn kind(number: u8, length: usize, flags: usize, words: Option<&Vec<String>>) -> Option<Kind> {
    let integer = |width| Kind::Integer { width, is_unsigned: flags & IS_SIGNED == 0 };
    // The digits behind the second and their point are printed after the rest.
    let decimals = |whole: usize| length.saturating_sub(whole + 1).min(6);
    let listed = || words.cloned().unwrap_or_default();
    Some(match number {
        1 => integer(1),
        2 => integer(2),
        9 => integer(3),
        3 => integer(4),
        8 => integer(8),
        4 => Kind::Real { width: 4 },
        5 => Kind::Real { width: 8 },
        246 => decimal(length, flags),
        7 => Kind::OldTimestamp,
        10 | 14 => Kind::Date,
        11 => Kind::OldTime,
        12 => Kind::OldDateTime,
        13 => Kind::Year,
        15 => Kind::Varying { longest: length },
        16 if flags & IS_BIT_AS_CHAR != 0 => Kind::Bit { width: length.div_ceil(8) },
        17 => Kind::Timestamp { decimals: decimals(19) },
        18 => Kind::DateTime { decimals: decimals(19) },
        19 => Kind::Time { decimals: decimals(10) },
        247 => Kind::Enum { width: if listed().len() < 256 { 1 } else { 2 }, words: listed() },
        248 => Kind::Set { width: set_width(listed().len()), words: listed() },
        249..=252 => Kind::Blob { width: blob_width(flags) },
        254 => Kind::Fixed { width: length },
        _ => return None,
    })
}

fn decimal(length: usize, flags: usize) -> Kind {
    let scale = flags >> 8 & 31;
    let point = usize::from(scale > 0);
    let sign = usize::from(flags & IS_SIGNED != 0);
    Kind::Decimal { digits: length.saturating_sub(point + sign), scale }
}

fn set_width(words: usize) -> usize {
    match words.div_ceil(8) {
        width @ 0..=4 => width.max(1),
        _ => 8,
    }
}

/// The width of a `BLOB`'s length is told by the number of the whole-number type of that width.
fn blob_width(flags: usize) -> usize {
    match flags >> 3 & 15 {
        1 => 1,
        9 => 3,
        3 => 4,
        _ => 2,
    }
}

/// Reads the keys: their count, that of their parts, then eight bytes a key and nine bytes a part.
fn keys(bytes: &[u8], columns: usize) -> Option<Vec<Key>> {
    let at = little16(bytes, 6)?;
    let first = usize::from(byte(bytes, at)?);
    let is_long = first & 0x80 != 0;
    let count = if is_long { usize::from(byte(bytes, at + 1)?) << 7 | first & 0x7f } else { first };
    let mut at = at + 6;
    let mut keys = Vec::new();
    for _ in 0..count {
        let flags = little16(bytes, at)?;
        let part_count = usize::from(byte(bytes, at + 4)?);
        at += 8;
        let mut parts = Vec::new();
        for _ in 0..part_count {
            // The number's upper two bits are flags; it counts from 1.
            let column = (little16(bytes, at)? & 0x3fff).checked_sub(1).filter(|&it| it < columns)?;
            parts.push((column, little16(bytes, at + 7)?));
            at += 9;
        }
        // The flag is written upside down.
        keys.push(Key { parts, is_unique: flags & 1 == 0, is_primary: false });
    }
    let names = bytes.get(at..).unwrap_or_default();
    if names.starts_with(b"\xffPRIMARY\xff")
        && let Some(first) = keys.first_mut()
    {
        first.is_primary = true;
    }
    Some(keys)
}
