//! Modules of FreePBX that guard it and are switched off: what they watch nobody watches.
//!
//! A module that is not installed has no row, which says nothing; one that is installed and switched off was switched
//! off by somebody. The panel's firewall is judged with its settings.

use super::Show;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// The module, how grave it is, what is lost without it, and who else switches it off.
const GUARDS: [(&str, Severity, &str, &str); 2] = [
    (
        "sysadmin",
        Severity::Low,
        "The panel's page for intrusion detection (fail2ban) belongs to it: without it nobody is banned for guessing \
         unless fail2ban was set up by hand.",
        "A module is switched on when it is installed, so that somebody switched it off.",
    ),
    (
        "endpoint",
        Severity::Info,
        "It makes the phones' files, which grow old without it.",
        "Administrators switched it off when its hole of 2025 (CVE-2025-57819) became known, and intruders who had come \
         in by it did so to keep others out.",
    ),
];

/// Yields one finding for each such module.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let modules = &world.pbx.panel.modules;
    let off = GUARDS.iter().filter_map(|guard| {
        let module = modules.iter().find(|module| module.name.eq_ignore_ascii_case(guard.0))?;
        (!module.is_enabled).then_some((guard, module))
    });
    off.map(|((name, severity, what, who), module)| Finding {
        id: "panel-guard-off",
        severity: *severity,
        subject: Untrusted::from(*name),
        title: format!("The panel's module {} is switched off", visible(&module.name)),
        detail: format!("{what} {who}"),
        remedy: "Ask who switched it off, and when; switch it on again once its hole is mended (fwconsole ma enable)."
            .into(),
        // MITRE ATT&CK: Impair Defenses: Disable or Modify Tools.
        attack: vec!["T1562.001"],
        evidence: show(&module.place).into_iter().collect(),
    })
    .collect()
}
