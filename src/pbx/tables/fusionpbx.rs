//! FusionPBX: extensions with their passwords in clear, gateways to carriers.
//!
//! Its tables are all there is: FreeSWITCH asks the database, `/etc/freeswitch/directory` is empty. One
//! extension may stand in several domains; they are accounts of one name.

use std::collections::BTreeSet;

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::pbx::access::network;
use crate::pbx::model::{Account, Technology, Trunk};
use crate::pbx::read::{Collector, Lists};

/// Adds accounts and trunks.
pub(super) fn collect(
    settings: &Settings,
    known: &BTreeSet<String>,
    _lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let is_on = |item: &&Item| item.filled("enabled").is_none_or(|on| matches!(on, "true" | "t" | "1"));
    let ids = settings.of(Holds::Extensions).filter_map(|item| item.filled("extension_uuid").zip(Some(item)));
    collector.pbx.extension_ids = ids.map(|(id, item)| (id.to_owned(), item.name.clone())).collect();
    for item in settings.of(Holds::Extensions).filter(is_on).filter(|item| !known.contains(&item.name)) {
        let networks = item.filled("cidr").unwrap_or_default();
        let account = Account {
            name: item.name.clone(),
            technology: Technology::Sofia,
            context: item.filled("user_context").map(str::to_owned),
            auth_name: None,
            display_name: item.filled("effective_caller_id_name").map(str::to_owned),
            secret: None,
            secret_weakness: None,
            permit: networks.split(',').filter_map(|text| network(text.trim())).collect(),
            place: item.section(&item.name).citation(),
        };
        collector.account(account, Some(item.filled("password").unwrap_or_default()));
    }
    for item in settings.of(Holds::Gateways).filter(is_on) {
        let mut trunk = Trunk {
            name: item.name.clone(),
            technology: Technology::Sofia,
            networks: Vec::new(),
            hosts: Vec::new(),
            ports: Vec::new(),
            context: item.filled("context").map(str::to_owned),
            place: item.section(&item.name).citation(),
        };
        for host in ["proxy", "register_proxy", "outbound_proxy", "realm"] {
            if let Some(host) = item.filled(host) {
                trunk.add_host(host);
            }
        }
        collector.trunk(trunk);
    }
}
