//! Secrets that are guessed at once: none, the account's own name, a product's default, short ones.

use super::Show;
use crate::pbx::{Account, SecretStrength};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Accounts told one by one, the weakest first: a server with more of them needs one remedy for all.
const MOST_TOLD: usize = 5_000;

/// Yields one finding for each account with such a secret, up to a limit, and says how many there are
/// beyond it; the secret itself is never shown.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> (Vec<Finding>, Option<String>) {
    let mut weak: Vec<(Severity, &Account)> = world
        .pbx
        .accounts
        .iter()
        .filter_map(|account| match account.secret? {
            SecretStrength::None | SecretStrength::Default => Some((Severity::Critical, account)),
            SecretStrength::Weak => Some((Severity::High, account)),
            SecretStrength::Fair => None,
        })
        .collect();
    let all = weak.len();
    weak.sort_by_key(|(severity, _)| *severity);
    weak.truncate(MOST_TOLD);
    let limit = (all > MOST_TOLD)
        .then(|| format!("{all} accounts have a weak secret: the findings tell the {MOST_TOLD} weakest"));
    let findings = weak.into_iter().map(|(severity, account)| {
        Finding {
            id: "weak-secret",
            severity,
            subject: Untrusted::from(account.name.as_str()),
            title: format!("The secret of account {} is weak", visible(&account.name)),
            detail: account.secret_weakness.unwrap_or("it is easily guessed").to_owned(),
            remedy: "Set a random secret of at least 16 characters, on the server and on the phone.".into(),
            // MITRE ATT&CK: Brute Force: Password Guessing.
            attack: vec!["T1110.001"],
            evidence: show(&account.place).into_iter().collect(),
        }
    });
    (findings.collect(), limit)
}
