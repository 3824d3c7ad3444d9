//! By which route of the dialplan each fraudulent call left.
//!
//! The call record names the context that the number was looked up in; the dialplan as it was copied tells which
//! extension the number meets there at that hour. Where no record has a context, it is the account's own. A
//! dialplan that was changed since tells another route, or none.

use std::collections::BTreeMap;

use super::build::Case;
use crate::clock::Clock;
use crate::pbx::dialplan::walk::ALL_WALKS;
use crate::pbx::dialplan::{Found, Lead, Moment};
use crate::reconstruct::calls::Call;
use crate::reconstruct::world::World;
use crate::report::document::place;
use crate::report::model::{FraudCall, Route, RouteUse};
use crate::untrusted::Untrusted;

/// Routes told of one incident.
const MOST_ROUTES: usize = 20;

impl Case<'_> {
    /// Returns the route that a call left by; `None` where neither record nor dialplan tell.
    pub(super) fn route(&self, call: &Call) -> Option<Route> {
        match of_dialplan(self.world, self.clock, call) {
            // Its record has it leave by a trunk: today's dialplan keeps the number inside, so another was in force.
            Some((context, _)) if call.by_trunk() && self.stays_inside(context, call) => None,
            Some((_, found)) => self.named(found),
            None => self.of_switch(call),
        }
    }

    /// Returns whether the dialplan as it was copied keeps a call's number within the house.
    fn stays_inside(&self, context: &str, call: &Call) -> bool {
        let Ok(number) = std::str::from_utf8(self.world.dialed(call)) else { return false };
        let is_account = |name: &str| self.world.pbx.accounts.iter().any(|account| account.name == name);
        let mut budget = ALL_WALKS;
        let lead = self.world.pbx.dialplan.lead(context, number, &is_account, &mut budget);
        matches!(lead, Lead::Inside { .. }) && is_account(number)
    }

    /// Returns the extension of FreeSWITCH's that a call left by.
    fn of_switch(&self, call: &Call) -> Option<Route> {
        let number = std::str::from_utf8(self.world.dialed(call)).ok()?;
        let plan = &self.world.pbx.switch_plan;
        let left = contexts(self.world, call).find_map(|context| plan.find(context, number))?;
        Some(Route {
            context: Untrusted::from(left.context),
            pattern: Untrusted::from(left.pattern.as_str()),
            place: place(&self.proof(left.place)?),
        })
    }

    fn named(&self, found: Found<'_>) -> Option<Route> {
        let proof = self.proof(found.extension.place()?)?;
        Some(Route {
            context: Untrusted::from(found.context),
            pattern: Untrusted::from(found.extension.pattern.text()),
            place: place(&proof),
        })
    }
}

/// Returns the contexts that a call's number may have been looked up in: the recorded one, then the account's own.
pub(super) fn contexts<'w>(world: &'w World<'_>, call: &'w Call) -> impl Iterator<Item = &'w str> {
    let of_account = || {
        let account = world.account_of(call)?;
        world.pbx.accounts.iter().find(|known| known.name == account)?.context.as_deref()
    };
    let recorded = std::str::from_utf8(world.outgoing_context(call)).ok();
    recorded.into_iter().chain(std::iter::once_with(of_account).flatten())
}

/// Returns the context that a call entered the dialplan in, and the extension that its number meets there.
pub(super) fn of_dialplan<'w>(
    world: &'w World<'_>,
    clock: &Clock,
    call: &'w Call,
) -> Option<(&'w str, Found<'w>)> {
    let number = std::str::from_utf8(world.dialed(call)).ok()?;
    let offset = clock.zone().offset_at(call.start().seconds());
    let at = Moment::of_local(call.start().seconds() + i64::from(offset));
    let plan = &world.pbx.dialplan;
    contexts(world, call).find_map(|context| Some((context, plan.find(context, number, None, at)?)))
}

/// Counts the calls of each route, the most used first.
pub(super) fn uses(calls: &[Box<FraudCall>]) -> Vec<RouteUse> {
    let mut counts: BTreeMap<&Route, u64> = BTreeMap::new();
    calls
        .iter()
        .filter_map(|call| call.route.as_ref())
        .for_each(|route| *counts.entry(route).or_default() += 1);
    let mut uses: Vec<RouteUse> =
        counts.into_iter().map(|(route, calls)| RouteUse { route: route.clone(), calls }).collect();
    uses.sort_by(|left, right| right.calls.cmp(&left.calls).then_with(|| left.route.cmp(&right.route)));
    uses.truncate(MOST_ROUTES);
    uses
}
