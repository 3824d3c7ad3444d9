//! The manifest: SHA-256 and name, a file a line, as `sha256sum -c` takes it.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::PreserveError;

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// Returns a fingerprint as it is written.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a fingerprint.
pub(super) fn from_hex(text: &str) -> Option<Hash> {
    let bytes = text.as_bytes();
    let mut hash = [0; 32];
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (place, pair) in hash.iter_mut().zip(bytes.chunks(2)) {
        *place = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

/// Reads bytes that were written as [`hex`].
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { text.as_bytes().chunks(2).map(digits).collect() } else { None }
}

/// A line of a manifest, read.
pub(super) fn line(line: &str) -> Option<(Hash, &str)> {
    let (hash, name) = line.split_at_checked(64)?;
    Some((from_hex(hash)?, name.strip_prefix("  ")?))
}

/// A manifest that is being written.
pub(super) struct Manifest {
    path: PathBuf,
    file: BufWriter<fs::File>,
    hash: Sha256,
}

impl Manifest {
    pub(super) fn create(path: &Path) -> Result<Self, PreserveError> {
        let file = fs::File::create_new(path).map_err(|cause| PreserveError::unwritable(path, cause))?;
        Ok(Manifest { path: path.to_owned(), file: BufWriter::new(file), hash: Sha256::new() })
    }

    /// Adds a file under a name that needs no quoting.
    pub(super) fn add(&mut self, hash: &Hash, name: &str) -> Result<(), PreserveError> {
        let line = format!("{}  {name}\n", hex(hash));
        self.hash.update(line.as_bytes());
        self.file.write_all(line.as_bytes()).map_err(|cause| PreserveError::unwritable(&self.path, cause))
    }

    /// Ends it and returns its own fingerprint.
    pub(super) fn finish(mut self) -> Result<Hash, PreserveError> {
        self.file.flush().map_err(|cause| PreserveError::unwritable(&self.path, cause))?;
        Ok(self.hash.finalize().into())
    }
}
