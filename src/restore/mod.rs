//! The gate before service is restored: each hole of the intrusion and each critical setting, closed or open.
//!
//! The new evidence, copied after the repair, is examined like any other. What the gates are judged on is that
//! [`Scene`]: its report and its configuration, and what an [earlier case](Earlier) tells of the intrusion and of
//! the secrets that were in force then. Each gate is a file in `gates/` that answers *closed*, *open* or *cannot
//! tell*, with proof.
//!
//! A gate that must hold keeps the whole shut while it is open and also while it cannot be told: who restores
//! service on what nobody could check restores it for the intruder. What would settle it is then said. Gates that
//! are only advised (routes abroad, secrets that the intruder had no way to read) never keep it shut.

mod earlier;
mod gate;
mod gates;
mod kept;
mod other_server;
mod render;
mod scene;
mod steps;

pub use earlier::{Earlier, EarlierError};
pub use gate::{Accepted, Gate, Outcome, State};
pub use kept::Kept;
pub use render::blocks;
pub use scene::Scene;
pub use steps::steps;

use crate::misspelt;

/// The name and version of the form in which the gates are told as JSON.
pub const SCHEMA: &str = "tolltrace.restore/1";

/// Returns whether a gate may be called so, and the id that was meant where it may not.
pub fn known_gate(id: &str) -> Result<(), Option<&'static str>> {
    if gates::ids().any(|known| known == id) { Ok(()) } else { Err(misspelt::nearest(id, gates::ids())) }
}

/// Returns the ids that gates may have.
pub(crate) fn gate_ids() -> impl Iterator<Item = &'static str> {
    gates::ids()
}

/// Judges every gate: those that keep it shut first, then those that somebody takes as they are.
pub fn judge(scene: &Scene<'_>, accepted: &[Accepted]) -> Outcome {
    let mut gates: Vec<Gate> = gates::ALL.iter().flat_map(|one| (one.judge)(scene)).collect();
    let mut limits = scene.limits();
    for accepted in accepted {
        match gates.iter_mut().find(|gate| gate.id == accepted.gate) {
            Some(gate) if gate.state != State::Closed => gate.accepted = Some(accepted.reason.clone()),
            Some(_) => {}
            None => limits.push(format!("--accept {}: no gate of this evidence is called so", accepted.gate)),
        }
    }
    gates.sort_by_key(|gate| (gate.rank(), gate.order()));
    Outcome {
        holds: gates.iter().all(|gate| !gate.shuts()),
        clean_since: scene.shown(scene.clean_since),
        evidence_ends: scene.report.case.evidence_ends,
        gates,
        limits,
    }
}
