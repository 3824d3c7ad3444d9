//! Working out the format of stamps from samples, where no configuration tells it.
//!
//! A format is put together from a date, what stands between, a time and an ending, by what the first
//! samples hold; of all that fit there, the one that fits most samples wholly is the format.

use crate::event::Stamp;

use super::DateFormat;
use super::fields::Fields;
use super::pieces::Pieces;

/// Dates in order of preference; the day comes first where both orders fit.
const DATES: [&str; 32] = [
    "%F",
    "%b %e",
    "%b %-d",
    "%b %e %Y",
    "%b %-d %Y",
    "%b %-d, %Y",
    "%Y %b %e",
    "%Y %b %-d",
    "%a %b %e",
    "%a %b %-d",
    "%a %b %e %Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%-d/%-m/%Y",
    "%-m/%-d/%Y",
    "%-d.%-m.%Y",
    "%-d-%-m-%Y",
    "%-m-%-d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%Y/%m/%d",
    "%Y/%-m/%-d",
    "%Y.%m.%d",
    "%Y-%b-%d",
    "%d/%b/%Y",
    "%d-%b-%Y",
    "%e %b %Y",
    "%-d %b %Y",
    "%Y%m%d",
];
const BETWEEN: [&str; 7] = [" ", "T", " - ", ":", ", ", "_", "-"];
const TIMES: [&str; 10] = [
    "%T",
    "%-H:%M:%S",
    "%I:%M:%S %p",
    "%-I:%M:%S %p",
    "%-I:%M:%S%p",
    "%H%M%S",
    "%R",
    "%I:%M %p",
    "%-I:%M %p",
    "%-H:%M",
];
const FRACTIONS: [&str; 7] = ["", ".%3q", ".%6q", ".%q", ",%3q", ",%6q", ",%q"];
const ENDS: [&str; 6] = ["", "%z", " %z", " %Z", " %Y", " %Z %Y"];
const EPOCHS: [&str; 4] = ["%s", "%s.%6q", "%s.%q", "%s,%q"];

/// How many samples the candidates are made from: one of them may be damaged.
const MODELS: usize = 3;
/// More samples tell nothing new.
const MOST_SAMPLES: usize = 4_096;
/// One sample in so many may have another form.
const ONE_IN: usize = 10;

/// The sentence told where day and month could stand in either order.
const DAY_FIRST: &str =
    "day and month of its stamps could stand in either order; the day is taken to come first";

impl DateFormat {
    /// Finds the format that fits all, or all but a few, of the texts of stamps.
    ///
    /// The second value is a sentence for the report where the order of day and month is an assumption.
    pub fn detect(samples: &[&[u8]]) -> Option<(DateFormat, Option<String>)> {
        let samples: Vec<&[u8]> =
            samples.iter().take(MOST_SAMPLES).map(|sample| sample.trim_ascii()).collect();
        let mut fits: Vec<Fit> = Vec::new();
        for sample in models(&samples) {
            for text in candidates(sample) {
                if fits.iter().any(|fit| fit.format.text() == text) {
                    continue;
                }
                fits.extend(DateFormat::from_strftime(&text).map(|format| Fit::of(format, &samples)));
            }
        }
        let most = fits.iter().map(|fit| fit.matched).max()?;
        if most == 0 || (samples.len() - most) * ONE_IN > samples.len() {
            return None;
        }
        fits.retain(|fit| fit.matched == most);
        Some(choose(fits))
    }
}

/// The samples that candidates are made from: the first, the middle and the last one.
fn models<'a>(samples: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let last = samples.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..MODELS).map(|part| last * part / (MODELS - 1)).collect();
    places.dedup();
    places.iter().filter_map(|&place| samples.get(place).copied()).collect()
}

/// A candidate, and how well it fits.
struct Fit {
    format: DateFormat,
    matched: usize,
    /// How often a stamp lies before the one before it.
    steps_back: usize,
}

impl Fit {
    fn of(format: DateFormat, samples: &[&[u8]]) -> Self {
        let mut fit = Fit { matched: 0, steps_back: 0, format };
        let mut before = None;
        for sample in samples {
            let Some((stamp, length)) = fit.format.parse(sample) else { continue };
            if length != sample.len() || fit.format.fixed_length().is_some_and(|fixed| fixed != length) {
                continue;
            }
            fit.matched += 1;
            let key = order(&stamp);
            fit.steps_back += usize::from(before.is_some_and(|before| key < before));
            before = Some(key);
        }
        fit
    }
}

fn order(stamp: &Stamp) -> (i16, u8, u8, u32, u32) {
    (stamp.year, stamp.month, stamp.day, stamp.second, stamp.micros)
}

/// Chooses among formats that fit equally many samples; they stand in order of preference.
fn choose(mut fits: Vec<Fit>) -> (DateFormat, Option<String>) {
    let first = fits.remove(0);
    let Some(rival) = fits.iter().position(|fit| is_swapped(first.format.text(), fit.format.text())) else {
        return (first.format, None);
    };
    let rival = fits.swap_remove(rival);
    if rival.steps_back < first.steps_back {
        (rival.format, None)
    } else if rival.steps_back > first.steps_back {
        (first.format, None)
    } else {
        (first.format, Some(DAY_FIRST.to_owned()))
    }
}

/// Returns whether two formats differ in the order of day and month only.
fn is_swapped(left: &str, right: &str) -> bool {
    let swapped = |text: &str| -> String {
        text.chars()
            .map(|letter| match letter {
                'd' => 'm',
                'm' => 'd',
                other => other,
            })
            .collect()
    };
    left != right && swapped(left) == right
}

/// Puts together the formats that a sample fits, in order of preference.
fn candidates(sample: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for text in EPOCHS {
        extend(&mut found, ("", sample), &[text]);
    }
    let mut dates = Vec::new();
    extend(&mut dates, ("", sample), &DATES);
    let mut between = Vec::new();
    for (text, rest) in &dates {
        extend(&mut between, (text, rest), &BETWEEN);
    }
    let mut times = Vec::new();
    for (text, rest) in &between {
        extend(&mut times, (text, rest), &TIMES);
    }
    // `%e` also takes a day without padding; whoever pads the day pads the hour.
    times.retain(|(text, _)| !(text.contains("%e") && text.contains("%-")));
    let mut fractions = Vec::new();
    for (text, rest) in &times {
        extend(&mut fractions, (text, rest), &FRACTIONS);
    }
    for (text, rest) in &fractions {
        extend(&mut found, (text, rest), &ENDS);
    }
    found.retain(|(_, rest)| rest.is_empty());
    found.into_iter().map(|(text, _)| text).collect()
}

/// Adds every part that fits at the start of what is left of a sample.
fn extend<'a>(found: &mut Vec<(String, &'a [u8])>, (text, rest): (&str, &'a [u8]), parts: &[&str]) {
    for part in parts {
        let used = Pieces::compile(part).and_then(|pieces| pieces.read(rest, &mut Fields::default()));
        if let Some(rest) = used.and_then(|used| rest.get(used..)) {
            found.push((format!("{text}{part}"), rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(samples: &[&str]) -> Option<(String, bool)> {
        let samples: Vec<&[u8]> = samples.iter().map(|sample| sample.as_bytes()).collect();
        let (format, assumption) = DateFormat::detect(&samples)?;
        Some((format.text().to_owned(), assumption.is_some()))
    }

    #[test]
    fn usual_forms_are_told_apart() {
        for (samples, expected) in [
            (&["2026-11-20 13:07:59"][..], "%F %T"),
            (&["2026-11-20T13:07:59Z"], "%FT%T%z"),
            (&["2026-11-20T13:07:59.123+01:00"], "%FT%T.%3q%z"),
            (&["2026-11-20 13:07:59,123"], "%F %T,%3q"),
            (&["Nov  4 18:30:40", "Nov 14 18:30:41"], "%b %e %T"),
            (&["Nov 04 18:30:40"], "%b %e %T"),
            (&["Nov 4 18:30:40", "Nov 14 18:30:41"], "%b %-d %T"),
            (&["2026 Nov 14 18:30:40"], "%Y %b %e %T"),
            (&["Nov 14 2026 18:30:40"], "%b %e %Y %T"),
            (&["19/05/2026 06:40:00.028"], "%d/%m/%Y %T.%3q"),
            (&["05/19/2026 06:40:00"], "%m/%d/%Y %T"),
            (&["2019-Jul-25 14:28:31"], "%Y-%b-%d %T"),
            (&["13/9/2017 16:33:01"], "%-d/%-m/%Y %T"),
            (&["2026/11/20 13:07"], "%Y/%m/%d %R"),
            (&["2026-11-20 01:07:59 PM"], "%F %I:%M:%S %p"),
            (&["Fri Nov 20 13:07:59 2026"], "%a %b %e %T %Y"),
            (&["1794381175"], "%s"),
        ] {
            assert_eq!(detect(samples), Some((expected.to_owned(), false)), "{samples:?}");
        }
        assert_eq!(detect(&["hello"]), None);
        assert_eq!(detect(&[]), None);
    }

    #[test]
    fn order_decides_between_day_and_month() {
        let month_first = ["01/09/2026 10:00:00", "01/10/2026 10:00:00", "02/01/2026 10:00:00"];
        assert_eq!(detect(&month_first), Some(("%m/%d/%Y %T".to_owned(), false)));
        assert_eq!(detect(&["1/9/2017 16:33:01"]), Some(("%-d/%-m/%Y %T".to_owned(), true)));
    }

    #[test]
    fn a_damaged_sample_does_not_decide() {
        let mut samples = vec!["2026-11-20 13:07:59"; 20];
        samples.insert(0, "2026-11-2");
        assert_eq!(detect(&samples), Some(("%F %T".to_owned(), false)));
    }
}
