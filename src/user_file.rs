//! Files that the user gives beside the evidence: rate decks, lists of numbers, thresholds.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a file of up to `most` bytes; `None` where it is longer. What a file says of its size does not count: a
/// device says nothing and never ends.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_too_long() {
        assert!(read(Path::new("/dev/zero"), 1_000).unwrap().is_none());
        assert_eq!(read(Path::new("/dev/null"), 1_000).unwrap(), Some(Vec::new()));
    }
}
