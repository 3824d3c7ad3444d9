//! Which file is what: by content first, by path where content alone cannot tell.
//!
//! A renamed, rotated, host-suffixed or nested copy has the same content as the original, so names
//! decide little: they settle what a few bytes cannot (a `.conf` file, `/etc/timezone`).

use super::{File, Packing};
use crate::{pbx, readers};

/// What a first look reads: enough to tell text from the rest.
pub(super) const FIRST_LOOK: usize = 4 * 1024;

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file of Asterisk's logger, in any of its forms.
    AsteriskLog,
    /// A syslog file, with the lines of many programs.
    Syslog,
    /// fail2ban's own log.
    Fail2banLog,
    /// Asterisk's queue log.
    QueueLog,
    /// Call detail records as CSV.
    CallRecords,
    /// Channel events as CSV.
    ChannelEvents,
    /// Asterisk's internal database.
    AsteriskDatabase,
    /// A configuration file of Asterisk.
    Configuration,
    /// A file from which a phone takes its settings.
    PhoneFile,
    /// A file that tells about the host: its zone, its name, its TFTP server.
    HostFile,
    /// An archive with files of other kinds in it.
    Archive,
}

impl Kind {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Kind::AsteriskLog => "asterisk-log",
            Kind::Syslog => "syslog",
            Kind::Fail2banLog => "fail2ban-log",
            Kind::QueueLog => "queue-log",
            Kind::CallRecords => "call-records",
            Kind::ChannelEvents => "channel-events",
            Kind::AsteriskDatabase => "asterisk-database",
            Kind::Configuration => "configuration",
            Kind::PhoneFile => "phone-file",
            Kind::HostFile => "host-file",
            Kind::Archive => "archive",
        }
    }

    /// Returns whether its records stand one after another and tell of events.
    pub fn is_read_by_line(self) -> bool {
        matches!(
            self,
            Kind::AsteriskLog
                | Kind::Syslog
                | Kind::Fail2banLog
                | Kind::QueueLog
                | Kind::CallRecords
                | Kind::ChannelEvents
        )
    }
}

/// Tells a kind from a path and the first bytes, unpacked.
fn recognise(path: &str, head: &[u8]) -> Option<Kind> {
    if pbx::is_internal_database(path, head) {
        return Some(Kind::AsteriskDatabase);
    }
    if head.is_empty() || memchr::memchr(0, &head[..head.len().min(FIRST_LOOK)]).is_some() {
        return None;
    }
    // A configuration or phone file may quote a log line in a comment; a log never has sections.
    if pbx::is_configuration(path, head) {
        return Some(Kind::Configuration);
    }
    if pbx::is_phone_file(path, head) {
        return Some(Kind::PhoneFile);
    }
    readers::recognise(head)
}

fn host_file(path: &str) -> bool {
    [
        "etc/timezone",
        "etc/TIMEZONE",
        "etc/sysconfig/clock",
        "etc/localtime",
        "etc/hostname",
        "etc/default/tftpd-hpa",
        "etc/os-release",
    ]
    .iter()
    .any(|end| super::ends_with_path(path, end))
}

/// Returns whether a plain file is worth a look at more than its first bytes.
pub(super) fn is_candidate(file: &File, first: &[u8]) -> bool {
    // `/etc/localtime` copied as a file is binary.
    memchr::memchr(0, first).is_none()
        || host_file(&file.placed)
        || pbx::is_internal_database(&file.path, first)
}

/// Tells a file's kind from its path and its first bytes, unpacked.
pub(super) fn kind_of(file: &File, packing: Packing, is_candidate: bool, head: &[u8]) -> Option<Kind> {
    if host_file(&file.placed) {
        return Some(Kind::HostFile);
    }
    is_candidate.then(|| recognise(packing.unpacked_path(&file.path), head)).flatten()
}
