//! A second dial tone that callers from outside reach: DISA, with what protects it.

use std::collections::BTreeMap;

use super::Show;
use crate::event::{Citation, Place};
use crate::pbx::dialplan::Pin;
use crate::pbx::dialplan::walk::{DoorKind, Outlet};
use crate::reconstruct::ways::{Ways, is_open, name};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

const REMEDY: &str = "Take DISA out of the dialplan. If it must stay: a PIN of at least 8 digits for each user, only from known numbers, and only to numbers of one's own country.";

/// One step that gives the dial tone, with the ways out behind it.
struct Tone<'w> {
    pin: Pin,
    context: &'w str,
    place: &'w Citation,
    outlets: Vec<&'w Outlet<'w>>,
}

/// Yields one finding for each such step behind which a trunk lies.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut tones: BTreeMap<Place, Tone<'_>> = BTreeMap::new();
    let reached = ways.outside().flat_map(|(_, way)| &way.reached.outlets);
    for outlet in reached.filter(|outlet| is_open(outlet)) {
        for door in &outlet.doors {
            let DoorKind::Disa(pin) = door.kind else { continue };
            let tone = tones.entry(door.place.place).or_insert_with(|| Tone {
                pin,
                context: door.context,
                place: door.place,
                outlets: Vec::new(),
            });
            tone.outlets.push(outlet);
        }
    }
    let of_plan = tones.values().filter_map(|tone| finding(tone, show));
    of_plan.chain(of_panel(ways, show)).collect()
}

/// Yields the dial tones that only the panel's table tells of: where they can be reached from stands in files that
/// are not here.
fn of_panel(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    if !ways.plan.contexts.is_empty() {
        return Vec::new();
    }
    let each = ways.tones.iter().filter_map(|tone| {
        let (id, severity, how) = what_is_wrong(tone.pin)?;
        Some(Finding {
            id,
            severity: severity.max(Severity::High),
            subject: Untrusted::from(tone.name.as_str()),
            title: format!("The second dial tone (DISA) {} {how}", visible(&tone.name)),
            detail: format!(
                "Its callers dial in [{}]. Which numbers lead to it, and whether that context lets them out, stands in \
                 extensions.conf and its parts, which are not in the evidence.",
                visible(&tone.context)
            ),
            remedy: REMEDY.to_owned(),
            attack: vec!["T1133", "T1110.001"],
            evidence: show(&tone.place).into_iter().collect(),
        })
    });
    each.collect()
}

fn what_is_wrong(pin: Pin) -> Option<(&'static str, Severity, String)> {
    Some(match pin {
        Pin::None => ("disa-without-pin", Severity::Critical, "asks for no PIN".to_owned()),
        Pin::Weak(why) => ("disa-weak-pin", Severity::Critical, format!("has a weak PIN: {why}")),
        Pin::Short => ("disa-weak-pin", Severity::High, "has a PIN of four or five digits".to_owned()),
        Pin::Fair | Pin::Elsewhere => return None,
    })
}

fn finding(tone: &Tone<'_>, show: &Show<'_>) -> Option<Finding> {
    let (id, severity, how) = what_is_wrong(tone.pin)?;
    let context = visible(tone.context);
    let outlet = tone.outlets.first()?;
    Some(Finding {
        id,
        severity,
        subject: Untrusted::from(tone.context),
        title: format!("The second dial tone (DISA) in [{context}] {how}"),
        detail: format!(
            "Whoever calls in from outside can get there and then dial out: {}. Programs try such PINs all night.",
            name(outlet)
        ),
        remedy: REMEDY.into(),
        // MITRE ATT&CK: External Remote Services; Brute Force: Password Guessing.
        attack: vec!["T1133", "T1110.001"],
        evidence: [tone.place, outlet.place].into_iter().filter_map(show).collect(),
    })
}
