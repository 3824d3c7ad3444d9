//! Times and rights of copies, held against those of the log of custody.
//!
//! Carrying a copy about loses them without anybody's doing, and the inquiry takes them from the log; that is told and
//! is no fault. What carrying cannot do is one: a time that is neither the file's nor that of the carrying, and rights
//! to act for the file's owner, which no copy is given.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};

use super::super::copy::{self, Copied};
use super::super::{CUSTODY, known};
use super::Verified;
use crate::report::document::counted;

/// The steps of time on FAT, the coarsest file system that evidence is carried on.
const COARSEST: i64 = 2;
/// Clocks on earth lie so far apart at most; FAT keeps local time without saying where.
const WIDEST_ZONE: i64 = 14 * 3_600;
/// Zones differ in steps of a quarter of an hour.
const ZONE_STEP: i64 = 900;
/// The clock of another machine may be behind.
const CLOCKS: i64 = 86_400;
/// SUID and SGID: whoever runs the file acts as its owner or group.
const ACTING: u32 = 0o6000;

/// What a file was when it was copied.
pub(super) struct AsCopied {
    name: String,
    modified: Option<i64>,
    mode: Option<u32>,
}

impl AsCopied {
    pub(super) fn new(name: &str, facts: &Copied) -> Self {
        AsCopied { name: name.to_owned(), modified: known::modified(facts), mode: known::mode(facts) }
    }
}

/// How a copy's time differs from the file's.
enum Moved {
    /// It does not.
    No,
    /// It is the time of carrying, or the same time in another zone.
    Carried,
    /// Somebody set it.
    Set,
}

/// Compares all of them; `ended` is when the copying ended, in seconds since 1970.
pub(super) fn compare(folder: &Path, files: &[AsCopied], ended: Option<i64>, verified: &mut Verified) {
    let (mut times, mut rights) = (Counted::default(), Counted::default());
    for file in files {
        // What is missing is told elsewhere.
        let Ok(found) = fs::symlink_metadata(folder.join(&file.name)) else { continue };
        if !found.is_file() {
            continue;
        }
        let was = file.modified.unwrap_or(found.mtime());
        match moved(found.mtime(), was, ended) {
            Moved::No => {}
            Moved::Carried => times.add(|| {
                format!("{}: {} instead of {}", file.name, shown(found.mtime()), shown(was))
            }),
            Moved::Set => verified.problem(format!(
                "{} was last written at {} by {CUSTODY}, and bears {}: a copy keeps its time or bears that of the carrying, so it was set, or a clock was wrong",
                file.name,
                shown(was),
                shown(found.mtime())
            )),
        }
        let (now, was) = (found.mode() & 0o7777, file.mode.map(copy::kept_rights));
        if now & ACTING != 0 {
            verified.problem(format!(
                "{} has the rights {now:04o}: whoever runs it acts as its owner or group, and no copy was given that",
                file.name
            ));
        } else if let Some(was) = was.filter(|was| *was != now) {
            rights.add(|| format!("{}: {now:04o} instead of {was:04o}", file.name));
        }
    }
    verified.notes.extend(times.told("another time than when it was copied", "rests on file times"));
    verified
        .notes
        .extend(rights.told("other rights than it was copied with", "rests on who could read a file"));
}

fn moved(now: i64, was: i64, ended: Option<i64>) -> Moved {
    let apart = now.saturating_sub(was).saturating_abs();
    let beyond = apart % ZONE_STEP;
    let is_zone = apart <= WIDEST_ZONE + COARSEST && (beyond <= COARSEST || beyond >= ZONE_STEP - COARSEST);
    if apart <= COARSEST {
        Moved::No
    } else if is_zone || ended.is_some_and(|ended| now >= ended.saturating_sub(CLOCKS)) {
        Moved::Carried
    } else {
        Moved::Set
    }
}

fn shown(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| format!("second {seconds}"), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Files that differ in one thing: how many, and the first.
#[derive(Default)]
struct Counted {
    count: u64,
    first: String,
}

impl Counted {
    fn add(&mut self, what: impl Fn() -> String) {
        self.count += 1;
        if self.count == 1 {
            self.first = what();
        }
    }

    fn told(&self, what: &str, rests: &str) -> Option<String> {
        (self.count > 0).then(|| {
            format!(
                "{} with {what}, as copying about leaves it (first {}): what {rests} has to be read from {CUSTODY}, as 'tolltrace run' does",
                counted(self.count, "file"),
                self.first
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carrying_explains_some_times_and_not_others() {
        const WAS: i64 = 1_700_000_000;
        const ENDED: i64 = WAS + 90 * 86_400;
        let word = |now: i64| match moved(now, WAS, Some(ENDED)) {
            Moved::No => "no",
            Moved::Carried => "carried",
            Moved::Set => "set",
        };
        for (now, expected) in [
            (WAS, "no"),
            (WAS - 1, "no"),
            (WAS + 2, "no"),
            (WAS + 7_200, "carried"),
            (WAS - 5 * 3_600 - 45 * 60 + 1, "carried"),
            (WAS + 7_000, "set"),
            (WAS - 365 * 86_400, "set"),
            (ENDED + 60, "carried"),
            (ENDED - 3_600, "carried"),
            (i64::MIN, "set"),
            (i64::MAX, "carried"),
        ] {
            assert_eq!(word(now), expected, "{now}");
        }
        assert!(matches!(moved(i64::MAX, WAS, None), Moved::Set));
    }
}
