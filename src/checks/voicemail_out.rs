//! Mailboxes that dial out or call back, by a trunk.

use std::collections::BTreeMap;

use super::Show;
use crate::pbx::dialplan::walk::{DoorKind, Outlet};
use crate::pbx::dialplan::{Mailbox, Pin};
use crate::reconstruct::ways::{Ways, is_open, name};
use crate::report::model::{Finding, Proof, Severity};
use crate::untrusted::{Untrusted, visible};

/// Mailboxes named and proven in one finding.
const MOST_NAMED: usize = 8;

/// Yields one finding for each context that mailboxes dial out in, if a trunk lies behind it and callers from
/// outside get into mailboxes.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut contexts: BTreeMap<&str, Vec<&Mailbox>> = BTreeMap::new();
    for mailbox in &ways.plan.mailboxes {
        for context in mailbox.ways_out() {
            let mailboxes = contexts.entry(context).or_default();
            if !mailboxes.iter().any(|known| std::ptr::eq(*known, mailbox)) {
                mailboxes.push(mailbox);
            }
        }
    }
    let outlets: Vec<&Outlet<'_>> = ways
        .outside()
        .flat_map(|(_, way)| &way.reached.outlets)
        .filter(|outlet| is_open(outlet) && outlet.doors.iter().any(|door| door.kind == DoorKind::Mailbox))
        .collect();
    let Some(outlet) = outlets.first() else { return Vec::new() };
    contexts.iter().filter_map(|(context, mailboxes)| finding(context, mailboxes, outlet, show)).collect()
}

fn finding(context: &str, mailboxes: &[&Mailbox], outlet: &Outlet<'_>, show: &Show<'_>) -> Option<Finding> {
    let weak: Vec<&&Mailbox> =
        mailboxes.iter().filter(|mailbox| matches!(mailbox.pin, Pin::None | Pin::Weak(_))).collect();
    let names = |mailboxes: &mut dyn Iterator<Item = &&Mailbox>| {
        mailboxes.take(MOST_NAMED).map(|mailbox| visible(&mailbox.name)).collect::<Vec<_>>().join(", ")
    };
    let detail = match weak.first() {
        Some(first) => {
            let why = if let Pin::Weak(why) = first.pin { why } else { "there is none" };
            format!(
                "{} of {} mailboxes that may have a PIN that anybody tries first ({}): {why}.",
                weak.len(),
                mailboxes.len(),
                names(&mut weak.iter().copied())
            )
        }
        None => format!("{} mailboxes may, each behind its PIN only.", mailboxes.len()),
    };
    let shown = if weak.is_empty() { mailboxes.iter().collect() } else { weak.clone() };
    let mut evidence: Vec<Proof> =
        shown.iter().take(MOST_NAMED).filter_map(|mailbox| show(&mailbox.place)).collect();
    evidence.extend(show(outlet.place));
    let door = outlet.doors.iter().find(|door| door.kind == DoorKind::Mailbox)?;
    evidence.extend(show(door.place));
    Some(Finding {
        id: "voicemail-dials-out",
        severity: if weak.is_empty() { Severity::Medium } else { Severity::Critical },
        subject: Untrusted::from(context),
        title: format!("Callers from outside can dial out through mailboxes, in [{}]", visible(context)),
        detail: format!("{detail} Behind it lies {}.", name(outlet)),
        remedy: "Remove dialout and callback from voicemail.conf, keep mailboxes from being opened from outside, and give every mailbox a new PIN of at least 8 digits.".into(),
        // MITRE ATT&CK: External Remote Services; Brute Force: Password Guessing.
        attack: vec!["T1133", "T1110.001"],
        evidence,
    })
}
