//! Administrators, jobs and users of the manager interface in the panel's database that an intruder made, or
//! that were not there the night before.

use std::collections::BTreeMap;

use super::Show;
use crate::artifacts::{Change, Held, HeldRow};
use crate::indicators::Confidence;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one kind that are shown one by one.
const MOST_SHOWN: usize = 50;

/// Yields one finding for each row that bears a mark or came to be between two dumps and gives power.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let artifacts = world.artifacts;
    let appeared: BTreeMap<(&str, &str), &Change> = artifacts
        .appeared
        .iter()
        .map(|change| ((change.row.table, change.row.name.as_str()), change))
        .collect();
    // Of a row in several dumps the newest tells how it is now.
    let mut rows: BTreeMap<(&str, &str), &HeldRow> = BTreeMap::new();
    for row in artifacts.snapshots.iter().flat_map(|snapshot| &snapshot.rows) {
        rows.insert((row.table, row.name.as_str()), row);
    }
    let told = rows.into_iter().filter_map(|(key, row)| of_row(row, appeared.get(&key).copied(), show));
    told.take(MOST_SHOWN).collect()
}

fn of_row(row: &HeldRow, change: Option<&Change>, show: &Show<'_>) -> Option<Finding> {
    let sure = row.marks.iter().map(|mark| mark.confidence).max();
    let is_power = matches!(row.held, Held::Administrator | Held::ManagerUser);
    if sure.is_none() && !(change.is_some() && is_power) {
        return None;
    }
    let (id, noun) = match row.held {
        Held::Administrator => ("unknown-admin", "Panel user"),
        Held::Job => ("persistence-panel-job", "Job of the panel"),
        Held::ManagerUser => ("unknown-manager-user", "User of the manager interface"),
        _ => ("indicator", "Setting of the panel"),
    };
    let severity = match sure {
        Some(Confidence::High) => Severity::Critical,
        Some(Confidence::Medium) => Severity::Medium,
        Some(Confidence::Low) => return None,
        None => Severity::Medium,
    };
    let name = visible(&row.name);
    let title = match (sure, change) {
        (Some(Confidence::High), _) => {
            format!("{noun} {name} was made by an intruder, by a mark of a campaign")
        }
        (Some(_), _) => format!("{noun} {name} bears a mark of a campaign"),
        (None, _) => format!("{noun} {name} was not there before: somebody made it between two dumps"),
    };
    let whose = row.marks.iter().map(|mark| format!("It {} ({}: {}).", mark.says, mark.id, mark.title));
    let since = change.map(|change| {
        format!("It is not in {}, and it is in the dump that came after it.", visible(&change.without.1))
    });
    Some(Finding {
        id,
        severity,
        subject: Untrusted::from(row.name.as_str()),
        title,
        detail: whose.chain(since).collect::<Vec<_>>().join(" "),
        remedy: "Ask who made it. If nobody did, take it away after keeping a dump, give every administrator a new \
                 password, and look for the requests of that time."
            .into(),
        // MITRE ATT&CK: Create Account; Scheduled Task/Job: Cron.
        attack: vec![if row.held == Held::Job { "T1053.003" } else { "T1136" }],
        evidence: show(&row.line).into_iter().collect(),
    })
}
