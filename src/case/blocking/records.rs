//! What fail2ban's own records tell: bans that came too late, and a service that starts over and over.

use super::replay::{Log, Replay};
use super::shown;
use crate::case::build::Case;
use crate::event::{Citation, Instant};
use crate::reconstruct::incident::Incident;
use crate::report::document::{counted, duration};
use crate::report::model::{NotBlocked, Verdict};

/// So many starts, this close to one another, are a loop: a person restarts a service a few times.
const LOOP_STARTS: usize = 10;
const LOOP_SECONDS: i64 = 3_600;

/// Weighs the records.
pub(super) fn judge(case: &Case<'_>, incident: &Incident, replay: &Replay) -> Vec<NotBlocked> {
    let looping = replay.logs.iter().filter_map(|log| restarts(case, log));
    bans(case, incident).into_iter().chain(looping).collect()
}

/// Tells of the earliest ban of an address of the intruder.
fn bans(case: &Case<'_>, incident: &Incident) -> Option<NotBlocked> {
    let told = case.world.told.iter().flat_map(|told| &told.ledger.banned);
    let mine = told.filter(|(address, _)| incident.actors.contains_key(address));
    let (address, (at, line)) = mine.min_by_key(|(address, (at, _))| (*at, **address))?;
    let (verdict, why) = told_of(*at, incident.breach);
    Some(NotBlocked {
        defence: "fail2ban, its bans".into(),
        verdict,
        why: format!("{address} was banned {why}"),
        evidence: case.proofs([line]),
    })
}

fn told_of(ban: Instant, breach: Instant) -> (Verdict, String) {
    let seconds = ban.seconds_since(breach);
    let span = duration(seconds.unsigned_abs());
    if seconds > 0 {
        (
            Verdict::TooLate,
            format!(
                "{span} after the account was first used: a ban ends neither calls that are up nor what comes from elsewhere"
            ),
        )
    } else {
        (Verdict::InVain, format!("{span} before the first use, which it did not prevent"))
    }
}

/// Tells of a service that starts over and over: what it has counted is lost each time.
fn restarts(case: &Case<'_>, log: &Log) -> Option<NotBlocked> {
    let (first, last) = (log.starts.first()?, log.starts.last()?);
    let mut gaps: Vec<i64> = log
        .starts
        .windows(2)
        .map(|pair| match pair {
            [before, after] => after.seconds_since(*before).abs(),
            _ => i64::MAX,
        })
        .collect();
    gaps.sort_unstable();
    let middle = *gaps.get(gaps.len() / 2)?;
    if log.starts.len() < LOOP_STARTS || middle > LOOP_SECONDS {
        return None;
    }
    let lines: Vec<Citation> = log.start_line.iter().cloned().collect();
    Some(NotBlocked {
        defence: "fail2ban, its service".into(),
        verdict: Verdict::NotAtWork,
        why: format!(
            "it started {} in {} ({}), mostly {} after the start before: what it had counted was lost each time",
            counted(log.starts.len() as u64, "time"),
            duration(last.seconds_since(*first).max(0) as u64),
            shown(&log.path),
            duration(middle.max(0) as u64),
        ),
        evidence: case.proofs(&lines),
    })
}
