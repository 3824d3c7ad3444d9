//! What calls cost, each basis apart.

use serde::Serialize;

use super::When;
use crate::untrusted::Untrusted;

/// What the calls of an incident cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Loss {
    /// Sums of what a carrier's records or the user's rate deck say, one for each basis and currency.
    pub known: Vec<KnownLoss>,
    /// What price lists of the past give for the calls that nothing else tells: never added to the others.
    pub illustrative: Option<IllustrativeLoss>,
    /// Answered calls that nothing gives a figure for.
    pub calls_without_figure: u64,
    /// By hour, with the sum up to its end: the curve over time.
    pub by_hour: Vec<LossRow>,
    /// By country of the number, dearest first.
    pub by_destination: Vec<LossRow>,
    /// By account, dearest first.
    pub by_account: Vec<LossRow>,
    /// The first call that costs.
    pub first_paid_call: Option<When>,
    /// The last one.
    pub last_paid_call: Option<When>,
}

/// A sum of one basis in one currency.
#[derive(Clone, Debug, Serialize)]
pub struct KnownLoss {
    /// `carrier` or `rate-deck`.
    pub basis: &'static str,
    /// The currency, where it is told.
    pub currency: Option<String>,
    /// A decimal string.
    pub cost: String,
    /// Calls in it.
    pub calls: u64,
}

/// A range that shows the order of size.
#[derive(Clone, Debug, Serialize)]
pub struct IllustrativeLoss {
    /// A decimal string.
    pub low: String,
    /// A decimal string.
    pub high: String,
    /// The currency of both.
    pub currency: &'static str,
    /// Calls in it.
    pub calls: u64,
    /// What to say of it.
    pub caveat: &'static str,
}

/// What calls that share something cost.
#[derive(Clone, Debug, Serialize)]
pub struct LossRow {
    /// What they share.
    pub name: Untrusted,
    /// The hour, of rows by hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<When>,
    /// Answered calls.
    pub calls: u64,
    /// The currency of `cost`.
    pub currency: Option<String>,
    /// What is known, a decimal string.
    pub cost: Option<String>,
    /// The sum of it up to the end of this row, of rows by hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_so_far: Option<String>,
    /// The range of the rest.
    pub illustrative_low: Option<String>,
    /// The range of the rest.
    pub illustrative_high: Option<String>,
}
