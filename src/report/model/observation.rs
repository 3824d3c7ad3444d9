//! What stands out in the calls, for whoever knows the company to judge.

use serde::Serialize;

use super::{Proof, When};
use crate::patterns::Level;
use crate::untrusted::Untrusted;

/// A pattern in the calls that went out.
#[derive(Clone, Debug, Serialize)]
pub struct Observation {
    /// A stable word.
    pub id: &'static str,
    /// How far beyond a threshold.
    pub level: Level,
    /// The account or destination that it is about.
    pub subject: Untrusted,
    /// What was observed, with its figures.
    pub what: String,
    /// What it was held against.
    pub threshold: String,
    /// The first call.
    pub first: Option<When>,
    /// The last call.
    pub last: Option<When>,
    /// How many calls.
    pub calls: u64,
    /// The first few of them.
    pub rows: Vec<ObservedCall>,
    /// Their records.
    pub evidence: Vec<Proof>,
}

/// A call of an observation.
#[derive(Clone, Debug, Serialize)]
pub struct ObservedCall {
    /// When it began.
    pub start: Option<When>,
    /// The account.
    pub account: Option<Untrusted>,
    /// What was dialled.
    pub dialed: Untrusted,
    /// The number in E.164.
    pub e164: Option<String>,
    /// Billed seconds.
    pub seconds: Option<u64>,
    /// The record's id.
    pub uniqueid: Option<Untrusted>,
}
