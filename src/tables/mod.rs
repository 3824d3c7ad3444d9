//! Tables of a database as text: the rows of a dump, one after another, in bounded memory.
//!
//! Reads what `mysqldump`, `pg_dump`, SQLite's `.dump` and the panels' exports write: `INSERT` with one
//! row or with a whole table on one line of many megabytes, and `COPY ... FROM stdin`. Nothing is kept but
//! the columns of tables created so far and the row at hand. Configuration and readers both ask here;
//! what a table means is theirs.
//!
//! Facts relied on: `mysqldump` escapes line ends inside strings (`mysql_real_escape_string`), so that a
//! string open at the end of a line was cut there; `COPY` escapes them too. SQLite and `INSERT`s of
//! PostgreSQL write them as they are.

mod columns;
mod copy;
mod dialect;
mod dump;
mod known;
mod literal;
mod pass;
mod row;
mod scan;
mod statement;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use columns::{Column, Table};
pub(crate) use dialect::{Dialect, looks_like_dump};
pub(crate) use dump::{Dump, Place, Rows};
pub(crate) use row::row_length;
pub(crate) use stream::pump;
