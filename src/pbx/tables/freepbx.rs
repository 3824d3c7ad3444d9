//! FreePBX's own tables, where the files that it makes of them were not copied.
//!
//! `sip` holds the extensions of both drivers, one setting a row, told apart by `sipdriver`; the rows named
//! `tr-peer-N` and `tr-user-N` are trunks of `chan_sip`, whose section is named by the setting `account`.
//! `pjsip` holds the trunks of `chan_pjsip`.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::pbx::address::of_uri;
use crate::pbx::language::{Document, Section};
use crate::pbx::model::{Account, Technology};
use crate::pbx::read::{Collector, Lists};
use crate::pbx::{manager, pjsip, sip};

/// The section of `sip.conf` and `iax.conf` that FreePBX gives callers it does not know.
const CONTEXT: &str = "from-sip-external";

/// Adds accounts, trunks and manager users.
pub(super) fn collect(
    settings: &Settings,
    known: &BTreeSet<String>,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let mut objects = Document::default();
    for item in settings.of(Holds::Sip) {
        if item.filled("sipdriver").is_some_and(|driver| driver.eq_ignore_ascii_case("chan_pjsip")) {
            if !known.contains(&item.name) {
                extension(item, &mut objects);
            }
        } else {
            peer(item, Technology::Sip, known, lists, collector);
        }
    }
    for item in settings.of(Holds::Pjsip) {
        trunk(item, &mut objects);
    }
    if objects.sections().next().is_some() {
        pjsip::collect(&objects, lists, collector);
    }
    for item in settings.of(Holds::Iax) {
        peer(item, Technology::Iax2, known, lists, collector);
    }
    for item in settings.of(Holds::Manager) {
        let is_known = collector.pbx.manager_users.iter().any(|user| user.name == item.name);
        if !is_known {
            manager::user(&whole_section(item, &item.name), lists, collector);
        }
    }
}

/// Gives accounts the names of their people; FreePBX writes `device` where it leaves the name to this table.
pub(super) fn name_people(settings: &Settings, collector: &mut Collector) {
    let names: BTreeMap<&str, &str> = settings
        .of(Holds::People)
        .filter_map(|item| Some((item.name.as_str(), item.filled("name")?)))
        .collect();
    let nameless = |account: &&mut Account| {
        account.display_name.as_deref().is_none_or(|name| matches!(name, "" | "device"))
    };
    for account in collector.pbx.accounts.iter_mut().filter(nameless) {
        if let Some(name) = names.get(account.name.as_str()) {
            account.display_name = Some((*name).to_owned());
        }
    }
}

/// Returns a section with all settings of an item.
pub(super) fn whole_section(item: &Item, name: &str) -> Section {
    let mut section = item.section(name);
    section.settings.extend(item.settings.iter().cloned());
    section
}

fn peer(
    item: &Item,
    technology: Technology,
    known: &BTreeSet<String>,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    // `tr-reg-N` holds a line to register with, secret and all.
    let name = item.filled("account").unwrap_or(&item.name);
    if item.name.starts_with("tr-reg-") || known.contains(name) {
        return;
    }
    sip::peer(&whole_section(item, name), CONTEXT, technology, lists, collector);
}

/// Turns an extension into the objects that FreePBX makes of it.
fn extension(item: &Item, objects: &mut Document) {
    let auth_name = format!("{}-auth", item.name);
    let mut endpoint = item.section(&item.name);
    endpoint.settings.push(item.setting("type", "endpoint"));
    endpoint.settings.push(item.setting("auth", &auth_name));
    endpoint.settings.push(item.setting("aors", &item.name));
    for name in ["context", "callerid", "deny", "permit", "mailbox"] {
        endpoint.settings.extend(item.filled(name).map(|value| item.setting(name, value)));
    }
    let mut auth = item.section(&auth_name);
    auth.settings.push(item.setting("type", "auth"));
    auth.settings.push(item.setting("username", &item.name));
    auth.settings.push(item.setting("password", item.filled("secret").unwrap_or_default()));
    objects.push(endpoint);
    objects.push(auth);
}

/// Turns a trunk into an endpoint with what belongs to it.
fn trunk(item: &Item, objects: &mut Document) {
    let name = item.filled("trunk_name").unwrap_or(&item.name).to_owned();
    let mut endpoint = item.section(&name);
    endpoint.settings.push(item.setting("type", "endpoint"));
    endpoint.settings.push(item.setting("context", item.filled("context").unwrap_or("from-pstn")));
    endpoint.settings.push(item.setting("aors", &name));
    // Whether it is let in by a secret is not told by all versions: then nothing is said of one.
    endpoint.settings.push(item.setting("auth", "in the table"));
    let mut aor = item.section(&name);
    aor.settings.push(item.setting("type", "aor"));
    for contact in
        ["aor_contact", "sip_server", "server_uri"].into_iter().filter_map(|name| item.filled(name))
    {
        aor.settings.push(item.setting("contact", of_uri(contact)));
    }
    let mut identify = item.section(&name);
    identify.settings.push(item.setting("type", "identify"));
    identify.settings.push(item.setting("endpoint", &name));
    identify.settings.extend(item.filled("match").map(|hosts| item.setting("match", hosts)));
    for section in [endpoint, aor, identify] {
        objects.push(section);
    }
}
