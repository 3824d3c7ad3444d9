//! One shape for everything that happened.
//!
//! Readers turn bytes into [`Entry`] and [`CallRow`] values: local time as written, parties as
//! spans of the text, the place. Nothing here knows a file format, and nothing here prints.

mod action;
mod entry;
mod instant;
mod place;

pub use action::{Action, Service};
pub use entry::{CallRow, Disposition, Entry, Leg, SipMessage, Span};
pub use instant::{Instant, Resolution, ShortInstant, Stamp};
pub use place::{Citation, Place, SourceId};
