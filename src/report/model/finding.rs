//! Statements with proof, severity and remedy, and what is to be asked.

use std::net::IpAddr;

use serde::Serialize;

use super::{Proof, Severity, When};
use crate::untrusted::Untrusted;

/// Something that only the user of an account can tell.
#[derive(Clone, Debug, Serialize)]
pub struct ToConfirm {
    /// The account.
    pub account: Untrusted,
    /// The address, the first of its network; none where it is not about where an account was used from.
    pub address: Option<IpAddr>,
    /// How many addresses of that network.
    pub addresses: u64,
    /// Records of its use that was accepted from there; none where it was only tried.
    pub uses: u64,
    /// Calls of it that look like fraud, where nothing is on record of what was usual before.
    pub calls: u64,
    /// Since when.
    pub first: Option<When>,
    /// Until when.
    pub last: Option<When>,
    /// What makes one ask.
    pub why: String,
    /// Telling lines.
    pub evidence: Vec<Proof>,
}

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

/// Which settings were looked at: that nothing is said of the others does not mean that they are well set.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SettingsLookedAt {
    /// Files and parts of the configuration whose settings were looked at.
    pub looked_at: Vec<&'static str>,
    /// Those that are not in the evidence, or not in force, and were not checked.
    pub not_checked: Vec<&'static str>,
}
