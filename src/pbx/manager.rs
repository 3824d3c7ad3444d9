//! `manager.conf`: who may log in to the manager interface.
//!
//! Class `originate` places calls, `command` runs console commands, `system` both and shell commands
//! (`main/manager.c`); before 1.6.2 `call` was enough to originate, which later versions no longer allow.

use super::access::permitted;
use super::address::host_and_port;
use super::language::{Document, Part, Section};
use super::model::ManagerUser;
use super::read::{Collector, Lists};

/// What belongs to `manager.conf` where that file itself is missing.
pub(super) const PARTS: &[Part] = &[(None, "manager_additional.conf"), (None, "manager_custom.conf")];

/// Reads the users.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    // Without the line the interface stays off.
    let enabled = document.last("general", "enabled");
    if document.named("general").next().is_some() {
        collector.pbx.manager_enabled = Some(enabled.is_some_and(super::language::is_true));
        collector.pbx.manager_is_local = is_local(document);
    }
    for section in document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general")) {
        user(section, lists, collector);
    }
}

/// Returns whether the interface is bound to the loopback address, for TLS as well where that is on.
fn is_local(document: &Document) -> bool {
    let is_bound = |setting: &str| {
        let bound = document.last("general", setting).and_then(|bound| host_and_port(bound).0.parse().ok());
        bound.is_some_and(|address: std::net::IpAddr| address.is_loopback())
    };
    let has_tls = document.last("general", "tlsenable").is_some_and(super::language::is_true);
    is_bound("bindaddr") && (!has_tls || is_bound("tlsbindaddr"))
}

/// Reads one user.
pub(super) fn user(section: &Section, lists: &Lists<'_>, collector: &mut Collector) {
    let classes = section.filled("write").unwrap_or_default();
    let can_originate = classes.split(',').map(str::trim).any(|class| {
        ["originate", "command", "system", "all"].iter().any(|strong| class.eq_ignore_ascii_case(strong))
    });
    let user = ManagerUser {
        name: section.name.clone(),
        permit: permitted(section, lists.access),
        secret: None,
        can_originate,
        place: section.citation(),
    };
    collector.manager_user(user, section.filled("secret").unwrap_or_default());
}
