//! MariaDB's data directory, read without a server: files to tables to rows, deleted ones too.
//!
//! [`tables`] finds what there is, [`Table::rows`] gives the rows of one: the living ones first, then what is
//! left of deleted ones, each with a [`RowState`] that says how sure that is. A living row is never called
//! deleted, and none is made up: whatever cannot be read whole where nobody vouches for it is only counted.
//!
//! Nothing here knows what a table is about, but for the columns that tell one call from another. Everything is
//! read at positions of files ([`ReadAt`]) that may hold any bytes: lengths are checked, chains that run in a
//! circle end, and memory does not grow with the table.
//!
//! File forms are those of MariaDB 10.2 to 11 and MySQL 5.0 to 5.7, Aria's among them, the redo log's those of MariaDB 10.5 to 11; where a fact is not from MariaDB's own
//! documentation of its file formats, it was measured on directories whose rows are known.

mod aria;
mod bytes;
mod checksum;
mod column;
mod definition;
mod directory;
mod frm;
mod giving;
mod innodb;
mod known;
mod myisam;
mod redo;
mod row;
mod suspects;
#[cfg(test)]
mod tests;
mod unread;
mod value;

/// Reads a table's definition from the bytes of its `.frm` file, or tells why it cannot be read.
pub fn definition_of(bytes: &[u8]) -> Result<Definition, &'static str> {
    frm::read(bytes)
}

/// Returns whether a file that begins with `head` is one of InnoDB: its first page tells its own number twice.
pub fn is_innodb_file(head: &[u8]) -> bool {
    /// The kind of a file's first page.
    const FIRST_PAGE: usize = 8;
    let number = bytes::big32(head, 34);
    bytes::big16(head, 24) == Some(FIRST_PAGE) && number.is_some() && number == bytes::big32(head, 38)
}

/// What a file of a data directory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The definition of a table.
    Definition,
    /// The rows of a table.
    Rows,
    /// The index of a table, whose beginning tells the form of its rows.
    Index,
    /// The redo log of all tables.
    Log,
    /// The tablespace of all tables that have none of their own.
    Shared,
    /// A further file of that tablespace.
    Further,
}

/// Tells what a file of a data directory is for, with the name of its table, from its path and first bytes.
pub fn part_of<'p>(path: &'p str, head: &[u8]) -> Option<(Part, &'p str)> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == directory::LOG {
        return Some((Part::Log, ""));
    }
    if name == directory::SHARED && is_innodb_file(head) {
        return Some((Part::Shared, ""));
    }
    if directory::is_further(name) {
        return Some((Part::Further, ""));
    }
    let (stem, ending) = name.rsplit_once('.')?;
    let part = match ending {
        "frm" if head.starts_with(&[0xfe, 1]) => Part::Definition,
        "MYI" if head.starts_with(&[0xfe, 0xfe, 7]) => Part::Index,
        "MAI" if head.starts_with(aria::MAGIC) => Part::Index,
        "ibd" if is_innodb_file(head) => Part::Rows,
        // Nothing tells rows of MyISAM, or of Aria, from other bytes.
        "MYD" | "MAD" => Part::Rows,
        _ => return None,
    };
    Some((part, stem))
}

/// Returns the path of the tablespace of all tables that belongs to a table, given by its path without ending.
pub fn shared_beside(stem: &str) -> Option<String> {
    let (folder, _) = stem.rsplit_once('/')?;
    let above = folder.rsplit_once('/').map(|(above, _)| above);
    Some(above.map_or(directory::SHARED.to_owned(), |above| format!("{above}/{}", directory::SHARED)))
}

/// Returns whether a path is that of a table's rows.
pub fn is_rows_file(path: &str) -> bool {
    directory::ROWS.iter().any(|ending| path.ends_with(ending))
}

pub use bytes::ReadAt;
pub use column::{Column, Kind};
pub use definition::{Definition, Engine, Key};
pub use directory::{Files, Table, Wanted, table, tables};
pub use row::{Row, RowFile, RowState, Summary};
pub use unread::{Unread, unread};
pub use value::Value;
