//! Which digits ask for an outside line, from the numbers that got out.

use rayon::prelude::*;

use super::read::FOREIGN_INTERNATIONAL;
use super::{Confidence, Kind, Site, plan, read_best};

/// Digits that sites use.
const USUAL: [&str; 4] = ["9", "0", "8", "7"];
/// Fewer numbers show no habit.
const LEAST: usize = 3;

/// Digits that ask for an outside line, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideLine {
    /// The digits.
    pub digits: String,
    /// How many distinct numbers that were answered read as numbers only behind them.
    pub numbers: usize,
    /// Of how many.
    pub of: usize,
}

/// Returns the digits that numbers need taken away to be numbers, the most needed first.
///
/// A call that was answered went somewhere: if its digits are no number of the site's country and are one
/// without the first digit, the phone system took that one away.
pub fn outside_lines(site: &Site, answered: &[&[u8]]) -> Vec<OutsideLine> {
    let strange: Vec<&[u8]> = answered
        .par_iter()
        .copied()
        .filter(|number| matches!(read_best(site, number).kind, Kind::Unknown | Kind::InvalidForPlan))
        .collect();
    let mut lines: Vec<OutsideLine> = USUAL
        .into_iter()
        .filter(|line| !site.outside().iter().any(|known| known == line))
        .map(|line| {
            let explained = strange.iter().filter(|number| {
                number.strip_prefix(line.as_bytes()).is_some_and(|rest| {
                    let reading = read_best(site, rest);
                    reading.e164.is_some() && reading.confidence <= Confidence::High
                })
            });
            OutsideLine { digits: line.to_owned(), numbers: explained.count(), of: answered.len() }
        })
        .filter(|line| line.numbers >= LEAST)
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.numbers));
    lines
}

/// Returns international prefixes that are not the home country's and by which calls were answered, with how
/// many distinct numbers show it.
///
/// Where one has to choose a carrier (`009` in Colombia), a trunk may take a bare `00` all the same.
pub fn taken_prefixes(site: &Site, answered: &[&[u8]]) -> Vec<(&'static str, usize)> {
    let lines = site.outside().iter().map(String::as_str).chain([""]);
    let lines: Vec<&str> = lines.collect();
    let is_shown = |number: &[u8], prefix: &str| {
        let is_behind = lines.iter().any(|line| {
            let rest =
                number.strip_prefix(line.as_bytes()).and_then(|rest| rest.strip_prefix(prefix.as_bytes()));
            rest.and_then(|rest| plan().lookup(rest)).is_some_and(|found| found.fits)
        });
        is_behind && read_best(site, number).confidence == Confidence::Low
    };
    let prefixes = FOREIGN_INTERNATIONAL
        .into_iter()
        .map(|prefix| (prefix, answered.iter().filter(|number| is_shown(number, prefix)).count()));
    prefixes.filter(|(_, shown)| *shown >= LEAST).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn a_prefix_by_which_calls_got_out_is_taken() {
        let site = Site::of("CO").unwrap().with_outside("9");
        let answered: [&[u8]; 3] = [b"90022456530420", b"0022456530421", b"90022452417147"];
        assert_eq!(taken_prefixes(&site, &answered), [("00", 3)]);
        let before = read(&site, b"900995713353096");
        assert_eq!(before.e164.as_deref(), Some("+95713353096"));
        let after = read(&site.with_taken("00"), b"900995713353096");
        assert_eq!((after.e164.as_deref(), after.confidence), (Some("+995713353096"), Confidence::Ambiguous));
        assert_eq!(after.alternatives[0].e164.as_deref(), Some("+95713353096"));
    }

    #[test]
    fn the_numbers_that_got_out_show_the_outside_line() {
        let site = Site::of("US").unwrap();
        let numbers: [&[u8]; 5] =
            [b"93125550100", b"913125550101", b"9011442071838750", b"3125550102", b"9442"];
        let lines = outside_lines(&site, &numbers);
        assert_eq!(lines, [OutsideLine { digits: "9".to_owned(), numbers: 3, of: 5 }]);
        assert!(taken_prefixes(&site, &numbers).is_empty());
        assert!(outside_lines(&site.with_outside("9"), &numbers).is_empty());
        assert!(
            outside_lines(&Site::of("FR").unwrap(), &[b"0142685300", b"0499005692", b"0033142685300"])
                .is_empty()
        );
    }
}
