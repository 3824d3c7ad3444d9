//! What stands out in the calls that went out.

use crate::patterns::Level;
use crate::report::document::{Block, Line, instant_or_dash};
use crate::report::model::{Observation, Report};

use super::{View, titled};

pub(super) fn observations(report: &Report, view: View) -> Vec<Block> {
    let mut observed: Vec<&Observation> = report.observations.iter().collect();
    // Firsts keep their place before statistics of the same level.
    observed.sort_by_key(|one| one.level);
    let rows: Vec<Vec<Line>> = observed.iter().take(view.rows).map(|one| row(one)).collect();
    let shown = rows.len();
    let header = ["level", "about", "observed", "held against", "first", "last", "#calls"];
    let mut blocks = Block::table(&header, rows);
    blocks.extend(view.rest(shown, observed.len(), "report.json"));
    if !blocks.is_empty() {
        let note = "None of this blames anybody by itself: it is for whoever knows the company to judge.";
        blocks.insert(0, Block::Paragraph(note.into()));
    }
    titled("What stands out in the calls", blocks)
}

fn row(observed: &Observation) -> Vec<Line> {
    let level = match observed.level {
        Level::Critical => "critical",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    vec![
        level.into(),
        (&observed.subject).into(),
        observed.what.as_str().into(),
        observed.threshold.as_str().into(),
        instant_or_dash(observed.first.as_ref()).into(),
        instant_or_dash(observed.last.as_ref()).into(),
        observed.calls.into(),
    ]
}
