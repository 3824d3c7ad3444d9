//! What calls cost in price lists of the past: a range that shows the order of size where nobody's rates
//! are known.
//!
//! Price lists for one country differ by three to ten times, so that a single figure would be made up. The
//! range is told apart from what a carrier or a rate deck says, and never added to it.

use std::sync::LazyLock;

use super::Amount;
use crate::numbering::Trie;

const TABLE: &str = include_str!("data/illustrative.tsv");

/// What a minute cost, from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// In the cheaper list.
    pub low: Amount,
    /// In the dearer list.
    pub high: Amount,
}

/// What to say of every figure that rests on it.
pub const CAVEAT: &str = "illustrative: two public retail price lists of 2015 (EUR) and 2018 (USD), the currencies taken for equal; not what the carrier charges";

/// What both currencies of the lists are called.
pub const CURRENCY: &str = "EUR/USD";

/// Returns what a minute to a number cost, given its digits from the country code on.
pub fn band(digits: &[u8]) -> Option<Band> {
    static BANDS: LazyLock<(Vec<Band>, Trie)> = LazyLock::new(load);
    let (bands, trie) = &*BANDS;
    let index = trie.prefixes(digits).last()?;
    bands.get(index as usize).copied()
}

fn load() -> (Vec<Band>, Trie) {
    let (mut bands, mut trie) = (Vec::new(), Trie::default());
    for row in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = row.split('\t');
        let mut amount = || cells.next().and_then(Amount::parse);
        let (Some(low), Some(high)) = (amount(), amount()) else { continue };
        for prefix in cells.next().unwrap_or_default().split(' ') {
            trie.insert(prefix.as_bytes(), bands.len() as u32);
        }
        bands.push(Band { low, high });
    }
    (bands, trie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_range() {
        let somalia = band(b"252600000001").unwrap();
        assert!(somalia.low < somalia.high);
        assert!(band(b"881612345678").unwrap().high > somalia.high);
        assert_eq!(band(b"595210000000"), None);
        assert!(load().0.len() >= 6);
    }
}
