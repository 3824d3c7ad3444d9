//! What a panel's own code and tables say of each other: modules that it does not know, files that it did not write,
//! its own warnings, commands that its backups run, its settings gone.

use super::{Show, marks};
use crate::artifacts::Place;
use crate::event::Citation;
use crate::indicators::{self, Kind};
use crate::pbx::PanelModule;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Names told one by one, and findings of one kind.
const MOST_TOLD: usize = 20;
/// With fewer modules a copy of the web root is not whole, and nothing can be said.
const FEWEST_MODULES: usize = 3;
/// One module in so many may be gone from a copy that is called whole.
const A_FEW: usize = 4;
/// Lines shown.
const MOST_PROOFS: usize = 4;

/// Yields one finding for each of these.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = unknown_modules(world, show).into_iter().collect();
    findings.extend(modules_gone(world, show));
    findings.extend(settings_missing(world, show));
    findings.extend(hand_written(world, show));
    findings.extend(warnings(world, show));
    findings.extend(backup_hooks(world, show));
    findings
}

/// Modules in the web root that the panel's table does not list.
fn unknown_modules(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let (known, on_disk) = (&world.pbx.panel.modules, &world.artifacts.modules);
    let is_known = |name: &&String| known.iter().any(|module| module.name.eq_ignore_ascii_case(name));
    let shared = on_disk.iter().filter(is_known).count();
    let unknown: Vec<&String> = on_disk.iter().filter(|name| !is_known(name)).collect();
    let row = known.first().filter(|_| shared >= FEWEST_MODULES && !unknown.is_empty())?;
    let named: Vec<String> = unknown.iter().take(MOST_TOLD).map(|name| visible(name)).collect();
    let told = format!("the table of modules begins here and does not list {}", named.join(", "));
    Some(Finding {
        id: "panel-module-unknown",
        severity: Severity::Low,
        subject: Untrusted::from("modules of the panel"),
        title: format!(
            "{} in the web root that the panel does not know",
            counted(unknown.len() as u64, "module")
        ),
        detail: format!(
            "Folders of modules that the panel's table does not list: {}. One that was never installed, or taken out by \
             halves, looks the same; an intruder's page lies there as well as anywhere.",
            named.join(", ")
        ),
        remedy: "See what lies in each; take away what no administrator put there, after keeping a copy."
            .into(),
        // MITRE ATT&CK: Server Software Component.
        attack: vec!["T1505"],
        evidence: show(&Citation::new(row.place.place, told.as_bytes())).into_iter().collect(),
    })
}

/// Modules that the panel's table lists as switched on and whose folders are gone from an otherwise whole copy.
fn modules_gone(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let on_disk = &world.artifacts.modules;
    let has_folder =
        |module: &&PanelModule| on_disk.iter().any(|name| name.eq_ignore_ascii_case(&module.name));
    // What belongs to the panel itself lies elsewhere in some releases.
    let known = world.pbx.panel.modules.iter().filter(|module| module.is_enabled && module.name != "builtin");
    let (there, gone): (Vec<&PanelModule>, Vec<&PanelModule>) = known.partition(has_folder);
    let is_whole = there.len() >= FEWEST_MODULES && gone.len() <= there.len() / A_FEW;
    let named: Vec<String> = gone.iter().take(MOST_TOLD).map(|module| visible(&module.name)).collect();
    (is_whole && !gone.is_empty()).then(|| Finding {
        id: "panel-module-gone",
        severity: Severity::Info,
        subject: Untrusted::from("modules of the panel"),
        title: format!("{} of the panel without a folder in the web root", counted(gone.len() as u64, "module")),
        detail: format!(
            "The panel's table lists as switched on what has no page there: {}. An update that broke off leaves the same, \
             and so does an intruder who deletes what could show or stop him.",
            named.join(", ")
        ),
        remedy: "Install them anew (fwconsole ma downloadinstall), and see when the folders went.".into(),
        // MITRE ATT&CK: Data Destruction.
        attack: vec!["T1485"],
        evidence: gone.iter().take(MOST_PROOFS).filter_map(|module| show(&module.place)).collect(),
    })
}

/// The panel's code is there, the host's other settings are, and the panel's own are gone.
fn settings_missing(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let has = |wanted: Place| world.artifacts.files.iter().find(|file| file.place == wanted);
    let is_panel =
        ["core", "framework"].iter().any(|module| world.artifacts.modules.iter().any(|name| name == module));
    let users = has(Place::Users).filter(|_| is_panel && has(Place::PanelSettings).is_none())?;
    Some(Finding {
        id: "panel-settings-missing",
        severity: Severity::Low,
        subject: Untrusted::from("/etc/freepbx.conf"),
        title: "The panel's settings file is gone".into(),
        detail: "The panel's code and the host's other settings are here, /etc/freepbx.conf and /etc/amportal.conf are \
                 not. A campaign of 2025 left hosts so; a copy that leaves out files with secrets looks the same."
            .into(),
        remedy: "See on the host whether the file is there. If it is not, see when it went: that is when somebody had \
                 the rights of the web server."
            .into(),
        // MITRE ATT&CK: Data Destruction.
        attack: vec!["T1485"],
        evidence: show(&Citation::new(users.whole.place, b"(the list of users, in the folder where the file should be)"))
            .into_iter()
            .collect(),
    })
}

/// Files that the panel writes, without the words with which it begins each.
fn hand_written(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let each = world.artifacts.hand_written.iter().map(|(path, line)| Finding {
        id: "generated-file-edited",
        severity: Severity::Medium,
        subject: Untrusted::from(path.as_str()),
        title: format!("{} was not written by the panel, which writes such files", visible(path)),
        detail: "It lacks the words with which the panel begins every file that it generates, and which the others beside \
                 it have. What a hand writes there works until the next reload and is gone then: administrators are warned \
                 of it, and intruders like it."
            .into(),
        remedy: "Compare it with what the panel writes now (fwconsole reload on a copy), and ask who wrote it.".into(),
        // MITRE ATT&CK: Stored Data Manipulation.
        attack: vec!["T1565.001"],
        evidence: show(line).into_iter().collect(),
    });
    each.take(MOST_TOLD).collect()
}

/// What the panel told its administrators of code that is not what was signed.
fn warnings(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let each = world.pbx.panel.notices.iter().map(|notice| {
        let (severity, what) = match notice.is_changed {
            true => (Severity::Medium, "was changed since it was signed"),
            // Modules of others bear none.
            false => (Severity::Info, "bears no signature"),
        };
        Finding {
            id: "panel-warned-of-code",
            severity,
            subject: Untrusted::from(if notice.is_changed { "changed code" } else { "unsigned code" }),
            title: format!("The panel warned its administrators that some of its code {what}"),
            detail: format!(
                "Its words: {}. An administrator's own change, or a module of another maker, is told so too.",
                visible(&notice.text)
            ),
            remedy: "Look at the files that the warning names, and install their modules anew.".into(),
            // MITRE ATT&CK: Compromise Host Software Binary.
            attack: vec!["T1554"],
            evidence: show(&notice.place).into_iter().collect(),
        }
    });
    each.take(MOST_TOLD).collect()
}

/// Commands that the panel's backups run, by its table.
fn backup_hooks(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let each = world.pbx.panel.backup_hooks.iter().map(|hook| {
        let marked = indicators::of_text(Kind::Line, hook.command.as_bytes());
        let sure =
            marked.iter().filter_map(|place| indicators::all().get(*place)).map(|mark| mark.confidence).max();
        Finding {
            id: "persistence-backup-hook",
            severity: sure.map_or(Severity::Low, marks::severity),
            subject: Untrusted::from(hook.when.as_str()),
            title: "A backup of the panel runs a command of its own".into(),
            detail: format!(
                "It is `{}`. Few systems use this, and it runs with every backup or restore.",
                visible(&hook.command)
            ),
            remedy: "Ask who set it; take it out of the backup unless an administrator did.".into(),
            // MITRE ATT&CK: Event Triggered Execution.
            attack: vec!["T1546"],
            evidence: show(&hook.place).into_iter().collect(),
        }
    });
    each.take(MOST_TOLD).collect()
}
