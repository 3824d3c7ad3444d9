//! The gates for people to read: what keeps it shut first, with what to do and the proof.

use super::gate::{Gate, Outcome, State};
use crate::report::document::{Block, Line, counted, instant_or_dash};
use crate::report::sections::View;

/// Turns the outcome into blocks.
pub fn blocks(outcome: &Outcome, view: View) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Restore service"), Block::Paragraph(verdict(outcome))];
    blocks.extend(Block::table(
        &["gate", "state", "", "what it asks"],
        outcome.gates.iter().map(row).collect(),
    ));
    let shut: Vec<&Gate> = outcome.gates.iter().filter(|gate| gate.shuts()).collect();
    if !shut.is_empty() {
        blocks.push(Block::heading("What keeps it shut"));
        blocks.extend(shut.into_iter().flat_map(|gate| one(gate, view)));
    }
    let advised: Vec<&Gate> =
        outcome.gates.iter().filter(|gate| !gate.shuts() && gate.state != State::Closed).collect();
    if !advised.is_empty() {
        blocks.push(Block::heading("Advised or accepted"));
        blocks.extend(advised.into_iter().flat_map(|gate| one(gate, view)));
    }
    let closed: Vec<&Gate> = outcome.gates.iter().filter(|gate| gate.state == State::Closed).collect();
    if !closed.is_empty() {
        blocks.push(Block::heading("Closed"));
        blocks.extend(closed.into_iter().flat_map(|gate| one(gate, view)));
    }
    if !outcome.limits.is_empty() {
        blocks.push(Block::heading("Limits"));
        blocks.extend(Block::list(outcome.limits.iter().map(String::as_str)));
    }
    blocks
}

fn verdict(outcome: &Outcome) -> Line {
    let ends = instant_or_dash(outcome.evidence_ends.as_ref());
    let left =
        outcome.gates.iter().filter(|gate| !gate.shuts() && gate.state != State::Closed).count() as u64;
    let open = match left {
        0 => "The gate is open for service: every hole that this evidence can tell of is closed.".to_owned(),
        _ => format!(
            "The gate is open for service: nothing that this evidence can tell of must be closed first. {} that {} only advised or accepted {} not closed.",
            counted(left, "gate"),
            if left == 1 { "is" } else { "are" },
            if left == 1 { "is" } else { "are" },
        ),
    };
    match outcome.shut() as u64 {
        0 => Line::default().strong(open).words(format!(
            " The evidence ends at {ends}. Make a test call, watch for a day, then run this again on a new copy."
        )),
        shut => Line::default()
            .strong(format!("Do not restore service yet: {} not hold.", match shut {
                1 => "1 gate does".to_owned(),
                _ => format!("{} do", counted(shut, "gate")),
            }))
            .words(format!(" The evidence ends at {ends}.")),
    }
}

fn row(gate: &Gate) -> Vec<Line> {
    let state = match gate.shuts() {
        true => Line::default().strong(gate.state.word().to_uppercase()),
        false => gate.state.word().into(),
    };
    let weight = match (gate.required, &gate.accepted) {
        (_, Some(_)) => "accepted",
        (true, None) => "must",
        (false, None) => "advised",
    };
    vec![gate.id.as_str().into(), state, weight.into(), gate.title.as_str().into()]
}

fn one(gate: &Gate, view: View) -> Vec<Block> {
    let title = Line::default().strong(gate.state.word()).words(format!(" {}: {}", gate.id, gate.title));
    let mut entries: Vec<Line> = gate.why.iter().map(|why| why.as_str().into()).collect();
    entries.extend(gate.accepted.iter().map(|reason| format!("taken as it is: {reason}").into()));
    if !gate.to_do.is_empty() {
        let word = if gate.state == State::Open { "to do" } else { "would settle it" };
        entries.push(format!("{word}: {}", gate.to_do).into());
    }
    let mut blocks = vec![Block::Subheading(title)];
    blocks.extend(Block::list(entries));
    let shown: Vec<_> = gate.evidence.iter().take(view.proofs).cloned().collect();
    if !shown.is_empty() {
        blocks.push(Block::Proofs(shown));
    }
    blocks
}
