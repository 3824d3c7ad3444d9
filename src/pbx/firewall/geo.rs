//! Rules that go by country: `xt_geoip`, and sets of addresses that bear a country's or a geographic name.
//!
//! Which addresses belong to a country stands in tables that are loaded at run time. What the saved rules do tell is
//! which countries they name, and whether these are let in or kept out.

use crate::event::Citation;
use crate::pbx::serving::{Page, PageLine};

/// A saved rule that goes by country.
#[derive(Clone, Debug)]
pub struct GeoRule {
    /// The countries that it names, two letters each; empty where the set's name tells none.
    pub countries: Vec<String>,
    /// Does it keep whom it names out (`false`: let them in)? `None` where that stands elsewhere.
    pub keeps_out: Option<bool>,
    /// Is it for everybody but those whom it names?
    pub is_reversed: bool,
    /// Where it stands.
    pub place: Citation,
}

/// Rules kept; lists by country are long, rules are few.
const MOST: usize = 200;
/// Parts of names that a set by country has.
const NAMES: [&str; 4] = ["geo", "countr", "ipdeny", "ipblock"];
/// Words of two letters that are no country in such a name.
const NO_COUNTRY: [&str; 8] = ["v4", "v6", "ip", "in", "by", "cc", "db", "to"];

/// Returns the rules of a file that go by country.
pub(super) fn read(page: &Page<'_>) -> Vec<GeoRule> {
    page.lines().filter_map(|line| rule(page, &line)).take(MOST).collect()
}

fn rule(page: &Page<'_>, line: &PageLine<'_>) -> Option<GeoRule> {
    let words: Vec<&str> =
        line.text.split(|sign: char| sign.is_whitespace() || matches!(sign, '{' | '}' | ';')).collect();
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        Some((*words.get(at + 1)?, before == Some(&"!")))
    };
    let by_list = after(&["--src-cc", "--source-country"])
        .map(|(list, is_reversed)| (list.split(',').filter_map(country).collect(), is_reversed));
    let by_set = || {
        let (name, is_reversed) = after(&["--match-set"]).or_else(|| set_of_nftables(&words))?;
        is_geographic(name).then(|| (countries_in(name), is_reversed))
    };
    let (countries, is_reversed) = by_list.or_else(by_set)?;
    let keeps_out = words.iter().find_map(|word| match *word {
        "DROP" | "REJECT" | "drop" | "reject" => Some(true),
        "ACCEPT" | "RETURN" | "accept" | "return" => Some(false),
        _ => None,
    });
    Some(GeoRule { countries, keeps_out, is_reversed, place: page.cite(line) })
}

/// Returns the set in `ip saddr @NAME drop`, and whether the rule is for those who are not in it.
fn set_of_nftables<'l>(words: &[&'l str]) -> Option<(&'l str, bool)> {
    let at = words.iter().position(|word| *word == "saddr")?;
    let is_reversed = words.get(at + 1) == Some(&"!=");
    let name = words.get(at + 1 + usize::from(is_reversed))?.strip_prefix('@')?;
    Some((name, is_reversed))
}

fn is_geographic(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

fn countries_in(name: &str) -> Vec<String> {
    name.split(['_', '-', '.']).filter_map(country).collect()
}

fn country(text: &str) -> Option<String> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_word = NO_COUNTRY.iter().any(|word| text.eq_ignore_ascii_case(word));
    (is_code && !is_word).then(|| text.to_ascii_uppercase())
}
