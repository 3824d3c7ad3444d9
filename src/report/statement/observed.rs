//! What records say, and what was counted from them.

use crate::report::document::{Block, Line, counted, duration, place};
use crate::report::model::{Incident, Proof, Report, Source};
use crate::report::sections::{has_something, loss_sentences};
use crate::untrusted::Untrusted;

use super::{both, both_or_dash};

/// Calls that the statement itself holds.
const MOST_CALLS: usize = 50;

/// Returns what records say, each with the places where they say it.
pub(super) fn observed(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Observed")];
    if report.incidents.is_empty() {
        blocks.push(Block::Paragraph(
            "No record of an intrusion that succeeded was found. What was tried is told below.".into(),
        ));
    }
    for incident in &report.incidents {
        blocks.push(Block::Subheading(incident.id.as_str().into()));
        blocks.extend(of_incident(incident));
    }
    for finding in super::downloads(report) {
        blocks.push(Block::Paragraph(format!("{}. {}", finding.title, finding.detail).into()));
        blocks.push(Block::Proofs(finding.evidence.clone()));
    }
    let tried = report.failed_attackers_count;
    if tried > 0 {
        let noun = if report.incidents.is_empty() { "address" } else { "further address" };
        let nothing_else = if has_something(report) { "" } else { " and nothing else" };
        let sentence = format!(
            "Attempts{nothing_else} were logged from {}: iocs.csv has the list.",
            counted(tried, noun)
        );
        blocks.push(Block::Paragraph(sentence.into()));
    }
    blocks
}

fn of_incident(incident: &Incident) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !incident.proof.is_empty() {
        blocks.push(Block::Paragraph("Records of the way in:".into()));
        blocks.push(Block::Proofs(incident.proof.clone()));
    }
    for source in &incident.sources {
        blocks.push(Block::Paragraph(address(source)));
        if !source.evidence.is_empty() {
            blocks.push(Block::Proofs(source.evidence.clone()));
        }
    }
    for caller in &incident.callers {
        let mut line = Line::default().words("Calls came in by telephone ");
        line = match &caller.number {
            Some(number) => {
                line.words("under the number ").evidence(number).words(" (as presented; it can be forged)")
            }
            None => line.words("without a number on record"),
        };
        let times = format!(
            ": {}, first {}, last {}.",
            counted(caller.calls, "call"),
            both_or_dash(caller.first.as_ref()),
            both_or_dash(caller.last.as_ref())
        );
        blocks.push(Block::Paragraph(line.words(times)));
    }
    if !incident.calls.is_empty() {
        blocks.push(Block::Paragraph("Call records:".into()));
        blocks.extend(calls(incident));
    }
    blocks
}

/// Tells an address as it was logged; whose it is, and who used it, no record says.
fn address(source: &Source) -> Line {
    let known: Vec<&str> =
        [&source.country, &source.city, &source.network].into_iter().flatten().map(String::as_str).collect();
    let known = if known.is_empty() {
        String::new()
    } else {
        format!("; by the database of addresses that was given: {}", known.join(", "))
    };
    let tries = source.attempts.map(|tries| format!(", {tries} failed tries")).unwrap_or_default();
    Line::default().strong(source.address.to_string()).words(format!(
        " (as logged; may be a relay): {}{tries}, first {}, last {}{known}.",
        counted(source.events, "record"),
        both_or_dash(source.first.as_ref()),
        both_or_dash(source.last.as_ref())
    ))
}

fn calls(incident: &Incident) -> Vec<Block> {
    let rows = incident.calls.iter().take(MOST_CALLS).map(|call| {
        let seconds = match call.seconds {
            Some(seconds) if call.stayed_inside => format!("{seconds}, within the house: billed by nobody"),
            Some(seconds) => seconds.to_string(),
            None => "not on record".to_owned(),
        };
        vec![
            call.start
                .map_or_else(
                    || "-".to_owned(),
                    |start| start.to_utc().format("%Y-%m-%d %H:%M:%S").to_string(),
                )
                .into(),
            call.account.as_ref().map_or_else(|| "-".into(), Line::from),
            Line::from(&call.dialed),
            seconds.into(),
            call.disposition.into(),
            call.evidence.first().map(|proof| record(proof, call.uniqueid.as_ref())).unwrap_or_default(),
        ]
    });
    let header = ["start (UTC)", "account", "dialled", "#seconds", "ended", "record"];
    let mut blocks = Block::table(&header, rows.collect());
    let left = incident.calls.len().saturating_sub(MOST_CALLS);
    if left > 0 {
        blocks.push(Block::Paragraph(
            format!("and {left} more, in calls.csv, which belongs to this statement").into(),
        ));
    }
    blocks
}

/// Names the place of a call's record; a row of a database, which has neither line nor offset, by its own id.
fn record(proof: &Proof, id: Option<&Untrusted>) -> Line {
    let line = Line::path(&place(proof));
    match id {
        Some(id) if proof.line.is_none() && proof.offset.is_none() => {
            line.words(", the row of id ").evidence(id)
        }
        _ => line,
    }
}

/// Returns what was counted or computed.
pub(super) fn derived(report: &Report) -> Vec<Block> {
    let mut lines = Vec::new();
    for incident in &report.incidents {
        let id = &incident.id;
        let totals = &incident.totals;
        let span = incident.calls.iter().filter_map(|call| call.start.as_ref());
        let span = span.clone().min().zip(span.max());
        let span =
            span.map(|(first, last)| format!(", from {} to {}", both(first), both(last))).unwrap_or_default();
        lines.push(format!(
            "{id}: {}, {} answered, {}{span}.",
            counted(totals.calls, "call"),
            totals.answered,
            totals.billed()
        ));
        lines.extend(incident.phases.iter().map(|span| {
            format!(
                "{id}: {}: {}, from {} to {}.",
                span.phase.word(),
                counted(span.events, "record"),
                both_or_dash(span.first.as_ref()),
                both_or_dash(span.last.as_ref())
            )
        }));
        if let (Some(breach), Some(first)) = (&incident.breach, first_sign(incident)) {
            let seconds = u64::try_from(breach.signed_duration_since(first).num_seconds()).unwrap_or(0);
            if seconds > 0 {
                lines.push(format!(
                    "{id}: the first use by the intruder was {} after the first sign.",
                    duration(seconds)
                ));
            }
        }
        lines.extend(
            loss_sentences(&incident.loss).into_iter().map(|sentence| format!("{id}: cost: {sentence}")),
        );
    }
    lines.push(format!(
        "Failed tries at the phone system from all addresses: {}, told by {}.",
        report.assessment.failed_attempts,
        counted(report.assessment.failure_records, "record")
    ));
    lines.push(format!("Calls of all kinds in the evidence: {}.", report.assessment.all_calls));
    let mut blocks = vec![Block::heading("Derived")];
    blocks.extend(Block::list(lines));
    blocks
}

fn first_sign(incident: &Incident) -> Option<crate::report::model::When> {
    incident.sources.iter().filter_map(|source| source.first).min()
}
