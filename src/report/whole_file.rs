//! Files written whole or not at all: under a temporary name first, then put in place in one step.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
    pub fn finish(mut self) -> io::Result<()> {
        self.sync()?;
        self.put()
    }

    /// Waits until the disk has what was written.
    fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        match &self.target {
            Target::Direct(_) => Ok(()),
            Target::Temporary { file, .. } => file.get_ref().as_file().sync_all(),
        }
    }

    /// Puts a file in its place that the disk has.
    fn put(self) -> io::Result<()> {
        match self.target {
            Target::Direct(_) => Ok(()),
            Target::Temporary { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(path).map(|_| ()).map_err(|error| error.error)
            }
        }
    }
}

/// Files that are put in place together: the disk takes many at a time in hardly more time than one.
#[derive(Debug, Default)]
pub struct Together {
    files: Vec<(PathBuf, WholeFile)>,
}

impl Together {
    /// Files that are open at a time.
    const MOST: usize = 32;

    /// Adds a file that takes the place of whatever stands there, with all that it holds.
    pub fn replace(&mut self, path: &Path, bytes: &[u8]) -> Result<(), (PathBuf, io::Error)> {
        let file = WholeFile::replace(path).map_err(|cause| (path.to_owned(), cause))?;
        self.add(path, file, bytes)
    }

    /// Adds a file with all that it holds; it stands in its place after [`Self::finish`] at the latest.
    pub fn add(
        &mut self,
        path: &Path,
        mut file: WholeFile,
        bytes: &[u8],
    ) -> Result<(), (PathBuf, io::Error)> {
        file.write_all(bytes).map_err(|cause| (path.to_owned(), cause))?;
        self.files.push((path.to_owned(), file));
        if self.files.len() < Self::MOST { Ok(()) } else { self.finish() }
    }

    /// Puts in their places, in the order in which they were added, the files that are not there yet.
    pub fn finish(&mut self) -> Result<(), (PathBuf, io::Error)> {
        let mut files = std::mem::take(&mut self.files);
        let threads = files.len();
        let failed = Mutex::new(None);
        let waiting = Mutex::new(files.iter_mut());
        let sync = || {
            while let Some((path, file)) = next(&waiting) {
                if let Err(cause) = file.sync() {
                    failed
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert((path.clone(), cause));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Threads that cannot be had are done without.
                let _ = std::thread::Builder::new().spawn_scoped(scope, sync);
            }
            sync();
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => files.into_iter().try_for_each(|(path, file)| file.put().map_err(|cause| (path, cause))),
        }
    }
}

/// Takes the next of what several threads share.
fn next<T>(shared: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner).next()
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
    fn files_that_are_written_together_stand_in_their_places_whole() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |number: usize| scratch.path().join(format!("file-{number}"));
        fs::write(path(7), "old").unwrap();
        let mut together = Together::default();
        for number in 0..100 {
            let (path, bytes) = (path(number), number.to_string());
            together.add(&path, WholeFile::replace(&path).unwrap(), bytes.as_bytes()).unwrap();
        }
        together.finish().unwrap();
        assert!((0..100).all(|number| fs::read_to_string(path(number)).unwrap() == number.to_string()));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 100);
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
