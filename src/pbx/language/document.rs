//! Sections and settings, as Asterisk holds them after includes and templates.
//!
//! Nothing here can be printed: settings hold secrets. What a later stage may cite is a section's
//! header.

use std::collections::BTreeMap;

use crate::event::{Citation, Place, SourceId};

/// One `name = value`.
#[derive(Clone)]
pub(in crate::pbx) struct Setting {
    /// The name as written.
    pub(in crate::pbx) name: String,
    /// The value, stripped.
    pub(in crate::pbx) value: String,
    /// Where it stands.
    pub(in crate::pbx) place: Place,
}

/// One section, with what it inherited.
pub(in crate::pbx) struct Section {
    /// The name between the brackets.
    pub(in crate::pbx) name: String,
    /// Is it a template only?
    pub(in crate::pbx) is_template: bool,
    /// Its settings in order, inherited ones first.
    pub(in crate::pbx) settings: Vec<Setting>,
    place: Place,
    header: Box<[u8]>,
}

impl Section {
    /// Begins a section whose header stands at `place`.
    pub(in crate::pbx) fn new(name: String, is_template: bool, place: Place, header: &[u8]) -> Self {
        Section { name, is_template, settings: Vec::new(), place, header: header.into() }
    }

    /// Begins a section that a whole file is part of, where the header stands in a file that is not there.
    ///
    /// What it is cited by names no line: the file's first one says nothing of it, and could hold a secret.
    pub(in crate::pbx) fn of_file(name: &str, source: SourceId) -> Self {
        let place = Place { source, offset: 0, line: 0 };
        let header = format!("(no section header: the whole file belongs to [{name}])");
        Section::new(name.to_owned(), false, place, header.as_bytes())
    }

    /// Returns the header as proof: a setting's own line could show a secret.
    pub(in crate::pbx) fn citation(&self) -> Citation {
        Citation::new(self.place, &self.header)
    }

    /// Returns every value of a setting, in order.
    pub(in crate::pbx) fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.settings
            .iter()
            .filter(move |held| held.name.eq_ignore_ascii_case(name))
            .map(|held| held.value.as_str())
    }

    /// Returns the first value of a setting: what `ast_variable_retrieve` finds.
    pub(in crate::pbx) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns the last value of a setting: what a driver that walks its section ends with.
    pub(in crate::pbx) fn last<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next_back()
    }

    /// Returns the last value that is not empty.
    pub(in crate::pbx) fn filled<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.last(name).filter(|value| !value.is_empty())
    }

    /// Returns whether the last value says yes, as `ast_true` reads it; `None` without a value.
    pub(in crate::pbx) fn says_yes(&self, name: &str) -> Option<bool> {
        self.last(name).map(is_true)
    }
}

/// Returns whether Asterisk takes a value for yes (`ast_true`).
pub(in crate::pbx) fn is_true(value: &str) -> bool {
    ["yes", "true", "y", "t", "1", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

/// The sections of one configuration, in order.
#[derive(Default)]
pub(in crate::pbx) struct Document {
    sections: Vec<Section>,
    by_name: BTreeMap<String, Vec<usize>>,
}

impl Document {
    /// Returns every section that is no template.
    pub(in crate::pbx) fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.is_template)
    }

    /// Returns the sections of a name, whose case does not matter.
    pub(in crate::pbx) fn named(&self, name: &str) -> impl DoubleEndedIterator<Item = &Section> {
        let held = self.by_name.get(&name.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default();
        held.iter().filter_map(|&index| self.sections.get(index)).filter(|section| !section.is_template)
    }

    /// Returns the last value of a setting in all sections of a name.
    pub(in crate::pbx) fn last<'a>(&'a self, section: &str, name: &'a str) -> Option<&'a str> {
        self.named(section).filter_map(|held| held.last(name)).next_back()
    }

    /// Returns the first value of a setting in all sections of a name.
    pub(in crate::pbx) fn first<'a>(&'a self, section: &str, name: &'a str) -> Option<&'a str> {
        self.named(section).find_map(|held| held.first(name))
    }

    /// Adds a section and returns its index.
    pub(in crate::pbx) fn push(&mut self, section: Section) -> usize {
        let index = self.sections.len();
        self.by_name.entry(section.name.to_ascii_lowercase()).or_default().push(index);
        self.sections.push(section);
        index
    }

    /// Returns the first section of a name, templates too, that passes a test.
    pub(super) fn find(&self, name: &str, passes: impl Fn(&Section) -> bool) -> Option<usize> {
        let held = self.by_name.get(&name.to_ascii_lowercase())?;
        held.iter().copied().find(|&index| self.sections.get(index).is_some_and(&passes))
    }

    /// Returns a section for change.
    pub(super) fn section_mut(&mut self, index: usize) -> Option<&mut Section> {
        self.sections.get_mut(index)
    }

    /// Returns a section by its index.
    pub(super) fn section(&self, index: usize) -> Option<&Section> {
        self.sections.get(index)
    }
}
