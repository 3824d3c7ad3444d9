//! What the configuration holds of the settings that rules ask for.

use std::collections::BTreeSet;

use super::super::language::{Document, Section};
use super::rules::{Rule, fits, rules};
use crate::event::{Citation, Place, SourceId};

/// Settings kept; more sections than any server has may have one.
const MOST_HELD: usize = 50_000;

/// One setting that a rule asks for, there or not.
#[derive(Clone, Debug)]
pub struct Held {
    /// The rule.
    pub rule: &'static Rule,
    /// The section, account or profile.
    pub subject: String,
    /// Its value; `None` where it is not there.
    pub value: Option<String>,
    /// Its line, or that of the section which lacks it.
    pub cited: Citation,
}

/// All of them, and which files were there.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// In the order in which they were read.
    pub held: Vec<Held>,
    /// Files and parts of the configuration that were looked at, as rules name them.
    pub looked_at: BTreeSet<&'static str>,
}

impl Settings {
    /// Returns files that rules ask for and that are not there, of programs of which others are.
    pub fn not_there(&self) -> BTreeSet<&'static str> {
        let programs: BTreeSet<&str> = self.looked_at.iter().map(|file| program(file)).collect();
        let asked = rules().iter().map(|rule| rule.file.as_str());
        asked.filter(|file| programs.contains(program(file)) && !self.looked_at.contains(file)).collect()
    }

    fn add(&mut self, rule: &'static Rule, subject: &str, value: Option<&str>, cited: Citation) {
        // A setting that is there, or whose absence may be bad.
        if self.held.len() < MOST_HELD && (value.is_some() || rule.absent.is_some()) {
            let value = value.map(str::to_owned);
            self.held.push(Held { rule, subject: subject.to_owned(), value, cited });
        }
    }
}

/// Returns whose file it is.
fn program(file: &str) -> &'static str {
    match file {
        "sofia profile" | "event_socket.conf" => "FreeSWITCH",
        "amportal.conf" => "panel",
        "sshd_config" => "the host",
        _ => "Asterisk",
    }
}

/// Returns the module that reads a file: settings of one that is not loaded are in force nowhere.
pub(in crate::pbx) fn module_of(file: &str) -> Option<&'static str> {
    match file {
        "sip.conf" => Some("chan_sip"),
        "pjsip.conf" => Some("chan_pjsip"),
        "iax.conf" => Some("chan_iax2"),
        _ => None,
    }
}

/// Takes in a configuration file of Asterisk's, with all it includes.
pub(in crate::pbx) fn of_document(file: &str, document: &Document, settings: &mut Settings) {
    for rule in rules().iter().filter(|rule| rule.file == file) {
        settings.looked_at.insert(&rule.file);
        let is_wanted = |section: &&Section| match (rule.section.as_str(), rule.section.strip_prefix("type="))
        {
            (_, Some(kind)) => section.last("type").is_some_and(|found| found.eq_ignore_ascii_case(kind)),
            ("phones", _) => !section.name.eq_ignore_ascii_case("general") && section.last("type").is_some(),
            (name, _) => section.name.eq_ignore_ascii_case(name),
        };
        let wanted: Vec<&Section> = document.sections().filter(is_wanted).collect();
        let is_single = !rule.section.starts_with("type=") && rule.section != "phones";
        if !is_single {
            wanted.iter().for_each(|section| one(rule, &[section], settings));
        } else if !wanted.is_empty() {
            // A section may be opened several times; the last value of all counts.
            one(rule, &wanted, settings);
        }
    }
}

fn one(rule: &'static Rule, sections: &[&Section], settings: &mut Settings) {
    let Some(first) = sections.first() else { return };
    let last = |key: &str| {
        let mut all = sections.iter().flat_map(|section| &section.settings);
        all.rfind(|setting| setting.name.eq_ignore_ascii_case(key))
    };
    let applies =
        |only: &super::rules::Only| last(&only.key).is_some_and(|setting| fits(&setting.value, &only.is));
    if !rule.only.as_ref().is_none_or(applies) {
        return;
    }
    match last(&rule.key) {
        Some(setting) => {
            // The line is read again when it is shown: rules ask for no secret.
            settings.add(rule, &first.name, Some(&setting.value), Citation::new(setting.place, b""));
        }
        None => settings.add(rule, &first.name, None, first.citation()),
    }
}

/// Takes in parameters of FreeSWITCH's: `get` looks one up, `cited` is the element around them.
pub(in crate::pbx) fn of_params<'a>(
    file: &str,
    subject: &str,
    get: &dyn Fn(&str) -> Option<&'a str>,
    cited: &Citation,
    settings: &mut Settings,
) {
    for rule in rules().iter().filter(|rule| rule.file == file) {
        settings.looked_at.insert(&rule.file);
        let applies = |only: &super::rules::Only| fits(get(&only.key).unwrap_or_default(), &only.is);
        if !rule.only.as_ref().is_none_or(applies) {
            continue;
        }
        let value = get(&rule.key);
        // A variable that no file of the evidence defines says nothing.
        if !value.is_some_and(|value| value.contains("$${")) {
            settings.add(rule, subject, value, cited.clone());
        }
    }
}

/// Takes in one setting that stands by itself, as in a table.
pub(in crate::pbx) fn of_setting(
    file: &str,
    key: &str,
    value: &str,
    cited: &Citation,
    settings: &mut Settings,
) {
    for rule in rules().iter().filter(|rule| rule.file == file && rule.key.eq_ignore_ascii_case(key)) {
        settings.looked_at.insert(&rule.file);
        settings.add(rule, file, Some(value), cited.clone());
    }
}

/// Takes in a file of `KEY=value` lines; the last of a key counts.
pub(in crate::pbx) fn of_key_values(file: &str, source: SourceId, text: &str, settings: &mut Settings) {
    for rule in rules().iter().filter(|rule| rule.file == file) {
        settings.looked_at.insert(&rule.file);
        let mut offset = 0_u64;
        let mut found = None;
        for (number, raw) in text.split_inclusive('\n').enumerate() {
            let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
            let place = Place { source, offset, line };
            offset += raw.len() as u64;
            let raw = raw.trim();
            let pair = raw.split_once('=').filter(|_| !raw.starts_with(['#', ';']));
            if let Some((_, value)) = pair.filter(|(key, _)| key.trim().eq_ignore_ascii_case(&rule.key)) {
                found = Some((value.trim().trim_matches(['"', '\'']), Citation::new(place, raw.as_bytes())));
            }
        }
        if let Some((value, cited)) = found {
            settings.add(rule, file, Some(value), cited);
        }
    }
}

/// Takes in a file of lines `Key value`, of which the first of a key counts, up to where it speaks of some users only
/// (`Match`). Another setting that a rule rests on may be absent: what the program takes then is what it asks for.
pub(in crate::pbx) fn of_words(file: &str, source: SourceId, text: &str, settings: &mut Settings) {
    let mut offset = 0_u64;
    let mut held: Vec<(String, &str, Place)> = Vec::new();
    for (raw, line) in text.split_inclusive('\n').zip(1_u32..) {
        let place = Place { source, offset, line };
        offset += raw.len() as u64;
        let raw = raw.trim();
        let Some((key, value)) = raw.split_once([' ', '\t', '=']).filter(|_| !raw.starts_with('#')) else {
            continue;
        };
        if key.eq_ignore_ascii_case("match") {
            break;
        }
        held.push((key.to_ascii_lowercase(), value.trim(), place));
    }
    let first = |key: &str| held.iter().find(|(known, ..)| known == key);
    for rule in rules().iter().filter(|rule| rule.file == file) {
        settings.looked_at.insert(&rule.file);
        let applies =
            |only: &super::rules::Only| first(&only.key).is_none_or(|(_, value, _)| fits(value, &only.is));
        if let Some((_, value, place)) = first(&rule.key).filter(|_| rule.only.as_ref().is_none_or(applies)) {
            settings.add(rule, file, Some(value), Citation::new(*place, b""));
        }
    }
}
