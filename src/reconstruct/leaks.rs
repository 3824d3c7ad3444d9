//! Phone files with an account's secret, and who fetched them that has no business with it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::world::World;
use crate::event::{Citation, Instant};
use crate::pbx::PhoneAccount;

/// A fetch of the file that holds an account's secret, by somebody who has no business with it.
#[derive(Clone, Debug)]
pub struct Leak {
    /// Who fetched it, or asked for it.
    pub address: IpAddr,
    /// When.
    pub at: Instant,
    /// Does the log go on after it, so that a refusal would show?
    pub is_answered: bool,
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
}

/// Finds who fetched a file with the account's secret before the breach.
pub(super) fn find(world: &World<'_>, account: &str, before: Instant) -> Vec<Leak> {
    let mut leaks = Vec::new();
    let holding = holding(world, account);
    if holding.is_empty() {
        return leaks;
    }
    for (address, client) in &world.fetches {
        if !world.neighbours.is_outside(*address) || uses_it_honestly(world, account, *address, before) {
            continue;
        }
        let given = client.given.iter().map(|fetch| (fetch, true));
        let asked = client.unanswered.iter().map(|fetch| (fetch, false));
        for (fetch, is_answered) in given.chain(asked).filter(|(fetch, _)| fetch.at <= before) {
            let asked = String::from_utf8_lossy(&fetch.file);
            let name = asked.rsplit(['/', '\\']).next().unwrap_or(&asked);
            for phone in holding.get(name).into_iter().flatten() {
                leaks.push(Leak {
                    address: *address,
                    at: fetch.at,
                    is_answered,
                    file: asked.clone().into_owned(),
                    account: account.to_owned(),
                    is_live: phone.secret_is_live,
                    line: fetch.line.clone(),
                    missing: client.missing,
                });
            }
        }
    }
    // What was surely given tells more than what was asked for.
    leaks.sort_by_key(|leak| (!leak.is_answered, leak.at, leak.address));
    leaks
}

/// Returns the phone files that hold an account's secret, by their names without folders.
fn holding<'w>(world: &'w World<'_>, account: &str) -> BTreeMap<&'w str, Vec<&'w PhoneAccount>> {
    let mut holding: BTreeMap<&str, Vec<&PhoneAccount>> = BTreeMap::new();
    for file in &world.pbx.phone_files {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        for phone in file.accounts.iter().filter(|phone| phone.name == account) {
            holding.entry(name).or_default().push(phone);
        }
    }
    holding
}

/// A remote phone fetches its own file and then registers from the same address, for long.
fn uses_it_honestly(world: &World<'_>, account: &str, address: IpAddr, before: Instant) -> bool {
    world.uses_from(account, address).any(|used| used.first < before.plus_seconds(-3_600))
}
