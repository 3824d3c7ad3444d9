//! The hours at which nobody here calls: what is made then by a stranger is seldom anybody's work.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::calls::Call;
use super::honest::Group;
use super::standing::Standing;
use super::world::World;

const DAY_SECONDS: i64 = 86_400;
/// Hours of a day.
const HOURS: usize = 24;
/// Calls and days from which the hours of a house are known.
const ENOUGH_CALLS: usize = 60;
const ENOUGH_DAYS: usize = 4;

/// On which days the house calls at each hour of the day, as UTC counts them.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    days: [BTreeSet<i64>; HOURS],
    all_days: BTreeSet<i64>,
    calls: usize,
}

impl Hours {
    /// Notes the calls of those whose place nobody doubts: the house, and what was there from the start. Where no
    /// record tells places, one night of fraud is among them, and so is one day only.
    pub(super) fn of(world: &World<'_>, groups: &BTreeMap<(String, Option<IpAddr>), Group>) -> Self {
        let mut hours = Hours::default();
        for ((_, address), group) in groups {
            let standing = address.map(|address| world.neighbours.of(address));
            if standing == Some(Standing::Outside) && !group.from_the_start {
                continue;
            }
            group.calls.iter().filter_map(|at| world.calls.list.get(at)).for_each(|call| hours.note(call));
        }
        hours
    }

    fn note(&mut self, call: &Call) {
        let day = call.start().seconds().div_euclid(DAY_SECONDS);
        self.calls += 1;
        self.all_days.insert(day);
        if let Some(days) = self.days.get_mut(hour(call)) {
            days.insert(day);
        }
    }

    /// Returns whether all calls but one in ten fall into hours at which hardly anybody here calls; hours whose
    /// neighbours are busy count as busy.
    pub(super) fn are_all_quiet(&self, calls: &[&Call]) -> bool {
        if self.calls < ENOUGH_CALLS || self.all_days.len() < ENOUGH_DAYS || calls.is_empty() {
            return false;
        }
        let few = (self.all_days.len() / 20).max(1);
        let is_quiet = |call: &&&Call| {
            let hour = hour(call);
            let near = [hour + HOURS - 1, hour, hour + 1].map(|hour| self.days.get(hour % HOURS));
            near.into_iter().flatten().all(|days| days.len() <= few)
        };
        calls.iter().filter(is_quiet).count() * 10 >= calls.len() * 9
    }
}

fn hour(call: &Call) -> usize {
    call.start().seconds().rem_euclid(DAY_SECONDS) as usize / 3_600
}
