//! Dialplan that calls out from places where none is expected: the contexts that a panel leaves for hooks, and its
//! override file.
//!
//! FreePBX writes its own files anew at each reload; what an intruder adds stands in `*_custom.conf` or in the
//! override file, which is read first. Owners write there too: what is told is where it calls out, and why that
//! is odd.

use std::collections::BTreeMap;

use super::Show;
use super::changed_then::Written;
use crate::event::Place;
use crate::pbx::dialplan::walk::{Outlet, numbers_of};
use crate::reconstruct::ways::{Ways, is_open, name};
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Hooks for what comes in from outside, and those that every call passes.
const HOOKS: [&str; 7] = [
    "macro-dialout-trunk-predial-hook",
    "macro-dialout-one-predial-hook",
    "from-pstn-custom",
    "from-trunk-custom",
    "from-sip-external-custom",
    "ext-did-custom",
    "bad-number-custom",
];

/// Yields one finding for each step that calls out from such a place.
pub(super) fn check(ways: &Ways<'_>, written: &Written<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut steps: BTreeMap<Place, &Outlet<'_>> = BTreeMap::new();
    let all = ways.carriers.iter().chain(&ways.guests).chain(&ways.accounts);
    for outlet in all.flat_map(|way| &way.reached.outlets) {
        steps.entry(outlet.place.place).or_insert(outlet);
    }
    steps.into_values().filter_map(|outlet| finding(outlet, written, show)).collect()
}

fn finding(outlet: &Outlet<'_>, written: &Written<'_>, show: &Show<'_>) -> Option<Finding> {
    let proof = show(outlet.place)?;
    let file = proof.path.rsplit('/').next().unwrap_or_default();
    let takes_all =
        ["_252X.", "_00252X.", "_011252X."].iter().all(|every| outlet.numbers.meets(&numbers_of(every)));
    let (severity, why) = if HOOKS.contains(&outlet.context) {
        (Severity::High, "a context for hooks, in which no call leaves the house by itself")
    } else if file.starts_with("extensions_override") {
        (Severity::High, "the file that overrides the panel's own dialplan")
    } else if file.contains("_custom") && takes_all && is_open(outlet) {
        (Severity::Medium, "a file that the panel does not write, with a pattern that takes every number")
    } else {
        return None;
    };
    let seconds = written.seconds(outlet.place.place.source);
    let severity = if seconds.is_some() { Severity::Critical } else { severity };
    let when = seconds.map_or_else(
        || "Who wrote it, and when, the file's own time and its backups may tell; the panel shows none of it.".to_owned(),
        |seconds| format!("By its time, the file was written {seconds} s after a request of the intruder's."),
    );
    Some(Finding {
        id: "rogue-dialplan",
        severity,
        subject: Untrusted::from(format!("{}@{}", outlet.extension, outlet.context).as_str()),
        title: format!("Calls go out from {why}"),
        detail: format!("It is {}. {when}", name(outlet)),
        remedy: match severity {
            Severity::Critical => "Keep a copy as proof, take it out and reload the dialplan, and look for what else was changed in that hour.",
            _ => "Ask whoever looks after the system whether it is his. If not, keep a copy as proof, take it out, and look for what else was changed in that hour.",
        }
        .into(),
        // MITRE ATT&CK: Event Triggered Execution is the nearest to what a hook does.
        attack: vec!["T1546"],
        evidence: vec![proof],
    })
}
