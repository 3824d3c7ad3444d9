//! The words that fields of the program's own can have, so that a misspelt one cannot pass for *not found*.

use std::sync::LazyLock;

use super::fields::Field;
use super::sources::SOURCES;
use crate::event::{Action, Disposition, Leg};

/// The sides of a call.
const LEGS: [Leg; 4] = [Leg::Unknown, Leg::Caller, Leg::Called, Leg::Originated];

/// Returns the words that a field can have; none where it may have any.
pub(super) fn of(field: &Field) -> &'static [&'static str] {
    static ACTION: LazyLock<Vec<&str>> =
        LazyLock::new(|| Action::ALL.iter().map(|action| action.word()).collect());
    static SERVICE: LazyLock<Vec<&str>> = LazyLock::new(|| {
        // Formats are no services, and `any` is no service either.
        let parts = SOURCES.iter().filter(|known| known.source.is_service());
        parts.map(|known| known.word).collect()
    });
    static DISPOSITION: LazyLock<Vec<&str>> =
        LazyLock::new(|| Disposition::ALL.iter().map(|disposition| disposition.word()).collect());
    static LEG: LazyLock<Vec<&str>> = LazyLock::new(|| LEGS.iter().map(|leg| leg.word()).collect());
    match field.word {
        "action" => &ACTION,
        "service" => &SERVICE,
        "disposition" => &DISPOSITION,
        "leg" => &LEG,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_listed() {
        // The words that a misspelt one is told about are all there are.
        let all = serde_json::from_str::<Action>("\"?\"").unwrap_err().to_string();
        let known: Vec<&str> = all.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, Action::ALL.map(Action::word));
    }
}
