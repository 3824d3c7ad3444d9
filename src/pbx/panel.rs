//! What the tables of a web panel say beyond accounts: who may log in to it, by which rules numbers are let
//! out and in, and what it runs by itself.
//!
//! Panels write most of their tables into files that Asterisk reads; these they keep to themselves, so that a
//! database is the only place where they stand. None of it is a secret: passwords are weighed where all secrets are.

use super::dialplan::{Pin, TimeFault};
use crate::event::Citation;

/// What the panel's tables say.
#[derive(Debug, Default)]
pub struct Panel {
    /// Who may log in to the panel.
    pub users: Vec<PanelUser>,
    /// By which rules numbers are let out, in the order in which they are tried.
    pub outbound_routes: Vec<OutboundRoute>,
    /// Where calls from outside go.
    pub inbound_routes: Vec<InboundRoute>,
    /// Lines as the panel lists them: it knows more of them than the files tell.
    pub trunks: Vec<PanelTrunk>,
    /// What the panel runs by itself.
    pub jobs: Vec<PanelJob>,
    /// Settings of the panel that are no secret.
    pub settings: Vec<PanelSetting>,
    /// Its modules.
    pub modules: Vec<PanelModule>,
    /// Second dial tones.
    pub tones: Vec<PanelTone>,
    /// What its own firewall is set to.
    pub firewall: Vec<PanelGuard>,
    /// What it told its administrators of code that is not what was signed.
    pub notices: Vec<PanelNotice>,
    /// Commands that its backups run.
    pub backup_hooks: Vec<BackupHook>,
    /// Times in its groups that hold otherwise than they seem to.
    pub time_faults: Vec<PanelTime>,
}

/// Something that the panel told its administrators of its code: FreePBX's `notifications`.
#[derive(Clone, Debug)]
pub struct PanelNotice {
    /// The panel's words.
    pub text: String,
    /// Was signed code changed? Otherwise it bears no signature at all, as modules of others do.
    pub is_changed: bool,
    /// Where it stands.
    pub place: Citation,
}

/// A command that a backup or a restore runs: FreePBX's `backup_details` up to version 14.
#[derive(Clone, Debug)]
pub struct BackupHook {
    /// Before or after which of them: `prebu_hook`, `postbu_hook`, `prere_hook`, `postre_hook`.
    pub when: String,
    /// The command, passwords in it masked.
    pub command: String,
    /// Where it stands.
    pub place: Citation,
}

/// A time of a group that holds otherwise than it seems to.
#[derive(Clone, Debug)]
pub struct PanelTime {
    /// The group's name.
    pub group: String,
    /// What is wrong with it.
    pub fault: TimeFault,
    /// Where it stands.
    pub place: Citation,
}

/// A setting of FreePBX's own firewall that leaves something open.
#[derive(Clone, Debug)]
pub struct PanelGuard {
    /// What is open.
    pub open: GuardGap,
    /// Where it stands.
    pub place: Citation,
}

/// How FreePBX's firewall is left open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardGap {
    /// It is switched off.
    Off,
    /// Everybody is trusted.
    TrustsAll,
    /// The Internet reaches these services.
    Services(Vec<String>),
}

/// Somebody who may log in to the panel.
#[derive(Clone, Debug)]
pub struct PanelUser {
    /// The name.
    pub name: String,
    /// The table in which it stands: `ampusers`, `userman_users`, `v_users`, `acl_user`.
    pub table: String,
    /// What it may see: sections, modules or groups; `*` is everything.
    pub sections: Vec<String>,
    /// May it change everything?
    pub is_administrator: bool,
    /// Where it stands.
    pub place: Citation,
}

/// A rule by which numbers are let out: FreePBX's `outbound_routes`.
#[derive(Clone, Debug)]
pub struct OutboundRoute {
    /// Its number: the dialplan's context is `outrt-` and the number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which numbers it lets out.
    pub patterns: Vec<RoutePattern>,
    /// The trunks that are tried, in order: the name that the trunk's section has, else the one people see.
    pub trunks: Vec<String>,
    /// Does it ask for a PIN?
    pub asks_for_pin: bool,
    /// The group of times at which it is open, where it names one.
    pub times: Option<TimeGroup>,
    /// Where it stands in the order in which routes are tried, if that is told.
    pub position: Option<i64>,
    /// Where it stands.
    pub place: Citation,
}

/// A group of times: FreePBX's `timegroups_groups` and `timegroups_details`.
#[derive(Clone, Debug)]
pub struct TimeGroup {
    /// Its name.
    pub name: String,
    /// How many times it has; with none the route is open always.
    pub times: usize,
    /// Where it stands.
    pub place: Citation,
}

/// A pattern of numbers, in Asterisk's notation without the underscore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePattern {
    /// What is dialled first and taken off.
    pub strip: String,
    /// What follows and is passed on.
    pub pass: String,
    /// What is put before it.
    pub prepend: String,
    /// Whose calls it is for; empty for all.
    pub caller: String,
}

/// Where calls from outside go: FreePBX's `incoming`.
#[derive(Clone, Debug)]
pub struct InboundRoute {
    /// The number that was called; empty for any.
    pub number: String,
    /// Who calls; empty for anybody.
    pub caller: String,
    /// Where they go, as `context,extension,priority`.
    pub destination: String,
    /// Where it stands.
    pub place: Citation,
}

/// A line as the panel lists it: FreePBX's `trunks`.
#[derive(Clone, Debug)]
pub struct PanelTrunk {
    /// Its number.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// `sip`, `pjsip`, `iax`, `dahdi`, `custom`.
    pub technology: String,
    /// The name of its section, or the channel that it dials.
    pub channel: String,
    /// What is run when a call over it fails: a script.
    pub fail_script: String,
    /// Is it switched off?
    pub is_disabled: bool,
    /// How many calls it carries at once at most; `None` where nothing limits them.
    pub most_calls: Option<u32>,
    /// Where it stands.
    pub place: Citation,
}

/// Something that the panel runs by itself: FreePBX's `cron_jobs`, before it `cronmanager`.
#[derive(Clone, Debug)]
pub struct PanelJob {
    /// The table in which it stands.
    pub table: String,
    /// The module that it says it belongs to.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The command that is run, passwords in it masked; empty where a class is.
    pub command: String,
    /// The class of the panel's own code that is run.
    pub class: String,
    /// When, as in a crontab.
    pub schedule: String,
    /// Is it switched on?
    pub is_enabled: bool,
    /// Where it stands, with its command as proof.
    pub place: Citation,
}

/// A setting of the panel: FreePBX's `freepbx_settings`.
#[derive(Clone, Debug)]
pub struct PanelSetting {
    /// Its keyword.
    pub keyword: String,
    /// Its value.
    pub value: String,
    /// Where it stands.
    pub place: Citation,
}

/// A module of the panel: FreePBX's `modules`.
#[derive(Clone, Debug)]
pub struct PanelModule {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Is it switched on?
    pub is_enabled: bool,
    /// Where it stands.
    pub place: Citation,
}

/// A second dial tone as the panel lists it: FreePBX's `disa`.
#[derive(Clone, Debug)]
pub struct PanelTone {
    /// The name that people see.
    pub name: String,
    /// How its PIN protects.
    pub pin: Pin,
    /// The context in which the caller dials.
    pub context: String,
    /// Where it stands.
    pub place: Citation,
}
