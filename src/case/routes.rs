//! By which route of the dialplan each fraudulent call left.
//!
//! The call record names the context that the number was looked up in; the dialplan as it was copied tells which
//! extension the number meets there at that hour. Where no record has a context, it is the account's own. A
//! dialplan that was changed since tells another route, or none.

use std::collections::BTreeMap;

use super::build::Case;
use crate::pbx::dialplan::{Found, Moment};
use crate::reconstruct::calls::Call;
use crate::report::document::place;
use crate::report::model::{FraudCall, Route, RouteUse};
use crate::untrusted::Untrusted;

/// Routes told of one incident.
const MOST_ROUTES: usize = 20;

impl Case<'_> {
    /// Returns the route that a call left by; `None` where neither record nor dialplan tell.
    pub(super) fn route(&self, call: &Call) -> Option<Route> {
        let world = self.world;
        let number = std::str::from_utf8(world.dialed(call)).ok()?;
        let offset = self.clock.zone().offset_at(call.start.seconds());
        let at = Moment::of_local(call.start.seconds() + i64::from(offset));
        let find = |context: &str| world.pbx.dialplan.find(context, number, None, at);
        let recorded = std::str::from_utf8(world.outgoing_context(call)).ok().and_then(find);
        let of_account = || {
            let account = world.account_of(call)?;
            let known = world.pbx.accounts.iter().find(|known| known.name == account)?;
            find(known.context.as_deref()?)
        };
        match recorded.or_else(of_account) {
            Some(found) => self.named(found),
            None => self.of_switch(call, number),
        }
    }

    /// Returns the extension of FreeSWITCH's that a call left by.
    fn of_switch(&self, call: &Call, number: &str) -> Option<Route> {
        let world = self.world;
        let find = |context: &str| world.pbx.switch_plan.find(context, number);
        let recorded = std::str::from_utf8(world.outgoing_context(call)).ok().and_then(find);
        let of_account = || {
            let account = world.account_of(call)?;
            let known = world.pbx.accounts.iter().find(|known| known.name == account)?;
            find(known.context.as_deref()?)
        };
        let left = recorded.or_else(of_account)?;
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

/// Counts the calls of each route, the most used first.
pub(super) fn uses(calls: &[FraudCall]) -> Vec<RouteUse> {
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
