//! Which zone each source is in: what files say, checked against what its own records show.
//!
//! Asterisk logs in the machine's zone; `cdr_csv` alone can write GMT (`usegmtime` of `cdr.conf`), and a
//! configuration may have changed since the file was written. Records outweigh settings.

use std::collections::BTreeMap;

use crate::event::{Instant, SourceId, Stamp};
use crate::evidence::Kind;
use crate::readers::Tells;

use super::origin::{FoundZone, ZoneOrigin};
use super::shared_names;
use super::survey::SourceFacts;
use super::ties;
use super::zone::{Zone, offset_text};

/// The zone of one source.
#[derive(Clone, Debug)]
pub(super) struct ChosenZone {
    pub(super) zone: Zone,
    pub(super) is_known: bool,
    /// Is it another zone than was expected, as its own records show?
    differs: bool,
    pub(super) note: Option<String>,
}

/// Works out the zone of a case that no file and no user tells.
pub(super) fn work_out_zone(found: &mut FoundZone, facts: &[SourceFacts], csv_in_gmt: Option<bool>) {
    let gather = |wanted: &dyn Fn(&SourceFacts) -> bool| -> Vec<(Stamp, Instant)> {
        facts.iter().filter(|facts| wanted(facts)).flat_map(|facts| facts.ties.iter().copied()).collect()
    };
    // A log is written in the machine's zone; call records may be in GMT, whatever the zone is, and would only
    // contradict it.
    let mut ties = gather(&|facts| !is_call_records(facts));
    if ties.is_empty() {
        ties = gather(&|facts| is_call_records(facts) && !may_be_cdr_csv(facts));
    }
    // UTC there tells nothing.
    let may_be_gmt = ties.is_empty();
    if may_be_gmt && csv_in_gmt != Some(true) {
        ties = gather(&may_be_cdr_csv);
    }
    if ties.is_empty() || (may_be_gmt && ties::fitting(&Zone::UTC, &ties) * 2 >= ties.len()) {
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

/// Chooses the zone of every source of one machine.
pub(super) fn choose_zones(
    found: &FoundZone,
    facts: &[&SourceFacts],
    csv_in_gmt: Option<bool>,
) -> BTreeMap<SourceId, ChosenZone> {
    let mut chosen: BTreeMap<SourceId, ChosenZone> = BTreeMap::new();
    let all = facts;
    // What the files of one folder and kind show: one program wrote them, with one clock.
    let mut shown: BTreeMap<(&str, Kind), Vec<ChosenZone>> = BTreeMap::new();
    for facts in facts.iter().filter(|facts| !facts.ties.is_empty()) {
        let zone = by_ties(found, facts, csv_in_gmt);
        shown.entry((folder(&facts.path), facts.kind)).or_default().push(zone.clone());
        chosen.insert(facts.id, zone);
    }
    for facts in facts.iter().filter(|facts| facts.ties.is_empty()) {
        if let Some(zone) = by_names(found, facts, all) {
            chosen.insert(facts.id, zone);
            continue;
        }
        let neighbours = shown.get(&(folder(&facts.path), facts.kind));
        chosen.insert(facts.id, without_ties(found, facts, csv_in_gmt, neighbours));
    }
    chosen
}

/// Chooses the zone in which most of a source's own records hold; what was expected wins a draw.
fn by_ties(found: &FoundZone, facts: &SourceFacts, csv_in_gmt: Option<bool>) -> ChosenZone {
    let says_gmt = csv_in_gmt == Some(true) && is_cdr_csv(facts);
    let expected = if says_gmt { &Zone::UTC } else { &found.zone };
    let mut best = (ties::fitting(expected, &facts.ties), expected.clone(), None);
    for (zone, note) in rivals(found, facts, says_gmt) {
        let fitting = ties::fitting(&zone, &facts.ties);
        if fitting > best.0 {
            best = (fitting, zone, Some(note));
        }
    }
    let (fitting, zone, note) = best;
    if fitting * 2 < facts.ties.len() {
        let is_known = says_gmt || found.origin != ZoneOrigin::Assumed;
        let name = expected.name();
        let note = format!("records that tell an instant as well do not fit {name}, nor any one offset");
        return ChosenZone { zone: expected.clone(), is_known, differs: false, note: Some(note) };
    }
    let confirmed =
        says_gmt.then(|| "its times are in GMT, as cdr.conf says and its records show".to_owned());
    ChosenZone { zone, is_known: true, differs: note.is_some(), note: note.or(confirmed) }
}

/// Returns the zones that a source may be in though another is expected, with what to say then.
fn rivals(found: &FoundZone, facts: &SourceFacts, says_gmt: bool) -> Vec<(Zone, String)> {
    let mut rivals = Vec::new();
    if says_gmt {
        let name = found.zone.name();
        let note = format!("cdr.conf says GMT, but its records show its times to be in {name}: they count");
        rivals.push((found.zone.clone(), note));
    } else if is_call_records(facts) {
        rivals.push((Zone::UTC, "its times are in GMT, as its records show".to_owned()));
    }
    if let Some(offset) = ties::shared_offset(&facts.ties) {
        let note = format!(
            "records that tell an instant as well show its clock at {} from UTC, which is not {}: they count",
            offset_text(offset),
            found.zone.name()
        );
        rivals.push((Zone::Fixed(offset), note));
    }
    rivals
}

/// Chooses GMT for call records that tell no instant, where the names that they share with the logs show it.
fn by_names(found: &FoundZone, facts: &SourceFacts, all: &[&SourceFacts]) -> Option<ChosenZone> {
    if !may_be_cdr_csv(facts) || found.origin == ZoneOrigin::Assumed {
        return None;
    }
    let logs = all.iter().filter(|other| !is_call_records(other)).flat_map(|other| &other.names);
    let note = "its times are in GMT, as the log's lines of the same channels and accounts show";
    shared_names::are_in_gmt(&found.zone, &facts.names, logs).then(|| ChosenZone {
        zone: Zone::UTC,
        is_known: true,
        differs: true,
        note: Some(note.to_owned()),
    })
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

/// Returns whether a source may hold call records in GMT.
fn is_call_records(facts: &SourceFacts) -> bool {
    matches!(facts.kind.tells(), Some(Tells::Calls | Tells::Tables))
}

/// Returns whether `cdr_csv` may have written a source: a file given by itself has lost the folder that tells.
fn may_be_cdr_csv(facts: &SourceFacts) -> bool {
    facts.kind.tells() == Some(Tells::Calls) && !facts.path.split('/').any(|part| part == "cdr-custom")
}

/// Returns whether a source was written by `cdr_csv`, which alone knows `usegmtime`.
fn is_cdr_csv(facts: &SourceFacts) -> bool {
    facts.kind.tells() == Some(Tells::Calls) && facts.path.split('/').any(|part| part == "cdr-csv")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
