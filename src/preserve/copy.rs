//! One file copied: hashed as it is read, read back as it was written, and asked whether it changed meanwhile.

use std::fs::{self, FileTimes, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::manifest::{Hash, from_hex, hex};
use crate::case::Progress;
use crate::evidence::{Evidence, File, Handle};

/// Bytes read at a time.
const PIECE: usize = 1024 * 1024;
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
    /// The copy cannot be written; so will the next.
    Copy(io::Error),
}

/// A file is asked for its holes from so many bytes on.
const LARGE: u64 = 64 * 1024 * 1024;
/// What `st_blocks` counts in, whatever the file system's own blocks are (stat(2)).
const BLOCK: u64 = 512;

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
    make_parent(place).map_err(Failure::Copy)?;
    let created = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(place);
    let mut written = created.map_err(Failure::Copy)?;
    let (bytes, sha256) = match pour(&handle, &mut written, file, progress) {
        Err(Failure::Evidence(cause)) => {
            // Half a file under the name of the whole would be taken for it.
            fs::remove_file(place).map_err(Failure::Copy)?;
            return Err(Failure::Evidence(cause));
        }
        other => other?,
    };
    let as_written = fingerprint(&mut written).map_err(Failure::Copy)?;
    if as_written != sha256 {
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

fn pour(
    handle: &Handle,
    written: &mut fs::File,
    file: &File,
    progress: &dyn Progress,
) -> Result<(u64, Hash), Failure> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    // A log that grows while it is read is copied as far as it went when it was opened.
    while offset < handle.size() {
        let wanted = usize::try_from(handle.size() - offset).unwrap_or(PIECE).min(PIECE);
        let got = handle.read_at(&mut buffer[..wanted], offset).map_err(Failure::Evidence)?;
        let piece = &buffer[..got];
        if piece.is_empty() {
            break;
        }
        hash.update(piece);
        // `lastlog` claims hundreds of gigabytes and holds a few blocks: its holes stay holes.
        let wrote = if piece.iter().all(|&byte| byte == 0) {
            written.seek(SeekFrom::Current(got as i64)).map(|_| ())
        } else {
            written.write_all(piece)
        };
        wrote.map_err(Failure::Copy)?;
        offset += got as u64;
        progress.advance(&file.path, got as u64);
    }
    written.set_len(offset).map_err(Failure::Copy)?;
    Ok((offset, hash.finalize().into()))
}

fn fingerprint(file: &mut fs::File) -> io::Result<Hash> {
    file.seek(SeekFrom::Start(0))?;
    hash_of(file)
}

/// Returns the SHA-256 of what is left of a file.
pub(super) fn hash_of(file: &mut fs::File) -> io::Result<Hash> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(got) => hash.update(buffer.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
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
    written.set_permissions(Permissions::from_mode(metadata.mode() & RIGHTS | READABLE))?;
    written.set_times(FileTimes::new().set_modified(metadata.modified()?))
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
