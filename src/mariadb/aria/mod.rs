//! Aria's `.MAD` and `.MAI` files: MariaDB's own tables, and those of users that were made so.
//!
//! Rows of the form `PAGE`, which is the usual one, stand in pages; `.MAI` tells how. Rows of `DYNAMIC` and `FIXED` are
//! written as MyISAM writes them. Numbers in pages have the least significant byte first, in `.MAI` the most significant.
//! The forms are those of MariaDB's `storage/maria` (`ma_blockrec.h`, `ma_open.c`), and were held against tables whose
//! rows are known.

mod form;
mod row;
mod table;

pub(super) use form::{Form, LONGEST, MAGIC, Written, was_open, written};
pub(super) use table::rows;
