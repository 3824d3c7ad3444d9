//! What was judged, in words of likelihood that are defined, and what cannot be told.

use std::collections::BTreeMap;

use crate::report::document::{Block, Line, counted};
use crate::report::model::{Incident, Likelihood, Report, Vector};
use crate::report::sections::way_in;

/// Returns the judgements, each with its grounds.
pub(super) fn assessed(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Assessed")];
    let rows =
        report.likelihoods.iter().map(|one| vec![Line::from(one.likelihood.word()), one.meaning.into()]);
    blocks.push(Block::Paragraph(
        "Words of likelihood, as they are used here. They say how likely a statement is; how good its sources are is told by what speaks for and against it, and by what is missing."
            .into(),
    ));
    blocks.extend(Block::table(&["word", "meaning"], rows.collect()));
    if report.incidents.is_empty() {
        let told = match report.judged.logins {
            _ if report.has_calls_to_ask_about() => {
                "Whether anybody got in cannot be told: calls look like fraud, and what was examined does not show what was usual before them."
            }
            true if !report.judged.calls && report.to_confirm.iter().any(|question| question.uses > 0) => {
                "Whether anybody got in cannot be told: accounts were used from networks that they were not used from before, and what was examined shows no calls."
            }
            true => "No intrusion that succeeded was found in what was examined.",
            false => "Whether anybody got in cannot be told: what was examined shows no login that succeeds.",
        };
        blocks.push(Block::Paragraph(told.into()));
    }
    for incident in &report.incidents {
        blocks.push(Block::Subheading(incident.id.as_str().into()));
        blocks.extend(of_incident(incident));
    }
    blocks
}

fn of_incident(incident: &Incident) -> Vec<Block> {
    let entry = &incident.entry;
    let mut blocks = vec![Block::Paragraph(incident.title.as_str().into())];
    if incident.cannot_tell {
        blocks.push(Block::Paragraph(
            "Every line that speaks for this can have been written by a stranger: it needs other records to bear it out."
                .into(),
        ));
    }
    blocks.push(Block::Paragraph(claim(entry.vector, entry.likelihood)));
    blocks.extend(labelled("For it", &entry.because));
    blocks.extend(labelled("Against it", &entry.against));
    blocks.extend(labelled("Would change it", &entry.would_refute));
    let rivals = entry.alternatives.iter().map(|rival| {
        let title = rival.title.unwrap_or_else(|| way_in(rival.vector));
        let against = rival.against.first().map(|why| format!("; against it: {why}")).unwrap_or_default();
        format!("{title}: {}{against}", rival.likelihood.word())
    });
    blocks.extend(labelled("Other ways in that were weighed", &rivals.collect::<Vec<_>>()));
    if !incident.calls.is_empty() {
        blocks.extend(labelled("Calls were judged fraudulent because", &reasons(incident)));
    }
    blocks
}

fn claim(vector: Vector, likelihood: Likelihood) -> Line {
    let line = Line::default().words("The way in: ").strong(way_in(vector));
    // That nothing can be told is no statement that could be likely.
    if vector == Vector::Unknown { line.words(".") } else { line.words(format!(": {}.", likelihood.word())) }
}

fn reasons(incident: &Incident) -> Vec<String> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for call in &incident.calls {
        *counts.entry(&call.why).or_default() += 1;
    }
    counts.into_iter().map(|(why, count)| format!("{why} ({})", counted(count, "call"))).collect()
}

fn labelled(label: &str, reasons: &[String]) -> Vec<Block> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Paragraph(format!("{label}:").into())];
    blocks.extend(Block::list(reasons.iter().map(String::as_str)));
    blocks
}

/// Returns what no record at hand tells.
pub(super) fn not_determinable(report: &Report) -> Vec<Block> {
    let mut lines = vec!["Which person acted: records know addresses, accounts and numbers.".to_owned()];
    for incident in &report.incidents {
        let missing =
            incident.entry.missing.iter().map(|what| format!("missing, and it would decide: {what}"));
        lines.extend(
            incident.unknown.iter().cloned().chain(missing).map(|what| format!("{}: {what}", incident.id)),
        );
    }
    if super::downloads(report).next().is_some() && report.reconciliation.is_none() {
        lines.push("Whether the secrets in the files that were downloaded were used elsewhere: the carrier's records would tell.".to_owned());
    }
    lines.extend(report.gaps.iter().map(|gap| format!("{}: {}", gap.what, gap.why_it_matters)));
    lines.push(format!("Not judged, whatever the evidence: {}.", report.judged.not_judged));
    let mut blocks = vec![Block::heading("Not determinable")];
    blocks.extend(Block::list(lines));
    blocks
}
