//! Forwards that an intruder set with an account he took: what the house sends on from then on is his as well.
//!
//! Whoever calls the house brings those calls in, so that they look like a way in of their own. That the account dialled
//! the code that sets the forward, or that the database holds the forward under its name, tells whose they are.

use std::collections::BTreeSet;

use super::incident::Incident;
use super::world::World;
use crate::report::model::Vector;

/// Feature codes that set a forward in FreePBX, Elastix and Issabel: always, busy, unavailable.
pub(crate) const FEATURE_CODES: [&[u8]; 3] = [b"*72", b"*90", b"*52"];

/// Puts forwards into the incidents of the accounts that they were set with.
pub(super) fn join(world: &World<'_>, incidents: Vec<Incident>) -> Vec<Incident> {
    let (forwards, mut others): (Vec<Incident>, Vec<Incident>) = incidents
        .into_iter()
        .partition(|incident| incident.ways.first().is_some_and(|way| way.vector == Vector::CallForward));
    for forward in forwards {
        match others.iter_mut().find(|other| is_set_by(world, other, &forward)) {
            Some(owner) => take(owner, forward),
            None => others.push(forward),
        }
    }
    others
}

/// Returns whether an account of one incident was used to set the forward of the other.
fn is_set_by(world: &World<'_>, owner: &Incident, forward: &Incident) -> bool {
    if owner.accounts.is_empty() || owner.breach > forward.breach {
        return false;
    }
    let sent_on = forward.calls.keys().filter_map(|&index| world.calls.list.get(index));
    let numbers: BTreeSet<&[u8]> = sent_on.map(|call| world.dialed(call)).collect();
    let is_held =
        world.pbx.forwards.iter().any(|held| {
            owner.accounts.contains_key(&held.account) && numbers.contains(held.number.as_bytes())
        });
    let is_dialled = || {
        let between =
            world.calls.iter().filter(|call| (owner.breach..=forward.breach).contains(&call.start()));
        let mut own = between
            .filter(|call| world.account_of(call).is_some_and(|name| owner.accounts.contains_key(name)));
        own.any(|call| set_number(world.dialed(call)).is_some_and(|number| numbers.contains(number)))
    };
    is_held || is_dialled()
}

/// Returns the number that a dialled feature code sets a forward to.
fn set_number(dialed: &[u8]) -> Option<&[u8]> {
    FEATURE_CODES.iter().find_map(|code| dialed.strip_prefix(*code))
}

/// Adds a forward to the incident of the account.
fn take(owner: &mut Incident, forward: Incident) {
    let first = owner.ways.first().map_or(0, |way| way.score);
    owner.calls.extend(forward.calls);
    owner.callers.extend(forward.callers);
    owner.nights.extend(forward.nights);
    owner.unknown.extend(forward.unknown);
    owner.ways.extend(forward.ways.into_iter().map(|mut way| {
        way.because.push("the forward was set with an account that had been taken over".to_owned());
        way.score = way.score.min(first - 1);
        way
    }));
}
