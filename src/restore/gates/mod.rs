//! The gates, one file for each or for each group. To add one, write a file with a [`Judge`] and
//! list it in [`ALL`].

mod access;
mod bans;
mod contacts;
mod guests;
mod leftovers;
mod logging;
mod newer;
mod provisioning;
mod quiet;
mod routes;
mod secrets;
mod settings;
mod tones;

use super::gate::Gate;
use super::scene::Scene;
use crate::checks::registry;

/// Judges one gate or one group of them.
pub(super) struct Judge {
    /// Returns the ids of its gates; one that is called as the finding that it is about is not among them.
    ids: fn() -> Vec<&'static str>,
    /// Judges them; those that do not apply stay out.
    pub(super) judge: fn(&Scene<'_>) -> Vec<Gate>,
}

/// Returns every id that a gate may have.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|judge| (judge.ids)()).chain(registry::checks().map(|check| check.id))
}

/// Every gate.
pub(super) const ALL: [Judge; 13] = [
    newer::GATES,
    secrets::GATES,
    contacts::GATES,
    access::GATES,
    guests::GATES,
    bans::GATES,
    provisioning::GATES,
    leftovers::GATES,
    settings::GATES,
    tones::GATES,
    logging::GATES,
    routes::GATES,
    quiet::GATES,
];
