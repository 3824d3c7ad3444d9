//! Whether call records are in GMT, told by the names that they share with a log.
//!
//! A record without a uniqueid tells no instant of its own. But its channel stands in the log as well, and its account
//! logged in at the second in which the call began: the log's clock is the machine's, and what lies between the two is
//! nothing, or the zone's offset.

use std::collections::BTreeMap;

use crate::event::{Action, Stamp};
use crate::readers::{Chunk, channel_account};

use super::calendar;
use super::zone::Zone;

/// Names kept of either end of a source.
pub(super) const MOST_NAMES: usize = 512;
/// Longer names are not kept.
const LONGEST: usize = 80;
/// How far line and record of one call lie apart at most, in seconds.
const APART: i64 = 3;
/// Records that must agree, and how many times as many as those that do not.
const ENOUGH: usize = 3;
const OUTWEIGHS: usize = 4;
/// Lines of one name that are looked at.
const MOST_LINES: usize = 64;

/// A channel's or an account's name with a stamp of what it did.
pub(super) type Named = (Box<[u8]>, Stamp);

/// Returns the names in some records: channels of calls and of dialplan steps, accounts of calls and of logins.
pub(super) fn of_chunk(chunk: &Chunk) -> Vec<Named> {
    let rows = chunk.rows.iter().flat_map(|row| {
        let channel = chunk.text(row.channel).unwrap_or_default();
        let names = [Some(channel), channel_account(channel)];
        names.into_iter().flatten().filter_map(move |name| named(name, row.start))
    });
    let entries = chunk.entries.iter().filter_map(|entry| {
        let name = match entry.action {
            Action::Dialplan => entry.channel,
            Action::AuthOk => entry.account,
            _ => return None,
        };
        named(chunk.text(name)?, entry.stamp)
    });
    rows.chain(entries).take(MOST_NAMES).collect()
}

fn named(name: &[u8], stamp: Option<Stamp>) -> Option<Named> {
    // A stamp with its own offset says nothing about the clock of the others.
    let stamp = stamp.filter(|stamp| stamp.offset_minutes.is_none())?;
    ((1..=LONGEST).contains(&name.len())).then(|| (name.into(), stamp))
}

/// Returns whether records are in GMT where the logs are in `zone`; not where the two cannot be told apart.
pub(super) fn are_in_gmt<'n>(zone: &Zone, records: &[Named], logs: impl Iterator<Item = &'n Named>) -> bool {
    let mut lines: BTreeMap<&[u8], Vec<&Stamp>> = BTreeMap::new();
    for (name, stamp) in logs {
        let lines = lines.entry(name.as_ref()).or_default();
        if lines.len() < MOST_LINES {
            lines.push(stamp);
        }
    }
    let (mut in_gmt, mut in_zone) = (0, 0);
    for (name, stamp) in records.iter().filter(|(_, stamp)| stamp.year != 0) {
        let year = i32::from(stamp.year);
        let written = calendar::local_seconds(stamp, year);
        let offset = i64::from(zone.offset_at(written));
        if offset.abs() <= APART {
            continue;
        }
        for line in lines.get(name.as_ref()).into_iter().flatten() {
            let year = if line.year == 0 { year } else { i32::from(line.year) };
            let apart = calendar::local_seconds(line, year) - written;
            in_zone += usize::from(apart.abs() <= APART);
            in_gmt += usize::from((apart - offset).abs() <= APART);
        }
    }
    in_gmt >= ENOUGH && in_gmt >= in_zone * OUTWEIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> Stamp {
        let second = hour * 3_600 + minute * 60 + 7;
        Stamp { year: 2026, month: 3, day: 5, second, micros: 0, offset_minutes: None }
    }

    fn named(names: &[(&str, Stamp)]) -> Vec<Named> {
        names.iter().map(|(name, stamp)| (name.as_bytes().into(), *stamp)).collect()
    }

    #[test]
    fn records_in_gmt_are_told_by_channels_and_accounts() {
        let zone = Zone::Fixed(-3 * 3_600);
        let logs = named(&[
            ("PJSIP/201-00000001", at(9, 10)),
            ("202", at(9, 20)),
            ("203", at(9, 30)),
            ("204", at(9, 40)),
        ]);
        let later = named(&[("PJSIP/201-00000001", at(12, 10)), ("202", at(12, 20)), ("203", at(12, 30))]);
        assert!(are_in_gmt(&zone, &later, logs.iter()));
        assert!(!are_in_gmt(&zone, &logs, logs.iter()));
        assert!(!are_in_gmt(&zone, &later[..2], logs.iter()), "two are too few");
        assert!(!are_in_gmt(&Zone::UTC, &logs, logs.iter()), "GMT is the zone");
    }
}
