//! Files with secrets in them that every user of the host may read.
//!
//! A web shell runs as the web server's user, a stolen login as its own: neither is Asterisk's. Copies made without
//! care have one mode for all files; where none is kept from others, nothing can be said.

use super::Show;
use crate::event::{Citation, Place};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Files that hold secrets in clear, by the end of their path.
const WITH_SECRETS: [&str; 21] = [
    "etc/asterisk/sip.conf",
    "etc/asterisk/sip_additional.conf",
    "etc/asterisk/sip_registrations.conf",
    "etc/asterisk/pjsip.conf",
    "etc/asterisk/pjsip.auth.conf",
    "etc/asterisk/pjsip_wizard.conf",
    "etc/asterisk/iax.conf",
    "etc/asterisk/iax_additional.conf",
    "etc/asterisk/users.conf",
    "etc/asterisk/manager.conf",
    "etc/asterisk/manager_additional.conf",
    "etc/asterisk/ari.conf",
    "etc/asterisk/voicemail.conf",
    "etc/asterisk/extensions_additional.conf",
    "etc/asterisk/res_odbc.conf",
    "etc/asterisk/res_odbc_additional.conf",
    "etc/amportal.conf",
    "etc/freepbx.conf",
    "etc/issabel.conf",
    "etc/elastix.conf",
    "etc/fusionpbx/config.conf",
];

/// Folders of backups, in which every secret stands.
const BACKUPS: [&str; 4] =
    ["var/spool/asterisk/backup/", "var/lib/asterisk/backups/", "var/www/backup/", "var/backups/mysql/"];

/// The right of everybody else to read.
const OTHERS_READ: u32 = 0o004;
/// Lines shown.
const MOST_PROOFS: usize = 4;

/// Yields one finding for all such files.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let files = || world.told.iter().map(|told| (told.source, &told.source.file));
    let modes_are_kept = files().any(|(_, file)| file.mode.is_some_and(|mode| mode & OTHERS_READ == 0));
    if !modes_are_kept {
        return Vec::new();
    }
    let holds_secrets = |path: &str| {
        let is_backup = |folder: &&str| {
            path.starts_with(*folder)
                || path.contains(&format!("/{folder}"))
                || path.contains(&format!("!{folder}"))
        };
        WITH_SECRETS.iter().any(|end| crate::evidence::ends_with_path(path, end))
            || BACKUPS.iter().any(is_backup)
    };
    let open = files().filter(|(_, file)| file.mode.is_some_and(|mode| mode & OTHERS_READ != 0));
    let open: Vec<_> = open.filter(|(_, file)| holds_secrets(&file.path)).collect();
    let Some((_, first)) = open.first() else { return Vec::new() };
    let subject = if open.len() == 1 { first.path.clone() } else { format!("{} files", open.len()) };
    let evidence = open.iter().filter_map(|(source, file)| {
        let mode = format!("mode {:04o}", file.mode.unwrap_or_default());
        show(&Citation::new(Place { source: source.id, offset: 0, line: 0 }, mode.as_bytes()))
    });
    vec![Finding {
        id: "secrets-readable-by-all",
        severity: Severity::Low,
        subject: Untrusted::from(subject.as_str()),
        title: "Every user of the host may read files with secrets".into(),
        detail: "Whoever runs anything on the host, a web shell for one, reads the secrets of accounts, lines and databases \
                 there, unless the folder around them keeps him out."
            .into(),
        remedy: "Take the rights of others away (chmod o-rwx), and those of the group where it is not Asterisk's own.".into(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: evidence.take(MOST_PROOFS).collect(),
    }]
}
