//! Files that root runs, or takes its rules from, and that any user of the host may write.
//!
//! FreePBX's firewall reads rules of one's own from `/etc/firewall-4.rules` and `-6.rules` as root, and refuses them where
//! others than root may write: there the group's right counts as well. Copies made without care have one mode for all
//! files; where none is kept from others, nothing can be said.

use super::Show;
use crate::artifacts::{Artifact, Place};
use crate::event::Citation;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;
/// Names and lines shown.
const MOST_SHOWN: usize = 8;

/// Yields one finding for all such files.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let files: Vec<&Artifact> = world.artifacts.files.iter().filter(|file| is_of_root(file)).collect();
    let modes_are_kept = files.iter().any(|file| file.mode.is_some_and(|mode| mode & OTHERS_WRITE == 0));
    let open: Vec<&Artifact> = files.into_iter().filter(|file| is_open(file)).collect();
    let first = open.first().filter(|_| modes_are_kept)?;
    let subject = if open.len() == 1 { first.on_disk.clone() } else { counted(open.len() as u64, "file") };
    let named: Vec<String> = open.iter().take(MOST_SHOWN).map(|file| visible(&file.on_disk)).collect();
    let proofs = open.iter().filter_map(|file| {
        let mode = format!("mode {:04o}", file.mode.unwrap_or_default());
        show(&Citation::new(file.whole.place, mode.as_bytes()))
    });
    Some(Finding {
        id: "root-file-writable",
        severity: Severity::High,
        subject: Untrusted::from(subject.as_str()),
        title: "Users without rights may write files that root runs or takes rules from".into(),
        detail: format!(
            "Whoever runs anything on the host, by a hole in the panel for one, writes a line there and is root soon \
             after: {}.",
            named.join(", ")
        ),
        remedy: "Give each to root (chown root:root) and take the rights of others away (chmod go-w), after seeing what stands in it.".into(),
        // MITRE ATT&CK: Hijack Execution Flow: Services File Permissions Weakness.
        attack: vec!["T1574.010"],
        evidence: proofs.take(MOST_SHOWN).collect(),
    })
}

fn is_of_root(file: &Artifact) -> bool {
    let is_own_job = file.on_disk.starts_with("/var/spool/cron/") && !file.on_disk.ends_with("/root");
    matches!(file.place, Place::Cron | Place::Unit | Place::Startup | Place::Sudo | Place::Firewall)
        && !is_own_job
}

fn is_open(file: &Artifact) -> bool {
    let is_of_panel_firewall = file.on_disk.starts_with("/etc/firewall-");
    let others = if is_of_panel_firewall { OTHERS_WRITE | GROUP_WRITES } else { OTHERS_WRITE };
    file.mode.is_some_and(|mode| mode & others != 0)
}
