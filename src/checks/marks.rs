//! How a mark of the host is told: what was seen, whose mark it is, how sure.

use super::Show;
use crate::artifacts::{Artifact, Mark};
use crate::event::Instant;
use crate::indicators::Confidence;
use crate::report::model::{Proof, Severity};

/// Marks told of one file.
const MOST_TOLD: usize = 6;

/// Tells marks in sentences.
pub(super) fn detail(marks: &[&Mark]) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for mark in marks.iter().take(MOST_TOLD) {
        let whose = mark.indicator.map_or_else(String::new, |indicator| {
            format!(
                " ({}: {}, since {}, by {})",
                indicator.id, indicator.title, indicator.since, indicator.source
            )
        });
        sentences.push(format!("It {}{whose}; {} confidence.", mark.says, mark.confidence.word()));
    }
    sentences.join(" ")
}

/// Returns the proof of marks, each line once, and of the file itself where no line is meant.
pub(super) fn proof(file: &Artifact, marks: &[&Mark], show: &Show<'_>) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = Vec::new();
    for mark in marks.iter().take(MOST_TOLD) {
        if let Some(proof) = show(&mark.line)
            && proofs.iter().all(|known| (&known.path, known.line) != (&proof.path, proof.line))
        {
            proofs.push(proof);
        }
    }
    if proofs.is_empty() {
        proofs.extend(show(&file.whole));
    }
    proofs
}

/// Returns the marks that are shown: the surest first, those that say nothing by themselves left out.
pub(super) fn told(file: &Artifact) -> Vec<&Mark> {
    let mut marks: Vec<&Mark> = file.marks.iter().collect();
    marks.sort_by_key(|mark| std::cmp::Reverse(mark.confidence));
    if marks.first().is_some_and(|first| first.confidence == Confidence::Low) {
        marks.clear();
    }
    marks
}

/// Returns how grave something is that lets an intruder in or back, by how sure it is.
pub(super) fn severity(confidence: Confidence) -> Severity {
    match confidence {
        Confidence::High => Severity::Critical,
        Confidence::Medium => Severity::Medium,
        Confidence::Low => Severity::Low,
    }
}

/// Tells an instant.
pub(super) fn utc(at: Instant) -> String {
    let stamp = chrono::DateTime::from_timestamp_micros(at.0);
    stamp.map_or_else(
        || "a time that cannot be told".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// Says when a file was written, as far as the copy kept that.
pub(super) fn written(file: &Artifact) -> String {
    let stamp = file.modified.and_then(|at| chrono::DateTime::from_timestamp_micros(at.0));
    stamp.map_or_else(String::new, |at| {
        format!(" It was last written at {} UTC.", at.format("%Y-%m-%d %H:%M:%S"))
    })
}
