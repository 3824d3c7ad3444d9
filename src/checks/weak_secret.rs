//! Secrets that are guessed at once: none, the account's own name, a product's default, short ones.

use super::Show;
use crate::pbx::SecretStrength;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each account with such a secret; the secret itself is never shown.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let accounts = world.pbx.accounts.iter().filter_map(|account| {
        let severity = match account.secret? {
            SecretStrength::None | SecretStrength::Default => Severity::Critical,
            SecretStrength::Weak => Severity::High,
            SecretStrength::Fair => return None,
        };
        Some(Finding {
            id: "weak-secret",
            severity,
            subject: Untrusted::from(account.name.as_str()),
            title: format!("The secret of account {} is weak", visible(&account.name)),
            detail: account.secret_weakness.unwrap_or("it is easily guessed").to_owned(),
            remedy: "Set a random secret of at least 16 characters, on the server and on the phone.".into(),
            // MITRE ATT&CK: Brute Force: Password Guessing.
            attack: vec!["T1110.001"],
            evidence: show(&account.place).into_iter().collect(),
        })
    });
    accounts.collect()
}
