//! Where the phone system listens: the ports of SIP, IAX2, the manager interface and FreeSWITCH's event socket, as
//! configured. Those of web and file servers are added by whoever reads their files.
//!
//! Facts relied on: `chan_sip` listens on UDP 5060 unless `bindport`, `bindaddr` or `udpbindaddr` say otherwise, on
//! TCP with `tcpenable`, and with `tlsenable` on TCP 5061 for TLS; a transport of PJSIP names protocol and address,
//! with 5061 where TLS has none; `manager.conf` has 5038 and `tlsbindaddr` 5039; a profile of `mod_sofia` takes UDP and TCP on
//! `sip-port`, and TLS on `tls-sip-port` (5061) with `tls`; Kamailio and OpenSIPS name each socket as `proto:address:port`.
//! SIP over web sockets comes in by the web server of Asterisk (8088, 8089) or by `ws-binding`.

use serde::Serialize;

use super::Pbx;
use super::address::host_and_port;
use super::firewall::Protocol;
use super::language::{Document, is_true};

/// Sockets kept; no server has more.
const MOST: usize = 256;

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoken {
    /// SIP.
    Sip,
    /// IAX2.
    Iax2,
    /// Asterisk's manager interface.
    Manager,
    /// FreeSWITCH's event socket.
    EventSocket,
    /// Asterisk's web server: its REST interface, SIP over web sockets.
    Web,
    /// The pages of a web server: a panel, phone files.
    Pages,
    /// Phone files by TFTP or FTP.
    Files,
}

/// How packets come to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carriage {
    /// Datagrams.
    Udp,
    /// Connections, encrypted or not.
    Tcp,
}

impl Carriage {
    /// Returns the protocol as a firewall names it.
    fn protocol(self) -> Protocol {
        match self {
            Carriage::Udp => Protocol::Udp,
            Carriage::Tcp => Protocol::Tcp,
        }
    }
}

/// One port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Listener {
    /// What is spoken.
    pub spoken: Spoken,
    /// How.
    pub carriage: Carriage,
    /// The port.
    pub port: u16,
}

/// Ports of SIP where the configuration tells none; TLS runs over TCP.
const USUAL: [(Protocol, u16); 3] = [(Protocol::Udp, 5060), (Protocol::Tcp, 5060), (Protocol::Tcp, 5061)];

impl Pbx {
    /// Returns the ports on which SIP is spoken, as configured, or the usual ones where no file here tells any.
    pub fn sip_ports(&self) -> Vec<(Protocol, u16)> {
        let own = self.listeners.iter().filter(|listener| listener.spoken == Spoken::Sip);
        let ports: Vec<(Protocol, u16)> = own.map(|one| (one.carriage.protocol(), one.port)).collect();
        if ports.is_empty() { USUAL.to_vec() } else { ports }
    }
}

/// Adds a socket that is not known yet.
pub(in crate::pbx) fn add(listeners: &mut Vec<Listener>, spoken: Spoken, carriage: Carriage, port: u16) {
    let listener = Listener { spoken, carriage, port };
    if port > 0 && listeners.len() < MOST && !listeners.contains(&listener) {
        listeners.push(listener);
    }
}

/// Takes in a file of Asterisk's, with all it includes.
pub(super) fn of_document(file: &str, document: &Document, listeners: &mut Vec<Listener>) {
    match file {
        "sip.conf" => chan_sip(document, listeners),
        "pjsip.conf" => transports(document, listeners),
        "iax.conf" => {
            let port = general(document, &["bindport"]).and_then(|port| port.parse().ok());
            let port = port.or_else(|| port_of(general(document, &["bindaddr"])));
            add(listeners, Spoken::Iax2, Carriage::Udp, port.unwrap_or(4569));
        }
        "manager.conf" => {
            let port = general(document, &["port"]).and_then(|port| port.parse().ok());
            add(listeners, Spoken::Manager, Carriage::Tcp, port.unwrap_or(5038));
            if general(document, &["tlsenable"]).is_some_and(is_true) {
                let port = port_of(general(document, &["tlsbindaddr"]));
                add(listeners, Spoken::Manager, Carriage::Tcp, port.unwrap_or(5039));
            }
        }
        "http.conf" if general(document, &["enabled"]).is_some_and(is_true) => {
            let port = general(document, &["bindport"]).and_then(|port| port.parse().ok());
            add(listeners, Spoken::Web, Carriage::Tcp, port.unwrap_or(8088));
            if general(document, &["tlsenable"]).is_some_and(is_true) {
                let port = port_of(general(document, &["tlsbindaddr"]));
                add(listeners, Spoken::Web, Carriage::Tcp, port.unwrap_or(8089));
            }
        }
        _ => {}
    }
}

/// Returns the last value of the first of several settings of `[general]` that is there.
fn general<'d>(document: &'d Document, names: &[&'static str]) -> Option<&'d str> {
    names.iter().find_map(|name| document.last("general", name)).filter(|value| !value.is_empty())
}

fn port_of(bound: Option<&str>) -> Option<u16> {
    bound.and_then(|bound| host_and_port(bound).1)
}

fn chan_sip(document: &Document, listeners: &mut Vec<Listener>) {
    if document.named("general").next().is_none() {
        return;
    }
    let bare = general(document, &["bindport"]).and_then(|port| port.parse().ok());
    let port = port_of(general(document, &["udpbindaddr", "bindaddr"])).or(bare).unwrap_or(5060);
    add(listeners, Spoken::Sip, Carriage::Udp, port);
    if general(document, &["tcpenable"]).is_some_and(is_true) {
        let port = port_of(general(document, &["tcpbindaddr"])).unwrap_or(port);
        add(listeners, Spoken::Sip, Carriage::Tcp, port);
    }
    if general(document, &["tlsenable"]).is_some_and(is_true) {
        let port = port_of(general(document, &["tlsbindaddr"])).unwrap_or(5061);
        add(listeners, Spoken::Sip, Carriage::Tcp, port);
    }
}

fn transports(document: &Document, listeners: &mut Vec<Listener>) {
    let is_transport = |kind: Option<&str>| kind.is_some_and(|kind| kind.eq_ignore_ascii_case("transport"));
    for section in document.sections().filter(|section| is_transport(section.last("type"))) {
        let port = port_of(section.filled("bind"));
        match section.filled("protocol").unwrap_or("udp").to_ascii_lowercase().as_str() {
            "udp" => add(listeners, Spoken::Sip, Carriage::Udp, port.unwrap_or(5060)),
            "tcp" => add(listeners, Spoken::Sip, Carriage::Tcp, port.unwrap_or(5060)),
            "tls" => add(listeners, Spoken::Sip, Carriage::Tcp, port.unwrap_or(5061)),
            // Web sockets come in by Asterisk's own web server.
            _ => {}
        }
    }
}

/// Takes in a SIP profile of FreeSWITCH's; a variable that no file defines says nothing.
pub(super) fn of_profile<'a>(param: &dyn Fn(&str) -> Option<&'a str>, listeners: &mut Vec<Listener>) {
    let port = param("sip-port").and_then(|port| port.parse().ok()).unwrap_or(5060);
    add(listeners, Spoken::Sip, Carriage::Udp, port);
    add(listeners, Spoken::Sip, Carriage::Tcp, port);
    if param("tls").is_some_and(is_true) {
        let port = param("tls-sip-port").and_then(|port| port.parse().ok()).unwrap_or(5061);
        add(listeners, Spoken::Sip, Carriage::Tcp, port);
    }
    for binding in ["ws-binding", "wss-binding"] {
        if let Some(port) = port_of(param(binding)).or_else(|| bare_port(param(binding))) {
            add(listeners, Spoken::Sip, Carriage::Tcp, port);
        }
    }
}

/// Reads `:5066`, which names no address.
fn bare_port(bound: Option<&str>) -> Option<u16> {
    bound?.strip_prefix(':')?.parse().ok()
}

/// Takes in a socket of Kamailio's or OpenSIPS's: `udp:192.0.2.1:5060`, `tls:[2001:db8::1]:5061`, `192.0.2.1`.
pub(super) fn of_socket(text: &str, listeners: &mut Vec<Listener>) {
    let socket = text.split_whitespace().next().unwrap_or_default().trim_matches(['"', ';']);
    let (protocol, address) = match socket.split_once(':') {
        Some((protocol, address)) if protocol.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            (protocol, address)
        }
        _ => ("", socket),
    };
    let port = host_and_port(address).1;
    match protocol.to_ascii_lowercase().as_str() {
        "udp" => add(listeners, Spoken::Sip, Carriage::Udp, port.unwrap_or(5060)),
        "tcp" | "ws" => add(listeners, Spoken::Sip, Carriage::Tcp, port.unwrap_or(5060)),
        "tls" | "wss" => add(listeners, Spoken::Sip, Carriage::Tcp, port.unwrap_or(5061)),
        "" if !address.is_empty() => {
            add(listeners, Spoken::Sip, Carriage::Udp, port.unwrap_or(5060));
            add(listeners, Spoken::Sip, Carriage::Tcp, port.unwrap_or(5060));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_read_in_every_form() {
        for (text, carriage, port) in [
            ("udp:192.0.2.1:5080", Carriage::Udp, 5080),
            ("tls:192.0.2.1:5061 advertise 198.51.100.1:5061", Carriage::Tcp, 5061),
            ("tcp:[2001:db8::1]:5070", Carriage::Tcp, 5070),
            ("udp:pbx.example", Carriage::Udp, 5060),
            ("192.0.2.1:5062", Carriage::Udp, 5062),
        ] {
            let mut listeners = Vec::new();
            of_socket(text, &mut listeners);
            assert_eq!(listeners.first(), Some(&Listener { spoken: Spoken::Sip, carriage, port }), "{text}");
        }
        let mut listeners = Vec::new();
        of_socket("sctp:192.0.2.1", &mut listeners);
        assert_eq!(listeners, []);
    }

    #[test]
    fn a_profile_takes_what_it_says() {
        let mut listeners = Vec::new();
        let param = |name: &str| match name {
            "sip-port" => Some("5080"),
            "tls" => Some("true"),
            "wss-binding" => Some(":7443"),
            _ => None,
        };
        of_profile(&param, &mut listeners);
        let ports: Vec<_> = listeners.iter().map(|listener| listener.port).collect();
        assert_eq!(ports, [5080, 5080, 5061, 7443]);
    }
}
