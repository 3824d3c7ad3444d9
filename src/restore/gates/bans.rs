//! Would the jails as they are now have banned the intruder?
//!
//! Where the new evidence still has the lines of the attack, each jail's filter is tried on all of them and they
//! are counted as fail2ban counts (the report's `not_blocked`). Where they are gone, the filters are tried on the
//! lines that the earlier case cites: that the filter matches is then told, and that the pace is enough is not.

use super::Judge;
use crate::fail2ban::{self, Configuration, Filter, Heard, Jail, Missing, Policy, stock};
use crate::report::model::{NotBlocked, Verdict};
use crate::restore::earlier::Tried;
use crate::restore::gate::{Answer, Gate, State};
use crate::restore::scene::Scene;
use crate::untrusted::visible;

/// Ways in before which somebody fails so often that he can be banned.
const WITH_FAILURES: [&str; 2] = ["password-guess", "default-credential"];
/// Ways in by SIP, which a jail on the phone system's log watches.
const BY_SIP: [&str; 6] = [
    "password-guess",
    "default-credential",
    "stolen-credential",
    "provisioning-leak",
    "guest-call",
    "insider",
];
/// Lines that filters are tried on.
const MOST_LINES: usize = 50;
/// Tries of one address that are counted.
const MOST_TRIES: u64 = 100_000;

const ID: &str = "bans-match";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// What is asked, and what is to be done, where the intruder failed before he got in.
const KEPT_OUT: (&str, &str) = (
    "A jail, or the firewall, is on that would have kept the intruder out",
    "Switch a jail of fail2ban on whose filter matches these lines, that reads the log in which they stand, and that bans before the guess succeeds; lower maxretry, raise findtime.",
);
/// The same where he came in without failing: no jail bans for that.
const KEEPS_OTHERS_OUT: (&str, &str) = (
    "A jail, or the firewall, is on that keeps out whoever guesses",
    "This intruder failed at nothing: no jail would have banned him. Against those who guess switch one on that reads the log of failed logins; `contain` writes one where a log here has them.",
);

/// Judges the jails together: one that bans in time is enough.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let required = scene.came_by(&WITH_FAILURES);
    if !scene.came_by(&BY_SIP) {
        return Vec::new();
    }
    let answers = answers(scene, required);
    let (title, close) = if required { KEPT_OUT } else { KEEPS_OTHERS_OUT };
    let gate = Gate::of(ID, title, answers);
    gate.map(|gate| gate.required(required).with_to_do(close, "Copy /etc/fail2ban whole."))
        .into_iter()
        .collect()
}

fn answers(scene: &Scene<'_>, required: bool) -> Vec<Answer> {
    let world = scene.ground.world;
    if let Some(shut) = super::access::of_firewall(scene, &scene.addresses()) {
        return vec![shut];
    }
    let jails: Vec<&Jail> = world.pbx.fail2ban.iter().flat_map(Configuration::phone_jails).collect();
    if jails.is_empty() {
        if world.pbx.fail2ban.is_some() {
            return vec![Answer::open("no jail of fail2ban watches the phone system")];
        }
        let missing = Missing::from(scene.ground.evidence);
        let why = format!("fail2ban: {}", missing.why());
        return vec![match missing {
            Missing::NotSetUp => Answer::open(why),
            Missing::NotCopied => Answer::cannot_tell(why),
        }];
    }
    let told: Vec<Answer> = jails.into_iter().map(|jail| of_jail(scene, jail, required)).collect();
    // Who is banned by one jail is banned.
    match told.iter().position(|answer| answer.state == State::Closed) {
        Some(at) => told.into_iter().skip(at).take(1).collect(),
        None => told,
    }
}

fn of_jail(scene: &Scene<'_>, jail: &Jail, required: bool) -> Answer {
    let name = visible(&jail.name);
    let lines = || [scene.proof(&jail.switch), scene.proof(&jail.threshold_line)].into_iter().flatten();
    if !jail.is_enabled {
        return Answer::open(format!("jail {name} is switched off")).with(scene.proof(&jail.switch));
    }
    // Actions and logs stand in fail2ban's own jail.conf, which nobody changes and many do not copy.
    let is_whole = scene.has_file("/etc/fail2ban/jail.conf");
    if !jail.has_action && is_whole {
        return Answer::open(format!("jail {name} has no action: a ban of its does nothing")).with(lines());
    }
    if !required {
        return Answer::closed(format!("jail {name} is switched on; the intruder came in without failing"))
            .with(lines());
    }
    if jail.filter.is_none() || (jail.log_paths.is_empty() && !jail.reads_journal) {
        return of_stock(scene, jail, &name).with(lines());
    }
    let defence = format!("fail2ban, jail {name}");
    let came_by_guess = |vector: &str| WITH_FAILURES.contains(&vector);
    let judged = scene.report.incidents.iter().filter(|incident| came_by_guess(incident.entry.vector.word()));
    let judged: Vec<&NotBlocked> = judged
        .flat_map(|incident| &incident.not_blocked)
        .filter(|judged| judged.defence == defence && judged.verdict != Verdict::CouldNotHelp)
        .collect();
    match judged.iter().find(|judged| !bans(judged.verdict)) {
        Some(judged) if judged.verdict == Verdict::CannotTell => {
            Answer::cannot_tell(format!("jail {name}: {}", judged.why)).with(judged.evidence.iter().cloned())
        }
        Some(judged) => {
            Answer::open(format!("jail {name}: {}", judged.why)).with(judged.evidence.iter().cloned())
        }
        None if !judged.is_empty() => {
            Answer::closed(format!("jail {name} as it is now bans the intruder before the first use"))
                .with(lines())
        }
        None => match &jail.filter {
            Some(filter) => of_cited(scene, &name, filter, jail.policy, "").with(lines()),
            None => Answer::cannot_tell(format!("jail {name}: its filter is not in the evidence")),
        },
    }
}

/// Judges a jail of which only one's own part was copied by what fail2ban comes with.
fn of_stock(scene: &Scene<'_>, jail: &Jail, name: &str) -> Answer {
    let filter_name = if jail.filter_name.is_empty() { &jail.name } else { &jail.filter_name };
    let file = format!("/etc/fail2ban/filter.d/{filter_name}");
    let is_there = scene.has_file(&format!("{file}.conf")) || scene.has_file(&format!("{file}.local"));
    let filter = jail.filter.clone().or_else(|| stock::filter(filter_name).filter(|_| !is_there));
    let Some(filter) = filter else {
        return Answer::cannot_tell(format!(
            "jail {name}: its filter is not in the evidence, or cannot be tried here"
        ));
    };
    let mut policy = jail.policy;
    if !scene.has_file("/etc/fail2ban/jail.conf") {
        policy.max_retry = policy.max_retry.max(stock::MAX_RETRY);
    }
    of_cited(
        scene,
        name,
        &filter,
        policy,
        ", by what fail2ban itself comes with, as that part was not copied",
    )
}

/// That no ban stands in a log of then says nothing of a jail that was set up since.
fn bans(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::ShouldHaveBlocked | Verdict::InVain | Verdict::NotAtWork)
}

/// Tries a filter on the lines that the report cites, and counts the tries as if they had come at an even pace.
fn of_cited(scene: &Scene<'_>, name: &str, filter: &Filter, policy: Policy, by: &str) -> Answer {
    let tries = || {
        let past = scene.past.iter().filter(|past| WITH_FAILURES.contains(&past.vector.as_str()));
        past.flat_map(|past| &past.tries).filter(|tried| tried.has_guessed)
    };
    let lines: Vec<&String> = tries().flat_map(|tried| &tried.lines).take(MOST_LINES).collect();
    let heard = lines.iter().filter(|line| matches!(filter.hears(line), Heard::Failure(_))).count();
    if lines.is_empty() {
        return Answer::cannot_tell(format!(
            "jail {name}: no line of the attack is left to try its filter on"
        ));
    }
    let of = format!("of the {} lines of the guessing that the report cites{by}", lines.len());
    if heard == 0 {
        return Answer::open(format!("jail {name}: its filter matches none {of}"));
    }
    match tries().any(|tried| is_banned(tried, policy)) {
        true => Answer::closed(format!(
            "jail {name}: its filter matches {heard} {of}, and at an even pace so many tries are banned before the last"
        )),
        false => Answer::open(format!(
            "jail {name}: its filter matches {heard} {of}, and at an even pace so few tries are never banned"
        )),
    }
}

/// Counts somebody's tries as if they had come at an even pace.
fn is_banned(tried: &Tried, policy: Policy) -> bool {
    let (Some(first), Some(last)) = (tried.first, tried.last) else { return false };
    let tries = i64::try_from(tried.attempts.min(MOST_TRIES)).unwrap_or(0);
    let span = last.seconds_since(first).max(0);
    let times = (0..tries).map(|number| first.plus_seconds(span.saturating_mul(number) / tries.max(1)));
    fail2ban::replay(policy, times, last).banned.is_some()
}
