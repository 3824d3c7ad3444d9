//! Rows of a panel's database that give somebody power: administrators, jobs, users of the manager interface,
//! extensions. Compared between dumps, and with the database itself where its disk was copied, they tell what came to be
//! between two nights.
//!
//! No secret is kept of them: a password is held against the published ones and forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::{live_rows, place};
use crate::event::{Citation, Instant, Place, SourceId};
use crate::evidence::{self, Evidence, Source};
use crate::indicators::{self, Indicator, Kind};
use crate::readers::{Why, is_sql_dump};
use crate::sqlite;
use crate::tables::{Dialect, Dump, Place as RowPlace, Rows, Table, pump};

/// Rows kept of one dump: the largest panels have some thousand extensions.
pub(super) const MOST_ROWS: usize = 50_000;
/// So much of a dump is gone through, in bytes: accounts and settings stand before or between calls.
const MOST_BYTES: u64 = 1 << 30;
const PIECE: usize = 1024 * 1024;
/// No name or command that counts is longer, in bytes.
const LONGEST: usize = 2_048;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Somebody who may use the panel.
    Administrator,
    /// A job that the panel runs.
    Job,
    /// A user of the manager interface.
    ManagerUser,
    /// An extension.
    Extension,
    /// A setting of the panel.
    Setting,
    /// A module of the panel, and its version.
    Module,
}

/// The tables that count: name, what a row of it is, the column that names it, the column that says what it does.
pub(super) const TABLES: [(&str, Held, &str, &str); 12] = [
    ("ampusers", Held::Administrator, "username", "sections"),
    ("acl_user", Held::Administrator, "name", "description"),
    ("userman_users", Held::Administrator, "username", "description"),
    ("v_users", Held::Administrator, "username", "user_enabled"),
    ("cron_jobs", Held::Job, "jobname", "command"),
    ("cronmanager", Held::Job, "id", "command"),
    ("manager", Held::ManagerUser, "name", "write"),
    ("users", Held::Extension, "extension", "name"),
    ("freepbx_settings", Held::Setting, "keyword", "value"),
    ("issabelpbx_settings", Held::Setting, "keyword", "value"),
    ("v_default_settings", Held::Setting, "default_setting_subcategory", "default_setting_value"),
    ("modules", Held::Module, "modulename", "version"),
];

/// One row.
#[derive(Clone, Debug)]
pub struct HeldRow {
    /// What it is.
    pub held: Held,
    /// Its table.
    pub table: &'static str,
    /// What it is called.
    pub name: String,
    /// What it does, as far as that is no secret.
    pub does: String,
    /// Marks of campaigns.
    pub marks: Vec<&'static Indicator>,
    /// Where it stands.
    pub line: Citation,
}

/// The rows of one dump, or of a database itself.
#[derive(Debug)]
pub struct Snapshot {
    /// The dump, or the first file of the database.
    pub source: SourceId,
    /// The path of the dump, or the database's folder.
    pub path: String,
    /// When it was made or last written, as far as its file tells.
    pub at: Option<Instant>,
    /// The tables that it has.
    pub tables: BTreeSet<&'static str>,
    /// The rows.
    pub rows: Vec<HeldRow>,
}

/// A row that the newest dump has and an older one has not, or the other way round.
#[derive(Clone, Debug)]
pub struct Change {
    /// The row.
    pub row: HeldRow,
    /// When the dump without it was made, and where that lies.
    pub without: (Option<Instant>, String),
    /// When the first dump with it was made.
    pub with: Option<Instant>,
}

/// Reads the rows of every dump, oldest first, and behind them those of data directories; notes say what was not read.
pub(super) fn read(evidence: &Evidence, notes: &mut Vec<String>) -> Vec<Snapshot> {
    let dumps =
        evidence.sources.iter().filter(|source| source.duplicate_of.is_none() && is_sql_dump(source.kind));
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for source in dumps {
        match of_dump(evidence, source, notes) {
            Ok(snapshot) if !snapshot.tables.is_empty() => snapshots.push(snapshot),
            Ok(_) => {}
            Err(error) => {
                notes.push(format!("{}: cannot be read for administrators: {error}", source.file.path));
            }
        }
    }
    let databases = evidence.sources.iter().filter(|source| source.duplicate_of.is_none());
    for source in databases.filter(|source| is_of_users(source)) {
        match of_database(evidence, source) {
            Ok(snapshot) => snapshots.push(snapshot),
            Err(why) => notes.push(format!("{}: cannot be read for administrators: {why}", source.file.path)),
        }
    }
    // A date in the name tells more than the time of a file that was copied.
    snapshots.sort_by_cached_key(|snapshot| (day(snapshot), snapshot.at, snapshot.path.clone()));
    snapshots.extend(live_rows::read(evidence, notes));
    snapshots
}

/// Returns the day of a dump as eight digits: by its name, else by when its file was written, zero where neither tells.
fn day(snapshot: &Snapshot) -> u32 {
    let written = || {
        let at = chrono::DateTime::from_timestamp_micros(snapshot.at?.0)?;
        at.format("%Y%m%d").to_string().parse().ok()
    };
    Some(date_in(&snapshot.path)).filter(|date| *date > 0).or_else(written).unwrap_or(0)
}

/// Returns eight digits of a date in a file's name, zero where there is none.
fn date_in(path: &str) -> u32 {
    let name = path.rsplit('/').next().unwrap_or_default();
    let runs = name.split(|letter: char| !letter.is_ascii_digit());
    let mut dates = runs.filter(|run| run.len() >= 8).filter_map(|run| run.get(..8)?.parse().ok());
    dates.find(|date| (19_900_101..21_000_101).contains(date)).unwrap_or(0)
}

fn is_of_users(source: &Source) -> bool {
    matches!(source.kind, evidence::Kind::Artifact | evidence::Kind::PanelDatabase)
        && place::of(&source.file, &source.head) == Some(place::Place::PanelUsers)
}

/// Reads the users of Elastix's and Issabel's panel out of their own database.
fn of_database(evidence: &Evidence, source: &Source) -> Result<Snapshot, String> {
    let handle = evidence.open(&source.file).map_err(|error| error.to_string())?;
    let connection = sqlite::open(sqlite::read(&handle)?).map_err(|error| error.to_string())?;
    let mut snapshot = Snapshot {
        source: source.id,
        path: source.file.path.clone(),
        at: source.file.modified,
        tables: BTreeSet::new(),
        rows: Vec::new(),
    };
    for (table, (name, ..)) in TABLES.iter().enumerate().filter(|(_, (name, ..))| *name == "acl_user") {
        let mut take = |number: i64, values: &[(&str, rusqlite::types::ValueRef<'_>)]| {
            if snapshot.rows.len() >= MOST_ROWS {
                return;
            }
            let columns: Vec<String> = values.iter().map(|(column, _)| column.to_ascii_lowercase()).collect();
            let texts: Vec<Option<Vec<u8>>> = values.iter().map(|(_, value)| sqlite::text(*value)).collect();
            let texts: Vec<Option<&[u8]>> = texts.iter().map(Option::as_deref).collect();
            let named = |wanted: &str| {
                texts.get(columns.iter().position(|column| column == wanted)?).copied().flatten()
            };
            // A row has no line; its number is told instead.
            let line = u32::try_from(number).unwrap_or(0);
            let place = Place { source: source.id, offset: 0, line };
            snapshot.rows.extend(row(table, &named, &columns, &texts, place));
        };
        if sqlite::each_row(&connection, name, &mut take).map_err(|error| error.to_string())? {
            snapshot.tables.insert(name);
        }
    }
    Ok(snapshot)
}

fn of_dump(evidence: &Evidence, source: &Source, notes: &mut Vec<String>) -> std::io::Result<Snapshot> {
    use std::io::Read as _;
    let handle = evidence.open(&source.file)?;
    let mut bytes = handle.contents(source.packing).take(MOST_BYTES);
    let mut dump = Dump::new(Dialect::of(&source.head));
    let mut gather = Gather {
        snapshot: Snapshot {
            source: source.id,
            path: source.file.path.clone(),
            at: source.file.modified,
            tables: BTreeSet::new(),
            rows: Vec::new(),
        },
        at_hand: None,
        base: (0, 0),
        beyond: 0,
    };
    pump(&mut bytes, PIECE, |buffer, at_end| {
        let length = buffer.len() - usize::from(at_end);
        let done = dump.feed(buffer, at_end, &mut gather).min(length);
        let passed = buffer.get(..done).unwrap_or_default();
        gather.base.0 += passed.len() as u64;
        gather.base.1 += memchr::memchr_iter(b'\n', passed).count() as u64;
        done
    })?;
    if bytes.limit() == 0 {
        notes.push(format!("{}: only its first GiB was gone through for administrators", source.file.path));
    }
    if gather.beyond > 0 {
        notes.push(format!("{}: {} rows more than are kept of it", source.file.path, gather.beyond));
    }
    Ok(gather.snapshot)
}

/// What is gathered of one dump.
struct Gather {
    snapshot: Snapshot,
    /// The table at hand: its place in [`TABLES`], and the columns' names.
    at_hand: Option<(usize, Vec<String>)>,
    /// Bytes and lines that were walked over.
    base: (u64, u64),
    beyond: u64,
}

impl Rows for Gather {
    fn begin(&mut self, table: &Table) -> bool {
        let columns: Vec<String> =
            table.columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
        let place = TABLES.iter().position(|(name, _, key, _)| {
            table.name.eq_ignore_ascii_case(name) && columns.iter().any(|column| column == key)
        });
        if let Some((name, ..)) = place.and_then(|place| TABLES.get(place)) {
            self.snapshot.tables.insert(name);
        }
        self.at_hand = place.map(|place| (place, columns));
        self.at_hand.is_some()
    }

    fn row(&mut self, values: &[Option<&[u8]>], place: RowPlace) {
        let Some((table, columns)) = &self.at_hand else { return };
        let place = Place {
            source: self.snapshot.source,
            offset: self.base.0 + place.offset as u64,
            line: u32::try_from(self.base.1 + place.line as u64 + 1).unwrap_or(u32::MAX),
        };
        if self.snapshot.rows.len() >= MOST_ROWS {
            self.beyond += 1;
            return;
        }
        let named = |wanted: &str| {
            let at = columns.iter().position(|column| column == wanted)?;
            values.get(at).copied().flatten()
        };
        self.snapshot.rows.extend(row(*table, &named, columns, values, place));
    }

    fn lost(&mut self, _place: RowPlace, _why: Why) {
        // Whoever reads the dump for its accounts says what was lost of it.
    }
}

/// Reads one row of a table that counts.
pub(super) fn row<'v>(
    table: usize,
    named: &dyn Fn(&str) -> Option<&'v [u8]>,
    columns: &[String],
    values: &[Option<&[u8]>],
    place: Place,
) -> Option<HeldRow> {
    let (table, held, key, does) = *TABLES.get(table)?;
    let text = |value: Option<&[u8]>| {
        let value = value.unwrap_or_default();
        String::from_utf8_lossy(value.get(..LONGEST).unwrap_or(value)).into_owned()
    };
    let name = text(named(key));
    let said = text(named(does));
    // Of a thousand settings only the few count that a campaign asks for.
    let joined = format!("{name}={said}");
    let fits = |indicator: &Indicator| {
        let whole = held == Held::Setting && table != "v_default_settings";
        let at = columns.iter().position(|column| *column == indicator.column);
        let value = at.and_then(|at| values.get(at)).copied().flatten();
        indicator.table == table
            && if whole {
                indicator.fits(joined.as_bytes())
            } else {
                value.is_some_and(|value| indicator.fits(value))
            }
    };
    let marks: Vec<&'static Indicator> =
        indicators::of(Kind::Row).map(|(_, indicator)| indicator).filter(|it| fits(it)).collect();
    if name.is_empty() || (held == Held::Setting && marks.is_empty()) {
        return None;
    }
    let shown = match held {
        Held::Job | Held::Setting | Held::Module => format!("table {table}: {name}: {said}"),
        _ => format!("table {table}: {name}"),
    };
    let shown = crate::secrets::masked(&shown).into_owned();
    let does = crate::secrets::masked(&said).into_owned();
    Some(HeldRow { held, table, name, does, marks, line: Citation::new(place, shown.as_bytes()) })
}

/// Returns the rows that came to be between two dumps, oldest first.
pub(super) fn appeared(snapshots: &[Snapshot]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut known: BTreeMap<&str, (&Snapshot, BTreeSet<&str>)> = BTreeMap::new();
    for snapshot in snapshots {
        for table in &snapshot.tables {
            let rows = || snapshot.rows.iter().filter(|row| row.table == *table);
            if let Some((before, names)) = known.get(table) {
                let new = rows().filter(|row| !names.contains(row.name.as_str()));
                changes.extend(new.map(|row| Change {
                    row: row.clone(),
                    without: (before.at, before.path.clone()),
                    with: snapshot.at,
                }));
            }
            known.insert(table, (snapshot, rows().map(|row| row.name.as_str()).collect()));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{MemoryFile, Root};

    const OLD: &str = "-- MySQL dump 10.13\nCREATE TABLE `ampusers` (\n `username` varchar(255),\n `password_sha1` varchar(40),\n `sections` blob\n);\nINSERT INTO `ampusers` VALUES ('admin','ec2faf80327bbcae00211f89ac3945e2f1fa363d','*');\n";
    const NEW: &str = "-- MySQL dump 10.13\nCREATE TABLE `ampusers` (\n `username` varchar(255),\n `password_sha1` varchar(40),\n `sections` blob\n);\nINSERT INTO `ampusers` VALUES ('admin','ec2faf80327bbcae00211f89ac3945e2f1fa363d','*'),\n('ampuser','05c689686a4fad5ce3ec76e7ae5708b1fe2da43a','*');\n";

    #[test]
    fn a_dump_without_a_date_in_its_name_has_that_of_its_file() {
        let of = |path: &str, at: Option<i64>| {
            let (tables, rows) = (BTreeSet::new(), Vec::new());
            let at = at.map(|second| Instant(second * 1_000_000));
            day(&Snapshot { source: SourceId(0), path: path.to_owned(), at, tables, rows })
        };
        assert_eq!(of("backup/asterisk-20250825.sql", Some(1_790_000_000)), 20_250_825);
        assert_eq!(of("root/asterisk.sql", Some(1_772_766_001)), 20_260_306);
        assert_eq!(of("root/asterisk.sql", None), 0);
    }

    #[test]
    fn rows_that_came_to_be_between_two_dumps() {
        static FILES: [MemoryFile; 2] = [
            MemoryFile { path: "backup/asterisk-20250825.sql", bytes: NEW.as_bytes(), is_link: false },
            MemoryFile { path: "backup/asterisk-20250822.sql", bytes: OLD.as_bytes(), is_link: false },
        ];
        let evidence = Evidence::from_roots(vec!["x".into()], vec![Root::Memory(&FILES)]);
        let mut notes = Vec::new();
        let snapshots = read(&evidence, &mut notes);
        assert_eq!(snapshots.len(), 2);
        let changes = appeared(&snapshots);
        assert_eq!(changes.len(), 1);
        let change = changes.first().expect("a change");
        assert_eq!((change.row.name.as_str(), change.row.line.place.line), ("ampuser", 8));
        let ids: Vec<&str> = change.row.marks.iter().map(|mark| mark.id.as_str()).collect();
        assert_eq!(ids, ["e57819-9", "e57819-10"]);
        assert!(!String::from_utf8_lossy(&change.row.line.text).contains("05c6"));
        assert!(notes.is_empty());
    }
}
