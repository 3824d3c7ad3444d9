//! Years for sources whose stamps have none.
//!
//! What decides, best first: instants that the source's own records tell, the other files of the same
//! rotated log, the records of its folder, of its host and of the whole evidence, the time the file was
//! last written and the date in its name (unless the user gave a year that they deny), the user, and
//! last the newest instant known.

use std::collections::BTreeMap;

use crate::event::{Instant, SourceId, Stamp};

use super::calendar::{self, DAY};
use super::known::Known;
use super::resolver::{Years, year_near};
use super::rotation::{self, Rank};
use super::survey::SourceFacts;

/// Asterisk is not older than this many years.
const LONGEST_LOG: i32 = 30;
/// Stands where nothing tells a year; it is a leap year, so that every date exists.
pub(super) const NO_YEAR: i32 = 2000;

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
pub(super) struct Member<'a> {
    pub(super) facts: &'a SourceFacts,
    first: Stamp,
    last: Stamp,
    pub(super) rank: Rank,
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

    pub(super) fn years_from(&self, first: i32) -> Years {
        // Where the end could not be read, a new year may come.
        let more = if self.facts.last.is_some() { self.turns() } else { 1 };
        Years { first, last: first + more }
    }

    pub(super) fn first_local(&self, years: Years) -> i64 {
        calendar::local_seconds(&self.first, years.first)
    }

    pub(super) fn last_local(&self, years: Years) -> i64 {
        calendar::local_seconds(&self.last, years.first + self.turns())
    }

    pub(super) fn span(&self, first_year: i32) -> (i64, i64) {
        let years = self.years_from(first_year);
        (self.first_local(years), self.last_local(years))
    }

    pub(super) fn exists(&self, first_year: i32) -> bool {
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
pub(super) fn latest_year(member: &Member<'_>, limit: i64, around: i32) -> i32 {
    let years = (around - 6..=around + 1).rev();
    years.filter(|&year| member.exists(year)).find(|&year| member.span(year).1 <= limit).unwrap_or(around)
}
