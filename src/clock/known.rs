//! What the rest of the evidence tells about the year of a file that cannot tell it itself.

use std::collections::BTreeMap;

use crate::event::{Instant, Stamp};

use super::calendar::{self, DAY};
use super::resolver::Years;
use super::rotation::Rank;
use super::survey::SourceFacts;
use super::years::{Decided, Member, NO_YEAR, latest_year};

/// Times of files copied together lie this near to each other, and tell nothing.
const ONE_COPY: i64 = 3_600;
/// A log untouched for longer than this before its file's time was rather copied at that time.
const LONGEST_SILENCE: i64 = 330 * DAY;
/// Logs of one host that are further apart than this do not tell each other's year.
const NEIGHBOURHOOD: i64 = 92 * DAY;
/// Years outside this are damage or a clock without a battery.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = 1995..=2100;

/// What is known about time in the whole evidence.
pub(super) struct Known {
    /// By folder, by host, and under the empty path for the whole evidence.
    covered: BTreeMap<String, Covered>,
    files_tell: bool,
    newest: Option<i64>,
    given: Option<i32>,
}

/// Stretches of time that sources are known to cover, apart from each other: first and last second.
#[derive(Default)]
struct Covered(BTreeMap<i64, i64>);

impl Covered {
    fn add(&mut self, mut first: i64, mut last: i64) {
        while let Some((&from, &to)) = self.0.range(..=last).next_back().filter(|(_, to)| **to >= first) {
            self.0.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        self.0.insert(first, last);
    }

    /// Returns the time between a stretch and the nearest one that is covered.
    fn gap(&self, first: i64, last: i64) -> Option<i64> {
        let before = self.0.range(..=last).next_back().map(|(_, to)| (first - to).max(0));
        let after = self.0.range(last..).next().map(|(from, _)| from - last);
        before.into_iter().chain(after).min()
    }

    /// Returns the years that a file near to this can be of.
    fn years(&self) -> Option<std::ops::RangeInclusive<i32>> {
        let year_of = |seconds: &i64| calendar::date(seconds.div_euclid(DAY)).0;
        let first = self.0.keys().next().map(year_of)?;
        let last = self.0.values().next_back().map(year_of)?;
        Some(first - 1..=last + 1)
    }
}

impl Known {
    /// Gathers what records, files and the user tell.
    pub(super) fn gather(facts: &[SourceFacts], given: Option<i16>) -> Self {
        let times: Vec<i64> = facts.iter().filter_map(|facts| facts.modified).map(Instant::seconds).collect();
        let (oldest, newest) = (times.iter().min().copied(), times.iter().max().copied());
        let files_tell = match (oldest, newest) {
            (Some(oldest), Some(newest)) => times.len() == 1 || newest.saturating_sub(oldest) > ONE_COPY,
            _ => false,
        };
        let spans: Vec<_> = facts.iter().filter_map(|facts| Some((facts, span_of(facts)?))).collect();
        let newest = spans.iter().map(|(_, (_, last))| *last).max().or(newest);
        let mut known = Known { covered: BTreeMap::new(), files_tell, newest, given: given.map(i32::from) };
        for (facts, (first, last)) in spans {
            known.cover(&facts.path, first, last);
        }
        known
    }

    /// Adds a source whose years are decided.
    pub(super) fn add(&mut self, member: &Member<'_>, years: Years) {
        self.cover(&member.facts.path, member.first_local(years), member.last_local(years));
    }

    fn cover(&mut self, path: &str, first: i64, last: i64) {
        let last = last.max(first);
        if !is_plausible(first) || !is_plausible(last) {
            return;
        }
        for place in [folder(path), host(path), ""] {
            self.covered.entry(place.to_owned()).or_default().add(first, last);
        }
    }

    /// Decides the year of a file that its own records and its log say nothing about.
    pub(super) fn decide(&self, member: &Member<'_>) -> Decided {
        let path = member.facts.path.as_str();
        // A copy may have got a new file time: a year given by hand outweighs one that denies it.
        let agrees = |first: &i32| self.given.is_none_or(|given| member.years_from(*first).has(given));
        let by_file_time = || self.by_file_time(member).filter(agrees);
        let (first, why) = None
            .or_else(|| self.by_neighbours(member, folder(path), "the other records of its folder"))
            .or_else(|| self.by_neighbours(member, host(path), "the other records of its host"))
            .or_else(|| self.by_neighbours(member, "", "the other records of the evidence"))
            .or_else(|| by_file_time().map(|year| (year, "the time its file was last written")))
            .or_else(|| by_name(member).filter(agrees).map(|year| (year, "the date in its name")))
            .or_else(|| self.given.map(|year| (year, "the year given")))
            .or_else(|| self.by_newest(member).map(|year| (year, "the newest instant known in the evidence")))
            .unwrap_or((NO_YEAR, "nothing at all: only --year can tell"));
        Decided { years: member.years_from(first), why }
    }

    /// Finds the year that puts a file nearest to what else is known at a place.
    fn by_neighbours(
        &self,
        member: &Member<'_>,
        place: &str,
        why: &'static str,
    ) -> Option<(i32, &'static str)> {
        let covered = self.covered.get(place)?;
        let gaps: Vec<(i64, i32)> = covered
            .years()?
            .filter(|&year| member.exists(year))
            .filter_map(|year| {
                let (first, last) = member.span(year);
                Some((covered.gap(first, last)?, year))
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

/// Returns the time that a source covers, as far as it tells that itself.
fn span_of(facts: &SourceFacts) -> Option<(i64, i64)> {
    let local = |stamp: &Stamp| calendar::local_seconds(stamp, i32::from(stamp.year));
    let stamped = |stamp: Option<Stamp>| stamp.filter(|stamp| stamp.year != 0).as_ref().map(local);
    let (first, last) = match facts.told {
        Some((first, last)) if facts.ties.is_empty() => (first.seconds(), last.seconds()),
        _ => {
            let first = stamped(facts.first)?;
            (first, stamped(facts.last).unwrap_or(first).max(first))
        }
    };
    (is_plausible(first) && is_plausible(last)).then_some((first, last))
}

fn is_plausible(seconds: i64) -> bool {
    PLAUSIBLE.contains(&calendar::date(seconds.div_euclid(DAY)).0)
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
