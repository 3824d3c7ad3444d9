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
use crate::checks::registry;

/// Judges one gate or one group of them; those that do not apply stay out.
pub(super) type Judge = fn(&Scene<'_>) -> Vec<Gate>;

/// The gates that have an id of their own; any other is called as the finding that it is about.
const IDS: [&str; 23] = [
    "access-limited",
    "admins-known",
    "bans-match",
    "call-records-on",
    "copies-gone",
    "dialplan-clean",
    "evidence-newer",
    "guest-calls-off",
    "intruder-unregistered",
    "jobs-gone",
    "keys-and-users-known",
    "no-new-sign",
    "pages-gone",
    "panel-patched",
    "provisioning-closed",
    "routes-limited",
    "secrets-guessable",
    "secrets-handed-out",
    "secrets-of-accounts",
    "secrets-of-administrators",
    "secrets-of-trunks",
    "secrets-taken",
    "security-log-on",
];

/// Returns every id that a gate may have.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    IDS.into_iter().chain(registry::checks().map(|check| check.id))
}

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
