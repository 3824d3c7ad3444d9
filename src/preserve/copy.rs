//! One file copied: hashed as it is read, read back as it was written, and asked whether it changed meanwhile.

use std::fs::{self, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::content::{self, BLOCK, Data, PIECE};
use super::manifest::{Hash, from_hex, hex};
use crate::case::Progress;
use crate::evidence::{Evidence, File, Handle};

/// Rights that a copy keeps: with SUID it would act for whoever holds the copy.
const RIGHTS: u32 = 0o777;
/// Whoever holds the copy has to be able to read it.
const READABLE: u32 = 0o400;

/// What is known of a file that was copied.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copied {
    /// Bytes copied.
    pub(super) bytes: u64,
    /// Their fingerprint.
    #[serde(with = "as_hex")]
    pub(super) sha256: Hash,
    /// When it was last written, RFC 3339, UTC.
    pub(super) modified: Option<String>,
    /// When its rights, owner or contents were last changed.
    pub(super) changed: Option<String>,
    /// Its rights on the disk, octal.
    pub(super) mode: Option<String>,
    /// The owner's number.
    pub(super) owner: Option<u32>,
    /// The group's number.
    pub(super) group: Option<u32>,
    /// Its number in the file system.
    pub(super) inode: Option<u64>,
    /// Names that it has.
    pub(super) names: Option<u64>,
    /// What does not hold for this copy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) note: Option<std::borrow::Cow<'static, str>>,
}

/// Which side failed.
pub(super) enum Failure {
    /// The evidence cannot be read; everything else goes on.
    Evidence(io::Error),
    /// No file of this name or size can be made there; others can.
    Place(io::Error),
    /// The copy cannot be written; so will the next.
    Copy(io::Error),
}

/// Tells a failure of one file from one of all: a name that is too long, that the other file system does not take or
/// holds in other letters already, and a file larger than it takes.
fn failure(cause: io::Error) -> Failure {
    const OF_ONE: [Errno; 6] =
        [Errno::NAMETOOLONG, Errno::EXIST, Errno::INVAL, Errno::ILSEQ, Errno::NOTDIR, Errno::FBIG];
    match Errno::from_io_error(&cause) {
        Some(errno) if OF_ONE.contains(&errno) => Failure::Place(cause),
        _ => Failure::Copy(cause),
    }
}

/// A file is asked for its holes from so many bytes on.
const LARGE: u64 = 64 * 1024 * 1024;

/// Returns how much room a file takes: its size, less its holes.
pub(super) fn bytes_on_disk(evidence: &Evidence, file: &File) -> u64 {
    let blocks = || Some(evidence.open(file).ok()?.metadata()?.blocks().saturating_mul(BLOCK));
    if file.bytes < LARGE { file.bytes } else { blocks().map_or(file.bytes, |blocks| blocks.min(file.bytes)) }
}

/// Copies a file of the evidence to a place where nothing stands.
pub(super) fn copy(
    evidence: &Evidence,
    file: &File,
    place: &Path,
    progress: &dyn Progress,
) -> Result<Copied, Failure> {
    let handle = evidence.open(file).map_err(Failure::Evidence)?;
    let before = handle.fingerprint().map_err(Failure::Evidence)?;
    make_parent(place).map_err(failure)?;
    let created = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(place);
    let written = created.map_err(failure)?;
    let poured = match pour(&handle, &written, file, progress) {
        Err(failure @ (Failure::Evidence(_) | Failure::Place(_))) => {
            // Half a file under the name of the whole would be taken for it.
            fs::remove_file(place).map_err(Failure::Copy)?;
            return Err(failure);
        }
        other => other?,
    };
    let Poured { bytes, sha256, data } = poured;
    let is_as_read = match data {
        Some(data) => content::data_of(&written).map(|as_written| as_written == data.finish()),
        None => content::hash_of(&written).map(|as_written| as_written == sha256),
    };
    if !is_as_read.map_err(Failure::Copy)? {
        return Err(Failure::Copy(io::Error::other("the copy reads otherwise than it was written")));
    }
    let mut copied = facts(handle.metadata().as_ref(), bytes, sha256);
    if handle.fingerprint().ok() != Some(before) || bytes != before.0 {
        copied.note = Some("changed while it was copied".into());
    }
    keep_times_and_rights(&written, handle.metadata().as_ref()).map_err(Failure::Copy)?;
    Ok(copied)
}

/// Makes the folders above a copy.
pub(super) fn make_parent(place: &Path) -> io::Result<()> {
    place.parent().map_or(Ok(()), fs::create_dir_all)
}

/// What was written.
struct Poured {
    bytes: u64,
    sha256: Hash,
    /// What reading it back has to come to, for a file with holes.
    data: Option<Data>,
}

fn pour(
    handle: &Handle,
    written: &fs::File,
    file: &File,
    progress: &dyn Progress,
) -> Result<Poured, Failure> {
    let mut hash = Sha256::new();
    let mut data = handle.metadata().filter(content::is_sparse).map(|_| Data::default());
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    // A log that grows while it is read is copied as far as it went when it was opened.
    while offset < handle.size() {
        let hole = content::whole_pieces(handle.hole_at(offset));
        if hole > 0 {
            content::add_zeros(&mut hash, hole, &mut |step| progress.advance(&file.path, step));
            offset += hole;
            continue;
        }
        let wanted = usize::try_from(handle.size() - offset).unwrap_or(PIECE).min(PIECE);
        let got = handle.read_at(&mut buffer[..wanted], offset).map_err(Failure::Evidence)?;
        let piece = &buffer[..got];
        if piece.is_empty() {
            break;
        }
        hash.update(piece);
        // Zeros are left out: a hole stays one, whether or not the file system told of it.
        if !content::is_zero(piece) {
            written.write_all_at(piece, offset).map_err(failure)?;
            if let Some(data) = &mut data {
                data.add(offset, piece);
            }
        }
        offset += got as u64;
        progress.advance(&file.path, got as u64);
    }
    written.set_len(offset).map_err(failure)?;
    Ok(Poured { bytes: offset, sha256: hash.finalize().into(), data })
}

fn facts(metadata: Option<&fs::Metadata>, bytes: u64, sha256: Hash) -> Copied {
    let time = |seconds: i64, nanoseconds: i64| {
        let at = DateTime::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)?;
        Some(at.to_rfc3339_opts(SecondsFormat::Nanos, true))
    };
    Copied {
        bytes,
        sha256,
        modified: metadata.and_then(|found| time(found.mtime(), found.mtime_nsec())),
        changed: metadata.and_then(|found| time(found.ctime(), found.ctime_nsec())),
        mode: metadata.map(|found| format!("{:04o}", found.mode() & 0o7777)),
        owner: metadata.map(fs::Metadata::uid),
        group: metadata.map(fs::Metadata::gid),
        inode: metadata.map(fs::Metadata::ino),
        names: metadata.map(fs::Metadata::nlink),
        note: None,
    }
}

/// Gives a copy the time and the rights of the file: both tell something, and the inquiry asks for them.
fn keep_times_and_rights(written: &fs::File, metadata: Option<&fs::Metadata>) -> io::Result<()> {
    let Some(metadata) = metadata else { return Ok(()) };
    written.set_permissions(Permissions::from_mode(kept_rights(metadata.mode())))?;
    written.set_times(FileTimes::new().set_modified(metadata.modified()?))
}

/// Returns the rights that a copy of a file with these has.
pub(super) fn kept_rights(mode: u32) -> u32 {
    mode & RIGHTS | READABLE
}

/// Fingerprints as they are written.
mod as_hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{Hash, from_hex, hex};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text).ok_or_else(|| D::Error::custom("no SHA-256"))
    }
}
