//! Phone files with an account's secret, and who fetched them that has no business with it.

use std::net::IpAddr;

use super::world::World;
use crate::event::{Citation, Instant};
use crate::pbx::Asked;

/// A fetch of the file that holds an account's secret, by somebody who has no business with it.
#[derive(Clone, Debug)]
pub struct Leak {
    /// Who fetched it.
    pub address: IpAddr,
    /// When.
    pub at: Instant,
    /// The file, as asked for.
    pub file: String,
    /// The account in it.
    pub account: String,
    /// Is the secret in it the one the server accepts?
    pub is_live: Option<bool>,
    /// The line.
    pub line: Citation,
    /// Requests of that address for files that are not there.
    pub missing: u64,
    /// How many different files those were, counted up to a limit.
    pub absent_names: u64,
}

/// Finds who fetched a file with the account's secret before the breach.
pub(super) fn find(world: &World<'_>, account: &str, before: Instant) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for (address, client) in &world.fetches {
        if !world.neighbours.is_outside(*address) || uses_it_honestly(world, account, *address, before) {
            continue;
        }
        for fetch in client.given.iter().filter(|fetch| fetch.at <= before) {
            let asked = String::from_utf8_lossy(&fetch.file);
            let file_asked = Asked::of(&asked);
            let held = world.pbx.phone_files.iter().filter(|file| file_asked.is_file(&file.path));
            for phone in held.flat_map(|file| &file.accounts).filter(|phone| phone.name == account) {
                leaks.push(Leak {
                    address: *address,
                    at: fetch.at,
                    file: asked.clone().into_owned(),
                    account: account.to_owned(),
                    is_live: phone.secret_is_live,
                    line: fetch.line.clone(),
                    missing: client.missing,
                    absent_names: client.absent_names(),
                });
            }
        }
    }
    leaks.sort_by_key(|leak| (leak.at, leak.address));
    leaks
}

/// A remote phone fetches its own file and then registers from the same address, for long.
fn uses_it_honestly(world: &World<'_>, account: &str, address: IpAddr, before: Instant) -> bool {
    world.uses_from(account, address).any(|used| used.first < before.plus_seconds(-3_600))
}
