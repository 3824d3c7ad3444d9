//! Administrators, jobs and users of the manager interface in the panel's database that an intruder made, or
//! that were not there the night before.

use std::collections::BTreeMap;

use super::Show;
use crate::artifacts::{Change, Held, HeldRow};
use crate::indicators::Confidence;
use crate::reconstruct::web::WebDoor;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings of one kind that are shown one by one.
const MOST_SHOWN: usize = 50;

/// Yields one finding for each row that bears a mark or came to be between two dumps and gives power.
pub(super) fn check(world: &World<'_>, door: Option<&WebDoor>, show: &Show<'_>) -> Vec<Finding> {
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
    let told = rows.into_iter().filter_map(|(key, row)| {
        let change = appeared.get(&key).copied();
        of_row(row, change, change.is_some() && is_of(door, row), show)
    });
    told.take(MOST_SHOWN).collect()
}

/// Returns whether a row is a panel user who belongs to the party that came in by the web server.
fn is_of(door: Option<&WebDoor>, row: &HeldRow) -> bool {
    row.held == Held::Administrator && door.is_some_and(|door| door.accounts.contains_key(&row.name))
}

fn of_row(
    row: &HeldRow,
    change: Option<&Change>,
    came_with_intruder: bool,
    show: &Show<'_>,
) -> Option<Finding> {
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
    let made = if row.held == Held::Setting { "changed" } else { "made" };
    let name = visible(&row.name);
    let (severity, title) = match sure {
        Some(Confidence::High) => (
            Severity::Critical,
            format!("{noun} {name} was {made} by an intruder: it bears a campaign's mark"),
        ),
        _ if came_with_intruder => {
            (Severity::Critical, format!("{noun} {name} was {made} while the intruder was in"))
        }
        Some(Confidence::Medium) => (
            Severity::Medium,
            format!("{noun} {name} may have been {made} by an intruder: it bears a campaign's mark"),
        ),
        Some(Confidence::Low) => return None,
        None => (
            Severity::Medium,
            format!("{noun} {name} was not there before: somebody made it since an older dump"),
        ),
    };
    let whose = row.marks.iter().map(|mark| format!("It {} ({}: {}).", mark.says, mark.id, mark.title));
    let since = change.map(|change| {
        format!(
            "It is not in {}, and it is in the dump that came after it, or in the database itself.",
            visible(&change.without.1)
        )
    });
    Some(Finding {
        id,
        severity,
        subject: Untrusted::from(row.name.as_str()),
        title,
        detail: whose.chain(since).collect::<Vec<_>>().join(" "),
        remedy: remedy(row.held, severity).to_owned(),
        // MITRE ATT&CK: Create Account; Scheduled Task/Job: Cron.
        attack: vec![if row.held == Held::Job { "T1053.003" } else { "T1136" }],
        evidence: show(&row.line).into_iter().collect(),
    })
}

/// What to do about a row, by how sure it is that an intruder made it.
fn remedy(held: Held, severity: Severity) -> &'static str {
    match (severity, held) {
        (Severity::Critical, Held::Setting | Held::Module) => {
            "Set it back after keeping a dump, give every administrator a new password, and look for the requests of that time."
        }
        (Severity::Critical, _) => {
            "Delete it after keeping a dump, give every administrator a new password, and look for the requests of that time."
        }
        _ => {
            "Ask who made it. If nobody did, take it away after keeping a dump, give every administrator a new \
             password, and look for the requests of that time."
        }
    }
}
