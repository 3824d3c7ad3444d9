//! InnoDB's `.ibd` files: pages, records, and the rows in them, living and deleted.

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

pub(super) use table::InnoDb;
