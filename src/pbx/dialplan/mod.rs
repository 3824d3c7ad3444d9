//! The dialplan: which number leads where, and from which context the telephone network can be reached.
//!
//! [`Dialplan`] holds `extensions.conf` with all that it includes, by context; [`Pattern`] and [`Timing`] answer
//! as Asterisk does; [`Dialplan::find`] tells which extension a dialled number meets, [`Dialplan::lead`] where that
//! one number goes, and [`walk`] where a caller of a context can get to with any: out by a trunk, to a second dial tone (DISA), to a mailbox that dials out. What a
//! program decides (AGI, a database, a variable set elsewhere) cannot be followed and is left out.

mod application;
mod collect;
mod find;
mod lead;
mod limits;
mod live;
mod model;
mod numbers;
mod pattern;
mod pin_files;
mod pins;
mod sent;
mod steps;
#[cfg(test)]
mod tests;
mod timing;
mod voicemail;
pub mod walk;

pub(super) use collect::{pin_of, read};
pub use find::Found;
pub use lead::Lead;
pub use limits::{Limits, LineLimit, ends_calls};
pub use model::{Context, Dialplan, Extension, Include, Mailbox, Pin, Step};
pub use numbers::Numbers;
pub use pattern::{Fit, Pattern};
pub use pins::Pins;
pub(in crate::pbx) use timing::fault;
pub use timing::{Moment, TimeFault, Timing};
