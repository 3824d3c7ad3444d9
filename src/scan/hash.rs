//! SHA-256 of a source's bytes on disk.

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
    let handle = scanning.evidence.open(&scanning.states[index].source.file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        let got = handle.read_at(&mut buffer, offset)?;
        hasher.update(&buffer[..got]);
        offset += got as u64;
        if got < buffer.len() {
            return Ok(hexadecimal(&hasher.finalize()));
        }
    }
}

/// Writes bytes as lower-case hexadecimal.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
