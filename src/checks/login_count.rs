//! A login that only the count of FreeSWITCH's nonces tells of.

use super::Show;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Yields a finding where a client answered one challenge more often than any phone does, and was let in.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let counts = world.pbx.login_counts.iter().filter_map(|counts| Some((counts, counts.most_uses?)));
    counts
        .map(|(counts, uses)| Finding {
            id: "guessing-tool-let-in",
            severity: Severity::High,
            subject: Untrusted::from("sip_authentication"),
            title: "A program that guesses secrets came upon the right one".into(),
            // The count is hexadecimal; a common tool writes its tries in decimal digits.
            detail: format!(
                "Of {} challenges that are still on record {} were answered with the right secret; with one of them \
                 the client sent the count {uses:x} (hexadecimal), where a phone sends 1: so many tries had been made. \
                 Neither the account nor the address is on record with it.",
                counts.challenges, counts.logins
            ),
            remedy: "Change every weak secret, and set log-auth-failures in the SIP profile.".into(),
            // MITRE ATT&CK: Brute Force: Password Guessing.
            attack: vec!["T1110.001"],
            evidence: show(&counts.place).into_iter().collect(),
        })
        .collect()
}
