//! Secrets that were guessed in an incident: how many tries it took is known, and needs no reckoning.

use std::collections::BTreeMap;

use crate::pbx::{HeldSecret, SecretKind};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Role, Vector};
use crate::untrusted::visible;

/// Accounts named one by one.
const MOST_NAMED: usize = 5;

/// Accounts whose secret was guessed, with the wrong tries before the intruder was let in.
#[derive(Debug, Default)]
pub(super) struct Guessed {
    tries: BTreeMap<String, u64>,
}

impl Guessed {
    /// Collects them from the incidents that began with guessing.
    pub(super) fn by_incidents(world: &World<'_>, incidents: &[Incident]) -> Self {
        let is_guessed = |incident: &&Incident| {
            !incident.is_doubtful
                && incident.ways.first().is_some_and(|way| way.vector == Vector::PasswordGuess)
        };
        let mut guessed = Guessed::default();
        for incident in incidents.iter().filter(is_guessed) {
            for account in incident.accounts.keys() {
                let tries = tries(world, incident, account);
                if tries > 0 {
                    guessed.tries.insert(account.clone(), tries);
                }
            }
        }
        guessed
    }

    /// Returns the tries that a secret took, where it is one that was guessed.
    pub(super) fn tries(&self, held: &HeldSecret) -> Option<u64> {
        let is_of_account = matches!(held.kind, SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax);
        self.tries.get(&held.owner).copied().filter(|_| is_of_account)
    }

    /// Tells of those that were guessed.
    pub(super) fn sentence(&self, held: &[&HeldSecret]) -> Option<String> {
        let found: BTreeMap<&str, u64> =
            held.iter().filter_map(|held| Some((held.owner.as_str(), self.tries(held)?))).collect();
        let mut told: Vec<String> = found
            .iter()
            .take(MOST_NAMED)
            .map(|(name, tries)| {
                let tries = if *tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
                format!("{} was guessed after {tries}", visible(name))
            })
            .collect();
        if let Some(more) = found.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            told.push(format!("so were {}", counted(more as u64, "other")));
        }
        (!told.is_empty()).then(|| format!("{}.", told.join("; ")))
    }
}

/// Counts the wrong tries of those who guessed before the first use of the account by the intruder.
fn tries(world: &World<'_>, incident: &Incident, account: &str) -> u64 {
    let uses = incident.actors.iter().filter(|(_, actor)| actor.is_inside());
    let first = uses.flat_map(|(address, _)| world.uses_from(account, *address)).map(|used| used.first).min();
    let breach = first.unwrap_or(incident.breach);
    let guessers = incident.actors.iter().filter(|(_, actor)| actor.roles.contains(&Role::Guess));
    guessers
        .filter_map(|(address, _)| world.failures(*address, account))
        .map(|tried| tried.before(breach))
        .sum()
}
