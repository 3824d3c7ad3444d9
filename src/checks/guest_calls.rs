//! Calls without an account that the dialplan lets out by a trunk.

use super::Show;
use crate::reconstruct::ways::{Ways, is_open, name};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each guests' context from which a trunk can be reached. That guests may call extensions
/// is no hole by itself.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let each = ways.guests.iter().filter_map(|way| {
        let outlets: Vec<_> = way.reached.outlets.iter().filter(|outlet| is_open(outlet)).collect();
        let free = outlets.iter().find(|outlet| outlet.doors.is_empty());
        let outlet = free.or(outlets.first())?;
        let context = visible(&way.context);
        Some(Finding {
            id: "guests-reach-trunk",
            severity: if free.is_some() { Severity::Critical } else { Severity::High },
            subject: Untrusted::from(way.context.as_str()),
            title: format!("Anybody can call out: calls without an account enter [{context}]"),
            detail: format!("From there {} can be reached, without any password.", name(outlet)),
            remedy: "Refuse calls without an account (allowguest=no, no anonymous endpoint), or send them to a context that ends in a hangup.".into(),
            // MITRE ATT&CK: Exploit Public-Facing Application.
            attack: vec!["T1190"],
            evidence: show(outlet.place).into_iter().collect(),
        })
    });
    each.collect()
}
