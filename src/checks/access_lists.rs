//! Access lists that do not do what whoever wrote them meant.

use super::Show;
use crate::pbx::{AccessFault, AccessTrap};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Sections named one by one.
const MOST_NAMED: usize = 5;
/// Lines shown of lists that share a fault.
const MOST_PROOFS: usize = 4;

/// Yields one finding for each kind of fault.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let kinds = [AccessTrap::DenyUndone, AccessTrap::NobodyLeft, AccessTrap::SixOpen];
    let of = |trap: AccessTrap| {
        let faults: Vec<&AccessFault> =
            world.pbx.access_faults.iter().filter(|fault| fault.trap == trap).collect();
        (!faults.is_empty()).then(|| finding(trap, &faults, show))
    };
    kinds.into_iter().filter_map(of).collect()
}

fn finding(trap: AccessTrap, faults: &[&AccessFault], show: &Show<'_>) -> Finding {
    let (severity, title, why, remedy) = match trap {
        // FreePBX writes both lines for every extension: a default that nobody chose.
        AccessTrap::DenyUndone => (
            Severity::Info,
            "An access list lets everybody in",
            "A `permit` of all addresses behind a `deny` of all undoes it, for the last rule that matches decides.",
            "Permit only the networks that the account is used from.",
        ),
        AccessTrap::NobodyLeft => (
            Severity::Low,
            "An access list lets nobody in",
            "A `deny` of all addresses behind the `permit` lines undoes them, for the last rule that matches decides.",
            "Put the `deny` first.",
        ),
        AccessTrap::SixOpen => (
            Severity::Medium,
            "An access list closes IPv4 and leaves IPv6 open",
            "Rules of IPv4 say nothing of a sender of IPv6, and the server listens there.",
            "Add deny=::/0 before the permits, or listen at IPv4 only.",
        ),
    };
    let names: Vec<String> = faults.iter().take(MOST_NAMED).map(|fault| visible(&fault.name)).collect();
    let more = faults.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let subject = if faults.len() == 1 { names.join("") } else { format!("{} lists", faults.len()) };
    Finding {
        id: match trap {
            AccessTrap::DenyUndone => "access-list-open",
            AccessTrap::NobodyLeft => "access-list-lets-nobody-in",
            AccessTrap::SixOpen => "access-list-without-ipv6",
        },
        severity,
        subject: Untrusted::from(subject.as_str()),
        title: title.into(),
        detail: format!("{why} So in {}{more}.", names.join(", ")),
        remedy: remedy.into(),
        // MITRE ATT&CK: Impair Defenses: Disable or Modify System Firewall is its nearest.
        attack: vec!["T1562.004"],
        evidence: faults.iter().filter_map(|fault| show(&fault.place)).take(MOST_PROOFS).collect(),
    }
}
