//! What to take away, from the findings: each keeps the reason and the remedy that its check gave.

use crate::contain::words::{DiskPath, Name};
use crate::contain::{Plan, Removal, RemovalKind};
use crate::report::document;
use crate::report::model::{Finding, Report, Severity};

/// Things listed; each has to be looked at by a person.
const MOST_LISTED: usize = 1_000;

/// Fills in what to take away.
pub(super) fn fill(report: &Report, plan: &mut Plan) {
    let found = report.findings.iter().filter(|finding| finding.severity <= Severity::Medium);
    let mut removals: Vec<Removal> = found.filter_map(removal).take(MOST_LISTED).collect();
    removals.sort_by(|left, right| {
        (left.kind, left.is_to_ask, &left.subject).cmp(&(right.kind, right.is_to_ask, &right.subject))
    });
    plan.removals = removals;
}

/// Returns what kind of thing a finding tells of that is to be taken away.
fn kind(id: &str) -> Option<RemovalKind> {
    Some(match id {
        "persistence-cron"
        | "persistence-service"
        | "persistence-startup"
        | "persistence-backup-hook"
        | "persistence-panel-job" => RemovalKind::Job,
        "rogue-ssh-key" | "unknown-host-user" | "set-user-program" => RemovalKind::Login,
        "unknown-admin" | "unknown-manager-user" => RemovalKind::Administrator,
        "account-made-by-intruder" => RemovalKind::Extension,
        "web-shell" | "indicator" | "module-file-unlisted" => RemovalKind::File,
        "rogue-dialplan" | "dialplan-hole" | "guests-reach-trunk" => RemovalKind::Dialplan,
        "forward-to-paid-destination" => RemovalKind::Forward,
        "disa-without-pin" | "disa-weak-pin" => RemovalKind::Disa,
        "voicemail-dials-out" => RemovalKind::Voicemail,
        "suspicious-command" | "traces-removed" => RemovalKind::History,
        _ => return None,
    })
}

fn removal(finding: &Finding) -> Option<Removal> {
    let kind = kind(finding.id)?;
    // A campaign's mark in a record (a caller's name, a request) is evidence, and no thing of the intruder's.
    let is_thing = kind != RemovalKind::File || finding.subject.raw().starts_with('/');
    if !is_thing {
        return None;
    }
    // Whole files are set aside only where the file itself is the intruder's: a crontab holds others' lines too.
    let is_whole = kind == RemovalKind::File && finding.severity == Severity::Critical;
    let names_account = matches!(kind, RemovalKind::Forward | RemovalKind::Extension);
    Some(Removal {
        kind,
        subject: finding.subject.clone(),
        why: finding.title.clone(),
        remedy: finding.remedy.clone(),
        place: finding.evidence.first().map(document::place),
        file: DiskPath::new(finding.subject.raw()).filter(|_| is_whole),
        account: Name::new(finding.subject.raw()).filter(|_| names_account),
        is_to_ask: finding.severity == Severity::Medium,
    })
}
