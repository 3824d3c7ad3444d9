//! Lengths and hashes of contents, by which members that no one can open twice are compared.
//!
//! A large member of a packed archive was hashed when it was listed. Whether it is the beginning of a
//! longer log is told by the hash of that log's beginning; where that is such a member as well, one more
//! pass over its archive gives the hashes of all beginnings that are asked for.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::packing::Packing;
use super::{Contents, Evidence, Source};
use crate::event::SourceId;

type Hash = [u8; 32];
const PIECE: usize = 64 * 1024;

/// What is known of contents so far.
#[derive(Default)]
pub(super) struct Measures {
    /// Length and hash of what is inside a source's packing.
    whole: BTreeMap<SourceId, (u64, Hash)>,
    /// Hash of a source's bytes as packed as they are.
    packed: BTreeMap<SourceId, Option<Hash>>,
    /// Hashes of the first so many bytes, and whether they are all.
    beginnings: BTreeMap<(SourceId, u64), (Hash, bool)>,
}

impl Measures {
    /// Returns length and hash of a source's contents.
    pub(super) fn whole(&mut self, evidence: &Evidence, source: &Source) -> Option<(u64, Hash)> {
        if evidence.archive_of(source).is_some() {
            let is_plain = source.packing == Packing::Plain;
            return source.digest.filter(|_| is_plain).map(|digest| (source.file.bytes, digest));
        }
        if let Some(known) = self.whole.get(&source.id) {
            return Some(*known);
        }
        let handle = evidence.open(&source.file).ok()?;
        let mut contents = handle.contents(source.packing);
        let mut hasher = Sha256::new();
        let length = feed(&mut hasher, &mut contents, u64::MAX);
        let measured = (length, hasher.finalize().into());
        self.whole.insert(source.id, measured);
        Some(measured)
    }

    /// Returns whether two packed sources are the same bytes.
    pub(super) fn same_packed(&mut self, evidence: &Evidence, left: &Source, right: &Source) -> bool {
        left.packing == right.packing
            && left.file.bytes == right.file.bytes
            && self.packed(evidence, left).is_some_and(|left| Some(left) == self.packed(evidence, right))
    }

    fn packed(&mut self, evidence: &Evidence, source: &Source) -> Option<Hash> {
        if source.digest.is_some() {
            return source.digest;
        }
        *self.packed.entry(source.id).or_insert_with(|| {
            let handle = evidence.open(&source.file).ok()?;
            let mut hasher = Sha256::new();
            let mut contents = Contents::new(handle.stream(), Packing::Plain, None);
            feed(&mut hasher, &mut contents, u64::MAX);
            Some(hasher.finalize().into())
        })
    }

    /// Returns the hash of the first `length` bytes of a source, and whether there are no more.
    pub(super) fn beginning(
        &mut self,
        evidence: &Evidence,
        source: &Source,
        length: u64,
    ) -> Option<(Hash, bool)> {
        let is_streamed = evidence.archive_of(source).is_some();
        if is_streamed && length == source.file.bytes {
            return Some((source.digest?, true));
        }
        if let Some(known) = self.beginnings.get(&(source.id, length)) {
            return Some(*known);
        }
        if is_streamed {
            return None;
        }
        let handle = evidence.open(&source.file).ok()?;
        self.take(source.id, &mut handle.contents(source.packing), &BTreeSet::from([length]));
        self.beginnings.get(&(source.id, length)).copied()
    }

    /// Hashes the beginnings of members, each archive read once.
    pub(super) fn ask(&mut self, evidence: &Evidence, asked: &BTreeMap<SourceId, BTreeSet<u64>>) {
        let mut by_archive: BTreeMap<usize, Vec<&Source>> = BTreeMap::new();
        for source in asked.keys().filter_map(|id| evidence.source(*id)) {
            if let Some(archive) = evidence.archive_of(source) {
                by_archive.entry(archive).or_default().push(source);
            }
        }
        for (archive, sources) in by_archive {
            // What cannot be read again is no copy of anything, which at worst counts it twice.
            let _ = evidence.pass(archive, &sources, &mut |source, mut contents| {
                if let Some(lengths) = asked.get(&source.id) {
                    self.take(source.id, &mut contents, lengths);
                }
            });
        }
    }

    fn take(&mut self, id: SourceId, contents: &mut Contents<'_>, lengths: &BTreeSet<u64>) {
        let mut hasher = Sha256::new();
        let mut at = 0;
        for &length in lengths {
            at += feed(&mut hasher, contents, length - at);
            if at < length {
                return;
            }
            let rest = lengths.range(length + 1..).next();
            let is_all = rest.is_none() && contents.fill(&mut [0]) == 0;
            self.beginnings.insert((id, length), (hasher.clone().finalize().into(), is_all));
        }
    }
}

/// Hashes up to `most` bytes and returns how many there were.
fn feed(hasher: &mut Sha256, contents: &mut Contents<'_>, most: u64) -> u64 {
    let mut piece = vec![0; PIECE];
    let mut fed = 0;
    while fed < most {
        let wanted = usize::try_from(most - fed).unwrap_or(PIECE).min(PIECE);
        let got = contents.fill(&mut piece[..wanted]);
        hasher.update(&piece[..got]);
        fed += got as u64;
        if got < wanted {
            break;
        }
    }
    fed
}
