//! The case folder: every file written whole or not at all, the manifest last.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::case::Examined;
use crate::contain::{self, Asked, NewSecrets};
use crate::restore::Earlier;

use super::document::Block;
use super::manifest::{self, Fingerprint, Held, Run};
use super::model::Report;
use super::sections::{self, Section, View};
use super::whole_file::{Together, WholeFile};
use super::{abuse, calls_csv, iocs_csv, json, markdown, preservation, statement, timeline};

/// Why a case could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CaseFolderError {
    /// The path is no folder.
    #[error("{0}: is a file, not a folder")]
    NotAFolder(String),
    /// The folder holds something that is no case.
    #[error("{0}: is not empty and holds no earlier case")]
    Foreign(String),
    /// The folder holds a case, and something else would be written into it.
    #[error("{0}: holds the case of an earlier run, to whose files nothing is added")]
    HoldsCase(String),
    /// The folder holds an earlier case with everything in it, and this one is to be shared.
    #[error("{0}: holds a case that is not redacted, whose files would be shared with this one")]
    NotRedacted(String),
    /// The folder holds a case to be shared, and this one has everything in it.
    #[error("{0}: holds a redacted case, among whose files secrets would come to lie")]
    Redacted(String),
    /// The folder holds the case of another server.
    #[error("{0}: holds the case of another server, which would be lost")]
    OfAnother(String),
    /// A file or folder could not be written.
    #[error("{path}: {cause}")]
    Unwritable {
        /// Which.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
}

/// Refuses a folder in which something else than an earlier case would be overwritten.
pub fn check(folder: &Path) -> Result<(), CaseFolderError> {
    let shown = || folder.to_string_lossy().into_owned();
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(CaseFolderError::Unwritable { path: shown(), cause }),
        Ok(metadata) if !metadata.is_dir() => Err(CaseFolderError::NotAFolder(shown())),
        Ok(_) => {
            let listing = fs::read_dir(folder);
            let mut listing =
                listing.map_err(|cause| CaseFolderError::Unwritable { path: shown(), cause })?;
            let empty = listing.next().is_none();
            if empty || manifest::marks(folder) { Ok(()) } else { Err(CaseFolderError::Foreign(shown())) }
        }
    }
}

/// Refuses a folder with an earlier case of the other kind: files to be shared and files that are not would lie side by
/// side.
pub fn check_kind(folder: &Path, redacted: bool) -> Result<(), CaseFolderError> {
    let shown = || folder.to_string_lossy().into_owned();
    match (manifest::is_redacted(folder), redacted) {
        (Some(false), true) => Err(CaseFolderError::NotRedacted(shown())),
        (Some(true), false) => Err(CaseFolderError::Redacted(shown())),
        _ => Ok(()),
    }
}

/// Refuses a folder with the case of another server, whose hashes of secrets can be made from nothing else. What was
/// changed since, or is of another version's form, cannot be compared and may be replaced.
fn check_server(folder: &Path, examined: &Examined) -> Result<(), CaseFolderError> {
    match Earlier::open(folder) {
        Ok(earlier) if earlier.is_of_another_server(&examined.report, examined.kept.as_ref()) => {
            Err(CaseFolderError::OfAnother(folder.to_string_lossy().into_owned()))
        }
        _ => Ok(()),
    }
}

/// What was written of a case.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The paths of its files below the folder.
    pub files: Vec<String>,
    /// SHA-256 of its manifest, which vouches for all of them.
    pub fingerprint: Option<String>,
}

/// Writes a case.
pub fn write(folder: &Path, examined: &Examined, run: &Run) -> Result<Written, CaseFolderError> {
    write_with(folder, examined, run, Asked::default(), None)
}

/// Writes a case with the files of containment as they were asked for.
pub fn write_with(
    folder: &Path,
    examined: &Examined,
    run: &Run,
    asked: Asked,
    secrets: Option<&NewSecrets>,
) -> Result<Written, CaseFolderError> {
    check(folder)?;
    let unwritable =
        |path: &Path, cause| CaseFolderError::Unwritable { path: path.to_string_lossy().into_owned(), cause };
    check_kind(folder, examined.report.case.redacted)?;
    check_server(folder, examined)?;
    fs::create_dir_all(folder).map_err(|cause| unwritable(folder, cause))?;
    let earlier = manifest::files(folder).unwrap_or_default();
    let mut written: Vec<Fingerprint> = Vec::new();
    let mut together = Together::default();
    let not_added = |(path, cause): (PathBuf, io::Error)| unwritable(&path, cause);
    let contents = contents(examined).map_err(|cause| unwritable(folder, cause))?;
    for (name, bytes) in &contents {
        let path = folder.join(name);
        let file = begin_below(folder, name).map_err(|cause| unwritable(&path, cause))?;
        together.add(&path, file, bytes).map_err(not_added)?;
    }
    written.par_extend(contents.par_iter().map(|(name, bytes)| manifest::fingerprint(name, bytes)));
    for left in left_over(&earlier, &written) {
        let path = folder.join(left);
        remove(&path).map_err(|cause| unwritable(&path, cause))?;
    }
    if let Some(kept) = &examined.kept {
        let path = folder.join(SECRETS);
        let bytes = kept.to_json().map_err(|error| unwritable(&path, error))?;
        let file = WholeFile::private(&path).map_err(|cause| unwritable(&path, cause))?;
        together.add(&path, file, &bytes).map_err(not_added)?;
        written.push(manifest::fingerprint(SECRETS, &bytes));
    }
    together.finish().map_err(not_added)?;
    // Of a case to be shared nothing was planned: what is to be changed has no pseudonym.
    if !examined.report.case.redacted {
        let below = folder.join(contain::FOLDER);
        contain::write(&below, &examined.containment, asked, secrets, &mut |name, bytes| {
            written.push(manifest::fingerprint(&format!("{}/{name}", contain::FOLDER), bytes));
        })
        .map_err(|(path, cause)| unwritable(&path, cause))?;
    }
    let path = folder.join(manifest::FILE_NAME);
    let mut bytes = Vec::new();
    manifest::write(&mut bytes, &examined.report, run, &written).map_err(|cause| unwritable(&path, cause))?;
    write_whole(&path, &bytes).map_err(|cause| unwritable(&path, cause))?;
    let names = written.into_iter().map(|file| file.path);
    Ok(Written {
        files: names.chain([manifest::FILE_NAME.to_owned()]).collect(),
        fingerprint: manifest::fingerprint(manifest::FILE_NAME, &bytes).sha256,
    })
}

/// What is kept of the secrets; not to be handed on with the rest.
const SECRETS: &str = "secrets.json";

type Content = fn(&mut Vec<u8>, &Examined) -> io::Result<()>;

/// The files of a case but for the manifest, in the order in which a reader wants them.
const FILES: [(&str, Content); 7] = [
    ("report.md", |bytes, examined| {
        bytes.extend_from_slice(report_markdown(&examined.report, true).as_bytes());
        Ok(())
    }),
    ("statement.md", |bytes, examined| {
        bytes.extend_from_slice(statement::markdown(&examined.report).as_bytes());
        Ok(())
    }),
    ("preservation_request.md", |bytes, examined| {
        bytes.extend_from_slice(preservation::markdown(&examined.report).as_bytes());
        Ok(())
    }),
    ("report.json", |bytes, examined| json::write_pretty(bytes, &examined.report)),
    ("calls.csv", |bytes, examined| calls_csv::write(bytes, &examined.report)),
    ("iocs.csv", |bytes, examined| iocs_csv::write(bytes, &examined.report)),
    ("timeline.jsonl", |bytes, examined| {
        examined.story.iter().try_for_each(|row| timeline::write_json_line(bytes, row))
    }),
];

/// Returns the names of the files that every case has, the manifest's aside.
pub(crate) fn fixed() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Returns every file of a case but for the manifest: its path below the folder, and what it holds.
fn contents(examined: &Examined) -> io::Result<Vec<(String, Vec<u8>)>> {
    let fixed = FILES.par_iter().map(|(name, content)| {
        let mut bytes = Vec::new();
        content(&mut bytes, examined).map(|()| ((*name).to_owned(), bytes))
    });
    let mut files = fixed.collect::<io::Result<Vec<_>>>()?;
    files.extend(abuse::files(&examined.report)?);
    Ok(files)
}

/// Folders of a case in which the number of files differs from run to run.
const FOLDERS: [&str; 1] = ["abuse/"];

/// Returns the files of an earlier run that would pass for files of this one.
fn left_over<'h>(earlier: &'h [Held], written: &[Fingerprint]) -> Vec<&'h str> {
    let is_left = |path: &&str| {
        let name = FOLDERS.iter().find_map(|folder| path.strip_prefix(folder));
        // What a manifest names is taken at its word for plain names only.
        name.is_some_and(|name| !name.contains('/') && !name.starts_with('.'))
            && written.iter().all(|file| file.path != *path)
    };
    earlier.iter().map(|file| file.path.as_str()).filter(is_left).collect()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Begins a file of the case, in a folder of it where its name says so; a link in the place of that folder is refused.
fn begin_below(folder: &Path, name: &str) -> io::Result<WholeFile> {
    if let Some((inner, _)) = name.rsplit_once('/') {
        let inner = folder.join(inner);
        fs::create_dir_all(&inner)?;
        if !fs::symlink_metadata(&inner)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
    }
    WholeFile::replace(&folder.join(name))
}

/// Returns the whole report as Markdown.
pub fn report_markdown(report: &Report, case_written: bool) -> String {
    let blocks: Vec<Block> = sections::blocks(Section::REPORT, report, View::full(case_written));
    let title = match &report.case.number {
        Some(number) => format!("Phone system intrusion report, case {number}"),
        None => "Phone system intrusion report".to_owned(),
    };
    markdown::render(&title, &blocks)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::replace(path)?;
    file.write_all(bytes)?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::restore::Kept;

    fn examined(report: Report) -> Examined {
        let (kept, containment) = (Some(Kept::default()), contain::Plan::default());
        Examined { report, story: sample::story(), kept, containment }
    }

    fn case(folder: &Path, started: &str) -> Vec<String> {
        let examined = examined(sample::report());
        let run = Run { started: started.to_owned(), command: vec!["tolltrace".to_owned()] };
        write(folder, &examined, &run).unwrap().files
    }

    #[test]
    fn two_runs_differ_in_the_manifest_only() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a/case");
        let names = case(&folder, "2026-01-01T00:00:00Z");
        let read = || names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect::<Vec<_>>();
        let first = read();
        case(&folder, "2026-01-02T00:00:00Z");
        let second = read();
        let differing: Vec<_> =
            names.iter().zip(first.iter().zip(&second)).filter(|(_, (a, b))| a != b).collect();
        assert_eq!(differing.len(), 1);
        assert_eq!(differing[0].0, manifest::FILE_NAME);
        let tops: std::collections::BTreeSet<&str> =
            names.iter().filter_map(|name| name.split('/').next()).collect();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), tops.len(), "nothing else is left behind");
        assert!(tops.contains("abuse"), "{names:?}");
    }

    #[test]
    fn reports_of_an_earlier_run_do_not_stay() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path();
        case(folder, "2026-01-01T00:00:00Z");
        fs::write(folder.join("abuse/mine.txt"), "mine").unwrap();
        let mut report = sample::report();
        report.failed_attackers.clear();
        write(folder, &examined(report), &Run::default()).unwrap();
        assert!(!folder.join("abuse/198.51.100.9.json").exists());
        assert!(folder.join("abuse/203.0.113.7.json").exists() && folder.join("abuse/mine.txt").exists());
    }

    #[test]
    fn a_case_to_be_shared_keeps_away_from_one_that_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let mut report = sample::report();
        report.case.redacted = true;
        let shared = scratch.path().join("shared");
        write(&shared, &examined(report.clone()), &Run::default()).unwrap();
        write(&shared, &examined(report.clone()), &Run::default()).unwrap();
        let folder = scratch.path().join("case");
        case(&folder, "2026-01-01T00:00:00Z");
        let refused = write(&folder, &examined(report), &Run::default());
        assert!(matches!(refused, Err(CaseFolderError::NotRedacted(_))));
    }

    #[test]
    fn no_folder_of_a_case_is_a_link_elsewhere() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("case");
        case(&folder, "2026-01-01T00:00:00Z");
        fs::remove_dir_all(folder.join("abuse")).unwrap();
        std::os::unix::fs::symlink(scratch.path(), folder.join("abuse")).unwrap();
        assert!(write(&folder, &examined(sample::report()), &Run::default()).is_err());
        assert!(!scratch.path().join("203.0.113.7.json").exists());
    }

    #[test]
    fn no_folder_of_containment_is_a_link_elsewhere() {
        for inner in ["contain", "contain/fail2ban"] {
            let scratch = tempfile::tempdir().unwrap();
            let folder = scratch.path().join("case");
            case(&folder, "2026-01-01T00:00:00Z");
            let evidence = scratch.path().join("evidence");
            fs::create_dir(&evidence).unwrap();
            fs::create_dir(evidence.join("jail.d")).unwrap();
            fs::write(evidence.join("README.md"), "theirs").unwrap();
            fs::write(evidence.join("jail.d/tolltrace-sip.local"), "theirs").unwrap();
            let _ = fs::remove_dir_all(folder.join(inner));
            std::os::unix::fs::symlink(&evidence, folder.join(inner)).unwrap();
            assert!(write(&folder, &examined(sample::report()), &Run::default()).is_err(), "{inner}");
            assert_eq!(fs::read_dir(&evidence).unwrap().count(), 2, "{inner}");
            for name in ["README.md", "jail.d/tolltrace-sip.local"] {
                assert_eq!(fs::read_to_string(evidence.join(name)).unwrap(), "theirs", "{inner}: {name}");
            }
        }
    }

    #[test]
    fn no_file_acts_on_a_terminal() {
        let scratch = tempfile::tempdir().unwrap();
        for name in case(scratch.path(), "2026-01-01T00:00:00Z") {
            let text = fs::read_to_string(scratch.path().join(&name)).unwrap();
            let hidden = text.chars().find(|&c| c != '\n' && crate::untrusted::is_hidden(c));
            assert_eq!(hidden, None, "{name}");
        }
    }

    #[test]
    fn a_foreign_folder_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("thesis.txt"), "mine").unwrap();
        assert!(matches!(check(scratch.path()), Err(CaseFolderError::Foreign(_))));
        fs::write(scratch.path().join(manifest::FILE_NAME), "{\"schema\": \"other/1\"}").unwrap();
        assert!(matches!(check(scratch.path()), Err(CaseFolderError::Foreign(_))));
        let file = scratch.path().join("thesis.txt");
        assert!(matches!(check(&file), Err(CaseFolderError::NotAFolder(_))));
    }
}
