//! Which file is what: by content first, by path where content alone cannot tell.
//!
//! A renamed, rotated, host-suffixed or nested copy has the same content as the original, so names
//! decide little: they settle what a few bytes cannot (a `.conf` file, `/etc/timezone`).

use super::{File, Packing, Reach, data_directory, file_list};
use crate::artifacts::{Place, place};
use crate::fail2ban;
use crate::mariadb::{self, Part};
use crate::pbx;
use crate::readers::{self, Cites, Content, Format, Tells};
use crate::sqlite;
use crate::tables::looks_like_dump;

/// What a first look reads: enough to tell text from the rest.
pub(crate) const FIRST_LOOK: usize = 4 * 1024;

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Records of a format, which its reader reads.
    Records(&'static Format),
    /// A file that belongs to a table of a database: its definition, its index, the redo log.
    DatabasePart,
    /// Asterisk's internal database.
    AsteriskDatabase,
    /// A configuration file of Asterisk.
    Configuration,
    /// A configuration file of FreeSWITCH.
    FreeSwitchConfiguration,
    /// A database of FreeSWITCH's registrations.
    FreeSwitchDatabase,
    /// A configuration file of Kamailio or OpenSIPS.
    ProxyConfiguration,
    /// A file from which a phone takes its settings.
    PhoneFile,
    /// What somebody saved of the server's own commands.
    SavedOutput,
    /// The firewall's rules in force, as a command listed them.
    FirewallListing,
    /// A list of the host's connections.
    Connections,
    /// A list of the host's files, with their times and rights.
    FileList,
    /// A file in which a panel keeps the passwords it works with.
    PanelFile,
    /// A database of a panel's users.
    PanelDatabase,
    /// A file that tells about the host: its zone, its name, its TFTP server.
    HostFile,
    /// A file of the host that intruders leave behind or change: pages, jobs, keys, users.
    Artifact,
    /// An archive with files of other kinds in it.
    Archive,
}

impl Kind {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Records(format) => format.word,
            Kind::DatabasePart => "mariadb-part",
            Kind::AsteriskDatabase => "asterisk-database",
            Kind::Configuration => "configuration",
            Kind::FreeSwitchConfiguration => "freeswitch-configuration",
            Kind::FreeSwitchDatabase => "freeswitch-database",
            Kind::ProxyConfiguration => "proxy-configuration",
            Kind::PhoneFile => "phone-file",
            Kind::SavedOutput => "saved-output",
            Kind::FirewallListing => "firewall-listing",
            Kind::Connections => "connection-list",
            Kind::FileList => "file-list",
            Kind::PanelFile => "panel-file",
            Kind::PanelDatabase => "panel-database",
            Kind::HostFile => "host-file",
            Kind::Artifact => "host-artifact",
            Kind::Archive => "archive",
        }
    }

    /// Returns whether a reader reads records of it.
    pub fn has_records(self) -> bool {
        self.tells().is_some()
    }

    /// Returns whether its records are no lines of text, which could be shown as they stand.
    pub fn is_binary(self) -> bool {
        matches!(self, Kind::Records(format) if format.content != Content::Text)
    }

    /// Returns whether its records stand at no one piece of a file, so that all of it is needed for any.
    pub fn is_database(self) -> bool {
        matches!(self, Kind::Records(format) if format.content == Content::Database)
    }

    /// Returns whether its records have numbers by which they can be found: lines, or rows of a table.
    pub fn has_lines(self) -> bool {
        !matches!(self.cites(), Some(Cites::Offset | Cites::Nowhere))
    }

    /// Returns whether its records stand at offsets that anyone can open: rows of a database, which its
    /// own engine reads, do not.
    pub fn has_offsets(self) -> bool {
        !matches!(self.cites(), Some(Cites::Nowhere))
            && !matches!(self, Kind::AsteriskDatabase | Kind::PanelDatabase)
    }

    /// Returns how one of its records is found again, if a reader reads records of it.
    pub fn cites(self) -> Option<&'static Cites> {
        match self {
            Kind::Records(format) => Some(&format.cites),
            _ => None,
        }
    }

    /// Returns what its records tell of, if it has records that a reader reads.
    pub fn tells(self) -> Option<Tells> {
        match self {
            Kind::Records(format) => Some(format.tells),
            _ => None,
        }
    }
}

/// Tells a kind from a path and the first bytes, unpacked.
fn recognise(path: &str, head: &[u8]) -> Option<Kind> {
    if pbx::is_internal_database(path, head) {
        return Some(Kind::AsteriskDatabase);
    }
    if head.is_empty() {
        return None;
    }
    if pbx::is_registration_database(path, head) {
        return Some(Kind::FreeSwitchDatabase);
    }
    if pbx::is_panel_database(path, head) {
        return Some(Kind::PanelDatabase);
    }
    if let Some((part, table)) = mariadb::part_of(path, head) {
        return table_file(path, part, table, head);
    }
    if memchr::memchr(0, &head[..head.len().min(FIRST_LOOK)]).is_some() {
        return match pbx::is_binary_phone_file(head) {
            true => Some(Kind::PhoneFile),
            false => readers::recognise(path, head),
        };
    }
    if pbx::is_backup_manifest(path, head) {
        return Some(Kind::PanelFile);
    }
    // A dump is told by its first statement; twelve digits of a date in its name look like a phone's.
    if looks_like_dump(head) {
        return readers::recognise(path, head);
    }
    // A configuration or phone file may quote a log line in a comment; a log never has sections.
    if pbx::is_configuration(path, head) {
        return Some(Kind::Configuration);
    }
    if pbx::is_freeswitch_configuration(path, head) {
        return Some(Kind::FreeSwitchConfiguration);
    }
    if pbx::is_proxy_configuration(path, head) {
        return Some(Kind::ProxyConfiguration);
    }
    if pbx::is_phone_file(path, head) {
        return Some(Kind::PhoneFile);
    }
    readers::recognise(path, head)
        .or_else(|| pbx::is_saved_output(head).then_some(Kind::SavedOutput))
        .or_else(|| pbx::is_firewall_listing(path, head).then_some(Kind::FirewallListing))
        .or_else(|| pbx::is_connection_list(path, head).then_some(Kind::Connections))
        .or_else(|| file_list::is_list(path, head).then_some(Kind::FileList))
}

/// Tells what a file of MariaDB's data directory is: definitions of tables that nothing here asks are passed over. What
/// rows of which the name tells nothing are, their definition will tell.
fn table_file(path: &str, part: Part, table: &str, head: &[u8]) -> Option<Kind> {
    let has_records = readers::may_be_table_of_records(path, table);
    match part {
        Part::Rows if has_records => Some(Kind::Records(readers::TABLE)),
        Part::Definition if !(has_records || pbx::is_table(table) || data_directory::has_records(head)) => {
            None
        }
        _ => Some(Kind::DatabasePart),
    }
}

/// The largest file of rows that is kept in memory only to learn what it holds.
const LARGEST_UNNAMED: u64 = 8 * 1024 * 1024;

/// Returns whether a file would have to be kept in memory for nothing but that some definition may make it a table of
/// calls.
fn is_dear(file: &File, head: &[u8]) -> bool {
    let is_streamed = matches!(file.reach, Reach::Streamed { .. });
    let Some((Part::Rows, table)) = mariadb::part_of(&file.path, head) else { return false };
    let is_named = readers::may_be_table_of_records(&file.path, table) || pbx::is_table(table);
    is_streamed && !is_named && file.bytes > LARGEST_UNNAMED
}

fn host_file(path: &str) -> bool {
    ["etc/timezone", "etc/TIMEZONE", "etc/sysconfig/clock", "etc/localtime", "etc/hostname", "etc/os-release"]
        .iter()
        .any(|end| super::ends_with_path(path, end))
        || pbx::is_file_server(path)
        || pbx::is_server_configuration(path)
        || fail2ban::is_configuration(path)
        || pbx::settings::is_settings_file(path)
        || pbx::is_rotation_file(path)
}

/// Returns whether a plain file is worth a look at more than its first bytes.
pub(super) fn is_candidate(file: &File, first: &[u8]) -> bool {
    // `/etc/localtime` copied as a file is binary.
    memchr::memchr(0, first).is_none()
        || host_file(&file.placed)
        || first.starts_with(sqlite::MAGIC)
        || place::of(file, first).is_some()
        || matches!(mariadb::part_of(&file.path, first), Some((Part::Definition, _)))
        || recognise(&file.path, first).is_some()
}

/// Tells a file's kind from its path and its first bytes, unpacked.
pub(super) fn kind_of(file: &File, packing: Packing, is_candidate: bool, head: &[u8]) -> Option<Kind> {
    // A panel's own file tells passwords beside settings.
    if is_candidate && pbx::is_panel_file(&file.placed) {
        return Some(Kind::PanelFile);
    }
    if host_file(&file.placed) {
        return Some(Kind::HostFile);
    }
    let place = place::of(file, head);
    // A page is no log, whatever lines it holds: they are its author's.
    if place == Some(Place::Page) {
        return Some(Kind::Artifact);
    }
    let known = recognised(file, packing, is_candidate, head);
    known.or_else(|| place.filter(|_| packing == Packing::Plain).map(|_| Kind::Artifact))
}

fn recognised(file: &File, packing: Packing, is_candidate: bool, head: &[u8]) -> Option<Kind> {
    if is_dear(file, head) {
        return None;
    }
    is_candidate.then(|| recognise(packing.unpacked_path(&file.path), head)).flatten()
}
