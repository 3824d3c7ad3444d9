//! `chan_pjsip`: objects of `pjsip.conf`, joined by the names they give each other.
//!
//! An endpoint names its `auth` and `aors`; `identify` and `registration` name their endpoint. A phone
//! registers a contact, so that its AOR has none configured; a carrier's AOR has. The endpoint
//! `anonymous` answers callers that no other endpoint is found for (`res_pjsip_endpoint_identifier_anonymous`).

use std::collections::BTreeMap;

use super::access::permitted;
use super::address::{display_name, literal, of_uri};
use super::language::{Document, Part, Section};
use super::model::{Account, Technology, Trunk};
use super::read::{Collector, Lists};
use super::sip::new_trunk;

/// What belongs to `pjsip.conf` where that file itself is missing.
pub(super) const PARTS: &[Part] = &[
    (None, "pjsip.transports.conf"),
    (None, "pjsip.endpoint.conf"),
    (None, "pjsip.auth.conf"),
    (None, "pjsip.aor.conf"),
    (None, "pjsip.identify.conf"),
    (None, "pjsip.registration.conf"),
    (None, "pjsip_custom.conf"),
    (None, "pjsip_custom_post.conf"),
];

/// No AOR has more contacts configured.
const MOST_CONTACTS: usize = 100;

/// The objects of each type by name; of two with one name the last is kept.
struct Objects<'a> {
    by_type: BTreeMap<String, BTreeMap<&'a str, &'a Section>>,
}

impl<'a> Objects<'a> {
    fn of(document: &'a Document) -> Self {
        let mut by_type: BTreeMap<String, BTreeMap<&str, &Section>> = BTreeMap::new();
        for section in document.sections() {
            if let Some(kind) = section.last("type") {
                by_type.entry(kind.to_ascii_lowercase()).or_default().insert(&section.name, section);
            }
        }
        Objects { by_type }
    }

    fn each(&self, kind: &str) -> impl Iterator<Item = &'a Section> + '_ {
        self.by_type.get(kind).into_iter().flat_map(|held| held.values().copied())
    }

    /// Returns the objects of a type that a comma-separated list names.
    fn named(&self, kind: &str, list: Option<&str>) -> Vec<&'a Section> {
        let Some(held) = self.by_type.get(kind) else { return Vec::new() };
        let names = list.unwrap_or_default().split(',').map(str::trim);
        names.filter_map(|name| held.get(name).copied()).collect()
    }

    /// Returns the hosts of identify sections and registrations, by endpoint.
    fn hosts_by_endpoint(&self) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut hosts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for identify in self.each("identify") {
            let matches = identify.all("match").flat_map(|list| list.split(','));
            hosts
                .entry(identify.filled("endpoint").unwrap_or_default())
                .or_default()
                .extend(matches.map(str::trim));
        }
        hosts.remove("");
        hosts
    }

    /// Returns the hosts of configured contacts, by AOR; many endpoints may name one AOR.
    fn contacts(&self) -> BTreeMap<&'a str, Vec<&'a str>> {
        let hosts = |aor: &'a Section| {
            let lists = aor.all("contact").flat_map(|list| list.split(','));
            lists.map(of_uri).filter(|host| !host.is_empty()).take(MOST_CONTACTS).collect()
        };
        self.each("aor").map(|aor| (aor.name.as_str(), hosts(aor))).collect()
    }

    /// Returns the names of endpoints that register with a carrier, and its host.
    fn registrations(&self) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut by_auth: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for endpoint in self.each("endpoint") {
            if let Some(auth) = endpoint.filled("outbound_auth") {
                by_auth.entry(auth).or_default().push(&endpoint.name);
            }
        }
        let mut hosts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for registration in self.each("registration") {
            let host = registration.filled("server_uri").map_or("", of_uri);
            let by_name = registration.filled("endpoint").into_iter();
            let by_auth = registration.filled("outbound_auth").and_then(|auth| by_auth.get(auth));
            for endpoint in by_name.chain(by_auth.into_iter().flatten().copied()) {
                hosts.entry(endpoint).or_default().push(host);
            }
        }
        hosts
    }
}

/// Reads accounts, trunks and guests.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let objects = Objects::of(document);
    let identified = objects.hosts_by_endpoint();
    let registered = objects.registrations();
    let contacts = objects.contacts();
    // Without the endpoint named so, PJSIP turns strangers away.
    if objects.each("endpoint").next().is_some() {
        collector.allow_guest(false);
    }
    for endpoint in objects.each("endpoint") {
        let context = endpoint.filled("context").unwrap_or("default");
        if endpoint.name.eq_ignore_ascii_case("anonymous") {
            if lists.is_loaded("res_pjsip_endpoint_identifier_anonymous") {
                collector.allow_guest(true);
                collector.guest_context(context);
            }
            continue;
        }
        let name = endpoint.name.as_str();
        let mut hosts = static_contacts(&contacts, endpoint);
        let registers = registered.get(name);
        let matches = identified.get(name);
        let is_phone = endpoint.filled("callerid").or_else(|| endpoint.filled("mailboxes")).is_some();
        let is_let_in_by_secret = endpoint.filled("auth").is_some() && is_phone;
        if !hosts.is_empty() || registers.is_some() || (matches.is_some() && !is_let_in_by_secret) {
            hosts.extend(registers.into_iter().chain(matches).flatten().copied());
            collector.trunk(trunk(endpoint, context, &hosts));
        } else {
            account(&objects, endpoint, context, lists, collector);
        }
    }
    for setting in ["bind", "external_media_address", "external_signaling_address", "local_address"] {
        collector.own_addresses(
            objects.each("transport").flat_map(|transport| transport.all(setting)).filter_map(literal),
        );
    }
}

fn static_contacts<'a>(contacts: &BTreeMap<&'a str, Vec<&'a str>>, endpoint: &Section) -> Vec<&'a str> {
    let aors = endpoint.filled("aors").unwrap_or_default().split(',').map(str::trim);
    aors.filter_map(|aor| contacts.get(aor)).flatten().copied().collect()
}

fn trunk(endpoint: &Section, context: &str, hosts: &[&str]) -> Trunk {
    let mut trunk = new_trunk(endpoint, Technology::Pjsip, Some(context.to_owned()));
    hosts.iter().for_each(|host| trunk.add_host(host));
    trunk
}

fn account(
    objects: &Objects<'_>,
    endpoint: &Section,
    context: &str,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let auths = objects.named("auth", endpoint.filled("auth"));
    let auth = auths.first();
    let auth_name = auth.and_then(|auth| auth.filled("username")).filter(|name| *name != endpoint.name);
    let is_hidden = auth.is_some_and(|auth| {
        auth.filled("md5_cred").is_some() || auth.all("password_digest").next().is_some()
    });
    let secret = match auth {
        Some(auth) => auth.filled("password").or((!is_hidden).then_some("")),
        // The section named may stand in a file that is not there.
        None if endpoint.filled("auth").is_some() => None,
        None => Some(""),
    };
    let account = Account {
        name: endpoint.name.clone(),
        technology: Technology::Pjsip,
        context: Some(context.to_owned()),
        auth_name: auth_name.map(str::to_owned),
        display_name: endpoint.filled("callerid").and_then(display_name),
        secret: None,
        secret_weakness: None,
        permit: permitted(endpoint, lists.access),
        place: endpoint.citation(),
    };
    collector.account(account, secret);
}
