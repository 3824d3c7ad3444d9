//! Passwords beside those of users: gateways, the event socket, XML-RPC, databases.
//!
//! Whoever has the event socket's or XML-RPC's password makes the server do anything. The event socket listens
//! on all addresses as shipped, with the password of the samples, and lets in local connections only unless an access
//! list is set (`config()` of `mod_event_socket.c`, 1.8 and later); `mod_xml_rpc` counts where it is loaded.

use std::collections::BTreeSet;

use super::tree::{Text, parse};
use super::{setting, setting_node};
use crate::pbx::read::Collector;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing};

type Node<'a> = roxmltree::Node<'a, 'a>;

/// Where passwords were met.
#[derive(Default)]
struct Walk {
    /// What was met in a file that comes before: the expanded configuration is believed first.
    seen: BTreeSet<(SecretKind, String)>,
    loaded: BTreeSet<String>,
}

/// Notes the passwords of all files.
pub(super) fn gather(texts: &[Text], collector: &mut Collector) {
    let mut walk = Walk::default();
    // What cannot be parsed has been reported already.
    for root in texts.iter().filter_map(|text| parse(&text.expanded).ok()) {
        let loads = root.descendants().filter(|node| node.has_tag_name("load"));
        walk.loaded.extend(loads.filter_map(|node| node.attribute("module")).map(str::to_owned));
    }
    for text in texts {
        let Ok(document) = parse(&text.expanded) else { continue };
        for node in document.root_element().descendants() {
            if super::profiles::is_gateway(node) {
                walk.gateway(text, node, collector);
            } else if node.has_tag_name("configuration") {
                walk.configuration(text, node, collector);
            } else if node.has_tag_name("param") {
                walk.database(text, node, collector);
            }
        }
    }
}

impl Walk {
    fn gateway(&mut self, text: &Text, node: Node<'_>, collector: &mut Collector) {
        let param = |name: &str| setting(node, "param", name);
        let name = node.attribute("name").filter(|name| !name.is_empty() && !name.contains("$${"));
        let Some((name, line)) = name.zip(setting_node(node, "param", "password")) else { return };
        // A carrier that knows the address asks for none.
        let is_used = param("register").is_none_or(super::is_true);
        let password = line.attribute("value").filter(|password| !password.is_empty() || is_used);
        let names = ["username", "realm", "proxy", "from-user"].into_iter().filter_map(param);
        let other_names = names.map(str::to_owned).collect();
        let bearer = Bearer {
            kind: SecretKind::Trunk,
            owner: name.to_owned(),
            other_names,
            reach: Reach::Presented,
            standing: Standing::InForce,
            place: text.citation(line),
        };
        self.hold(bearer, password.filter(|password| !password.is_empty()), collector);
    }

    fn configuration(&mut self, text: &Text, node: Node<'_>, collector: &mut Collector) {
        let name = node.attribute("name").unwrap_or_default();
        let (owner, param, user) = match name {
            "event_socket.conf" => ("event_socket", "password", None),
            "xml_rpc.conf" if self.loaded.contains("mod_xml_rpc") => {
                ("xml_rpc", "auth-pass", Some("auth-user"))
            }
            _ => return,
        };
        let Some(settings) = node.children().find(|child| child.has_tag_name("settings")) else { return };
        let Some(line) = setting_node(settings, "param", param) else { return };
        let user = user.and_then(|user| setting(settings, "param", user));
        let bearer = Bearer {
            kind: SecretKind::EventSocket,
            owner: owner.to_owned(),
            other_names: user.into_iter().map(str::to_owned).collect(),
            reach: reach(settings),
            standing: Standing::InForce,
            place: text.citation(line),
        };
        self.hold(bearer, line.attribute("value"), collector);
    }

    /// Notes the password in `pgsql://hostaddr=... user=... password='...'`, or in `name:user:password` for ODBC,
    /// where the module whose configuration it is is loaded.
    fn database(&mut self, text: &Text, node: Node<'_>, collector: &mut Collector) {
        let is_source = node.attribute("name").is_some_and(|name| name.to_ascii_lowercase().ends_with("dsn"));
        let Some(value) = node.attribute("value").filter(|_| is_source && self.is_loaded(node)) else {
            return;
        };
        let word = |name: &str| {
            let (_, rest) = value.split_once(&format!("{name}="))?;
            let rest = rest.trim_start_matches('\'');
            rest.split(['\'', ' ', ';', '&']).next()
        };
        let odbc: Vec<&str> = value.splitn(3, ':').collect();
        let (user, password) = match (word("password"), odbc.as_slice()) {
            (Some(password), _) => (word("user").unwrap_or_default(), password),
            (None, [_, user, password]) if !value.contains("//") => (*user, *password),
            _ => return,
        };
        let is_local = ["127.0.0.1", "localhost", "::1"].iter().any(|host| value.contains(host));
        let bearer = Bearer {
            kind: SecretKind::Database,
            owner: user.to_owned(),
            other_names: Vec::new(),
            reach: if is_local { Reach::Local } else { Reach::Unknown },
            standing: Standing::InForce,
            place: text.citation(node),
        };
        self.hold(bearer, Some(password).filter(|password| !password.is_empty()), collector);
    }

    /// The core, SIP profiles and users need no module of their own; without the list all may be loaded.
    fn is_loaded(&self, node: Node<'_>) -> bool {
        let configuration = node.ancestors().find(|node| node.has_tag_name("configuration"));
        let name = configuration.and_then(|node| node.attribute("name")).unwrap_or_default();
        let module = name.strip_suffix(".conf").unwrap_or(name);
        self.loaded.is_empty()
            || matches!(module, "" | "switch" | "sofia")
            || self.loaded.contains(&format!("mod_{module}"))
    }

    fn hold(&mut self, bearer: Bearer, password: Option<&str>, collector: &mut Collector) {
        let Some(password) = password.filter(|password| !password.contains("$${")) else { return };
        if self.seen.insert((bearer.kind, bearer.owner.clone())) {
            collector.hold(bearer, password);
        }
    }
}

/// Tells from where the event socket can be reached.
fn reach(settings: Node<'_>) -> Reach {
    let list = setting(settings, "param", "apply-inbound-acl");
    let listens = setting(settings, "param", "listen-ip").unwrap_or_default();
    let is_local = listens == "localhost"
        || listens.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match list {
        _ if is_local => Reach::Local,
        Some("loopback.auto") => Reach::Local,
        Some(_) => Reach::Listed,
        // Without a list it takes loopback.auto.
        None => Reach::Local,
    }
}
