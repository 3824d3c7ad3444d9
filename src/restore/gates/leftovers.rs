//! What the intruder left: pages, jobs, keys and users, administrators, dialplan, copies of the configuration, holes
//! of the panel by which he came.
//!
//! That something is found no more counts only where the evidence has the place at which it was.

use std::collections::BTreeSet;

use super::Judge;
use crate::artifacts::place::{is_served, on_disk};
use crate::report::model::Finding;
use crate::restore::earlier::PastFinding;
use crate::restore::gate::{Answer, Gate, State};
use crate::restore::scene::{Scene, is_grave, some};
use crate::untrusted::visible;

/// One group of things that an intruder leaves.
struct Group {
    id: &'static str,
    title: &'static str,
    /// Findings that tell of them.
    finds: &'static [&'static str],
    close: &'static str,
}

const GROUPS: [Group; 4] = [
    Group {
        id: "pages-gone",
        title: "The pages and programs that the intruder left are gone",
        finds: &["web-shell", "indicator", "set-user-program", "module-changed"],
        close: "Keep a copy, then take them away; put modules back from the vendor. Where a program could run as root, build the host anew.",
    },
    Group {
        id: "jobs-gone",
        title: "Nothing that the intruder left runs by itself",
        finds: &[
            "persistence-cron",
            "persistence-service",
            "persistence-startup",
            "persistence-backup-hook",
            "persistence-panel-job",
        ],
        close: "Take the lines, services and jobs away after keeping a copy, before the pages that they write anew.",
    },
    Group {
        id: "keys-and-users-known",
        title: "Every key and user that may log in to the host is known",
        finds: &["rogue-ssh-key", "unknown-host-user"],
        close: "Take away keys and users that nobody knows; whoever could add a user had root: build the host anew.",
    },
    Group {
        id: "admins-known",
        title: "Every administrator and account is known",
        finds: &["unknown-admin", "unknown-manager-user", "account-made-by-intruder"],
        close: "Delete them after keeping a dump, and give every other administrator a new password.",
    },
];

/// Findings that these gates tell of, for others to leave out.
pub(super) fn is_covered(id: &str) -> bool {
    GROUPS.iter().any(|group| group.finds.contains(&id)) || DIALPLAN.finds.contains(&id)
}

const DIALPLAN: Group = Group {
    id: "dialplan-clean",
    title: "The dialplan has nothing of the intruder's",
    finds: &["rogue-dialplan"],
    close: "Take the steps away after keeping a copy of the file, and load the dialplan anew.",
};

const COPIES: &str = "copies-gone";
const PATCHED: &str = "panel-patched";
pub(super) const GATES: Judge = Judge {
    ids: || GROUPS.iter().chain([&DIALPLAN]).map(|group| group.id).chain([COPIES, PATCHED]).collect(),
    judge,
};

/// Judges the groups.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let groups = GROUPS.iter().chain([&DIALPLAN]).filter_map(|group| of_group(scene, group));
    groups.chain(copies(scene)).chain(patched(scene)).collect()
}

fn of_group(scene: &Scene<'_>, group: &Group) -> Option<Gate> {
    let now: Vec<&Finding> = scene
        .found(group.finds)
        .filter(|finding| finding.subject.raw().starts_with('/') || finding.id != "indicator")
        .filter(|finding| !is_gone_from_newest(scene, finding.id, finding.subject.raw()))
        .collect();
    let grave_then: Vec<&PastFinding> = scene
        .found_earlier(group.finds)
        .filter(|past| is_grave(past.severity) && (past.subject.starts_with('/') || past.id != "indicator"))
        .collect();
    let is_same = |past: &PastFinding, finding: &Finding| {
        finding.id == past.id && finding.subject.raw() == past.subject
    };
    // A copy that lost the times of files makes less of what is the same: what was grave and is there is open.
    let is_open = |finding: &Finding| {
        is_grave(finding.severity) || grave_then.iter().any(|past| is_same(past, finding))
    };
    let mut answers: Vec<Answer> = now
        .iter()
        .filter(|finding| is_open(finding))
        .map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()))
        .collect();
    let gone = grave_then.iter().filter(|past| !now.iter().any(|finding| is_same(past, finding)));
    answers.extend(gone.map(|past| of_gone(scene, past)));
    let is_advised = answers.is_empty();
    let doubtful = now.iter().filter(|finding| !is_open(finding));
    answers.extend(doubtful.map(|finding| {
        let answer = Answer::cannot_tell(format!("{}; is it yours?", finding.title));
        answer.with(finding.evidence.iter().cloned())
    }));
    // What may be one's own keeps nothing shut by itself.
    let is_shut = answers.iter().any(|answer| answer.state == State::Open) || !is_advised;
    let gate = Gate::of(group.id, group.title, answers)?.required(is_shut);
    Some(gate.with_to_do(
        group.close,
        "Copy the whole disk, or the folders and the database dump in which these were; ask who put there what is in doubt.",
    ))
}

/// Something that was there and is not found any more.
fn of_gone(scene: &Scene<'_>, past: &PastFinding) -> Answer {
    let what = visible(&past.subject);
    let is_row = matches!(
        past.id.as_str(),
        "unknown-admin" | "unknown-manager-user" | "persistence-panel-job" | "account-made-by-intruder"
    );
    let is_covered = if is_row {
        let panel = &scene.ground.world.pbx.panel;
        !scene.ground.world.artifacts.snapshots.is_empty() || !panel.users.is_empty()
    } else if past.subject.starts_with('/') {
        scene.covers(&past.subject)
    } else {
        past.evidence.iter().any(|proof| scene.covers(&proof.path))
    };
    if is_covered {
        Answer::closed(format!("{what} is there no more"))
    } else {
        Answer::cannot_tell(format!(
            "{what} is not found, and neither is the place where it was: it was not copied"
        ))
    }
}

/// Returns whether a row of the panel's database stands in old dumps only: the newest database tells how it is now.
fn is_gone_from_newest(scene: &Scene<'_>, id: &str, name: &str) -> bool {
    let pbx = scene.ground.world.pbx;
    let has_database = !pbx.panel.users.is_empty();
    match id {
        "unknown-admin" if has_database => !pbx.panel.users.iter().any(|user| user.name == name),
        "persistence-panel-job" if has_database => !pbx.panel.jobs.iter().any(|job| job.name == name),
        "account-made-by-intruder" if !pbx.accounts.is_empty() => {
            !pbx.accounts.iter().any(|account| account.name == name)
        }
        "unknown-manager-user" if !pbx.manager_users.is_empty() => {
            !pbx.manager_users.iter().any(|user| user.name == name)
        }
        "unknown-admin" | "persistence-panel-job" | "unknown-manager-user" => {
            is_gone_from_newest_dump(scene, name)
        }
        _ => false,
    }
}

/// Returns whether no newest dump of a table that once had a row of that name has it.
fn is_gone_from_newest_dump(scene: &Scene<'_>, name: &str) -> bool {
    let snapshots = &scene.ground.world.artifacts.snapshots;
    let rows = snapshots.iter().flat_map(|snapshot| &snapshot.rows);
    let tables: BTreeSet<&str> = rows.filter(|row| row.name == name).map(|row| row.table).collect();
    !tables.is_empty()
        && tables.iter().all(|table| {
            let newest = snapshots.iter().rfind(|snapshot| snapshot.tables.contains(table));
            newest
                .is_some_and(|newest| !newest.rows.iter().any(|row| row.name == name && row.table == *table))
        })
}

/// Copies of the configuration, with secrets in force, that a web server hands out.
fn copies(scene: &Scene<'_>) -> Option<Gate> {
    let world = scene.ground.world;
    let outer = |path: &str| path.split("!/").find(|part| !is_given_archive(scene, part)).map(str::to_owned);
    let held = world.pbx.held_secrets.iter().filter_map(|held| {
        let source = scene.ground.evidence.source(held.place.place.source)?;
        let path = outer(&source.file.placed)?;
        is_served(&on_disk(&path)).then(|| (on_disk(&path).into_owned(), held))
    });
    let served: Vec<(String, _)> = held.take(200).collect();
    let was_read = !scene.subjects(&["secrets-downloaded"]).is_empty();
    if served.is_empty() && !was_read {
        return None;
    }
    let answer = if served.is_empty() {
        match world.artifacts.pages > 0 || scene.has_file("/var/www/") {
            true => Answer::closed("no file with secrets lies in a web root any more"),
            false => Answer::cannot_tell("the web root is not in the evidence"),
        }
    } else {
        let named = some(served.iter().map(|(path, _)| path.as_str()));
        let lines = served.iter().take(3).filter_map(|(_, held)| scene.proof(&held.place));
        Answer::open(format!("a web server hands out files with secrets: {named}")).with(lines)
    };
    let gate = Gate::of(COPIES, "No copy of the configuration lies in a web root", vec![answer])?;
    Some(gate.with_to_do(
        "Move the files out of the web root, and set new secrets for all that stands in them.",
        "Copy the web root (/var/www).",
    ))
}

/// Returns whether a part of a path is an archive that was given as evidence itself.
fn is_given_archive(scene: &Scene<'_>, part: &str) -> bool {
    scene.ground.evidence.given.iter().any(|given| given.ends_with(part))
}

/// The holes of the panel: they must be closed where the intruder came by them, or where they are grave.
fn patched(scene: &Scene<'_>) -> Option<Gate> {
    let came_by = scene.came_by(&["web-exploit"]);
    let found: Vec<&Finding> = scene.found(&["vulnerable-module"]).collect();
    if found.is_empty() && !came_by {
        return None;
    }
    let is_must = came_by || found.iter().any(|finding| is_grave(finding.severity));
    let world = scene.ground.world;
    let has_list = !world.pbx.panel.modules.is_empty() || !world.artifacts.snapshots.is_empty();
    let mut answers: Vec<Answer> = found
        .iter()
        .map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()))
        .collect();
    if answers.is_empty() {
        answers.push(match has_list {
            true => Answer::closed("no module of the panel is of a version with a hole that is known"),
            false => Answer::cannot_tell("which versions the panel's modules have is not in the evidence"),
        });
    }
    let gate = Gate::of(PATCHED, "The panel has no hole that is known", answers)?;
    Some(gate.required(is_must).with_to_do(
        "Bring every module of the panel up to date (`fwconsole ma upgradeall`), and let only known networks reach it.",
        "Copy a dump of the panel's database of after the repair.",
    ))
}
