//! What was dialled becomes a telephone number: E.164, with the reading explained.
//!
//! A dialled string means nothing by itself: `9011252...` is a call to Somalia behind an outside line of
//! 9 in Chicago, and nothing at all in London. What a site is ([`Site`]) is told or worked out; [`read`]
//! then gives one [`Reading`] with its steps, and keeps the other readings that are left as alternatives.
//!
//! [`plan()`] is the embedded table of the world's numbering plans: which region and class a number in E.164
//! belongs to. It has a version, which reports print: numbering plans change.

mod abroad;
mod candidate;
mod class;
mod clean;
mod habits;
mod home;
mod listed;
mod patterns;
mod plan;
mod read;
mod reading;
mod risk;
mod routed;
mod short;
mod site;
#[cfg(test)]
mod tests;
mod trie;

pub use abroad::international_digits;
pub use class::Class;
pub use habits::{OutsideLine, outside_lines, taken_prefixes};
pub use home::{Certainty, Home, Signs, home};
pub use listed::{ListError, Listed};
pub use plan::{Found, Plan, Range, Region, plan};
pub use read::{read, read_best};
pub use reading::{Alternative, Confidence, Kind, Reading};
pub use risk::{Risk, risk};
pub use routed::BehindRoutes;
pub use site::{Route, Site};
pub(crate) use trie::Trie;
