//! Would a next intruder be seen: security events, and records of calls?

use super::Judge;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::Scene;
use crate::untrusted::visible;

const LOGINS: &str = "security-log-on";
const RECORDS: &str = "call-records-on";
pub(super) const GATES: Judge = Judge { ids: || vec![LOGINS, RECORDS], judge };

/// Judges both.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let is_switch = scene.ground.world.is_freeswitch();
    let logins = Gate::of(LOGINS, "Logins are logged", of_logins(scene).into_iter().collect()).map(|gate| {
        gate.with_to_do(
            if is_switch {
                "Set log-auth-failures=true in every profile that is reached from outside, and restart the profile."
            } else {
                "Add `security => security,notice` to [logfiles] of logger.conf (FreePBX: Asterisk Logfile Settings), and load the logger."
            },
            if is_switch {
                "Copy the profiles of FreeSWITCH (sip_profiles), or its freeswitch.xml.fsxml."
            } else {
                "Copy logger.conf and the files that it includes."
            },
        )
    });
    let calls =
        Gate::of(RECORDS, "Call records are written", of_calls(scene).into_iter().collect()).map(|gate| {
            gate.with_to_do(
                "Set enable=yes in cdr.conf, and load a module that writes the records.",
                "Copy /var/log/asterisk/cdr-csv, or a dump of asteriskcdrdb.",
            )
        });
    logins.into_iter().chain(calls).collect()
}

fn of_logins(scene: &Scene<'_>) -> Option<Answer> {
    let world = scene.ground.world;
    if let Some(finding) = scene.found(&["security-log-off", "wrong-secrets-not-logged"]).next() {
        return Some(Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()));
    }
    if world.is_freeswitch() {
        return Some(match world.pbx.logs_wrong_secrets {
            Some(true) => Answer::closed("FreeSWITCH logs wrong secrets"),
            Some(false) => Answer::open("FreeSWITCH does not log wrong secrets (log-auth-failures)"),
            None => Answer::cannot_tell("the profiles of FreeSWITCH are not in the evidence"),
        });
    }
    if let Some(logger) = &world.pbx.logger {
        let files = logger
            .channels
            .iter()
            .filter(|channel| channel.levels.iter().any(|level| level == "security" || level == "*"));
        let named: Vec<String> = files.map(|channel| visible(&channel.file)).collect();
        let what = match named.is_empty() {
            true => "this release has no security events to log".to_owned(),
            false => format!("security events go to {}", named.join(", ")),
        };
        return Some(Answer::closed(what).with(scene.proof(&logger.place)));
    }
    if world.has_proxy() {
        // What a proxy logs is its script's choice.
        return None;
    }
    Some(match world.has_security_events() {
        true => Answer::closed("the logs of this evidence hold security events"),
        false => Answer::cannot_tell("logger.conf is not in the evidence"),
    })
}

fn of_calls(scene: &Scene<'_>) -> Option<Answer> {
    let world = scene.ground.world;
    if world.pbx.call_records.enabled == Some(false) {
        return Some(Answer::open("cdr.conf switches call records off"));
    }
    let mut with_rows = world.told.iter().filter(|told| told.ledger.rows.rows.iter().next().is_some());
    if let Some(told) = with_rows.next() {
        let path = visible(&told.source.file.path);
        return Some(Answer::closed(format!("{path} holds call records")));
    }
    (!world.has_proxy()).then(|| Answer::cannot_tell("no call record is in the evidence"))
}
