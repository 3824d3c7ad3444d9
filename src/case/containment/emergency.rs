//! Whether an emergency number really goes out, and which routes must therefore stay: by following the dialplan.

use super::Case;
use crate::contain::words::{Digits, Name};
use crate::contain::{EmergencyWay, Leads, Outbound};
use crate::pbx::dialplan::walk::ALL_WALKS;
use crate::pbx::dialplan::{Lead, Pattern};
use crate::untrusted::Untrusted;

/// Contexts from which it is looked at; a server has a handful that phones call in.
const MOST_CONTEXTS: usize = 8;
/// Where FreePBX's outbound routes are looked up.
const PANEL_ROUTES: &str = "outbound-allroutes";

/// Fills in where emergency numbers lead, and what that says of each route.
pub(super) fn fill(case: &Case<'_>, outbound: &mut Outbound) {
    outbound.ways = ways(case, outbound);
    for route in &mut outbound.routes {
        let pattern = Pattern::new(route.pattern.raw());
        let meets = |way: &&EmergencyWay| match &way.leads {
            Leads::Out { pattern, context, .. } => *pattern == route.pattern && *context == route.context,
            _ => false,
        };
        let mut leaving: Vec<Digits> =
            outbound.ways.iter().filter(meets).map(|way| way.dialed.clone()).collect();
        leaving.sort();
        leaving.dedup();
        route.emergency = leaving;
        let takes_emergency = outbound.emergency.iter().any(|number| pattern.matches(number.as_str()));
        route.is_only_abroad = route.plain.is_some()
            && !takes_emergency
            && route.emergency.is_empty()
            && is_only_abroad(route.pattern.raw(), &outbound.outside, &outbound.international);
    }
}

/// Returns whether every number that a pattern takes begins as a number abroad is dialled.
fn is_only_abroad(pattern: &str, outside: &[Digits], international: &[Digits]) -> bool {
    let Some(pattern) = pattern.strip_prefix('_') else { return false };
    let lines = std::iter::once("").chain(outside.iter().map(Digits::as_str));
    let mut behind_line = lines.filter_map(|line| pattern.strip_prefix(line));
    behind_line.any(|rest| international.iter().any(|prefix| rest.starts_with(prefix.as_str())))
}

/// Follows every emergency number, bare and behind each outside line, from the contexts that phones call in.
fn ways(case: &Case<'_>, outbound: &Outbound) -> Vec<EmergencyWay> {
    let dialplan = &case.world.pbx.dialplan;
    let is_account = |name: &str| case.world.accounts.contains(name);
    let panel = Name::new(PANEL_ROUTES).filter(|_| outbound.has_panel_routes);
    let contexts = outbound.contexts.iter().take(MOST_CONTEXTS).cloned().chain(panel);
    let contexts = contexts.filter(|context| dialplan.contexts.contains_key(context.as_str()));
    let lines: Vec<&str> = std::iter::once("").chain(outbound.outside.iter().map(Digits::as_str)).collect();
    let mut ways = Vec::new();
    let mut budget = ALL_WALKS;
    for context in contexts {
        for number in &outbound.emergency {
            for line in &lines {
                let Some(dialed) = Digits::new(&format!("{line}{number}")) else { continue };
                let lead = dialplan.lead(context.as_str(), dialed.as_str(), &is_account, &mut budget);
                let leads = told(case, context.as_str(), &dialed, number, lead);
                ways.push(EmergencyWay { dialed, number: number.clone(), context: context.clone(), leads });
            }
        }
    }
    ways
}

fn told(case: &Case<'_>, context: &str, dialed: &Digits, number: &Digits, lead: Lead<'_>) -> Leads {
    let met = case.world.pbx.dialplan.find(context, dialed.as_str(), None, None);
    let (pattern, context) = met.map_or((Untrusted::from(""), Untrusted::from("")), |met| {
        (Untrusted::from(met.extension.pattern.text()), Untrusted::from(met.context))
    });
    match lead {
        Lead::Out { trunk, number: given, .. } if given == number.as_str() => {
            Leads::Out { trunk: Untrusted::from(trunk.as_str()), pattern, context }
        }
        Lead::Out { number, .. } => {
            Leads::OutAs { number: Untrusted::from(number.as_str()), pattern, context }
        }
        Lead::Inside { .. } => Leads::Inside { pattern, context },
        Lead::Nowhere => Leads::Nowhere,
        Lead::Unknown => Leads::Unknown,
    }
}
