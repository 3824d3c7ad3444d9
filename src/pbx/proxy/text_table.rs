//! Text tables of `db_text`: `subscriber`, `location`, `dispatcher`, `address`, `trusted`.

use rusqlite::types::ValueRef;

use super::super::read::Collector;
use super::{Row, TABLES, take};
use crate::event::Place;
use crate::evidence::{Evidence, Source};
use crate::readers::{text_table_heading, text_table_values};

/// Bytes of a file that are read.
const LONGEST: usize = 16 * 1024 * 1024;

/// Reads one file, if it is one of the tables that count here.
pub(super) fn read(evidence: &Evidence, source: &Source, collector: &mut Collector) -> Result<(), String> {
    let Some(names) = text_table_heading(&source.head) else { return Ok(()) };
    let has = |wanted: &[&str]| wanted.iter().all(|wanted| names.iter().any(|name| name == wanted));
    // A contact has a user's name and domain, too.
    let found = TABLES.iter().rev().find(|(_, columns)| has(columns));
    let Some((table, _)) = found else { return Ok(()) };
    let bytes = evidence.read_small(source, LONGEST).map_err(|error| format!("cannot be read: {error}"))?;
    let mut offset = 0;
    for (number, raw) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let place = Place { source: source.id, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        let values = text_table_values(raw.strip_suffix(b"\n").unwrap_or(raw));
        if number == 0 || values.len() != names.len() {
            continue;
        }
        let values: Vec<(&str, ValueRef<'_>)> =
            names.iter().map(String::as_str).zip(values.iter().map(|value| value_of(value))).collect();
        take(&Row { table, number: number as i64, place, values: &values }, collector);
    }
    Ok(())
}

/// Numbers are numbers: a time is told by seconds.
fn value_of(text: &[u8]) -> ValueRef<'_> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    match number {
        Some(number) if text.len() == 10 => ValueRef::Integer(number),
        _ => ValueRef::Text(text),
    }
}
