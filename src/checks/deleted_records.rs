//! Call records, and events of calls, that somebody deleted.
//!
//! An intruder who can reach the database wipes his calls. So does an honest job that drops what is old; but that
//! deletes the oldest rows, and leaves none that is older than the newest it deleted.

use super::Show;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Yields one finding for each table from which rows were deleted.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for told in &world.told {
        let deleted = &told.ledger.deleted;
        if deleted.rows == 0 {
            continue;
        }
        let is_amid_living =
            deleted.last.zip(deleted.first_living).is_some_and(|(deleted, living)| deleted > living);
        let why = if is_amid_living {
            "Older rows are still there, so this was no job that drops the oldest."
        } else {
            "They are older than all rows that are left, as after a job that drops the oldest."
        };
        // Of events a server or its biller may drop some kinds by itself.
        let severity = match (is_amid_living, deleted.calls) {
            (false, _) => Severity::Low,
            (true, 0) => Severity::Medium,
            (true, _) => Severity::High,
        };
        let what = if deleted.calls == 0 { "Events of calls" } else { "Call records" };
        findings.push(Finding {
            id: "call-records-deleted",
            severity,
            subject: Untrusted::from(told.source.file.path.as_str()),
            title: format!("{what} were deleted: {} rows", deleted.rows),
            detail: format!(
                "{} rows that were deleted from the table were found in its files. {why} Who deleted them is \
                 not told there.",
                deleted.rows
            ),
            remedy: "Keep the disk as it is: writing to the database destroys what is left. Compare with the carrier's records, and look for who reached the database.".into(),
            // MITRE ATT&CK: Indicator Removal.
            attack: vec!["T1070"],
            evidence: deleted.lines.iter().filter_map(show).collect(),
        });
    }
    findings
}
