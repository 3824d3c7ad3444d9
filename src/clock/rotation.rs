//! Names of rotated logs: which files are one log, and in which order they were written.
//!
//! Asterisk's `rotatestrategy` numbers files from the oldest (`sequential`) or from the newest
//! (`rotate`), or adds the epoch (`timestamp`); logrotate numbers from the newest or adds the date
//! (`dateext`: `full-20260910`), and packs what is old.

use super::calendar::{self, DAY};

/// What a file's name says about its place in the order of a log's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It was rotated on this day, counted from 1970.
    Day(i64),
    /// It has this number.
    Number(u32),
    /// It is the log itself.
    Current,
}

/// A file's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The folder and the log's name without what rotation added.
    pub(super) log: String,
    pub(super) rank: Rank,
}

/// Takes the path of a log apart.
pub(super) fn name(path: &str) -> Name {
    let packed = [".gz", ".bz2", ".xz", ".zst"];
    let path = packed.iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    // `full-20260910.log` keeps its extension behind the date.
    let (stem, extension) = match path.strip_suffix(".log") {
        Some(stem) if split_rank(stem).is_some() => (stem, ".log"),
        _ => (path, ""),
    };
    match split_rank(stem) {
        Some((stem, rank)) => Name { log: format!("{stem}{extension}"), rank },
        None => Name { log: path.to_owned(), rank: Rank::Current },
    }
}

fn split_rank(path: &str) -> Option<(&str, Rank)> {
    let digits = path.bytes().rev().take(11).take_while(u8::is_ascii_digit).count();
    let (before, number) = path.split_at_checked(path.len().checked_sub(digits)?)?;
    let value: i64 = number.parse().ok()?;
    let stem =
        before.strip_suffix(['.', '-', '_']).filter(|stem| !stem.is_empty() && !stem.ends_with('/'))?;
    let rank = match digits {
        1..=4 if before.ends_with('.') => Rank::Number(u32::try_from(value).ok()?),
        8 => Rank::Day(day_of(value)?),
        10 => Rank::Day(value / DAY),
        _ => return None,
    };
    Some((stem, rank))
}

/// Reads `YYYYMMDD`.
fn day_of(number: i64) -> Option<i64> {
    let year = i32::try_from(number / 10_000).ok().filter(|year| (1990..2100).contains(year))?;
    let month = u8::try_from(number / 100 % 100).ok().filter(|month| (1..=12).contains(month))?;
    let day = u8::try_from(number % 100).ok()?;
    (1..=calendar::month_length(year, month)).contains(&day).then(|| calendar::days(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (path, log, rank) in [
            ("var/log/full", "var/log/full", Rank::Current),
            ("var/log/full.1.gz", "var/log/full", Rank::Number(1)),
            ("full.log.0", "full.log", Rank::Number(0)),
            ("full-20260910", "full", Rank::Day(calendar::days(2026, 9, 10))),
            ("full-20260910.log", "full.log", Rank::Day(calendar::days(2026, 9, 10))),
            ("full.1788868201", "full", Rank::Day(1_788_868_201 / DAY)),
            ("full-20261310", "full-20261310", Rank::Current),
            ("pbx6", "pbx6", Rank::Current),
            ("é.1", "é", Rank::Number(1)),
            (".1", ".1", Rank::Current),
        ] {
            assert_eq!(name(path), Name { log: log.to_owned(), rank }, "{path}");
        }
    }
}
