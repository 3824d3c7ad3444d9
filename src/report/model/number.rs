//! Telephone numbers: what was dialled, and what it was read as.

use serde::Serialize;

use crate::numbering::{Alternative, Certainty, Class, Confidence, Kind, Risk};
use crate::untrusted::Untrusted;

/// What is known of a number that was called, beside its E.164 and country.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CalledNumber {
    /// The country in words, or the network that is no country's.
    pub country_name: Option<&'static str>,
    /// The area or network, where the table tells one.
    pub area: Option<&'static str>,
    /// The class of the number by its plan.
    pub class: Option<Class>,
    /// What the dialled string is.
    pub number_kind: Option<Kind>,
    /// How sure the reading is.
    pub number_confidence: Option<Confidence>,
    /// How much the destination by itself speaks for fraud: a prior, no verdict.
    pub risk: Risk,
    /// Lists of the user's that have the number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<String>,
}

/// How dialled strings were read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dialling {
    /// The version of the embedded tables.
    pub table_version: &'static str,
    /// The home country, two letters.
    pub home_country: Option<&'static str>,
    /// How sure that is.
    pub certainty: Certainty,
    /// Why.
    pub because: Vec<String>,
    /// Digits that ask for an outside line.
    pub outside_lines: Vec<String>,
    /// How they are known.
    pub outside_because: Vec<String>,
    /// Each number of fraudulent calls, most seconds first, with its reading.
    pub numbers: Vec<NumberRow>,
    /// How many more there are.
    pub numbers_left_out: u64,
}

/// One number with its reading.
#[derive(Clone, Debug, Serialize)]
pub struct NumberRow {
    /// As dialled.
    pub dialed: Untrusted,
    /// In E.164.
    pub e164: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// What else is known.
    #[serde(flatten)]
    pub number: CalledNumber,
    /// How it was read.
    pub steps: Vec<String>,
    /// What else it may be.
    pub alternatives: Vec<Alternative>,
    /// Why the destination is a risk.
    pub risk_because: Vec<String>,
    /// Fraudulent calls to it.
    pub calls: u64,
    /// Their billed seconds, as far as records tell.
    pub seconds: Option<u64>,
}
