//! Addresses as configuration writes them: with ports, brackets, URIs.

use std::net::IpAddr;

use super::access::network;
use super::model::Trunk;

/// The largest carriers publish a few hundred addresses.
const MOST_HOSTS: usize = 2_000;
/// Nobody has more than a few.
const MOST_PORTS: usize = 64;

/// Splits `host:port`, `[v6]:port`, `host` or a bare IPv6 address.
pub(super) fn host_and_port(text: &str) -> (&str, Option<u16>) {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[')
        && let Some((host, after)) = rest.split_once(']')
    {
        return (host, after.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, port.parse().ok()),
        _ => (text, None),
    }
}

/// Reads the literal address of `host:port`.
pub(super) fn literal(text: &str) -> Option<IpAddr> {
    host_and_port(text).0.parse().ok()
}

/// Returns `host:port` of a SIP URI: `sip:user@host:port;transport=udp`, also in `<` `>`.
pub(super) fn of_uri(uri: &str) -> &str {
    let uri = uri.trim();
    let uri = uri.split_once('<').map_or(uri, |(_, rest)| rest.split('>').next().unwrap_or_default());
    let uri = ["sips:", "sip:", "iax2:"].iter().find_map(|scheme| uri.strip_prefix(scheme)).unwrap_or(uri);
    let end = uri.find([';', '?', '>', ' ']).unwrap_or(uri.len());
    let uri = uri.get(..end).unwrap_or_default();
    uri.rsplit_once('@').map_or(uri, |(_, host)| host)
}

impl Trunk {
    /// Adds a host, address or network that belongs to the trunk.
    pub(super) fn add_host(&mut self, text: &str) {
        let text = text.trim();
        let found = network(text).or_else(|| literal(text).map(IpAddr::into));
        self.add_port(host_and_port(text).1);
        if self.networks.len() + self.hosts.len() >= MOST_HOSTS {
            return;
        }
        match found {
            Some(network) if !self.networks.contains(&network) => self.networks.push(network),
            Some(_) => {}
            None => {
                let host = host_and_port(text).0.to_owned();
                if !host.is_empty() && !self.hosts.contains(&host) {
                    self.hosts.push(host);
                }
            }
        }
    }

    /// Adds a port by which the trunk is called.
    pub(super) fn add_port(&mut self, port: Option<u16>) {
        if let Some(port) = port.filter(|port| *port > 0 && !self.ports.contains(port))
            && self.ports.len() < MOST_PORTS
        {
            self.ports.push(port);
        }
    }
}

/// Returns the name of `"Name" <number>`; `None` where there is none.
pub(super) fn display_name(caller_id: &str) -> Option<String> {
    let name = caller_id.split('<').next().unwrap_or_default().trim().trim_matches('"').trim();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    (!name.is_empty() && !is_number).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_in_every_form() {
        assert_eq!(host_and_port("192.0.2.1:5060"), ("192.0.2.1", Some(5060)));
        assert_eq!(host_and_port("[2001:db8::1]:5060"), ("2001:db8::1", Some(5060)));
        assert_eq!(host_and_port("2001:db8::1"), ("2001:db8::1", None));
        assert_eq!(of_uri("sip:1@[2001:db8::1]:5060;ob"), "[2001:db8::1]:5060");
        assert_eq!(of_uri("<sip:carrier.example>"), "carrier.example");
        assert_eq!(literal("0x1"), None);
    }

    #[test]
    fn a_caller_is_named() {
        assert_eq!(display_name("\"Alice\" <1001>").as_deref(), Some("Alice"));
        assert_eq!(display_name("Bob <1002>").as_deref(), Some("Bob"));
        assert_eq!(display_name("<1002>"), None);
        assert_eq!(display_name("1002"), None);
    }
}
