//! SHA-256 of a source's bytes: as they are on disk, or as an archive would be unpacked to. On the way the sum that a
//! zip has for a member is compared, which nothing else would notice: bytes that are not packed come out all the same.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::{Scanning, Sink, lock};

/// Hashes one source.
pub(super) fn hash<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize) {
    let state = &scanning.states[index];
    match digest(scanning, index) {
        Ok(digest) => *lock(&state.sha256) = Some(digest),
        Err(error) => state.note(format!("cannot be hashed: {error}")),
    }
}

fn digest<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize) -> std::io::Result<String> {
    let source = scanning.states[index].source;
    if let Some(digest) = source.digest() {
        return Ok(hexadecimal(digest));
    }
    let handle = scanning.evidence.open(&source.file)?;
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
    if sum.is_some_and(|(expected, found)| expected != found.sum()) {
        let why = "its checksum in the archive is another: damaged, or changed since it was packed";
        scanning.states[index].note(why.to_owned());
    }
    Ok(hexadecimal(&hasher.finalize()))
}

/// Writes bytes as lower-case hexadecimal.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
