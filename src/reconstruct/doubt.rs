//! What rests on lines alone that a stranger could have written into the log.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::incident::Incident;
use super::world::{Use, World};
use crate::event::Place;

impl World<'_> {
    /// Returns whether the line at `place` may be the words of a packet's sender.
    pub fn is_doubtful(&self, place: Place) -> bool {
        let told = self.told.iter().find(|told| told.source.id == place.source);
        told.is_some_and(|told| told.ledger.doubt.holds(place.offset))
    }

    fn is_doubtful_use(&self, used: &Use) -> bool {
        used.lines.iter().all(|line| self.is_doubtful(line.place))
    }
}

/// Says of an incident what of it cannot be told because nothing but such lines speaks for it.
pub(super) fn weigh(world: &World<'_>, incident: &mut Incident) {
    if world.told.iter().all(|told| told.ledger.doubt.is_empty()) {
        return;
    }
    let mut doubtful: BTreeSet<(&str, IpAddr)> = BTreeSet::new();
    let mut is_sure = false;
    for (account, address) in
        incident.accounts.keys().flat_map(|account| incident.actors.keys().map(move |actor| (account, actor)))
    {
        let sessions = world.sessions.iter();
        let sessions = sessions.filter(|used| used.address == Some(*address) && used.account == *account);
        let uses: Vec<&Use> = world.uses_from(account, *address).chain(sessions).collect();
        if uses.iter().any(|used| !world.is_doubtful_use(used)) {
            is_sure = true;
        } else if !uses.is_empty() {
            doubtful.insert((account, *address));
        }
    }
    let mut calls = incident.calls.keys().filter_map(|&index| world.calls.list.get(index));
    is_sure |= calls.any(|call| {
        world.has_record(call) || world.places(call).iter().any(|place| !world.is_doubtful(*place))
    });
    for (account, address) in doubtful {
        incident.unknown.push(format!(
            "whether {} was ever used from {address}: whoever sent a packet that the log prints could have written the lines that say so",
            crate::untrusted::visible(account)
        ));
    }
    incident.is_doubtful = !is_sure;
}
