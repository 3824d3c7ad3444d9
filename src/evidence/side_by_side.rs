//! Disks of several machines that lie side by side in one folder: each is a piece of evidence by itself.
//!
//! Read as one disk they would have one zone, and a link of one could lead into another. Copies of one machine's disk,
//! told by its name, are one piece of evidence however many there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::root::Root;

/// Things in a folder that are taken for disks of machines, at most.
const MOST: usize = 256;
/// Bytes of a file that names its host.
const LARGEST_NAME: usize = 4 * 1024;

/// Returns what lies in a folder that holds disks of several machines; nothing for any other path.
pub(super) fn apart(path: &Path) -> Option<Vec<PathBuf>> {
    let children = children(path)?;
    // A disk whose own folder was given holds no other machine's beside its files.
    if children.iter().any(|child| child.file_name().is_some_and(|name| name == "etc")) {
        return None;
    }
    let hosts: BTreeSet<String> = children.iter().filter_map(|child| host_name(child)).collect();
    (hosts.len() > 1).then_some(children)
}

/// Returns files and folders of a folder in the order of their names, if there is nothing else and not too much.
fn children(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        if children.len() == MOST || !(kind.is_dir() || kind.is_file()) {
            return None;
        }
        children.push(entry.path());
    }
    children.sort();
    Some(children)
}

/// Returns the name of the host whose disk lies in a folder, or one folder below it.
fn host_name(folder: &Path) -> Option<String> {
    let below = || children(folder).unwrap_or_default();
    named_in(folder).or_else(|| below().iter().find_map(|child| named_in(child)))
}

/// Reads `/etc/hostname`, or what Red Hat had before version 7; no link is followed.
fn named_in(disk: &Path) -> Option<String> {
    let settings = disk.join("etc");
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder(&settings) {
        return None;
    }
    let read = |name: &str| {
        let bytes = Root::read_beside(&settings.join(name), LARGEST_NAME).ok()??;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let by_name = || read("hostname").filter(|text| !text.trim().is_empty());
    let by_network = || {
        let text = is_folder(&settings.join("sysconfig")).then(|| read("sysconfig/network"))??;
        text.lines().find_map(|line| line.strip_prefix("HOSTNAME=").map(str::to_owned))
    };
    let name = by_name().or_else(by_network)?;
    Some(name.trim().to_ascii_lowercase())
}
