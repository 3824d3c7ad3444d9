//! Where a source may hold a stranger's words in the form of its own lines.
//!
//! `chan_sip` prints packets without their length; see the reader of Asterisk's logs. What stands
//! within a packet's reach behind one is read like any line, but nothing should rest on it alone.

use std::ops::Range;

use crate::event::Action;

/// Stretches kept apart; one that follows when they are used up is joined to the last, with all between.
const MOST_STRETCHES: usize = 4_096;

/// The doubtful stretches of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// Byte ranges, in order, none touching another.
    stretches: Vec<Range<u64>>,
    /// Accepted credentials, registrations and sessions that lie in them.
    pub successes: u64,
}

impl Doubt {
    /// Adds a stretch that begins no earlier than those before it.
    pub fn add(&mut self, stretch: Range<u64>) {
        let is_full = self.stretches.len() >= MOST_STRETCHES;
        match self.stretches.last_mut() {
            Some(last) if is_full || stretch.start <= last.end => last.end = last.end.max(stretch.end),
            _ => self.stretches.push(stretch),
        }
    }

    /// Counts a record, if it lies in a stretch and says that something was accepted.
    pub fn count(&mut self, action: Action, offset: u64) {
        let is_success = matches!(
            action,
            Action::AuthOk | Action::Registered | Action::Unregistered | Action::ManagerLogin
        );
        self.successes += u64::from(is_success && self.holds(offset));
    }

    /// Returns whether the record at `offset` may be a stranger's.
    pub fn holds(&self, offset: u64) -> bool {
        let before = self.stretches.partition_point(|stretch| stretch.start <= offset);
        let stretch = before.checked_sub(1).and_then(|index| self.stretches.get(index));
        stretch.is_some_and(|stretch| stretch.contains(&offset))
    }

    /// Returns whether there is nothing to doubt.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_are_one_and_their_number_is_bounded() {
        let mut doubt = Doubt::default();
        doubt.add(10..20);
        doubt.add(15..30);
        assert_eq!([9, 10, 29, 30].map(|offset| doubt.holds(offset)), [false, true, true, false]);
        for stretch in 1..100_000u64 {
            doubt.add(stretch * 100..stretch * 100 + 50);
        }
        assert!(doubt.stretches.len() <= MOST_STRETCHES);
        assert!(doubt.holds(99_999 * 100), "what is beyond the limit is doubted rather than believed");
    }
}
