//! `users.conf`: one section makes a SIP account, an IAX2 account or a manager user.
//!
//! Facts relied on: `hassip`, `hasiax` and `hasmanager` decide, the section's own value before that of
//! `[general]`; `host` is `dynamic` unless said; a section with `trunkname` is a trunk.

use std::collections::BTreeMap;

use super::access::permitted;
use super::address::display_name;
use super::language::{Document, Section, is_true};
use super::manager;
use super::model::{Account, Technology};
use super::read::{Collector, Lists};
use super::sip::new_trunk;

/// What `[general]` says for every section that does not say it itself.
struct Defaults<'a> {
    document: &'a Document,
    values: BTreeMap<&'static str, &'a str>,
}

impl<'a> Defaults<'a> {
    fn of(document: &'a Document) -> Self {
        let names = ["hassip", "hasiax", "hasmanager", "context", "host", "secret"];
        let values =
            names.into_iter().filter_map(|name| Some((name, document.last("general", name)?))).collect();
        Defaults { document, values }
    }

    fn setting(&self, section: &'a Section, name: &'static str) -> Option<&'a str> {
        let own = section.last(name).filter(|value| !value.is_empty());
        own.or_else(|| self.values.get(name).copied()).filter(|value| !value.is_empty())
    }
}

/// Reads accounts, trunks and manager users.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let defaults = Defaults::of(document);
    for section in
        defaults.document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general"))
    {
        let says = |name| defaults.setting(section, name).is_some_and(is_true);
        for (setting, technology) in [("hassip", Technology::Sip), ("hasiax", Technology::Iax2)] {
            if says(setting) {
                user(section, &defaults, technology, lists, collector);
            }
        }
        if says("hasmanager") {
            manager::user(section, lists, collector);
        }
    }
}

fn user<'a>(
    section: &'a Section,
    defaults: &Defaults<'a>,
    technology: Technology,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let setting = |name| defaults.setting(section, name);
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
