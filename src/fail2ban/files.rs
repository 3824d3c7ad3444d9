//! Which files make up fail2ban's configuration, and in which order they count.
//!
//! Facts relied on: `NAME.conf`, `NAME.d/*.conf`, `NAME.local`, `NAME.d/*.local`, a later one over an earlier one
//! (`client/configreader.py`); `[INCLUDES] before` and `after` name files of the same folder.

use super::ini::Ini;
use super::jail::{self, Configuration};
use crate::evidence::{Evidence, Source};

/// fail2ban's folder, below any root.
const HOME: &str = "etc/fail2ban/";
/// No file of it is longer; more is not read.
const LARGEST: usize = 256 * 1024;
/// Files in files.
const DEEPEST: usize = 8;
/// Files that make up one configuration.
const MOST_FILES: usize = 200;

/// Returns whether a path is that of a file of fail2ban's configuration.
pub fn is_configuration(path: &str) -> bool {
    let below = path.rfind(HOME).filter(|&at| at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'));
    let Some(name) = below.and_then(|at| path.get(at + HOME.len()..)) else { return false };
    let is_of_kind = name.ends_with(".conf") || name.ends_with(".local");
    let folder = name.split_once('/').map_or("", |(folder, _)| folder);
    is_of_kind && matches!(folder, "" | "jail.d" | "filter.d" | "fail2ban.d")
}

/// Reads the configuration; `None` where the evidence has no `jail` file of it.
pub fn read(evidence: &Evidence) -> Option<Configuration> {
    let files = Files::find(evidence)?;
    let jails = files.load("jail")?;
    Some(jail::configuration(&files, &jails))
}

/// What it means that no configuration was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The copy of a whole disk has none: nobody had set it up.
    NotSetUp,
    /// Only parts of the disk are here.
    NotCopied,
}

impl Missing {
    /// Judges by how much of the disk is here.
    pub fn from(evidence: &Evidence) -> Self {
        if evidence.is_whole_disk() { Missing::NotSetUp } else { Missing::NotCopied }
    }

    /// Says it in words.
    pub fn why(self) -> &'static str {
        match self {
            Missing::NotSetUp => {
                "it is not set up: this is the copy of a whole disk, and no configuration of it is there"
            }
            Missing::NotCopied => {
                "its configuration is not in the evidence, which is no copy of a whole disk: whether it ran, and what it watched, is not known"
            }
        }
    }
}

/// The files of one installation.
pub(super) struct Files<'a> {
    evidence: &'a Evidence,
    base: String,
    sources: Vec<&'a Source>,
}

impl<'a> Files<'a> {
    /// Finds the installation; of several, the one nearest to a root.
    fn find(evidence: &'a Evidence) -> Option<Self> {
        let all = evidence.sources.iter().filter(|source| is_configuration(&source.file.placed));
        let bases = all.clone().filter_map(|source| {
            let at = source.file.path.rfind(HOME).map(|at| at + HOME.len());
            // The root given may be the disk's `etc` or `fail2ban` itself.
            let at = at.or_else(|| source.file.path.rfind("fail2ban/").map(|at| at + "fail2ban/".len()));
            let in_folder = || {
                ["jail.d/", "filter.d/", "fail2ban.d/"]
                    .iter()
                    .find_map(|folder| source.file.path.find(folder))
            };
            let at =
                at.or_else(in_folder).unwrap_or_else(|| source.file.path.rfind('/').map_or(0, |at| at + 1));
            source.file.path.get(..at)
        });
        let base = bases.min_by_key(|base| (base.len(), *base))?.to_owned();
        let sources = all.filter(|source| source.file.path.starts_with(&base)).collect();
        Some(Files { evidence, base, sources })
    }

    /// Reads a configuration by its name: `jail`, `filter.d/asterisk`; `None` where no file of it is there.
    pub(super) fn load(&self, name: &str) -> Option<Ini> {
        let mut ini = Ini::default();
        let mut read = 0;
        for kind in ["conf", "local"] {
            self.add(&mut ini, &format!("{name}.{kind}"), DEEPEST, &mut read);
            let folder = format!("{}{name}.d/", self.base);
            let more = self.sources.iter().filter(|source| {
                let rest = source.file.path.strip_prefix(&folder);
                rest.is_some_and(|rest| !rest.contains('/') && rest.ends_with(&format!(".{kind}")))
            });
            let more: Vec<&str> =
                more.filter_map(|source| source.file.path.strip_prefix(&self.base)).collect();
            more.into_iter().for_each(|part| self.add(&mut ini, part, DEEPEST, &mut read));
        }
        (read > 0).then_some(ini)
    }

    fn add(&self, ini: &mut Ini, name: &str, depth: usize, read: &mut usize) {
        let path = format!("{}{name}", self.base);
        let Some(source) = self.sources.iter().find(|source| source.file.path == path) else { return };
        let Some(depth) = depth.checked_sub(1).filter(|_| *read < MOST_FILES) else { return };
        let Ok(bytes) = self.evidence.read_small(source, LARGEST) else { return };
        *read += 1;
        let own = Ini::parse(source.id, &bytes);
        let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let named = |option: &str| -> Vec<String> {
            let text = own.raw("INCLUDES", option).map(|value| value.text.clone()).unwrap_or_default();
            text.lines()
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(|name| format!("{folder}{name}"))
                .collect()
        };
        let (before, after) = (named("before"), named("after"));
        before.iter().for_each(|name| self.add(ini, name, depth, read));
        ini.merge(own);
        after.iter().for_each(|name| self.add(ini, name, depth, read));
    }
}

#[cfg(test)]
mod tests {
    use super::is_configuration;

    #[test]
    fn files_are_known_by_their_folder() {
        for path in
            ["etc/fail2ban/jail.local", "a/etc/fail2ban/filter.d/x.conf", "root/etc/fail2ban/jail.d/a.conf"]
        {
            assert!(is_configuration(path), "{path}");
        }
        for path in [
            "etc/fail2ban/action.d/x.conf",
            "etc/asterisk/jail.conf",
            "xetc/fail2ban/jail.conf",
            "etc/fail2ban/a.py",
        ] {
            assert!(!is_configuration(path), "{path}");
        }
    }
}
