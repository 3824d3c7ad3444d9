//! The routes by which the fraud went out: advised only, for they let honest calls out as well.

use super::Judge;
use crate::report::model::Severity;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::Scene;
use crate::untrusted::visible;

const ID: &str = "routes-limited";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges each route that the intruder's calls took, and those that let out more than they look to.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let dialplan = &scene.ground.world.pbx.dialplan;
    let switch_plan = &scene.ground.world.pbx.switch_plan;
    let mut routes: Vec<&(String, String)> = scene.past.iter().flat_map(|past| &past.routes).collect();
    routes.sort();
    routes.dedup();
    let mut answers: Vec<Answer> = Vec::new();
    for (context, pattern) in routes {
        let held = dialplan.contexts.get(context);
        let extension =
            held.and_then(|held| held.extensions.iter().find(|one| one.pattern.text() == pattern.as_str()));
        let of_switch = switch_plan.place_of(context, pattern);
        let name = format!("{} in [{}]", visible(pattern), visible(context));
        let is_there = extension.is_some() || of_switch.is_some();
        answers.push(if is_there {
            let place = extension.and_then(|extension| extension.place()).or(of_switch);
            Answer::open(format!("{name}, by which the fraud went out, is there as it was"))
                .with(place.and_then(|place| scene.proof(place)))
        } else if dialplan.contexts.is_empty() && switch_plan.is_empty() {
            Answer::cannot_tell(format!("{name}: the dialplan is not in the evidence"))
        } else {
            Answer::closed(format!("{name} is not there any more"))
        });
    }
    let wide =
        scene.found(&["route-lets-foreign-out"]).filter(|finding| finding.severity <= Severity::Medium);
    answers.extend(
        wide.map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned())),
    );
    let gate = Gate::of(ID, "Calls abroad are limited to who needs them", answers);
    gate.map(|gate| {
        gate.required(false).with_to_do(
            "Let only the countries and accounts out that need it, behind a PIN or by the hour, the emergency route first; set a daily limit at the carrier.",
            "Copy the dialplan (Asterisk: extensions*.conf, FreeSWITCH: the folder dialplan) or the panel's database.",
        )
    })
    .into_iter()
    .collect()
}
