//! Which file is what: by content first, by path where content alone cannot tell.
//!
//! A renamed, rotated, host-suffixed or nested copy has the same content as the original, so names
//! decide little: they settle what a few bytes cannot (a `.conf` file, `/etc/timezone`).

use super::bytes::{Packing, read_up_to};
use super::{Evidence, File, HEAD, Source, Unread};
use crate::event::SourceId;
use crate::mariadb;
use crate::pbx;
use crate::readers::{self, Format, Tells};

/// The most sources of one case.
const MOST_SOURCES: usize = u16::MAX as usize;
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
    /// A file from which a phone takes its settings.
    PhoneFile,
    /// A file that tells about the host: its zone, its name, its TFTP server.
    HostFile,
}

impl Kind {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Records(format) => format.word,
            Kind::DatabasePart => "mariadb-part",
            Kind::AsteriskDatabase => "asterisk-database",
            Kind::Configuration => "configuration",
            Kind::PhoneFile => "phone-file",
            Kind::HostFile => "host-file",
        }
    }

    /// Returns whether a reader reads records of it.
    pub fn has_records(self) -> bool {
        self.tells().is_some()
    }

    /// Returns what its records tell of, if it has records that a reader reads.
    pub fn tells(self) -> Option<Tells> {
        match self {
            Kind::Records(format) => Some(format.tells),
            _ => None,
        }
    }
}

/// Tells a file's kind from its path and its first bytes, unpacked.
pub(super) fn recognise(path: &str, head: &[u8]) -> Option<Kind> {
    if pbx::is_internal_database(path, head) {
        return Some(Kind::AsteriskDatabase);
    }
    if head.is_empty() {
        return None;
    }
    if mariadb::is_part(path, head) {
        return Some(Kind::DatabasePart);
    }
    if memchr::memchr(0, &head[..head.len().min(FIRST_LOOK)]).is_some() {
        return readers::recognise(path, head);
    }
    // A configuration or phone file may quote a log line in a comment; a log never has sections.
    if pbx::is_configuration(path, head) {
        return Some(Kind::Configuration);
    }
    if pbx::is_phone_file(path, head) {
        return Some(Kind::PhoneFile);
    }
    readers::recognise(path, head)
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

/// Sorts files into sources and the rest.
pub(super) fn recognise_all(evidence: &mut Evidence, mut files: Vec<File>) {
    files.sort_by(|left, right| left.path.cmp(&right.path));
    for file in files {
        if evidence.sources.len() == MOST_SOURCES {
            evidence.trouble.push(Unread {
                path: file.path,
                bytes: Some(file.bytes),
                why: format!("more than {MOST_SOURCES} sources: this and all later files were not looked at"),
            });
            return;
        }
        if let Err(error) = look_at(evidence, file.clone()) {
            evidence.trouble.push(Unread {
                path: file.path,
                bytes: Some(file.bytes),
                why: format!("cannot be opened: {error}"),
            });
        }
    }
}

fn look_at(evidence: &mut Evidence, file: File) -> std::io::Result<()> {
    let handle = evidence.open(&file)?;
    let mut first = vec![0; FIRST_LOOK];
    let got = handle.read_at(&mut first, 0)?;
    first.truncate(got);
    let packing = Packing::of(&first);
    let is_text = memchr::memchr(0, &first).is_none();
    // `/etc/localtime` copied as a file is binary.
    let is_candidate = packing != Packing::Plain
        || is_text
        || host_file(&file.placed)
        || recognise(&file.path, &first).is_some();
    let head = if is_candidate && (packing != Packing::Plain || got == FIRST_LOOK) {
        read_up_to(&handle, packing, HEAD)?
    } else {
        first
    };
    // `full.1.gz` holds what `full.1` held.
    let inner_path = if packing == Packing::Gzip { file.path.trim_end_matches(".gz") } else { &file.path };
    let kind = match host_file(&file.placed) {
        true => Some(Kind::HostFile),
        false => is_candidate.then(|| recognise(inner_path, &head)).flatten(),
    };
    let Some(kind) = kind else {
        evidence.unrecognised_count += 1;
        if evidence.unrecognised.len() < Evidence::MOST_LISTED {
            let why = if head.is_empty() { "empty" } else { "of no known kind" };
            evidence.unrecognised.push(Unread { path: file.path, bytes: Some(file.bytes), why: why.into() });
        }
        return Ok(());
    };
    let tail =
        if packing == Packing::Plain && kind.has_records() { last_bytes(&handle)? } else { Vec::new() };
    let id = SourceId(evidence.sources.len() as u16);
    evidence.sources.push(Source { id, file, kind, packing, duplicate_of: None, head, tail });
    Ok(())
}

fn last_bytes(handle: &super::Handle) -> std::io::Result<Vec<u8>> {
    let length = handle.size().min(HEAD as u64);
    let mut bytes = vec![0; length as usize];
    let got = handle.read_at(&mut bytes, handle.size() - length)?;
    bytes.truncate(got);
    Ok(bytes)
}
