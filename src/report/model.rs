//! The report as data: one content, from which every rendering is made.
//!
//! Field names and order are the contract of `report.json` (schema `tolltrace.report/1`). Text that
//! came from evidence has the type [`Untrusted`], which no rendering can print unescaped.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use crate::event::Action;
use crate::untrusted::Untrusted;

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
    /// Intrusions that succeeded.
    pub incidents: Vec<Incident>,
    /// Those who tried and got nothing.
    pub failed_attackers: Vec<FailedAttacker>,
    /// Statements with proof, severity and remedy.
    pub findings: Vec<Finding>,
    /// Evidence that is missing, and what that costs.
    pub gaps: Vec<Gap>,
    /// What happened in figures.
    pub assessment: Assessment,
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
    /// The zone in which instants are shown.
    pub timezone: String,
    /// Where the zone came from, in words.
    pub timezone_origin: String,
    /// `--home-country`.
    pub home_country: Option<String>,
    /// What options leave out of the inquiry, a sentence each.
    pub filters: Vec<String>,
    /// The last instant that any evidence tells of; "the last 24 hours" end here.
    pub evidence_ends: Option<When>,
    /// Product and version, as far as a log banner or file tells.
    pub product: Option<Untrusted>,
}

/// One source.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceRow {
    /// Path below the evidence root.
    pub path: String,
    /// The kind of source.
    pub kind: &'static str,
    /// Size on disk.
    pub bytes: u64,
    /// SHA-256 of the bytes on disk; `None` when hashing was switched off or failed.
    pub sha256: Option<String>,
    /// First instant it tells of.
    pub first: Option<When>,
    /// Last instant it tells of.
    pub last: Option<When>,
    /// Records understood.
    pub records: u64,
    /// Lines that fit no form.
    pub unparsed: u64,
    /// What else is to be said: damage, a copy, a change while it was read.
    pub note: Option<String>,
    /// Lines that fit no form, by reason, with the first places.
    pub unparsed_places: Vec<UnparsedPlaces>,
    /// The source that has the same content, which was read instead.
    pub duplicate_of: Option<String>,
}

/// Lines of one source that were passed over for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct UnparsedPlaces {
    /// The reason.
    pub why: &'static str,
    /// How many lines.
    pub lines: u64,
    /// Line numbers of the first few.
    pub first_lines: Vec<u64>,
}

/// A place in the evidence and what stands there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Proof {
    /// Path below the evidence root.
    pub path: String,
    /// Line number from 1; `None` where the source has no lines.
    pub line: Option<u64>,
    /// Byte offset; in a gz, within the unpacked stream.
    pub offset: Option<u64>,
    /// The raw line.
    pub text: Untrusted,
}

/// An intrusion that succeeded.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// `incident-1` and on.
    pub id: String,
    /// One sentence that a manager can read.
    pub title: String,
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

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// An account that was taken over.
#[derive(Clone, Debug, Serialize)]
pub struct TakenAccount {
    /// Its name as configured.
    pub name: Untrusted,
    /// How it was taken, in words.
    pub how: String,
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
            format!("{} billed", super::document::duration(self.seconds))
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

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// Evidence that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// What is missing.
    pub what: String,
    /// What that costs the inquiry.
    pub why_it_matters: String,
    /// How to get it.
    pub how_to_get_it: String,
}

/// How one source's time was worked out.
#[derive(Clone, Debug, Serialize)]
pub struct ClockNote {
    /// The source.
    pub path: String,
    /// Each assumption and how it was reached, a sentence each.
    pub notes: Vec<String>,
}

/// A file that was not read.
#[derive(Clone, Debug, Serialize)]
pub struct NotRead {
    /// Path below the evidence root.
    pub path: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Why.
    pub why: String,
}

/// What happened, in figures: the runbook's second step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Assessment {
    /// Calls of the last 24 hours of the evidence.
    pub last_day: CallSummary,
    /// Calls of the incidents.
    pub incident: CallSummary,
    /// All calls of the evidence.
    pub all_calls: u64,
    /// Records that tell of a failed authentication, in the source family that has most.
    pub failure_records: u64,
    /// Distinct failed tries.
    pub failed_attempts: u64,
    /// Failures by source file family.
    pub failures_by_log: Vec<(String, u64)>,
    /// Failed tries by hour.
    pub failures_by_hour: Vec<HourCount>,
    /// Who failed, most first.
    pub failures_by_source: Vec<FailureRow>,
    /// Accounts that were tried, most first.
    pub failures_by_account: Vec<(Untrusted, u64)>,
    /// Who probed without a secret.
    pub scanners: Vec<FailureRow>,
    /// SIP messages in figures; `None` where there is no capture.
    pub sip: Option<SipSummary>,
}

/// SIP messages of captures in figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SipSummary {
    /// All messages.
    pub messages: u64,
    /// Requests by method.
    pub requests: BTreeMap<String, u64>,
    /// Answers by status.
    pub responses: BTreeMap<String, u64>,
    /// User agents, most messages first.
    pub user_agents: Vec<(Untrusted, u64)>,
    /// How many user agents there are.
    pub user_agent_count: u64,
    /// How many addresses sent any.
    pub sources: u64,
}

/// Calls in figures, over one span.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CallSummary {
    /// From.
    pub first: Option<When>,
    /// To.
    pub last: Option<When>,
    /// The sums.
    pub totals: Totals,
    /// By hour.
    pub by_hour: Vec<HourCount>,
    /// By destination as dialled, most seconds first.
    pub by_destination: Vec<CallRowSum>,
    /// By account.
    pub by_account: Vec<CallRowSum>,
    /// By source address, where a record tells.
    pub by_source: Vec<CallRowSum>,
}

/// A count in one hour.
#[derive(Clone, Debug, Serialize)]
pub struct HourCount {
    /// The beginning of the hour.
    pub hour: When,
    /// How many.
    pub count: u64,
    /// Billed seconds, for calls.
    pub seconds: u64,
}

/// A sum over calls that share something.
#[derive(Clone, Debug, Serialize)]
pub struct CallRowSum {
    /// What they share.
    pub name: Untrusted,
    /// How many calls.
    pub calls: u64,
    /// How many were answered.
    pub answered: u64,
    /// Billed seconds.
    pub seconds: u64,
}

/// Failures from one address.
#[derive(Clone, Debug, Serialize)]
pub struct FailureRow {
    /// The address.
    pub address: IpAddr,
    /// Distinct failed tries.
    pub attempts: u64,
    /// Records.
    pub records: u64,
    /// First.
    pub first: Option<When>,
    /// Last.
    pub last: Option<When>,
}

/// One line of `timeline.jsonl`, as Timesketch takes it.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineRow {
    /// What happened, in words.
    pub message: Untrusted,
    /// RFC 3339, UTC, microseconds; `None` where the record has no time.
    pub datetime: Option<String>,
    /// What the time is the time of.
    pub timestamp_desc: &'static str,
    /// What happened, as a word; see [`Action::word`].
    pub action: Action,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// The peer's port.
    pub port: Option<u16>,
    /// The account.
    pub account: Option<Untrusted>,
    /// The number.
    pub number: Option<Untrusted>,
    /// The reason.
    pub reason: Option<Untrusted>,
    /// Path below the evidence root.
    pub path: String,
    /// Line number from 1.
    pub line: Option<u64>,
    /// Byte offset.
    pub offset: Option<u64>,
}
