//! What is left out of a system that still runs, given as `/`: views into the kernel, devices, places for other disks,
//! disks of other machines.
//!
//! Numbers of file systems are those of `statfs(2)` and `linux/magic.h`. File systems of local disks are walked wherever
//! they are mounted: logs often have one of their own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

/// Folders at the top that are for other disks; a case may be written there.
const FOR_OTHERS: [&str; 3] = ["media", "mnt", "run"];
/// The folder below `/dev` that holds files, which intruders use.
pub(super) const SHARED_MEMORY: &str = "dev/shm";

const KERNEL: &str = "a view into the running kernel, not a part of the disk";
const OTHERS: &str = "a place for other disks: give one by itself if it belongs to the phone system";
const NETWORK: &str = "on a disk of another machine: give it by itself if it belongs to the phone system";
const CONTAINER: &str = "a container's view of files that are listed where they lie";
const DEVICES: &str = "devices: never opened";

/// File systems that are no disk of this machine.
const NOT_LOCAL: [(u64, &str); 26] = [
    (0x9fa0, KERNEL),         // proc
    (0x6265_6572, KERNEL),    // sysfs
    (0x1cd1, KERNEL),         // devpts
    (0x0027_e0eb, KERNEL),    // cgroup
    (0x6367_7270, KERNEL),    // cgroup2
    (0x6462_6720, KERNEL),    // debugfs
    (0x7472_6163, KERNEL),    // tracefs
    (0x7363_6673, KERNEL),    // securityfs
    (0x6165_676c, KERNEL),    // pstore
    (0xcafe_4a11, KERNEL),    // bpf
    (0x1980_0202, KERNEL),    // mqueue
    (0x9584_58f6, KERNEL),    // hugetlbfs
    (0x6265_6570, KERNEL),    // configfs
    (0x4249_4e4d, KERNEL),    // binfmt_misc
    (0x6e73_6673, KERNEL),    // nsfs
    (0xde5e_81e4, KERNEL),    // efivarfs
    (0x6969, NETWORK),        // nfs
    (0x517b, NETWORK),        // smb
    (0xff53_4d42, NETWORK),   // cifs
    (0xfe53_4d42, NETWORK),   // smb2
    (0x6573_5546, NETWORK),   // fuse
    (0x0102_1997, NETWORK),   // 9p
    (0x00c3_6400, NETWORK),   // ceph
    (0x5346_414f, NETWORK),   // afs
    (0x0187, NETWORK),        // autofs, which mounts what is looked at
    (0x794c_7630, CONTAINER), // overlay
];

/// What is known of a root before it is walked.
#[derive(Debug)]
pub(super) struct Border {
    device: u64,
    is_running: bool,
}

impl Border {
    /// Looks at a root.
    pub(super) fn of(base: &Path) -> Self {
        Border { device: fs::metadata(base).map_or(0, |root| root.dev()), is_running: is_running(base) }
    }

    /// Returns why a folder is not walked; `device` is its own, `base` the root.
    pub(super) fn left_out(&self, relative: &Path, device: u64, base: &Path) -> Option<&'static str> {
        let is_at_top = |names: &[&str]| names.iter().any(|name| relative == Path::new(name));
        if is_at_top(&["proc", "sys"]) && self.device != device {
            return Some(KERNEL);
        }
        if !self.is_running {
            return None;
        }
        if is_at_top(&FOR_OTHERS) {
            return Some(OTHERS);
        }
        if is_at_top(&["dev"]) {
            return Some(DEVICES);
        }
        if self.device == device {
            return None;
        }
        let kind = rustix::fs::statfs(base.join(relative)).ok()?.f_type;
        // The kernel's numbers have 32 bits; how wide and whether signed the field is depends on the machine.
        let kind = u64::from(kind as u32);
        NOT_LOCAL.iter().find(|(number, _)| *number == kind).map(|(_, why)| *why)
    }
}

/// Returns whether a root is that of the system this program runs on.
pub fn is_running(root: &Path) -> bool {
    fs::canonicalize(root).is_ok_and(|root| root == Path::new("/"))
}

/// Returns whether a place lies on another disk that is mounted where other disks belong.
pub(super) fn is_elsewhere(place: &Path) -> bool {
    let top = place.components().find_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let is_for_others = top.is_some_and(|top| FOR_OTHERS.contains(&top));
    let there = place.ancestors().find_map(|above| fs::metadata(above).ok());
    let root = fs::metadata("/").ok();
    is_for_others && there.zip(root).is_some_and(|(there, root)| there.dev() != root.dev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_system_is_told_from_a_copy() {
        let scratch = tempfile::tempdir().unwrap();
        let device = fs::metadata(scratch.path()).unwrap().dev();
        assert!(is_running(Path::new("/")) && is_running(Path::new("/usr/..")));
        assert!(!is_running(scratch.path()));
        let root = Border::of(Path::new("/"));
        for name in ["run", "mnt", "dev", "media"] {
            let copy = Border::of(scratch.path()).left_out(Path::new(name), device, scratch.path());
            assert_eq!(copy, None, "{name} of a copy is walked");
            assert!(root.left_out(Path::new(name), 0, Path::new("/")).is_some(), "{name}");
        }
        let device = fs::metadata("/proc").unwrap().dev();
        assert_eq!(root.left_out(Path::new("proc"), device, Path::new("/")), Some(KERNEL));
    }

    #[test]
    fn a_case_goes_to_another_disk_only() {
        assert!(!is_elsewhere(Path::new("/root/case")));
        assert!(!is_elsewhere(Path::new("/home/run/case")));
    }
}
