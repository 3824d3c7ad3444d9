//! Files written whole or not at all: under a temporary name first, then put in place in one step.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is being written.
#[derive(Debug)]
pub struct WholeFile {
    target: Target,
}

#[derive(Debug)]
enum Target {
    Temporary { file: BufWriter<NamedTempFile>, path: PathBuf },
    Direct(BufWriter<fs::File>),
}

impl WholeFile {
    /// Begins a file that a user named.
    ///
    /// A device or a fifo is written to as it stands: to put a file in the place of `/dev/null`
    /// would break the machine.
    pub fn create(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => {
                let file = fs::OpenOptions::new().write(true).open(path)?;
                Ok(WholeFile { target: Target::Direct(BufWriter::new(file)) })
            }
            _ => Self::replace(path),
        }
    }

    /// Begins a file that takes the place of whatever stands there, a link included.
    pub fn replace(path: &Path) -> io::Result<Self> {
        // Temporary files are private by default; a case is handed on, so the user's umask decides.
        Self::with_mode(path, 0o666)
    }

    /// Does the same with a file that nobody but its owner may read.
    pub fn private(path: &Path) -> io::Result<Self> {
        Self::with_mode(path, 0o600)
    }

    fn with_mode(path: &Path, mode: u32) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        // Asked for first, so that an error does not speak of a temporary name.
        fs::metadata(folder)?;
        let permissions = fs::Permissions::from_mode(mode);
        let file =
            tempfile::Builder::new().prefix(".tolltrace-").permissions(permissions).tempfile_in(folder)?;
        Ok(WholeFile { target: Target::Temporary { file: BufWriter::new(file), path: path.to_owned() } })
    }

    /// Puts the finished file in its place.
    pub fn finish(self) -> io::Result<()> {
        match self.target {
            Target::Direct(mut file) => file.flush(),
            Target::Temporary { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(path).map(|_| ()).map_err(|error| error.error)
            }
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Temporary { file, .. } => file.write(bytes),
            Target::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Temporary { file, .. } => file.flush(),
            Target::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_the_old_one() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_stays_a_device() {
        let mut file = WholeFile::create(Path::new("/dev/null")).unwrap();
        file.write_all(b"x").unwrap();
        file.finish().unwrap();
        assert!(!fs::symlink_metadata("/dev/null").unwrap().is_file());
        assert!(WholeFile::create(Path::new("/dev")).is_err());
    }
}
