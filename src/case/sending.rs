//! What the configuration's routes make of each dialled number before it leaves.
//!
//! The extension that the number meets in the context that the call record names tells what is taken off and put in
//! front: Asterisk's `Dial(.../${EXTEN:1})`, FreePBX's outbound routes in the dialplan that it wrote or, where that is
//! not there, in its tables, FreeSWITCH's bridge strings. A configuration that was changed since tells another route;
//! so a number that makes no sense behind its route is read as it was dialled.

use std::collections::{BTreeSet, HashMap};

use super::routes;
use crate::clock::Clock;
use crate::numbering::Route;
use crate::pbx::OutboundRoute;
use crate::pbx::dialplan::Pattern;
use crate::pbx::dialplan::walk::ALL_WALKS;
use crate::reconstruct::calls::Call;
use crate::reconstruct::world::World;
use crate::report::document::counted;

/// Distinct numbers whose routes are looked up, those of fraudulent calls first: each look goes through a dialplan
/// that may have thousands of extensions.
const MOST_LOOKED_UP: usize = 10_000;

/// Routes by what was dialled.
pub(super) type Routes = HashMap<Box<[u8]>, Route>;

/// Returns the route of each number that left by a trunk; none where two contexts treat one number in two ways. With
/// them comes how many calls' routes were not looked up.
pub(super) fn routes(world: &World<'_>, clock: &Clock, blamed: &BTreeSet<usize>) -> (Routes, u64) {
    let mut known: HashMap<(&[u8], &[u8]), Option<Route>> = HashMap::new();
    let mut budget = ALL_WALKS;
    let pbx = world.pbx;
    if pbx.dialplan.contexts.is_empty() && pbx.switch_plan.is_empty() && pbx.panel.outbound_routes.is_empty()
    {
        return (HashMap::new(), 0);
    }
    let mut left_out = 0;
    let first = blamed.iter().filter_map(|&index| world.calls.list.get(index));
    for call in first.chain(world.calls.iter()).filter(|call| call.is_outward()) {
        let key = (world.dialed(call), world.outgoing_context(call));
        if known.contains_key(&key) {
            continue;
        }
        if known.len() < MOST_LOOKED_UP {
            known.insert(key, route(world, clock, call, &mut budget));
        } else {
            left_out += 1;
        }
    }
    let mut found: HashMap<Box<[u8]>, Option<Route>> = HashMap::new();
    for ((dialed, _), route) in known {
        let Some(route) = route else { continue };
        match found.get_mut(dialed) {
            Some(other) if other.as_ref() == Some(&route) => {}
            Some(other) => *other = None,
            None => drop(found.insert(dialed.into(), Some(route))),
        }
    }
    (found.into_iter().filter_map(|(dialed, route)| Some((dialed, route?))).collect(), left_out)
}

/// Says that routes were not looked up.
pub(super) fn limit(left_out: u64) -> Option<String> {
    (left_out > 0).then(|| {
        format!(
            "more than {MOST_LOOKED_UP} different numbers were called: the numbers of {} were read without their routes",
            counted(left_out, "call")
        )
    })
}

/// Returns what its route did to the number of a call.
fn route(world: &World<'_>, clock: &Clock, call: &Call, budget: &mut usize) -> Option<Route> {
    let dialed = std::str::from_utf8(world.dialed(call)).ok()?;
    let is_account = |name: &str| world.accounts.contains(name);
    let sent = match routes::of_dialplan(world, clock, call) {
        Some((entered, found)) => world.pbx.dialplan.sent(entered, found, dialed, &is_account, budget),
        None => routes::contexts(world, call).find_map(|context| world.pbx.switch_plan.sent(context, dialed)),
    };
    match sent {
        Some(sent) => Some(Route::between(dialed, &sent)),
        None => of_panel(&world.pbx.panel.outbound_routes, dialed),
    }
}

/// Returns what the first of a panel's routes that takes a number does to it.
fn of_panel(routes: &[OutboundRoute], dialed: &str) -> Option<Route> {
    // A pattern for one caller only may or may not be this one's.
    let patterns =
        routes.iter().flat_map(|route| &route.patterns).filter(|pattern| pattern.caller.is_empty());
    let mut fitting = patterns
        .filter(|pattern| Pattern::new(&format!("_{}{}", pattern.strip, pattern.pass)).matches(dialed));
    let pattern = fitting.next()?;
    Some(Route { strip: pattern.strip.len(), prepend: pattern.prepend.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Citation, Place, SourceId};
    use crate::pbx::RoutePattern;

    fn route(patterns: &[(&str, &str, &str, &str)]) -> OutboundRoute {
        let pattern = |(strip, pass, prepend, caller): &(&str, &str, &str, &str)| RoutePattern {
            strip: (*strip).to_owned(),
            pass: (*pass).to_owned(),
            prepend: (*prepend).to_owned(),
            caller: (*caller).to_owned(),
        };
        OutboundRoute {
            id: "1".to_owned(),
            name: "out".to_owned(),
            patterns: patterns.iter().map(pattern).collect(),
            trunks: Vec::new(),
            asks_for_pin: false,
            position: None,
            times: None,
            place: Citation {
                place: Place { source: SourceId(0), offset: 0, line: 1 },
                text: Box::default(),
            },
        }
    }

    #[test]
    fn what_was_left_out_is_said() {
        assert_eq!(limit(0), None);
        assert!(limit(3).is_some_and(|said| said.contains("10000 different") && said.contains("3 calls")));
    }

    #[test]
    fn the_first_route_of_a_panel_that_takes_a_number_tells() {
        let routes = [
            route(&[("7", ".", "", "201"), ("9", "011.", "", "")]),
            route(&[("9", "NXXNXXXXXX", "1", ""), ("", "00.", "", "")]),
        ];
        let told = |dialed: &str| of_panel(&routes, dialed).map(|route| (route.strip, route.prepend));
        assert_eq!(told("9011252612345678"), Some((1, String::new())));
        assert_eq!(told("92125550100"), Some((1, "1".to_owned())));
        assert_eq!(told("00252612345678"), Some((0, String::new())));
        assert_eq!(told("7011252612345678"), None, "for one caller only");
        assert_eq!(told("201"), None);
    }
}
