//! One plan of time per source: form of the stamps, zone, year, and how each was known.
//!
//! Readers parse stamps with a [`DateFormat`]; sinks turn them into instants with a [`Resolver`],
//! in the order of the source, because a missing year and the doubled hour of autumn can only be
//! told from what came before.

mod any;
mod calendar;
mod choice;
mod detect;
mod fields;
mod format;
mod known;
mod names;
mod origin;
mod pieces;
mod plan;
mod quick;
mod resolver;
mod rotation;
mod shared_names;
mod survey;
#[cfg(test)]
mod tests;
mod ties;
mod years;
mod zone;

pub use any::{any_stamp, utc_stamp, with_fraction};
pub use format::DateFormat;
pub use origin::{UnknownZone, ZoneOrigin};
pub use plan::{Clock, ClockOptions, Plan};
pub use resolver::Resolver;
pub use survey::SourceFacts;
pub use zone::{LocalTime, Zone, ZoneFile};
