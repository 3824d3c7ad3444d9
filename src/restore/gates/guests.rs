//! Calls and registrations without an account.

use super::Judge;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::{Product, Scene};

/// What lets somebody in who has no account or need not prove it.
pub(super) const IDS: [&str; 4] =
    ["guest-calls-allowed", "guests-reach-trunk", "anybody-may-register", "any-secret-accepted"];

const ID: &str = "guest-calls-off";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges whether anybody may call.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let pbx = scene.ground.world.pbx;
    let mut answers: Vec<Answer> = scene
        .found(&IDS)
        .map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()))
        .collect();
    if answers.is_empty() && scene.has_configuration() {
        if let Some(unread) = scene.unread_accounts() {
            answers.push(Answer::cannot_tell(format!("a setting may stand in what was not read: {unread}")));
        }
        let settings = pbx
            .settings
            .held
            .iter()
            .filter(|held| IDS.contains(&held.rule.id.as_str()) && held.value.is_some());
        let lines = settings.filter_map(|held| scene.proof(&held.cited)).take(3);
        answers.push(Answer::closed("no setting lets calls in without an account").with(lines));
    } else if answers.is_empty() {
        answers.push(Answer::cannot_tell("the configuration is not in the evidence"));
    }
    let gate = Gate::of(ID, "Nobody calls or registers without an account", answers);
    gate.map(|gate| {
        gate.with_to_do(
            match Product::of(scene.ground.world) {
                Product::Switch => "Set auth-calls=true in the profile, take the context that strangers enter out of every way to a gateway, and restart the profile.",
                Product::Proxy => "Ask every INVITE that does not come from the carrier or the gateway for credentials in the routing script, and restart the proxy.",
                Product::Asterisk => "Set allowguest=no (chan_sip), take the anonymous endpoint away (pjsip), and load it.",
            },
            "Copy the phone system's configuration whole (/etc/asterisk, /etc/freeswitch, /etc/kamailio).",
        )
    })
    .into_iter()
    .collect()
}
