//! How grave a weak secret is: how soon it is guessed, and who can try.

use crate::pbx::{HeldSecret, Reach, SecretKind, Weakness};
use crate::report::model::Severity;

/// Nobody guesses at one secret for longer, in seconds.
const TEN_YEARS: f64 = 3.2e8;
/// Some do for so long.
const A_MONTH: f64 = 2.6e6;

/// Returns how grave the gravest weakness of a secret is that a guesser needs `seconds` for.
pub(super) fn of(held: &HeldSecret, seconds: Option<f64>) -> Severity {
    let each = held.weaknesses.iter().map(|weakness| of_weakness(held, *weakness, seconds));
    each.min().unwrap_or(Severity::Low).max(most(held))
}

fn of_weakness(held: &HeldSecret, weakness: Weakness, seconds: Option<f64>) -> Severity {
    match weakness {
        weakness if weakness.is_first_tried() => Severity::Critical,
        Weakness::Shared if held.places > 3 => Severity::Medium,
        Weakness::Shared | Weakness::OldOneKept => Severity::Low,
        Weakness::EqualsPin | Weakness::StillInForce => Severity::Medium,
        _ => match seconds {
            Some(seconds) if seconds > TEN_YEARS => Severity::Low,
            Some(seconds) if seconds > A_MONTH => Severity::Medium,
            _ => Severity::High,
        },
    }
}

/// Returns how grave the secret can be at most, by who can try it and what it opens.
fn most(held: &HeldSecret) -> Severity {
    match (held.kind, held.reach) {
        // Whoever is on the server already needs no secret of the manager interface.
        (_, Reach::Local) => Severity::Low,
        // Of a host's users it is not known whether anything takes their passwords, of a server of phones' files
        // whether it asks for one.
        (SecretKind::Voicemail | SecretKind::Ari | SecretKind::Host | SecretKind::FileServer, _)
        | (_, Reach::Listed) => Severity::High,
        // What it opens is the carrier's side.
        (SecretKind::Trunk, _) | (_, Reach::Presented) => Severity::Medium,
        (SecretKind::Database | SecretKind::PhonePage, _) => Severity::Medium,
        _ => Severity::Critical,
    }
}
