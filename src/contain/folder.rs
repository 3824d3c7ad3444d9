//! The folder of containment: every file written whole or not at all, and none of an earlier run left beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::generated::NewSecrets;
use super::{Asked, Plan, SECRETS, files};
use crate::report::whole_file::{Together, WholeFile};

/// Folders below the folder, the deepest first.
const FOLDERS: [&str; 3] = ["fail2ban/jail.d", "fail2ban/filter.d", "fail2ban"];

/// Writes every file, and tells each name with its bytes; the file of secrets is told without them.
pub fn write(
    folder: &Path,
    plan: &Plan,
    asked: Asked,
    secrets: Option<&NewSecrets>,
    told: &mut dyn FnMut(&str, &[u8]),
) -> Result<(), (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |cause| (path, cause)
    };
    own_folders(folder)?;
    clear(folder).map_err(at(folder))?;
    let mut together = Together::default();
    for file in files(plan, asked) {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(at(parent))?;
        together.replace(&path, file.text.as_bytes())?;
        told(&file.path, file.text.as_bytes());
    }
    if let Some(secrets) = secrets {
        let path = folder.join(SECRETS);
        let whole = WholeFile::private(&path).map_err(at(&path))?;
        together.add(&path, whole, secrets.text().as_bytes())?;
    }
    together.finish()
}

/// Refuses a link, or anything but a folder, in the place of the folder or of one below it: what an earlier run left
/// may have been in others' hands, and a link may lead into the evidence.
fn own_folders(folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    for path in std::iter::once(folder.to_owned()).chain(FOLDERS.map(|name| folder.join(name))) {
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_dir() => return Err((path, io::ErrorKind::NotADirectory.into())),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err((path, cause)),
            _ => {}
        }
    }
    Ok(())
}

/// Takes away the files of an earlier run, by the names that they can have: a rule that no longer holds must not be
/// loaded by mistake. Secrets that were made stay: they may be set by now.
fn clear(folder: &Path) -> io::Result<()> {
    const NAMES: [&str; 25] = [
        "README.md",
        "block-intruders.nft",
        "carrier.md",
        "close.md",
        "credentials.md",
        "end-calls-asterisk.sh",
        "end-calls-freeswitch.sh",
        "end-calls-kamailio.sh",
        "end-calls-opensips.sh",
        "fail2ban/filter.d/tolltrace-sip.conf",
        "fail2ban/jail.d/tolltrace-sip.local",
        "iptables.sh",
        "iptables.v4",
        "iptables.v6",
        "outbound-allow.cfg",
        "outbound-allow.conf",
        "outbound-allow.xml",
        "remove-forwards.sh",
        "remove.md",
        "routes.md",
        "save-first.sh",
        "services-only-from-known.nft",
        "set-aside.sh",
        "sip-only-from-known.nft",
        "stop-outbound.nft",
    ];
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    NAMES.iter().try_for_each(|name| gone(fs::remove_file(folder.join(name))))?;
    for name in FOLDERS {
        // A folder that holds something of somebody else's stays.
        let _ = fs::remove_dir(folder.join(name));
    }
    Ok(())
}

/// Returns whether a file is one that an earlier run's is taken away for.
#[cfg(test)]
pub(super) fn is_cleared(name: &str, scratch: &Path) -> bool {
    let path = scratch.join(name);
    fs::create_dir_all(path.parent().unwrap_or(scratch)).is_ok_and(|()| fs::write(&path, "x").is_ok())
        && clear(scratch).is_ok()
        && !path.exists()
}
