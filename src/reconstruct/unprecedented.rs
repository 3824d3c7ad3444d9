//! Calls that look like fraud at the very beginning of what is on record.
//!
//! An excerpt of a log, pasted into a mail or a ticket, begins where somebody cut it, and that is most often at the
//! intruder's own lines. What the account was used for before is not known then: such calls may be how it is always
//! used. Nobody is blamed for them, and nobody is cleared.

use std::collections::{BTreeMap, BTreeSet};

use super::behaviour::{self, FRAUD_LIKE};
use super::calls::Call;
use super::doors;
use super::incident::Incident;
use super::standing::Standing;
use super::world::World;
use crate::event::{Instant, Place};

/// An account whose calls all lie within so long of the first record has no history here.
const SHORT_SECONDS: i64 = 86_400;
/// Accounts asked about.
const MOST_ACCOUNTS: usize = 20;
/// Places kept of each.
const MOST_PLACES: usize = 4;

/// An account whose calls look like fraud, with nothing before them to hold them against.
#[derive(Clone, Debug)]
pub struct Unprecedented {
    /// The account.
    pub account: String,
    /// How many calls it made that leave the house.
    pub calls: usize,
    /// What about them looks like fraud.
    pub reasons: Vec<String>,
    /// When the first began.
    pub first: Instant,
    /// When the last began.
    pub last: Instant,
    /// Where some of them stand.
    pub places: Vec<Place>,
}

/// Finds them, those left out that belong to an incident.
pub fn find(world: &World<'_>, incidents: &[Incident]) -> Vec<Unprecedented> {
    let is_blamed = |account: &str| incidents.iter().any(|incident| incident.accounts.contains_key(account));
    let accounts = without_history(world, incidents).into_iter().filter(|(account, _)| !is_blamed(account));
    accounts.filter_map(|(account, calls)| judge(world, account, &calls)).take(MOST_ACCOUNTS).collect()
}

/// Returns the calls that leave the house of each account that made none later than at the very beginning.
fn without_history<'w>(world: &'w World<'_>, incidents: &[Incident]) -> BTreeMap<&'w str, Vec<&'w Call>> {
    let Some(begins) = world.first else { return BTreeMap::new() };
    let ends = begins.plus_seconds(SHORT_SECONDS);
    let mut early: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    let mut later: BTreeSet<&str> = BTreeSet::new();
    let is_blamed = |index: usize| incidents.iter().any(|incident| incident.calls.contains_key(&index));
    let outward = |call: &Call| call.is_outward() && !call.from_trunk();
    for (index, call) in world.calls.iter().enumerate().filter(|(_, call)| outward(call)) {
        let Some(account) = world.account_of(call).filter(|account| !world.trunks.contains(*account)) else {
            continue;
        };
        if call.start() > ends {
            later.insert(account);
        } else if !is_known(world, call) && !doors::is_guest(world, call) && !is_blamed(index) {
            early.entry(account).or_default().push(call);
        }
    }
    early.retain(|account, _| !later.contains(account));
    early
}

/// Returns whether a call came from a place that is known to be the owner's or the carrier's.
fn is_known(world: &World<'_>, call: &Call) -> bool {
    world.address_of(call).is_some_and(|address| match world.neighbours.of(address) {
        Standing::Own | Standing::Trunk => !world.neighbours.is_shared(address),
        Standing::Trusted => true,
        Standing::Inside | Standing::Outside => false,
    })
}

/// Judges one account by its calls alone: as many as not go abroad, where nothing tells which places are usual.
fn judge(world: &World<'_>, account: &str, calls: &[&Call]) -> Option<Unprecedented> {
    let behaviour = behaviour::look(world, calls, &BTreeSet::new());
    if behaviour.score < FRAUD_LIKE || behaviour.novel * 2 < behaviour.calls {
        return None;
    }
    let places = calls.iter().flat_map(|call| world.places(call)).take(MOST_PLACES).collect();
    Some(Unprecedented {
        account: account.to_owned(),
        calls: calls.len(),
        reasons: behaviour.reasons,
        first: calls.first()?.start(),
        last: calls.last()?.start(),
        places,
    })
}
