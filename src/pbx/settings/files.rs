//! Files of `KEY=value` lines that rules ask for, beside the configuration of the phone programs.

use super::super::panel::Panel;
use super::held::{Settings, of_key_values, of_setting, of_words};
use crate::evidence::{Evidence, ends_with_path};

/// The end of a file's path, and the name that rules have for it.
const FILES: [(&str, &str); 1] = [("etc/amportal.conf", "amportal.conf")];
/// The settings of the secure shell's server.
const SHELL_SERVER: &str = "etc/ssh/sshd_config";
/// A generated `amportal.conf` has some twenty thousand bytes.
const LARGEST: usize = 256 * 1024;

/// Returns whether a path is that of such a file.
pub fn is_settings_file(path: &str) -> bool {
    FILES.iter().any(|(end, _)| ends_with_path(path, end))
}

/// Takes in what the panel's own table of settings holds: newer panels write `amportal.conf` from it.
pub(in crate::pbx) fn of_panel(panel: &Panel, settings: &mut Settings) {
    for setting in &panel.settings {
        of_setting("amportal.conf", &setting.keyword, &setting.value, &setting.place, settings);
    }
}

/// Files that only a machine with a web panel has.
const OF_PANELS: [&str; 6] = [
    "etc/amportal.conf",
    "etc/freepbx.conf",
    "etc/issabel.conf",
    "etc/elastix.conf",
    "etc/fusionpbx/config.conf",
    "etc/fusionpbx/config.php",
];

/// Returns whether the evidence is that of a machine with a web panel.
pub(in crate::pbx) fn has_panel(evidence: &Evidence) -> bool {
    let known = evidence.sources.iter().map(|source| source.file.path.as_str());
    let others = evidence.unrecognised.iter().map(|file| file.path.as_str());
    known.chain(others).any(|path| OF_PANELS.iter().any(|end| ends_with_path(path, end)))
}

/// Reads them.
pub(in crate::pbx) fn read_files(evidence: &Evidence, settings: &mut Settings) {
    for (end, name) in FILES {
        let Some(source) = evidence.source_ending("", end) else { continue };
        let bytes = evidence.read_small(source, LARGEST).unwrap_or_default();
        of_key_values(name, source.id, &String::from_utf8_lossy(&bytes), settings);
    }
    if let Some(source) = evidence.source_ending("", SHELL_SERVER) {
        let bytes = evidence.read_small(source, LARGEST).unwrap_or_default();
        of_words("sshd_config", source.id, &String::from_utf8_lossy(&bytes), settings);
    }
}
