//! Was the PIN of each second dial tone (DISA) changed that the intruder may know?
//!
//! Of a PIN no case keeps anything: any hash of so few digits gives them away. That it is the old one is told by the
//! file it stands in, if that is the very one of the earlier case; that it is another, somebody has to say.

use super::Judge;
use crate::event::Citation;
use crate::pbx::dialplan::Pin;
use crate::report::model::Proof;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::Scene;
use crate::untrusted::visible;

/// Ways by which an intruder hears a PIN, or reads it.
const KNOWS_PINS: [&str; 3] = ["voicemail-or-disa", "web-exploit", "web-admin"];

const ID: &str = "disa-pin-changed";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges the dial tones that have a PIN which is not weak; of the others there are findings.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    if !scene.came_by(&KNOWS_PINS) && scene.subjects(&["secrets-downloaded"]).is_empty() {
        return Vec::new();
    }
    let answers = tones(scene).map(|(name, pin, place)| of_tone(scene, name, pin, place)).collect();
    let gate = Gate::of(ID, "The PINs of second dial tones (DISA) were changed", answers);
    gate.map(|gate| {
        gate.with_to_do(
            "Take the second dial tone out; if it must stay, set a new PIN of at least 8 digits for each user.",
            "Take the second dial tone out; if it must stay, set a new PIN and say who did, and when: --accept disa-pin-changed=REASON. No case keeps a PIN to compare with.",
        )
    })
    .into_iter()
    .collect()
}

fn tones<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = (&'s str, Pin, &'s Citation)> {
    let pbx = scene.ground.world.pbx;
    let of_dialplan = pbx.dialplan.contexts.iter().flat_map(|(name, context)| {
        let steps = context.extensions.iter().flat_map(|extension| extension.steps.values());
        let tones = steps.filter(|step| step.application.eq_ignore_ascii_case("DISA"));
        tones.filter_map(move |step| Some((name.as_str(), step.pin?, &step.place)))
    });
    let of_panel = pbx.panel.tones.iter().map(|tone| (tone.name.as_str(), tone.pin, &tone.place));
    of_dialplan.chain(of_panel).filter(|(_, pin, _)| matches!(pin, Pin::Fair | Pin::Elsewhere))
}

fn of_tone(scene: &Scene<'_>, name: &str, pin: Pin, place: &Citation) -> Answer {
    let name = visible(name);
    let proof = scene.proof(place);
    let is_old = pin == Pin::Fair && proof.as_ref().is_some_and(|proof| is_of_then(scene, proof));
    let answer = if is_old {
        Answer::open(format!(
            "the PIN of {name} is the one that the intruder may know: the file it stands in was not changed"
        ))
    } else {
        Answer::cannot_tell(format!("whether the PIN of {name} is another now"))
    };
    answer.with(proof)
}

/// Returns whether a line stands in a file that the earlier case read, byte for byte.
fn is_of_then(scene: &Scene<'_>, proof: &Proof) -> bool {
    let row = scene.report.evidence.iter().find(|row| row.path == proof.path);
    let hash = row.and_then(|row| row.sha256.as_ref());
    hash.is_some_and(|hash| scene.earlier.is_some_and(|earlier| earlier.hashes.contains(hash)))
}
