//! SHA-256 of every source's bytes: as they are on disk, or as an archive would be unpacked to. On the way the sum
//! that a zip has for a member is compared, which nothing else would notice: bytes that are not packed come out all
//! the same.
//!
//! One file is hashed by one thread and takes longer than all the rest, so that it goes on beside reading and
//! judging, over the same pages of the disk's cache, and is waited for only where a digest is shown.

use std::collections::BTreeMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::lock;
use crate::event::SourceId;
use crate::evidence::{Evidence, Source};

/// What hashing one source came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashed {
    /// The digest, in hexadecimal.
    pub sha256: Option<String>,
    /// Why there is none, or what is wrong with the bytes.
    pub note: Option<String>,
}

/// The hashing of all sources, the largest first.
#[derive(Debug)]
pub struct Hashing<'e> {
    evidence: &'e Evidence,
    order: Vec<&'e Source>,
    next: AtomicUsize,
    hashed: Mutex<BTreeMap<SourceId, Hashed>>,
    /// Signals that a source was hashed.
    moved: Condvar,
}

impl<'e> Hashing<'e> {
    /// Begins with nothing hashed.
    pub fn new(evidence: &'e Evidence) -> Self {
        let mut order: Vec<&Source> = evidence.sources.iter().collect();
        order.sort_by_key(|source| std::cmp::Reverse(source.file.bytes));
        Hashing {
            evidence,
            order,
            next: AtomicUsize::new(0),
            hashed: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// Hashes sources until none is left that no other thread has taken.
    pub fn work(&self) {
        while let Some(source) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            // Whoever waits must not wait for ever because a decoder failed on hostile bytes.
            let hashed = catch_unwind(AssertUnwindSafe(|| hash(self.evidence, source)));
            let note = || Some("cannot be hashed: the reader failed on it".to_owned());
            let hashed = hashed.unwrap_or_else(|_| Hashed { sha256: None, note: note() });
            lock(&self.hashed).insert(source.id, hashed);
            self.moved.notify_all();
        }
    }

    /// Hashes what is left, waits for the other threads, and returns what it came to by source.
    pub fn finish(&self) -> BTreeMap<SourceId, Hashed> {
        self.work();
        let mut hashed = lock(&self.hashed);
        while hashed.len() < self.order.len() {
            hashed = self.moved.wait(hashed).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut *hashed)
    }
}

/// Hashes one source.
fn hash(evidence: &Evidence, source: &Source) -> Hashed {
    match digest(evidence, source) {
        Ok(hashed) => hashed,
        Err(error) => Hashed { sha256: None, note: Some(format!("cannot be hashed: {error}")) },
    }
}

fn digest(evidence: &Evidence, source: &Source) -> std::io::Result<Hashed> {
    if let Some(digest) = source.digest() {
        return Ok(Hashed { sha256: Some(hexadecimal(digest)), note: None });
    }
    let handle = evidence.open(&source.file)?;
    let mut bytes = handle.stream();
    let mut hasher = Sha256::new();
    let mut sum = source.file.checksum().map(|expected| (expected, flate2::Crc::new()));
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => {
                hasher.update(&buffer[..got]);
                if let Some((_, sum)) = &mut sum {
                    sum.update(&buffer[..got]);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_other = sum.is_some_and(|(expected, found)| expected != found.sum());
    let why = "its checksum in the archive is another: damaged, or changed since it was packed";
    Ok(Hashed { sha256: Some(hexadecimal(&hasher.finalize())), note: is_other.then(|| why.to_owned()) })
}

/// Writes bytes as lower-case hexadecimal.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
