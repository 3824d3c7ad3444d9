//! Attackers that seem to sit inside: what comes from one's own network is taken for one's own.
//!
//! A router that masquerades what comes in, a SIP gateway of its own, or a proxy on the same host put their
//! address in place of the sender's. So does nobody for a machine inside that somebody took over.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::fold::fetches::Client;
use crate::reconstruct::leaks::WALKED;
use crate::reconstruct::standing::Standing;
use crate::reconstruct::world::{Party, World};

/// Addresses named.
const MOST_NAMED: usize = 4;
/// Names that do not exist, or accounts that are not its own, from which on nobody mistypes.
const SWEPT_NAMES: u64 = 20;
const SWEPT_ACCOUNTS: usize = 4;

/// Adds what is not known about such senders.
pub(super) fn gaps(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let own = |address: &IpAddr| matches!(world.neighbours.of(*address), Standing::Inside | Standing::Own);
    let swept = world.parties.iter().filter(|(address, party)| has_swept(world, **address, party));
    let walked = world.fetches.iter().filter(|(_, client)| has_walked(client));
    let senders: BTreeSet<IpAddr> =
        swept.map(|(address, _)| *address).chain(walked.map(|(address, _)| *address)).filter(own).collect();
    if senders.is_empty() {
        return;
    }
    let mut named: Vec<String> = senders.iter().take(MOST_NAMED).map(IpAddr::to_string).collect();
    if senders.len() > MOST_NAMED {
        named.push(format!("{} more", senders.len() - MOST_NAMED));
    }
    add(
        &format!("Senders inside one's own network behave as attackers do: {}", named.join(", ")),
        "Either such a machine was taken over, or a router, gateway or proxy puts its own address in place of everybody's: then \
         who attacked cannot be known from these logs. Calls and logins from there are otherwise taken for one's own.",
        "Look at that machine, and at the logs of the router or proxy for the same times; see whether it masquerades what comes \
         in (SIP ALG, NAT of the inner side), and have it hand the sender's address on.",
    );
}

fn has_swept(world: &World<'_>, address: IpAddr, party: &Party) -> bool {
    party.unknown_count as u64 >= SWEPT_NAMES || world.foreign_accounts(address, party) >= SWEPT_ACCOUNTS
}

fn has_walked(client: &Client) -> bool {
    client.absent_names() >= 2 * WALKED
}
