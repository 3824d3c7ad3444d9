//! Numbers of callers that came in by telephone, by the id of their channel.

use std::collections::HashMap;

use super::blocks::{TextAt, Texts};
use super::budget::Budget;

/// Bytes of a number that are kept; E.164 has fifteen digits.
const LONGEST: usize = 40;

/// The numbers of one source.
#[derive(Debug)]
pub struct Callers {
    by_id: HashMap<u64, (TextAt, u8)>,
    texts: Texts,
    /// Callers beyond the limit.
    pub beyond: u64,
    most: usize,
}

impl Default for Callers {
    fn default() -> Self {
        Callers::new(Budget::WHOLE.calls)
    }
}

impl Callers {
    /// Begins with nothing, to keep up to `most` numbers.
    pub fn new(most: usize) -> Self {
        Callers { by_id: HashMap::new(), texts: Texts::default(), beyond: 0, most }
    }

    /// Notes the number of the caller on a channel; none, if it was withheld.
    pub fn note(&mut self, uniqueid: &[u8], number: &[u8]) {
        let key = super::hash(&uniqueid);
        if uniqueid.is_empty() || self.by_id.contains_key(&key) {
            return;
        }
        if self.by_id.len() >= self.most {
            self.beyond += 1;
            return;
        }
        let (at, [length]) = self.texts.keep([number.get(..LONGEST).unwrap_or(number)]);
        self.by_id.insert(key, (at, length));
    }

    /// Returns the number on a channel, empty where it was withheld.
    pub fn of(&self, uniqueid: &[u8]) -> Option<&[u8]> {
        let (at, length) = self.by_id.get(&super::hash(&uniqueid))?;
        Some(self.texts.get(*at, 0, *length))
    }

    /// Returns how many are kept.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Returns whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_channel_counts_up_to_a_limit() {
        let mut callers = Callers::new(2);
        for (id, number) in [("1.1", "0171"), ("1.1", "0900"), ("1.2", ""), ("1.3", "0172")] {
            callers.note(id.as_bytes(), number.as_bytes());
        }
        assert_eq!(callers.of(b"1.1"), Some(&b"0171"[..]));
        assert_eq!(callers.of(b"1.2"), Some(&b""[..]));
        assert_eq!((callers.of(b"1.3"), callers.beyond), (None, 1));
    }
}
