//! The web panel as a way in: who used a hole or a page left behind, what came to be of it, and since when.
//!
//! Everybody who is on the Internet is asked for such pages every day, so that a request alone is nothing. An
//! intrusion it is where something came of it: a page that bears a campaign's mark lies in the web root, a
//! page that was not there is used, an administrator or a job stands in the database that was not there the
//! night before, or a panel's login came off after many that did not.

mod calls;
mod door;
mod made;
mod signs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::world::World;
use crate::artifacts::Held;
use crate::event::{Citation, Instant};

pub(super) use calls::{join, of_web};
pub use made::{MadeExtension, made_extensions};

/// What a request brought about shows within so many seconds.
const CREATED_SECONDS: i64 = 86_400;
/// So soon after its order a call begins, in seconds; the order is logged when its request came in.
const ORDER_SECONDS: i64 = 5;

/// What a hole gave away is used within so many seconds.
const TAKEN_SECONDS: i64 = 7 * 86_400;

/// Who used accounts in a way that nothing but the accounts' secrets explains, and since when.
pub type Takers = BTreeMap<IpAddr, Instant>;

/// What came of requests.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it is, in words.
    pub what: String,
    /// When, as far as anything tells.
    pub at: Option<Instant>,
    /// The line or file.
    pub line: Citation,
}

/// One party at the web server.
#[derive(Clone, Debug)]
pub struct WebDoor {
    /// Since when it was in.
    pub first: Instant,
    /// Does anything tell when that was? Else it is only when the evidence begins.
    pub is_dated: bool,
    /// Did it use a hole or a page left behind? Else it logged in at the panel.
    pub by_hole: bool,
    /// Who took part, with lines.
    pub addresses: BTreeMap<IpAddr, Vec<Citation>>,
    /// When holes and pages left behind were used, in order.
    pub orders: Vec<(Instant, IpAddr)>,
    /// What came of it.
    pub made: Vec<Made>,
    /// Panel users that it made or took over.
    pub accounts: BTreeMap<String, String>,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it, or is missing.
    pub against: Vec<String>,
    /// What cannot be told.
    pub unknown: Vec<String>,
    /// How sure it is, in points.
    pub score: i32,
}

/// Finds the party that came in by the web server.
pub fn find(world: &World<'_>, takers: &Takers) -> Option<WebDoor> {
    let signs = signs::Signs::of(world, takers);
    let mut door =
        if signs.tell_of_a_hole() { Some(door::of_hole(world, &signs)) } else { door::of_login(&signs) }?;
    made::add_accounts(world, &mut door);
    Some(door)
}

/// Returns the extensions and manager users that came to be between two dumps.
pub fn new_accounts<'w>(world: &'w World<'_>) -> BTreeSet<&'w str> {
    let new = world.artifacts.appeared.iter().map(|change| &change.row);
    new.filter(|row| matches!(row.held, Held::Extension | Held::ManagerUser))
        .map(|row| row.name.as_str())
        .collect()
}
