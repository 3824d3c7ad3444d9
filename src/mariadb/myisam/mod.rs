//! MyISAM's `.MYD` and `.MYI` files: rows of varying or fixed length, and what is left of deleted ones.

mod blocks;
mod carve;
mod form;
mod table;

pub(super) use form::{Form, LONGEST};
pub(super) use table::{rows, tell_counts};
