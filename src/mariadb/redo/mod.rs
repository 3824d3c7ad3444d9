//! InnoDB's redo log (`ib_logfile0`): what was written to which page, in which order.
//!
//! The log is a ring: it keeps the last changes, long after they reached the tables' files. So it tells which
//! rows were written once, and, where the server was killed, what starting it would still do. Read are the forms
//! of MariaDB 10.5 and later, which tell the same changes in two kinds of file; others are told by their first bytes.

mod blocks;
mod change;
mod log;
mod page;
mod sealed;

#[cfg(test)]
pub(super) use change::changes as each_change;
pub(super) use change::{Change, How};
pub(super) use log::{Log, is_read};
pub(super) use page::{Image, Inserted};
