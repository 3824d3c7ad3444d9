//! Calls to numbers that a campaign called, where the server itself has no such number.

use super::{Show, marks};
use crate::event::Citation;
use crate::indicators::{self, Indicator, Kind};
use crate::reconstruct::calls::Call;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Calls shown.
const MOST_SHOWN: usize = 3;

/// Yields one finding for each published number that was called.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let known = indicators::of(Kind::Number)
        .flat_map(|(_, mark)| mark.written.iter().map(move |text| (mark, text.as_str())));
    known.filter_map(|(mark, number)| of_number(world, mark, number, show)).collect()
}

fn of_number(world: &World<'_>, mark: &Indicator, number: &str, show: &Show<'_>) -> Option<Finding> {
    // A phone of the house, or a number of its dialplan, may be called by anybody.
    if world.accounts.contains(number) || is_in_dialplan(world, number) {
        return None;
    }
    let calls: Vec<&Call> =
        world.calls.iter().filter(|call| world.dialed(call) == number.as_bytes()).collect();
    let first = calls.first()?;
    let lines = calls.iter().take(MOST_SHOWN).flat_map(|call| world.places(call));
    let proofs: Vec<_> = lines.filter_map(|place| show(&Citation::new(place, b""))).collect();
    Some(Finding {
        id: "indicator",
        severity: Severity::Low,
        subject: Untrusted::from(number),
        title: format!("{} was called, which {}", visible(number), mark.says),
        detail: format!(
            "{}, the first at {}. Mark {}: {}, since {}, by {}; {} confidence. It may be a number of yours that the \
             configuration here does not show.",
            counted(calls.len() as u64, "call"),
            marks::utc(first.start()),
            mark.id,
            mark.title,
            mark.since,
            mark.source,
            mark.confidence.word()
        ),
        remedy: "See who made the calls and what else came from there at the time.".into(),
        attack: vec!["T1496"],
        evidence: proofs,
    })
}

fn is_in_dialplan(world: &World<'_>, number: &str) -> bool {
    let contexts = world.pbx.dialplan.contexts.values();
    contexts.flat_map(|context| &context.extensions).any(|extension| extension.pattern.text() == number)
}
