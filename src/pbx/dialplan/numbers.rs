//! Sets of numbers, as patterns describe them: what may stand at each place, and whether more may follow.
//!
//! They answer whether a number that one pattern let in can be one that another lets on, after digits were
//! cut off and put in front on the way, without trying numbers one by one.

/// Digits of the longest number that is followed; what comes behind may be anything.
const MOST_PLACES: usize = 48;

/// What may stand at one place: one bit for each ASCII character.
pub(super) type Place = u128;

/// Any character.
pub(super) const ANY: Place = u128::MAX;

/// Returns the bit of one character.
pub(super) fn one(byte: u8) -> Place {
    if byte < 128 { 1 << byte } else { 0 }
}

/// Returns the bits of a range of characters.
pub(super) fn range(low: u8, high: u8) -> Place {
    (low..=high.min(127)).fold(0, |set, byte| set | one(byte))
}

/// A set of numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers {
    places: Vec<Place>,
    /// May anything follow?
    is_open: bool,
}

impl Numbers {
    /// Returns the set of all numbers.
    pub fn any() -> Self {
        Numbers { places: Vec::new(), is_open: true }
    }

    /// Returns the set of one number.
    pub fn literal(number: &str) -> Self {
        let mut numbers = Numbers { places: Vec::new(), is_open: false };
        number.bytes().for_each(|byte| numbers.push(one(byte)));
        numbers
    }

    /// Builds a set from what a pattern says of each place.
    pub(super) fn from_places(places: impl IntoIterator<Item = Place>, is_open: bool) -> Self {
        let mut numbers = Numbers { places: Vec::new(), is_open: false };
        places.into_iter().for_each(|place| numbers.push(place));
        numbers.is_open |= is_open;
        numbers
    }

    fn push(&mut self, place: Place) {
        if self.places.len() < MOST_PLACES {
            self.places.push(place);
        } else {
            self.is_open = true;
        }
    }

    /// Returns the numbers that lie in both sets; `None` where there are none.
    pub fn both(&self, other: &Numbers) -> Option<Numbers> {
        let length = self.places.len().max(other.places.len());
        let at = |numbers: &Numbers, index: usize| {
            numbers.places.get(index).copied().or(numbers.is_open.then_some(ANY))
        };
        let mut places = Vec::with_capacity(length);
        for index in 0..length {
            let place = at(self, index)? & at(other, index)?;
            if place == 0 {
                return None;
            }
            places.push(place);
        }
        Some(Numbers { places, is_open: self.is_open && other.is_open })
    }

    /// Returns whether a number may lie in both sets.
    pub fn meets(&self, other: &Numbers) -> bool {
        self.both(other).is_some()
    }

    /// Returns whether it is one number and no more.
    pub fn is_one(&self) -> bool {
        !self.is_open && self.places.iter().all(|place| place.count_ones() == 1)
    }

    /// Returns the number, where it is one.
    pub fn text(&self) -> Option<String> {
        let letter = |place: &Place| char::from(place.trailing_zeros() as u8);
        self.is_one().then(|| self.places.iter().map(letter).collect())
    }

    /// Returns how many characters the shortest of the numbers has.
    pub(super) fn shortest(&self) -> usize {
        self.places.len()
    }

    /// Returns the numbers without their first characters.
    pub(super) fn skip(&self, count: usize) -> Numbers {
        Numbers { places: self.places.iter().skip(count).copied().collect(), is_open: self.is_open }
    }

    /// Returns the first characters of the numbers.
    pub(super) fn first(&self, count: usize) -> Numbers {
        let is_open = self.is_open && self.places.len() < count;
        Numbers { places: self.places.iter().take(count).copied().collect(), is_open }
    }

    /// Returns these numbers with others behind them.
    pub(super) fn then(mut self, behind: &Numbers) -> Numbers {
        if self.is_open {
            return self;
        }
        behind.places.iter().for_each(|place| self.push(*place));
        self.is_open |= behind.is_open;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;

    fn of(pattern: &str) -> Numbers {
        Pattern::new(pattern).numbers()
    }

    #[test]
    fn sets_meet_where_some_number_lies_in_both() {
        assert!(of("_9011.").skip(1).meets(&of("_011X.")));
        assert!(!of("_3XX").meets(&of("_9.")));
        assert!(of("_X.").meets(&of("_011X.")));
        assert!(!of("_X.").meets(&of("_+X.")));
        assert!(of("_1NXXNXXXXXX").meets(&of("_1876NXXXXXX")));
        assert!(!of("_1312NXXXXXX").meets(&of("_1876NXXXXXX")));
        assert!(Numbers::literal("00").then(&of("_X.")).meets(&Numbers::literal("00252612")));
        assert!(Numbers::literal("s").is_one() && !of("_X").is_one());
    }

    proptest::proptest! {
        #[test]
        fn a_number_in_both_patterns_is_in_their_intersection(
            left in "_[0-9XNZ]{0,6}[.!]?", right in "_[0-9XNZ]{0,6}[.!]?", number in "[0-9]{1,8}"
        ) {
            let in_both = Pattern::new(&left).matches(&number) && Pattern::new(&right).matches(&number);
            let both = of(&left).both(&of(&right));
            if in_both {
                proptest::prop_assert!(both.is_some_and(|both| both.meets(&Numbers::literal(&number))));
            }
        }
    }
}
