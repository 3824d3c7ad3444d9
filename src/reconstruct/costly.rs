//! Numbers that look like any of one's own country and cost as if they lay abroad.
//!
//! The countries that share North America's prefix dial each other like the next town; the Caribbean among them
//! is where fraud goes. Premium numbers of the country itself begin as its plan says. Facts: the area codes
//! of the North American Numbering Plan that lie outside of the United States and Canada, without those that
//! are billed like them (340, 670, 671, 684, 787, 939).

use std::collections::BTreeSet;

use super::world::World;
use crate::numbering::international_digits;

/// Area codes of other countries below +1, and 900, its premium numbers.
const AREAS: [&[u8; 3]; 22] = [
    b"242", b"246", b"264", b"268", b"284", b"345", b"441", b"473", b"649", b"658", b"664", b"721", b"758",
    b"767", b"784", b"809", b"829", b"849", b"868", b"869", b"876", b"900",
];

/// Distinct numbers of one's own country from which they tell how it numbers itself.
const ENOUGH_NUMBERS: usize = 20;
/// Numbers that are looked at, at most.
const MOST_NUMBERS: usize = 2_000;

/// Returns whether the house dials as North America does: ten digits or a 1 and ten, where neither area nor
/// exchange begins with 0 or 1.
///
/// China's mobile numbers have eleven digits that begin with 1 as well, India's and Mexico's ten: of theirs, one in
/// five breaks the rule for the exchange, and none is dialled beside an `011` or a 1 that does not count.
pub(super) fn is_north_american(world: &World<'_>) -> bool {
    let mut numbers: BTreeSet<&[u8]> = BTreeSet::new();
    let mut marks = 0;
    for call in world.calls.iter().filter(|call| !call.from_trunk()) {
        let dialed = world.dialed(call);
        let is_number = dialed.len() >= 9 && dialed.iter().all(u8::is_ascii_digit);
        if is_number && numbers.len() < MOST_NUMBERS && numbers.insert(dialed) {
            marks += usize::from(without_line(dialed).starts_with(b"1") || dialed.starts_with(b"011"));
        }
    }
    numbers.retain(|dialed| international_digits(dialed).is_none());
    let alike = numbers.iter().filter(|dialed| north_american(dialed).is_some()).count();
    numbers.len() >= ENOUGH_NUMBERS && marks > 0 && alike * 100 >= numbers.len() * 97
}

/// Returns what is dialled behind the 9 for an outside line, if there is one.
fn without_line(dialed: &[u8]) -> &[u8] {
    match dialed {
        [b'9', rest @ ..] if rest.len() == 11 && rest.starts_with(b"1") => rest,
        _ => dialed,
    }
}

/// Returns the ten digits of a number that the North American plan may hold.
fn north_american(dialed: &[u8]) -> Option<&[u8]> {
    let own = match without_line(dialed) {
        [b'1', own @ ..] if own.len() == 10 => own,
        [b'9', own @ ..] if own.len() == 10 => own,
        own => own,
    };
    let is_part = |at: usize| own.get(at).is_some_and(|digit| (b'2'..=b'9').contains(digit));
    (own.len() == 10 && own.iter().all(u8::is_ascii_digit) && is_part(0) && is_part(3)).then_some(own)
}

/// Returns the area code of a number that the house dials like the next town's and that costs as if it lay abroad.
pub(super) fn area(dialed: &[u8]) -> Option<[u8; 3]> {
    let area = *north_american(dialed)?.first_chunk::<3>()?;
    AREAS.contains(&&area).then_some(area)
}

/// Goes over those area codes.
pub fn areas() -> impl Iterator<Item = &'static str> {
    AREAS.iter().filter_map(|area| std::str::from_utf8(*area).ok())
}

/// Returns whether the first digits of what was dialled are such a number's: `1876...`.
pub(super) fn is_costly(digits: &[u8; 5]) -> bool {
    let [b'1', area @ ..] = digits else { return false };
    area.first_chunk::<3>().is_some_and(|area| AREAS.contains(&area))
}

#[cfg(test)]
mod tests {
    use super::area;

    #[test]
    fn the_caribbean_behind_any_form_of_a_near_number() {
        for near in ["18765551234", "8765555123", "918765551234", "98765551234"] {
            assert_eq!(area(near.as_bytes()), Some(*b"876"), "{near}");
        }
        for other in ["13125551234", "18761551234", "01876555123", "876555123", "188765551234"] {
            assert_eq!(area(other.as_bytes()), None, "{other}");
        }
    }
}
