//! `users.conf`: one section makes a SIP account, an IAX2 account or a manager user.
//!
//! Facts relied on: `hassip`, `hasiax` and `hasmanager` decide, the section's own value before that of
//! `[general]`; `host` is `dynamic` unless said; a section with `trunkname` is a trunk.

use super::access::permitted;
use super::address::display_name;
use super::language::{Document, Section};
use super::manager;
use super::model::{Account, Technology};
use super::read::{Collector, Lists};
use super::sip::new_trunk;

/// Reads accounts, trunks and manager users.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let says = |section: &Section, name: &str| {
        section
            .says_yes(name)
            .or_else(|| document.named("general").filter_map(|general| general.says_yes(name)).next_back())
            .unwrap_or(false)
    };
    for section in document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general")) {
        for (setting, technology) in [("hassip", Technology::Sip), ("hasiax", Technology::Iax2)] {
            if says(section, setting) {
                user(section, document, technology, lists, collector);
            }
        }
        if says(section, "hasmanager") {
            manager::user(section, lists, collector);
        }
    }
}

fn user(
    section: &Section,
    document: &Document,
    technology: Technology,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let setting = |name| {
        section.filled(name).or_else(|| document.last("general", name)).filter(|value| !value.is_empty())
    };
    let context = setting("context").map(str::to_owned);
    let host = setting("host").filter(|host| !host.eq_ignore_ascii_case("dynamic"));
    if host.is_some() || section.filled("trunkname").is_some() {
        let mut trunk = new_trunk(section, technology, context);
        host.into_iter().for_each(|host| trunk.add_host(host));
        collector.trunk(trunk);
        return;
    }
    let account = Account {
        name: section.name.clone(),
        technology,
        context,
        auth_name: None,
        display_name: section
            .filled("fullname")
            .map(str::to_owned)
            .or_else(|| section.filled("callerid").and_then(display_name)),
        secret: None,
        secret_weakness: None,
        permit: permitted(section, lists.access),
        place: section.citation(),
    };
    collector.account(account, Some(setting("secret").unwrap_or_default()));
}
