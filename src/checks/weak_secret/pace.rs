//! How fast secrets are guessed: at the pace of the fastest guesser in these logs, else at a stated one.

use std::net::IpAddr;

use crate::reconstruct::world::World;

/// What guessing tools reach over the Internet on a server that lets them, in tries a second.
const USUAL: f64 = 80.0;
/// What a telephone reaches: three PINs a call, and half a minute for it.
const BY_TELEPHONE: f64 = 0.1;
/// With fewer tries an hour a pace says nothing.
const LEAST_TRIES: u64 = 20;

/// A pace of guessing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Tries a second.
    pub(super) per_second: f64,
    /// Who kept it here; `None` where no log tells.
    seen: Option<IpAddr>,
    is_by_telephone: bool,
}

impl Pace {
    /// Returns the pace of a PIN being tried on a telephone, which no log shows.
    pub(super) fn by_telephone() -> Self {
        Pace { per_second: BY_TELEPHONE, seen: None, is_by_telephone: true }
    }

    /// Returns the pace of the fastest guesser, over the hours that it guessed in.
    pub(super) fn seen_in(world: &World<'_>) -> Self {
        let paces = world.parties.iter().filter_map(|(address, party)| {
            let tries = &party.failures;
            let (first, last) = (tries.first?.seconds(), tries.last?.seconds());
            let per_second = tries
                .hours
                .iter()
                .filter(|(_, count)| **count >= LEAST_TRIES)
                .map(|(hour, count)| in_hour(i64::from(*hour) * 3_600, first, last, *count))
                .reduce(f64::max)?;
            Some((per_second, *address))
        });
        let fastest = paces.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let per_second = fastest.map_or(USUAL, |(per_second, _)| per_second);
        Pace { per_second, seen: fastest.map(|(_, address)| address), is_by_telephone: false }
    }

    /// Returns the pace in words, and where it is from.
    pub(super) fn words(&self) -> String {
        let pace = match self.per_second {
            fast if fast >= 10.0 => format!("{fast:.0} tries a second"),
            slow if slow >= 0.1 => format!("{slow:.1} tries a second"),
            slow => format!("{:.1} tries a minute", slow * 60.0),
        };
        match self.seen {
            Some(address) => format!("at {pace}, the pace of {address} in these logs"),
            None if self.is_by_telephone => format!("at {pace}, as fast as a telephone tries"),
            None => format!("at {pace}, a usual pace (no log here shows one)"),
        }
    }
}

/// Returns tries a second in the part of an hour that lies between the first try and the last.
fn in_hour(hour: i64, first: i64, last: i64, count: u64) -> f64 {
    let seconds = last.min(hour + 3_599) - first.max(hour) + 1;
    count as f64 / seconds.max(1) as f64
}

/// Returns a span in words, as far as it matters to somebody who fears a guess.
pub(super) fn lasting(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] =
        [(31_557_600.0, "year"), (86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")];
    if seconds > 100.0 * 31_557_600.0 {
        return "more than 100 years".to_owned();
    }
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    match unit {
        Some((length, name)) => {
            let count = (seconds / length).round();
            if count < 2.0 { format!("1 {name}") } else { format!("{count:.0} {name}s") }
        }
        None if seconds >= 2.0 => format!("{seconds:.0} seconds"),
        None => "a second or two".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        assert_eq!(lasting(0.01), "a second or two");
        assert_eq!(lasting(90.0), "2 minutes");
        assert_eq!(lasting(3_600.0), "1 hour");
        assert_eq!(lasting(900_000.0), "10 days");
        assert_eq!(lasting(1e30), "more than 100 years");
    }

    #[test]
    fn an_hour_counts_from_the_first_try_to_the_last() {
        assert!((in_hour(3_600, 3_700, 3_799, 1_000) - 10.0).abs() < 1e-9);
        assert!((in_hour(3_600, 0, 100_000, 7_200) - 2.0).abs() < 1e-9);
    }
}
