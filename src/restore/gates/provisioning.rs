//! Who can fetch phone files now?

use super::Judge;
use crate::pbx::Audience;
use crate::report::model::{Finding, Severity};
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::Scene;

const EXPOSED: [&str; 1] = ["provisioning-exposed"];
const LEAKED: [&str; 3] = ["provisioning-exposed", "provisioning-leaked", "provisioning-walked"];

const ID: &str = "provisioning-closed";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges the folders of phone files.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let pbx = scene.ground.world.pbx;
    let was_open = scene.came_by(&["provisioning-leak"]) || !scene.subjects(&LEAKED).is_empty();
    if !was_open && pbx.phone_files.is_empty() {
        return Vec::new();
    }
    let mut answers: Vec<Answer> = scene.found(&EXPOSED).map(|finding| of_folder(scene, finding)).collect();
    if answers.is_empty() && !pbx.phone_files.is_empty() {
        answers.push(Answer::closed("no phone file holds a secret that may be in force"));
    }
    if answers.is_empty() {
        let paths = scene.found_earlier(&LEAKED).flat_map(|finding| &finding.evidence);
        let mut gone = paths.filter(|proof| !proof.path.contains("/log/"));
        answers.push(match gone.any(|proof| scene.covers(&proof.path)) {
            true => Answer::closed("the phone files with secrets are not there any more"),
            false => {
                Answer::cannot_tell("neither phone files nor the folder that they lay in are in the evidence")
            }
        });
    }
    let required = answers.iter().any(|answer| answer.state == crate::restore::gate::State::Open) || was_open;
    let gate = Gate::of(ID, "Phone files are not handed out to strangers", answers);
    gate.map(|gate| {
        gate.required(required).with_to_do(
            "Close the server that hands them out to the Internet (firewall, or its own list of networks), or ask for a password over HTTPS; then set new secrets.",
            "Copy the phone files' folder, the configuration of the web and TFTP servers and the firewall's saved rules; look at the router whether the port is forwarded.",
        )
    })
    .into_iter()
    .collect()
}

/// A request of then settles what the disk leaves open; it does not say that what is closed now is open.
fn of_folder(scene: &Scene<'_>, finding: &Finding) -> Answer {
    let told = match finding.severity {
        Severity::Critical | Severity::High => Answer::open(finding.title.clone()),
        Severity::Medium if is_shut(scene, finding.subject.raw()) => Answer::closed(format!(
            "{} is closed to strangers as its servers are set up now",
            finding.subject.terminal()
        )),
        Severity::Medium => Answer::cannot_tell(finding.title.clone()),
        Severity::Low | Severity::Info => Answer::closed(finding.title.clone()),
    };
    told.with(finding.evidence.iter().cloned())
}

fn is_shut(scene: &Scene<'_>, folder: &str) -> bool {
    let pbx = scene.ground.world.pbx;
    let mut files = pbx.phone_files.iter().filter(|file| file.folder() == folder).peekable();
    files.peek().is_some()
        && files.flat_map(|file| pbx.shares_of(file)).all(|share| {
            matches!(pbx.audience(share).audience, Audience::Network | Audience::Password | Audience::Nobody)
        })
}
