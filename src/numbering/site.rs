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

impl Route {
    /// Finds the rule by what was dialled and what left.
    pub fn between(dialled: &str, sent: &str) -> Self {
        let same =
            dialled.bytes().rev().zip(sent.bytes().rev()).take_while(|(left, right)| left == right).count();
        let prepend = sent.get(..sent.len() - same).unwrap_or_default().to_owned();
        Route { strip: dialled.len() - same, prepend }
    }

    /// Returns whether it sends what was dialled.
    pub fn is_empty(&self) -> bool {
        self.strip == 0 && self.prepend.is_empty()
    }

    /// Returns what it sends of a dialled string, `+` and digits; `None` where that is something else.
    pub(super) fn sent(&self, raw: &[u8]) -> Option<String> {
        let rest = std::str::from_utf8(raw.get(self.strip..)?).ok()?;
        let sent = [self.prepend.as_str(), rest].concat();
        let digits = sent.strip_prefix('+').unwrap_or(&sent);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(sent)
    }
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

    /// Returns the same site for numbers that routes have made ready: no outside lines, no extensions.
    pub(super) fn behind_routes(&self) -> Self {
        Site { outside: Vec::new(), extensions: BTreeSet::new(), ..self.clone() }
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
