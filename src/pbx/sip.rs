//! `chan_sip`: `sip.conf` with what FreePBX splits off.
//!
//! Facts relied on: a section without `type` is ignored; `allowguest` is yes unless told otherwise;
//! `autocreatepeer` lets anybody
//! register; guests and sections without a context use the one of `[general]`, which is `default` when absent;
//! `register => user:secret:auth@host:port/extension` (`channels/chan_sip.c`). Asterisk 21 dropped the driver.

use super::access::permitted;
use super::address::{display_name, host_and_port, literal};
use super::language::{Document, Part, Section, is_true};
use super::model::{Account, Technology, Trunk};
use super::read::{Collector, Lists};

/// What belongs to `sip.conf` where that file itself is missing.
pub(super) const PARTS: &[Part] = &[
    (Some("general"), "sip_general_additional.conf"),
    (Some("general"), "sip_general_custom.conf"),
    (Some("general"), "sip_nat.conf"),
    (Some("general"), "sip_registrations.conf"),
    (Some("general"), "sip_registrations_custom.conf"),
    (None, "sip_additional.conf"),
    (None, "sip_custom.conf"),
    (None, "sip_custom_post.conf"),
];

const ADDRESS_SETTINGS: [&str; 8] = [
    "bindaddr",
    "udpbindaddr",
    "tcpbindaddr",
    "tlsbindaddr",
    "externip",
    "externaddr",
    "externhost",
    "media_address",
];

/// Reads accounts, trunks and guests.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let general =
        document.last("general", "context").filter(|context| !context.is_empty()).unwrap_or("default");
    for section in document.sections() {
        if section.name.eq_ignore_ascii_case("general") {
            for setting in section.settings.iter().filter(|held| held.name.eq_ignore_ascii_case("register")) {
                register(section, &setting.value, Technology::Sip, collector);
            }
        } else if !section.name.eq_ignore_ascii_case("authentication") {
            peer(section, general, Technology::Sip, lists, collector);
        }
    }
    for name in ADDRESS_SETTINGS {
        let addresses = document.named("general").flat_map(|section| section.all(name)).filter_map(literal);
        collector.own_addresses(addresses);
    }
    if lists.is_loaded("chan_sip") {
        guests(document, general, collector);
    }
}

fn guests(document: &Document, context: &str, collector: &mut Collector) {
    let creates_peers = document.last("general", "autocreatepeer").is_some_and(|value| {
        is_true(value) || ["persist", "volatile"].iter().any(|kind| value.eq_ignore_ascii_case(kind))
    });
    // Any word but those for yes means no.
    let allowed = creates_peers || document.last("general", "allowguest").is_none_or(is_true);
    collector.allow_guest(allowed);
    // Where guests are kept out, the general context may be that of every phone.
    let of_phones = collector.pbx.accounts.iter().any(|account| account.context.as_deref() == Some(context));
    if allowed || !of_phones {
        collector.guest_context(context);
    }
}

/// Reads one section of `sip.conf` or `iax.conf`.
pub(super) fn peer(
    section: &Section,
    context: &str,
    technology: Technology,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let kind = section.last("type").unwrap_or_default().to_ascii_lowercase();
    if !matches!(kind.as_str(), "friend" | "user" | "peer") {
        return;
    }
    let context = Some(section.filled("context").unwrap_or(context).to_owned());
    match host_of(section) {
        Some(host) if is_trunk(section) => {
            let mut trunk = new_trunk(section, technology, context);
            trunk.add_host(host);
            trunk.add_port(section.filled("port").and_then(|port| port.parse().ok()));
            collector.trunk(trunk);
        }
        _ => account(section, context, technology, lists, collector),
    }
}

/// Returns the fixed host of a section; a phone has none.
fn host_of(section: &Section) -> Option<&str> {
    section.filled("host").filter(|host| !host.eq_ignore_ascii_case("dynamic"))
}

/// Returns whether a section of `sip.conf` or `iax.conf` is a line to another server.
pub(super) fn is_trunk(section: &Section) -> bool {
    let kind = section.last("type").unwrap_or_default();
    let is_phone = ["callerid", "mailbox", "dial"].iter().any(|name| section.filled(name).is_some());
    host_of(section).is_some()
        && (kind.eq_ignore_ascii_case("peer") || (kind.eq_ignore_ascii_case("friend") && !is_phone))
}

fn account(
    section: &Section,
    context: Option<String>,
    technology: Technology,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let name = section.name.clone();
    // A hash or a key pair stands for the secret: nothing can be said about its strength.
    let is_hidden = section.filled("md5secret").is_some() || section.filled("inkeys").is_some();
    let secret = section.last("secret").filter(|secret| !secret.is_empty());
    let caller = section.filled("callerid").and_then(display_name);
    let account = Account {
        name,
        technology,
        context,
        auth_name: None,
        display_name: caller.or_else(|| section.filled("fullname").map(str::to_owned)),
        secret: None,
        secret_weakness: None,
        permit: permitted(section, lists.access),
        place: section.citation(),
    };
    let secret = secret.or((!is_hidden).then_some(""));
    collector.account(account, secret);
}

/// Begins a trunk at a section.
pub(super) fn new_trunk(section: &Section, technology: Technology, context: Option<String>) -> Trunk {
    Trunk {
        name: section.name.clone(),
        technology,
        networks: Vec::new(),
        hosts: Vec::new(),
        ports: Vec::new(),
        context,
        place: section.citation(),
    }
}

/// Reads a `register` line: the host is a carrier's; the line itself holds a secret and is not cited.
pub(super) fn register(section: &Section, line: &str, technology: Technology, collector: &mut Collector) {
    // `peer?transport://user...` names the section of the carrier.
    let line = line.split_once("://").map_or(line, |(_, rest)| rest);
    let Some((user, target)) = line.rsplit_once('@') else { return };
    let target = target.split(['/', '~', '?']).next().unwrap_or_default();
    let (host, port) = host_and_port(target);
    if host.is_empty() {
        return;
    }
    let user = user.split([':', '@']).next().unwrap_or_default();
    let mut trunk = new_trunk(section, technology, None);
    trunk.name = format!("{user}@{host}");
    trunk.add_host(host);
    trunk.add_port(port);
    collector.late_trunk(trunk);
}
