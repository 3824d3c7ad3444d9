//! Trunks of a panel that carry any number of calls at once, and calls over them that nothing ends.
//!
//! Fraud makes its money by many long calls side by side in one night. FreePBX counts the calls of a trunk that has a
//! maximum (`OUTMAXCHANS_n`, the column `maxchans`); it ends none by its length unless the options of `Dial` say so.

use super::Show;
use crate::event::Citation;
use crate::pbx::dialplan::ends_calls;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Trunks named, and lines shown.
const MOST_NAMED: usize = 8;
const MOST_PROOFS: usize = 4;

/// Yields at most one finding, for all trunks.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let open = trunks_without_limit(world);
    let options = options_without_end(world);
    let (mut told, mut places) = (Vec::new(), Vec::new());
    if let Some((_, first)) = open.first() {
        let names: Vec<String> = open.iter().take(MOST_NAMED).map(|(name, _)| visible(name)).collect();
        let more = open.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let count = counted(open.len() as u64, "trunk");
        told.push(format!("Any number of calls go out at once over {count}: {}{more}.", names.join(", ")));
        places.push(*first);
        places.extend(open.iter().skip(1).map(|(_, place)| *place));
    }
    if let Some((value, place)) = options {
        let value = if value.is_empty() { "empty".to_owned() } else { visible(value) };
        told.push(format!("A call may last for any time: the options of every trunk (TRUNK_OPTIONS) are {value}, which end none."));
        places.insert(places.len().min(1), place);
    }
    (!told.is_empty()).then(|| Finding {
        id: "spending-not-limited",
        severity: Severity::Low,
        subject: Untrusted::from("trunks of the panel"),
        title: match (open.is_empty(), options.is_some()) {
            (false, true) => "Nothing limits how many calls go out at once, or how long they last",
            (false, false) => "Nothing limits how many calls go out at once",
            (true, _) => "Nothing limits how long calls last that go out",
        }
        .into(),
        detail: format!("{} No intrusion needs this, and each makes one cost less.", told.join(" ")),
        remedy: "Set the maximum of each trunk (Maximum Channels) a little above one's own busiest hour, add S(7200) or \
                 L(7200000) to the options of every trunk, and agree on the same limits, and on a sum for a day, with \
                 the carrier."
            .into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: places.into_iter().filter_map(show).take(MOST_PROOFS).collect(),
    })
}

/// Trunks that are switched on and have no maximum: as the panel's table lists them, else as its files do.
fn trunks_without_limit<'w>(world: &'w World<'_>) -> Vec<(String, &'w Citation)> {
    let of_table = &world.pbx.panel.trunks;
    if !of_table.is_empty() {
        let open = of_table.iter().filter(|trunk| !trunk.is_disabled && trunk.most_calls.is_none());
        return open.map(|trunk| (trunk.name.clone(), &trunk.place)).collect();
    }
    let of_files = world.pbx.dialplan.limits.lines.iter();
    let open = of_files.filter(|(_, line)| !line.is_disabled && line.most_calls.is_none());
    open.filter_map(|(number, line)| {
        let name = line.name.clone().unwrap_or_else(|| format!("number {number}"));
        Some((name, line.place.as_ref()?))
    })
    .collect()
}

/// The options that go with every call over a trunk, where neither they nor any step of the dialplan end one; nothing
/// where the panel has none.
fn options_without_end<'w>(world: &'w World<'_>) -> Option<(&'w str, &'w Citation)> {
    let (panel, limits) = (&world.pbx.panel, &world.pbx.dialplan.limits);
    if panel.trunks.is_empty() && limits.lines.is_empty() {
        return None;
    }
    let of_table = panel.settings.iter().find(|setting| setting.keyword == "TRUNK_OPTIONS");
    let (value, place) = of_table
        .map(|setting| (setting.value.as_str(), &setting.place))
        .or_else(|| limits.options.as_ref().map(|(value, place)| (value.as_str(), place)))?;
    (!ends_calls(value) && !world.pbx.dialplan.ends_any_call()).then_some((value, place))
}
