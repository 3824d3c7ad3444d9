//! One way to read digits: by which rule, as which number of which region.
//!
//! Of most strings there are several, of which one is told; so nothing is put into words before that is known.

use std::borrow::Cow;

use super::read::FOREIGN_INTERNATIONAL;
use super::site::Site;
use super::{Class, Confidence, Found, Kind, Reading, Region, plan};

/// How well a reading follows the rules of the site, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
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
    pub(super) fn is_near(self, best: Rank) -> bool {
        self == best || (self >= Rank::Foreign && best >= Rank::Foreign)
    }
}

/// What was taken for what: words around digits of the string or of the site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'d>(pub(super) &'static str, pub(super) &'d str, pub(super) &'static str);

/// One way to read digits.
pub(super) struct Candidate<'d> {
    /// From the country code on.
    pub(super) digits: Cow<'d, str>,
    pub(super) rank: Rank,
    found: Found<'static>,
    /// The outside line's digits that were taken away.
    pub(super) line: &'d str,
    step: Step<'d>,
}

impl<'d> Candidate<'d> {
    /// Builds a reading of digits that some plan has.
    pub(super) fn of(digits: impl Into<Cow<'d, str>>, rank: Rank, step: Step<'d>) -> Option<Self> {
        let digits = digits.into();
        let found = plan().lookup(digits.as_bytes()).filter(|found| found.fits)?;
        Some(Candidate { digits, rank, found, line: "", step })
    }

    /// Builds a reading of digits whose country there is, though its plan has no such number.
    pub(super) fn unfit(digits: &'d str, step: Step<'d>) -> Option<Self> {
        let found = plan().lookup(digits.as_bytes()).filter(|found| !found.fits)?;
        let is_number = (7..=15).contains(&digits.len());
        is_number.then_some(Candidate { digits: digits.into(), rank: Rank::Unfit, found, line: "", step })
    }

    pub(super) fn reading(self, site: &Site, confidence: Confidence) -> Reading {
        let Found { region, class, prefix, note, fits } = self.found;
        let is_home = site.home.is_some_and(|home| home.code == region.code);
        let Step(before, digits, after) = self.step;
        let mut steps: Vec<String> = outside_step(self.line).into_iter().collect();
        steps.push([before, digits, after].concat());
        steps.push(place_step(prefix, region.name, class, note));
        if !fits {
            steps.push(format!("{} has no such number", region.name));
        }
        Reading {
            e164: Some(["+", &self.digits].concat()),
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

pub(super) fn outside_step(line: &str) -> Option<String> {
    (!line.is_empty()).then(|| format!("outside line {line}"))
}

fn place_step(prefix: &str, region: &str, class: Class, note: &str) -> String {
    let class = if class == Class::Geo { String::new() } else { format!(", {}", class.meaning()) };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    format!("+{prefix} is {region}{class}{note}")
}

/// Gives every reading of digits behind an outside line's, or behind none.
pub(super) fn candidates<'d>(site: &'d Site, digits: &'d str, line: &'d str) -> Vec<Candidate<'d>> {
    let mut all = Vec::new();
    for (prefix, rest) in site.international.splits(digits) {
        let step = Step("international prefix ", prefix, "");
        all.extend(Candidate::of(rest, Rank::Plain, step).or_else(|| Candidate::unfit(rest, step)));
    }
    all.extend(national(site, digits));
    all.extend(local(site, digits));
    all.extend(FOREIGN_INTERNATIONAL.into_iter().filter_map(|prefix| foreign(site, digits, prefix)));
    let plain = if site.plain_e164 { Rank::Plain } else { Rank::Guess };
    all.extend(Candidate::of(digits, plain, Step("a country code without +", "", "")));
    all.iter_mut().for_each(|candidate| candidate.line = line);
    all
}

/// Returns whether the rules of the home country may read a dialled string as one of its own numbers; what no
/// rule applies to, [`super::read`] need not be asked about.
pub(super) fn may_be_own(site: &Site, dialed: &str) -> bool {
    let Some(home) = site.home else { return false };
    let is_national = |(_, rest): (&str, &str)| is_behind_trunk(rest) && home.has_length(rest.len());
    let is_own = |(_, rest): (&str, &str)| rest.starts_with(home.country_code);
    let is_plain = dialed.bytes().all(|byte| byte.is_ascii_digit());
    !is_plain
        || bare_is_whole(site, home) && home.has_length(dialed.len())
        || site.trunk.splits(dialed).into_iter().any(is_national)
        || site.international.splits(dialed).into_iter().any(is_own)
        || argentine_mobile(home, dialed).is_some()
}

/// Returns whether national numbers are dialled without a trunk prefix.
fn bare_is_whole(site: &Site, home: &Region) -> bool {
    site.trunk.is_none() || home.is_north_american()
}

/// Returns whether digits may follow a trunk prefix.
fn is_behind_trunk(rest: &str) -> bool {
    !rest.starts_with('0')
}

/// Reads an international number written by other countries' rules.
fn foreign<'d>(site: &Site, digits: &'d str, prefix: &'static str) -> Option<Candidate<'d>> {
    let rest = digits.strip_prefix(prefix)?;
    if site.taken.contains(&prefix) {
        let step = Step("international prefix ", prefix, ", which the trunks take");
        return Candidate::of(rest, Rank::Taken, step).or_else(|| Candidate::unfit(rest, step));
    }
    let why = match site.home {
        Some(_) => ", which is not the home country's",
        None => ", which many countries have",
    };
    let step = Step("international prefix ", prefix, why);
    Candidate::of(rest, Rank::Foreign, step).or_else(|| Candidate::unfit(rest, step))
}

/// Reads a number of the home country: behind its trunk prefix, or bare where none is dialled.
fn national<'d>(site: &Site, digits: &'d str) -> Vec<Candidate<'d>> {
    let Some(home) = site.home else { return Vec::new() };
    let at_home = |national: &str, step: Step<'d>| {
        let whole = || [home.country_code, national].concat();
        home.has_length(national.len()).then(|| Candidate::of(whole(), Rank::Plain, step))?
    };
    let bare = if bare_is_whole(site, home) {
        at_home(digits, Step("a national number", "", ""))
    } else {
        // Trunks take it so, though no telephone of the country does.
        at_home(digits, Step("a national number without its trunk prefix", "", ""))
            .filter(|_| !digits.starts_with('0'))
            .map(|bare| Candidate { rank: Rank::Foreign, ..bare })
    };
    let behind = site.trunk.splits(digits).into_iter().filter_map(|(trunk, rest)| {
        is_behind_trunk(rest).then(|| at_home(rest, Step("trunk prefix ", trunk, "")))?
    });
    bare.into_iter().chain(behind).chain(argentine_mobile(home, digits)).collect()
}

/// Reads a mobile number of Argentina as it is dialled there: `0`, the area's two to four digits, `15` and the rest,
/// ten digits without the `15`; from abroad it is `+54 9` and those ten.
fn argentine_mobile<'d>(home: &Region, digits: &str) -> Option<Candidate<'d>> {
    let rest = digits.strip_prefix('0').filter(|rest| home.code == "AR" && rest.len() == 12)?;
    let areas = if rest.starts_with("11") { 2..=2 } else { 3..=4 };
    let (area, number) = areas.into_iter().find_map(|length| {
        let (area, behind) = rest.split_at_checked(length)?;
        Some((area, behind.strip_prefix("15")?))
    })?;
    let step = Step("a mobile number of Argentina, ", "15", " behind its area");
    Candidate::of([home.country_code, "9", area, number].concat(), Rank::Plain, step)
}

/// Reads a number of the home area.
fn local<'d>(site: &'d Site, digits: &str) -> Option<Candidate<'d>> {
    let (home, area) = (site.home?, site.area.as_ref()?);
    let is_local = !site.trunk.is_none() && digits.len() >= 5 && site.trunk.splits(digits).is_empty();
    let is_local = is_local && !digits.starts_with('0') && (!home.is_north_american() || digits.len() == 7);
    let fits = is_local && home.has_length(area.len() + digits.len());
    let step = Step("a number of one's own area ", area, "");
    fits.then(|| Candidate::of([home.country_code, area, digits].concat(), Rank::Local, step))?
}
