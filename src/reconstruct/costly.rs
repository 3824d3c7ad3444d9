//! Numbers that look like any of one's own country and cost as if they lay abroad.
//!
//! The countries that share North America's prefix dial each other like the next town; the Caribbean among them
//! is where fraud goes. Premium numbers of the country itself begin as its plan says. Facts: the area codes
//! of the North American Numbering Plan that lie outside of the United States and Canada, without those that
//! are billed like them (340, 670, 671, 684, 787, 939).

/// Area codes of other countries below +1, and 900, its premium numbers.
const AREAS: [&[u8; 3]; 22] = [
    b"242", b"246", b"264", b"268", b"284", b"345", b"441", b"473", b"649", b"658", b"664", b"721", b"758",
    b"767", b"784", b"809", b"829", b"849", b"868", b"869", b"876", b"900",
];

/// Goes over those area codes.
pub fn areas() -> impl Iterator<Item = &'static str> {
    AREAS.iter().filter_map(|area| std::str::from_utf8(*area).ok())
}

/// Returns whether the first digits of what was dialled are such a number's: `1876...`.
pub(super) fn is_costly(digits: &[u8; 5]) -> bool {
    let [b'1', area @ ..] = digits else { return false };
    area.first_chunk::<3>().is_some_and(|area| AREAS.contains(&area))
}
