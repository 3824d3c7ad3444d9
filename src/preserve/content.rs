//! The bytes of a file that may have holes.
//!
//! `lastlog` claims hundreds of gigabytes and holds a few blocks. A hole is hashed as the zeros that it stands for, for
//! `sha256sum` has to come to the same, and is neither read nor written.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use sha2::{Digest as _, Sha256};

use super::manifest::Hash;
use crate::evidence::{hole_at, read_file_at};

/// Bytes read at a time; holes are passed over in steps of it, so that pieces begin at the same places in a file
/// and in its copy.
pub(super) const PIECE: usize = 1024 * 1024;
/// What holes are hashed as.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
/// What `st_blocks` counts in, whatever the file system's own blocks are (stat(2)).
pub(super) const BLOCK: u64 = 512;

/// Returns whether a file takes less room than its size says.
pub(super) fn is_sparse(metadata: &fs::Metadata) -> bool {
    metadata.blocks().saturating_mul(BLOCK) < metadata.size()
}

/// Returns how much of a hole is passed over.
pub(super) fn whole_pieces(hole: u64) -> u64 {
    hole - hole % PIECE as u64
}

/// Adds a hole to a hash, and tells how far it got.
pub(super) fn add_zeros(hash: &mut Sha256, count: u64, told: &mut dyn FnMut(u64)) {
    let mut left = count;
    while left > 0 {
        let step = left.min(PIECE as u64);
        let mut rest = step;
        while rest > 0 {
            let zeros = usize::try_from(rest).unwrap_or(usize::MAX).min(ZEROS.len());
            hash.update(ZEROS.get(..zeros).unwrap_or_default());
            rest -= zeros as u64;
        }
        told(step);
        left -= step;
    }
}

/// The hash of what is not zero in a file, each piece with its place: it tells whether a copy with holes is the file,
/// and takes no longer for the holes.
#[derive(Default)]
pub(super) struct Data(Sha256);

impl Data {
    /// Adds a piece that has more than zeros.
    pub(super) fn add(&mut self, offset: u64, piece: &[u8]) {
        self.0.update(offset.to_le_bytes());
        self.0.update((piece.len() as u64).to_le_bytes());
        self.0.update(piece);
    }

    /// Returns the hash.
    pub(super) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// Returns whether a piece is nothing but zeros.
pub(super) fn is_zero(piece: &[u8]) -> bool {
    piece.iter().all(|&byte| byte == 0)
}

/// Returns the SHA-256 of a file.
pub(super) fn hash_of(file: &fs::File) -> io::Result<Hash> {
    let mut hash = Sha256::new();
    each_piece(file, &mut |found| match found {
        Found::Hole(bytes) => add_zeros(&mut hash, bytes, &mut |_| ()),
        Found::Piece(_, piece) => hash.update(piece),
    })?;
    Ok(hash.finalize().into())
}

/// Returns the hash of what is not zero in a file.
pub(super) fn data_of(file: &fs::File) -> io::Result<Hash> {
    let mut data = Data::default();
    each_piece(file, &mut |found| match found {
        Found::Piece(offset, piece) if !is_zero(piece) => data.add(offset, piece),
        _ => {}
    })?;
    Ok(data.finish())
}

/// What comes next in a file.
enum Found<'a> {
    /// So many zeros that lie nowhere.
    Hole(u64),
    /// Bytes, and where they begin.
    Piece(u64, &'a [u8]),
}

fn each_piece(file: &fs::File, take: &mut dyn FnMut(Found<'_>)) -> io::Result<()> {
    let size = file.metadata()?.size();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    loop {
        let hole = whole_pieces(hole_at(file, offset, size));
        if hole > 0 {
            take(Found::Hole(hole));
            offset += hole;
            continue;
        }
        let got = read_file_at(file, &mut buffer, offset)?;
        if got == 0 {
            return Ok(());
        }
        take(Found::Piece(offset, buffer.get(..got).unwrap_or_default()));
        offset += got as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn holes_count_as_the_zeros_that_they_are() {
        let size = 5 * PIECE as u64 + 77;
        let mut sparse = tempfile::tempfile().unwrap();
        sparse.write_all(b"begin").unwrap();
        sparse.write_all_at(b"middle", 3 * PIECE as u64 + 5).unwrap();
        sparse.set_len(size).unwrap();
        let mut bytes = vec![0; size as usize];
        read_file_at(&sparse, &mut bytes, 0).unwrap();
        let mut full = tempfile::tempfile().unwrap();
        full.write_all(&bytes).unwrap();
        let expected: Hash = Sha256::digest(&bytes).into();
        assert_eq!(hash_of(&sparse).unwrap(), expected);
        assert_eq!(hash_of(&full).unwrap(), expected);
        assert_eq!(data_of(&sparse).unwrap(), data_of(&full).unwrap());
        full.write_all_at(b"x", 2 * PIECE as u64).unwrap();
        assert_ne!(data_of(&sparse).unwrap(), data_of(&full).unwrap());
    }
}
