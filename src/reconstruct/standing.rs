//! Whose an address is, before anything it did is looked at.
//!
//! What the configuration says of an address is a claim: by mistake it may name half of the Internet as a carrier's,
//! and an intruder who can write it may name himself. A carrier does not log in to phones' accounts, and neither
//! does the server: from where phones log in, a claim holds as far as they did so when the log began (an office
//! whose phones come back by the server's own public address), and those who come later are judged as anybody is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::uses::Use;
use crate::fold::uses::Kind;
use crate::pbx::Pbx;

/// Length of the prefix from which a network may be one carrier's; the largest published ones are /16 and /32.
const CARRIERS_PREFIX: u8 = 16;
const CARRIERS_PREFIX_IPV6: u8 = 32;

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The server itself, or the same machine.
    Own,
    /// A carrier's, by the configuration.
    Trunk,
    /// Trusted, because the user said so.
    Trusted,
    /// In a private network: the owner's own, by all that can be told.
    Inside,
    /// Anywhere else.
    Outside,
}

/// What tells whose an address is.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    own: Vec<IpAddr>,
    trunks: Vec<IpNet>,
    trusted: Vec<IpNet>,
    /// Public addresses of carriers or of the server from which phones' accounts were used; were they when their
    /// log began?
    used: BTreeMap<IpAddr, bool>,
}

impl Neighbours {
    /// Collects what configuration and user say.
    pub fn new(pbx: &Pbx, trusted: &[IpNet]) -> Self {
        Neighbours {
            own: pbx.own_addresses.clone(),
            trunks: pbx
                .trunks
                .iter()
                .flat_map(|trunk| trunk.networks.iter().copied())
                .filter(|network| !is_wide(network))
                .collect(),
            trusted: trusted.to_vec(),
            used: BTreeMap::new(),
        }
    }

    /// Notes from where the accounts of phones were used.
    pub(super) fn note_uses(&mut self, uses: &BTreeMap<String, Vec<Use>>, trunks: &BTreeSet<String>) {
        let of_phones = uses.iter().filter(|(account, _)| !trunks.contains(*account));
        let mut used: BTreeMap<IpAddr, bool> = BTreeMap::new();
        for one in of_phones.flat_map(|(_, uses)| uses) {
            let is_login = matches!(one.kind, Kind::Registered | Kind::Authenticated);
            if let Some(address) = one.address.filter(|_| is_login) {
                *used.entry(address).or_default() |= one.from_the_start;
            }
        }
        used.retain(|address, _| {
            let is_claimed = matches!(self.by_configuration(*address), Standing::Own | Standing::Trunk);
            let is_trusted = self.trusted.iter().any(|network| network.contains(address));
            is_claimed && !is_trusted && is_public(*address)
        });
        self.used = used;
    }

    /// Tells whose an address is.
    pub fn of(&self, address: IpAddr) -> Standing {
        if self.is_claimed(address) { Standing::Outside } else { self.by_configuration(address) }
    }

    /// Returns whether nothing but the configuration says that an address is a carrier's or the server's, while
    /// phones' accounts were used from there that were not when their log began.
    pub fn is_claimed(&self, address: IpAddr) -> bool {
        self.used.get(&address) == Some(&false)
    }

    /// Returns whether phones' accounts were used all along from an address of a carrier or of the server itself.
    pub(super) fn is_shared(&self, address: IpAddr) -> bool {
        self.used.get(&address) == Some(&true)
    }

    /// Tells whose an address is by what configuration and user say alone.
    pub fn by_configuration(&self, address: IpAddr) -> Standing {
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
        if address.is_loopback() || address.is_unspecified() || self.own.contains(&address) {
            Standing::Own
        } else if within(&self.trusted) {
            Standing::Trusted
        } else if within(&self.trunks) {
            Standing::Trunk
        } else if is_private(address) {
            Standing::Inside
        } else {
            Standing::Outside
        }
    }

    /// Returns whether an address is anybody's but the owner's and the carrier's.
    pub fn is_outside(&self, address: IpAddr) -> bool {
        self.of(address) == Standing::Outside
    }
}

/// Returns whether a network is too wide to be one carrier's; one's own may be as wide as they like.
pub fn is_wide(network: &IpNet) -> bool {
    let least = if network.addr().is_ipv4() { CARRIERS_PREFIX } else { CARRIERS_PREFIX_IPV6 };
    network.prefix_len() < least && !(is_private(network.network()) && is_private(network.broadcast()))
}

fn is_public(address: IpAddr) -> bool {
    !is_private(address) && !address.is_loopback() && !address.is_unspecified()
}

/// RFC 1918, RFC 3927, RFC 4193 and RFC 4291's link-local: nobody comes from there but through the
/// owner's own network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_half_the_internet_is_no_carriers() {
        for wide in ["0.0.0.0/0", "128.0.0.0/1", "203.0.0.0/8", "10.0.0.0/7", "::/0", "2001:db8::/31"] {
            assert!(is_wide(&wide.parse().unwrap()), "{wide}");
        }
        for narrow in
            ["203.0.0.0/16", "198.51.100.0/24", "10.0.0.0/8", "172.16.0.0/12", "fc00::/7", "2001:db8::/32"]
        {
            assert!(!is_wide(&narrow.parse().unwrap()), "{narrow}");
        }
    }
}
