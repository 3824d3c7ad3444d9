//! firewalld's zones: `<service name="tftp"/>`, `<port port="83-84" protocol="tcp"/>`, `<rule>`.
//!
//! The default zone, and those that have an interface, are the ones that a stranger's packets meet; a zone
//! with sources is for these. A zone that was never changed stands below `/usr/lib` and opens SSH only.

use super::iptables::{address, ports};
use super::rule::{Chain, Chains, Protocol, Rule, Target};
use crate::pbx::serving::{Page, PageLine, settings};

/// Ports of the services that matter to phones and panels.
const SERVICES: [(&str, &[(Protocol, u16)]); 8] = [
    ("http", &[(Protocol::Tcp, 80)]),
    ("https", &[(Protocol::Tcp, 443)]),
    ("ftp", &[(Protocol::Tcp, 21)]),
    ("tftp", &[(Protocol::Udp, 69)]),
    ("ssh", &[(Protocol::Tcp, 22)]),
    ("sip", &[(Protocol::Udp, 5060), (Protocol::Tcp, 5060)]),
    ("sips", &[(Protocol::Tcp, 5061)]),
    ("asterisk", &[(Protocol::Udp, 5060), (Protocol::Tcp, 5060)]),
];

/// Returns the ports of a service by its name.
pub(super) fn service(name: &str) -> Option<&'static [(Protocol, u16)]> {
    SERVICES.iter().find(|(known, _)| *known == name).map(|(_, ports)| *ports)
}

/// Reads all zones as one chain; `page` is `firewalld.conf`.
pub(super) fn read(page: &Page<'_>, pages: &[Page<'_>]) -> (Chains, Vec<String>) {
    let default = settings::value(&page.text, "DefaultZone").unwrap_or_else(|| "public".to_owned());
    let mut chain = Chain { accepts: Some(false), rules: Vec::new() };
    for zone in pages.iter().filter(|zone| zone.disk == page.disk) {
        let name = zone.name.strip_prefix("etc/firewalld/zones/").and_then(|name| name.strip_suffix(".xml"));
        if let Some(name) = name {
            chain.rules.extend(zone_rules(zone, name == default));
        }
    }
    (Chains::from([("zones".to_owned(), chain)]), vec!["zones".to_owned()])
}

fn zone_rules(zone: &Page<'_>, is_default: bool) -> Vec<Rule> {
    let sources: Vec<_> = zone
        .lines()
        .filter(|line| line.text.starts_with("<source "))
        .filter_map(|line| address(attribute(line.text, "address")?))
        .collect();
    let has_interface = zone.text.contains("<interface ");
    if !is_default && !has_interface && sources.is_empty() {
        return Vec::new();
    }
    let for_all = is_default || has_interface;
    let mut rules: Vec<Rule> = Vec::new();
    let mut rich: Option<Vec<PageLine<'_>>> = None;
    for line in zone.lines() {
        if line.text.starts_with("<zone ") && attribute(line.text, "target") == Some("ACCEPT") {
            rules.push(Rule::of_all(Target::Accept, zone.cite(&line)));
        }
        if line.text.starts_with("<rule") {
            rich = Some(Vec::new());
        }
        if line.text.starts_with("</rule") {
            rules.extend(rich.take().and_then(|lines| rich_rule(zone, &lines)));
        } else if let Some(lines) = &mut rich {
            lines.push(line);
        } else {
            rules.extend(opened(line.text).into_iter().map(|(protocol, ports)| Rule {
                protocol: Some(protocol),
                ports: vec![ports],
                ..Rule::of_all(Target::Accept, zone.cite(&line))
            }));
        }
    }
    if !for_all {
        rules
            .iter_mut()
            .filter(|rule| rule.sources.is_empty())
            .for_each(|rule| rule.sources = sources.clone());
    }
    rules
}

/// A rich rule opens or closes one service, for one source perhaps.
fn rich_rule(zone: &Page<'_>, lines: &[PageLine<'_>]) -> Option<Rule> {
    let has = |tag: &str| lines.iter().any(|line| line.text.starts_with(tag));
    let target = match (has("<accept"), has("<drop") || has("<reject")) {
        (true, _) => Target::Accept,
        (_, true) => Target::Drop,
        _ => return None,
    };
    let (line, (protocol, ports)) =
        lines.iter().find_map(|line| Some((line, opened(line.text).into_iter().next()?)))?;
    let source = lines.iter().find(|line| line.text.starts_with("<source "));
    let sources = source.and_then(|line| address(attribute(line.text, "address")?));
    let is_unsure = source.is_some() && sources.is_none();
    let sources = sources.into_iter().collect();
    let whole = Rule::of_all(target, zone.cite(line));
    Some(Rule { protocol: Some(protocol), ports: vec![ports], sources, is_unsure, ..whole })
}

fn opened(text: &str) -> Vec<(Protocol, std::ops::RangeInclusive<u16>)> {
    if text.starts_with("<service ") {
        let ports = attribute(text, "name").and_then(service).unwrap_or_default();
        return ports.iter().map(|(protocol, port)| (*protocol, *port..=*port)).collect();
    }
    if !text.starts_with("<port ") {
        return Vec::new();
    }
    let protocol = match attribute(text, "protocol") {
        Some("tcp") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        _ => return Vec::new(),
    };
    attribute(text, "port").and_then(ports).map(|ports| (protocol, ports)).into_iter().collect()
}

fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}
