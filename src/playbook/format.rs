//! A playbook as it stands in its file: TOML, one file for one phase.
//!
//! Words that may be wrong keep their place, so that [`super::lint`] can point at them. Keys that are not known are
//! refused, and no value is taken for another kind: a misspelt key must not pass for an empty answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use crate::checks::registry::Product;
use crate::report::model::{Severity, Vector};
use crate::report::sections::Section;
use crate::rules::{Match, Sample};

/// The form of playbooks that this program reads.
pub const SCHEMA: i64 = 1;

/// A phase of the runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Stop the loss.
    Contain,
    /// See whether it is real, and how bad.
    Assess,
    /// Find out how they got in.
    Investigate,
    /// Open again.
    Restore,
    /// Settle it with the carrier and the police.
    Dispute,
    /// Keep it from happening again.
    Prevent,
}

impl Phase {
    /// Every phase, in the order of the runbook.
    pub const ALL: [Phase; 6] =
        [Phase::Contain, Phase::Assess, Phase::Investigate, Phase::Restore, Phase::Dispute, Phase::Prevent];

    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Contain => "contain",
            Phase::Assess => "assess",
            Phase::Investigate => "investigate",
            Phase::Restore => "restore",
            Phase::Dispute => "dispute",
            Phase::Prevent => "prevent",
        }
    }
}

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Whoever looks into the incident.
    Responder,
    /// Whoever runs the phone system.
    PbxAdmin,
    /// The carrier, whom somebody has to call.
    Carrier,
    /// The police.
    Police,
    /// Whoever answers for the company.
    Management,
    /// Its lawyers, or whoever answers for data protection.
    Legal,
}

impl Owner {
    /// Every owner, in the order in which they are told.
    pub const ALL: [Owner; 6] =
        [Owner::Carrier, Owner::PbxAdmin, Owner::Responder, Owner::Management, Owner::Police, Owner::Legal];

    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Owner::Responder => "responder",
            Owner::PbxAdmin => "pbx-admin",
            Owner::Carrier => "carrier",
            Owner::Police => "police",
            Owner::Management => "management",
            Owner::Legal => "legal",
        }
    }
}

/// How far a playbook has been tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not yet.
    #[default]
    Draft,
    /// By whoever wrote it.
    Experimental,
    /// By many.
    Stable,
    /// Not to be used any more.
    Deprecated,
}

/// What a command does to the machine that it is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It looks.
    Read,
    /// It changes something.
    Change,
}

impl Effect {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Change => "change",
        }
    }
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// [`SCHEMA`].
    pub schema: Spanned<i64>,
    /// A kebab-case word, the same as the file's name.
    pub id: Spanned<String>,
    /// The phase, of a playbook that stands by itself.
    pub phase: Option<Phase>,
    /// The playbook that it adds to.
    pub extends: Option<Spanned<String>>,
    /// What it is about.
    pub title: Spanned<String>,
    /// A sentence or two.
    pub summary: Spanned<String>,
    /// Its own version.
    pub version: Spanned<String>,
    /// How far it has been tried.
    #[serde(default)]
    pub status: Status,
    /// The day it was last changed: `2026-11-20`.
    pub modified: Option<Spanned<String>>,
    /// The day it was written.
    pub created: Option<Spanned<String>>,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// The licence.
    pub license: Option<String>,
    /// The release of ATT&CK that its ids are of.
    pub attack_version: Option<Spanned<String>>,
    /// How far it may be shared: a word of the Traffic Light Protocol 2.0.
    pub tlp: Option<Tlp>,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<String>,
    /// How long it takes: `30m`.
    pub time_budget: Option<Spanned<String>>,
    /// The steps, in the order in which they are to be taken.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// What is set otherwise about checks of the playbook that it adds to, or of its own.
    #[serde(default)]
    pub tune: BTreeMap<Spanned<String>, Tune>,
    /// What is switched off, and why.
    pub disable: Option<Disable>,
}

/// The Traffic Light Protocol 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tlp {
    /// To nobody else.
    Red,
    /// Within the organisation.
    AmberStrict,
    /// Within the organisation and its clients.
    Amber,
    /// Within the community.
    Green,
    /// To everybody.
    Clear,
}

/// A step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A kebab-case word.
    pub id: Spanned<String>,
    /// What to do, as an order.
    pub title: Spanned<String>,
    /// The question that its sections answer, in place of the title there.
    pub question: Option<String>,
    /// One sentence of reason.
    pub why: Option<String>,
    /// Who does it.
    pub owner: Owner,
    /// Steps that must be finished first.
    #[serde(default)]
    pub after: Vec<Spanned<String>>,
    /// Whether there is anything to do; where it is not given, one of its checks must be found.
    pub when: Option<Spanned<Condition>>,
    /// What shows that it is done.
    pub done: Option<Spanned<Condition>>,
    /// What it is where there is nothing to do.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// Sections of the report that show its answer.
    #[serde(default)]
    pub sections: Vec<Section>,
    /// Gates of `restore` that answer it there, in place of its checks.
    #[serde(default)]
    pub gates: Vec<Spanned<String>>,
    /// How to do it, a line for each thing; one that begins with the name of a program and a colon is shown only to
    /// those who run it.
    pub guidance: Option<String>,
    /// What this destroys or breaks.
    pub caution: Option<String>,
    /// Commands to be copied; none of them is ever run.
    #[serde(default)]
    pub commands: Vec<Spanned<Command>>,
    /// How to go back.
    pub undo: Option<String>,
    /// What proves that it is finished.
    pub done_when: Option<String>,
    /// Techniques of ATT&CK.
    #[serde(default)]
    pub attack: Vec<Spanned<String>>,
    /// What it covers.
    pub covers: Option<String>,
    /// What it does not.
    pub does_not_cover: Option<String>,
    /// What it hands to whom.
    pub deliver: Option<Deliver>,
    /// By when, counted from the moment of notice: `24h`.
    pub deadline: Option<Spanned<String>>,
    /// What it asks of the evidence.
    #[serde(rename = "check", default)]
    pub checks: Vec<Check>,
    /// Why an overlay switched it off.
    #[serde(skip)]
    pub off: Option<Off>,
}

/// What a step is where there is nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Nobody has to do it: there was no cause.
    #[default]
    NotNeeded,
    /// It is done: the evidence shows that it was seen to.
    Done,
}

/// What was switched off by whom, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    /// The playbook that says so.
    pub by: String,
    /// Whoever wrote that.
    pub author: Option<String>,
    /// Why.
    pub reason: String,
}

/// A command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What it is for.
    pub label: String,
    /// The command, with slots for what was found: see [`super::slots`].
    pub run: Spanned<String>,
    /// What it does to the machine.
    pub effect: Effect,
    /// The products that it is for; all, where none is named.
    #[serde(default)]
    pub product: Vec<Product>,
}

/// What a step hands to whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// To whom.
    pub to: Owner,
    /// The command of this program that makes it.
    pub pack: Pack,
}

/// What this program makes for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pack {
    /// The packet for the carrier.
    Carrier,
    /// The statement of facts for the police.
    Police,
    /// The reports to the owners of networks.
    Abuse,
    /// The report for the company.
    Report,
}

impl Pack {
    /// Returns what makes it.
    pub fn made_by(self) -> &'static str {
        match self {
            Pack::Carrier => "tolltrace dispute EVIDENCE --carrier-cdr BILL.csv -o packet",
            Pack::Police => "tolltrace run EVIDENCE -o case (statement.md)",
            Pack::Abuse => "tolltrace run EVIDENCE -o case (abuse)",
            Pack::Report => "tolltrace run EVIDENCE -o case (report.md)",
        }
    }
}

/// What must hold. Exactly one of the keys is given, `at_least` and `seen` beside `finding`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A check that finds something.
    pub finding: Option<Spanned<String>>,
    /// What is less grave does not count.
    pub at_least: Option<Severity>,
    /// What could not be checked does not count either: for steps that need a cause, and no doubt.
    #[serde(default)]
    pub seen: bool,
    /// One of these holds.
    pub any: Option<Vec<Spanned<Condition>>>,
    /// All of these hold.
    pub all: Option<Vec<Spanned<Condition>>>,
    /// That does not hold.
    pub not: Option<Box<Spanned<Condition>>>,
    /// The phone system is one of these.
    pub product: Option<Vec<Product>>,
    /// An intrusion came one of these ways.
    pub vector: Option<Vec<Vector>>,
}

/// What a step asks of the evidence: a check of the program's, or a rule of the playbook's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The check of the program's.
    #[serde(rename = "use")]
    pub uses: Option<Spanned<String>>,
    /// The word of a rule of the playbook's.
    pub id: Option<Spanned<String>>,
    /// What the rule finds.
    pub title: Option<String>,
    /// The rule.
    #[serde(rename = "match")]
    pub rule: Option<Spanned<Match>>,
    /// What the rule is tried on.
    #[serde(rename = "sample", default)]
    pub samples: Vec<Sample>,
    /// What may be set about the check.
    #[serde(default)]
    pub params: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// How grave what it finds is, over what the check says.
    pub severity: Option<Severity>,
    /// How sure what a rule finds is.
    pub confidence: Option<Confidence>,
    /// Techniques of ATT&CK.
    #[serde(default)]
    pub attack: Vec<Spanned<String>>,
    /// How to get the evidence where it is not there.
    pub missing: Option<String>,
    /// What honest things look the same.
    pub false_positives: Option<String>,
    /// What to do where it is found.
    pub advice: Option<String>,
    /// How far a rule has been tried.
    #[serde(default)]
    pub status: Status,
    /// Why an overlay switched it off.
    #[serde(skip)]
    pub off: Option<Off>,
}

impl Check {
    /// Returns whether it is a rule that is but a step of others.
    pub fn is_step_only(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.get_ref().step_only)
    }

    /// Returns its word.
    pub fn word(&self) -> &str {
        let word = self.uses.as_ref().or(self.id.as_ref());
        word.map_or("", |word| word.get_ref().as_str())
    }
}

/// How sure something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Not very.
    Low,
    /// Fairly.
    Medium,
    /// Very.
    High,
}

/// What is set otherwise about a check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tune {
    /// What may be set about the check.
    #[serde(default)]
    pub params: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// How grave what it finds is.
    pub severity: Option<Severity>,
}

/// What is switched off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disable {
    /// Steps.
    #[serde(default)]
    pub steps: Vec<Spanned<String>>,
    /// Checks.
    #[serde(default)]
    pub checks: Vec<Spanned<String>>,
    /// Why; the report repeats it.
    pub reason: Spanned<String>,
    /// Who says so.
    pub author: Option<String>,
}
