//! Forwards to numbers that cost: abroad, or premium; and what sends calls on as they do, follow-me and ring groups.

use super::Show;
use crate::event::Citation;
use crate::pbx::Forward;
use crate::reconstruct::behaviour::destination;
use crate::reconstruct::calls::Call;
use crate::reconstruct::forward_set::FEATURE_CODES;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Forwards told one by one.
const MOST_TOLD: usize = 200;

/// Yields one finding for each such forward, with the calls that it sent on, and the one that set it.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let costly = world.pbx.forwards.iter().filter(|forward| {
        // A digit for the outside line, separators: as it would be dialled.
        destination(forward.number.trim_start_matches('#').as_bytes()).is_costly()
    });
    costly.take(MOST_TOLD).map(|forward| finding(world, forward, show)).collect()
}

fn finding(world: &World<'_>, forward: &Forward, show: &Show<'_>) -> Finding {
    let sent_on = world.calls.iter().filter(|call| {
        (call.from_trunk() || call.is_originated()) && world.dialed(call) == forward.number.as_bytes()
    });
    let count = sent_on.count() as u64;
    let set = world.calls.iter().rev().find(|call| sets(world, call, forward));
    let used = match count {
        0 => "No call on record was sent there.".to_owned(),
        calls => format!("{} on record went there.", crate::report::document::counted(calls, "call")),
    };
    let how = match set {
        Some(_) => " The account itself dialled the feature code that sets it.",
        None => " When it was set is not on record: the database keeps no times.",
    };
    let line = set.and_then(|call| world.places(call).first().copied());
    let line = line.and_then(|place| show(&Citation::new(place, b"")));
    Finding {
        id: "forward-to-paid-destination",
        severity: if count > 0 { Severity::Critical } else { Severity::High },
        subject: Untrusted::from(forward.account.as_str()),
        title: format!(
            "Calls to {} are forwarded {} to {}",
            visible(&forward.account),
            forward.when,
            visible(&forward.number)
        ),
        detail: format!("The number lies abroad or costs as if it did. {used}{how}"),
        remedy: "Ask the user whether it is his; remove it otherwise, change the PINs and passwords that could set it, and forbid forwards to numbers abroad.".into(),
        // MITRE ATT&CK: Account Manipulation has no counterpart for telephones; Resource Hijacking is the aim.
        attack: vec!["T1496"],
        evidence: show(&forward.place).into_iter().chain(line).collect(),
    }
}

/// Returns whether a call is the account's own feature code for this forward.
fn sets(world: &World<'_>, call: &Call, forward: &Forward) -> bool {
    let dialed = world.dialed(call);
    let is_code = FEATURE_CODES.iter().any(|code| dialed.starts_with(code));
    is_code && world.account_of(call) == Some(forward.account.as_str())
}
