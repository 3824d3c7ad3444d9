//! Whatever else is found and holds now, a gate for each kind: a second dial tone with a weak PIN, a forward abroad,
//! an interface that is open to all. What is critical or high must be gone; what is less grave is advised.

use std::collections::{BTreeMap, BTreeSet};

use super::Judge;
use crate::checks::registry;
use crate::report::model::{Finding, Severity};
use crate::restore::earlier::PastFinding;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::{Scene, is_grave};
use crate::untrusted::visible;

/// Findings that tell what happened, not how things are.
const HISTORY: [&str; 13] = [
    "account-taken-over",
    "call-records-deleted",
    "changed-during-intrusion",
    "exploit-request",
    "forged-log-lines",
    "guessing-tool-let-in",
    "indicator",
    "intruder-connected",
    "intruder-registered",
    "provisioning-leaked",
    "provisioning-walked",
    "secrets-downloaded",
    "unproven-call-record",
];
/// Findings that have a gate of their own.
const ELSEWHERE: [&str; 4] = ["weak-secret", "provisioning-exposed", "vulnerable-module", "security-log-off"];

fn is_of_these(id: &str) -> bool {
    !HISTORY.contains(&id)
        && !ELSEWHERE.contains(&id)
        && !super::guests::IDS.contains(&id)
        && !super::leftovers::is_covered(id)
}

pub(super) const GATES: Judge = Judge { ids: Vec::new, judge };

/// Judges each kind of finding.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let mut now: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &scene.report.findings {
        if finding.severity <= Severity::Medium && is_of_these(finding.id) {
            now.entry(finding.id).or_default().push(finding);
        }
    }
    let mut then: BTreeMap<&str, Vec<&PastFinding>> = BTreeMap::new();
    for finding in scene.earlier.into_iter().flat_map(|earlier| &earlier.findings) {
        if is_grave(finding.severity) && is_of_these(&finding.id) && is_word(&finding.id) {
            then.entry(&finding.id).or_default().push(finding);
        }
    }
    let ids: BTreeSet<&str> = now.keys().chain(then.keys()).copied().collect();
    let each = ids.into_iter().filter_map(|id| {
        let none = (Vec::new(), Vec::new());
        of_kind(scene, id, now.get(id).unwrap_or(&none.0), then.get(id).unwrap_or(&none.1))
    });
    each.collect()
}

/// Returns whether a text may be an id: the earlier case may have been changed.
fn is_word(id: &str) -> bool {
    id.len() <= 60
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What must hold, for the findings that are met most.
const TITLES: [(&str, &str); 16] = [
    ("asterisk-runs-as-root", "Asterisk does not run as root"),
    ("dialplan-hole", "The dialplan lets nobody out who comes in from outside"),
    ("disa-without-pin", "No second dial tone (DISA) is open to strangers"),
    ("disa-weak-pin", "No second dial tone (DISA) is open to whoever guesses"),
    ("event-socket-listens-everywhere", "The event socket is not open to everybody"),
    ("forward-to-paid-destination", "No forward leads to a number that costs"),
    ("manager-open-to-all", "The manager interface is not open to everybody"),
    ("panel-login-bypassed", "The panel itself asks for a password"),
    ("panel-open-to-all", "The panel is not open to everybody"),
    ("panel-without-login", "The panel asks for a password"),
    ("secret-not-asked-for", "Every account is asked for its secret"),
    ("secrets-readable-by-all", "Files with secrets are not readable by all"),
    ("sip-open-to-all", "SIP is not open to everybody"),
    ("tftp-open-to-all", "TFTP is not open to everybody"),
    ("transfer-allowed", "Callers from outside cannot send calls on"),
    ("voicemail-dials-out", "No mailbox lets callers dial out"),
];

fn title(id: &str) -> Option<&'static str> {
    TITLES.iter().find(|(known, _)| *known == id).map(|(_, title)| *title)
}

fn of_kind(scene: &Scene<'_>, id: &str, now: &[&Finding], then: &[&PastFinding]) -> Option<Gate> {
    let mut answers: Vec<Answer> = now
        .iter()
        .map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()))
        .collect();
    // The same hole may now be found as a lesser one: then it is not gone.
    let is_there = |past: &&&PastFinding| {
        scene
            .report
            .findings
            .iter()
            .any(|finding| finding.id == past.id && finding.subject.raw() == past.subject)
    };
    answers.extend(then.iter().filter(|past| !is_there(past)).map(|past| {
        let what = visible(&past.title);
        let mut files = past.evidence.iter().filter(|proof| !proof.path.contains("/log/"));
        let unchecked = registry::find(id)
            .map(|check| check.ask(scene.report, Severity::Info))
            .filter(|outcome| outcome.answer == registry::Answer::NotChecked);
        if let Some(outcome) = unchecked {
            Answer::cannot_tell(format!("not checked, {}: {what}", outcome.why))
        } else if files.all(|proof| scene.covers(&proof.path)) {
            Answer::closed(format!("found no more: {what}"))
        } else {
            Answer::cannot_tell(format!("its files are not in the evidence, or were not read: {what}"))
        }
    }));
    let lesser = then
        .iter()
        .filter(|past| is_there(past))
        .filter(|past| !now.iter().any(|finding| finding.subject.raw() == past.subject));
    answers.extend(
        lesser.map(|past| Answer::closed(format!("less grave than it was: {}", visible(&past.title)))),
    );
    let close = now.first().map_or("", |finding| finding.remedy.as_str());
    let title = title(id).map_or_else(|| format!("What `{id}` was found on is no longer so"), str::to_owned);
    let is_must = now.iter().any(|finding| is_grave(finding.severity)) || !then.is_empty();
    let gate = Gate::of(id, &title, answers)?.required(is_must);
    Some(gate.with_to_do(
        close,
        "Copy the files in which it was found (the earlier case names them) as they are now.",
    ))
}
