//! What kind of service a range of numbers is for, by the numbering plan.

use serde::Serialize;

/// The class of a range of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Ordinary numbers, fixed or mobile.
    #[default]
    Geo,
    /// The caller pays a premium, which is shared with the called party.
    Premium,
    /// The caller pays a part.
    SharedCost,
    /// Numbers that follow a person, often at a high price.
    Personal,
    /// One number for all places of a company.
    Uan,
    /// Satellite telephones.
    Satellite,
    /// International networks behind codes that are no country's.
    IntlNetwork,
    /// The called party pays.
    Tollfree,
    /// Nobody's.
    Reserved,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 9] = [
        Class::Geo,
        Class::Premium,
        Class::SharedCost,
        Class::Personal,
        Class::Uan,
        Class::Satellite,
        Class::IntlNetwork,
        Class::Tollfree,
        Class::Reserved,
    ];

    /// Returns its word, as the table and the report have it.
    pub fn word(self) -> &'static str {
        match self {
            Class::Geo => "geo",
            Class::Premium => "premium",
            Class::SharedCost => "shared_cost",
            Class::Personal => "personal",
            Class::Uan => "uan",
            Class::Satellite => "satellite",
            Class::IntlNetwork => "intl_network",
            Class::Tollfree => "tollfree",
            Class::Reserved => "reserved",
        }
    }

    /// Returns what a reader is told.
    pub fn meaning(self) -> &'static str {
        match self {
            Class::Geo => "ordinary",
            Class::Premium => "premium rate",
            Class::SharedCost => "shared cost",
            Class::Personal => "personal number",
            Class::Uan => "company-wide number",
            Class::Satellite => "satellite",
            Class::IntlNetwork => "international network",
            Class::Tollfree => "toll-free",
            Class::Reserved => "reserved",
        }
    }

    /// Returns the class of a word of the table.
    pub(super) fn from_word(word: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.word() == word)
    }
}
