//! Years for sources whose stamps have none.
//!
//! What decides, best first: instants that the source's own records tell, the other files of the same
//! rotated log, the records of its folder, of its host and of the whole evidence, the time the file was
//! last written, the date in its name, the user, and last the newest instant known.

use std::collections::BTreeMap;

use crate::event::{Instant, SourceId, Stamp};

use super::calendar::{self, DAY};
use super::resolver::{Years, year_near};
use super::rotation::{self, Rank};
use super::survey::SourceFacts;

/// Times of files copied together lie this near to each other, and tell nothing.
const ONE_COPY: i64 = 3_600;
/// A log untouched for longer than this before its file's time was rather copied at that time.
const LONGEST_SILENCE: i64 = 330 * DAY;
/// Logs of one host that are further apart than this do not tell each other's year.
const NEIGHBOURHOOD: i64 = 92 * DAY;
/// Years outside this are damage or a clock without a battery.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = 1995..=2100;
/// Asterisk is not older than this many years.
const LONGEST_LOG: i32 = 30;
/// Stands where nothing tells a year; it is a leap year, so that every date exists.
const NO_YEAR: i32 = 2000;

/// The years of a source, and how they were worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) years: Years,
    pub(super) why: &'static str,
}

/// Decides the years of every source whose stamps have none.
pub(super) fn decide(facts: &[SourceFacts], given: Option<i16>) -> BTreeMap<SourceId, Decided> {
    let mut known = Known::gather(facts, given);
    let mut logs: BTreeMap<String, Vec<Member<'_>>> = BTreeMap::new();
    for member in facts.iter().filter_map(Member::of) {
        logs.entry(rotation::name(&member.facts.path).log).or_default().push(member);
    }
    let mut logs: Vec<Vec<Member<'_>>> = logs.into_values().collect();
    for log in &mut logs {
        sort(log);
    }
    // What is known by its own records helps the rest.
    logs.sort_by_key(|log| !log.iter().any(|member| member.decided.is_some()));
    let mut decided = BTreeMap::new();
    for mut log in logs {
        if log.iter().all(|member| member.decided.is_none())
            && let Some(newest) = log.last_mut()
        {
            newest.decided = Some(known.decide(newest));
        }
        spread(&mut log);
        for member in log {
            let Some(found) = member.decided.clone() else { continue };
            known.add(&member, found.years);
            decided.insert(member.facts.id, found);
        }
    }
    decided
}

/// A source without years, in its log.
struct Member<'a> {
    facts: &'a SourceFacts,
    first: Stamp,
    last: Stamp,
    rank: Rank,
    decided: Option<Decided>,
}

impl<'a> Member<'a> {
    fn of(facts: &'a SourceFacts) -> Option<Self> {
        let first = facts.first.filter(|stamp| stamp.year == 0)?;
        let last = facts.last.filter(|stamp| stamp.year == 0).unwrap_or(first);
        let rank = rotation::name(&facts.path).rank;
        let mut member = Member { facts, first, last, rank, decided: None };
        member.decided = member.by_ties();
        Some(member)
    }

    /// Does a new year begin between its first and its last record?
    fn turns(&self) -> i32 {
        let first = calendar::local_seconds(&self.first, NO_YEAR);
        i32::from(calendar::local_seconds(&self.last, NO_YEAR) < first - DAY)
    }

    fn years_from(&self, first: i32) -> Years {
        // Where the end could not be read, a new year may come.
        let more = if self.facts.last.is_some() { self.turns() } else { 1 };
        Years { first, last: first + more }
    }

    fn first_local(&self, years: Years) -> i64 {
        calendar::local_seconds(&self.first, years.first)
    }

    fn last_local(&self, years: Years) -> i64 {
        calendar::local_seconds(&self.last, years.first + self.turns())
    }

    fn span(&self, first_year: i32) -> (i64, i64) {
        let years = self.years_from(first_year);
        (self.first_local(years), self.last_local(years))
    }

    fn exists(&self, first_year: i32) -> bool {
        self.first.day <= calendar::month_length(first_year, self.first.month)
    }

    /// Lets the ties vote: a nonce among them may be an attacker's.
    ///
    /// The first half of them votes for the year of the first record, the other half for the last one's,
    /// as a log that was never rotated may cover several years.
    fn by_ties(&self) -> Option<Decided> {
        let ties = &self.facts.ties;
        let position = |stamp: &Stamp| calendar::local_seconds(stamp, NO_YEAR);
        let (begin, end) = (position(&self.first) - DAY, position(&self.last) + DAY);
        let first = vote(ties.get(..ties.len().div_ceil(2))?, |stamp| -i32::from(position(stamp) < begin));
        let last = vote(ties.get(ties.len() / 2..)?, |stamp| i32::from(position(stamp) > end));
        let first = first.filter(|&year| self.exists(year))?;
        let mut years = self.years_from(first);
        years.last = years.last.max(last.unwrap_or(first)).min(first + LONGEST_LOG);
        Some(Decided { years, why: "the instants that its own records tell" })
    }
}

/// Returns the year that most ties tell, each corrected for where it stands in its log.
fn vote(ties: &[(Stamp, Instant)], correction: impl Fn(&Stamp) -> i32) -> Option<i32> {
    let mut votes: BTreeMap<i32, usize> = BTreeMap::new();
    for (stamp, exact) in ties {
        if let Some(year) = year_near(stamp, exact.seconds(), 2 * DAY) {
            *votes.entry(year + correction(stamp)).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|&(year, votes)| (votes, year)).map(|(year, _)| year)
}

/// Puts the files of one log in the order in which they were written.
fn sort(log: &mut [Member<'_>]) {
    let newest_has_least = |member: &Member<'_>| match member.rank {
        Rank::Day(day) => (0, day),
        Rank::Number(number) => (1, -i64::from(number)),
        Rank::Current => (2, 0),
    };
    let newest_has_most = |member: &Member<'_>| match member.rank {
        Rank::Number(number) => (1, i64::from(number)),
        _ => newest_has_least(member),
    };
    log.sort_by_key(newest_has_most);
    let turns_upward = turns_between(log);
    log.sort_by_key(newest_has_least);
    if turns_upward < turns_between(log) {
        log.sort_by_key(newest_has_most);
    }
}

/// Returns how often a file begins before the one before it ends, were they all of one year.
fn turns_between(log: &[Member<'_>]) -> usize {
    let begins_before = |pair: &&[Member<'_>]| match pair {
        [older, newer] => {
            let end = calendar::local_seconds(&older.last, NO_YEAR);
            calendar::local_seconds(&newer.first, NO_YEAR) < end - DAY
        }
        _ => false,
    };
    log.windows(2).filter(begins_before).count()
}

/// Carries years from the files that have them to the older and newer ones.
fn spread(log: &mut [Member<'_>]) {
    const WHY: &str = "the other files of the same log";
    for index in (1..log.len()).rev() {
        let (older, newer) = log.split_at_mut(index);
        let (Some(older), Some(newer)) = (older.last_mut(), newer.first()) else { continue };
        if let (None, Some(next)) = (&older.decided, &newer.decided) {
            let limit = newer.first_local(next.years) + DAY;
            let first = latest_year(older, limit, next.years.first);
            older.decided = Some(Decided { years: older.years_from(first), why: WHY });
        }
    }
    for index in 1..log.len() {
        let (older, newer) = log.split_at_mut(index);
        let (Some(older), Some(newer)) = (older.last(), newer.first_mut()) else { continue };
        if let (Some(before), None) = (&older.decided, &newer.decided) {
            let end = older.last_local(before.years);
            let year = before.years.first + older.turns();
            let later = i32::from(newer.span(year).0 < end - DAY);
            newer.decided = Some(Decided { years: newer.years_from(year + later), why: WHY });
        }
    }
}

/// Returns the latest year for the first record such that the last one lies at or before `limit`.
fn latest_year(member: &Member<'_>, limit: i64, around: i32) -> i32 {
    let years = (around - 6..=around + 1).rev();
    years.filter(|&year| member.exists(year)).find(|&year| member.span(year).1 <= limit).unwrap_or(around)
}

/// What is known about time in the whole evidence.
struct Known {
    spans: Vec<Span>,
    files_tell: bool,
    newest: Option<i64>,
    given: Option<i32>,
}

/// A stretch of time that some source is known to cover.
struct Span {
    path: String,
    first: i64,
    last: i64,
}

impl Known {
    fn gather(facts: &[SourceFacts], given: Option<i16>) -> Self {
        let times: Vec<i64> = facts.iter().filter_map(|facts| facts.modified).map(Instant::seconds).collect();
        let (oldest, newest) = (times.iter().min().copied(), times.iter().max().copied());
        let files_tell = match (oldest, newest) {
            (Some(oldest), Some(newest)) => times.len() == 1 || newest.saturating_sub(oldest) > ONE_COPY,
            _ => false,
        };
        let spans: Vec<Span> = facts.iter().filter_map(Span::of).collect();
        let newest = spans.iter().map(|span| span.last).max().or(newest);
        Known { spans, files_tell, newest, given: given.map(i32::from) }
    }

    fn add(&mut self, member: &Member<'_>, years: Years) {
        let (first, last) = (member.first_local(years), member.last_local(years));
        self.spans.push(Span { path: member.facts.path.clone(), first, last });
    }

    /// Decides the year of a file that its own records and its log say nothing about.
    fn decide(&self, member: &Member<'_>) -> Decided {
        let path = member.facts.path.as_str();
        let (first, why) = None
            .or_else(|| self.by_neighbours(member, folder(path), "the other records of its folder"))
            .or_else(|| self.by_neighbours(member, host(path), "the other records of its host"))
            .or_else(|| self.by_neighbours(member, "", "the other records of the evidence"))
            .or_else(|| self.by_file_time(member).map(|year| (year, "the time its file was last written")))
            .or_else(|| by_name(member).map(|year| (year, "the date in its name")))
            .or_else(|| self.given.map(|year| (year, "the year given")))
            .or_else(|| self.by_newest(member).map(|year| (year, "the newest instant known in the evidence")))
            .unwrap_or((NO_YEAR, "nothing at all: only --year can tell"));
        Decided { years: member.years_from(first), why }
    }

    /// Finds the year that puts a file nearest to what else is known below a folder.
    fn by_neighbours(
        &self,
        member: &Member<'_>,
        below: &str,
        why: &'static str,
    ) -> Option<(i32, &'static str)> {
        let spans = || self.spans.iter().filter(|span| span.path.starts_with(below));
        let year_of = |seconds: i64| calendar::date(seconds.div_euclid(DAY)).0;
        let from = year_of(spans().map(|span| span.first).min()?) - 1;
        let to = year_of(spans().map(|span| span.last).max()?) + 1;
        let gaps: Vec<(i64, i32)> = (from..=to)
            .filter(|&year| member.exists(year))
            .filter_map(|year| {
                let (first, last) = member.span(year);
                let gap = |span: &Span| (first - span.last).max(span.first - last).max(0);
                spans().map(gap).min().map(|gap| (gap, year))
            })
            .collect();
        let least = gaps.iter().map(|(gap, _)| *gap).min().filter(|&gap| gap <= NEIGHBOURHOOD)?;
        let mut years: Vec<i32> =
            gaps.iter().filter(|(gap, _)| *gap <= least + DAY).map(|(_, year)| *year).collect();
        // Records of several years lie beside it: its own file's time may tell which.
        if let Some(year) = self.by_file_time(member).or_else(|| by_name(member))
            && years.contains(&year)
        {
            years = vec![year];
        }
        years.last().map(|&year| (year, why))
    }

    fn by_file_time(&self, member: &Member<'_>) -> Option<i32> {
        let modified = member.facts.modified.filter(|_| self.files_tell)?.seconds();
        year_before(member, modified)
    }

    fn by_newest(&self, member: &Member<'_>) -> Option<i32> {
        let newest = self.newest?;
        let (around, ..) = calendar::date(newest.div_euclid(DAY));
        Some(latest_year(member, newest.saturating_add(DAY), around))
    }
}

impl Span {
    fn of(facts: &SourceFacts) -> Option<Self> {
        let local = |stamp: &Stamp| calendar::local_seconds(stamp, i32::from(stamp.year));
        let stamped = |stamp: Option<Stamp>| stamp.filter(|stamp| stamp.year != 0).as_ref().map(local);
        let (first, last) = match facts.told {
            Some((first, last)) if facts.ties.is_empty() => (first.seconds(), last.seconds()),
            _ => {
                let first = stamped(facts.first)?;
                (first, stamped(facts.last).unwrap_or(first).max(first))
            }
        };
        let is_plausible = |seconds: i64| PLAUSIBLE.contains(&calendar::date(seconds.div_euclid(DAY)).0);
        (is_plausible(first) && is_plausible(last)).then(|| Span { path: facts.path.clone(), first, last })
    }
}

fn by_name(member: &Member<'_>) -> Option<i32> {
    match member.rank {
        Rank::Day(day) => year_before(member, (day + 1).saturating_mul(DAY)),
        _ => None,
    }
}

/// Returns the year that puts the last record before an instant, if not long before it.
fn year_before(member: &Member<'_>, seconds: i64) -> Option<i32> {
    let (around, ..) = calendar::date(seconds.div_euclid(DAY));
    let limit = seconds.saturating_add(DAY);
    let year = latest_year(member, limit, around);
    let (_, last) = member.span(year);
    (last <= limit && limit - last <= LONGEST_SILENCE).then_some(year)
}

/// Returns the path up to its last slash, which is kept.
fn folder(path: &str) -> &str {
    path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default()
}

/// Returns the path of the file system that a log lies in.
fn host(path: &str) -> &str {
    path.find("var/log/").and_then(|at| path.get(..at)).unwrap_or(folder(path))
}
