//! InnoDB's redo log (`ib_logfile0`): what was written to which page, in which order.
//!
//! The log is a ring: it keeps the last changes, long after they reached the tables' files. So it tells which
//! rows were written once, and, where the server was killed, what starting it would still do. Read is the form
//! of MariaDB 10.8 and later; others are told by their first bytes.

mod change;
mod log;
mod page;

#[cfg(test)]
pub(super) use change::changes as each_change;
pub(super) use change::{Change, How};
pub(super) use log::{Log, MAGIC};
pub(super) use page::{Image, Inserted};
