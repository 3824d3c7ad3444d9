//! Numbers of a few digits that are no extension: emergency numbers, and services.
//!
//! They come before any other reading: without them `911` is a number of area 911, and `9911` behind an
//! outside line of 9 is one of area 991.

use super::Region;
use super::patterns::Whole;

/// The longest: `118118`, Vatican and Eritrean emergency numbers.
const LONGEST: usize = 7;
/// Emergency numbers that telephones and switches take in many countries that have another one.
const ANYWHERE: [&str; 4] = ["911", "112", "999", "000"];

/// The short numbers of one country.
#[derive(Clone, Debug, Default)]
pub(super) struct Short {
    emergency: Whole,
    services: Whole,
}

/// What a short number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortNumber {
    /// The country's own emergency number.
    Emergency,
    /// Another country's.
    ForeignEmergency,
    /// A service.
    Service,
}

impl Short {
    pub(super) fn of(home: &Region) -> Short {
        Short { emergency: Whole::new(home.emergency), services: Whole::new(services(home)) }
    }

    /// Returns what `digits` are, if they are a short number.
    pub(super) fn look(&self, digits: &str) -> Option<ShortNumber> {
        if digits.len() > LONGEST {
            return None;
        }
        if self.emergency.is_match(digits) {
            Some(ShortNumber::Emergency)
        } else if self.services.is_match(digits) {
            Some(ShortNumber::Service)
        } else {
            ANYWHERE.contains(&digits).then_some(ShortNumber::ForeignEmergency)
        }
    }
}

/// Returns a pattern of the services that a country's telephones reach by a few digits: `N11` of the North
/// American plan, directory enquiries at 118 and the harmonised numbers at 116 in Europe; empty for none.
fn services(home: &Region) -> &'static str {
    match home.country_code.as_bytes() {
        b"1" => "[2-8]11",
        [b'3' | b'4', ..] => r"118\d{2,3}|116\d{3}",
        _ => "",
    }
}
