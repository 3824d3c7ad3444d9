//! Phone files: whose secrets they give away, to whom, and which of them should not be there at all.

mod exposed;
mod handed_out;
mod leftovers;
mod rights;

pub(crate) use exposed::exposed_accounts;

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Show;
use crate::pbx::PhoneAccount;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::leaks;
use crate::reconstruct::world::World;
use crate::report::model::Finding;

/// Names shown in one sentence.
const MOST_NAMED: usize = 12;

/// Yields what phone files give away.
pub(super) fn check(
    world: &World<'_>,
    incidents: &[Incident],
    show: &Show<'_>,
) -> (Vec<Finding>, Option<String>) {
    let hostile: BTreeSet<IpAddr> =
        incidents.iter().flat_map(|incident| incident.actors.keys()).copied().collect();
    let leaks = leaks::all(world, &hostile);
    let (mut findings, limit) = handed_out::check(world, incidents, &leaks, show);
    findings.extend(exposed::check(world, show));
    findings.extend(handed_out::walkers(world, &hostile, &leaks, show));
    findings.extend(leftovers::softphones(world, show));
    findings.extend(leftovers::unknown_accounts(world, show));
    findings.extend(rights::check(world, show));
    (findings, limit)
}

/// Returns whether a secret in a phone file may be the one that the server accepts.
fn may_be_live(phone: &PhoneAccount) -> bool {
    phone.secret_is_live != Some(false)
}

/// Names the first few, and counts the others.
fn some(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        left => format!("{shown} and {left} more"),
    }
}
