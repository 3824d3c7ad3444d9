//! Thresholds: none of them is a law, so each may be set, and each is printed with what it was held against.

use std::collections::BTreeMap;
use std::path::Path;

use crate::user_file;

use serde::{Deserialize, Serialize};

/// The largest file of thresholds, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// A warning and a critical value; 0 switches either off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// From this value on it is told.
    pub warning: u64,
    /// From this value on it is critical.
    pub critical: u64,
}

/// Every threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Calls of one account to one destination within 60 seconds.
    pub calls_per_minute: Pair,
    /// Seconds of one call.
    pub call_duration: Pair,
    /// Calls of one account to one destination in a day.
    pub total_calls: Pair,
    /// Calls of one account to one destination at the same time.
    pub concurrent_calls: Pair,
    /// Calls of one account to the same number in a row.
    pub sequential_calls: Pair,
    /// Costly calls of an hour, in percent of the average of such hours before.
    pub hour_above_average: u64,
    /// Fewer calls in an hour are not held against an average.
    pub hour_least_calls: u64,
    /// The first hour of night, site time.
    pub night_from: u8,
    /// The first hour of day.
    pub night_to: u8,
    /// Days without work, site time: `2026-12-25`.
    pub holidays: Vec<String>,
    /// Costly calls at night, on a weekend or a holiday from which on they are told.
    pub off_hours_calls: u64,
    /// The share of one number among the calls of an hour, in percent.
    pub one_number_share: u64,
    /// The fewest calls in that hour.
    pub one_number_calls: u64,
    /// How many numbers within a hundred in a row.
    pub range_numbers: u64,
    /// How many prefixes before one number's end within ten minutes.
    pub probing_prefixes: u64,
    /// How many times more calls follow a first one within a day for it to be a test call.
    pub test_call_followed_by: u64,
    /// Set-ups in one second.
    pub setups_per_second: u64,
    /// Calls of all accounts at the same time.
    pub peak_concurrency: u64,
    /// Answered calls shorter than so many seconds are short.
    pub short_seconds: u32,
    /// The fewest short calls.
    pub short_calls: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        let pair = |warning, critical| Pair { warning, critical };
        Thresholds {
            calls_per_minute: pair(4, 10),
            call_duration: pair(3_600, 7_200),
            total_calls: pair(30, 100),
            concurrent_calls: pair(3, 6),
            sequential_calls: pair(5, 10),
            hour_above_average: 500,
            hour_least_calls: 5,
            night_from: 20,
            night_to: 6,
            holidays: Vec::new(),
            off_hours_calls: 3,
            one_number_share: 50,
            one_number_calls: 10,
            range_numbers: 5,
            probing_prefixes: 3,
            test_call_followed_by: 10,
            setups_per_second: 3,
            peak_concurrency: 10,
            short_seconds: 6,
            short_calls: 10,
        }
    }
}

/// A file of thresholds that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdsError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It is none.
    #[error("{path}: {why}")]
    Wrong {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

impl Thresholds {
    /// Reads a file in TOML; what it leaves out stays as it is.
    pub fn open(path: &Path) -> Result<Thresholds, ThresholdsError> {
        let name = path.to_string_lossy().into_owned();
        let unreadable = |cause| ThresholdsError::Unreadable { path: name.clone(), cause };
        let wrong = |why: String| ThresholdsError::Wrong { path: name.clone(), why };
        let Some(bytes) = user_file::read(path, LARGEST).map_err(unreadable)? else {
            return Err(wrong(format!("larger than {LARGEST} bytes")));
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("no UTF-8".to_owned()))?;
        toml::from_str(&text).map_err(|cause| wrong(cause.message().to_owned()))
    }

    /// Returns them with others set by their keys, as `total_calls.warning`; a key that is none changes nothing.
    #[must_use]
    pub fn with(self, set: &BTreeMap<&str, toml::Value>) -> Thresholds {
        let Ok(mut table) = toml::Table::try_from(&self) else { return self };
        for (key, value) in set {
            let held = match key.split_once('.') {
                Some((outer, inner)) => table.get_mut(outer).and_then(|pair| pair.get_mut(inner)),
                None => table.get_mut(*key),
            };
            if let Some(held) = held {
                *held = value.clone();
            }
        }
        table.try_into().unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_stays() {
        let read = |text: &str| toml::from_str::<Thresholds>(text);
        let changed = read("night_from = 19\n[total_calls]\nwarning = 1\ncritical = 2\n").unwrap();
        assert_eq!(changed.total_calls, Pair { warning: 1, critical: 2 });
        assert_eq!((changed.night_from, changed.night_to), (19, 6));
        assert!(read("nihgt_from = 19").is_err());
    }

    #[test]
    fn one_may_be_set_by_its_key() {
        let number = toml::Value::Integer;
        let set =
            [("total_calls.warning", number(1)), ("night_from", number(19)), ("gone", number(1))].into();
        let changed = Thresholds::default().with(&set);
        assert_eq!(changed.total_calls, Pair { warning: 1, critical: 100 });
        assert_eq!(
            changed,
            Thresholds { total_calls: changed.total_calls, night_from: 19, ..Thresholds::default() }
        );
    }
}
