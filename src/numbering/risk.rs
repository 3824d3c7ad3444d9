//! How often a destination is one of fraud, from what it is: a prior, never a verdict.
//!
//! Lists of countries drift (until 2018 Cuba and Latvia led, by 2022 Belgium, Italy and the United Kingdom
//! were on them), so the reason is told with its source, and behaviour weighs more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use super::{Class, Kind, Reading, Site};

const NAMED: &str = include_str!("data/risk.tsv");

/// How much a destination by itself speaks for fraud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Nothing does.
    #[default]
    Ordinary,
    /// It has been named as dear or favoured by fraud, or looks domestic and is not.
    Raised,
    /// The class of number exists to be paid for by the caller, or no network has the number.
    High,
}

impl Risk {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Risk::Ordinary => "ordinary",
            Risk::Raised => "raised",
            Risk::High => "high",
        }
    }
}

/// Weighs where a number leads, with every reason.
pub fn risk(site: &Site, reading: &Reading) -> (Risk, Vec<String>) {
    let mut reasons: Vec<(Risk, String)> = Vec::new();
    match reading.class {
        Class::Premium | Class::Satellite | Class::IntlNetwork | Class::Personal => {
            reasons
                .push((Risk::High, format!("{} numbers are dear by their class", reading.class.meaning())));
        }
        Class::SharedCost | Class::Uan => {
            reasons.push((Risk::Raised, format!("{} numbers may be dear", reading.class.meaning())));
        }
        Class::Geo | Class::Tollfree | Class::Reserved => {}
    }
    if reading.kind == Kind::InvalidForPlan {
        reasons.push((Risk::High, "no network has such a number, which fraud makes use of".to_owned()));
    }
    let home = site.home();
    if let Some(region) = reading.region.filter(|region| home.is_none_or(|home| home.code != region.code)) {
        if home.is_some_and(super::Region::is_north_american)
            && region.is_north_american()
            && !["US", "CA"].contains(&region.code)
        {
            reasons.push((Risk::Raised, format!("looks domestic and is {}", region.name)));
        }
        let named = named().get(region.code).into_iter().flatten();
        reasons.extend(named.map(|why| (Risk::Raised, format!("{} is {why}", region.name))));
    }
    let most = reasons.iter().map(|(risk, _)| *risk).max().unwrap_or_default();
    (most, reasons.into_iter().map(|(_, why)| why).collect())
}

/// What has been named, by country.
fn named() -> &'static BTreeMap<&'static str, Vec<String>> {
    static TABLE: LazyLock<BTreeMap<&'static str, Vec<String>>> = LazyLock::new(|| {
        let mut table: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in NAMED.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = row.split('\t');
            let (Some(country), Some(what)) = (cells.next(), cells.next()) else { continue };
            let source = cells.next().filter(|source| !source.is_empty());
            let source = source.map_or_else(String::new, |source| format!(" ({source})"));
            table.entry(country).or_default().push(format!("{what}{source}"));
        }
        table
    });
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbering::{plan, read};

    #[test]
    fn a_destination_is_weighed_with_its_reasons() {
        let site = Site::of("US").unwrap();
        let told = |dialed: &str| risk(&site, &read(&site, dialed.as_bytes()));
        assert_eq!(told("2125550100"), (Risk::Ordinary, Vec::new()));
        assert_eq!(told("011881612345678").0, Risk::High);
        let (level, why) = told("8768123456");
        assert_eq!(
            (level, why.as_slice()),
            (Risk::Raised, ["looks domestic and is Jamaica".to_owned()].as_slice())
        );
        assert!(told("011252600000001").1[0].contains("block lists"));
        let italy = Site::of("IT").unwrap();
        assert_eq!(
            risk(&italy, &read(&italy, b"0612345678")).0,
            Risk::Ordinary,
            "home is no destination of fraud"
        );
    }

    #[test]
    fn every_country_named_is_one_of_the_plan() {
        assert!(named().keys().all(|country| plan().region(country).is_some()));
        assert!(named().len() > 40);
    }
}
