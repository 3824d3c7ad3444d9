//! Why it was not blocked: each defence for each incident.

use crate::report::document::{Block, Line};
use crate::report::model::{Incident, NotBlocked, Report};

use super::{View, of_incident, proofs, titled};

pub(super) fn not_blocked(report: &Report, view: View) -> Vec<Block> {
    let of = |incident: &Incident| {
        let blocks = incident.not_blocked.iter().flat_map(|defence| one(defence, view)).collect();
        of_incident(report, &incident.id, blocks)
    };
    titled("Why it was not blocked", report.incidents.iter().flat_map(of).collect())
}

fn one(defence: &NotBlocked, view: View) -> Vec<Block> {
    let line = Line::default().strong(defence.defence.clone()).words(format!(
        " ({}): {}",
        defence.verdict.word(),
        defence.why
    ));
    let mut blocks = vec![Block::Paragraph(line)];
    blocks.extend(proofs(&defence.evidence, view));
    blocks
}
