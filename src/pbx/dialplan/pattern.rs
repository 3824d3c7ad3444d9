//! Extension patterns, matched and sorted as Asterisk does.
//!
//! `_` begins a pattern: `X` is a digit, `Z` 1 to 9, `N` 2 to 9, `[1-5a]` one of a set, `.` one character and
//! more, `!` any rest at once; a `-` outside a set is nothing, in pattern and number alike. Of the extensions of
//! one context the plain ones come first, then the pattern that leaves the fewest characters open at the first
//! place where two differ (`main/pbx.c`, `_extension_match_core` and `ext_cmp`).

use std::cmp::Ordering;

use super::numbers::{ANY, Numbers, Place, one, range};

/// How far a number fits a pattern, for a caller who may go on dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It does not, whatever follows.
    Not,
    /// Not yet.
    Begins,
    /// It does, and no longer number would.
    Whole,
    /// It does, and longer numbers do as well.
    WholeOrLonger,
    /// It does, by `!`, without waiting for more digits.
    AtOnce,
}

/// The name of an extension: a number, or a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
    is_pattern: bool,
}

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// One character of a set.
    One(Place),
    /// `.`
    More,
    /// `!`
    AtOnce,
    /// A set that is never closed, or a blank: nothing fits.
    Broken,
}

impl Part {
    /// Returns its rank among patterns: the fewer characters fit, the earlier; then by the lowest of them.
    fn rank(part: Option<&Part>) -> (u32, u32, std::cmp::Reverse<u128>) {
        match part {
            Some(Part::One(set)) => {
                // Of two sets of one size and one beginning, the one with more low characters comes first.
                (set.count_ones(), set.trailing_zeros(), std::cmp::Reverse(set.reverse_bits()))
            }
            Some(Part::More) => (0x180, 0, std::cmp::Reverse(0)),
            Some(Part::AtOnce) => (0x280, 0, std::cmp::Reverse(0)),
            None => (0x300, 0, std::cmp::Reverse(0)),
            Some(Part::Broken) => (0x400, 0, std::cmp::Reverse(0)),
        }
    }
}

impl Pattern {
    /// Reads the name of an extension.
    pub fn new(text: &str) -> Self {
        let (is_pattern, rest) = text.strip_prefix('_').map_or((false, text), |rest| (true, rest));
        let parts = if is_pattern {
            parts_of(rest.as_bytes())
        } else {
            rest.bytes().filter(|byte| *byte != b'-').map(|byte| Part::One(one(byte))).collect()
        };
        Pattern { text: text.to_owned(), parts, is_pattern }
    }

    /// Returns it as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether it may stand for more than one number.
    pub fn is_pattern(&self) -> bool {
        self.is_pattern
    }

    /// Returns how far a number fits.
    pub fn fit(&self, number: &str) -> Fit {
        if self.is_pattern && (self.text.len() == 1 || self.parts.is_empty() && number.is_empty()) {
            return Fit::Not;
        }
        let mut parts = self.parts.iter();
        for byte in number.bytes().filter(|byte| *byte != b'-') {
            match parts.next() {
                Some(Part::One(set)) if set & one(byte) != 0 => {}
                Some(Part::More) => return Fit::WholeOrLonger,
                Some(Part::AtOnce) => return Fit::AtOnce,
                Some(Part::One(_) | Part::Broken) | None => return Fit::Not,
            }
        }
        match parts.next() {
            None => Fit::Whole,
            Some(Part::AtOnce) => Fit::AtOnce,
            Some(Part::Broken) => Fit::Not,
            Some(Part::One(_) | Part::More) => Fit::Begins,
        }
    }

    /// Returns whether a number is one of its.
    pub fn matches(&self, number: &str) -> bool {
        let is_itself = self.is_pattern && self.text.eq_ignore_ascii_case(number);
        is_itself || matches!(self.fit(number), Fit::Whole | Fit::WholeOrLonger | Fit::AtOnce)
    }

    /// Returns the set of its numbers.
    pub fn numbers(&self) -> Numbers {
        let mut is_open = false;
        let mut places = Vec::new();
        for part in &self.parts {
            match part {
                Part::One(set) => places.push(*set),
                Part::More => {
                    places.push(ANY);
                    is_open = true;
                }
                Part::AtOnce => is_open = true,
                Part::Broken => places.push(0),
            }
            if is_open {
                break;
            }
        }
        Numbers::from_places(places, is_open)
    }

    /// Returns which of two Asterisk tries first.
    pub fn order(&self, other: &Pattern) -> Ordering {
        match (self.is_pattern, other.is_pattern) {
            (false, false) => self.text.cmp(&other.text),
            (false, true) => Ordering::Less,
            (true, false) => Ordering::Greater,
            (true, true) => (0..=self.parts.len().max(other.parts.len()))
                .map(|at| Part::rank(self.parts.get(at)).cmp(&Part::rank(other.parts.get(at))))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
        }
    }
}

fn parts_of(mut rest: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'-' => {}
            b'x' | b'X' => parts.push(Part::One(range(b'0', b'9'))),
            b'z' | b'Z' => parts.push(Part::One(range(b'1', b'9'))),
            b'n' | b'N' => parts.push(Part::One(range(b'2', b'9'))),
            b'.' => parts.push(Part::More),
            b'!' => parts.push(Part::AtOnce),
            b' ' => parts.push(Part::Broken),
            b'[' => match memchr::memchr(b']', rest) {
                Some(end) => {
                    let (set, behind) = rest.split_at(end);
                    rest = behind.get(1..).unwrap_or_default();
                    // An empty set is no place at all.
                    parts.extend((!set.is_empty()).then(|| Part::One(set_of(set))));
                }
                None => {
                    parts.push(Part::Broken);
                    break;
                }
            },
            plain => parts.push(Part::One(one(*plain))),
        }
    }
    parts
}

/// Reads what stands between `[` and `]`.
fn set_of(mut text: &[u8]) -> Place {
    let mut set = 0;
    while let Some(first) = text.first() {
        match text {
            [low, b'-', high, rest @ ..] => {
                set |= range(*low, *high);
                text = rest;
            }
            [_, rest @ ..] => {
                set |= one(*first);
                text = rest;
            }
            [] => break,
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a running Asterisk answered: match, match of a beginning, match of a beginning that can go on.
    #[test]
    fn patterns_match_as_asterisk_does() {
        let mut reader = csv::ReaderBuilder::new()
            .from_reader(&include_bytes!("../../../testdata/dialplan/patterns.csv")[..]);
        let mut seen = 0;
        for row in reader.records().map(Result::unwrap) {
            let (pattern, number) = (Pattern::new(&row[0]), &row[1]);
            let answers = match pattern.fit(number) {
                Fit::Not => ["0", "0", "0"],
                Fit::Begins => ["0", "1", "1"],
                Fit::Whole => ["1", "1", "0"],
                Fit::WholeOrLonger => ["1", "1", "1"],
                Fit::AtOnce => ["2", "2", "2"],
            };
            assert_eq!(answers, [&row[2], &row[3], &row[4]], "{} {number}", &row[0]);
            assert_eq!(pattern.matches(number), &row[2] != "0", "{} {number}", &row[0]);
            seen += 1;
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn the_narrower_pattern_comes_first_whatever_the_order_in_the_file() {
        let mut names =
            ["_X.", "_!", "_.", "_1NXXNXXXXXX", "911", "_011.", "_9011.", "_NXXNXXXXXX", "_[0-3]X", "_XX"];
        names.sort_by(|left, right| Pattern::new(left).order(&Pattern::new(right)));
        assert_eq!(
            names,
            ["911", "_011.", "_1NXXNXXXXXX", "_9011.", "_[0-3]X", "_NXXNXXXXXX", "_XX", "_X.", "_.", "_!"]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pattern(left in "\\PC{0,12}", right in "_[\\[\\]0-9XNZ.!a-f -]{0,12}", number in "\\PC{0,12}") {
            let (left, right) = (Pattern::new(&left), Pattern::new(&right));
            let _ = (left.fit(&number), right.fit(&number), right.numbers());
            proptest::prop_assert_eq!(left.order(&right), right.order(&left).reverse());
        }
    }
}
