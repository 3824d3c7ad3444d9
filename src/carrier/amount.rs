//! Money in decimal arithmetic: a carrier's sums must come out as they stand on its invoice.

use std::fmt;

/// Digits kept after the point; carriers write rates with up to eight.
const PLACES: usize = 10;
const UNIT: i128 = 10_i128.pow(PLACES as u32);

/// An amount of money, exact to ten places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// Reads a number, with `mark` before its fraction; nothing else but a sign may stand with it.
    pub fn read(text: &str, mark: char) -> Option<Self> {
        let text = text.trim();
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once(mark).unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = !whole.is_empty() || !fraction.is_empty();
        if !is_whole || !is_number(whole) || !is_number(fraction) || whole.len() > 15 {
            return None;
        }
        // What is finer than ten places is no money.
        let fraction = fraction.get(..PLACES).unwrap_or(fraction);
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let value = whole * UNIT + part * 10_i128.pow((PLACES - fraction.len()) as u32);
        Some(Amount(if is_negative { -value } else { value }))
    }

    /// Returns it without its sign.
    #[must_use]
    pub fn absolute(self) -> Self {
        Amount(self.0.saturating_abs())
    }

    /// Returns it with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Amount(self.0.saturating_neg())
    }

    /// Adds another.
    #[must_use]
    pub fn plus(self, other: Amount) -> Self {
        Amount(self.0.saturating_add(other.0))
    }

    /// Takes another away.
    #[must_use]
    pub fn minus(self, other: Amount) -> Self {
        Amount(self.0.saturating_sub(other.0))
    }

    /// Returns what so many seconds cost at this price of a minute.
    #[must_use]
    pub fn for_seconds(self, seconds: u32) -> Self {
        Amount(self.0.saturating_mul(i128::from(seconds)) / 60)
    }

    /// Returns so many times as much.
    #[must_use]
    pub(super) fn times(self, count: i128) -> Self {
        Amount(self.0.saturating_mul(count))
    }

    /// Returns the whole number in it, rounded; a negative one has none.
    pub(super) fn whole(self) -> Option<u64> {
        u64::try_from(self.0.checked_add(UNIT / 2)?.div_euclid(UNIT)).ok().filter(|_| self.0 >= 0)
    }

    /// Returns whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Amount {
    /// Writes it with as many places as it has, and two at least.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        let fraction = format!("{:010}", value % unit);
        let trimmed = fraction.trim_end_matches('0');
        let kept = fraction.get(..trimmed.len().max(2)).unwrap_or(trimmed);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(formatter, "{sign}{}.{kept}", value / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        let sum = (0..1_000).fold(Amount::ZERO, |sum, _| sum.plus(Amount::read("0.0085", '.').unwrap()));
        assert_eq!(sum.to_string(), "8.50");
        assert_eq!(Amount::read("-16.50000", '.').unwrap().negated().to_string(), "16.50");
        assert_eq!(Amount::read("0,00180000", ',').unwrap().to_string(), "0.0018");
        assert_eq!(Amount::read("0.55", '.').unwrap().for_seconds(1_800).to_string(), "16.50");
    }

    #[test]
    fn what_is_no_number_is_no_money() {
        for text in ["", "-", ".", "1.2.3", "1,234.50", "0x10", "1e9", "NaN", "1234567890123456", "$1"] {
            assert_eq!(Amount::read(text, '.'), None, "{text}");
        }
    }
}
