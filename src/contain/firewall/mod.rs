//! Rules of the packet filter: intruders out, nothing out by the trunks, SIP and services from known networks only.
//!
//! What the rules are is decided once, in [`guards`], as chains of a small model ([`model`]); [`nftables`] and
//! [`iptables`] print the same chains, so that neither says less than the other. Port 22 stands in none of them.

mod guards;
mod iptables;
mod model;
mod networks;
mod nftables;
mod ports;

use super::{Asked, Output, Plan};

pub(super) use networks::{INSIDE, knows_carriers};
pub(super) use ports::services;

/// Writes the rules that the plan justifies, for both programs.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    let guards = guards::of(plan, asked);
    let mut files = nftables::files(&guards);
    files.extend(iptables::files(&guards));
    files
}
