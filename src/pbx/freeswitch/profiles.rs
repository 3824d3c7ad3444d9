//! SIP profiles and their gateways: who may call without a password, and which addresses are carriers'.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::address::{host_and_port, of_uri};
use super::super::listeners;
use super::super::model::{Technology, Trunk};
use super::super::read::Collector;
use super::super::settings::of_params;
use super::tree::Text;
use super::{is_true, setting};

/// Takes in profiles and gateways of a file.
pub(super) fn collect(text: &Text, root: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    for node in root.descendants() {
        if is_gateway(node) {
            gateway(text, node, collector);
        } else if node.has_tag_name("profile")
            && let Some(settings) = node.children().find(|child| child.has_tag_name("settings"))
        {
            profile(text, settings, collector);
        }
    }
}

/// Returns whether a node is a gateway for calls: those of `smpp.conf` send text messages, and the stock sample has one.
pub(super) fn is_gateway(node: roxmltree::Node<'_, '_>) -> bool {
    let of_file = node.ancestors().find(|above| above.has_tag_name("configuration"));
    node.has_tag_name("gateway")
        && of_file.and_then(|file| file.attribute("name")).is_none_or(|name| name == "sofia.conf")
}

/// A profile of `mod_sofia`; other modules have profiles without a SIP port.
fn profile(text: &Text, settings: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    let param = |name: &str| setting(settings, "param", name);
    if param("sip-port").is_none() && param("sip-ip").is_none() {
        return;
    }
    let name = settings.parent().and_then(|profile| profile.attribute("name")).unwrap_or_default();
    let cited = text.citation(settings.parent().unwrap_or(settings));
    of_params("sofia profile", name, &param, &cited, &mut collector.pbx.settings);
    listeners::of_profile(&param, &mut collector.pbx.listeners);
    let addresses = ["sip-ip", "rtp-ip", "ext-sip-ip", "ext-rtp-ip"].map(param);
    collector.own_addresses(addresses.into_iter().flatten().filter_map(|text| text.parse().ok()));
    let asks = param("auth-calls").is_some_and(is_true);
    let is_blind = param("accept-blind-auth").is_some_and(is_true);
    // Whoever is not on the list is refused where no credentials are asked for.
    let is_listed =
        param("apply-inbound-acl").is_some_and(|list| !list.is_empty() && !list.starts_with("any"));
    if (!asks && !is_listed) || is_blind {
        collector.allow_guest(true);
        if let Some(context) = param("context") {
            collector.guest_context(context);
        }
    }
    let tells = param("log-auth-failures").is_some_and(is_true);
    let known = collector.pbx.logs_wrong_secrets;
    collector.pbx.logs_wrong_secrets = Some(tells || known == Some(true));
}

fn gateway(text: &Text, node: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    let Some(name) = node.attribute("name").filter(|name| !name.is_empty() && !name.contains("$${")) else {
        return;
    };
    if collector.pbx.trunks.iter().any(|known| known.technology == Technology::Sofia && known.name == name) {
        return;
    }
    let params = ["proxy", "realm", "register-proxy", "outbound-proxy"];
    // Without a proxy or realm the name is the host.
    let given: Vec<&str> = params.iter().filter_map(|param| setting(node, "param", param)).collect();
    let hosts = if given.is_empty() { vec![name] } else { given };
    let mut trunk = Trunk {
        name: name.to_owned(),
        technology: Technology::Sofia,
        networks: Vec::new(),
        hosts: Vec::new(),
        ports: Vec::new(),
        context: setting(node, "param", "context").map(str::to_owned),
        place: text.citation(node),
    };
    for uri in hosts.iter().flat_map(|hosts| hosts.split(',')) {
        trunk.add_port(host_and_port(of_uri(uri)).1);
        let host = bare_host(uri);
        match host.parse::<IpAddr>().map(IpNet::from) {
            Ok(network) if !trunk.networks.contains(&network) => trunk.networks.push(network),
            Err(_) if !host.is_empty() && !trunk.hosts.iter().any(|known| known == host) => {
                trunk.hosts.push(host.to_owned());
            }
            _ => {}
        }
    }
    collector.trunk(trunk);
}

/// Returns the host in `sip:host:5060;transport=udp`.
fn bare_host(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text);
    let text = text.split(';').next().unwrap_or_default();
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::bare_host;

    #[test]
    fn hosts_lose_what_stands_around_them() {
        for (text, host) in [
            ("192.0.2.1:5060", "192.0.2.1"),
            ("sip:carrier.example;transport=tcp", "carrier.example"),
            ("[2001:db8::1]:5060", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(bare_host(text), host);
        }
    }
}
