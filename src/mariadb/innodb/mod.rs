//! InnoDB's files, `.ibd` and `ibdata1`: pages, records, and the rows in them, living and deleted.

mod dictionary;
mod found;
mod layout;
mod packed;
mod page;
mod record;
mod remnants;
mod replay;
mod space;
mod table;
mod tree;

pub(super) use dictionary::Dictionary;
pub(super) use table::{InnoDb, Place};
