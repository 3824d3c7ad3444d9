//! Users of the manager interface who may come from anywhere, where the interface listens to others.

use super::Show;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each such user.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let listens = world.pbx.settings.held.iter().any(|held| {
        let is_bad = held.value.as_ref().is_none_or(|value| held.rule.is_bad(value));
        held.rule.id == "manager-listens-everywhere" && is_bad
    });
    if world.pbx.manager_enabled != Some(true) || !listens {
        return Vec::new();
    }
    let open = world.pbx.manager_users.iter().filter(|user| user.permit.is_empty());
    open.map(|user| {
        let (severity, may) = match user.can_originate {
            true => (Severity::High, "make the server call and run commands"),
            false => (Severity::Medium, "watch the calls of the server"),
        };
        Finding {
            id: "manager-user-from-anywhere",
            severity,
            subject: Untrusted::from(user.name.as_str()),
            title: format!("Manager user {} may come from anywhere", visible(&user.name)),
            detail: format!(
                "No `permit` and `deny` lines limit it, and the interface listens at every address: whoever has its secret may {may}."
            ),
            remedy: "Set deny=0.0.0.0/0.0.0.0 and permit lines for the programs that use it, and bindaddr=127.0.0.1.".into(),
            // MITRE ATT&CK: External Remote Services.
            attack: vec!["T1133"],
            evidence: show(&user.place).into_iter().collect(),
        }
    })
    .collect()
}
