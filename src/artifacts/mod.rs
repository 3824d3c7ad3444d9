//! Files of the host that no log reader reads and that intruders leave behind or change: pages in web roots,
//! what runs by itself, who may log in.
//!
//! [`place`] tells by its path what a file is to the host. What is few (cron, units, keys, users) becomes a
//! source and is looked at whole; of the thousands of pages in a web root only those become sources that
//! bear a mark ([`judge`]), that are not what their module's signature says ([`signature`]), or that are
//! newer than all beside them: the [`shelf`] goes through them while the evidence is listed, and counts the
//! rest. [`read`] then gives every mark its proof; what the marks mean together is reconstruction's.
//!
//! Of each file the first 64 KiB are looked at, which every page that an intruder was seen to leave fits in;
//! where a file is longer, that is said.

mod accounts;
mod generated;
mod judge;
mod keys;
mod live_rows;
pub mod place;
pub mod read;
mod rows;
mod shape;
mod shelf;
mod signature;

pub use place::Place;
pub use read::{Artifact, Artifacts, Mark, Sign};
pub use rows::{Change, Held, HeldRow};
pub(crate) use shelf::{LONGEST_SIGNED, Shelf, WebCode};
