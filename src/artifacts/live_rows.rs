//! The same rows out of MariaDB's data directory: what the panel's database held when its disk was copied, which is newer
//! than any dump.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::rows::{MOST_ROWS, Snapshot, TABLES, row};
use crate::event::{Instant, Place};
use crate::evidence::{DataDirectories, Evidence};
use crate::mariadb::{Table, Value, Wanted, tables};

/// Reads every database of every data directory, the one written to last at the end.
pub(super) fn read(evidence: &Evidence, notes: &mut Vec<String>) -> Vec<Snapshot> {
    let files = DataDirectories { evidence };
    // Those that cannot be read are told where accounts are read.
    let (all, _) = tables(&files);
    let mut databases: BTreeMap<&str, Snapshot> = BTreeMap::new();
    for table in &all {
        let columns: Vec<String> =
            table.columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
        let known = TABLES.iter().position(|(name, _, key, _)| {
            table.name.eq_ignore_ascii_case(name) && columns.iter().any(|column| column == key)
        });
        let (Some(known), Some(source)) = (known, files.source(&table.path)) else { continue };
        let folder = table.folder.as_str();
        let snapshot = databases.entry(folder).or_insert_with(|| Snapshot {
            source: source.id,
            path: folder.to_owned(),
            at: None,
            tables: BTreeSet::new(),
            rows: Vec::new(),
        });
        snapshot.at = snapshot.at.max(source.file.modified);
        if let Err(why) = of_table(&files, table, known, &columns, source.id, snapshot) {
            notes.push(format!("{}: cannot be read for administrators: {why}", table.path));
        }
    }
    let mut found: Vec<Snapshot> =
        databases.into_values().filter(|snapshot| !snapshot.tables.is_empty()).collect();
    found.sort_by_cached_key(|snapshot| (snapshot.at.map(Instant::seconds), snapshot.path.clone()));
    found
}

/// Adds the living rows of one table.
fn of_table(
    files: &DataDirectories<'_>,
    table: &Table,
    known: usize,
    columns: &[String],
    source: crate::event::SourceId,
    snapshot: &mut Snapshot,
) -> Result<(), String> {
    let rows = &mut snapshot.rows;
    table.rows(files, Wanted::Living, &mut |living| {
        let texts: Vec<_> = living.values.iter().map(Value::text).collect();
        let texts: Vec<Option<&[u8]>> = texts.iter().map(Option::as_deref).collect();
        let named = |wanted: &str| {
            let at = columns.iter().position(|column| column == wanted)?;
            texts.get(at).copied().flatten()
        };
        let place = Place { source, offset: living.offset, line: 0 };
        rows.extend(row(known, &named, columns, &texts, place));
        if rows.len() < MOST_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    snapshot.tables.extend(TABLES.get(known).map(|(name, ..)| *name));
    Ok(())
}
