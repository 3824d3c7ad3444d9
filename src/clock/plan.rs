//! The plan of time of each source: its zone and its years, and how each was known.

use std::collections::BTreeMap;

use crate::event::{Instant, Resolution, SourceId, Stamp};
use crate::evidence::{Evidence, Kind};

use super::resolver::{Resolver, Years};
use super::survey::SourceFacts;
use super::ties;
use super::years::{self, Decided};
use super::zone::{FoundZone, UnknownZone, Zone, ZoneOrigin, offset_text};

/// What the user says about time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockOptions {
    /// `--tz`: a zone that stands over all.
    pub zone: Option<String>,
    /// `--year`: the year of first records that nothing else tells.
    pub year: Option<i16>,
}

/// All plans of a case.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Zone,
    origin: ZoneOrigin,
    notes: Vec<String>,
    plans: BTreeMap<SourceId, Plan>,
    /// For a source that was not surveyed.
    other: Plan,
}

/// One source's plan.
#[derive(Clone, Debug)]
pub struct Plan {
    zone: Zone,
    zone_resolution: Resolution,
    years: Years,
    notes: Vec<String>,
}

impl Clock {
    /// Makes the plan of every source that was surveyed.
    ///
    /// `csv_in_gmt` is what `cdr.conf` says about the files of `cdr-csv`.
    pub fn plan(
        evidence: &Evidence,
        facts: Vec<SourceFacts>,
        csv_in_gmt: Option<bool>,
        options: &ClockOptions,
    ) -> Result<Clock, UnknownZone> {
        let mut found = FoundZone::find(evidence, options.zone.as_deref())?;
        if found.origin == ZoneOrigin::Assumed {
            work_out_zone(&mut found, &facts, csv_in_gmt);
        }
        let mut years = years::decide(&facts, options.year);
        let mut zones = choose_zones(&found, &facts, csv_in_gmt);
        let mut plans = BTreeMap::new();
        for facts in facts {
            if let Some(zone) = zones.remove(&facts.id) {
                plans.insert(facts.id, Plan::new(&facts, zone, years.remove(&facts.id)));
            }
        }
        let zone_resolution = resolution(found.origin != ZoneOrigin::Assumed);
        let years = plans.values().map(|plan| plan.years).max_by_key(|years| years.last);
        let year = options.year.map_or_else(|| years.map_or(2000, |years| years.last), i32::from);
        let years = Years { first: year, last: year + 1 };
        let other = Plan { zone: found.zone.clone(), zone_resolution, years, notes: Vec::new() };
        Ok(Clock { zone: found.zone, origin: found.origin, notes: found.notes, plans, other })
    }

    /// Returns the plan of a source.
    pub fn of(&self, id: SourceId) -> &Plan {
        self.plans.get(&id).unwrap_or(&self.other)
    }

    /// Returns the zone of the case.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns where the zone of the case came from.
    pub fn origin(&self) -> &ZoneOrigin {
        &self.origin
    }

    /// Returns sentences for the report that concern the zone of the whole case.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Plan {
    fn new(facts: &SourceFacts, chosen: ChosenZone, decided: Option<Decided>) -> Self {
        let mut notes = facts.notes.clone();
        notes.extend(chosen.note);
        let years = match &decided {
            Some(decided) => decided.years,
            None => {
                let year_of = |stamp: Option<Stamp>| stamp.map(|stamp| i32::from(stamp.year));
                let first = year_of(facts.first).unwrap_or(2000);
                Years { first, last: year_of(facts.last).unwrap_or(first).max(first) }
            }
        };
        if let Some(Decided { years, why }) = decided {
            let first = years.first;
            notes.push(format!("its stamps have no year; its first record is taken as of {first}, by {why}"));
        }
        Plan { zone: chosen.zone, zone_resolution: resolution(chosen.is_known), years, notes }
    }

    /// Returns what turns this source's stamps into instants.
    pub fn resolver(&self) -> Resolver {
        Resolver::new(self.zone.clone(), self.zone_resolution, self.years)
    }

    /// Returns the zone of this source's stamps.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns a sentence for every assumption.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn resolution(is_known: bool) -> Resolution {
    if is_known { Resolution::ZoneKnown } else { Resolution::ZoneAssumed }
}

/// The zone of one source.
#[derive(Clone, Debug)]
struct ChosenZone {
    zone: Zone,
    is_known: bool,
    /// Is it another zone than was expected, as its own records show?
    differs: bool,
    note: Option<String>,
}

/// Works out the zone of a case that no file and no user tells.
fn work_out_zone(found: &mut FoundZone, facts: &[SourceFacts], csv_in_gmt: Option<bool>) {
    let gather = |wanted: &dyn Fn(&SourceFacts) -> bool| -> Vec<(Stamp, Instant)> {
        facts.iter().filter(|facts| wanted(facts)).flat_map(|facts| facts.ties.iter().copied()).collect()
    };
    let logs = gather(&|facts| !is_cdr_csv(facts));
    // Call records may be in GMT, whatever the zone is: UTC there tells nothing.
    let may_be_gmt = logs.is_empty();
    let ties = if may_be_gmt && csv_in_gmt != Some(true) { gather(&is_cdr_csv) } else { logs };
    if ties.is_empty() || (may_be_gmt && ties::fit(&Zone::UTC, &ties)) {
        return;
    }
    let zones = ties::zones_that_fit(&ties);
    let zone = match (ties::shared_offset(&ties), zones.first()) {
        (Some(offset), _) => Zone::Fixed(offset),
        (None, Some(zone)) => zone.clone(),
        (None, None) => return,
    };
    let names: Vec<String> = zones.iter().take(3).map(Zone::name).collect();
    found.notes.push(format!(
        "no file tells the zone; records that tell an instant as well show {} ({} zones fit, among them {})",
        zone.name(),
        zones.len(),
        if names.is_empty() { "none with a name".to_owned() } else { names.join(", ") }
    ));
    found.zone = zone;
    found.origin = ZoneOrigin::Ties;
}

/// Chooses the zone of every source.
fn choose_zones(
    found: &FoundZone,
    facts: &[SourceFacts],
    csv_in_gmt: Option<bool>,
) -> BTreeMap<SourceId, ChosenZone> {
    let mut chosen: BTreeMap<SourceId, ChosenZone> = BTreeMap::new();
    // What the files of one folder and kind show: one program wrote them, with one clock.
    let mut shown: BTreeMap<(&str, Kind), Vec<ChosenZone>> = BTreeMap::new();
    for facts in facts.iter().filter(|facts| !facts.ties.is_empty()) {
        let zone = by_ties(found, facts, csv_in_gmt);
        shown.entry((folder(&facts.path), facts.kind)).or_default().push(zone.clone());
        chosen.insert(facts.id, zone);
    }
    for facts in facts.iter().filter(|facts| facts.ties.is_empty()) {
        let neighbours = shown.get(&(folder(&facts.path), facts.kind));
        chosen.insert(facts.id, without_ties(found, facts, csv_in_gmt, neighbours));
    }
    chosen
}

fn by_ties(found: &FoundZone, facts: &SourceFacts, csv_in_gmt: Option<bool>) -> ChosenZone {
    let says_gmt = csv_in_gmt == Some(true) && is_cdr_csv(facts);
    let expected = if says_gmt { &Zone::UTC } else { &found.zone };
    let is_known = says_gmt || found.origin != ZoneOrigin::Assumed;
    let choose = |zone: &Zone, note: Option<String>| ChosenZone {
        zone: zone.clone(),
        is_known: true,
        differs: note.is_some() && zone.name() != expected.name(),
        note,
    };
    if ties::fit(expected, &facts.ties) {
        let note = says_gmt.then(|| "its times are in GMT, as cdr.conf says and its records show".to_owned());
        return choose(expected, note);
    }
    if says_gmt && ties::fit(&found.zone, &facts.ties) {
        let name = found.zone.name();
        let note = format!("cdr.conf says GMT, but its records show its times to be in {name}");
        return choose(&found.zone, Some(note));
    }
    if facts.kind == Kind::CallRecords && ties::fit(&Zone::UTC, &facts.ties) {
        return choose(&Zone::UTC, Some("its times are in GMT, as its records show".to_owned()));
    }
    let Some(offset) = ties::shared_offset(&facts.ties) else {
        let name = expected.name();
        let note = format!("records that tell an instant as well do not fit {name}, nor any one offset");
        return ChosenZone { zone: expected.clone(), is_known, differs: false, note: Some(note) };
    };
    let note = format!(
        "records that tell an instant as well show its clock at {} from UTC, which is not {}: they count",
        offset_text(offset),
        expected.name()
    );
    choose(&Zone::Fixed(offset), Some(note))
}

fn without_ties(
    found: &FoundZone,
    facts: &SourceFacts,
    csv_in_gmt: Option<bool>,
    neighbours: Option<&Vec<ChosenZone>>,
) -> ChosenZone {
    if let Some([first, rest @ ..]) = neighbours.map(Vec::as_slice)
        && first.is_known
        && rest.iter().all(|other| other.zone.name() == first.zone.name())
    {
        let note = first.differs.then(|| {
            format!(
                "its times are taken to be in {}, like its neighbours' of the same folder",
                first.zone.name()
            )
        });
        return ChosenZone { note, ..first.clone() };
    }
    if csv_in_gmt == Some(true) && is_cdr_csv(facts) {
        let note = Some("its times are taken to be in GMT, as cdr.conf says".to_owned());
        return ChosenZone { zone: Zone::UTC, is_known: true, differs: false, note };
    }
    let is_known = found.origin != ZoneOrigin::Assumed;
    let has_local_time = facts.first.is_some_and(|stamp| stamp.offset_minutes.is_none());
    let note = (!is_known && has_local_time)
        .then(|| "its times are taken to be in UTC: no file and no record tells the zone".to_owned());
    ChosenZone { zone: found.zone.clone(), is_known, differs: false, note }
}

/// Returns whether a source was written by `cdr_csv`, which alone knows `usegmtime`.
fn is_cdr_csv(facts: &SourceFacts) -> bool {
    facts.kind == Kind::CallRecords && facts.path.split('/').any(|part| part == "cdr-csv")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
