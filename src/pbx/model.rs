//! The shape of what the configuration says: accounts, trunks, logs, phone files.
//!
//! No value here holds a secret; a secret is told by its strength and by whether a phone file
//! gives it away.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::connections::Connection;
use super::dialplan::Dialplan;
use super::firewall::Firewall;
use super::freeswitch::SwitchPlan;
use super::listeners::Listener;
use super::panel::Panel;
use super::secret::{HeldSecret, Values};
use super::serving::Share;
use crate::event::{Citation, Instant, Service, SourceId};

/// All that the configuration files, the phone files and the internal database say.
#[derive(Debug, Default)]
pub struct Pbx {
    /// What can register or call: extensions, users, endpoints.
    pub accounts: Vec<Account>,
    /// Lines to carriers and other servers.
    pub trunks: Vec<Trunk>,
    /// Users of the manager interface.
    pub manager_users: Vec<ManagerUser>,
    /// `logger.conf`, with its includes.
    pub logger: Option<Logger>,
    /// `cdr.conf` and `cdr_custom.conf`.
    pub call_records: CallRecordSettings,
    /// Contexts where a call lands that no account made.
    pub guest_contexts: Vec<String>,
    /// May anybody call without an account? `None` where no file says.
    pub allow_guest: Option<bool>,
    /// Files from which phones take their credentials.
    pub phone_files: Vec<PhoneFile>,
    /// Contacts as the internal database last knew them.
    pub bindings: Vec<Binding>,
    /// Extensions that no route asks for its PIN.
    pub without_pin: Vec<(String, Citation)>,
    /// Calls that were up when somebody listed them.
    pub live_calls: Vec<LiveCall>,
    /// How often FreeSWITCH asked for credentials and was given the right ones.
    pub login_counts: Vec<LoginCounts>,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// The server's own addresses, as far as the configuration tells.
    pub own_addresses: Vec<IpAddr>,
    /// `systemname` of `asterisk.conf`.
    pub system_name: Option<String>,
    /// The country of the tones in `indications.conf`; `us` unless somebody changed it.
    pub tone_zone: Option<String>,
    /// May anybody log in to the manager interface at all? `None` where no file says.
    pub manager_enabled: Option<bool>,
    /// Does the manager interface listen to the host itself only?
    pub manager_is_local: bool,
    /// Does FreeSWITCH log who gave a wrong secret? `None` where no file says.
    pub logs_wrong_secrets: Option<bool>,
    /// Servers that phones fetch their files from.
    pub file_servers: Vec<FileServer>,
    /// Folders that servers hand out.
    pub shares: Vec<Share>,
    /// Connections that were up when the evidence was collected.
    pub connections: Vec<Connection>,
    /// The firewall's rules, as saved and as in force.
    pub firewall: Firewall,
    /// Is there a web panel (its own configuration file)?
    pub has_panel: bool,
    /// Access lists that do not do what was meant.
    pub access_faults: Vec<AccessFault>,
    /// Settings that rules ask for, as they are held.
    pub settings: super::settings::Settings,
    /// For how long logs are kept, as far as logrotate tells.
    pub rotations: Vec<super::log_rotation::LogRotation>,
    /// fail2ban's own configuration, where it is there.
    pub fail2ban: Option<crate::fail2ban::Configuration>,
    /// Kamailio or OpenSIPS, where a configuration file of it is there.
    pub proxy: Option<&'static str>,
    /// The accounts' names by the numbers that FusionPBX gives its extensions, where its tables are there.
    pub extension_ids: BTreeMap<String, String>,
    /// What only the tables of a web panel tell.
    pub panel: Panel,
    /// Which number leads where.
    pub dialplan: Dialplan,
    /// What the routing script of Kamailio or OpenSIPS does to keep strangers out.
    pub proxy_script: Option<ProxyScript>,
    /// Every secret that was met, by all that may be told of it.
    pub held_secrets: Vec<HeldSecret>,
    /// The secrets in force, for telling whether they were changed.
    pub secret_values: Values,
    /// By which extension of FreeSWITCH's a number leaves.
    pub switch_plan: SwitchPlan,
    /// The host's users, as far as they bear on the phone system.
    pub host: super::host_users::HostUsers,
    /// Forwards that are set.
    pub forwards: Vec<Forward>,
    /// Configuration that could not be read, and why.
    pub problems: Vec<Problem>,
    /// Parts of the configuration that are named and were not read: what is not found elsewhere may stand there.
    pub unread: Vec<Problem>,
}

/// A TFTP or FTP server, as its configuration file sets it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileServer {
    /// The program.
    pub name: &'static str,
    /// What it speaks.
    pub service: Service,
    /// Its configuration file.
    pub path: String,
    /// Does it write a line when somebody fetches a file?
    pub logs_requests: bool,
    /// What to set so that it does.
    pub remedy: &'static str,
}

/// What the routing script of a SIP proxy does to keep strangers out, in all files of it together.
#[derive(Clone, Debug, Default)]
pub struct ProxyScript {
    /// Where requests enter it; `None` where only parts of it are here.
    pub route: Option<Citation>,
    /// Does it ask for credentials anywhere?
    pub authenticates: bool,
    /// Does it shut out whoever sends too much?
    pub limits: bool,
}

/// An access list that does not do what whoever wrote it meant.
#[derive(Clone, Debug)]
pub struct AccessFault {
    /// The section.
    pub name: String,
    /// What is wrong.
    pub trap: AccessTrap,
    /// Where it is configured.
    pub place: Citation,
}

/// How an access list goes wrong: the last rule that matches decides, and rules of one family say nothing of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessTrap {
    /// A later rule lets everybody in whom an earlier one keeps out.
    DenyUndone,
    /// A later rule keeps everybody out whom earlier ones let in.
    NobodyLeft,
    /// IPv4 is closed, IPv6 is listened to and open.
    SixOpen,
}

/// How strong a secret is, told without telling the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretStrength {
    /// No secret at all.
    None,
    /// The account's own name, or a password that products ship with.
    Default,
    /// Short, digits only, a word, made of the account's name, or shared by many accounts.
    Weak,
    /// Nothing speaks against it.
    Fair,
}

/// The technology of an account or trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technology {
    /// `chan_sip`.
    Sip,
    /// `chan_pjsip`.
    Pjsip,
    /// `chan_iax2`.
    Iax2,
    /// `mod_sofia` of FreeSWITCH.
    Sofia,
    /// Kamailio or OpenSIPS.
    Proxy,
}

/// What can register or make calls.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name of section, endpoint or user.
    pub name: String,
    /// The technology.
    pub technology: Technology,
    /// The context its calls enter.
    pub context: Option<String>,
    /// The name it authenticates with, where it is another.
    pub auth_name: Option<String>,
    /// The caller's name as configured.
    pub display_name: Option<String>,
    /// How strong its secret is; `None` where no file tells.
    pub secret: Option<SecretStrength>,
    /// What is wrong with the secret, in words that do not show it.
    pub secret_weakness: Option<&'static str>,
    /// Networks its access list lets in; empty when everyone may come.
    pub permit: Vec<IpNet>,
    /// Where it is configured.
    pub place: Citation,
}

/// A line to a carrier or another server.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// The name of section or endpoint.
    pub name: String,
    /// The technology.
    pub technology: Technology,
    /// Addresses that belong to it: host, contact, identify match.
    pub networks: Vec<IpNet>,
    /// Host names that could not be turned into addresses without a network.
    pub hosts: Vec<String>,
    /// Ports by which it is called, where the configuration names them.
    pub ports: Vec<u16>,
    /// The context its calls enter.
    pub context: Option<String>,
    /// Where it is configured.
    pub place: Citation,
}

/// A user of the manager interface.
#[derive(Clone, Debug)]
pub struct ManagerUser {
    /// The name.
    pub name: String,
    /// Networks its access list lets in; empty when everyone may come.
    pub permit: Vec<IpNet>,
    /// How strong its secret is.
    pub secret: Option<SecretStrength>,
    /// May it originate calls or run commands?
    pub can_originate: bool,
    /// Where it is configured.
    pub place: Citation,
}

/// What `logger.conf` says.
#[derive(Clone, Debug)]
pub struct Logger {
    /// `dateformat`; `None` for the built-in `%b %e %T`.
    pub date_format: Option<String>,
    /// The files of `[logfiles]`, console and syslog left out.
    pub channels: Vec<LogChannel>,
    /// Where it is configured.
    pub place: Citation,
}

/// One file that Asterisk logs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChannel {
    /// The file's name as written.
    pub file: String,
    /// Levels, lower case (`security`, `verbose(3)` is `verbose`).
    pub levels: Vec<String>,
    /// `default`, `plain` or `json`.
    pub formatter: String,
}

/// How call records are written.
#[derive(Clone, Debug, Default)]
pub struct CallRecordSettings {
    /// Are call records written at all? `None` where no file says.
    pub enabled: Option<bool>,
    /// Are the times of `cdr_csv` in GMT? `None` where no file says.
    pub csv_in_gmt: Option<bool>,
    /// The columns of each `cdr_custom` file, by file name: variable names as in `CDR(name)`.
    pub custom_columns: BTreeMap<String, Vec<String>>,
    /// The columns of each `cel_custom` file, by file name.
    pub event_columns: BTreeMap<String, Vec<String>>,
    /// The `dateformat` of `cel.conf`.
    pub event_date_format: Option<String>,
    /// The columns that a SIP proxy's routing script adds to its accounting, as each setting of it lists them.
    pub accounting_columns: Vec<Vec<String>>,
    /// The variables of each template in FreeSWITCH's `cdr_csv.conf.xml`, the default one first.
    pub freeswitch_templates: Vec<Vec<String>>,
}

/// Where a phone's file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOrigin {
    /// On the disk.
    Disk,
    /// Nowhere: this program makes it when a phone asks.
    OnRequest(&'static str),
    /// This program wrote it to a folder that is not in the evidence.
    Elsewhere(&'static str),
}

/// A file from which a phone takes its credentials.
#[derive(Clone, Debug)]
pub struct PhoneFile {
    /// The source; of a file that no disk holds, the one that tells what would be in it.
    pub source: SourceId,
    /// Path below the evidence root; of a file that no disk holds, that of its URL.
    pub path: String,
    /// Other names under which it can be asked for, the phone's bare address among them.
    pub also: Vec<String>,
    /// Where it is kept.
    pub origin: FileOrigin,
    /// The same with the root's own name before it, by which folders of one disk are told.
    pub placed: String,
    /// Its rights, as far as the copy kept them.
    pub mode: Option<u32>,
    /// The phone's vendor, as far as the rules tell.
    pub vendor: &'static str,
    /// The accounts whose credentials it holds, with the line.
    pub accounts: Vec<PhoneAccount>,
}

impl PhoneFile {
    /// Returns the names under which it can be asked for: its own, those of the archives around it, and others.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.path.split("!/").filter_map(|path| path.rsplit('/').next());
        own.chain(self.also.iter().map(String::as_str))
    }

    /// Returns whether it lies on the disk.
    pub fn is_on_disk(&self) -> bool {
        self.origin == FileOrigin::Disk
    }

    /// Returns the folder that it lies in, as reports show it.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// One account in a phone file.
#[derive(Clone, Debug)]
pub struct PhoneAccount {
    /// The account's name.
    pub name: String,
    /// Is its secret the one the server accepts? `None` where the server's is not known.
    pub secret_is_live: Option<bool>,
    /// Where it stands.
    pub place: Citation,
}

/// A contact that the internal database holds for an account.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The account.
    pub account: String,
    /// The address of the contact.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
    /// The user agent it registered with.
    pub user_agent: Option<String>,
    /// When it lapses or lapsed, where the database says.
    pub expires: Option<Instant>,
    /// Where it stands.
    pub place: Citation,
}

/// A call that was up when somebody listed the server's channels, or when its database was copied.
#[derive(Clone, Debug)]
pub struct LiveCall {
    /// The channel's name.
    pub channel: String,
    /// The account in it.
    pub account: Option<String>,
    /// The address of whoever made it, where the list tells.
    pub address: Option<IpAddr>,
    /// Where it goes: the application at work, or the number that was dialled; perhaps cut.
    pub leads_to: String,
    /// How long it had been up, in seconds.
    pub seconds: Option<u64>,
    /// Where it stands.
    pub place: Citation,
}

/// A forward that is set for an account.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The account.
    pub account: String,
    /// Where to, as it stands.
    pub number: String,
    /// When it sends calls on: always, when busy, when nobody answers.
    pub when: &'static str,
    /// Where it stands.
    pub place: Citation,
}

/// What `sip_authentication` of one profile counts: who it was stands nowhere in it.
#[derive(Clone, Debug)]
pub struct LoginCounts {
    /// Challenges that it still has.
    pub challenges: u64,
    /// Challenges that were answered with the right secret.
    pub logins: u64,
    /// The highest count that a client sent with one challenge, if it is higher than a phone's.
    pub most_uses: Option<i64>,
    /// When the answered ones lapse: a minute, and the time that the client asked for, after each login. In seconds since
    /// 1970, in order.
    pub answered: Vec<i64>,
    /// When that challenge lapses: a minute, and the time that the client asked for, after the login.
    pub tool_expires: Option<Instant>,
    /// Where it stands.
    pub place: Citation,
}

/// Something that could not be read.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Path below the evidence root, and line.
    pub path: String,
    /// What, and why.
    pub what: String,
}
