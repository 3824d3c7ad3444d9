//! The fixed words of a report: ways in, parts played, likelihoods, severities.

use serde::{Deserialize, Serialize};

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vector {
    /// The secret was guessed.
    PasswordGuess,
    /// The secret was known; where from, these logs do not tell.
    StolenCredential,
    /// The secret stood in a phone file that was fetched.
    ProvisioningLeak,
    /// Calls went out without any account.
    GuestCall,
    /// The secret was one that products ship with, or the account's name.
    DefaultCredential,
    /// The manager interface made the calls.
    ManagerInterface,
    /// A hole of the web panel was used.
    WebExploit,
    /// Somebody was in the web panel by a login, where every secret stands.
    WebAdmin,
    /// One of the owner's own people.
    Insider,
    /// The dialplan let callers out that it must not.
    DialplanHole,
    /// Callers from the telephone network called out through a mailbox or a second dial tone.
    VoicemailOrDisa,
    /// Calls were forwarded to numbers that cost.
    CallForward,
    /// The trunk's secret was used elsewhere: the calls never passed the phone system.
    TrunkCredential,
    /// The evidence does not tell.
    Unknown,
}

impl Vector {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Vector::PasswordGuess => "password-guess",
            Vector::StolenCredential => "stolen-credential",
            Vector::ProvisioningLeak => "provisioning-leak",
            Vector::GuestCall => "guest-call",
            Vector::DefaultCredential => "default-credential",
            Vector::ManagerInterface => "manager-interface",
            Vector::WebExploit => "web-exploit",
            Vector::WebAdmin => "web-admin",
            Vector::Insider => "insider",
            Vector::DialplanHole => "dialplan-hole",
            Vector::VoicemailOrDisa => "voicemail-or-disa",
            Vector::CallForward => "call-forward",
            Vector::TrunkCredential => "trunk-credential",
            Vector::Unknown => "unknown",
        }
    }
}

/// How sure a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// Several independent records say so and none speaks against it.
    AlmostCertain,
    /// Records say so; another reading is possible but explains less.
    Likely,
    /// It fits, and so does something else.
    Possible,
    /// It fits badly, or its source is there and silent.
    Unlikely,
}

impl Likelihood {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Likelihood::AlmostCertain => "almost-certain",
            Likelihood::Likely => "likely",
            Likelihood::Possible => "possible",
            Likelihood::Unlikely => "unlikely",
        }
    }
}

/// A likelihood and what it means.
#[derive(Clone, Debug, Serialize)]
pub struct LikelihoodMeaning {
    /// The word.
    pub likelihood: Likelihood,
    /// What it means.
    pub meaning: &'static str,
}

/// The part an address played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looked for accounts, services or a prefix that gets out.
    Scan,
    /// Tried wrong secrets.
    Guess,
    /// Fetched or walked phone files.
    Provision,
    /// Used the manager interface.
    Manager,
    /// Used the web server.
    Web,
    /// Had a registration or login accepted.
    Register,
    /// Made fraudulent calls.
    Dial,
}

impl Role {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Role::Scan => "scan",
            Role::Guess => "guess",
            Role::Provision => "provision",
            Role::Manager => "manager",
            Role::Web => "web",
            Role::Register => "register",
            Role::Dial => "dial",
        }
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Money is being lost, or whoever comes can take it.
    Critical,
    /// A hole that intruders use.
    High,
    /// A weakness that needs another to be used.
    Medium,
    /// Worth mending.
    Low,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }
}
