//! Limits to hours and days that Asterisk reads otherwise than they look.
//!
//! `17:02-08:00,mon-fri` holds on Friday at 23:30 and not on Saturday at 03:00, since the weekday is that of the moment;
//! a part that cannot be read (`monday`, `24:00`) holds never, and so what it was to open stays shut, or what it was to
//! shut stays open (`main/pbx_timing.c`).

use super::Show;
use crate::event::Citation;
use crate::pbx::dialplan::TimeFault;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Lines shown.
const MOST_PROOFS: usize = 8;

/// Yields one finding for each kind of fault.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let contexts = world.pbx.dialplan.contexts.values();
    let of_dialplan =
        contexts.flat_map(|context| &context.includes).filter_map(|include| include.fault.as_ref());
    let of_panel = world.pbx.panel.time_faults.iter().map(|time| (&time.fault, &time.place));
    let all: Vec<(TimeFault, &Citation)> = of_dialplan
        .map(|(fault, place)| (fault, place))
        .chain(of_panel)
        .map(|(fault, place)| (*fault, place))
        .collect();
    [TimeFault::Unread, TimeFault::OverMidnight]
        .into_iter()
        .filter_map(|fault| of_fault(fault, &all, show))
        .collect()
}

fn of_fault(fault: TimeFault, all: &[(TimeFault, &Citation)], show: &Show<'_>) -> Option<Finding> {
    let places: Vec<&Citation> =
        all.iter().filter(|(found, _)| *found == fault).map(|(_, place)| *place).collect();
    let (subject, title, detail, remedy) = match fault {
        TimeFault::Unread => (
            "times that cannot be read",
            "A limit of times holds never, as Asterisk cannot read it",
            "Days and months have three letters (mon, dec), hours go to 23:59. What it was to open stays shut, and what it was to shut stays open.",
            "Write the days and months with three letters and midnight as 23:59.",
        ),
        TimeFault::OverMidnight => (
            "times over midnight",
            "A limit of times that goes over midnight leaves the early hours of another day open or shut",
            "The weekday is that of the moment: of hours like 17:00-08:00 on mon-fri, those of Saturday before 08:00 do not belong to it, and those of Monday before 08:00 do.",
            "Write two ranges, one to 23:59 and one from 00:00, each with its own days.",
        ),
    };
    (!places.is_empty()).then(|| Finding {
        id: "time-limit-misread",
        severity: Severity::Low,
        subject: Untrusted::from(subject),
        title: title.into(),
        detail: detail.into(),
        remedy: remedy.into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: places.into_iter().take(MOST_PROOFS).filter_map(show).collect(),
    })
}
