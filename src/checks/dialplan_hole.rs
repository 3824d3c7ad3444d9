//! Callers from the telephone network who can dial out, without a second dial tone or a mailbox: by a menu whose
//! context holds a route, or by the carrier's own context.

use super::Show;
use crate::pbx::dialplan::walk::{DoorKind, Outlet, numbers_of};
use crate::reconstruct::ways::{Ways, is_open, name};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each carrier's context from which a trunk can be reached so.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let each = ways.carriers.iter().filter_map(|way| {
        // Where several ways lead out, the one that costs most is told.
        let abroad: Vec<_> = ["_00X.", "_011X.", "_+X."].into_iter().map(numbers_of).collect();
        let is_dear = |outlet: &&Outlet<'_>| abroad.iter().any(|abroad| outlet.numbers.meets(abroad));
        let open = || way.reached.outlets.iter().filter(|outlet| is_open(outlet));
        let menus = open().filter(|outlet| {
            !outlet.doors.is_empty() && outlet.doors.iter().all(|door| door.kind == DoorKind::Menu)
        });
        let by_menu = menus.max_by_key(|outlet| is_dear(outlet));
        // A carrier sends the house's own numbers: what a route takes beside them is seldom asked for.
        let direct = open().filter(|outlet| outlet.doors.is_empty()).max_by_key(|outlet| is_dear(outlet));
        let outlet = by_menu.or(direct)?;
        let context = visible(&way.context);
        let (severity, detail) = match by_menu {
            Some(_) => (
                if is_dear(&outlet) { Severity::Critical } else { Severity::High },
                "A menu takes the caller's digits for extensions of a context that holds a route",
            ),
            None => (
                Severity::Medium,
                "What the carrier sends as the number called can be one outside, and is then called",
            ),
        };
        let menu = outlet.doors.iter().filter_map(|door| show(door.place));
        Some(Finding {
            id: "dialplan-hole",
            severity,
            subject: Untrusted::from(way.context.as_str()),
            title: format!("Who calls in by [{context}] can call out again"),
            detail: format!("{detail}: {}.", name(outlet)),
            remedy: "Let callers from outside reach extensions only: give menus and trunks contexts of their own that include no route.".into(),
            // MITRE ATT&CK: External Remote Services.
            attack: vec!["T1133"],
            evidence: show(outlet.place).into_iter().chain(menu).collect(),
        })
    });
    each.collect()
}
