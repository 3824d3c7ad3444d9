//! Who got in, how, and what they did; and who tried and got nothing.

use std::net::IpAddr;

use serde::Serialize;

use super::{CalledNumber, Likelihood, Loss, NotBlocked, Proof, Role, Vector, When};
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
    // Of half a kilobyte each, so that one by one they take up room that was given back, where a list of them needs new.
    pub calls: Vec<Box<FraudCall>>,
    /// The calls in figures.
    pub totals: Totals,
    /// The routes of the dialplan that let them out, the most used first.
    pub routes: Vec<RouteUse>,
    /// What they cost.
    pub loss: Loss,
    /// When the account was first used by the intruder.
    pub breach: Option<When>,
    /// The proof of the breach itself.
    pub proof: Vec<Proof>,
    /// Why nothing stopped it, defence by defence.
    pub not_blocked: Vec<NotBlocked>,
    /// Addresses of the intruder that still hold a registration when the evidence ends.
    pub still_registered: Vec<IpAddr>,
    /// What the evidence cannot tell about this incident.
    pub unknown: Vec<String>,
}

impl Incident {
    /// Returns its id with the way in and how sure that is; of a way that is not known nothing is likely.
    pub fn entry_in_short(&self) -> String {
        match self.entry.vector {
            Vector::Unknown => format!("{}: the way in is not known", self.id),
            vector => format!("{}: {}, {}", self.id, vector.word(), self.entry.likelihood.word()),
        }
    }
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
    /// What is missing that would decide.
    pub missing: Vec<String>,
    /// The other vectors weighed, best first.
    pub alternatives: Vec<Alternative>,
    /// What would settle the question or refute the answer.
    pub would_refute: Vec<String>,
}

/// A rival vector.
#[derive(Clone, Debug, Serialize)]
pub struct Alternative {
    /// What it says, where the vector's own words would not tell it from another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'static str>,
    /// The vector.
    pub vector: Vector,
    /// How sure this is.
    pub likelihood: Likelihood,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it, what is absent, and what cannot be known.
    pub against: Vec<String>,
    /// What is missing that would decide.
    pub missing: Vec<String>,
    /// What would settle the question or refute it.
    pub would_refute: Vec<String>,
}

impl Alternative {
    /// Returns whether nothing speaks for it, and it is possible only as nothing in the evidence could rule it out.
    pub fn is_without_ground(&self) -> bool {
        self.likelihood == Likelihood::Possible && self.because.is_empty()
    }
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
    /// Its city, with a database.
    pub city: Option<String>,
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
    /// When it ended, as far as a record tells; else when it began.
    pub end: Option<When>,
    /// The account that made it.
    pub account: Option<Untrusted>,
    /// What was dialled, untouched.
    pub dialed: Untrusted,
    /// The number in E.164, where it can be told.
    pub e164: Option<String>,
    /// The country of the number, in two letters.
    pub country: Option<&'static str>,
    /// What else is known of the number.
    #[serde(flatten)]
    pub number: CalledNumber,
    /// Billed seconds, where a call record tells them.
    pub seconds: Option<u64>,
    /// How it ended.
    pub disposition: &'static str,
    /// What it cost, a decimal string.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// Where the cost is from: `carrier` or `rate-deck`.
    pub cost_basis: Option<&'static str>,
    /// Did it stay within the house? Such a call is no carrier's, and nobody bills it.
    pub stayed_inside: bool,
    /// Why it is judged fraudulent.
    pub why: String,
    /// The address it came from, where a record tells.
    pub address: Option<IpAddr>,
    /// The number of whoever came in by telephone to make it, where that is on record.
    pub caller: Option<Untrusted>,
    /// The route of the dialplan that it left by, which few calls tell.
    pub route: Option<Box<Route>>,
    /// Its records.
    pub evidence: Vec<Proof>,
}

/// A route of the dialplan: where numbers that meet a pattern are let out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Route {
    /// The context that the pattern stands in.
    pub context: Untrusted,
    /// The pattern, or the number.
    pub pattern: Untrusted,
    /// Path and line.
    pub place: String,
}

/// A route with how many of an incident's calls left by it.
#[derive(Clone, Debug, Serialize)]
pub struct RouteUse {
    /// The route.
    #[serde(flatten)]
    pub route: Route,
    /// The calls.
    pub calls: u64,
}

impl FraudCall {
    /// Returns its seconds as far as a carrier bills them.
    pub fn seconds_to_bill(&self) -> Option<u64> {
        if self.stayed_inside { Some(0) } else { self.seconds }
    }
}

/// Calls in figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Calls.
    pub calls: u64,
    /// Calls answered.
    pub answered: u64,
    /// Billed seconds, as far as call records tell; `None` where none does.
    pub seconds: Option<u64>,
    /// Calls whose length no record tells.
    pub unmeasured: u64,
    /// What they cost, a decimal string; `None` where the sum is of several currencies.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
}

impl Totals {
    /// Adds up calls, each told as whether it was answered and its billed seconds.
    pub fn of(calls: impl IntoIterator<Item = (bool, Option<u64>)>) -> Self {
        let mut totals = Totals::default();
        for (is_answered, seconds) in calls {
            totals.calls += 1;
            totals.answered += u64::from(is_answered);
            totals.unmeasured += u64::from(seconds.is_none());
            totals.seconds = sum_known(totals.seconds, seconds);
        }
        if totals.calls == 0 {
            totals.seconds = Some(0);
        }
        totals
    }

    /// Returns the billed time in words.
    pub fn billed(&self) -> String {
        let Some(seconds) = self.seconds else { return "their length not on record".to_owned() };
        let billed = format!("{} billed", document::duration(seconds));
        match self.unmeasured {
            0 => billed,
            some => format!("{billed}, the length of {} not on record", document::counted(some, "call")),
        }
    }
}

/// Adds seconds that may be unknown: what is known counts.
pub fn sum_known(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    }
}

/// Someone who tried and got nothing.
#[derive(Clone, Debug, Serialize)]
pub struct FailedAttacker {
    /// The address.
    pub address: IpAddr,
    /// The parts it played.
    pub roles: Vec<Role>,
    /// Its country, where a database tells.
    pub country: Option<String>,
    /// Its network, where a database tells.
    pub network: Option<String>,
    /// Its city, where a database tells.
    pub city: Option<String>,
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
