//! The gates, one file for each or for each group. To add one, write a file with a function of [`Judge`]'s shape
//! and list it in [`ALL`].

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

use super::gate::Gate;
use super::scene::Scene;

/// Judges one gate or one group of them; those that do not apply stay out.
pub(super) type Judge = fn(&Scene<'_>) -> Vec<Gate>;

/// Every gate.
pub(super) const ALL: [Judge; 12] = [
    newer::judge,
    secrets::judge,
    contacts::judge,
    access::judge,
    guests::judge,
    bans::judge,
    provisioning::judge,
    leftovers::judge,
    settings::judge,
    logging::judge,
    routes::judge,
    quiet::judge,
];
