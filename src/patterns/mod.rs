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
    /// The account, an index into [`Calls::accounts`].
    pub account: u32,
    /// The number from the country code on; what was dialled where that is not known; 0 for none.
    pub number: u64,
    /// The last nine digits that were dialled, and a hash of those before them.
    pub tail: (u32, u32),
    /// The country or network, an index into [`Calls::places`].
    pub place: u16,
    /// Does it go abroad, or to a number that the caller pays for dearly?
    pub is_costly: bool,
    /// The caller's number that was presented, an index into [`Calls::callers`].
    pub caller: u32,
    /// Where it came from, an index of the caller's.
    pub network: u32,
    /// Which call it is, for whoever gives them.
    pub index: u32,
}

/// All calls that went out, in the order of their start.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// The calls.
    pub list: Vec<OutCall>,
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Names of countries and networks.
    pub places: Vec<&'static str>,
    /// Numbers that were presented as the caller's.
    pub callers: Vec<String>,
    /// Networks that calls came from.
    pub networks: Vec<String>,
}

impl Calls {
    fn account(&self, call: &OutCall) -> &str {
        self.accounts.get(call.account as usize).map_or("(no account)", String::as_str)
    }

    fn place(&self, call: &OutCall) -> &'static str {
        self.places.get(usize::from(call.place)).copied().unwrap_or("a place not known")
    }
}

/// Looks for every pattern.
pub fn look(calls: &Calls, thresholds: &Thresholds) -> Vec<Observation> {
    if calls.list.is_empty() {
        return Vec::new();
    }
    let mut all = firsts::look(calls, thresholds);
    all.extend(counters::look(calls, thresholds));
    all.extend(hours::look(calls, thresholds));
    all.extend(numbers::look(calls, thresholds));
    all.extend(load::look(calls, thresholds));
    all.extend(callers::look(calls, thresholds));
    all
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
