//! What containment rests on: one model of what to cut off, what never to cut, what to change and what to remove.
//!
//! It is built once from the reconstruction and the configuration, and every file of `contain/` is written from it
//! alone. What a script acts on has a type of [`super::words`]; all else is [`Untrusted`] and stands in lists that
//! a person reads.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use super::words::{DialPattern, Digits, DiskPath, Name, NumberForm};
use crate::pbx::Listener;
use crate::report::model::{Role, Totals, Vector, When};
use crate::untrusted::Untrusted;

/// All that is to be contained.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    /// The programs that the phone system runs.
    pub products: BTreeSet<Product>,
    /// Do they run in a container: do all their files lie in the storage of Docker or Podman?
    pub is_in_container: bool,
    /// The product and version as the evidence tells them.
    pub version: Option<Untrusted>,
    /// Would an intrusion have been seen: do these files show logins that succeed?
    pub shows_logins: bool,
    /// Can only users of accounts tell whether it was they?
    pub asks_users: bool,
    /// The intrusions, in the order of the report.
    pub intrusions: Vec<Intrusion>,
    /// Addresses to shut out.
    pub cut: Vec<Cut>,
    /// Networks that may speak to the phone system.
    pub keep: Vec<Keep>,
    /// Hosts of carriers that stand by name: which addresses they have, no file tells.
    pub unresolved: Vec<Unresolved>,
    /// Those who tried and got nothing: listed, and left to the jail.
    pub tried: Vec<IpAddr>,
    /// How many of them there are, those not listed included.
    pub tried_count: u64,
    /// Where the phone system listens.
    pub listeners: Vec<Listener>,
    /// Are the ports of SIP what the configuration says, and not only the usual ones?
    pub knows_ports: bool,
    /// Accounts whose calls and registrations are to be ended.
    pub taken: Vec<Taken>,
    /// The forms in which a call that is up shows a number of the fraud, or one of its range.
    pub numbers: Vec<NumberForm>,
    /// How many more there are.
    pub numbers_left_out: usize,
    /// Secrets to change, the most urgent first.
    pub credentials: Vec<Credential>,
    /// How many more there are.
    pub credentials_left_out: usize,
    /// Lines to carriers.
    pub trunks: Vec<TrunkLine>,
    /// How numbers go out.
    pub outbound: Outbound,
    /// What stands open, and how to close it.
    pub closings: Vec<Closing>,
    /// What to take away.
    pub removals: Vec<Removal>,
    /// What a jail of fail2ban can rest on.
    pub jail: Option<Jail>,
    /// Why there is none.
    pub no_jail: Option<&'static str>,
    /// What a person has to decide, each with the reason.
    pub by_hand: Vec<ByHand>,
}

/// A program of a phone system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Asterisk.
    Asterisk,
    /// A FreePBX, or a system made of it, around Asterisk.
    FreePbx,
    /// FreeSWITCH.
    FreeSwitch,
    /// Kamailio.
    Kamailio,
    /// OpenSIPS.
    OpenSips,
}

impl Product {
    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Product::Asterisk => "Asterisk",
            Product::FreePbx => "FreePBX",
            Product::FreeSwitch => "FreeSWITCH",
            Product::Kamailio => "Kamailio",
            Product::OpenSips => "OpenSIPS",
        }
    }

    /// Returns whether it only passes on who calls whom: the calls themselves go on without it.
    pub fn is_proxy(self) -> bool {
        matches!(self, Product::Kamailio | Product::OpenSips)
    }

    /// Returns the command that stops its service; FreePBX starts and stops Asterisk itself.
    pub fn stop_command(self) -> &'static str {
        match self {
            Product::Asterisk => "systemctl stop asterisk",
            Product::FreePbx => "fwconsole stop",
            Product::FreeSwitch => "systemctl stop freeswitch",
            Product::Kamailio => "systemctl stop kamailio",
            Product::OpenSips => "systemctl stop opensips",
        }
    }
}

/// An intrusion, in short.
#[derive(Clone, Debug, Serialize)]
pub struct Intrusion {
    /// Its id in the report.
    pub id: String,
    /// One sentence.
    pub title: String,
    /// How they got in.
    pub vector: Vector,
    /// Could a stranger have written every line that speaks for it?
    pub cannot_tell: bool,
    /// The calls in figures.
    pub totals: Totals,
    /// The first and last fraudulent call.
    pub calls: Option<(When, When)>,
    /// Numbers that took most seconds, with the seconds where they are on record.
    pub numbers: Vec<Untrusted>,
    /// How many different numbers there are.
    pub numbers_count: u64,
}

/// An address to shut out.
#[derive(Clone, Debug, Serialize)]
pub struct Cut {
    /// The address.
    pub address: IpAddr,
    /// The parts it played.
    pub roles: Vec<Role>,
    /// In which intrusions.
    pub incidents: Vec<String>,
}

/// A network that may speak to the phone system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Keep {
    /// Whose it is.
    pub kind: Kept,
    /// The network.
    pub network: IpNet,
    /// Why it is here.
    pub why: Untrusted,
}

/// Whose a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// A carrier's, by the configuration.
    Carrier,
    /// One's own, because the user or an access list says so.
    Own,
    /// That of somebody who used an account honestly, as far as can be told.
    Seen,
    /// That of somebody of whom only the account's owner can tell.
    ToConfirm,
}

/// A carrier's host that stands by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unresolved {
    /// The trunk.
    pub trunk: Untrusted,
    /// The host; where it is a network, one so wide that it cannot be a carrier's alone.
    pub host: Untrusted,
    /// Is it such a network?
    pub is_wide: bool,
}

impl Unresolved {
    /// Returns what is to be done about it.
    pub(super) fn what_to_do(&self) -> &'static str {
        if self.is_wide {
            "it is wider than any carrier's, and whoever sends from there would be let in; put in the addresses that the carrier publishes"
        } else {
            "put its addresses in"
        }
    }
}

/// An account of which an intruder has the secret, or that he made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Taken {
    /// Its name.
    pub name: Name,
    /// What a channel of it begins with: `SIP/205`, `PJSIP/205`; empty where the program names none.
    pub channel: String,
    /// Was it made by the intruder?
    pub is_made: bool,
}

/// A secret to change.
#[derive(Clone, Debug, Serialize)]
pub struct Credential {
    /// How soon.
    pub turn: Turn,
    /// What it protects, in words.
    pub kind: &'static str,
    /// Whose it is.
    pub owner: Untrusted,
    /// Why.
    pub why: String,
    /// Where the server keeps it: path and line, or table.
    pub stored: Vec<String>,
    /// Where the phone gets it.
    pub phone_files: Vec<String>,
    /// Is it typed on a telephone, digits being all there is?
    pub is_pin: bool,
    /// Does the carrier give it out?
    pub is_carriers: bool,
}

/// The turns in which secrets are changed, so that the intruder is out first and phones come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// What the intruder uses: at once, and the phone stays silent until it has the new one.
    Taken,
    /// The lines to carriers.
    Trunk,
    /// Whoever may change the system: panel, manager interface, databases.
    Control,
    /// What strangers have read.
    Read,
    /// What a guesser finds.
    Weak,
    /// Everything else on a host that somebody was in.
    Rest,
}

impl Turn {
    /// All, in order.
    pub const ALL: [Turn; 6] = [Turn::Taken, Turn::Trunk, Turn::Control, Turn::Read, Turn::Weak, Turn::Rest];

    /// Returns what the turn is, as a heading.
    pub fn words(self) -> &'static str {
        match self {
            Turn::Taken => "what the intruder uses",
            Turn::Trunk => "the lines to carriers",
            Turn::Control => "whoever may change the system",
            Turn::Read => "what strangers have read",
            Turn::Weak => "what a guesser finds",
            Turn::Rest => "everything else on this host",
        }
    }
}

/// A line to a carrier or another server.
#[derive(Clone, Debug, Serialize)]
pub struct TrunkLine {
    /// Its name.
    pub name: Untrusted,
    /// The same where a script may hold it.
    pub plain: Option<Name>,
    /// What a channel of it begins with.
    pub channel: String,
    /// Its addresses.
    pub networks: Vec<IpNet>,
    /// Its hosts by name.
    pub hosts: Vec<Untrusted>,
    /// Ports by which it is called, where the configuration names them.
    pub ports: Vec<u16>,
    /// Does a secret of it stand in the configuration?
    pub has_secret: bool,
    /// Its number in the panel, by which it is switched off.
    pub panel_id: Option<Digits>,
    /// Where it is configured.
    pub place: String,
}

/// How numbers go out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outbound {
    /// The home country, by its two letters.
    pub home: Option<String>,
    /// Its name.
    pub home_name: Option<&'static str>,
    /// Its country code: its own numbers may be dialled like those abroad.
    pub home_code: Option<Digits>,
    /// Numbers that always go out.
    pub emergency: Vec<Digits>,
    /// Of those, the ones that are extensions of this phone system as well, which they ring when dialled bare.
    pub extensions: Vec<Digits>,
    /// Are they this country's own, and not only the most usual ones?
    pub knows_emergency: bool,
    /// Where emergency numbers lead by the dialplan, with and without an outside line; empty where none was followed.
    pub ways: Vec<EmergencyWay>,
    /// What is dialled for an outside line.
    pub outside: Vec<Digits>,
    /// What is dialled before a number abroad.
    pub international: Vec<Digits>,
    /// Area codes of the North American plan outside the United States and Canada, which cost as calls abroad do.
    pub costly_areas: Vec<Digits>,
    /// Is the home country of that plan, so that these areas are dialled like one's own?
    pub is_north_american: bool,
    /// Country codes that honest calls went to, with the country's name and how many calls.
    pub called: Vec<Country>,
    /// Routes that let fraudulent calls out, or may let any number abroad.
    pub routes: Vec<OpenRoute>,
    /// Contexts that calls of accounts enter by which numbers abroad are let out.
    pub contexts: Vec<Name>,
    /// Does the dialplan have FreePBX's contexts for routes?
    pub has_panel_routes: bool,
}

/// Where an emergency number leads from a context.
#[derive(Clone, Debug, Serialize)]
pub struct EmergencyWay {
    /// What is dialled.
    pub dialed: Digits,
    /// The emergency number in it: what is left without the outside line.
    pub number: Digits,
    /// The context that it is dialled in.
    pub context: Name,
    /// Where it leads.
    pub leads: Leads,
}

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leads {
    /// Out by a trunk, as the emergency number that it is.
    Out {
        /// The trunk.
        trunk: Untrusted,
        /// The extension that the number meets first, and its context.
        pattern: Untrusted,
        /// The context of it.
        context: Untrusted,
    },
    /// Out by a trunk, as another number.
    OutAs {
        /// What the trunk is given.
        number: Untrusted,
        /// The extension that the number meets first.
        pattern: Untrusted,
        /// The context of it.
        context: Untrusted,
    },
    /// To an extension from which no trunk was found.
    Inside {
        /// The extension.
        pattern: Untrusted,
        /// Its context.
        context: Untrusted,
    },
    /// Nowhere: no extension takes it.
    Nowhere,
    /// That cannot be told from these files.
    Unknown,
}

/// A country that honest calls went to.
#[derive(Clone, Debug, Serialize)]
pub struct Country {
    /// Its country code.
    pub code: Digits,
    /// Its name.
    pub name: &'static str,
    /// How many honest calls.
    pub calls: u64,
}

/// A route that lets costly numbers out.
#[derive(Clone, Debug, Serialize)]
pub struct OpenRoute {
    /// Its context, or the panel's name for it.
    pub context: Untrusted,
    /// Its pattern.
    pub pattern: Untrusted,
    /// The same where a script may hold them.
    pub plain: Option<(Name, DialPattern)>,
    /// Where it stands.
    pub place: String,
    /// How many fraudulent calls left by it.
    pub calls: u64,
    /// Did the intruder write it?
    pub is_intruders: bool,
    /// Does it take nothing but numbers abroad? Any other is the way of ordinary calls too.
    pub is_only_abroad: bool,
    /// Emergency numbers that leave by it, as they are dialled.
    pub emergency: Vec<Digits>,
}

/// Something that stands open to strangers.
#[derive(Clone, Debug, Serialize)]
pub struct Closing {
    /// The word of its finding.
    pub id: &'static str,
    /// Where or what it is.
    pub subject: Untrusted,
    /// What is wrong.
    pub why: String,
    /// What there is to it.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// Where it stands.
    pub places: Vec<String>,
}

/// Something to take away.
#[derive(Clone, Debug, Serialize)]
pub struct Removal {
    /// What kind of thing.
    pub kind: RemovalKind,
    /// Which.
    pub subject: Untrusted,
    /// Why it is here.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// Where it stands.
    pub place: Option<String>,
    /// The file, where it is one that may be set aside whole.
    pub file: Option<DiskPath>,
    /// The account, where that is enough to remove it.
    pub account: Option<Name>,
    /// Is somebody to be asked first?
    pub is_to_ask: bool,
}

/// Kinds of things to take away, in the order in which they are taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalKind {
    /// What runs by itself: it would write the rest anew.
    Job,
    /// Keys and users by which somebody logs in.
    Login,
    /// Administrators of the panel, users of the manager interface.
    Administrator,
    /// Extensions that an intruder made.
    Extension,
    /// Pages and programs that an intruder left.
    File,
    /// Dialplan that calls out where none is expected.
    Dialplan,
    /// Forwards.
    Forward,
    /// DISA.
    Disa,
    /// Mailboxes that call out.
    Voicemail,
    /// Histories with commands like an intruder's: they stay as they are until the host is built anew.
    History,
}

impl RemovalKind {
    /// Returns what such things are called, as a heading.
    pub fn words(self) -> &'static str {
        match self {
            RemovalKind::Job => "What runs by itself (it would write the rest anew)",
            RemovalKind::Login => "Keys and users of the host",
            RemovalKind::Administrator => "Administrators and users of the manager interface",
            RemovalKind::Extension => "Extensions that the intruder made",
            RemovalKind::File => "Files",
            RemovalKind::Dialplan => "Dialplan",
            RemovalKind::Forward => "Forwards",
            RemovalKind::Disa => "DISA",
            RemovalKind::Voicemail => "Mailboxes that call out",
            RemovalKind::History => "Signs of commands: keep them; they go with the host that is built anew",
        }
    }
}

/// What a jail of fail2ban can rest on.
#[derive(Clone, Debug, Serialize)]
pub struct Jail {
    /// The log that tells of most failures.
    pub log: DiskPath,
    /// Its path in the evidence.
    pub path: String,
    /// What form it has.
    pub form: LogForm,
    /// Records of failures in it, of all files of that log.
    pub failures: u64,
    /// What it would have done, had it run.
    pub replay: Replayed,
    /// Of a proxy's log: the turns by which its script tells of a failure.
    pub turns: Vec<ScriptTurn>,
}

/// What the jail would have done, from the tries of each hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Intruders that it would have banned, each with the hour and the tries until then.
    pub banned: Vec<(IpAddr, When, u32)>,
    /// Intruders that it would never have banned, with the most failures that it would have counted at once.
    pub missed: Vec<(IpAddr, u32)>,
    /// How many of those who tried and got nothing it would have banned.
    pub tried_banned: u64,
    /// How many of them are known by their tries.
    pub tried: u64,
    /// Others from outside who would have been banned, or nearly, with the failures that were counted at once.
    pub honest: Vec<(IpAddr, u32)>,
}

/// The turn of speech by which a site's routing script tells of a failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ScriptTurn {
    /// What the line begins with, letters and blanks only: `Auth failed`.
    pub words: String,
    /// What stands directly before the address: `from `, `src_ip=`.
    pub cue: String,
}

/// The forms of logs that a filter is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogForm {
    /// Asterisk's own lines, by any channel of its logger.
    Asterisk,
    /// Asterisk's lines as JSON objects.
    AsteriskJson,
    /// FreeSWITCH's.
    FreeSwitch,
    /// Kamailio's or OpenSIPS's, with lines that the site's own routing script prints.
    Proxy,
}

/// Something that a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ByHand {
    /// What.
    pub what: Untrusted,
    /// Why no script does it.
    pub why: String,
}

impl Outbound {
    /// Returns the emergency numbers that do not go out where they are dialled as they are, each once.
    pub fn stuck(&self) -> Vec<&Digits> {
        let is_stuck = |way: &&EmergencyWay| {
            way.dialed == way.number && !matches!(way.leads, Leads::Out { .. } | Leads::Unknown)
        };
        let stuck: BTreeSet<&Digits> = self.ways.iter().filter(is_stuck).map(|way| &way.number).collect();
        stuck.into_iter().collect()
    }

    /// Returns where a number leads from a context, if that was looked at.
    pub fn leads(&self, context: &str, dialed: &str) -> Option<&Leads> {
        let is_it = |way: &&EmergencyWay| way.context.as_str() == context && way.dialed.as_str() == dialed;
        self.ways.iter().find(is_it).map(|way| &way.leads)
    }
}

impl Plan {
    /// Returns the networks that may speak to the phone system, those to be asked about left out.
    pub fn known(&self) -> impl Iterator<Item = &Keep> {
        self.keep.iter().filter(|keep| keep.kind != Kept::ToConfirm)
    }

    /// Returns whether an intrusion came by one of these ways.
    pub fn came_by(&self, vectors: &[Vector]) -> bool {
        self.intrusions.iter().any(|intrusion| vectors.contains(&intrusion.vector))
    }

    /// Returns whether fraudulent calls pass this system: those of a stolen trunk secret never do.
    pub fn has_calls_here(&self) -> bool {
        self.intrusions.iter().any(|intrusion| intrusion.vector != Vector::TrunkCredential)
    }

    /// Returns what was downloaded that holds secrets: whose lines they open, the carrier sees first.
    pub fn downloads(&self) -> impl Iterator<Item = &Closing> {
        self.closings.iter().filter(|one| one.id == "secrets-downloaded")
    }

    /// Returns whether the phone system runs a program.
    pub fn runs(&self, product: Product) -> bool {
        self.products.contains(&product)
    }
}
