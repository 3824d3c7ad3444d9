//! FreePBX's own firewall, switched off or opened by its settings.

use super::Show;
use crate::pbx::{GuardGap, PanelGuard};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Services that hand out secrets or lead into the panel; that calls come from outside is what most want.
const DANGEROUS: [(&str, &str); 12] = [
    ("provis", "phone files by HTTP"),
    ("provis_ssl", "phone files by HTTPS"),
    ("tftp", "phone files by TFTP"),
    ("ftp", "phone files by FTP"),
    ("http", "the panel"),
    ("https", "the panel by HTTPS"),
    ("ssh", "the shell"),
    ("restapps", "the phones' applications"),
    ("restapps_ssl", "the phones' applications by HTTPS"),
    ("api", "the panel's programs"),
    ("nodejs", "the users' pages' server"),
    ("ami", "the manager interface"),
];

/// Yields at most one finding of each kind.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for guard in &world.pbx.panel.firewall {
        let found = finding(guard, show);
        let is_new =
            |found: &Finding| findings.iter().all(|known| known.id != found.id || known.title != found.title);
        if let Some(found) = found.filter(is_new) {
            findings.push(found);
        }
    }
    findings
}

fn finding(guard: &PanelGuard, show: &Show<'_>) -> Option<Finding> {
    let (id, severity, title, detail, remedy) = match &guard.open {
        GuardGap::Off => (
            "panel-firewall-off",
            Severity::Medium,
            "FreePBX's own firewall is switched off".to_owned(),
            "What it would shut out is open, unless another firewall stands before the server.".to_owned(),
            "Switch it on, with the Responsive Firewall for phones elsewhere, or see that another one does its work.",
        ),
        GuardGap::TrustsAll => (
            "panel-firewall-open",
            Severity::High,
            "FreePBX's own firewall trusts everybody".to_owned(),
            "A network that holds all addresses is in the zone `trusted`, to which every service is open."
                .to_owned(),
            "Take that network out, and put only one's own networks into the zones `trusted` and `internal`.",
        ),
        GuardGap::Services(services) => {
            let open: Vec<String> = services.iter().filter_map(|service| dangerous(service)).collect();
            if open.is_empty() {
                return None;
            }
            (
                "panel-firewall-open",
                Severity::Medium,
                "FreePBX's own firewall lets the Internet reach more than calls".to_owned(),
                format!("The zone `external` is let in to {}.", open.join(", ")),
                "Take `external` off these services; let the networks that need them in as `internal`.",
            )
        }
    };
    Some(Finding {
        id,
        severity,
        subject: Untrusted::from("FreePBX firewall"),
        title,
        detail,
        remedy: remedy.into(),
        // MITRE ATT&CK: Impair Defenses: Disable or Modify System Firewall.
        attack: vec!["T1562.004"],
        evidence: show(&guard.place).into_iter().collect(),
    })
}

fn dangerous(service: &str) -> Option<String> {
    let (_, what) = DANGEROUS.iter().find(|(name, _)| service.eq_ignore_ascii_case(name))?;
    Some(format!("{what} ({})", visible(service)))
}
