//! Users of the host who need no password, and servers whose users become root without one.

use super::Show;
use crate::pbx::RootRight;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each user without a password, and one for each server's user with rights of root.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let host = &world.pbx.host;
    let open = host.without_password.iter().map(|(name, place)| Finding {
        id: "host-user-without-password",
        severity: Severity::High,
        subject: Untrusted::from(name.as_str()),
        title: format!("User {} of the host has no password", visible(name)),
        detail: "Its field in the list of password digests is empty: whoever names it is let in, wherever logins without a password are taken.".into(),
        remedy: "Lock it (`passwd -l`) or give it a password, and see who used it.".into(),
        // MITRE ATT&CK: Valid Accounts: Local Accounts.
        attack: vec!["T1078.003"],
        evidence: show(place).into_iter().collect(),
    });
    open.chain(host.rights.iter().map(|right| becomes_root(right, show))).collect()
}

fn becomes_root(right: &RootRight, show: &Show<'_>) -> Finding {
    let (severity, what) = match right.is_any {
        true => (Severity::High, "anything"),
        // Panels ship such lines; each is one more step that an intruder need not take himself.
        false => (Severity::Low, "some programs"),
    };
    let user = visible(&right.user);
    Finding {
        id: "server-user-becomes-root",
        severity,
        subject: Untrusted::from(right.user.as_str()),
        title: format!("The user {user} runs {what} as root without a password"),
        detail: format!(
            "A hole in the panel or the dialplan gives a stranger the rights of {user}; with `{}` it gives him the machine.",
            visible(&right.commands)
        ),
        remedy: "Take the line out, or name the few commands with their arguments that are needed.".into(),
        // MITRE ATT&CK: Abuse Elevation Control Mechanism: Sudo and Sudo Caching.
        attack: vec!["T1548.003"],
        evidence: show(&right.place).into_iter().collect(),
    }
}
