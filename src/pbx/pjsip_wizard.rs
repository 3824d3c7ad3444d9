//! `pjsip_wizard.conf`: one section that Asterisk turns into endpoint, AOR, auth and registration.
//!
//! `remote_hosts` makes the static contact and the identify match, so that a section with it is a trunk;
//! `endpoint/...` and `inbound_auth/...` settings are handed to the objects (`res_pjsip_config_wizard.c`).

use super::access::permitted;
use super::address::{display_name, of_uri};
use super::language::Document;
use super::model::{Account, Technology};
use super::read::{Collector, Lists};
use super::sip::new_trunk;

/// Reads accounts and trunks.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let wizards = document
        .sections()
        .filter(|section| section.last("type").is_some_and(|kind| kind.eq_ignore_ascii_case("wizard")));
    for section in wizards {
        let context = Some(section.filled("endpoint/context").unwrap_or("default").to_owned());
        let hosts = section.filled("remote_hosts");
        if hosts.is_some() || section.says_yes("sends_registrations") == Some(true) {
            let mut trunk = new_trunk(section, Technology::Pjsip, context);
            hosts.unwrap_or_default().split(',').for_each(|host| trunk.add_host(of_uri(host)));
            collector.trunk(trunk);
            continue;
        }
        let auth_name = section.filled("inbound_auth/username").filter(|name| *name != section.name);
        let accepts = section.says_yes("accepts_auth") == Some(true);
        let account = Account {
            name: section.name.clone(),
            technology: Technology::Pjsip,
            context,
            auth_name: auth_name.map(str::to_owned),
            display_name: section.filled("endpoint/callerid").and_then(display_name),
            secret: None,
            secret_weakness: None,
            permit: permitted(section, lists.access),
            place: section.citation(),
        };
        collector.account(
            account,
            Some(section.filled("inbound_auth/password").filter(|_| accepts).unwrap_or_default()),
        );
    }
}
