//! Asterisk's realtime tables: `sippeers` and `iaxpeers` with one peer a row, `ps_*` with one object a row.
//!
//! Contacts stand there as well: `ps_contacts`, whose addresses have `^3B` for a semicolon, and the columns
//! `ipaddr`, `port`, `regseconds` and `useragent` of a peer.

use std::collections::BTreeSet;

use super::freepbx::whole_section;
use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::event::Instant;
use crate::pbx::address::{host_and_port, of_uri};
use crate::pbx::language::Document;
use crate::pbx::model::{Binding, Technology};
use crate::pbx::read::{Collector, Lists};
use crate::pbx::{pjsip, sip};

/// What `chan_sip` and `chan_iax2` take where neither peer nor file name a context.
const CONTEXT: &str = "default";
/// The types of PJSIP's objects that tell of accounts and trunks.
const TYPES: [&str; 5] = ["endpoint", "auth", "aor", "registration", "identify"];

/// Adds accounts and trunks.
pub(super) fn collect(
    settings: &Settings,
    known: &BTreeSet<String>,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    for (holds, technology) in [(Holds::Peers, Technology::Sip), (Holds::IaxPeers, Technology::Iax2)] {
        for item in settings.of(holds).filter(|item| !known.contains(&item.name)) {
            let mut section = whole_section(item, &item.name);
            // The schema has no default for the type: without one the driver knows no such peer.
            section.settings.retain(|held| !held.value.is_empty());
            sip::peer(&section, CONTEXT, technology, lists, collector);
        }
    }
    let mut objects = Document::default();
    for kind in TYPES {
        for item in settings.of(Holds::Object(kind)) {
            if kind == "endpoint" && known.contains(&item.name) {
                continue;
            }
            let mut section = whole_section(item, &item.name);
            section.settings.retain(|held| !held.value.is_empty() && !held.name.eq_ignore_ascii_case("type"));
            section.settings.push(item.setting("type", kind));
            objects.push(section);
        }
    }
    if objects.sections().next().is_some() {
        pjsip::collect(&objects, lists, collector);
    }
    collector.pbx.bindings.extend(settings.of(Holds::Contacts).map(contact));
    for holds in [Holds::Peers, Holds::IaxPeers] {
        collector.pbx.bindings.extend(settings.of(holds).filter_map(registered));
    }
    collector
        .pbx
        .bindings
        .sort_by(|left, right| (&left.account, &left.place.text).cmp(&(&right.account, &right.place.text)));
}

/// Reads a contact of PJSIP's registrar; what the sender wrote into its Via counts last.
fn contact(item: &Item) -> Binding {
    let uri = item.filled("uri").unwrap_or_default().replace("^3B", ";");
    let (host, port) = host_and_port(of_uri(&uri));
    let by_uri = host.parse().ok().map(|address| (address, port));
    let by_via = || {
        let address = host_and_port(item.filled("via_addr")?).0.parse().ok()?;
        Some((address, item.filled("via_port").and_then(|port| port.parse().ok())))
    };
    let found = by_uri.or_else(by_via);
    let of_id = item.name.split("^3B@").next().unwrap_or_default();
    let account = item.filled("endpoint").unwrap_or_else(|| of_id.split(";@").next().unwrap_or_default());
    Binding {
        account: account.to_owned(),
        address: found.map(|(address, _)| address),
        port: found.and_then(|(_, port)| port),
        user_agent: item.filled("user_agent").map(str::to_owned),
        expires: seconds(item, "expiration_time"),
        place: item.section(&item.name).citation(),
    }
}

/// Reads where a peer registered from, if it did.
fn registered(item: &Item) -> Option<Binding> {
    let address = item.filled("ipaddr")?.parse().ok()?;
    Some(Binding {
        account: item.name.clone(),
        address: Some(address),
        port: item.filled("port").and_then(|port| port.parse().ok()),
        user_agent: item.filled("useragent").map(str::to_owned),
        expires: seconds(item, "regseconds"),
        place: item.section(&item.name).citation(),
    })
}

fn seconds(item: &Item, name: &str) -> Option<Instant> {
    item.filled(name)?.parse().ok().map(Instant::from_seconds)
}
