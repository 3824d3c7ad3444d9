//! Patterns in the calls, with the thresholds that a playbook may set; see [`crate::patterns`].

use super::needs::CALLS;
use super::{Check, CheckKind, Param, ParamKind};

const fn param(name: &'static str, kind: ParamKind, threshold: &'static str, meaning: &'static str) -> Param {
    Param { name, kind, meaning, threshold: Some(threshold) }
}

macro_rules! pair {
    ($kind:expr, $key:literal) => {
        &[
            param(
                "warning",
                $kind,
                concat!($key, ".warning"),
                "from so much on it is told; 0 switches it off",
            ),
            param(
                "critical",
                $kind,
                concat!($key, ".critical"),
                "from so much on it is critical; 0 switches it off",
            ),
        ]
    };
}

/// Every pattern: its word, its title, what it means, and its parameters.
const PATTERNS: &[(&str, &str, &str, &[Param])] = &[
    (
        "calls-per-minute",
        "Many calls of one account to one destination within a minute",
        "No person dials so fast: a program does.",
        pair!(ParamKind::Count, "calls_per_minute"),
    ),
    (
        "call-duration",
        "A very long call",
        "Fraud is paid by the minute, so its calls are held as long as they last.",
        pair!(ParamKind::Span, "call_duration"),
    ),
    (
        "total-calls",
        "Many calls of one account to one destination in a day",
        "Few companies call one place so often.",
        pair!(ParamKind::Count, "total_calls"),
    ),
    (
        "concurrent-calls",
        "Several calls of one account to one destination at the same time",
        "One phone holds one call, or two.",
        pair!(ParamKind::Count, "concurrent_calls"),
    ),
    (
        "sequential-calls",
        "One number called again and again",
        "A program dials on as soon as a call ends.",
        pair!(ParamKind::Count, "sequential_calls"),
    ),
    (
        "busy-hour",
        "An hour with many more costly calls than the hours before",
        "Fraud comes in bursts, an hour far above the average is its plainest sign.",
        &[
            param(
                "above_average",
                ParamKind::Percent,
                "hour_above_average",
                "percent of the average of such hours before",
            ),
            param(
                "least_calls",
                ParamKind::Count,
                "hour_least_calls",
                "fewer calls in an hour are not held against an average",
            ),
        ],
    ),
    (
        "off-hours",
        "Costly calls when nobody works",
        "Nights and weekends are when nobody notices.",
        &[
            param("calls", ParamKind::Count, "off_hours_calls", "from so many on it is told"),
            param("night_from", ParamKind::Hour, "night_from", "the first hour of night, site time"),
            param("night_to", ParamKind::Hour, "night_to", "the first hour of day, site time"),
        ],
    ),
    (
        "one-number",
        "One number takes most of an hour's calls",
        "Numbers that pay are called by all lines at once.",
        &[
            param("share", ParamKind::Percent, "one_number_share", "its share of the calls of that hour"),
            param("calls", ParamKind::Count, "one_number_calls", "the fewest calls in that hour"),
        ],
    ),
    (
        "number-range",
        "Numbers in a row",
        "Numbers that pay are rented by the hundred.",
        &[param("numbers", ParamKind::Count, "range_numbers", "so many within a hundred")],
    ),
    (
        "prefix-probing",
        "One number tried behind several prefixes",
        "Somebody looks for the digits that let calls out.",
        &[param("prefixes", ParamKind::Count, "probing_prefixes", "so many within ten minutes")],
    ),
    (
        "test-calls",
        "A call or two, and then many to the same place",
        "Whoever means to sell minutes tries the way first.",
        &[param(
            "followed_by",
            ParamKind::Count,
            "test_call_followed_by",
            "how many times more calls follow within a day",
        )],
    ),
    (
        "setups-per-second",
        "Several calls set up in one second",
        "No person dials so fast: a program does.",
        &[param("setups", ParamKind::Count, "setups_per_second", "so many in one second")],
    ),
    (
        "peak-concurrency",
        "Many calls of all accounts at the same time",
        "More lines are in use than the company has people.",
        &[param("calls", ParamKind::Count, "peak_concurrency", "so many at one time")],
    ),
    (
        "answered-and-length",
        "How many calls were answered, and how short they were",
        "Where every call is answered at once, nobody is at the other end.",
        &[
            param("short", ParamKind::Span, "short_seconds", "answered calls shorter than that are short"),
            param("calls", ParamKind::Count, "short_calls", "the fewest short calls"),
        ],
    ),
    (
        "callers-presented",
        "Caller numbers that are not one's own",
        "Whose number is shown to those who are called.",
        &[],
    ),
    (
        "first-country",
        "A country that was never called before",
        "Worth a question to whoever uses the account.",
        &[],
    ),
    (
        "first-country-of-account",
        "An account calls a country for the first time",
        "Worth a question to whoever uses the account.",
        &[],
    ),
    (
        "first-hour",
        "An account calls at an hour at which it never did",
        "Worth a question to whoever uses the account.",
        &[],
    ),
    (
        "first-network",
        "An account is used from a network for the first time",
        "Worth a question to whoever uses the account.",
        &[],
    ),
];

pub(super) fn checks() -> impl Iterator<Item = Check> {
    PATTERNS.iter().map(|(id, title, meaning, params)| Check {
        id,
        title,
        meaning,
        needs: vec![&CALLS],
        settings: Vec::new(),
        kind: CheckKind::Pattern(params),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::patterns::Thresholds;

    #[test]
    fn every_parameter_is_a_threshold() {
        let table = toml::Value::try_from(Thresholds::default()).unwrap();
        for (id, _, _, params) in PATTERNS {
            for param in *params {
                let key = param.threshold.unwrap();
                let held = key.split('.').try_fold(&table, |table, part| table.get(part));
                assert!(held.is_some_and(toml::Value::is_integer), "{id}: {key}");
            }
        }
    }

    #[test]
    fn every_pattern_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/patterns");
        let kebab = regex::Regex::new("\"([a-z]+(?:-[a-z]+)+)\"").unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            seen.extend(kebab.captures_iter(code).map(|found| found[1].to_owned()));
        }
        seen.remove("kebab-case");
        let listed = PATTERNS.iter().map(|(id, ..)| (*id).to_owned()).collect();
        assert_eq!(seen, listed);
    }
}
