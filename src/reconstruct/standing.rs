//! Whose an address is, before anything it did is looked at.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::pbx::Pbx;

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
}

impl Neighbours {
    /// Collects what configuration and user say.
    pub fn new(pbx: &Pbx, trusted: &[IpNet]) -> Self {
        Neighbours {
            own: pbx.own_addresses.clone(),
            trunks: pbx.trunks.iter().flat_map(|trunk| trunk.networks.iter().copied()).collect(),
            trusted: trusted.to_vec(),
        }
    }

    /// Tells whose an address is.
    pub fn of(&self, address: IpAddr) -> Standing {
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
