//! Extensions that came to be between two dumps of the panel's database while a party was in by the web server.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::WebDoor;
use crate::artifacts::{Change, Held};
use crate::event::{Citation, Instant};
use crate::reconstruct::same_network;
use crate::reconstruct::world::World;

/// One such extension.
pub struct MadeExtension<'w> {
    /// Its number.
    pub name: &'w str,
    /// The row that came to be.
    pub change: &'w Change,
    /// Who of the party sent something to its page of the panel, and the line.
    pub edit: Option<(IpAddr, &'w Citation)>,
}

/// Returns them, by number.
pub fn made_extensions<'w>(world: &'w World<'_>, door: &WebDoor) -> Vec<MadeExtension<'w>> {
    let mut orders: Vec<Instant> = door.orders.iter().map(|(at, _)| *at).collect();
    orders.push(door.first);
    let was_in = |change: &Change| {
        orders.iter().any(|at| {
            change.without.0.is_none_or(|without| *at >= without)
                && change.with.is_none_or(|with| *at <= with)
        })
    };
    let extensions = world.artifacts.appeared.iter().filter(|change| change.row.held == Held::Extension);
    let mut made: BTreeMap<&str, &Change> = BTreeMap::new();
    for change in extensions.filter(|change| was_in(change)) {
        made.entry(&change.row.name).or_insert(change);
    }
    let is_theirs = |address: &IpAddr| {
        door.addresses.keys().any(|known| known == address || same_network(*known, *address))
    };
    let with_edit = |(name, change): (&'w str, &'w Change)| {
        let edits = world.web.edits.of(name);
        let edit = edits
            .filter(|(address, at, _)| *at >= door.first && is_theirs(address))
            .min_by_key(|edit| edit.1);
        MadeExtension { name, change, edit: edit.map(|(address, _, line)| (address, line)) }
    };
    made.into_iter().map(with_edit).collect()
}

/// Adds those to the party's accounts whose pages it sent something to.
pub(super) fn add_accounts(world: &World<'_>, door: &mut WebDoor) {
    let made = made_extensions(world, door).into_iter();
    let theirs = made.filter_map(|made| {
        let (address, _) = made.edit?;
        Some((
            made.name.to_owned(),
            format!("an extension that the intruder made, by the panel, from {address}"),
        ))
    });
    for (name, how) in theirs.collect::<Vec<_>>() {
        door.accounts.entry(name).or_insert(how);
    }
}
