//! Who got in, how, and what they did; and who tried and got nothing.

use std::net::IpAddr;

use serde::Serialize;

use super::{Likelihood, Proof, Role, Vector, When};
use crate::report::document;
use crate::untrusted::Untrusted;

/// An intrusion that succeeded.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// `incident-1` and on.
    pub id: String,
    /// One sentence that a manager can read.
    pub title: String,
    /// Could a stranger have written every line that speaks for it?
    pub cannot_tell: bool,
    /// How they got in.
    pub entry: Entry,
    /// What was taken over.
    pub accounts: Vec<TakenAccount>,
    /// Addresses, and the part each played.
    pub sources: Vec<Source>,
    /// Parties that came in by telephone.
    pub callers: Vec<Caller>,
    /// When each phase was.
    pub phases: Vec<PhaseSpan>,
    /// Every call judged fraudulent.
    pub calls: Vec<FraudCall>,
    /// The calls in figures.
    pub totals: Totals,
    /// When the account was first used by the intruder.
    pub breach: Option<When>,
    /// The proof of the breach itself.
    pub proof: Vec<Proof>,
    /// What the evidence cannot tell about this incident.
    pub unknown: Vec<String>,
}

/// The way in, with its rivals.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The vector.
    pub vector: Vector,
    /// How sure this is.
    pub likelihood: Likelihood,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// The other vectors weighed, best first.
    pub alternatives: Vec<Alternative>,
    /// What would settle the question or refute the answer.
    pub would_refute: Vec<String>,
}

/// A rival vector.
#[derive(Clone, Debug, Serialize)]
pub struct Alternative {
    /// The vector.
    pub vector: Vector,
    /// How sure this is.
    pub likelihood: Likelihood,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it, what is absent, and what cannot be known.
    pub against: Vec<String>,
}

/// An account that was taken over.
#[derive(Clone, Debug, Serialize)]
pub struct TakenAccount {
    /// Its name as configured.
    pub name: Untrusted,
    /// How it was taken, in words.
    pub how: String,
}

/// An address of the intruder.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// The address.
    pub address: IpAddr,
    /// The parts it played, in the order of the phases.
    pub roles: Vec<Role>,
    /// Its country, with a database.
    pub country: Option<String>,
    /// Its network, with a database.
    pub network: Option<String>,
    /// First record of it.
    pub first: Option<When>,
    /// Last record of it.
    pub last: Option<When>,
    /// Records that tell of it.
    pub events: u64,
    /// Distinct failed tries.
    pub attempts: Option<u64>,
    /// Telling lines.
    pub evidence: Vec<Proof>,
}

/// A party that came in by telephone.
#[derive(Clone, Debug, Serialize)]
pub struct Caller {
    /// Its number.
    pub number: Option<Untrusted>,
    /// The parts it played.
    pub roles: Vec<Role>,
    /// Its first call.
    pub first: Option<When>,
    /// Its last call.
    pub last: Option<When>,
    /// How many calls.
    pub calls: u64,
}

/// When a phase was.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseSpan {
    /// `scan`, `guess`, `provision`, `register`, `dial`.
    pub phase: Role,
    /// First event of the phase.
    pub first: Option<When>,
    /// Last event of the phase.
    pub last: Option<When>,
    /// How many records.
    pub events: u64,
    /// How many addresses.
    pub sources: u64,
}

/// A call judged fraudulent.
#[derive(Clone, Debug, Serialize)]
pub struct FraudCall {
    /// The record's id, of its first leg.
    pub uniqueid: Option<Untrusted>,
    /// When it began.
    pub start: Option<When>,
    /// The account that made it.
    pub account: Option<Untrusted>,
    /// What was dialled, untouched.
    pub dialed: Untrusted,
    /// The number in E.164, where it can be told.
    pub e164: Option<String>,
    /// The country of the number.
    pub country: Option<String>,
    /// Billed seconds.
    pub seconds: u64,
    /// How it ended.
    pub disposition: &'static str,
    /// What it cost, a decimal string.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// Why it is judged fraudulent.
    pub why: String,
    /// The address it came from, where a record tells.
    pub address: Option<IpAddr>,
    /// Its records.
    pub evidence: Vec<Proof>,
}

/// Calls in figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Calls.
    pub calls: u64,
    /// Calls answered.
    pub answered: u64,
    /// Billed seconds.
    pub seconds: u64,
    /// Do call records tell how long they lasted? Log lines alone do not.
    pub seconds_known: bool,
    /// What they cost, a decimal string.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
}

impl Totals {
    /// Returns the billed time in words.
    pub fn billed(&self) -> String {
        if self.seconds_known {
            format!("{} billed", document::duration(self.seconds))
        } else {
            "their length not on record".to_owned()
        }
    }
}

/// Someone who tried and got nothing.
#[derive(Clone, Debug, Serialize)]
pub struct FailedAttacker {
    /// The address.
    pub address: IpAddr,
    /// The parts it played.
    pub roles: Vec<Role>,
    /// First record of it.
    pub first: Option<When>,
    /// Last record of it.
    pub last: Option<When>,
    /// Records that tell of it.
    pub events: u64,
    /// Distinct failed tries.
    pub attempts: Option<u64>,
    /// Names it tried: the first few, and how many in all.
    pub accounts_tried: Vec<Untrusted>,
    /// How many distinct names, counted up to a limit.
    pub accounts_tried_count: u64,
    /// Telling lines.
    pub evidence: Vec<Proof>,
}
