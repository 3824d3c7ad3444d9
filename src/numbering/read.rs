//! A dialled string is read: short numbers first, then every reading the rules allow, the best of them told.

use super::candidate::{Candidate, Rank, Step, candidates, outside_step};
use super::clean::clean;
use super::short::ShortNumber;
use super::site::Site;
use super::{Alternative, Confidence, Kind, Reading};

/// The longest string taken for an extension that no configuration tells of.
const LONGEST_EXTENSION: usize = 6;
/// Digits that sites use for an outside line, tried where nothing else gives a reading.
const USUAL_OUTSIDE: [&str; 6] = ["9", "0", "8", "1", "7", "6"];
/// Ways to write an international number that trunks take far from where they belong.
pub(super) const FOREIGN_INTERNATIONAL: [&str; 2] = ["00", "011"];

/// Reads a dialled string.
pub fn read(site: &Site, raw: &[u8]) -> Reading {
    read_as(site, raw, MOST_ALTERNATIVES)
}

/// Reads a dialled string and leaves out what else it may be, of which there is much to say and mostly
/// nobody who asks.
pub fn read_best(site: &Site, raw: &[u8]) -> Reading {
    read_as(site, raw, 0)
}

/// Reads a dialled string, and tells up to `most` alternatives of a number outside.
pub(super) fn read_as(site: &Site, raw: &[u8], most: usize) -> Reading {
    let Some(text) = clean(raw) else {
        return Reading::bare(Kind::NonPstn, Confidence::None, vec!["no digits alone".to_owned()]);
    };
    if let Some(rest) = text.strip_prefix('+') {
        return behind_plus(site, rest);
    }
    if text.starts_with(['*', '#']) {
        return feature(site, &text, most);
    }
    if text.contains(['*', '#']) {
        return Reading::bare(Kind::NonPstn, Confidence::None, vec!["* or # among the digits".to_owned()]);
    }
    short(site, &text).or_else(|| extension(site, &text)).unwrap_or_else(|| number(site, &text, most))
}

/// Reads short numbers: emergency and service.
fn short(site: &Site, text: &str) -> Option<Reading> {
    let behind =
        site.outside.iter().filter_map(|line| Some((line.as_str(), text.strip_prefix(line.as_str())?)));
    let (line, found) = std::iter::once(("", text))
        .chain(behind)
        .find_map(|(line, rest)| Some((line, site.short.look(rest)?)))?;
    let (kind, confidence, what) = match found {
        ShortNumber::Emergency => (Kind::Emergency, Confidence::Exact, "an emergency number"),
        ShortNumber::Service => (Kind::Service, Confidence::Exact, "a service"),
        ShortNumber::ForeignEmergency => {
            (Kind::Emergency, Confidence::Low, "an emergency number of other countries")
        }
    };
    if line.is_empty() && site.extensions.contains(text) {
        let mut reading = extension(site, text)?;
        reading.alternatives.push(Alternative {
            e164: None,
            kind,
            how: format!("{what}, if no phone has it"),
        });
        return Some(reading);
    }
    let mut steps: Vec<String> = outside_step(line).into_iter().collect();
    steps.push(what.to_owned());
    Some(Reading::bare(kind, confidence, steps))
}

/// Reads extensions: those that are configured, and what is too short for anything else.
fn extension(site: &Site, text: &str) -> Option<Reading> {
    if site.extensions.contains(text) {
        let steps = vec!["a configured extension".to_owned()];
        return Some(Reading::bare(Kind::Internal, Confidence::Exact, steps));
    }
    // Where no trunk prefix is dialled, a short national number looks like an extension.
    let is_national = site.trunk.is_none() && site.home.is_some_and(|home| home.has_length(text.len()));
    let is_short = text.len() <= LONGEST_EXTENSION && !is_national;
    let steps = || vec!["too short for a number outside".to_owned()];
    is_short.then(|| Reading::bare(Kind::Internal, Confidence::High, steps()))
}

/// Reads what stands behind a `+`.
fn behind_plus(site: &Site, digits: &str) -> Reading {
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits || digits.is_empty() {
        return Reading::bare(Kind::NonPstn, Confidence::None, vec!["no digits alone".to_owned()]);
    }
    if let Some(candidate) = Candidate::of(digits, Rank::Plain, Step("+ and the country code", "", "")) {
        return candidate.reading(site, Confidence::Exact);
    }
    let homes = site.international.splits(digits);
    let foreign =
        FOREIGN_INTERNATIONAL.iter().filter_map(|prefix| Some((*prefix, digits.strip_prefix(prefix)?)));
    for (prefix, rest) in homes.into_iter().chain(foreign) {
        let step = Step("+ before the international prefix ", prefix, "");
        if let Some(candidate) = Candidate::of(rest, Rank::Plain, step) {
            return Reading { kind: Kind::Malformed, ..candidate.reading(site, Confidence::Low) };
        }
    }
    match Candidate::unfit(digits, Step("+ and the country code", "", "")) {
        Some(candidate) => candidate.reading(site, Confidence::Exact),
        None => {
            let steps = vec!["no country has this code".to_owned()];
            Reading::bare(Kind::InvalidForPlan, Confidence::Exact, steps)
        }
    }
}

/// Reads a feature code, with a number behind it or without.
///
/// Two digits behind the star are what Asterisk, FreePBX and the North American and GSM codes have in common.
fn feature(site: &Site, text: &str, most: usize) -> Reading {
    let body = text.trim_start_matches(['*', '#']);
    let stars = text.len() - body.len();
    let (code, tail) = body.split_at_checked(2).unwrap_or((body, ""));
    let is_separated = tail.starts_with(['*', '#']);
    let tail = tail.trim_start_matches(['*', '#']).trim_end_matches(['*', '#']);
    let mark = text.get(..stars).unwrap_or_default();
    let steps = vec![format!("feature code {mark}{code}")];
    if tail.len() <= LONGEST_EXTENSION || tail.contains(['*', '#']) {
        return Reading::bare(Kind::Feature, Confidence::High, steps);
    }
    let mut reading = read_as(site, tail.as_bytes(), most);
    reading.steps.splice(0..0, steps);
    if reading.e164.is_some() {
        reading.kind = match code {
            // FreePBX and North America: unconditional, busy, no answer; GSM: the same and unreachable.
            "72" | "90" | "92" | "52" | "21" | "61" | "62" => Kind::FeatureForward,
            "67" if is_separated => Kind::FeatureForward,
            "67" | "82" | "30" | "31" => Kind::FeatureClir,
            _ => Kind::Feature,
        };
        reading.confidence = reading.confidence.max(Confidence::High);
    }
    reading
}

/// Reads a string of digits as a number outside: the best of all that the rules allow.
fn number(site: &Site, digits: &str, most: usize) -> Reading {
    let mut all = candidates(site, digits, "");
    for line in &site.outside {
        if let Some(rest) = digits.strip_prefix(line.as_str()) {
            all.extend(candidates(site, rest, line));
        }
    }
    // The sort is stable: without an outside line before with one.
    all.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank));
    let best = all.iter().position(|candidate| candidate.rank > Rank::Guess);
    let Some(best) = best.map(|index| all.remove(index)) else {
        return unknown(site, digits, all, most);
    };
    let rivals: Vec<Candidate<'_>> = all
        .into_iter()
        .filter(|other| {
            other.digits != best.digits && other.rank > Rank::Unfit && other.rank.is_near(best.rank)
        })
        .collect();
    let is_tied = rivals.iter().any(|other| other.rank.min(Rank::Plain) == best.rank.min(Rank::Plain));
    let confidence = match best.rank {
        _ if is_tied => Confidence::Ambiguous,
        Rank::Plain if best.line.is_empty() => Confidence::Exact,
        Rank::Plain | Rank::Taken | Rank::Local => Confidence::High,
        Rank::Foreign | Rank::Unfit | Rank::Guess => Confidence::Low,
    };
    let mut reading = best.reading(site, confidence);
    reading.alternatives = alternatives(site, rivals, most);
    reading
}

/// Says what a string of digits may be that the rules of the site give no reading for.
fn unknown(site: &Site, digits: &str, guesses: Vec<Candidate<'_>>, most: usize) -> Reading {
    let unknown_lines = USUAL_OUTSIDE
        .into_iter()
        .filter(|line| !site.outside.iter().any(|known| known == *line))
        .filter_map(|line| Some((line, digits.strip_prefix(line)?)))
        .flat_map(|(line, rest)| candidates(site, rest, line))
        .filter(|candidate| matches!(candidate.rank, Rank::Plain | Rank::Foreign));
    let steps = vec![match site.home {
        Some(home) => format!("no number as dialled in {}", home.name),
        None => "the home country is not known".to_owned(),
    }];
    let mut reading = Reading::bare(Kind::Unknown, Confidence::None, steps);
    reading.alternatives = alternatives(site, unknown_lines.chain(guesses), most);
    reading
}

/// The most alternatives told of one string.
pub(super) const MOST_ALTERNATIVES: usize = 4;

fn alternatives<'d>(
    site: &Site,
    candidates: impl IntoIterator<Item = Candidate<'d>>,
    most: usize,
) -> Vec<Alternative> {
    let mut told: Vec<Alternative> = Vec::new();
    let mut candidates = candidates.into_iter();
    while told.len() < most
        && let Some(candidate) = candidates.next()
    {
        let reading = candidate.reading(site, Confidence::Low);
        if told.iter().all(|known| known.e164 != reading.e164) {
            told.push(Alternative { e164: reading.e164, kind: reading.kind, how: reading.steps.join("; ") });
        }
    }
    told
}
