//! The steps of the playbook `restore`, answered by the gates that each of them names.
//!
//! What a report says of the intrusion stays true after the repair: a step that rested on it would stay to do for
//! ever. The gates hold the same questions against the new evidence.

use super::gate::{Gate, Outcome, State};
use crate::playbook::{Phase, judge};
use crate::report::model::{PlaybookStep, StepState};
use crate::untrusted::Untrusted;

/// Returns the steps of the phase, those that name gates with what their gates answer.
pub fn steps(all: &[PlaybookStep], outcome: &Outcome) -> Vec<PlaybookStep> {
    let of_phase = all.iter().filter(|step| step.phase == Phase::Restore.word());
    let mut steps: Vec<PlaybookStep> = of_phase.map(|step| answered(step, outcome)).collect();
    judge::forget_finished(&mut steps);
    steps
}

fn answered(step: &PlaybookStep, outcome: &Outcome) -> PlaybookStep {
    let mut step = step.clone();
    if step.text.gates.is_empty() {
        return step;
    }
    // What the findings of the intrusion say is not what is asked here.
    step.checks.clear();
    let named = outcome.gates.iter().filter(|gate| step.text.gates.contains(&gate.id));
    // What is only advised speaks where nothing must be.
    let worst = named.filter(|gate| gate.accepted.is_none()).max_by_key(|gate| (gate.required, gate.state));
    let (state, reason) = match worst {
        None => (StepState::NotNeeded, "no gate of this evidence asks for it".to_owned()),
        Some(gate) => {
            (state_of(gate), format!("{}: {}", gate.id, gate.why.first().map_or("", String::as_str)))
        }
    };
    (step.state, step.reason) = (state, Untrusted::from(reason.as_str()));
    step
}

fn state_of(gate: &Gate) -> StepState {
    match gate.state {
        State::Closed => StepState::Done,
        State::CannotTell => StepState::CannotTell,
        State::Open => StepState::ToDo,
    }
}
