//! Which log a jail of fail2ban can read: the one that tells of most failures.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::artifacts::place::on_disk;
use crate::case::build::Case;
use crate::contain::fail2ban::POLICY;
use crate::contain::words::DiskPath;
use crate::contain::{Jail, LogForm, Plan, Replayed, ScriptTurn};
use crate::event::{Action, Instant};
use crate::fail2ban::{Counted, Counter};
use crate::reconstruct::standing::Standing;
use crate::reconstruct::world::{Told, World, family};
use crate::report::model::Report;

/// Turns of speech of one script.
const MOST_TURNS: usize = 8;
/// Lines that are looked at for them.
const MOST_LINES: usize = 400;

/// Fills in what the jail rests on, or why there can be none.
pub(super) fn fill(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let mut logs: BTreeMap<(LogForm, String), (u64, &Told<'_>)> = BTreeMap::new();
    for told in &case.world.told {
        let failures = failures(told);
        let Some(form) = form(told).filter(|_| failures > 0) else { continue };
        let path = family(&told.source.file.path);
        let known = logs.entry((form, path)).or_insert((0, told));
        known.0 += failures;
        // The file that is written to now has the shortest name of its log.
        if told.source.file.path.len() < known.1.source.file.path.len() {
            known.1 = told;
        }
    }
    // Lines of JSON tell what the same log tells plainly; fail2ban's own form of them is the more fragile one.
    // Of logs that tell the same, fail2ban has least to read in the smallest.
    let best = logs.iter().max_by_key(|((form, path), (failures, told))| {
        let size = std::cmp::Reverse(told.source.file.bytes);
        (*form != LogForm::AsteriskJson, *failures, size, std::cmp::Reverse(path.as_str()))
    });
    let Some(((form, _), (failures, told))) = best else {
        // Of what else was tried the host's and the panel's logs tell.
        plan.no_jail = Some(if case.world.told.iter().any(|told| failures(told) > 0) {
            "no log of the telephone program tells of a failed login; other logs here do (the host's, the panel's), \
             and those are for fail2ban's own jails, such as sshd"
        } else {
            "no log of this evidence tells of a failed login: there is nothing that a jail could count"
        });
        return;
    };
    let placed = family(&on_disk(&told.source.file.placed));
    match DiskPath::new(&placed) {
        Some(log) => {
            let path = told.source.file.path.clone();
            let turns = if *form == LogForm::Proxy { turns(case) } else { Vec::new() };
            let replay = replayed(case, report, plan);
            plan.jail = Some(Jail { log, path, form: *form, failures: *failures, replay, turns });
        }
        None => plan.no_jail = Some("the path of the log has letters that no script may hold"),
    }
}

/// Tells what the jail would have done, from the tries of each hour: when each came within it is not kept.
fn replayed(case: &Case<'_>, report: &Report, plan: &Plan) -> Replayed {
    let world = case.world;
    let intruders: BTreeSet<IpAddr> =
        report.incidents.iter().flat_map(|incident| &incident.sources).map(|source| source.address).collect();
    let tried: BTreeSet<IpAddr> = plan.tried.iter().copied().collect();
    let mut replay = Replayed::default();
    for (address, party) in &world.parties {
        let (banned, most) = counted(&party.failures.hours);
        let hour = banned.and_then(|(hour, tries)| Some((case.when(hour)?, tries)));
        match (intruders.contains(address), hour) {
            (true, Some((hour, tries))) => replay.banned.push((*address, hour, tries)),
            (true, None) => replay.missed.push((*address, most)),
            (false, hour) if tried.contains(address) => {
                replay.tried += 1;
                replay.tried_banned += u64::from(hour.is_some());
            }
            // Inside nobody is banned, and of a stranger who is not listed nothing is said.
            (false, _) => {
                let is_near = most + 2 >= POLICY.max_retry;
                if is_near && world.neighbours.of(*address) == Standing::Outside && is_user(world, *address) {
                    replay.honest.push((*address, most));
                }
            }
        }
    }
    let missed: BTreeSet<IpAddr> = world.parties.keys().copied().collect();
    replay.missed.extend(intruders.difference(&missed).map(|address| (*address, 0)));
    replay
}

/// Returns whether somebody used an account from an address.
fn is_user(world: &World<'_>, address: IpAddr) -> bool {
    world.users.get(&address).is_some_and(|users| !users.is_empty())
}

/// Counts tries as fail2ban does: the hour of the first ban with the tries until then, and the highest count.
fn counted(hours: &BTreeMap<u32, u64>) -> (Option<(Instant, u32)>, u32) {
    let mut counter = Counter::new(POLICY);
    let (mut tries, mut most) = (0_u32, 0);
    for (hour, of_hour) in hours {
        let at = i64::from(*hour) * 3_600;
        // More than ban change nothing.
        for _ in 0..(*of_hour).min(u64::from(POLICY.max_retry)) {
            tries += 1;
            match counter.fail(at) {
                Counted::Ban => return (Some((Instant::from_seconds(at), tries)), POLICY.max_retry),
                Counted::Retry(count) => most = most.max(count),
                Counted::Blocked => {}
            }
        }
    }
    (None, most)
}

/// Returns the turns by which the routing script tells of failures, from the lines that were kept of them.
fn turns(case: &Case<'_>) -> Vec<ScriptTurn> {
    let lines = case.world.parties.iter().flat_map(|(address, party)| {
        party.failures.lines.iter().map(move |line| (address.to_string(), line))
    });
    // Of a flood only the places were kept: the lines are read again.
    let read = lines.take(MOST_LINES).filter_map(|(address, line)| Some((address, case.proof(line)?.text)));
    let found: BTreeSet<ScriptTurn> = read.filter_map(|(address, text)| turn(&address, text.raw())).collect();
    found.into_iter().take(MOST_TURNS).collect()
}

/// Takes the turn out of one line: the words behind `<script>:`, and what stands before the address.
fn turn(address: &str, line: &str) -> Option<ScriptTurn> {
    let (_, said) = line.split_once("<script>: ")?;
    let is_letter = |letter: &char| letter.is_ascii_alphabetic() || *letter == ' ';
    let words: String = said.chars().take_while(is_letter).collect();
    // A name of a value that begins right behind the words is none of them.
    let is_cut = said.chars().nth(words.len()).is_some_and(|next| next != ':');
    let words = if is_cut { words.rsplit_once(' ').map_or("", |(whole, _)| whole).to_owned() } else { words };
    let words = words.trim().to_owned();
    let before = said.get(..said.find(address)?)?;
    let cue: String = before
        .chars()
        .rev()
        .take_while(|letter| letter.is_ascii_alphabetic() || "_= (:".contains(*letter))
        .collect();
    let cue: String = cue.chars().rev().collect();
    // Of several words the last one stands for the address.
    let cue = cue.trim_start().rsplit_once(' ').map_or(cue.trim_start().to_owned(), |(head, rest)| {
        if rest.is_empty() {
            format!("{} ", head.rsplit(' ').next().unwrap_or_default())
        } else {
            rest.to_owned()
        }
    });
    let fits = (4..=60).contains(&words.len()) && (2..=20).contains(&cue.len());
    fits.then_some(ScriptTurn { words, cue })
}

/// Returns how many records of a source a jail may count.
fn failures(told: &Told<'_>) -> u64 {
    let of = |action| told.ledger.actions.get(&action).copied().unwrap_or(0);
    of(Action::AuthFailed) + of(Action::CallRejected)
}

/// Returns the form of a log that a filter is written for.
fn form(told: &Told<'_>) -> Option<LogForm> {
    match told.source.kind.word() {
        // The line that Asterisk begins a file with is plain, whatever the form of the rest.
        "asterisk-log" if memchr::memmem::find(&told.source.head, b"{\"hostname\":").is_some() => {
            Some(LogForm::AsteriskJson)
        }
        "asterisk-log" => Some(LogForm::Asterisk),
        "freeswitch-log" => Some(LogForm::FreeSwitch),
        "syslog" if told.ledger.services.iter().any(|service| service.is_proxy()) => Some(LogForm::Proxy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_turns_are_taken_out_of_its_lines() {
        let told = |line: &str| turn("198.51.100.7", line).map(|turn| (turn.words, turn.cue));
        let expected = |words: &str, cue: &str| Some((words.to_owned(), cue.to_owned()));
        let line =
            "x kamailio[1]: NOTICE: <script>: Auth failed: REGISTER user=1 from 198.51.100.7:5060 ua=x";
        assert_eq!(told(line), expected("Auth failed", "from "));
        let line = "x kamailio[1]: NOTICE: <script>: login failed src_ip=198.51.100.7";
        assert_eq!(told(line), expected("login failed", "src_ip="));
        assert_eq!(told("x kamailio[1]: NOTICE: <script>: *: 198.51.100.7"), None);
    }
}
