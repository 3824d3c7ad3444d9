//! What brings an intruder back: jobs, services, start and login files, users, keys, programs with root's rights.

use super::changed_then::Written;
use super::{Show, marks};
use crate::artifacts::{Artifact, Place};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each file that runs by itself or lets somebody in, and bears marks.
pub(super) fn check(world: &World<'_>, written: &Written<'_>, show: &Show<'_>) -> Vec<Finding> {
    let files = world.artifacts.files.iter().filter(|file| !file.is_page());
    files.filter_map(|file| of_file(file, written, show)).collect()
}

/// What a kind of file is found as: the finding's id, what it says, what to do, and the technique.
fn kind(place: Place) -> (&'static str, &'static str, &'static str, &'static str) {
    match place {
        Place::Cron => (
            "persistence-cron",
            "has a job that an intruder may have left",
            "Take the line away after keeping a copy; a job that writes a page anew has to go before the page.",
            "T1053.003",
        ),
        Place::Unit => (
            "persistence-service",
            "has a service run what an intruder may have left",
            "Stop and disable the service after keeping a copy of its file and of what it starts.",
            "T1543.002",
        ),
        Place::Startup | Place::Profile | Place::Sudo => (
            "persistence-startup",
            "runs what an intruder may have left",
            "Take the line away after keeping a copy, and look at what it starts.",
            "T1037.004",
        ),
        Place::Keys => (
            "rogue-ssh-key",
            "lets somebody in by a key: is it a key of yours?",
            "Ask whose key it is; take it away unless somebody who looks after the server owns it.",
            "T1098.004",
        ),
        Place::Users | Place::Passwords => (
            "unknown-host-user",
            "holds a user that an intruder may have made",
            "Ask who made the user. Whoever could add one had the rights of root: build the host anew.",
            "T1136.001",
        ),
        Place::SetUser => (
            "set-user-program",
            "runs with its owner's rights whoever starts it",
            "Find the package that it belongs to; without one, take the right away (chmod u-s) after keeping a copy.",
            "T1548.001",
        ),
        Place::BackupHook => (
            "persistence-backup-hook",
            "is run by the panel's backup",
            "Look at what it does; take it away unless an administrator wrote it.",
            "T1546",
        ),
        Place::CallFile => (
            "suspicious-call-file",
            "is an order to place a call that an intruder may have written",
            "Keep a copy with its owner and times, and take it away before the phone server is started again: it dials as soon as it runs.",
            "T1496",
        ),
        _ => (
            "indicator",
            "bears a mark of a known campaign",
            "Keep a copy with its times, find out how it came there, and what else that party left.",
            "T1105",
        ),
    }
}

fn of_file(file: &Artifact, written: &Written<'_>, show: &Show<'_>) -> Option<Finding> {
    let mut told = marks::told(file);
    // That a program of a system folder is in nobody's list is worth a look and no more.
    if told.is_empty() && file.place == Place::SetUser {
        told = file.marks.iter().collect();
    }
    let confidence = told.first()?.confidence;
    let (id, what, remedy, technique) = kind(file.place);
    // A key that came with an intruder's requests is his, whatever it is called.
    let seconds = written.seconds(file.whole.place.source).filter(|_| file.place == Place::Keys);
    let severity = if file.place == Place::Passwords || seconds.is_some() {
        Severity::Critical
    } else {
        marks::severity(confidence)
    };
    let soon = seconds.map_or_else(String::new, |seconds| {
        format!(" That is {seconds} s after a request of the intruder's.")
    });
    Some(Finding {
        id,
        severity,
        subject: Untrusted::from(file.on_disk.as_str()),
        title: format!("{} {what}", visible(&file.on_disk)),
        detail: format!("{}{}{soon}", marks::detail(&told), marks::written(file)),
        remedy: match (severity, file.place) {
            (Severity::Critical, Place::Keys) => "Take the key away after keeping a copy of the file with its times, and look for logins with it.",
            (Severity::Critical, Place::Users | Place::Passwords) => "Keep a copy, lock the user and end its sessions. Whoever could add one had the rights of root: build the host anew.",
            (Severity::Critical, Place::BackupHook) => "Take it away after keeping a copy, and run no backup before that.",
            _ => remedy,
        }
        .to_owned(),
        attack: vec![technique],
        evidence: marks::proof(file, &told, show),
    })
}
