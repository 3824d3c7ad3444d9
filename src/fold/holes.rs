//! Long stretches in which a source tells of nothing: a server that stood still, or lines that are lost.

use crate::event::Instant;

/// So long a stretch is more than a night of a small office, in seconds.
pub const LEAST_SECONDS: i64 = 12 * 3_600;
/// Stretches kept of one source; of a log with more, whatever came later is taken for told.
const MOST: usize = 4_096;

/// The stretches of one source, in the order of time; none touches another.
#[derive(Debug, Default)]
pub struct Holes {
    list: Vec<(Instant, Instant)>,
}

impl Holes {
    /// Notes that something is told of an instant; `last` is the latest that was told before.
    pub(super) fn tell(&mut self, last: Option<Instant>, at: Instant) {
        match last {
            Some(last) if at > last => self.add(self.list.len(), last, at),
            Some(last) if at < last && !self.list.is_empty() => self.split(at),
            _ => {}
        }
    }

    /// Returns from when to when nothing is told, between its first record and its last.
    pub fn list(&self) -> &[(Instant, Instant)] {
        &self.list
    }

    fn add(&mut self, place: usize, from: Instant, until: Instant) {
        if until.seconds_since(from) >= LEAST_SECONDS && self.list.len() < MOST {
            self.list.insert(place, (from, until));
        }
    }

    /// Tables and logs of several programs are not in the order of time.
    fn split(&mut self, at: Instant) {
        let place = self.list.partition_point(|&(_, until)| until <= at);
        if let Some(&(from, until)) = self.list.get(place).filter(|&&(from, _)| from < at) {
            self.list.remove(place);
            self.add(place, at, until);
            self.add(place, from, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(hours: &[i64]) -> Vec<(i64, i64)> {
        let mut holes = Holes::default();
        let mut last: Option<Instant> = None;
        for hour in hours {
            let at = Instant::from_seconds(hour * 3_600);
            holes.tell(last, at);
            last = last.max(Some(at));
        }
        holes.list().iter().map(|(from, until)| (from.seconds() / 3_600, until.seconds() / 3_600)).collect()
    }

    #[test]
    fn a_long_stretch_is_a_hole_until_something_is_told_of_it() {
        assert_eq!(told(&[0, 5, 17, 18, 60]), [(5, 17), (18, 60)]);
        assert_eq!(told(&[0, 60, 30]), [(0, 30), (30, 60)]);
        assert_eq!(told(&[0, 60, 5, 50]), [(5, 50)]);
    }

    proptest! {
        #[test]
        fn the_order_of_records_makes_no_difference(mut hours in prop::collection::vec(0_i64..2_000, 1..60)) {
            let (mixed, first) = (told(&hours), hours[0]);
            hours.sort_unstable();
            let expected: Vec<(i64, i64)> = hours.windows(2).map(|pair| (pair[0], pair[1]))
                .filter(|(from, until)| until - from >= 12).collect();
            prop_assert_eq!(told(&hours), expected.clone());
            // Before the record that is met first nothing is taken for a hole.
            let behind: Vec<_> = expected.into_iter().filter(|hole| hole.0 >= first).collect();
            prop_assert_eq!(mixed, behind);
        }
    }
}
