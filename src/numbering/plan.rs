//! The numbering plans of the world: regions with their rules, and ranges with their class.
//!
//! The tables are derived from the metadata of libphonenumber 9.0.33 (Apache License 2.0), with rows of our
//! own for satellite and international networks; a test holds them against a port of that library with newer data,
//! number by number, and lists where they differ and why. Known limits: no operator and no ported numbers, no
//! mobile or fixed, toll-free outside North America only as ordinary numbers, and deep alternations of
//! the metadata may be cut to their ordinary range.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Class;
use super::trie::Trie;

const REGIONS: &str = include_str!("data/regions.tsv");
const RANGES: &str = include_str!("data/prefixes.tsv");
const ZONES: &str = include_str!("data/zones.tsv");

/// The most digits that a number in E.164 has.
const LONGEST: usize = 15;
/// The code of what is no country's.
const WORLD: &str = "001";

/// A region with a numbering plan of its own.
#[derive(Clone, Debug)]
pub struct Region {
    /// ISO 3166, two letters; `001` for what is no country's.
    pub code: &'static str,
    /// In English.
    pub name: &'static str,
    /// The country code, digits.
    pub country_code: &'static str,
    /// Is it the main region of a shared country code?
    pub is_main: bool,
    /// Lengths of a national number, a bit each.
    lengths: u32,
    /// The international prefix, a pattern.
    pub(super) international: &'static str,
    /// The trunk prefix, a pattern; empty where there is none.
    pub(super) trunk: &'static str,
    /// Emergency numbers, a pattern.
    pub(super) emergency: &'static str,
}

impl Region {
    /// Returns its code, unless it is no country's.
    pub fn country(&self) -> Option<&'static str> {
        (self.code != WORLD).then_some(self.code)
    }

    /// Returns whether it is of the North American plan.
    pub fn is_north_american(&self) -> bool {
        self.country_code == "1"
    }

    /// Returns whether a national number may have so many digits.
    pub(super) fn has_length(&self, digits: usize) -> bool {
        if self.is_north_american() { digits == 10 } else { has_bit(self.lengths, digits) }
    }
}

/// A range of numbers.
#[derive(Clone, Debug)]
pub struct Range {
    /// What its numbers begin with, country code included.
    pub prefix: &'static str,
    /// The class.
    pub class: Class,
    /// An area, a network, or what is to be known; often empty.
    pub note: &'static str,
    /// An index of a region.
    region: usize,
    /// Lengths of the national numbers that it holds for, a bit each; 0 for all.
    lengths: u32,
    /// The range of the same prefix that holds for other lengths.
    other: Option<u32>,
}

/// What a number in E.164 belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Found<'p> {
    /// The region.
    pub region: &'p Region,
    /// The class.
    pub class: Class,
    /// The prefix that told, of the table.
    pub prefix: &'static str,
    /// An area, a network, or what is to be known; often empty.
    pub note: &'static str,
    /// Has the plan numbers of this length that begin so?
    pub fits: bool,
}

/// The tables.
#[derive(Debug)]
pub struct Plan {
    /// All regions, by code.
    pub regions: Vec<Region>,
    /// All ranges.
    pub ranges: Vec<Range>,
    /// The version of the table.
    pub version: &'static str,
    trie: Trie,
    zones: HashMap<&'static str, &'static str>,
}

/// Returns the tables, which are read once.
pub fn plan() -> &'static Plan {
    static PLAN: LazyLock<Plan> = LazyLock::new(Plan::load);
    &PLAN
}

impl Plan {
    fn load() -> Plan {
        let regions: Vec<Region> = rows(REGIONS).filter_map(region).collect();
        let mut ranges: Vec<Range> = rows(RANGES).filter_map(|row| range(row, &regions)).collect();
        let mut trie = Trie::default();
        for (index, range) in (0..).zip(&mut ranges) {
            range.other = trie.insert(range.prefix.as_bytes(), index);
        }
        let version = RANGES.lines().find_map(|line| line.strip_prefix("# version ")).unwrap_or_default();
        let zones = rows(ZONES).filter_map(|row| row.split_once('\t')).collect();
        Plan { regions, ranges, version, trie, zones }
    }

    /// Returns a region by its code of two letters, in any case.
    pub fn region(&self, code: &str) -> Option<&Region> {
        self.regions.iter().find(|region| region.code != WORLD && region.code.eq_ignore_ascii_case(code))
    }

    /// Returns the region that a zone of the time zone database lies in.
    pub fn region_of_zone(&self, zone: &str) -> Option<&Region> {
        self.region(self.zones.get(zone)?)
    }

    /// Returns what a number belongs to, given its digits from the country code on.
    pub fn lookup(&self, digits: &[u8]) -> Option<Found<'_>> {
        let mut best = None;
        for value in self.trie.prefixes(digits) {
            best = self.range_for(value, digits).or(best);
        }
        let (range, region) = match best {
            Some(range) => (range, self.regions.get(range.region)?),
            None => return self.unassigned(digits),
        };
        let national = digits.get(region.country_code.len()..).unwrap_or_default();
        let fits = digits.len() <= LONGEST
            && (has_bit(range.lengths, national.len()) || region.has_length(national.len()))
            && (!region.is_north_american() || is_north_american_number(national));
        Some(Found { region, class: range.class, prefix: range.prefix, note: range.note, fits })
    }

    /// Returns the range at `value`, or the one of the same prefix, that holds for the number's length.
    fn range_for(&self, value: u32, digits: &[u8]) -> Option<&Range> {
        let mut range = self.ranges.get(value as usize)?;
        loop {
            let code = self.regions.get(range.region)?.country_code.len();
            if range.lengths == 0 || has_bit(range.lengths, digits.len().saturating_sub(code)) {
                return Some(range);
            }
            range = self.ranges.get(range.other? as usize)?;
        }
    }

    /// Returns the main region of a shared country code that none of its regions' digits follow.
    fn unassigned(&self, digits: &[u8]) -> Option<Found<'_>> {
        let mut main = self.regions.iter().filter(|region| region.is_main);
        let region = main.find(|region| digits.starts_with(region.country_code.as_bytes()))?;
        Some(Found { region, class: Class::Geo, prefix: region.country_code, note: "", fits: false })
    }
}

/// Returns whether ten digits are a number of the North American plan: neither the area's nor the
/// exchange's code begins with 0 or 1.
pub(super) fn is_north_american_number(national: &[u8]) -> bool {
    let starts = |at: usize| matches!(national.get(at), Some(b'2'..=b'9'));
    national.len() == 10 && starts(0) && starts(3)
}

fn has_bit(lengths: u32, digits: usize) -> bool {
    digits < 32 && lengths >> digits & 1 == 1
}

fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn lengths(words: &str) -> u32 {
    let lengths = words.split(' ').filter_map(|word| word.parse::<u32>().ok()).filter(|length| *length < 32);
    lengths.fold(0, |bits, length| bits | 1 << length)
}

fn region(row: &'static str) -> Option<Region> {
    let mut cells = row.split('\t');
    let mut cell = || cells.next();
    let (code, country_code, lengths_cell) = (cell()?, cell()?, cell()?);
    let (international, trunk) = (cell()?, cell()?);
    let (main, emergency, name) = (cell()?, cell()?, cell()?);
    Some(Region {
        code,
        name,
        country_code,
        is_main: main == "main",
        lengths: lengths(lengths_cell),
        international,
        trunk,
        emergency,
    })
}

fn range(row: &'static str, regions: &[Region]) -> Option<Range> {
    let mut cells = row.split('\t');
    let mut cell = || cells.next();
    let (prefix, code, class, lengths_cell, note) = (cell()?, cell()?, cell()?, cell()?, cell()?);
    let region =
        regions.iter().position(|region| region.code == code && prefix.starts_with(region.country_code))?;
    let class = Class::from_word(class)?;
    Some(Range { prefix, class, note, region, lengths: lengths(lengths_cell), other: None })
}
