//! The telephone side: calls that came in from the telephone network and went out again by a trunk.
//!
//! Whoever did that has no address, only a number, which can be forged or withheld. A second dial tone (DISA), a
//! mailbox that dials out, a forward and a hole in the dialplan all look alike in the records: a channel of a
//! carrier's that calls a carrier. Honest calls do so too: an owner on the road, a forward to a mobile, a
//! night service. [`passage`] tells what is known of each, [`judge`] which of them are fraud, [`build`] makes
//! the incident.

mod build;
mod judge;
mod passage;

use std::collections::BTreeSet;

use super::behaviour::Destination;
use super::incident::Incident;
use super::night::Hours;
use super::world::World;

pub use passage::Kind;

/// Finds incidents of callers who came in by telephone, one for each way.
pub(super) fn find(world: &World<'_>, honest: &BTreeSet<Destination>, hours: &Hours) -> Vec<Incident> {
    let passages = passage::all(world);
    let doors = judge::doors(world, &passages, honest, hours);
    doors.iter().map(|door| build::incident(world, door)).collect()
}
