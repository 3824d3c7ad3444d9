//! The report as data: one content, from which every rendering is made.
//!
//! Field names and order are the contract of `report.json` (schema `tolltrace.report/1`). Text that
//! came from evidence has the type [`Untrusted`], which no rendering can print unescaped.

mod blocking;
mod carrier;
mod evidence;
mod figures;
mod finding;
mod incident;
mod loss;
mod number;
mod observation;
mod rule;
mod steps;
mod timeline;
mod words;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use crate::geoip::GeoFile;
use crate::patterns::Thresholds;
use crate::untrusted::Untrusted;

pub use blocking::{NotBlocked, Verdict};
pub use carrier::{
    CarrierClass, CarrierRow, CarrierSum, ClockDay, ClockDifferenceNote, Dispute, DisputedCall, Money,
    OwnCount, OwnRow, PumpedGroup, Reconciliation,
};
pub use evidence::{ClockNote, EvidenceRow, Gap, NotRead, Proof, UnparsedPlaces};
pub use figures::{Assessment, CallRowSum, CallSummary, FailureRow, HourCount, SipSummary};
pub use finding::{Finding, SettingsLookedAt, ToConfirm};
pub use incident::{
    Alternative, Caller, Entry, FailedAttacker, FraudCall, Incident, PhaseSpan, Route, RouteUse, Source,
    TakenAccount, Totals, sum_known,
};
pub use loss::{IllustrativeLoss, KnownLoss, Loss, LossRow};
pub use number::{CalledNumber, Dialling, NumberRow};
pub use observation::{Observation, ObservedCall};
pub use rule::RuleAnswer;
pub use steps::{PlaybookStep, PlaybookUsed, StepCheck, StepCommand, StepState, StepText, SwitchedOff};
pub use timeline::TimelineRow;
pub use words::{Likelihood, LikelihoodMeaning, Role, Severity, Vector};

/// An instant as reports show it: in the zone of the case.
pub type When = DateTime<FixedOffset>;

/// The name and version of the report's form.
pub const SCHEMA: &str = "tolltrace.report/1";

/// Everything a case has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The program.
    pub tool: Tool,
    /// What the case is.
    pub case: Case,
    /// The sources, in order of path.
    pub evidence: Vec<EvidenceRow>,
    /// What could be judged at all.
    pub judged: Judged,
    /// Intrusions that succeeded.
    pub incidents: Vec<Incident>,
    /// Those who tried and got nothing.
    pub failed_attackers: Vec<FailedAttacker>,
    /// How many there are, those not listed included.
    pub failed_attackers_count: u64,
    /// Addresses without a part in an incident that asked the web server for known holes or pages left behind, those
    /// who asked most first.
    pub hole_seekers: Vec<FailedAttacker>,
    /// What was taken for honest and only the user of the account can confirm: what weighs most first.
    pub to_confirm: Vec<ToConfirm>,
    /// How many more of these there are.
    pub to_confirm_left_out: u64,
    /// Statements with proof, severity and remedy.
    pub findings: Vec<Finding>,
    /// The steps of the playbooks, in the order of the phases, each with its state.
    pub steps: Vec<PlaybookStep>,
    /// The playbooks that they are from.
    pub playbooks: Vec<PlaybookUsed>,
    /// What the small rules of playbooks answered.
    pub rules: Vec<RuleAnswer>,
    /// Which settings were looked at, and which could not be.
    pub settings: SettingsLookedAt,
    /// Evidence that is missing, and what that costs.
    pub gaps: Vec<Gap>,
    /// What happened in figures.
    pub assessment: Assessment,
    /// The carrier's records against one's own, where they were given.
    pub reconciliation: Option<Reconciliation>,
    /// What is disputed with the carrier.
    pub dispute: Option<Dispute>,
    /// How dialled strings were read.
    pub dialling: Dialling,
    /// What stands out in the calls that went out; none of it blames anybody by itself.
    pub observations: Vec<Observation>,
    /// What it was held against.
    pub thresholds: Thresholds,
    /// Databases of addresses that were given.
    pub geoip: Vec<GeoFile>,
    /// How each source's time was worked out.
    pub clocks: Vec<ClockNote>,
    /// Files that were not read, and why: trouble first, then files of no known kind.
    pub not_read: Vec<NotRead>,
    /// How many files are of no known kind, those not listed included.
    pub unrecognised_files: u64,
    /// Limits that were reached, and what they cost.
    pub limits: Vec<String>,
    /// Was SHA-256 switched off?
    pub hashing_off: bool,
    /// What each likelihood means.
    pub likelihoods: Vec<LikelihoodMeaning>,
}

/// What could be judged at all: *not found* says nothing of the rest.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Judged {
    /// Would a login that was accepted have been seen?
    pub logins: bool,
    /// Is that because each call on record shows one, while registrations stand nowhere?
    pub by_calls_alone: bool,
    /// Would a call have been seen?
    pub calls: bool,
    /// Was there a dialplan to walk?
    pub dialplan: bool,
    /// Were there saved rules of a firewall?
    pub firewall: bool,
    /// Were there pages of a web server?
    pub pages: bool,
    /// Were there tables of the panel's database with its users and jobs?
    pub panel_tables: bool,
    /// Was there a list of the calls that were up?
    pub channels: bool,
    /// Was it the copy of one whole disk, so that what is not in it is not there?
    pub whole_disk: bool,
    /// Ways in that are not judged, whatever the evidence.
    pub not_judged: &'static str,
}

impl Report {
    /// Returns whether calls look like fraud of which nobody but the account's user can tell whose they are.
    pub fn has_calls_to_ask_about(&self) -> bool {
        self.to_confirm.iter().any(|question| question.calls > 0)
    }
}

impl Judged {
    /// The ways in that no release so far judges.
    pub const NOT_JUDGED: &str =
        "a trunk's secret that is used elsewhere, unless the carrier's records are given (--carrier-cdr)";
}

/// The program that wrote the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `tolltrace`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What the case is, as given.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Paths of the evidence as given.
    pub evidence: Vec<String>,
    /// `--case-number`.
    pub number: Option<String>,
    /// `--examiner`.
    pub examiner: Option<String>,
    /// `--organisation`.
    pub organisation: Option<String>,
    /// Do pseudonyms stand for numbers, names and addresses of the owner's side (`--redact`)?
    pub redacted: bool,
    /// The zone in which instants are shown.
    pub timezone: String,
    /// Where the zone came from, in words.
    pub timezone_origin: String,
    /// The country that the phone system stands in: `--home-country`, else worked out.
    pub home_country: Option<String>,
    /// What options leave out of the inquiry, a sentence each.
    pub filters: Vec<String>,
    /// The last instant that any evidence tells of; "the last 24 hours" end here.
    pub evidence_ends: Option<When>,
    /// Product and version, as far as a log banner or file tells.
    pub product: Option<Untrusted>,
    /// Each of several pieces of evidence, which may be of different machines; else none.
    pub systems: Vec<System>,
    /// The machines whose phone systems wrote the logs, where lines name theirs and there are several; else none.
    pub machines: Vec<Untrusted>,
}

/// One of several pieces of evidence.
#[derive(Clone, Debug, Serialize)]
pub struct System {
    /// Its path as given.
    pub evidence: String,
    /// What its files' paths begin with in the report.
    pub prefix: String,
    /// The zone of its stamps.
    pub timezone: String,
    /// Product and version, as far as a log banner of it tells.
    pub product: Option<Untrusted>,
}
