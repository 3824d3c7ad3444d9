//! What was dialled, as numbers: the site is worked out once, then each string is read once.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rayon::prelude::*;

use super::{Options, sending};
use crate::clock::{Clock, ZoneOrigin};
use crate::event::Disposition;
use crate::numbering::{self, BehindRoutes, Home, Listed, Reading, Region, Signs, Site};
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{CalledNumber, Dialling, NumberRow, sum_known};
use crate::untrusted::Untrusted;

/// Distinct numbers that the habits of a site are worked out from.
const MOST_HABITS: usize = 2_000;
/// Numbers that the report explains one by one; calls carry the short form of all.
const MOST_ROWS: usize = 1_000;

/// Every number that the report shows.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) site: Site,
    pub(super) dialling: Dialling,
    /// The user's lists.
    pub(super) listed: Listed,
    /// By what was dialled; a table has room for twice as many, so that what is read stands beside it.
    read: HashMap<Box<[u8]>, Box<Called>>,
    /// What routes make of what was dialled.
    routes: sending::Routes,
    behind: BehindRoutes,
    /// What was said of routes that were not looked up.
    pub(super) limit: Option<String>,
}

/// One number, in short.
#[derive(Clone, Debug, Default)]
pub(super) struct Called {
    pub(super) e164: Option<String>,
    pub(super) country: Option<&'static str>,
    pub(super) number: CalledNumber,
}

impl Numbers {
    /// Works out the site, and reads what the calls of the incidents and of the last day dialled.
    pub(super) fn new(
        world: &World<'_>,
        clock: &Clock,
        options: &Options,
        incidents: &[Incident],
        listed: Listed,
    ) -> Self {
        let blamed: BTreeSet<usize> =
            incidents.iter().flat_map(|incident| incident.calls.keys().copied()).collect();
        let home = home(world, clock, options, &blamed);
        let (site, outside_because) = site(world, options, home.region);
        let mut dialling = Dialling {
            table_version: numbering::plan().version,
            home_country: home.region.and_then(Region::country),
            certainty: home.certainty,
            because: home.because,
            outside_lines: site.outside().to_vec(),
            outside_because,
            ..Dialling::default()
        };
        let behind = BehindRoutes::new(&site);
        let (routes, left_out) = sending::routes(world, clock, &blamed);
        let mut numbers = Numbers {
            site,
            dialling: Dialling::default(),
            listed,
            read: HashMap::new(),
            routes,
            behind,
            limit: sending::limit(left_out),
        };
        let shown = blamed.iter().filter_map(|&index| world.calls.list.get(index));
        let dialed: HashSet<&[u8]> = shown.chain(last_day(world)).map(|call| world.dialed(call)).collect();
        let read = |dialed: &[u8]| (dialed.into(), Box::new(numbers.called(&numbers.reading(dialed))));
        numbers.read = dialed.into_par_iter().map(read).collect();
        (dialling.numbers, dialling.numbers_left_out) = numbers.rows(world, &blamed);
        numbers.dialling = dialling;
        numbers
    }

    /// Reads what was dialled, by its route where that is known.
    pub(super) fn reading(&self, dialed: &[u8]) -> Reading {
        match self.routes.get(dialed) {
            Some(route) => self.behind.read(dialed, route),
            None => numbering::read(&self.site, dialed),
        }
    }

    /// Does so, and leaves out what else it may be.
    pub(super) fn best(&self, dialed: &[u8]) -> Reading {
        match self.routes.get(dialed) {
            Some(route) => self.behind.read_best(dialed, route),
            None => numbering::read_best(&self.site, dialed),
        }
    }

    /// Returns what a call's number was read as.
    pub(super) fn of(&self, dialed: &[u8]) -> Cow<'_, Called> {
        match self.read.get(dialed) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(self.called(&self.reading(dialed))),
        }
    }

    fn called(&self, reading: &Reading) -> Called {
        let (risk, _) = numbering::risk(&self.site, reading);
        let has_number = reading.e164.is_some();
        let number = CalledNumber {
            country_name: reading.region.map(|region| region.name),
            area: Some(reading.note).filter(|note| !note.is_empty()),
            class: Some(reading.class).filter(|_| has_number),
            number_kind: Some(reading.kind),
            number_confidence: Some(reading.confidence),
            risk,
            listed: reading.e164.as_deref().map_or_else(Vec::new, |e164| self.listed.look(e164)),
        };
        Called { e164: reading.e164.clone(), country: reading.country(), number }
    }

    /// Explains each number of fraudulent calls, most seconds first.
    fn rows(&self, world: &World<'_>, blamed: &BTreeSet<usize>) -> (Vec<NumberRow>, u64) {
        let mut sums: BTreeMap<&[u8], (u64, Option<u64>)> = BTreeMap::new();
        for call in blamed.iter().filter_map(|&index| world.calls.list.get(index)) {
            let sum = sums.entry(world.dialed(call)).or_default();
            sum.0 += 1;
            sum.1 = sum_known(sum.1, world.billed(call));
        }
        let mut order: Vec<_> = sums.into_iter().collect();
        order.sort_by_key(|&(dialed, (calls, seconds))| (Reverse(seconds), Reverse(calls), dialed));
        let left_out = order.len().saturating_sub(MOST_ROWS) as u64;
        let rows = order.into_iter().take(MOST_ROWS).map(|(dialed, (calls, seconds))| {
            let reading = self.reading(dialed);
            let Called { e164, country, number } = self.called(&reading);
            let (_, risk_because) = numbering::risk(&self.site, &reading);
            NumberRow {
                dialed: Untrusted::from_bytes(dialed),
                e164,
                country: country.map(str::to_owned),
                number,
                steps: reading.steps,
                alternatives: reading.alternatives,
                risk_because,
                calls,
                seconds,
            }
        });
        (rows.collect(), left_out)
    }
}

/// Returns the calls of the last day of the evidence.
fn last_day<'w>(world: &'w World<'_>) -> impl Iterator<Item = &'w Call> {
    const DAY_SECONDS: i64 = 86_400;
    let from = world.last.map(|end| end.plus_seconds(-DAY_SECONDS));
    world.calls.iter().filter(move |call| from.is_some_and(|from| call.start() > from))
}

/// Works out the home country: honest calls show what its people dial, and on which numbers they are called.
fn home(world: &World<'_>, clock: &Clock, options: &Options, blamed: &BTreeSet<usize>) -> Home {
    let is_known = !matches!(clock.origin(), ZoneOrigin::Assumed | ZoneOrigin::Ties);
    let zone = clock.zone().name();
    let honest = world
        .calls
        .iter()
        .enumerate()
        .filter(|(index, call)| !blamed.contains(index) && (call.from_trunk() || call.is_outward()));
    let signs = Signs {
        given: options.home_country.as_deref(),
        zone: Some(zone.as_str()).filter(|_| is_known),
        tone_zone: world.pbx.tone_zone.as_deref(),
        numbers: distinct(honest.map(|(_, call)| world.dialed(call))),
    };
    numbering::home(&signs)
}

/// Returns the first distinct numbers.
fn distinct<'w>(numbers: impl Iterator<Item = &'w [u8]>) -> Vec<&'w [u8]> {
    let mut seen = BTreeSet::new();
    numbers.filter(|number| !number.is_empty() && seen.insert(*number)).take(MOST_HABITS).collect()
}

/// Returns how the site dials, and how its outside lines are known.
fn site(world: &World<'_>, options: &Options, home: Option<&'static Region>) -> (Site, Vec<String>) {
    let extensions = world.accounts.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let site = Site::new(home).with_extensions(extensions.cloned());
    let answered = distinct(
        world
            .calls
            .iter()
            .filter(|call| call.is_outward() && call.disposition() == Disposition::Answered)
            .map(|call| world.dialed(call)),
    );
    if let Some(digits) = &options.outside_prefix {
        return (taken(site.with_outside(digits), &answered), vec!["--outside-prefix".to_owned()]);
    }
    let lines = numbering::outside_lines(&site, &answered);
    let because = lines.iter().map(|line| {
        format!(
            "{} of {} numbers that were answered are numbers only behind {}",
            line.numbers, line.of, line.digits
        )
    });
    let because = because.collect();
    let site = lines.iter().fold(site, |site, line| site.with_outside(&line.digits));
    (taken(site, &answered), because)
}

/// Adds the international prefixes of other countries that calls got out by.
fn taken(site: Site, answered: &[&[u8]]) -> Site {
    let prefixes = numbering::taken_prefixes(&site, answered);
    prefixes.into_iter().fold(site, |site, (prefix, _)| site.with_taken(prefix))
}
