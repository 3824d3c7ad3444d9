//! Settings of modules that the inquiry needs: access lists, the event socket, the columns of call records.

use ipnet::IpNet;

use super::super::listeners;
use super::super::model::{ManagerUser, Technology, Trunk};
use super::super::read::Collector;
use super::super::settings::of_params;
use super::setting;
use super::tree::Text;

/// Addresses let in without a password by a network wider than that are nobody's in particular.
const WIDEST: u8 = 8;

/// Takes in the settings of a file.
pub(super) fn collect(text: &Text, root: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    for node in root.descendants().filter(|node| node.has_tag_name("configuration")) {
        match node.attribute("name").unwrap_or_default() {
            "acl.conf" => lists(text, node, collector),
            "event_socket.conf" => event_socket(text, node, collector),
            "cdr_csv.conf" => templates(node, collector),
            _ => {}
        }
    }
}

/// Addresses of an access list call without a password where a profile applies the list: carriers, as a rule.
fn lists(text: &Text, node: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    for list in node.descendants().filter(|node| node.has_tag_name("list")) {
        let Some(name) = list.attribute("name").filter(|name| !matches!(*name, "lan" | "loopback.auto"))
        else {
            continue;
        };
        let nodes = list.children().filter(|node| node.has_tag_name("node"));
        let allowed = nodes.filter(|node| node.attribute("type") == Some("allow"));
        let networks: Vec<IpNet> = allowed
            .filter_map(|node| network(node.attribute("cidr").or_else(|| node.attribute("host"))?))
            .filter(|network| network.prefix_len() > WIDEST && !is_inside(network))
            .collect();
        let name = format!("acl-{name}");
        if networks.is_empty() || collector.pbx.trunks.iter().any(|known| known.name == name) {
            continue;
        }
        collector.trunk(Trunk {
            name,
            technology: Technology::Sofia,
            networks,
            hosts: Vec::new(),
            ports: Vec::new(),
            context: None,
            place: text.citation(list),
        });
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address)))
}

/// Phones of the house are no carriers.
fn is_inside(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.addr().is_private() || network.addr().is_loopback(),
        IpNet::V6(network) => network.addr().is_loopback() || network.addr().segments()[0] & 0xfe00 == 0xfc00,
    }
}

/// Whoever has the event socket's password makes the server call.
fn event_socket(text: &Text, node: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    const NAME: &str = "event_socket";
    let Some(settings) = node.children().find(|child| child.has_tag_name("settings")) else { return };
    let param = |name: &str| setting(settings, "param", name);
    let port = param("listen-port").and_then(|port| port.parse().ok()).unwrap_or(8021);
    listeners::add(
        &mut collector.pbx.listeners,
        listeners::Spoken::EventSocket,
        listeners::Carriage::Tcp,
        port,
    );
    of_params("event_socket.conf", NAME, &param, &text.citation(settings), &mut collector.pbx.settings);
    let Some(password) = setting(settings, "param", "password").filter(|text| !text.contains("$${")) else {
        return;
    };
    if collector.pbx.manager_users.iter().any(|known| known.name == NAME) {
        return;
    }
    let user = ManagerUser {
        name: NAME.to_owned(),
        permit: Vec::new(),
        secret: None,
        can_originate: true,
        place: text.citation(settings),
    };
    collector.manager_user(user, password);
}

fn templates(node: roxmltree::Node<'_, '_>, collector: &mut Collector) {
    let settings = node.children().find(|child| child.has_tag_name("settings"));
    let default = settings.and_then(|settings| setting(settings, "param", "default-template"));
    let templates = node.descendants().filter(|node| node.has_tag_name("template"));
    let mut listed: Vec<(bool, Vec<String>)> = templates
        .filter_map(|template| {
            let columns: Vec<String> =
                template.text()?.split("${").skip(1).map(|rest| variable(rest).to_owned()).collect();
            Some((template.attribute("name") != default, columns))
        })
        .filter(|(_, columns)| columns.len() > 3)
        .collect();
    listed.sort_by_key(|(is_other, _)| *is_other);
    let known = &mut collector.pbx.call_records.freeswitch_templates;
    for (_, columns) in listed {
        if !known.contains(&columns) {
            known.push(columns);
        }
    }
}

/// Returns the variable's name at the start of `name}...`.
fn variable(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}
