//! InnoDB's own list of its tables, which lies in the tablespace of all tables (`ibdata1`).
//!
//! Where `innodb_file_per_table` is off, as it was by default before MySQL 5.6 and MariaDB 5.6, the rows of every table
//! lie there too. The eighth page says where the list begins: `SYS_TABLES` has a table's number and the file of its
//! rows, `SYS_INDEXES` the first page of each of its indexes. Both are tables themselves, with rows in the oldest form.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use super::table::{InnoDb, Place, Shared};
use crate::mariadb::bytes::{ReadAt, big32, read_part};
use crate::mariadb::column::{BINARY, Column, Kind};
use crate::mariadb::definition::{Definition, Engine, Key};
use crate::mariadb::directory::Wanted;
use crate::mariadb::value::Value;

/// The page that says where the list begins, and where in it the first pages of the two tables stand.
const HEADER_PAGE: u64 = 7;
const TABLES: usize = 38 + 32;
const INDEXES: usize = 38 + 44;
/// Pages of this tablespace always had this size before MySQL 5.6, and nearly always since.
const USUAL_PAGE: u64 = 16 * 1024;
/// The most tables, and indexes, that are kept.
const MOST: usize = 100_000;
/// In an index's type: is it the table itself?
const CLUSTERED: u64 = 1;
/// The number of the tablespace of all tables.
const SHARED: u64 = 0;

/// InnoDB's list of its tables.
#[derive(Clone, Debug, Default)]
pub(in crate::mariadb) struct Dictionary {
    /// By name (`asteriskcdrdb/cdr`): the table's number, and that of the file of its rows.
    tables: BTreeMap<String, (u64, u64)>,
    /// By the table's number: the root of the index that is the table, and the numbers of the others.
    indexes: HashMap<u64, (Option<u32>, Vec<u64>)>,
    /// The numbers of all indexes; nothing where they are too many, or some cannot be read.
    listed: BTreeSet<u64>,
}

impl Dictionary {
    /// Reads the list, or tells why it cannot be read.
    pub(in crate::mariadb) fn read(shared: &dyn ReadAt) -> Result<Self, String> {
        let cut_off = || "InnoDB's list of its tables is cut off".to_owned();
        let header = read_part(shared, HEADER_PAGE * USUAL_PAGE, 128).map_err(|error| error.to_string())?;
        let root = |at: usize| big32(&header, at).filter(|&page| page != 0).ok_or_else(cut_off);
        let mut list = Dictionary::default();
        each_row(shared, root(TABLES)?, &["NAME"], &table_columns(), &mut |row| list.table(row))?;
        let key = ["TABLE_ID", "ID"];
        let is_whole = each_row(shared, root(INDEXES)?, &key, &index_columns(), &mut |row| list.index(row))?;
        if !is_whole {
            list.listed.clear();
        }
        Ok(list)
    }

    /// Finds a table: where in this tablespace it is, or `None` where its rows lie in a file of their own.
    pub(in crate::mariadb) fn find(&self, database: &str, table: &str) -> Result<Option<Place>, String> {
        let (number, file) =
            self.tables.get(&format!("{database}/{table}")).ok_or("InnoDB does not list this table")?;
        if *file != SHARED {
            return Ok(None);
        }
        let (root, others) = self.indexes.get(number).ok_or("InnoDB lists no index of this table")?;
        let root = root.ok_or("InnoDB does not list where this table begins")?;
        let shared = Shared { others: others.clone(), listed: self.listed.clone() };
        Ok(Some(Place { root, shared: Some(shared), least_fields: None }))
    }

    fn table(&mut self, row: &[Value]) -> Option<()> {
        let name = String::from_utf8(row.first()?.text()?.into_owned()).ok()?;
        let (number, file) = (number(row, 1)?, number(row, 7)?);
        (self.tables.len() < MOST).then(|| self.tables.insert(name, (number, file)))?;
        Some(())
    }

    fn index(&mut self, row: &[Value]) -> Option<()> {
        let (table, index, kind) = (number(row, 0)?, number(row, 1)?, number(row, 4)?);
        if self.indexes.len() >= MOST && !self.indexes.contains_key(&table) {
            return None;
        }
        self.listed.insert(index);
        let (root, others) = self.indexes.entry(table).or_default();
        if kind & CLUSTERED != 0 {
            *root = u32::try_from(number(row, 6)?).ok();
        } else if others.len() < MOST {
            others.push(index);
        }
        Some(())
    }
}

fn number(row: &[Value], column: usize) -> Option<u64> {
    match row.get(column)? {
        Value::Unsigned(number) => Some(*number),
        _ => None,
    }
}

/// Gives the rows of one of the two tables; returns whether all of them were read, and taken.
fn each_row(
    shared: &dyn ReadAt,
    root: u32,
    key: &[&str],
    columns: &[Column],
    take: &mut dyn FnMut(&[Value]) -> Option<()>,
) -> Result<bool, String> {
    let definition = definition(columns, key);
    // The hidden fields count; the last column came later.
    let least_fields = Some(columns.len() + 1);
    let place = Place { root, shared: Some(Shared::default()), least_fields };
    let table = InnoDb::open(shared, &definition, place, Wanted::Living)
        .map_err(|why| format!("InnoDB's list of its tables cannot be read: {why}"))?;
    let mut all_taken = true;
    let summary = table.living_rows(None, &mut |row| {
        all_taken &= take(&row.values).is_some();
        ControlFlow::Continue(())
    });
    Ok(all_taken && summary.unreadable == 0 && summary.notes.is_empty())
}

fn definition(columns: &[Column], key: &[&str]) -> Definition {
    let place =
        |name: &&str| columns.iter().position(|column| column.name == *name).map(|at| (at, usize::MAX));
    let parts = key.iter().filter_map(place).collect();
    Definition {
        columns: columns.to_vec(),
        keys: vec![Key { parts, is_unique: true, is_primary: true }],
        engine: Engine::InnoDb,
        places: Default::default(),
    }
}

fn column(name: &str, kind: Kind) -> Column {
    Column { name: name.to_owned(), kind, is_nullable: false, collation: BINARY }
}

fn text(name: &str) -> Column {
    column(name, Kind::Varying { longest: 65_535 })
}

fn unsigned(name: &str, width: usize) -> Column {
    column(name, Kind::Integer { width, is_unsigned: true })
}

fn table_columns() -> [Column; 8] {
    [
        text("NAME"),
        unsigned("ID", 8),
        unsigned("N_COLS", 4),
        unsigned("TYPE", 4),
        unsigned("MIX_ID", 8),
        unsigned("MIX_LEN", 4),
        text("CLUSTER_NAME"),
        unsigned("SPACE", 4),
    ]
}

/// MySQL 5.7 and MariaDB 10.2 put `MERGE_THRESHOLD` behind these.
fn index_columns() -> [Column; 8] {
    [
        unsigned("TABLE_ID", 8),
        unsigned("ID", 8),
        text("NAME"),
        unsigned("N_FIELDS", 4),
        unsigned("TYPE", 4),
        unsigned("SPACE", 4),
        unsigned("PAGE_NO", 4),
        unsigned("MERGE_THRESHOLD", 4),
    ]
}
