//! Who may read a folder: `Require` of Apache 2.4, `Order`, `Allow` and `Deny` of 2.2.

use ipnet::IpNet;

use crate::pbx::access::network;
use crate::pbx::serving::Limit;

/// All that one section says.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    granted: bool,
    denied: bool,
    password: bool,
    unknown: bool,
    networks: Vec<IpNet>,
    old: Option<Old>,
}

/// `Order`, `Allow` and `Deny`.
#[derive(Clone, Debug, Default)]
struct Old {
    allow_last: bool,
    allow_all: bool,
    deny_all: bool,
    networks: Vec<IpNet>,
}

impl Access {
    /// Returns whether the section says anything.
    pub(super) fn is_told(&self) -> bool {
        self.granted
            || self.denied
            || self.password
            || self.unknown
            || !self.networks.is_empty()
            || self.old.is_some()
    }

    /// Takes in one directive.
    pub(super) fn take(&mut self, word: &str, rest: &str) {
        let lower = rest.to_ascii_lowercase();
        let mut words = lower.split_whitespace();
        match word {
            "require" => self.require(&mut words),
            "order" => {
                let allow_last = lower.replace(' ', "").ends_with("allow");
                self.old.get_or_insert_default().allow_last = allow_last;
            }
            "allow" | "deny" if words.next() == Some("from") => {
                let old = self.old.get_or_insert_default();
                let is_allow = word == "allow";
                for name in words {
                    match (network(name), name) {
                        (_, "all") if is_allow => old.allow_all = true,
                        (_, "all") => old.deny_all = true,
                        (Some(network), _) if is_allow => old.networks.push(network),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn require<'w>(&mut self, words: &mut impl Iterator<Item = &'w str>) {
        match words.next() {
            Some("all") => match words.next() {
                Some("granted") => self.granted = true,
                _ => self.denied = true,
            },
            Some("valid-user" | "user" | "group" | "ldap-user" | "ldap-group" | "file-owner") => {
                self.password = true;
            }
            Some("ip") => {
                let written: Vec<&str> = words.collect();
                let known: Vec<IpNet> = written.iter().filter_map(|text| partial(text)).collect();
                self.unknown |= known.len() < written.len();
                self.networks.extend(known);
            }
            Some("local") => self.networks.extend(network("127.0.0.0/8")),
            Some("not") | None => {}
            Some(_) => self.unknown = true,
        }
    }

    /// Returns whom it lets in.
    ///
    /// A password beside addresses is taken for what strangers are asked for: `RequireAny` and `RequireAll`
    /// come to the same for them.
    pub(super) fn limit(&self) -> Limit {
        let by_old = self.old.as_ref().map(Old::limit);
        if self.password {
            Limit::Password
        } else if self.granted {
            match by_old {
                Some(Limit::Nobody) => Limit::Nobody,
                _ => Limit::None,
            }
        } else if !self.networks.is_empty() {
            Limit::Networks(self.networks.clone())
        } else if self.unknown {
            Limit::Unknown
        } else if self.denied {
            Limit::Nobody
        } else {
            by_old.unwrap_or(Limit::Unknown)
        }
    }
}

impl Old {
    fn limit(&self) -> Limit {
        let is_open = match (self.allow_last, self.allow_all, self.deny_all) {
            // `Order deny,allow`: who is allowed gets in, and who is not denied.
            (true, allow_all, deny_all) => allow_all || !deny_all,
            // `Order allow,deny`: only who is allowed, and not denied.
            (false, allow_all, deny_all) => allow_all && !deny_all,
        };
        if is_open {
            Limit::None
        } else if !self.networks.is_empty() && (self.allow_last || !self.deny_all) {
            Limit::Networks(self.networks.clone())
        } else {
            Limit::Nobody
        }
    }
}

/// Reads a network, or the beginning of an address as `10.1`.
fn partial(text: &str) -> Option<IpNet> {
    network(text).or_else(|| {
        let parts: Vec<&str> = text.trim_end_matches('.').split('.').collect();
        let octets: Vec<u8> = parts.iter().filter_map(|part| part.parse().ok()).collect();
        let is_whole = octets.len() == parts.len() && (1..4).contains(&octets.len());
        let padded = [&octets[..], &[0; 4]].concat();
        let start = <[u8; 4]>::try_from(padded.get(..4)?).ok()?;
        let bits = 8 * octets.len() as u8;
        is_whole.then(|| ipnet::Ipv4Net::new(start.into(), bits).ok().map(IpNet::V4))?
    })
}
