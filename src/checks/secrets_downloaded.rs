//! Backups, copies of configuration and dumps that the web server gave to addresses from outside.
//!
//! What stands in them is known to whoever fetched them; whether that is a stranger, the owner can tell. It is no
//! intrusion by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Show;
use crate::fold::downloads::Download;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Addresses that are shown one by one.
const MOST_SHOWN: usize = 20;
/// Paths and lines shown of one address.
const MOST_PATHS: usize = 6;
/// A server that gives one address so many names may answer every name with one page.
const ANSWERS_ALL: usize = 30;

/// Yields one finding for each address that was given such files.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut by_address: BTreeMap<IpAddr, Vec<(&[u8], &Download)>> = BTreeMap::new();
    for ((address, path), download) in &world.web.downloads.given {
        if world.neighbours.is_outside(*address) {
            by_address.entry(*address).or_default().push((path, download));
        }
    }
    by_address.into_iter().take(MOST_SHOWN).map(|(address, given)| finding(address, given, show)).collect()
}

fn finding(address: IpAddr, mut given: Vec<(&[u8], &Download)>, show: &Show<'_>) -> Finding {
    given.sort_by_key(|(path, download)| (download.first, *path));
    let shown = given.iter().take(MOST_PATHS);
    let mut paths: Vec<String> = shown
        .clone()
        .map(|(path, download)| {
            format!("{} ({})", visible(&String::from_utf8_lossy(path)), counted(download.count, "time"))
        })
        .collect();
    if given.len() > MOST_PATHS {
        paths.push(format!("{} more", given.len() - MOST_PATHS));
    }
    let (severity, doubt) = if given.len() >= ANSWERS_ALL {
        (Severity::Medium, " So many names were answered that the server may give one page for all of them.")
    } else {
        (Severity::Critical, "")
    };
    Finding {
        id: "secrets-downloaded",
        severity,
        subject: Untrusted::from(address.to_string().as_str()),
        title: format!(
            "{address} was given {} whose {} that secrets stand in {}",
            counted(given.len() as u64, "file"),
            if given.len() == 1 { "name says" } else { "names say" },
            if given.len() == 1 { "it" } else { "them" }
        ),
        detail: format!("Without a password, from the web server: {}.{doubt}", paths.join(", ")),
        remedy: "Unless that address is your own: take these files out of the web root, and change every secret that \
                 stands in them, those of trunks first."
            .into(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: shown.filter_map(|(_, download)| show(&download.line)).collect(),
    }
}
