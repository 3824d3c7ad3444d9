//! Playbooks are gathered: the built-in ones, the user's own, and what the user's add to them.
//!
//! Built-in files lie inside the program; folders of the user's are named with `--playbooks`, and nothing is read
//! from anywhere else. A file of the user's stands by itself, or adds to another (`extends`): steps, other
//! parameters, and what is switched off, with the reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::format::{Check, File, Off, Phase, Step, Tune};
use super::lint;
use super::mistake::Mistake;
use super::rules;
use crate::rules::Rules;
use crate::user_file;

/// The built-in playbooks, by the names of their files; a test holds the list against the folder.
const BUILT_IN: [(&str, &str); 7] = [
    ("contain", include_str!("../../playbooks/contain.toml")),
    ("assess", include_str!("../../playbooks/assess.toml")),
    ("investigate", include_str!("../../playbooks/investigate.toml")),
    ("restore", include_str!("../../playbooks/restore.toml")),
    ("dispute", include_str!("../../playbooks/dispute.toml")),
    ("prevent", include_str!("../../playbooks/prevent.toml")),
    ("rules", include_str!("../../playbooks/rules.toml")),
];

/// The largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Files of one folder.
const MOST_FILES: usize = 200;

/// A playbook that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    /// A file or folder cannot be read.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A file is larger than any playbook.
    #[error("{0}: larger than {LARGEST} bytes")]
    Large(String),
    /// A folder holds more files than anybody writes.
    #[error("{0}: more than {MOST_FILES} playbooks")]
    Many(String),
    /// A file is no text.
    #[error("{path}:{line}: not UTF-8")]
    NoText {
        /// Which.
        path: String,
        /// The line with the first byte that is none.
        line: usize,
    },
    /// There are mistakes in files; they are shown one by one.
    #[error("the playbooks cannot be used:\n\n{0}")]
    Wrong(String),
    /// No playbook has that name.
    #[error("{0}: no such playbook")]
    NoSuch(String),
}

fn no_text(path: &Path, error: &std::string::FromUtf8Error) -> PlaybookError {
    let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    PlaybookError::NoText { path: path.to_string_lossy().into_owned(), line }
}

/// Where a file is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program.
    BuiltIn,
    /// A file of the user's.
    Path(PathBuf),
}

impl Origin {
    /// Returns the words used in every output.
    pub fn words(&self) -> String {
        match self {
            Origin::BuiltIn => "built in".to_owned(),
            Origin::Path(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// A file with its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name without `.toml`.
    pub name: String,
    /// Where it is from.
    pub origin: Origin,
    /// What stands in it.
    pub text: String,
}

impl Source {
    /// Returns the path to show.
    pub fn path(&self) -> String {
        match &self.origin {
            Origin::BuiltIn => format!("playbooks/{}.toml", self.name),
            Origin::Path(path) => path.to_string_lossy().into_owned(),
        }
    }

    fn sha256(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A file that is in use.
#[derive(Clone, Debug)]
pub struct Used {
    /// Its word.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Where it is from.
    pub origin: Origin,
    /// The SHA-256 of its text.
    pub sha256: String,
    /// What it adds to.
    pub extends: Option<String>,
    /// What it switches off: the kind, the word, and why.
    pub disabled: Vec<(&'static str, String, Off)>,
}

/// A playbook with all that was added to it.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// The phase.
    pub phase: Phase,
    /// The file that it began as, its steps and checks as they are in force.
    pub file: File,
    /// Where it is from.
    pub origin: Origin,
}

/// All playbooks that are in force.
#[derive(Clone, Debug, Default)]
pub struct Playbooks {
    /// In the order of the phases, the program's own first.
    pub all: Vec<Playbook>,
    /// The files that they are made of.
    pub used: Vec<Used>,
    /// Their small rules.
    pub rules: Rules,
}

/// Returns the built-in files.
pub fn built_in() -> Vec<Source> {
    let source = |(name, text): (&str, &str)| Source {
        name: name.to_owned(),
        origin: Origin::BuiltIn,
        text: text.to_owned(),
    };
    BUILT_IN.into_iter().map(source).collect()
}

/// Reads the files of a folder in the order of their names, or one file.
pub fn read(path: &Path) -> Result<Vec<Source>, PlaybookError> {
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let unreadable = |path: &Path| {
        let path = shown(path);
        move |cause| PlaybookError::Unreadable { path, cause }
    };
    let mut paths = vec![path.to_owned()];
    if path.is_dir() {
        paths.clear();
        for entry in std::fs::read_dir(path).map_err(unreadable(path))? {
            let entry = entry.map_err(unreadable(path))?.path();
            if entry.extension().is_some_and(|extension| extension == "toml") {
                paths.push(entry);
            }
            if paths.len() > MOST_FILES {
                return Err(PlaybookError::Many(shown(path)));
            }
        }
        paths.sort();
    }
    paths
        .into_iter()
        .map(|path| {
            let bytes = user_file::read(&path, LARGEST).map_err(unreadable(&path))?;
            let bytes = bytes.ok_or_else(|| PlaybookError::Large(shown(&path)))?;
            let text = String::from_utf8(bytes).map_err(|error| no_text(&path, &error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Source { name, origin: Origin::Path(path), text })
        })
        .collect()
}

/// What was found wrong, file by file.
#[derive(Debug, Default)]
pub struct Trouble(pub Vec<(Source, Mistake)>);

impl Trouble {
    /// Returns whether any file cannot be used.
    pub fn is_fatal(&self) -> bool {
        self.0.iter().any(|(_, mistake)| mistake.is_error)
    }

    /// Shows all of it.
    pub fn show(&self) -> String {
        let shown: Vec<String> =
            self.0.iter().map(|(source, mistake)| mistake.show(&source.path(), &source.text)).collect();
        shown.join("\n")
    }
}

/// Gathers the built-in playbooks and those of folders.
pub fn load(folders: &[PathBuf]) -> Result<Playbooks, PlaybookError> {
    let mut sources = built_in();
    if folders.is_empty() {
        // That these have no mistakes is tested; looking for some takes longer than reading a small log.
        let read = sources.iter().map(|source| parse(&source.text).map(|file| (source, file)));
        if let Ok(read) = read.collect() {
            return Ok(together(read));
        }
    }
    for folder in folders {
        sources.extend(read(folder)?);
    }
    whole(&sources)
}

/// Puts files together, unless there is a mistake in any of them.
pub fn whole(sources: &[Source]) -> Result<Playbooks, PlaybookError> {
    let (playbooks, trouble) = assemble(sources);
    if trouble.is_fatal() { Err(PlaybookError::Wrong(trouble.show())) } else { Ok(playbooks) }
}

/// Puts files together, with all that is wrong with any of them.
pub fn assemble(sources: &[Source]) -> (Playbooks, Trouble) {
    let mut trouble = Trouble::default();
    let mut read: Vec<(&Source, File)> = Vec::new();
    for source in sources {
        match parse(&source.text) {
            Ok(file) => read.push((source, file)),
            Err(mistake) => trouble.0.push((source.clone(), mistake)),
        }
    }
    let files: Vec<&File> = read.iter().map(|(_, file)| file).collect();
    for (source, file) in &read {
        let mistakes = lint::file(file, &source.name, &source.text, &files);
        trouble.0.extend(mistakes.into_iter().map(|mistake| ((*source).clone(), mistake)));
    }
    trouble.0.extend(rules::mistakes(&read));
    if trouble.is_fatal() { (Playbooks::default(), trouble) } else { (together(read), trouble) }
}

/// Reads one file; a form that is not known is told before keys that are not.
pub(crate) fn parse(text: &str) -> Result<File, Mistake> {
    let of_toml = |error| Mistake::of_toml(&error, text);
    #[derive(serde::Deserialize)]
    struct Head {
        schema: Option<toml::Spanned<i64>>,
    }
    let head: Head = toml::from_str(text).map_err(of_toml)?;
    if let Some(schema) = head.schema.filter(|schema| *schema.get_ref() != super::format::SCHEMA) {
        return Err(Mistake::error(
            schema.span(),
            format!("the form {} is not known to this program", schema.get_ref()),
            "this program reads `schema = 1`; a newer one may read this file",
        ));
    }
    toml::from_str(text).map_err(of_toml)
}

/// Puts files together that are known to fit.
fn together(read: Vec<(&Source, File)>) -> Playbooks {
    let mut playbooks = Playbooks::default();
    for (source, file) in &read {
        playbooks.used.push(Used {
            id: file.id.get_ref().clone(),
            version: file.version.get_ref().clone(),
            origin: source.origin.clone(),
            sha256: source.sha256(),
            extends: file.extends.as_ref().map(|other| other.get_ref().clone()),
            disabled: disabled(file),
        });
    }
    let (bases, additions): (Vec<_>, Vec<_>) = read.into_iter().partition(|(_, file)| file.phase.is_some());
    for (source, mut file) in bases {
        let Some(phase) = file.phase else { continue };
        add(&mut file, None);
        for (_, addition) in &additions {
            let extends = addition.extends.as_ref().map(toml::Spanned::get_ref);
            if extends == Some(file.id.get_ref()) {
                add(&mut file, Some(addition));
            }
        }
        playbooks.all.push(Playbook { phase, file, origin: source.origin.clone() });
    }
    playbooks.all.sort_by_key(|playbook| playbook.phase);
    playbooks.rules = rules::in_force(&playbooks);
    playbooks
}

/// Applies what an addition says, or what a file says of itself.
fn add(file: &mut File, addition: Option<&File>) {
    let own = (addition.is_none()).then(|| file.clone());
    let Some(from) = addition.or(own.as_ref()) else { return };
    if addition.is_some() {
        file.steps.extend(from.steps.iter().cloned());
    }
    for (word, tune) in &from.tune {
        for check in checks_of(&mut file.steps).filter(|check| check.word() == word.get_ref()) {
            apply(check, tune);
        }
    }
    for (kind, word, off) in disabled(from) {
        match kind {
            "step" => {
                let named = file.steps.iter_mut().filter(|step| *step.id.get_ref() == word);
                named.for_each(|step| step.off = Some(off.clone()));
            }
            _ => {
                let named = checks_of(&mut file.steps).filter(|check| check.word() == word);
                named.for_each(|check| check.off = Some(off.clone()));
            }
        }
    }
}

fn checks_of(steps: &mut [Step]) -> impl Iterator<Item = &mut Check> {
    steps.iter_mut().flat_map(|step| &mut step.checks)
}

fn apply(check: &mut Check, tune: &Tune) {
    for (name, value) in &tune.params {
        // The key's place is that of whoever set it last.
        check.params.remove(name);
        check.params.insert(name.clone(), value.clone());
    }
    check.severity = tune.severity.or(check.severity);
}

fn disabled(file: &File) -> Vec<(&'static str, String, Off)> {
    let Some(disable) = &file.disable else { return Vec::new() };
    let off = Off {
        by: file.id.get_ref().clone(),
        author: disable.author.clone(),
        reason: disable.reason.get_ref().clone(),
    };
    let steps = disable.steps.iter().map(|step| ("step", step.get_ref().clone(), off.clone()));
    let checks = disable.checks.iter().map(|check| ("check", check.get_ref().clone(), off.clone()));
    steps.chain(checks).collect()
}

impl Playbooks {
    /// Returns the playbooks of a phase.
    pub fn of(&self, phase: Phase) -> impl Iterator<Item = &Playbook> {
        self.all.iter().filter(move |playbook| playbook.phase == phase)
    }

    /// Finds a playbook by its word.
    pub fn find(&self, id: &str) -> Result<&Playbook, PlaybookError> {
        let found = self.all.iter().find(|playbook| playbook.file.id.get_ref() == id);
        found.ok_or_else(|| PlaybookError::NoSuch(id.to_owned()))
    }

    /// Returns the parameters that are thresholds of patterns in the calls, by their keys.
    pub fn thresholds(&self) -> BTreeMap<&'static str, toml::Value> {
        let mut set = BTreeMap::new();
        let checks = self.all.iter().flat_map(|playbook| &playbook.file.steps).flat_map(|step| &step.checks);
        for check in checks {
            let Some(known) = crate::checks::registry::find(check.word()) else { continue };
            for (name, value) in &check.params {
                let param = known.params().iter().find(|param| param.name == name.get_ref());
                let Some((param, key)) = param.and_then(|param| Some((param, param.threshold?))) else {
                    continue;
                };
                if let Some(value) = param.kind.read(value.get_ref()) {
                    set.insert(key, value);
                }
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_the_folder_is_forgotten() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut listed: Vec<String> = BUILT_IN.iter().map(|(name, _)| format!("{name}.toml")).collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
    }

    #[test]
    fn the_built_in_playbooks_hold() {
        let (playbooks, trouble) = assemble(&built_in());
        assert!(trouble.0.is_empty(), "{}", trouble.show());
        for phase in Phase::ALL {
            let one: Vec<_> = playbooks.of(phase).collect();
            assert_eq!(one.len(), 1, "{}", phase.word());
            assert_eq!(one[0].file.id.get_ref(), phase.word());
        }
    }
}
