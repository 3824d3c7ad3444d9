//! Patterns in the calls that went out, each with its figures, its rows and the threshold it was held against.
//!
//! None of them blames anybody: a call centre calls often and a hotel calls at night. They say what stands
//! out, so that whoever knows the company can tell. What an account or the phone system never did before is
//! told before statistics.

mod callers;
mod counters;
mod firsts;
mod hours;
mod load;
mod numbers;
mod observation;
mod thresholds;

use rayon::prelude::*;

pub use counters::{Counters, Reached};
pub use observation::{Level, Observation};
pub use thresholds::{Pair, Thresholds, ThresholdsError};

/// One call that went out, as far as patterns need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutCall {
    /// When it began, seconds since 1970.
    pub start: i64,
    /// When it ended; its start where that is not known.
    pub end: i64,
    /// The same day and hour on the clock of the site: `start` and the zone's offset.
    pub local: i64,
    /// Was it answered?
    pub is_answered: bool,
    /// Billed seconds, where a record tells them.
    pub seconds: Option<u32>,
    /// The account, an index into [`Names::accounts`].
    pub account: u32,
    /// The number from the country code on; what was dialled where that is not known; 0 for none.
    pub number: u64,
    /// The last nine digits that were dialled, and a hash of those before them.
    pub tail: (u32, u32),
    /// The country or network, an index into [`Names::places`].
    pub place: u16,
    /// Does it go abroad, or to a number that the caller pays for dearly?
    pub is_costly: bool,
    /// The caller's number that was presented, an index into [`Names::callers`].
    pub caller: u32,
    /// Where it came from, an index into [`Names::networks`].
    pub network: u32,
    /// Which call it is, for whoever gives them.
    pub index: u32,
}

/// All calls that went out.
///
/// There may be a million, so that they are not kept in this form but given in blocks, as often as asked for.
pub trait Calls {
    /// Gives every call, in the order of their start.
    fn each(&mut self, take: &mut (dyn FnMut(&[OutCall]) + Send));
    /// Returns the names that the calls given so far refer to.
    fn names(&self) -> &Names;
}

/// What indices in calls stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Names of countries and networks.
    pub places: Vec<&'static str>,
    /// Numbers that were presented as the caller's.
    pub callers: Vec<String>,
    /// Networks that calls came from.
    pub networks: Vec<String>,
}

impl Names {
    fn account(&self, call: &OutCall) -> &str {
        self.accounts.get(call.account as usize).map_or("(no account)", String::as_str)
    }

    fn place(&self, call: &OutCall) -> &'static str {
        self.places.get(usize::from(call.place)).copied().unwrap_or("a place not known")
    }
}

/// One pattern, which is shown the calls one by one in the order of their start.
trait Pattern: Send {
    /// Takes the next call.
    fn take(&mut self, call: &OutCall);

    /// Returns whether it has to see all calls again, now that it knows what it looks for.
    fn wants_more(&mut self) -> bool {
        false
    }

    /// Takes the next call once more.
    fn take_again(&mut self, _: &OutCall) {}

    /// Tells what stands out.
    fn tell(&mut self, names: &Names) -> Vec<Observation>;
}

/// Looks for every pattern.
pub fn look(calls: &mut dyn Calls, thresholds: &Thresholds) -> Vec<Observation> {
    let mut patterns: Vec<Box<dyn Pattern + '_>> = firsts::patterns();
    patterns.push(Box::new(counters::Highest::new(thresholds)));
    patterns.extend(hours::patterns(thresholds));
    patterns.extend(numbers::patterns(thresholds));
    patterns.extend(load::patterns(thresholds));
    patterns.push(Box::new(callers::Presented::default()));
    calls.each(&mut |block| {
        patterns.par_iter_mut().for_each(|pattern| block.iter().for_each(|call| pattern.take(call)));
    });
    let mut again: Vec<&mut Box<dyn Pattern + '_>> =
        patterns.iter_mut().filter_map(|pattern| pattern.wants_more().then_some(pattern)).collect();
    if !again.is_empty() {
        calls.each(&mut |block| {
            again.par_iter_mut().for_each(|pattern| block.iter().for_each(|call| pattern.take_again(call)));
        });
    }
    patterns.iter_mut().flat_map(|pattern| pattern.tell(calls.names())).collect()
}

/// Calls that were made up.
#[cfg(test)]
#[derive(Clone, Default)]
struct Made {
    list: Vec<OutCall>,
    names: Names,
}

#[cfg(test)]
impl Calls for Made {
    fn each(&mut self, take: &mut (dyn FnMut(&[OutCall]) + Send)) {
        self.list.chunks(3).for_each(take);
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

/// Shows made-up calls to some patterns, and returns what they tell.
#[cfg(test)]
fn told(mut patterns: Vec<Box<dyn Pattern + '_>>, made: &Made) -> Vec<Observation> {
    let each = patterns.iter_mut().flat_map(|pattern| {
        made.list.iter().for_each(|call| pattern.take(call));
        if pattern.wants_more() {
            made.list.iter().for_each(|call| pattern.take_again(call));
        }
        pattern.tell(&made.names)
    });
    each.collect()
}

#[cfg(test)]
fn call(start: i64, seconds: u32, account: u32, number: u64) -> OutCall {
    OutCall {
        start,
        end: start + i64::from(seconds),
        local: start,
        is_answered: seconds > 0,
        seconds: Some(seconds),
        account,
        number,
        tail: ((number % 1_000_000_000) as u32, (number / 1_000_000_000) as u32),
        place: 0,
        is_costly: true,
        caller: u32::MAX,
        network: u32::MAX,
        index: 0,
    }
}
