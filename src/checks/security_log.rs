//! A logger that does not write what would show an intruder.

use super::Show;
use crate::pbx::settings::Version;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Yields a finding where no log of Asterisk's holds security events.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let Some(logger) = &world.pbx.logger else { return Vec::new() };
    let has = |level: &str| {
        logger.channels.iter().any(|channel| channel.levels.iter().any(|held| held == level || held == "*"))
    };
    let versions = world.told.iter().filter_map(|told| told.ledger.version.as_deref());
    let version = versions.filter_map(|text| Version::find(&String::from_utf8_lossy(text))).next();
    // Older releases have no such level.
    let is_known = version.is_none_or(|version| Version::find("1.8").is_some_and(|first| version >= first));
    if has("security") || !is_known {
        return Vec::new();
    }
    vec![Finding {
        id: "security-log-off",
        severity: Severity::Low,
        subject: Untrusted::from("logger.conf"),
        title: "Security events are not logged".into(),
        detail: "No log has the level `security`: logins that succeed, and from where, leave no line, and a blocker \
                 sees wrong secrets only as far as other lines tell of them."
            .into(),
        remedy: "Add `security => security,notice` to [logfiles], and let a blocker read that file.".into(),
        // MITRE ATT&CK: Impair Defenses: Disable Windows Event Logging has no counterpart here; Indicator Blocking is the nearest.
        attack: vec!["T1562.006"],
        evidence: show(&logger.place).into_iter().collect(),
    }]
}
