//! The tables that FreePBX is known to make, for files whose `.frm` is missing.
//!
//! `freepbx.tables` has one line a table: its name and collation, then its columns with type, length and marks.
//! Names and types are those of the modules' `module.xml`, as MariaDB makes them into columns.

use super::column::{BINARY, Column, Kind};
use super::definition::{Definition, Engine, Key, Places};

const TABLES: &str = include_str!("freepbx.tables");
/// `utf8mb4_unicode_ci`, which FreePBX asks for; four bytes a character.
const UTF8MB4: u16 = 224;
const BYTES_OF_CHARACTER: usize = 4;

/// Returns the definition of a table of that name.
pub(super) fn definition(name: &str, engine: Engine) -> Option<Definition> {
    let line = TABLES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find(|line| line.split_once(':').is_some_and(|(table, _)| table == name))?;
    let (_, rest) = line.split_once(':')?;
    let (columns, keys) = rest.split_once('|').unwrap_or((rest, ""));
    let columns: Vec<Column> = columns.split(',').map(column).collect::<Option<_>>()?;
    let keys = keys.split(';').filter(|key| !key.trim().is_empty());
    let keys = keys.map(|text| key(text, &columns)).collect::<Option<_>>()?;
    Some(Definition { places: places(&columns), columns, keys, engine })
}

/// Reads `name type(length)`, a question mark behind it where it may be NULL.
fn column(text: &str) -> Option<Column> {
    let (name, kind) = text.trim().split_once(' ')?;
    let (kind, is_nullable) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
    let (kind, length) = match kind.split_once('(') {
        Some((kind, length)) => (kind, length.strip_suffix(')')?.parse().ok()?),
        None => (kind, 0),
    };
    let kind = match kind {
        "tinyint" => Kind::Integer { width: 1, is_unsigned: false },
        "int" => Kind::Integer { width: 4, is_unsigned: false },
        "bigint" => Kind::Integer { width: 8, is_unsigned: false },
        "varchar" => Kind::Varying { longest: length * BYTES_OF_CHARACTER },
        "char" => Kind::Fixed { width: length * BYTES_OF_CHARACTER },
        "datetime" => Kind::DateTime { decimals: length },
        "text" | "blob" => Kind::Blob { width: 2 },
        "longtext" | "longblob" => Kind::Blob { width: 4 },
        _ => return None,
    };
    let is_text = matches!(kind, Kind::Varying { .. } | Kind::Fixed { .. }) || text.contains("text");
    let collation = if is_text { UTF8MB4 } else { BINARY };
    Some(Column { name: name.to_owned(), kind, is_nullable, collation })
}

/// Reads `primary a b` or `key a`; a number behind a colon is the length in characters.
fn key(text: &str, columns: &[Column]) -> Option<Key> {
    let mut words = text.split_whitespace();
    let is_primary = words.next()? == "primary";
    let part = |word: &str| {
        let (name, length) = word.split_once(':').unwrap_or((word, ""));
        let number = columns.iter().position(|column| column.name == name)?;
        let length = length.parse::<usize>().map_or(usize::MAX, |characters| characters * BYTES_OF_CHARACTER);
        Some((number, length))
    };
    Some(Key { parts: words.map(part).collect::<Option<_>>()?, is_unique: is_primary, is_primary })
}

/// Places the columns in a row in memory, as MariaDB does: null bits first, then one after another.
fn places(columns: &[Column]) -> Places {
    let mut nullable = 0;
    let null_bits: Vec<Option<usize>> = columns
        .iter()
        .map(|column| {
            let bit = nullable;
            nullable += usize::from(column.is_nullable);
            column.is_nullable.then_some(bit)
        })
        .collect();
    let mut at = nullable.div_ceil(8);
    let mut starts = Vec::new();
    for column in columns {
        starts.push(at);
        at += match column.kind {
            Kind::Varying { longest } => longest + if longest > 255 { 2 } else { 1 },
            Kind::Blob { width } => width + 8,
            _ => column.width().unwrap_or(0),
        };
    }
    Places { length: at, columns: starts, null_bits, is_packed: true }
}
