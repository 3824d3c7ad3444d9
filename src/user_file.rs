//! Files that the user gives beside the evidence: rate decks, lists of numbers, thresholds.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Reads a file of up to `most` bytes; `None` where it is longer. What a file says of its size does not count: a
/// device says nothing and never ends. A fifo is refused: it waits for whoever writes into it, and that may be nobody.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        return Err(io::Error::other("a fifo, not a file"));
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
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

    #[test]
    fn a_fifo_is_refused_and_not_waited_for() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("rates.csv");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(read(&path, 1_000).unwrap_err().to_string(), "a fifo, not a file");
    }
}
