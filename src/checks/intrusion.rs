//! An account that somebody else used.

use super::Show;
use crate::event::Citation;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof, Severity};
use crate::untrusted::{Untrusted, visible};

/// Findings that tell, where they are critical, of an account that an intruder made.
const MADE: [&str; 2] = ["unknown-admin", "account-made-by-intruder"];
/// Lines shown for one account.
const MOST_PROOFS: usize = 4;

/// Yields one finding for each account that was taken over. One that the intruder made itself is no taken one: a new
/// secret would keep it for him. `made` tells of those.
pub(super) fn check(
    world: &World<'_>,
    incidents: &[Incident],
    made: &[Finding],
    show: &Show<'_>,
) -> Vec<Finding> {
    let is_made = |account: &str| {
        made.iter().any(|finding| {
            finding.severity == Severity::Critical
                && MADE.contains(&finding.id)
                && finding.subject.raw() == account
        })
    };
    let mut findings = Vec::new();
    for incident in incidents {
        for (account, how) in incident.accounts.iter().filter(|(account, _)| !is_made(account)) {
            // What a stranger may have written into the log is no ground for the gravest of words.
            let (severity, verb) = if incident.is_doubtful {
                (Severity::High, "may have been used")
            } else {
                (Severity::Critical, "was used")
            };
            let lines = incident.proof.iter().chain(incident.ways.iter().take(1).flat_map(|way| &way.proof));
            let mut evidence = distinct(lines.filter_map(show));
            // Where no login is on record, the calls themselves are what tells of it.
            if evidence.is_empty() {
                evidence = distinct(first_calls(world, incident).filter_map(|line| show(&line)));
            }
            findings.push(Finding {
                id: "account-taken-over",
                severity,
                subject: Untrusted::from(account.as_str()),
                title: if incident.is_calls_alone() {
                    format!("Calls that look like fraud were made with account {}", visible(account))
                } else {
                    format!("Account {} {verb} by an intruder", visible(account))
                },
                detail: how.clone(),
                remedy: "Give it a new, long secret on server and phone, drop its registration, and look where else the old secret was used.".into(),
                // MITRE ATT&CK: Valid Accounts; Resource Hijacking: SMS and telephone pumping is its closest.
                attack: vec!["T1078", "T1496"],
                evidence,
            });
        }
    }
    findings
}

/// Returns the places of the records of an incident's first calls; the text is read when it is shown.
fn first_calls<'w>(world: &'w World<'_>, incident: &'w Incident) -> impl Iterator<Item = Citation> + 'w {
    let calls = incident.calls.keys().filter_map(|&index| world.calls.list.get(index));
    let places = calls.take(MOST_PROOFS).filter_map(|call| world.places(call).first().copied());
    places.map(|place| Citation::new(place, b""))
}

/// Returns the first few proofs, each line once: another log's copy of it proves nothing more.
fn distinct(proofs: impl Iterator<Item = Proof>) -> Vec<Proof> {
    let mut kept: Vec<Proof> = Vec::new();
    for proof in proofs {
        if kept.iter().all(|known| known.text != proof.text) {
            kept.push(proof);
        }
        if kept.len() == MOST_PROOFS {
            break;
        }
    }
    kept
}
