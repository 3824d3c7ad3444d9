//! Events to one attack: who is one party, when each phase was, which calls are whose, and by which
//! door they came.
//!
//! [`world`] joins what the sources told, `join` joins rows and lines to [`calls`] as a person counts
//! them, [`behaviour`] says what fraud looks like, [`breach`] finds the first use of each account that
//! was not its owner's, [`vectors`] weighs the ways in, and [`incident`] puts it together. Nothing here
//! prints.

mod actors;
mod attribute;
pub mod behaviour;
pub(crate) mod blame;
pub mod breach;
mod burst;
mod call_facts;
pub mod calls;
pub mod confirm;
mod costly;
pub mod doors;
mod doubt;
pub mod failed;
pub(crate) mod forward_set;
mod guessing;
mod habits;
mod honest;
pub mod incident;
mod join;
pub mod leaks;
mod legs;
mod night;
mod parties;
mod phases;
mod proof;
mod registrations;
mod relayed;
pub mod rivals;
pub mod standing;
pub mod telephone;
mod transactions;
pub mod trunk_legs;
mod trunks;
pub mod unprecedented;
mod uses;
pub mod vectors;
pub(crate) mod ways;
pub mod web;
mod without_account;
pub mod world;

pub use costly::areas as costly_areas;

use std::net::IpAddr;

/// Returns whether two addresses lie in one small network: an IPv4 /24 or an IPv6 /48.
pub fn same_network(left: IpAddr, right: IpAddr) -> bool {
    match (left, right) {
        (IpAddr::V4(left), IpAddr::V4(right)) => left.octets()[..3] == right.octets()[..3],
        (IpAddr::V6(left), IpAddr::V6(right)) => left.segments()[..3] == right.segments()[..3],
        _ => false,
    }
}
