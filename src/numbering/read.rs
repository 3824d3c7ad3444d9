//! A dialled string is read: short numbers first, then every reading the rules allow, the best of them told.

use super::clean::clean;
use super::short::ShortNumber;
use super::site::{Route, Site};
use super::{Alternative, Class, Confidence, Found, Kind, Reading, plan};

/// The longest string taken for an extension that no configuration tells of.
const LONGEST_EXTENSION: usize = 6;
/// Digits that sites use for an outside line, tried where nothing else gives a reading.
const USUAL_OUTSIDE: [&str; 6] = ["9", "0", "8", "1", "7", "6"];
/// Ways to write an international number that trunks take far from where they belong.
pub(super) const FOREIGN_INTERNATIONAL: [&str; 2] = ["00", "011"];

/// Reads a dialled string.
pub fn read(site: &Site, raw: &[u8]) -> Reading {
    let Some(text) = clean(raw) else {
        return Reading::bare(Kind::NonPstn, Confidence::None, vec!["no digits alone".to_owned()]);
    };
    if let Some(rest) = text.strip_prefix('+') {
        return behind_plus(site, rest);
    }
    if text.starts_with(['*', '#']) {
        return feature(site, &text);
    }
    if text.contains(['*', '#']) {
        return Reading::bare(Kind::NonPstn, Confidence::None, vec!["* or # among the digits".to_owned()]);
    }
    short(site, &text).or_else(|| extension(site, &text)).unwrap_or_else(|| number(site, &text))
}

/// Reads a dialled string that went out by a route whose rule is known.
pub fn read_routed(site: &Site, raw: &[u8], route: &Route) -> Reading {
    let Some(text) = clean(raw) else { return read(site, raw) };
    let Some(rest) = text.get(route.strip..).filter(|_| text.is_ascii()) else { return read(site, raw) };
    // The route has taken the outside line's digits away.
    let plain = Site { outside: Vec::new(), ..site.clone() };
    let mut reading = read(&plain, format!("{}{rest}", route.prepend).as_bytes());
    if route.strip > 0 || !route.prepend.is_empty() {
        let step = format!("its route strips {} digits and prepends \"{}\"", route.strip, route.prepend);
        reading.steps.insert(0, step);
    }
    reading
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
    if let Some(candidate) = Candidate::of(digits, Rank::Plain, "+ and the country code".to_owned()) {
        return candidate.reading(site, Confidence::Exact);
    }
    let homes = site.international.splits(digits);
    let foreign =
        FOREIGN_INTERNATIONAL.iter().filter_map(|prefix| Some((*prefix, digits.strip_prefix(prefix)?)));
    for (prefix, rest) in homes.into_iter().chain(foreign) {
        let step = format!("+ before the international prefix {prefix}");
        if let Some(candidate) = Candidate::of(rest, Rank::Plain, step) {
            return Reading { kind: Kind::Malformed, ..candidate.reading(site, Confidence::Low) };
        }
    }
    match Candidate::unfit(digits, "+ and the country code".to_owned()) {
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
fn feature(site: &Site, text: &str) -> Reading {
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
    let mut reading = read(site, tail.as_bytes());
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
fn number(site: &Site, digits: &str) -> Reading {
    let mut candidates = candidates(site, digits, "");
    for line in &site.outside {
        if let Some(rest) = digits.strip_prefix(line.as_str()) {
            candidates.extend(self::candidates(site, rest, line));
        }
    }
    // The sort is stable: without an outside line before with one.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank));
    let best = candidates.iter().position(|candidate| candidate.rank > Rank::Guess);
    let Some(best) = best.map(|index| candidates.remove(index)) else {
        return unknown(site, digits, candidates);
    };
    let rivals: Vec<Candidate> = candidates
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
    reading.alternatives = alternatives(site, rivals);
    reading
}

/// Says what a string of digits may be that the rules of the site give no reading for.
fn unknown(site: &Site, digits: &str, guesses: Vec<Candidate>) -> Reading {
    let unknown_lines = USUAL_OUTSIDE
        .iter()
        .filter(|line| !site.outside.iter().any(|known| known == *line))
        .filter_map(|line| Some((line, digits.strip_prefix(line)?)))
        .flat_map(|(line, rest)| candidates(site, rest, line))
        .filter(|candidate| matches!(candidate.rank, Rank::Plain | Rank::Foreign));
    let all: Vec<Candidate> = unknown_lines.chain(guesses).collect();
    let steps = vec![match site.home {
        Some(home) => format!("no number as dialled in {}", home.name),
        None => "the home country is not known".to_owned(),
    }];
    let mut reading = Reading::bare(Kind::Unknown, Confidence::None, steps);
    reading.alternatives = alternatives(site, all);
    reading
}

/// The most alternatives told of one string.
const MOST_ALTERNATIVES: usize = 4;

fn alternatives(site: &Site, candidates: Vec<Candidate>) -> Vec<Alternative> {
    let mut told: Vec<Alternative> = Vec::new();
    for candidate in candidates {
        let reading = candidate.reading(site, Confidence::Low);
        if told.len() < MOST_ALTERNATIVES && told.iter().all(|known| known.e164 != reading.e164) {
            told.push(Alternative { e164: reading.e164, kind: reading.kind, how: reading.steps.join("; ") });
        }
    }
    told
}

/// How well a reading follows the rules of the site, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Only if the record leaves out the `+`.
    Guess,
    /// Written by the rules, but the plan has no such number.
    Unfit,
    /// Written by other countries' rules.
    Foreign,
    /// A number of one's own area.
    Local,
    /// Written by the rules.
    Plain,
    /// Written as calls were that got out.
    Taken,
}

impl Rank {
    /// Returns whether a reading of this rank is worth telling beside one of `best`.
    fn is_near(self, best: Rank) -> bool {
        self == best || (self >= Rank::Foreign && best >= Rank::Foreign)
    }
}

/// One way to read digits.
struct Candidate {
    /// From the country code on.
    digits: String,
    rank: Rank,
    found: Found<'static>,
    /// The outside line's digits that were taken away.
    line: String,
    step: String,
}

impl Candidate {
    /// Builds a reading of digits that some plan has.
    fn of(digits: &str, rank: Rank, step: String) -> Option<Candidate> {
        let found = plan().lookup(digits.as_bytes()).filter(|found| found.fits)?;
        Some(Candidate { digits: digits.to_owned(), rank, found, line: String::new(), step })
    }

    /// Builds a reading of digits whose country there is, though its plan has no such number.
    fn unfit(digits: &str, step: String) -> Option<Candidate> {
        let found = plan().lookup(digits.as_bytes()).filter(|found| !found.fits)?;
        let is_number = (7..=15).contains(&digits.len());
        let digits = digits.to_owned();
        is_number.then(|| Candidate { digits, rank: Rank::Unfit, found, line: String::new(), step })
    }

    fn reading(self, site: &Site, confidence: Confidence) -> Reading {
        let Found { region, class, prefix, note, fits } = self.found;
        let is_home = site.home.is_some_and(|home| home.code == region.code);
        let mut steps: Vec<String> = outside_step(&self.line).into_iter().collect();
        steps.push(self.step);
        steps.push(place_step(prefix, region.name, class, note));
        if !fits {
            steps.push(format!("{} has no such number", region.name));
        }
        Reading {
            e164: Some(format!("+{}", self.digits)),
            kind: if fits { Kind::of(class, is_home) } else { Kind::InvalidForPlan },
            confidence,
            region: Some(region),
            class,
            note,
            steps,
            alternatives: Vec::new(),
        }
    }
}

fn outside_step(line: &str) -> Option<String> {
    (!line.is_empty()).then(|| format!("outside line {line}"))
}

fn place_step(prefix: &str, region: &str, class: Class, note: &str) -> String {
    let class = if class == Class::Geo { String::new() } else { format!(", {}", class.meaning()) };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    format!("+{prefix} is {region}{class}{note}")
}

/// Gives every reading of digits behind an outside line's, or behind none.
fn candidates(site: &Site, digits: &str, line: &str) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (prefix, rest) in site.international.splits(digits) {
        let step = || format!("international prefix {prefix}");
        all.extend(Candidate::of(rest, Rank::Plain, step()).or_else(|| Candidate::unfit(rest, step())));
    }
    all.extend(national(site, digits));
    all.extend(local(site, digits));
    all.extend(FOREIGN_INTERNATIONAL.into_iter().filter_map(|prefix| foreign(site, digits, prefix)));
    let plain = if site.plain_e164 { Rank::Plain } else { Rank::Guess };
    all.extend(Candidate::of(digits, plain, "a country code without +".to_owned()));
    all.iter_mut().for_each(|candidate| line.clone_into(&mut candidate.line));
    all
}

/// Reads an international number written by other countries' rules.
fn foreign(site: &Site, digits: &str, prefix: &'static str) -> Option<Candidate> {
    let rest = digits.strip_prefix(prefix)?;
    if site.taken.contains(&prefix) {
        let step = format!("international prefix {prefix}, which the trunks take");
        return Candidate::of(rest, Rank::Taken, step.clone()).or_else(|| Candidate::unfit(rest, step));
    }
    let why = if site.home.is_some() { "is not the home country's" } else { "many countries have" };
    let step = format!("international prefix {prefix}, which {why}");
    Candidate::of(rest, Rank::Foreign, step.clone()).or_else(|| Candidate::unfit(rest, step))
}

/// Reads a number of the home country: behind its trunk prefix, or bare where none is dialled.
fn national(site: &Site, digits: &str) -> Vec<Candidate> {
    let Some(home) = site.home else { return Vec::new() };
    let at_home = |national: &str, step: String| {
        let code = home.country_code;
        home.has_length(national.len())
            .then(|| Candidate::of(&format!("{code}{national}"), Rank::Plain, step))?
    };
    let bare_is_whole = site.trunk.is_none() || home.is_north_american();
    let bare = if bare_is_whole {
        at_home(digits, "a national number".to_owned())
    } else {
        // Trunks take it so, though no telephone of the country does.
        let step = "a national number without its trunk prefix".to_owned();
        at_home(digits, step)
            .filter(|_| !digits.starts_with('0'))
            .map(|bare| Candidate { rank: Rank::Foreign, ..bare })
    };
    let behind = site.trunk.splits(digits).into_iter().filter_map(|(trunk, rest)| {
        let is_whole = !rest.starts_with('0');
        is_whole.then(|| at_home(rest, format!("trunk prefix {trunk}")))?
    });
    bare.into_iter().chain(behind).collect()
}

/// Reads a number of the home area.
fn local(site: &Site, digits: &str) -> Option<Candidate> {
    let (home, area) = (site.home?, site.area.as_ref()?);
    let is_local = !site.trunk.is_none() && digits.len() >= 5 && site.trunk.splits(digits).is_empty();
    let is_local = is_local && !digits.starts_with('0') && (!home.is_north_american() || digits.len() == 7);
    let national = format!("{area}{digits}");
    let fits = is_local && home.has_length(national.len());
    let step = format!("a number of one's own area {area}");
    fits.then(|| Candidate::of(&format!("{}{national}", home.country_code), Rank::Local, step))?
}
