//! Lines to carriers: those of the configuration, and those that only calls show.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::world::Told;
use crate::fold::rows::RowKind;
use crate::pbx::Pbx;
use crate::readers::channel_account;

/// Digits of a number outside, at least.
const OUTSIDE_DIGITS: usize = 7;
/// Digits of an extension, at most.
const EXTENSION_DIGITS: usize = 6;

/// Returns the names of all trunks.
///
/// A channel that numbers outside are called through, that never registers and that no file lists as an
/// account, is a line to a carrier. Where no file lists anything, an extension is told by its short
/// number: incoming calls have a long number and an extension's channel just the same.
pub(super) fn find(pbx: &Pbx, told: &[Told<'_>], accounts: &BTreeSet<String>) -> BTreeSet<String> {
    let mut trunks: BTreeSet<String> = pbx.trunks.iter().map(|trunk| trunk.name.clone()).collect();
    let mut last: &[u8] = b"";
    let shown = told.iter().flat_map(|told| &told.ledger.trunks);
    let shown = shown.map(|name| String::from_utf8_lossy(name).into_owned());
    trunks.extend(shown.filter(|name| !accounts.contains(name)));
    for told in told {
        for row in told.ledger.rows.rows.iter().filter(|row| row.kind == RowKind::Leg) {
            let text = told.ledger.rows.text(row);
            let Some(name) = channel_account(text.dst_channel) else { continue };
            let digits = text.dst.iter().filter(|byte| byte.is_ascii_digit()).count();
            if digits < OUTSIDE_DIGITS || name == last {
                continue;
            }
            let shown = String::from_utf8_lossy(name);
            let is_extension = name.len() <= EXTENSION_DIGITS && name.iter().all(u8::is_ascii_digit);
            if !is_extension && !accounts.contains(shown.as_ref()) {
                trunks.insert(shown.into_owned());
            }
            last = name;
        }
    }
    trunks
}

/// Returns whether a channel's name is nobody's: `anonymous`, or the address or domain that chan_sip
/// takes from a guest's From header.
pub(super) fn is_nobody(name: &str) -> bool {
    matches!(name, "anonymous" | "guest" | "Anonymous")
        || name.parse::<IpAddr>().is_ok()
        || name.parse::<SocketAddr>().is_ok()
        || name.contains('.')
}
