//! The plan of time of each source: its zone and its years, and how each was known.

use std::collections::BTreeMap;

use crate::event::{Resolution, SourceId, Stamp};
use crate::evidence::Evidence;

use super::choice::{self, ChosenZone};
use super::origin::{FoundZone, UnknownZone, ZoneOrigin};
use super::resolver::{Resolver, Years};
use super::survey::SourceFacts;
use super::years::{self, Decided};
use super::zone::Zone;

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
    /// The zone of each root, where several were given.
    root_zones: Vec<Zone>,
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
            choice::work_out_zone(&mut found, &facts, csv_in_gmt);
        }
        let years = years::decide(&facts, options.year);
        let roots = found.of_roots(evidence);
        let mut by_root: BTreeMap<usize, Vec<&SourceFacts>> = BTreeMap::new();
        for facts in &facts {
            let root = evidence
                .source(facts.id)
                .filter(|_| !roots.is_empty())
                .map(|source| evidence.root_of(&source.file));
            by_root.entry(root.unwrap_or(0)).or_default().push(facts);
        }
        let mut zones = BTreeMap::new();
        for (root, facts) in &by_root {
            zones.extend(choice::choose_zones(roots.get(*root).unwrap_or(&found), facts, csv_in_gmt));
        }
        let own_notes =
            roots.iter().filter(|own| own.origin != found.origin).flat_map(|own| own.notes.clone());
        let own_notes: Vec<String> = own_notes.collect();
        found.notes.extend(own_notes);
        found.notes.extend(roots.iter().enumerate().filter_map(|(root, own)| {
            let ZoneOrigin::Evidence(path) = own.origin.clone() else { return None };
            (own.zone.name() != found.zone.name()).then(|| {
                format!("the times of {} are in {}, by {path}", evidence.prefix(root), own.zone.name())
            })
        }));
        let mut plans = BTreeMap::new();
        for facts in facts {
            if let Some(zone) = zones.remove(&facts.id) {
                plans.insert(facts.id, Plan::new(&facts, zone, years.get(&facts.id)));
            }
        }
        let zone_resolution = resolution(found.origin != ZoneOrigin::Assumed);
        let years = plans.values().map(|plan| plan.years).max_by_key(|years| years.last);
        let year = options.year.map_or_else(|| years.map_or(2000, |years| years.last), i32::from);
        let years = Years { first: year, last: year + 1 };
        let other = Plan { zone: found.zone.clone(), zone_resolution, years, notes: Vec::new() };
        let root_zones = roots.into_iter().map(|own| own.zone).collect();
        Ok(Clock { zone: found.zone, origin: found.origin, notes: found.notes, plans, root_zones, other })
    }

    /// Returns the plan of a source.
    pub fn of(&self, id: SourceId) -> &Plan {
        self.plans.get(&id).unwrap_or(&self.other)
    }

    /// Returns the zone of the case.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns the zone of a root.
    pub fn zone_of_root(&self, root: usize) -> &Zone {
        self.root_zones.get(root).unwrap_or(&self.zone)
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
    fn new(facts: &SourceFacts, chosen: ChosenZone, decided: Option<&Decided>) -> Self {
        let mut notes = facts.notes.clone();
        notes.extend(chosen.note);
        let years = match decided {
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
