//! Is anything of the intruder seen since? Logins, registrations and calls of his addresses, and new incidents.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Judge;
use crate::event::Instant;
use crate::fold::holes::LEAST_SECONDS;
use crate::fold::uses::Kind as Used;
use crate::reconstruct::standing::Standing;
use crate::reconstruct::world::{Told, Use, World};
use crate::report::document::duration;
use crate::restore::earlier::instant;
use crate::restore::gate::{Answer, Gate, State};
use crate::restore::scene::Scene;
use crate::untrusted::visible;

/// Less than this tells nothing, in seconds.
const LEAST: i64 = 3_600;
/// So long one watches before it is over, in seconds.
const WATCH: i64 = 24 * 3_600;

const ID: &str = "no-new-sign";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges what is seen after the instant in question.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let Some(since) = scene.clean_since else { return Vec::new() };
    let mut answers = uses(scene, since);
    answers.extend(strangers(scene, since));
    answers.extend(incidents(scene, since));
    answers.extend(visits(scene, since));
    let mut is_required = true;
    if answers.is_empty() {
        let silence = silence(scene, since);
        // Who has not asked for a quiet time may restore service before there was one: that is what comes first.
        is_required = scene.is_asked || silence.state != State::CannotTell;
        answers.push(silence);
    }
    let title = format!("Nothing of the intruder is seen since {}", scene.time(since));
    let gate = Gate::of(ID, &title, answers);
    gate.map(|gate| {
        gate.required(is_required).with_to_do(
            "He is in again, or still: cut service off, see which gate let him through, and begin with `tolltrace contain`.",
            "Copy the logs once more when that time is over: the evidence has to reach beyond it.",
        )
    })
    .into_iter()
    .collect()
}

/// Logins, registrations and manager sessions of his addresses.
fn uses(scene: &Scene<'_>, since: Instant) -> Vec<Answer> {
    let world = scene.ground.world;
    let addresses = scene.addresses();
    let is_his = |used: &&Use| used.address.is_some_and(|address| addresses.contains_key(&address));
    let all = world.uses.values().flatten().chain(&world.sessions);
    // That a contact went is no act of its owner's: it lapses, or the phone that it displaced comes back.
    all.filter(|used| used.last > since && !used.is_claimed && used.kind != Used::Unregistered)
        .filter(is_his)
        .take(50)
        .map(|used| {
            let address = used.address.as_ref().map_or_else(String::new, IpAddr::to_string);
            let what = format!(
                "{address} of the intruder used {} at {}",
                visible(&used.account),
                scene.time(used.last)
            );
            Answer::open(what).with(used.lines.last().and_then(|line| scene.proof(line)))
        })
        .collect()
}

/// Uses of the accounts that were taken over, from addresses outside that nobody used before: an intruder who comes back
/// has another address.
fn strangers(scene: &Scene<'_>, since: Instant) -> Vec<Answer> {
    let world = scene.ground.world;
    let (taken, known) = (scene.taken(), scene.addresses());
    let uses = || world.uses.iter().flat_map(|(account, uses)| uses.iter().map(move |used| (account, used)));
    let before: BTreeSet<IpAddr> =
        uses().filter(|(_, used)| used.first <= since).filter_map(|(_, used)| used.address).collect();
    let is_new = |address: IpAddr| {
        let is_outside = matches!(world.neighbours.of(address), Standing::Outside | Standing::Trunk);
        is_outside && !known.contains_key(&address) && !before.contains(&address)
    };
    let later = uses().filter(|(account, used)| used.first > since && taken.contains(account.as_str()));
    let later = later.filter(|(_, used)| !used.is_claimed && !matches!(used.kind, Used::Unregistered));
    let mut told = BTreeSet::new();
    later
        .filter_map(|(account, used)| Some((account, used, used.address.filter(|address| is_new(*address))?)))
        .filter(|(account, _, address)| told.insert((*account, *address)))
        .take(50)
        .map(|(account, used, address)| {
            Answer::cannot_tell(format!(
                "{} was used from {address} at {}, where nobody was before: ask its user whether it was he",
                visible(account),
                scene.time(used.first)
            ))
            .with(used.lines.first().and_then(|line| scene.proof(line)))
        })
        .collect()
}

/// Incidents that began since, or went on, as far as calls tell.
fn incidents(scene: &Scene<'_>, since: Instant) -> Vec<Answer> {
    let all = scene.report.incidents.iter().filter_map(|incident| {
        let is_new = incident.breach.map(instant).is_some_and(|at| at > since);
        let calls =
            || incident.calls.iter().filter(|call| call.start.map(instant).is_some_and(|at| at > since));
        let count = calls().count();
        if !is_new && count == 0 {
            return None;
        }
        let lines = calls().next_back().map(|call| call.evidence.clone()).filter(|lines| !lines.is_empty());
        let what = match count {
            0 => format!("{}: {}", incident.id, incident.title),
            calls => {
                format!("{calls} of the calls of {} are later than that: {}", incident.id, incident.title)
            }
        };
        Some(Answer::open(what).with(lines.unwrap_or_else(|| incident.proof.clone())))
    });
    all.collect()
}

/// What his addresses did at the host's own services, which count logins and refusals together; and requests of the
/// kind that used a hole of the panel, which were answered.
fn visits(scene: &Scene<'_>, since: Instant) -> Vec<Answer> {
    let world = scene.ground.world;
    let inside = scene.addresses().into_iter().filter(|(_, is_inside)| *is_inside);
    let visited = inside.filter_map(|(address, _)| Some((address, world.visitors.get(&address)?)));
    let visited = visited.filter(|(_, visitor)| visitor.last > since && visitor.logins > 0).map(|(address, visitor)| {
        let at = scene.time(visitor.last);
        Answer::cannot_tell(format!(
            "{address} of the intruder was at the host's own services until {at}, and some of its logins were accepted: look whether later than that"
        ))
    });
    let reached =
        world.web.attacks.iter().filter_map(|((address, _), attack)| Some((address, attack.reached?)));
    let reached =
        reached.filter(|(_, (_, last))| *last > since && scene.came_by(&["web-exploit", "web-admin"]));
    let reached = reached.map(|(address, (_, last))| {
        let at = scene.time(last);
        Answer::cannot_tell(format!(
            "a request of {address} of a kind that uses holes of the panel was answered at {at}: look what the page does now"
        ))
    });
    visited.chain(reached).take(20).collect()
}

fn silence(scene: &Scene<'_>, since: Instant) -> Answer {
    let world = scene.ground.world;
    let Some(ends) = scene.ends() else {
        return Answer::cannot_tell("no log of this evidence tells of any time");
    };
    let quiet = ends.seconds_since(since);
    if quiet <= 0 {
        return Answer::cannot_tell(format!(
            "the evidence ends at {}: nothing of that time is in it",
            scene.time(ends)
        ));
    }
    if let Some(unseen) = unseen(scene, since, quiet) {
        return unseen;
    }
    // Intruders come back by night: so short a silence tells nothing yet. Who asks for a time of his own knows why.
    let least = if scene.is_asked { LEAST } else { WATCH };
    let span = duration(quiet.unsigned_abs());
    let lost = untold(world, since, ends);
    let watched = quiet - lost.iter().map(|(from, until)| until.seconds_since(*from)).sum::<i64>();
    let longest = lost.iter().max_by_key(|(from, until)| until.seconds_since(*from));
    if let Some((from, until)) = longest.filter(|_| watched < least && quiet >= least) {
        return Answer::cannot_tell(format!(
            "no log that shows logins or calls tells of anything from {} to {}: the server stood still, or its logs of that time are lost",
            scene.time(*from),
            scene.time(*until)
        ));
    }
    if quiet >= WATCH && !is_alive(scene, since) {
        return Answer::cannot_tell(format!(
            "nobody at all logged in, registered, failed or called in the {span} until {}: the server stood still, or its logs of that time are lost",
            scene.time(ends)
        ));
    }
    let told = format!("no login, registration or call of his in the {span} until {}", scene.time(ends));
    match quiet {
        _ if quiet < least => Answer::cannot_tell(format!("{told}: watch on, a day at least")),
        _ if quiet < WATCH => Answer::closed(format!("{told}: watch on, a day at least")),
        _ => Answer::closed(told),
    }
}

/// Returns the long stretches of a time in which nothing that shows logins or calls tells of anything.
fn untold(world: &World<'_>, since: Instant, ends: Instant) -> Vec<(Instant, Instant)> {
    let mut told: Vec<(Instant, Instant)> = Vec::new();
    for source in world.told.iter().filter(|told| shows_logins(told) || !told.ledger.rows.rows.is_empty()) {
        let (Some(mut from), Some(last)) = (source.ledger.first, source.ledger.last) else { continue };
        for &(until, again) in source.ledger.holes.list() {
            told.push((from, until));
            from = again;
        }
        told.push((from, last));
    }
    told.sort_unstable();
    let mut untold = Vec::new();
    let mut reached = since;
    for (from, until) in told.into_iter().filter(|(_, until)| *until >= since) {
        if from.min(ends).seconds_since(reached) >= LEAST_SECONDS {
            untold.push((reached, from.min(ends)));
        }
        reached = reached.max(until);
    }
    if ends.seconds_since(reached) >= LEAST_SECONDS {
        untold.push((reached, ends));
    }
    untold
}

/// Is it a log in which logins would be seen?
fn shows_logins(told: &Told<'_>) -> bool {
    let of_proxy = told.ledger.services.iter().any(|service| service.is_proxy());
    told.is_server_log() || of_proxy || told.ledger.is_freeswitch
}

/// Does anything of that time, by whomever, show that the phone system worked and that it was logged?
fn is_alive(scene: &Scene<'_>, since: Instant) -> bool {
    let world = scene.ground.world;
    let mut uses = world.uses.values().flatten().chain(&world.sessions);
    let mut parties = world.parties.values();
    uses.any(|used| used.last > since)
        || parties.any(|party| party.last().is_some_and(|last| last > since))
        || world.calls.iter().any(|call| call.start() > since)
        || world.visitors.values().any(|visitor| visitor.last > since)
}

/// Tells why silence says nothing: nothing that would show a login reaches over the time.
fn unseen(scene: &Scene<'_>, since: Instant, quiet: i64) -> Option<Answer> {
    let world = scene.ground.world;
    if scene.report.case.filters.iter().any(|filter| filter.contains("--until")) {
        return Some(Answer::cannot_tell("--until leaves out what came later"));
    }
    let logs = world.told.iter().filter(|told| shows_logins(told));
    let logs = logs.filter(|told| told.ledger.last.is_some_and(|last| last > since));
    let Some(begins) = logs.filter_map(|told| told.ledger.first).min() else {
        return Some(Answer::cannot_tell("no log that shows logins reaches into that time"));
    };
    let before = begins.seconds_since(since);
    (before > LEAST.max(quiet / 4)).then(|| {
        Answer::cannot_tell(format!(
            "the logs that show logins begin at {}: nothing tells of the {} before that",
            scene.time(begins),
            duration(before.unsigned_abs())
        ))
    })
}
