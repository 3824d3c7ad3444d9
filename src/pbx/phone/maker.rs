//! The maker of a phone by its hardware address: the first three bytes are given out by the IEEE.
//!
//! `oui_vendor.tsv` lists makers of phones, one prefix a row. It settles which vendor's file it is where
//! several share their keys, and says of a name that it really holds a phone's address.

const TABLE: &str = include_str!("oui_vendor.tsv");

/// Returns the maker of the phone with a hardware address, as the table of keys names it or begins.
pub(super) fn of(address: &str) -> Option<&'static str> {
    let prefix = address.get(..6)?;
    let rows = TABLE.lines().skip(1).filter_map(|row| row.split_once('\t'));
    rows.into_iter().find(|(known, _)| *known == prefix).map(|(_, maker)| maker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_prefix_and_a_maker() {
        for row in TABLE.lines().skip(1) {
            let (prefix, maker) = row.split_once('\t').unwrap();
            assert_eq!(of(&format!("{prefix}aabbcc")), Some(maker), "{row}");
            assert!(prefix.len() == 6 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit()), "{row}");
        }
        assert_eq!(of("ffffffaabbcc"), None);
    }
}
