//! Which zone the clock of a source was in, by the records that tell an instant as well.

use std::collections::BTreeMap;

use crate::event::{Instant, Stamp};

use super::calendar::{self, DAY};
use super::resolver::year_near;
use super::zone::Zone;

/// A record is written after the instant it tells, by no more than this; a channel may be answered first.
const LATEST: i64 = 120;
/// The fraction of a second is cut off in one of both.
const EARLIEST: i64 = -5;
const QUARTER: i64 = 900;
/// Every zone there is gets compared with no more ties than this.
const MOST_COMPARED: usize = 64;

/// Returns whether most ties hold in a zone.
pub(super) fn fit(zone: &Zone, ties: &[(Stamp, Instant)]) -> bool {
    let fitting = ties.iter().filter(|tie| fits(zone, tie)).count();
    fitting > 0 && fitting * 2 >= ties.len()
}

fn fits(zone: &Zone, tie: &(Stamp, Instant)) -> bool {
    let seconds = tie.1.seconds();
    ahead(tie)
        .is_some_and(|ahead| (EARLIEST..=LATEST).contains(&(ahead - i64::from(zone.offset_at(seconds)))))
}

/// Returns how far the local time stands before the instant.
fn ahead((stamp, exact): &(Stamp, Instant)) -> Option<i64> {
    let seconds = exact.seconds();
    let year = match i32::from(stamp.year) {
        0 => year_near(stamp, seconds, 2 * DAY)?,
        year => year,
    };
    Some(calendar::local_seconds(stamp, year) - seconds)
}

/// Returns the offset, in seconds east of UTC, that nearly all ties share.
pub(super) fn shared_offset(ties: &[(Stamp, Instant)]) -> Option<i32> {
    let mut votes: BTreeMap<i64, usize> = BTreeMap::new();
    for ahead in ties.iter().filter_map(ahead) {
        let offset = (ahead - EARLIEST).div_euclid(QUARTER) * QUARTER;
        if (ahead - offset) <= LATEST && offset.abs() <= 16 * 3_600 {
            *votes.entry(offset).or_default() += 1;
        }
    }
    let (&offset, &most) = votes.iter().max_by_key(|(_, votes)| **votes)?;
    // A twentieth may be late: a dialplan can reset a call record's start.
    (most * 20 >= ties.len() * 19).then_some(offset as i32)
}

/// Returns the zones of the bundled database in which all but a few ties hold, by name.
pub(super) fn zones_that_fit(ties: &[(Stamp, Instant)]) -> Vec<Zone> {
    let step = ties.len().div_ceil(MOST_COMPARED).max(1);
    let ties: Vec<_> = ties.iter().step_by(step).copied().collect();
    let mut zones: Vec<_> = chrono_tz::TZ_VARIANTS
        .iter()
        .filter(|zone| zone.name().contains('/') && !zone.name().starts_with("Etc/"))
        .filter(|&&zone| {
            let zone = Zone::Named(zone);
            let misses = ties.iter().filter(|tie| !fits(&zone, tie)).count();
            misses * 20 <= ties.len() && misses < ties.len()
        })
        .copied()
        .collect();
    zones.sort_by_key(|zone| zone.name());
    zones.into_iter().map(Zone::Named).collect()
}
