//! What stands open to strangers, from the findings: each keeps the reason and the remedy that its check gave.

use crate::contain::{Closing, Plan};
use crate::pbx::settings;
use crate::report::document;
use crate::report::model::{Finding, Report, Severity};

/// Things listed.
const MOST_LISTED: usize = 200;
/// Places told of each.
const MOST_PLACES: usize = 6;
/// Findings of doors and files that stand open, beside those of settings.
const OPEN: [&str; 16] = [
    "any-secret-accepted",
    "guest-calls-allowed",
    "guests-reach-trunk",
    "manager-open-to-all",
    "panel-open-to-all",
    "provisioning-exposed",
    "provisioning-leaked",
    "provisioning-writable",
    "proxy-without-authentication",
    "secret-in-old-copy",
    "secrets-downloaded",
    "sip-open-to-all",
    "tftp-open-to-all",
    "transfer-allowed",
    "vulnerable-module",
    "wrong-secrets-not-logged",
];

/// Fills in what stands open.
pub(super) fn fill(report: &Report, plan: &mut Plan) {
    let rules = settings::rules();
    let is_open = |finding: &&Finding| {
        let is_setting = || rules.iter().any(|rule| rule.id == finding.id);
        finding.severity <= Severity::Medium && (OPEN.contains(&finding.id) || is_setting())
    };
    let mut found: Vec<&Finding> = report.findings.iter().filter(is_open).collect();
    found.sort_by_key(|finding| finding.severity);
    plan.closings = found.into_iter().take(MOST_LISTED).map(closing).collect();
}

fn closing(finding: &Finding) -> Closing {
    Closing {
        id: finding.id,
        subject: finding.subject.clone(),
        why: finding.title.clone(),
        detail: finding.detail.clone(),
        remedy: finding.remedy.clone(),
        places: finding.evidence.iter().take(MOST_PLACES).map(document::place).collect(),
    }
}
