//! Tables out of MariaDB's data directory, where no dump was ever made.
//!
//! A database is a folder there. Only living rows count: what was deleted from the configuration is no
//! configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::Found;
use super::gather::Settings;
use crate::event::{Instant, Place, SourceId};
use crate::evidence::{DataDirectories, Evidence, Kind};
use crate::mariadb::{Table, Value, Wanted, tables};
use crate::pbx::model::Problem;
use crate::tables::{Column, Rows};

/// Reads every database of every data directory, the one written to last first.
pub(super) fn read_all(evidence: &Evidence, found: &mut Found) {
    let files = DataDirectories { evidence };
    let (tables, notes) = tables(&files);
    let mut troubles: BTreeSet<(String, String)> =
        notes.iter().filter_map(|note| unreadable(&files, note)).collect();
    let mut databases: BTreeMap<&str, (Option<Instant>, Settings)> = BTreeMap::new();
    for table in &tables {
        let Some(source) = files.source(&table.path) else { continue };
        let folder = table.folder.as_str();
        let (written, settings) = databases.entry(folder).or_insert_with(|| (None, Settings::new(source.id)));
        if begin(settings, table) {
            *written = (*written).max(source.file.modified);
            // What is said of all tables alike is said of the database once.
            let notes = read(&files, table, source.id, settings);
            troubles.extend(notes.into_iter().map(|what| (folder.to_owned(), what)));
        }
    }
    let unread = evidence.unread_tables();
    found.problems.extend(
        unread.into_iter().map(|(path, why)| Problem { path: path.to_owned(), what: why.words().to_owned() }),
    );
    found.problems.extend(troubles.into_iter().map(|(path, what)| Problem { path, what }));
    let mut databases: Vec<_> =
        databases.into_iter().filter(|(_, (_, settings))| !settings.is_empty()).collect();
    databases.sort_by_key(|(folder, (written, _))| (std::cmp::Reverse(*written), *folder));
    for (folder, (_, settings)) in databases {
        found.add(folder.to_owned(), settings);
    }
}

/// Reads the living rows of a table and returns what there is to say of them.
fn read(
    files: &DataDirectories<'_>,
    table: &Table,
    source: SourceId,
    settings: &mut Settings,
) -> Vec<String> {
    let outcome = table.rows(files, Wanted::Living, &mut |row| {
        let values: Vec<_> = row.values.iter().map(Value::text).collect();
        let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
        settings.row_at(&values, Place { source, offset: row.offset, line: 0 });
        if settings.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match outcome {
        Ok(summary) => summary.notes,
        Err(why) => vec![format!("table {}: {why}", table.name)],
    }
}

/// Turns what is said of a table that cannot be read into path and words, unless its own reader says it.
fn unreadable(files: &DataDirectories<'_>, note: &str) -> Option<(String, String)> {
    let (path, why) = note.split_once(": ")?;
    let is_ours = files.source(path).is_some_and(|source| source.kind == Kind::DatabasePart);
    is_ours.then(|| (path.to_owned(), why.to_owned()))
}

/// Returns whether a table is of use.
fn begin(settings: &mut Settings, table: &Table) -> bool {
    let columns = table.columns.iter().map(|column| Column::named(&column.name)).collect();
    settings.begin(&crate::tables::Table { name: table.name.clone(), columns })
}
