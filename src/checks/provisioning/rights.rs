//! Phone files that every program of the host may read, and folders that strangers may write into.

use super::{may_be_live, some};
use crate::checks::Show;
use crate::pbx::PhoneFile;
use crate::reconstruct::leaks;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// What others than owner and group may do.
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;

/// Yields at most one finding of each kind.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    readable(world, show).into_iter().chain(writable(world, show)).collect()
}

fn with_secrets<'w>(world: &'w World<'_>) -> impl Iterator<Item = &'w PhoneFile> {
    world.pbx.phone_files.iter().filter(|file| file.accounts.iter().any(may_be_live))
}

fn may(file: &PhoneFile, right: u32) -> bool {
    file.mode.is_some_and(|mode| mode & right != 0)
}

fn finding(id: &'static str, severity: Severity, files: &[&PhoneFile], show: &Show<'_>) -> Finding {
    Finding {
        id,
        severity,
        subject: Untrusted::from("phone files"),
        title: String::new(),
        detail: some(files.iter().map(|file| visible(&file.path))),
        remedy: String::new(),
        attack: vec!["T1552.001"],
        evidence: files
            .iter()
            .take(3)
            .flat_map(|file| file.accounts.first())
            .filter_map(|phone| show(&phone.place))
            .collect(),
    }
}

fn readable(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let files: Vec<&PhoneFile> = with_secrets(world).filter(|file| may(file, OTHERS_READ)).collect();
    let found = finding("provisioning-world-readable", Severity::Low, &files, show);
    (!files.is_empty()).then(|| Finding {
        title: format!("{} with secrets may be read by every user of the host", counted(files.len() as u64, "phone file")),
        detail: format!(
            "A web shell, or any program that somebody else makes run, reads them too. TFTP servers give out nothing else, \
             web and FTP servers need no such right. As far as the copy kept the rights: {}.",
            found.detail
        ),
        remedy: "Where no TFTP server needs it, take the right from others (chmod o-r) and give it to the server's group.".into(),
        ..found
    })
}

/// TFTP servers write into files that everybody may write; with `--create` anywhere in the folder.
fn writable(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let shares = |file: &PhoneFile| world.pbx.shares_of(file);
    let open: Vec<(&PhoneFile, String)> = with_secrets(world)
        .filter_map(|file| {
            let share = shares(file).into_iter().find(|share| {
                let by_rights = share.service == crate::event::Service::Tftp && may(file, OTHERS_WRITE);
                (share.is_writable && share.limit != crate::pbx::Limit::Password) || by_rights
            })?;
            Some((file, format!("{} by {}", share.program, leaks::protocol(share.service))))
        })
        .collect();
    let files: Vec<&PhoneFile> = open.iter().map(|(file, _)| *file).collect();
    let by = open.first()?.1.clone();
    let found = finding("provisioning-writable", Severity::High, &files, show);
    Some(Finding {
        title: "Strangers may write where phones fetch their files".into(),
        detail: format!(
            "{by} takes files without a password: whoever reaches it can give phones another server, or leave files there. Beside: {}.",
            found.detail
        ),
        remedy: "Take `--create` and everybody's right to write away; let phones upload into a folder of their own.".into(),
        // MITRE ATT&CK: Stored Data Manipulation.
        attack: vec!["T1565.001"],
        ..found
    })
}
