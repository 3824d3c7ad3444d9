//! Records that a stranger may have written: they are shown, and nothing is built on them.

use super::Show;
use crate::event::Citation;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of each kind that are shown one by one.
const MOST_SHOWN: usize = 20;

/// Yields one finding for each call that a record claims and another source denies, and one for each log that
/// holds text of a stranger's.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let calls = world.calls.unproven.iter().take(MOST_SHOWN).map(|call| {
        let subject = world.uniqueid(call).map_or_else(|| Untrusted::from(""), Untrusted::from_bytes);
        let places = world.places(call).into_iter().map(|place| Citation::new(place, b""));
        Finding {
            id: "unproven-call-record",
            severity: Severity::High,
            title: format!("A record of a call to {} stands alone", visible(&String::from_utf8_lossy(world.dialed(call)))),
            subject,
            detail: "Sources that tell of the calls before it, and of what came later, know nothing of this call. \
                     One packet from a stranger can write such a row into a CSV file of FreeSWITCH: it is taken for forged \
                     unless somebody removed the other traces, and counts as no call."
                .into(),
            remedy: "Ask the carrier whether the call was made. For the future keep XML or JSON call records, \
                     which cannot be written into from outside."
                .into(),
            // MITRE ATT&CK: Indicator Removal has no counterpart for what is planted; Masquerading is the nearest.
            attack: vec!["T1036"],
            evidence: places.filter_map(|citation| show(&citation)).collect(),
        }
    });
    let lines = world.told.iter().filter(|told| told.ledger.forged.0 > 0).take(MOST_SHOWN).map(|told| {
        let (count, lines) = &told.ledger.forged;
        Finding {
            id: "forged-log-lines",
            severity: Severity::High,
            subject: Untrusted::from(told.source.file.path.as_str()),
            title: format!("{count} lines of a log were written by a caller, or cannot be told from such"),
            detail: "Line ends in the user part of a SIP header reach the log of FreeSWITCH as they are, so that a stranger \
                     writes whole lines into it. These belong to a session whose name holds line ends, or are of a \
                     kind that no session writes. What they say of accounts and addresses is not believed."
                .into(),
            remedy: "Do not ban or blame addresses by these lines; see that a blocker that reads this log does not either."
                .into(),
            attack: vec!["T1036"],
            evidence: lines.iter().filter_map(show).collect(),
        }
    });
    calls.chain(lines).collect()
}
