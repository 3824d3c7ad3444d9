//! An account that somebody else used.

use super::Show;
use crate::reconstruct::incident::Incident;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each account that was taken over.
pub(super) fn check(incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for incident in incidents {
        for (account, how) in &incident.accounts {
            let lines = incident.proof.iter().chain(incident.ways.iter().take(1).flat_map(|way| &way.proof));
            findings.push(Finding {
                id: "account-taken-over",
                severity: Severity::Critical,
                subject: Untrusted::from(account.as_str()),
                title: format!("Account {} was used by an intruder", visible(account)),
                detail: how.clone(),
                remedy: "Give it a new, long secret on server and phone, drop its registration, and look where else the old secret was used.".into(),
                // MITRE ATT&CK: Valid Accounts; Resource Hijacking: SMS and telephone pumping is its closest.
                attack: vec!["T1078", "T1496"],
                evidence: lines.take(4).filter_map(show).collect(),
            });
        }
    }
    findings
}
