//! firewalld: zones in XML, each with what it lets in.
//!
//! A zone holds for its sources and its interfaces, the default one for the rest; what a zone does not let in it
//! rejects, unless its target says ACCEPT (`firewalld.zone(5)`).

use std::collections::BTreeMap;

use super::chains::{Action, Chain, Condition, Rule, Ruleset, network, port_range};
use crate::event::{Citation, Place, SourceId};
use crate::evidence::{Evidence, Source};

/// Zones of one machine.
const MOST_ZONES: usize = 100;

/// Ports of the services that matter here; others are looked up in files that stay on the machine.
const SERVICES: [(&str, &str, &str); 9] = [
    ("sip", "tcp,udp", "5060"),
    ("sips", "tcp,udp", "5061"),
    ("http", "tcp", "80"),
    ("https", "tcp", "443"),
    ("ssh", "tcp", "22"),
    ("tftp", "udp", "69"),
    ("ftp", "tcp", "21"),
    ("asterisk", "tcp,udp", "5060"),
    ("iax", "udp", "4569"),
];

/// Reads the zones.
pub(super) fn read(evidence: &Evidence, text: &dyn Fn(&Source) -> String) -> Option<Ruleset> {
    let is_zone = |source: &&Source| {
        source.file.path.contains("etc/firewalld/zones/") && source.file.path.ends_with(".xml")
    };
    let zones: Vec<&Source> = evidence.sources.iter().filter(is_zone).take(MOST_ZONES).collect();
    let first = zones.first()?;
    let settings = evidence.source_ending("", "etc/firewalld/firewalld.conf").map(text).unwrap_or_default();
    let default = settings.lines().filter_map(|line| line.trim().strip_prefix("DefaultZone=")).next_back();
    let default = default.unwrap_or("public").trim().to_owned();
    let cited = Citation::new(Place { source: first.id, offset: 0, line: 1 }, b"");
    let mut base = Chain { rules: Vec::new(), drops: Some(true), cited };
    let mut chains = BTreeMap::new();
    let mut last = Vec::new();
    for source in zones {
        let name =
            source.file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".xml").to_owned();
        let text = text(source);
        let Ok(document) = roxmltree::Document::parse(&text) else { continue };
        let cite = |node: roxmltree::Node<'_, '_>| cite(source.id, &text, node);
        let root = document.root_element();
        let all = |tag: &'static str| root.children().filter(move |node| node.has_tag_name(tag));
        let sources =
            all("source").filter_map(|node| network(node.attribute("address")?)).collect::<Vec<_>>();
        let jump = Rule { conditions: Vec::new(), action: Action::Jump(name.clone()), cited: cite(root) };
        if !sources.is_empty() {
            base.rules.push(Rule { conditions: vec![Condition::From(sources)], ..jump.clone() });
        }
        if all("interface").next().is_some() || name == default {
            last.push(jump);
        }
        chains.insert(name, zone(root, &cite));
    }
    // Which of several the Internet comes in by is not told.
    let is_one = last.len() == 1;
    base.rules.extend(last.into_iter().map(|rule| match is_one {
        true => rule,
        false => Rule { conditions: vec![Condition::Unclear], ..rule },
    }));
    chains.insert("input".to_owned(), base);
    Some(Ruleset { is_v4: None, chains, bases: vec!["input".to_owned()] })
}

fn cite(source: SourceId, text: &str, node: roxmltree::Node<'_, '_>) -> Citation {
    let at = node.range().start;
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
    let shown = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let place = Place { source, offset: start as u64, line: u32::try_from(line).unwrap_or(u32::MAX) };
    Citation::new(place, shown.as_bytes())
}

fn zone(root: roxmltree::Node<'_, '_>, cite: &dyn Fn(roxmltree::Node<'_, '_>) -> Citation) -> Chain {
    let mut rules = Vec::new();
    for node in root.children().filter(roxmltree::Node::is_element) {
        match node.tag_name().name() {
            "service" | "port" => {
                let conditions = ports(node);
                rules.push(Rule { conditions, action: Action::Accept, cited: cite(node) });
            }
            "rule" => rules.push(rich(node, cite(node))),
            _ => {}
        }
    }
    let end = match root.attribute("target") {
        Some("ACCEPT") => Action::Accept,
        _ => Action::Drop,
    };
    rules.push(Rule { conditions: Vec::new(), action: end, cited: cite(root) });
    Chain { rules, drops: None, cited: cite(root) }
}

/// What a `service` or `port` element asks for.
fn ports(node: roxmltree::Node<'_, '_>) -> Vec<Condition> {
    let (protocols, ports) = match node.attribute("name") {
        Some(name) => match SERVICES.iter().find(|(known, _, _)| *known == name) {
            Some((_, protocols, ports)) => (*protocols, *ports),
            None => return vec![Condition::Never],
        },
        None => (node.attribute("protocol").unwrap_or("tcp"), node.attribute("port").unwrap_or_default()),
    };
    let protocols = protocols.split(',').map(str::to_owned).collect();
    vec![Condition::Protocol(protocols), Condition::Port(port_range(ports).into_iter().collect())]
}

/// A rich rule: a source, a service or port, and what to do.
fn rich(node: roxmltree::Node<'_, '_>, cited: Citation) -> Rule {
    let mut conditions = Vec::new();
    let mut action = Action::Nothing;
    for part in node.children().filter(roxmltree::Node::is_element) {
        match part.tag_name().name() {
            "source" => match part.attribute("address").and_then(network) {
                Some(network) if part.attribute("invert") == Some("True") => {
                    conditions.push(Condition::NotFrom(vec![network]));
                }
                Some(network) => conditions.push(Condition::From(vec![network])),
                None => conditions.push(Condition::Limit),
            },
            "service" | "port" => conditions.extend(ports(part)),
            "accept" => action = Action::Accept,
            "drop" | "reject" => action = Action::Drop,
            _ => {}
        }
    }
    Rule { conditions, action, cited }
}
