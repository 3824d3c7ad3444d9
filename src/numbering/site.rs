//! Where and how a phone system dials: what a dialled string is read by.

use std::collections::BTreeSet;

use super::patterns::Prefix;
use super::short::Short;
use super::{Region, plan};

/// A phone system's place and its habits of dialling.
#[derive(Clone, Debug)]
pub struct Site {
    pub(super) home: Option<&'static Region>,
    /// Digits that ask for an outside line.
    pub(super) outside: Vec<String>,
    /// The area code, as dialled at home, without a trunk prefix unless that belongs to it.
    pub(super) area: Option<String>,
    pub(super) extensions: BTreeSet<String>,
    /// Do records give numbers in E.164 without `+`?
    pub(super) plain_e164: bool,
    /// International prefixes that are not the home country's, by which calls got out.
    pub(super) taken: Vec<&'static str>,
    pub(super) international: Prefix,
    pub(super) trunk: Prefix,
    pub(super) short: Short,
}

/// What a route of the phone system does to a number before it goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// How many digits it takes away.
    pub strip: usize,
    /// What it then puts in front.
    pub prepend: String,
}

impl Site {
    /// Begins with the home country; `None` if that is not known.
    pub fn new(home: Option<&'static Region>) -> Self {
        Site {
            home,
            outside: Vec::new(),
            area: None,
            extensions: BTreeSet::new(),
            plain_e164: false,
            taken: Vec::new(),
            international: home.map_or(Prefix::None, |home| Prefix::new(home.international)),
            trunk: home.map_or(Prefix::None, |home| Prefix::new(home.trunk)),
            short: home.map_or_else(Short::default, Short::of),
        }
    }

    /// Begins with the home country by its code of two letters.
    pub fn of(country: &str) -> Option<Self> {
        plan().region(country).map(|home| Site::new(Some(home)))
    }

    /// Adds digits that ask for an outside line.
    #[must_use]
    pub fn with_outside(mut self, digits: &str) -> Self {
        if !digits.is_empty() && !self.outside.iter().any(|known| known == digits) {
            self.outside.push(digits.to_owned());
        }
        self
    }

    /// Sets the area code.
    #[must_use]
    pub fn with_area(mut self, area: &str) -> Self {
        self.area = (!area.is_empty()).then(|| area.to_owned());
        self
    }

    /// Sets the extensions.
    #[must_use]
    pub fn with_extensions(mut self, extensions: impl IntoIterator<Item = String>) -> Self {
        self.extensions = extensions.into_iter().collect();
        self
    }

    /// Takes numbers that begin with a country code for E.164: carriers' records leave out the `+`.
    #[must_use]
    pub fn with_plain_e164(mut self) -> Self {
        self.plain_e164 = true;
        self
    }

    /// Adds an international prefix that is not the home country's and yet leads abroad.
    #[must_use]
    pub fn with_taken(mut self, prefix: &'static str) -> Self {
        self.taken.push(prefix);
        self
    }

    /// Returns the home country.
    pub fn home(&self) -> Option<&'static Region> {
        self.home
    }

    /// Returns the digits that ask for an outside line.
    pub fn outside(&self) -> &[String] {
        &self.outside
    }
}
