//! Which country a phone system stands in, from what its evidence shows.
//!
//! Each sign may mislead: a server's clock may run on another country's time or on UTC, and the tone zone
//! of a configuration is `us` unless somebody changed it. The numbers that its people dial do not lie, but
//! countries without a trunk prefix look alike in them. So signs are weighed together, and told.

use rayon::prelude::*;
use serde::Serialize;

use super::candidate::may_be_own;
use super::{Confidence, Kind, Region, Site, plan, read_best};

/// Numbers looked at for each country.
const MOST_NUMBERS: usize = 200;
/// Fewer distinct numbers show no habit.
const LEAST_NUMBERS: usize = 5;
/// The tone zone that Asterisk's own sample configuration has.
const SHIPPED_TONE_ZONE: &str = "us";

/// What the evidence shows of the country.
#[derive(Clone, Debug, Default)]
pub struct Signs<'a> {
    /// What the user says.
    pub given: Option<&'a str>,
    /// The zone of the clock, if the evidence tells one.
    pub zone: Option<&'a str>,
    /// `country` of `indications.conf`.
    pub tone_zone: Option<&'a str>,
    /// Distinct numbers that its people dialled, or that it was called on.
    pub numbers: Vec<&'a [u8]>,
}

/// How sure the country is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The user says so.
    Given,
    /// Signs of several kinds agree.
    AlmostCertain,
    /// One sign says so and none speaks against it.
    Likely,
    /// One sign says so and another speaks against it.
    Possible,
    /// No sign.
    #[default]
    Unknown,
}

impl Certainty {
    /// Returns its words.
    pub fn words(self) -> &'static str {
        match self {
            Certainty::Given => "given",
            Certainty::AlmostCertain => "almost certain",
            Certainty::Likely => "likely",
            Certainty::Possible => "possible",
            Certainty::Unknown => "not known",
        }
    }
}

/// The country, how sure it is and why.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The country.
    pub region: Option<&'static Region>,
    /// How sure.
    pub certainty: Certainty,
    /// What speaks for it, and against it.
    pub because: Vec<String>,
}

/// Works out the home country.
pub fn home(signs: &Signs<'_>) -> Home {
    if let Some(region) = signs.given.and_then(|code| plan().region(code)) {
        return Home {
            region: Some(region),
            certainty: Certainty::Given,
            because: vec!["--home-country".into()],
        };
    }
    let numbers = signs.numbers.get(..MOST_NUMBERS).unwrap_or(&signs.numbers);
    let zone = signs.zone.and_then(|zone| plan().region_of_zone(zone));
    let tones = signs.tone_zone.filter(|tones| *tones != SHIPPED_TONE_ZONE).and_then(of_tone_zone);
    let named = zone.or(tones);
    let habit = Habit::of(numbers, named);
    let Some(region) = named.filter(|_| !habit.contradicts()).or(habit.only) else {
        return Home { region: named, certainty: certainty(0, named.is_some()), because: habit.words(named) };
    };
    let mut because = Vec::new();
    let mut against = Vec::new();
    let mut weigh = |sign: Option<&Region>, words: String| {
        let Some(sign) = sign else { return };
        if sign.code == region.code { because.push(words) } else { against.push(format!("but {words}")) }
    };
    weigh(zone, format!("its clock runs on {}", signs.zone.unwrap_or_default()));
    weigh(tones, format!("indications.conf has the tones of {}", signs.tone_zone.unwrap_or_default()));
    let habit_words = habit.words(Some(region));
    let fits = habit.fits(region);
    let signs_for = because.len() + usize::from(fits);
    let has_doubt = !against.is_empty();
    because.extend(habit_words.into_iter().filter(|_| fits || habit.seen >= LEAST_NUMBERS));
    because.extend(against);
    Home { region: Some(region), certainty: certainty(signs_for, has_doubt), because }
}

fn certainty(signs_for: usize, has_doubt: bool) -> Certainty {
    match (signs_for, has_doubt) {
        (2.., _) => Certainty::AlmostCertain,
        (1, false) => Certainty::Likely,
        (1, true) | (0, true) => Certainty::Possible,
        (0, false) => Certainty::Unknown,
    }
}

/// Returns the country of a tone zone: Asterisk names Britain's `uk`.
fn of_tone_zone(zone: &str) -> Option<&'static Region> {
    plan().region(if zone.eq_ignore_ascii_case("uk") { "GB" } else { zone })
}

/// What the numbers dialled say.
struct Habit {
    /// Distinct numbers with so many digits that they go outside.
    seen: usize,
    /// How many of them the country that other signs name reads as its own or as abroad.
    named: Option<(&'static Region, usize)>,
    /// The only country that most of them read as its own in.
    only: Option<&'static Region>,
    only_read: usize,
}

impl Habit {
    fn of(numbers: &[&[u8]], named: Option<&'static Region>) -> Habit {
        let numbers: Vec<&[u8]> = numbers.iter().copied().filter(|number| number.len() >= 7).collect();
        let reads = |region: &'static Region| {
            let site = Site::new(Some(region));
            numbers.iter().filter(|number| is_at_home(&site, number)).count()
        };
        let mut habit = Habit { seen: numbers.len(), named: None, only: None, only_read: 0 };
        habit.named = named.map(|region| (region, reads(region)));
        if numbers.len() >= LEAST_NUMBERS && (named.is_none() || habit.contradicts()) {
            let countries = plan().regions.par_iter().filter(|region| region.country().is_some());
            let mut read: Vec<(usize, &'static Region)> =
                countries.map(|region| (reads_most(region, &numbers), region)).collect();
            read.sort_by_key(|(count, region)| (std::cmp::Reverse(*count), region.code));
            if let [(first, region), (second, _), ..] = read.as_slice()
                && first * 2 > numbers.len()
                && first > second
            {
                (habit.only, habit.only_read) = (Some(*region), *first);
            }
        }
        habit
    }

    /// Returns whether next to none of enough numbers is one of the country that other signs name.
    fn contradicts(&self) -> bool {
        self.named.is_some_and(|(_, read)| self.seen >= LEAST_NUMBERS && read * 5 < self.seen)
    }

    fn fits(&self, region: &Region) -> bool {
        let is_named = self.named.is_some_and(|(named, read)| {
            named.code == region.code && self.seen >= LEAST_NUMBERS && read * 2 > self.seen
        });
        is_named || self.only.is_some_and(|only| only.code == region.code)
    }

    fn words(&self, region: Option<&Region>) -> Vec<String> {
        let is_region = |other: &Region| region.is_some_and(|region| region.code == other.code);
        let named = self.named.filter(|(named, _)| is_region(named)).map(|(_, read)| read);
        let Some(read) = named.or(self.only.filter(|only| is_region(only)).map(|_| self.only_read)) else {
            return Vec::new();
        };
        let name = region.map_or("", |region| region.name);
        vec![format!("{read} of {} numbers dialled read as numbers dialled in {name}", self.seen)]
    }
}

/// Returns how many numbers read as a country's own; of a country that cannot come to more than half of them,
/// only so many as it took to know that.
fn reads_most(region: &'static Region, numbers: &[&[u8]]) -> usize {
    let site = Site::new(Some(region));
    let (mut read, mut others) = (0, 0);
    for number in numbers {
        if is_at_home(&site, number) {
            read += 1;
        } else {
            others += 1;
        }
        if others * 2 >= numbers.len() {
            break;
        }
    }
    read
}

/// Returns whether a number reads as one of the site's own country, an outside line's digit aside.
fn is_at_home(site: &Site, number: &[u8]) -> bool {
    let is_home = |number: &[u8]| {
        let is_ruled_out = std::str::from_utf8(number).is_ok_and(|digits| !may_be_own(site, digits));
        if is_ruled_out {
            return false;
        }
        let reading = read_best(site, number);
        let is_by_rules = reading.confidence <= Confidence::High && reading.kind != Kind::InvalidForPlan;
        let is_own = reading.region.zip(site.home()).is_some_and(|(region, home)| region.code == home.code);
        is_by_rules && is_own
    };
    is_home(number) || number.split_first().is_some_and(|(_, rest)| rest.len() >= 7 && is_home(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs<'a>(zone: Option<&'a str>, numbers: &'a [&'a str]) -> Signs<'a> {
        Signs { zone, numbers: numbers.iter().map(|number| number.as_bytes()).collect(), ..Signs::default() }
    }

    const CHICAGO: [&str; 6] =
        ["93125550100", "3125550101", "913125550102", "9011442071838750", "3125550104", "13125550105"];
    const LONDON: [&str; 6] =
        ["02071838750", "01632960123", "07700900123", "02079460000", "02079460001", "01534960123"];
    const PARIS: [&str; 5] = ["0142685300", "0499005692", "0145555555", "0612345678", "0033142685300"];

    #[test]
    fn signs_agree_or_speak_against_each_other() {
        let told = |signs: &Signs<'_>| {
            let home = home(signs);
            (home.region.map(|region| region.code), home.certainty)
        };
        assert_eq!(told(&signs(Some("America/Chicago"), &CHICAGO)), (Some("US"), Certainty::AlmostCertain));
        assert_eq!(told(&signs(Some("Europe/Paris"), &[])), (Some("FR"), Certainty::Likely));
        // A trunk prefix of 0 and ten digits, or none and eleven: numbers of many countries.
        assert_eq!(told(&signs(None, &LONDON)), (None, Certainty::Unknown));
        assert_eq!(told(&signs(None, &CHICAGO)), (None, Certainty::Unknown));
        assert_eq!(told(&signs(None, &[])), (None, Certainty::Unknown));
        // A server whose clock runs on the head office's time.
        assert_eq!(told(&signs(Some("America/Chicago"), &PARIS)), (Some("US"), Certainty::Possible));
        let given = Signs { given: Some("de"), ..signs(Some("Europe/Paris"), &PARIS) };
        assert_eq!(told(&given), (Some("DE"), Certainty::Given));
        // What ships with Asterisk says nothing; what was changed does.
        let tones = |tone_zone| Signs { tone_zone: Some(tone_zone), ..Signs::default() };
        assert_eq!(told(&tones("us")), (None, Certainty::Unknown));
        assert_eq!(told(&tones("uk")), (Some("GB"), Certainty::Likely));
    }
}
