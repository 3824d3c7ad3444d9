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
//! File forms are those of MariaDB 10.2 to 11 and MySQL 5.0 to 5.7; where a fact is not from MariaDB's own
//! documentation of its file formats, it was measured on directories whose rows are known.

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
mod value;

pub use bytes::ReadAt;
pub use column::{Column, Kind};
pub use definition::{Definition, Engine, Key};
pub use directory::{Files, Table, Wanted, table, tables};
pub use row::{Row, RowFile, RowState, Summary};
pub use value::Value;
