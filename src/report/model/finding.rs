//! Statements with proof, severity and remedy.

use serde::Serialize;

use super::{Proof, Severity};
use crate::untrusted::Untrusted;

/// A statement with proof.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// A stable word.
    pub id: &'static str,
    /// How grave.
    pub severity: Severity,
    /// What it is about.
    pub subject: Untrusted,
    /// One line.
    pub title: String,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// MITRE ATT&CK techniques.
    pub attack: Vec<&'static str>,
    /// The proof.
    pub evidence: Vec<Proof>,
}
