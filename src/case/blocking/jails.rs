//! Each jail that watches the phone system, against this attack.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::replay::{Failure, Log, Replay};
use super::shown;
use crate::case::build::Case;
use crate::event::{Citation, Instant};
use crate::fail2ban::{self, Jail, Outcome};
use crate::reconstruct::incident::{Actor, Incident};
use crate::reconstruct::world::family;
use crate::report::document::{counted, duration};
use crate::report::model::{NotBlocked, Role, Verdict};

/// Addresses named one by one.
const MOST_NAMED: usize = 3;

/// What a jail came to, before it is told.
struct Found {
    verdict: Verdict,
    why: String,
    lines: Vec<Citation>,
}

/// Weighs every jail that watches the phone system.
pub(super) fn judge(case: &Case<'_>, incident: &Incident, replay: &Replay) -> Vec<NotBlocked> {
    let Some(configuration) = &case.world.pbx.fail2ban else { return Vec::new() };
    let attack = Attack::of(incident, replay);
    let mut judged: Vec<NotBlocked> = configuration
        .phone_jails()
        .enumerate()
        .map(|(number, jail)| {
            let found = attack.against(case, number, jail);
            let defence = format!("fail2ban, jail {}", shown(&jail.name));
            NotBlocked {
                defence,
                verdict: found.verdict,
                why: found.why,
                evidence: case.proofs(&found.lines),
            }
        })
        .collect();
    if judged.is_empty() {
        let others = configuration.jails.iter().filter(|jail| jail.is_enabled);
        let lines: Vec<Citation> = others.clone().take(MOST_NAMED).map(|jail| jail.switch.clone()).collect();
        judged.push(NotBlocked {
            defence: "fail2ban".into(),
            verdict: Verdict::Off,
            why: format!(
                "none of its jails watches the phone system ({} switched on for other things)",
                others.count()
            ),
            evidence: case.proofs(&lines),
        });
    }
    judged
}

/// The failures of one intruder.
struct Attack<'a> {
    breach: Instant,
    addresses: BTreeSet<IpAddr>,
    /// Those of them who tried wrong secrets for what was taken.
    guessers: BTreeSet<IpAddr>,
    replay: &'a Replay,
    /// The log that tells of most of them.
    fullest: Option<&'a Log>,
}

impl<'a> Attack<'a> {
    fn of(incident: &Incident, replay: &'a Replay) -> Self {
        let addresses: BTreeSet<IpAddr> = incident.actors.keys().copied().collect();
        let guesses =
            |(address, actor): (&IpAddr, &Actor)| actor.roles.contains(&Role::Guess).then_some(*address);
        let guessers = incident.actors.iter().filter_map(guesses).collect();
        let of =
            |log: &Log| log.failures.iter().filter(|failure| addresses.contains(&failure.address)).count();
        let fullest = replay.logs.iter().filter(|log| of(log) > 0).max_by_key(|log| of(log));
        Attack { breach: incident.breach, addresses, guessers, replay, fullest }
    }

    fn failures<'l>(&'l self, log: &'l Log) -> impl Iterator<Item = &'l Failure> {
        log.failures.iter().filter(|failure| self.addresses.contains(&failure.address))
    }

    fn against(&self, case: &Case<'_>, number: usize, jail: &Jail) -> Found {
        let Some(fullest) = self.fullest else { return self.nothing_to_count(jail) };
        let read: Vec<&Log> = self.replay.logs.iter().filter(|log| reads(jail, &log.path)).collect();
        if !jail.is_enabled {
            return self.switched_off(number, jail, &read, fullest);
        }
        let has_any = read.iter().any(|log| self.failures(log).next().is_some());
        if !has_any {
            return self.wrong_log(case, jail, fullest);
        }
        self.counted(case, number, jail, &read)
    }

    fn nothing_to_count(&self, jail: &Jail) -> Found {
        if self.replay.is_partial {
            let why = "the logs are too large to be gone through a second time for it".to_owned();
            return Found { verdict: Verdict::CannotTell, why, lines: vec![jail.switch.clone()] };
        }
        let state = if jail.is_enabled { "" } else { "it is switched off, and " };
        let why = format!(
            "{state}it counts failures, and no log here tells of one by an address of the intruder: whoever brings the right secret is never counted"
        );
        Found { verdict: Verdict::CouldNotHelp, why, lines: vec![jail.switch.clone()] }
    }

    /// A jail that is off: what it would have done, in figures.
    fn switched_off(&self, number: usize, jail: &Jail, read: &[&Log], fullest: &Log) -> Found {
        let would = match self.outcomes(number, jail, read) {
            None => "what it would have counted cannot be told from these files".to_owned(),
            Some(outcomes) => match self.ban(&outcomes) {
                Ban::At(address, at) => format!(
                    "switched on as it stands, it would have banned {address} {}{}",
                    self.relative(at),
                    kept_off(&outcomes)
                ),
                Ban::Never(_) => "switched on as it stands, it would not have banned either".to_owned(),
            },
        };
        let lines = self.failures(fullest).count() as u64;
        let why = format!(
            "it is switched off, while {} of the intruder stand in {}; {would}",
            counted(lines, "failure"),
            shown(&fullest.path)
        );
        Found {
            verdict: Verdict::Off,
            why,
            lines: [jail.switch.clone()].into_iter().chain(self.line(fullest)).collect(),
        }
    }

    fn wrong_log(&self, case: &Case<'_>, jail: &Jail, fullest: &Log) -> Found {
        let lines = [jail.log_line.clone()].into_iter().chain(self.line(fullest)).collect();
        let failures = counted(self.failures(fullest).count() as u64, "failure");
        let told = format!("{failures} of the intruder stand in {}", shown(&fullest.path));
        if jail.reads_journal {
            let why = format!("it reads the journal, where none of them is found here; {told}");
            return Found { verdict: Verdict::WrongLog, why, lines };
        }
        let named: Vec<String> = jail.log_paths.iter().map(|path| shown(path)).collect();
        let all = named.join(", ");
        if named.is_empty() {
            let why = format!("which log it reads cannot be told from these files; {told}");
            return Found { verdict: Verdict::CannotTell, why, lines };
        }
        let files = case.evidence.sources.iter().map(|source| source.file.path.as_str());
        let empty = case.evidence.unrecognised.iter().map(|unread| unread.path.as_str());
        let is_there = files.chain(empty).any(|path| reads(jail, path));
        let why = match (is_there, is_written(case, jail)) {
            (true, _) => format!("it reads {all}, which tells of none of it; {told}"),
            (false, Some(false)) => format!("it reads {all}, which Asterisk's logger does not write; {told}"),
            (false, _) => {
                let why = format!("it reads {all}, which is not in the evidence; {told}");
                return Found { verdict: Verdict::CannotTell, why, lines };
            }
        };
        Found { verdict: Verdict::WrongLog, why, lines }
    }

    /// A jail that reads the right log.
    fn counted(&self, case: &Case<'_>, number: usize, jail: &Jail, read: &[&Log]) -> Found {
        let failures = || read.iter().flat_map(|log| self.failures(log));
        let all = failures().count() as u64;
        let heard = failures().filter(|failure| failure.is_heard(number) == Some(true)).count() as u64;
        let line = read.iter().find_map(|log| self.line(log));
        let exempt: Vec<String> = self
            .addresses
            .iter()
            .filter(|address| jail.exempt.iter().any(|network| network.contains(*address)))
            .map(IpAddr::to_string)
            .collect();
        if heard == 0 {
            let undecided = failures().any(|failure| failure.is_heard(number).is_none());
            let lines = [jail.filter_line.clone()].into_iter().chain(line).collect();
            if undecided {
                let why = "its filter is not in the evidence, or cannot be tried here".to_owned();
                return Found { verdict: Verdict::CannotTell, why, lines };
            }
            let why = format!(
                "its filter {} matches none of the {} of the intruder in the log that it reads",
                shown(&jail.filter_name),
                counted(all, "line")
            );
            return Found { verdict: Verdict::FilterDoesNotMatch, why, lines };
        }
        if !exempt.is_empty() {
            let why = format!("`ignoreip` keeps it from ever banning {}", some_of(&exempt));
            return Found { verdict: Verdict::Exempt, why, lines: vec![jail.exempt_line.clone()] };
        }
        self.threshold(case, jail, heard, &self.outcomes(number, jail, read).unwrap_or_default(), line)
    }

    /// A jail that hears the failures: whether they are enough, and in time.
    fn threshold(
        &self,
        case: &Case<'_>,
        jail: &Jail,
        heard: u64,
        outcomes: &BTreeMap<IpAddr, Outcome>,
        line: Option<Citation>,
    ) -> Found {
        let lines: Vec<Citation> = [jail.threshold_line.clone()].into_iter().chain(line).collect();
        let rule = format!(
            "it bans at {} within {}",
            counted(u64::from(jail.policy.max_retry), "failure"),
            duration(jail.policy.find_time.max(0) as u64)
        );
        let (address, at) = match self.ban(outcomes) {
            Ban::At(address, at) => (address, at),
            Ban::Never(addresses) => {
                let highest = outcomes.values().map(|outcome| outcome.highest).max().unwrap_or(0);
                let why = format!(
                    "{rule}; it counts {} from {}, of which {addresses} never come to that: the highest count is {highest}",
                    counted(heard, "line"),
                    if outcomes.len() == 1 {
                        "one address".to_owned()
                    } else {
                        format!("{} addresses", outcomes.len())
                    },
                );
                return Found { verdict: Verdict::ThresholdNotReached, why, lines };
            }
        };
        let when = self.relative(at);
        if at > self.breach {
            let why = format!("{rule}: {address} is banned {when} only");
            return Found { verdict: Verdict::TooLate, why, lines };
        }
        let banned = case
            .world
            .told
            .iter()
            .any(|told| self.addresses.iter().any(|address| told.ledger.banned.contains_key(address)));
        let covers = |log: &Log| log.span.is_some_and(|(first, last)| first <= at && last >= at);
        let of_own = self.replay.logs.iter().any(|log| !log.starts.is_empty() && covers(log));
        let (verdict, rest) = match (banned, jail.has_action, of_own) {
            (true, _, _) => (Verdict::InVain, "a ban is on record; it did not keep the intruder out"),
            (false, false, _) => (Verdict::NotAtWork, "but it has no action: a ban of its does nothing"),
            (false, true, true) => (Verdict::NotAtWork, "but its log of that time tells of no ban"),
            (false, true, false) => {
                (Verdict::ShouldHaveBlocked, "no log of fail2ban here tells whether it ran then")
            }
        };
        let why = format!("{rule}: counted so, {address} is banned {when}{}; {rest}", kept_off(outcomes));
        Found { verdict, why, lines }
    }

    /// Counts what a jail hears, by address; `None` where its log is not here or its filter cannot be tried.
    fn outcomes(&self, number: usize, jail: &Jail, read: &[&Log]) -> Option<BTreeMap<IpAddr, Outcome>> {
        let mut times: BTreeMap<IpAddr, Vec<Instant>> = BTreeMap::new();
        for failure in read.iter().flat_map(|log| self.failures(log)) {
            match failure.is_heard(number) {
                Some(true) => times.entry(failure.address).or_default().push(failure.at),
                Some(false) => {}
                None => return None,
            }
        }
        times.values_mut().for_each(|times| times.sort());
        (!times.is_empty()).then(|| {
            let counted = |(address, times)| (address, fail2ban::replay(jail.policy, times, self.breach));
            times.into_iter().map(counted).collect()
        })
    }

    /// Returns whether those who guessed would have been banned: a ban of another scanner stops none of them.
    fn ban(&self, outcomes: &BTreeMap<IpAddr, Outcome>) -> Ban {
        let is_key = |address: &IpAddr| self.guessers.is_empty() || self.guessers.contains(address);
        let key = || outcomes.iter().filter(|(address, _)| is_key(address));
        let is_free = |outcome: &Outcome| outcome.banned.is_none();
        let sum = |free: bool| -> u64 {
            let those = key().filter(|(_, outcome)| is_free(outcome) == free);
            those.map(|(_, outcome)| outcome.through + outcome.kept_off).sum()
        };
        let bans = key().filter_map(|(address, outcome)| Some((*address, outcome.banned?)));
        match bans.min_by_key(|(address, at)| (*at, *address)) {
            Some((address, at)) if sum(true) <= sum(false) => Ban::At(address, at),
            _ => Ban::Never(key().filter(|(_, outcome)| is_free(outcome)).count()),
        }
    }

    /// Returns a line of a log that tells of a failure, of one who guessed if there is one.
    fn line(&self, log: &Log) -> Option<Citation> {
        let of = |wanted: &BTreeSet<IpAddr>| {
            log.lines.iter().find(|(address, _)| wanted.contains(address)).map(|(_, line)| line.clone())
        };
        of(&self.guessers).or_else(|| of(&self.addresses))
    }

    /// Says when something was, seen from the first use.
    fn relative(&self, at: Instant) -> String {
        let seconds = self.breach.seconds_since(at);
        let span = duration(seconds.unsigned_abs());
        if seconds >= 0 {
            format!("{span} before the first use")
        } else {
            format!("{span} after the first use")
        }
    }
}

/// Whether those who led to the breach would have been banned.
enum Ban {
    /// This one first, at that time.
    At(IpAddr, Instant),
    /// Most of their failures came from so many addresses that are never banned.
    Never(usize),
}

/// Says how many failures a ban would have kept off, and how many came through all the same.
fn kept_off(outcomes: &BTreeMap<IpAddr, Outcome>) -> String {
    let through: u64 = outcomes.values().map(|outcome| outcome.through).sum();
    let kept_off: u64 = outcomes.values().map(|outcome| outcome.kept_off).sum();
    format!(
        ", and of the {} up to the first use {through} come through all the same",
        counted(through + kept_off, "line")
    )
}

fn some_of(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Returns whether a jail reads the log at a path, or its rotated files.
fn reads(jail: &Jail, path: &str) -> bool {
    let log = family(path);
    let is_read = |pattern: &String| {
        let pattern = pattern.trim_start_matches('/');
        let depth = pattern.split('/').count();
        [log.as_str(), path].iter().any(|path| {
            let parts: Vec<&str> = path.rsplitn(depth + 1, '/').take(depth).collect();
            let end = parts.into_iter().rev().collect::<Vec<_>>().join("/");
            crate::pbx::matches_pattern(pattern.as_bytes(), end.as_bytes())
        })
    };
    jail.log_paths.iter().any(is_read)
}

/// Returns whether Asterisk's logger writes one of a jail's logs; `None` where `logger.conf` is not here.
fn is_written(case: &Case<'_>, jail: &Jail) -> Option<bool> {
    let logger = case.world.pbx.logger.as_ref()?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let of_asterisk = jail.log_paths.iter().filter(|path| path.contains("/asterisk/"));
    Some(
        of_asterisk
            .into_iter()
            .any(|path| logger.channels.iter().any(|channel| name(&channel.file) == name(path))),
    )
}
