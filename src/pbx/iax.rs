//! `chan_iax2`: `iax.conf` with what FreePBX splits off.
//!
//! A call without a user name may match any `type=user` section without a secret; the samples ship one
//! named `guest` (`channels/chan_iax2.c`, `check_access`).

use super::address::literal;
use super::language::{Document, Part};
use super::model::Technology;
use super::read::{Collector, Lists};
use super::sip::{peer, register};

/// What belongs to `iax.conf` where that file itself is missing.
pub(super) const PARTS: &[Part] = &[
    (Some("general"), "iax_general_additional.conf"),
    (Some("general"), "iax_general_custom.conf"),
    (Some("general"), "iax_registrations.conf"),
    (None, "iax_additional.conf"),
    (None, "iax_custom.conf"),
];

/// Reads accounts, trunks and guests.
pub(super) fn collect(document: &Document, lists: &Lists<'_>, collector: &mut Collector) {
    let context =
        document.last("general", "context").filter(|context| !context.is_empty()).unwrap_or("default");
    for section in document.sections() {
        if section.name.eq_ignore_ascii_case("general") {
            for line in section.all("register") {
                register(section, line, Technology::Iax2, collector);
            }
            collector.own_addresses(section.all("bindaddr").filter_map(literal));
        } else if section.name.eq_ignore_ascii_case("guest") && section.filled("secret").is_none() {
            if lists.is_loaded("chan_iax2")
                && section.last("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("peer"))
            {
                collector.guest_context(section.filled("context").unwrap_or(context));
            }
        } else {
            peer(section, context, Technology::Iax2, lists, collector);
        }
    }
}
