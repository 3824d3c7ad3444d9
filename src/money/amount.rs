//! An amount of money, in decimal: no float ever holds one.
//!
//! Kept as whole billionths of a unit, which is finer than any rate deck or carrier's record writes
//! (six decimals); a product that needs more is rounded half away from zero.

use std::fmt;

/// Decimals kept.
const DECIMALS: usize = 9;
/// Parts of a unit.
const SCALE: i128 = 1_000_000_000;
/// Digits before the point beyond which a cell is no amount of money.
const MOST_WHOLE_DIGITS: usize = 15;

/// An amount of money in a currency that stands elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// Reads a decimal with a point: `0.0135`, `-2.5`, `.5`; no grouping, no exponent, no currency.
    pub fn parse(text: &str) -> Option<Amount> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_empty = whole.is_empty() && fraction.is_empty();
        if is_empty || !is_number(whole) || !is_number(fraction) || whole.len() > MOST_WHOLE_DIGITS {
            return None;
        }
        let kept = fraction.get(..fraction.len().min(DECIMALS))?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let parts: i128 = format!("{kept:0<DECIMALS$}").parse().ok()?;
        let rounded = i128::from(fraction.as_bytes().get(DECIMALS).is_some_and(|digit| *digit >= b'5'));
        let amount = whole * SCALE + parts + rounded;
        Some(Amount(if is_negative { -amount } else { amount }))
    }

    /// Adds, staying at the largest amount rather than wrapping around.
    #[must_use]
    pub fn plus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0))
    }

    /// Takes away.
    #[must_use]
    pub fn minus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }

    /// Returns the amount without its sign: carriers write what is owed as they like.
    #[must_use]
    pub fn abs(self) -> Amount {
        Amount(self.0.saturating_abs())
    }

    /// Returns this rate, which is for one minute, over so many seconds, rounded half up.
    #[must_use]
    pub fn for_seconds(self, seconds: u64) -> Amount {
        let product = self.0.saturating_mul(i128::from(seconds));
        let half = if product < 0 { -30 } else { 30 };
        Amount(product.saturating_add(half) / 60)
    }

    /// Rounds half away from zero to so many decimals.
    #[must_use]
    pub fn rounded(self, decimals: usize) -> Amount {
        let unit = 10i128.pow(DECIMALS.saturating_sub(decimals) as u32);
        let half = if self.0 < 0 { -(unit / 2) } else { unit / 2 };
        Amount(self.0.saturating_add(half) / unit * unit)
    }

    /// Returns whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Amount {
    /// Writes at least two decimals and no more than are needed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let parts = self.0.unsigned_abs();
        let fraction = format!("{:0DECIMALS$}", parts % SCALE.unsigned_abs());
        let needed = fraction.trim_end_matches('0').len().max(2);
        let shown = fraction.get(..needed).unwrap_or_default();
        write!(formatter, "{sign}{}.{shown}", parts / SCALE.unsigned_abs())
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Self {
        amounts.fold(Amount::ZERO, Amount::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Amount::parse(text).map(|amount| amount.to_string())
    }

    #[test]
    fn decimals_come_back() {
        assert_eq!(shown("0.0135").as_deref(), Some("0.0135"));
        assert_eq!(shown("-2.5").as_deref(), Some("-2.50"));
        assert_eq!(shown(".5").as_deref(), Some("0.50"));
        assert_eq!(shown("7").as_deref(), Some("7.00"));
        assert_eq!(shown("0.1234567895").as_deref(), Some("0.12345679"));
        for wrong in ["", ".", "-", "1,5", "1e3", "NaN", "1 000", "1.2.3", "1234567890123456"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_and_minutes_are_exact() {
        let tenth = Amount::parse("0.1").unwrap();
        assert_eq!((0..30).map(|_| tenth).sum::<Amount>(), Amount::parse("3").unwrap());
        let rate = Amount::parse("0.675").unwrap();
        assert_eq!(rate.for_seconds(61).to_string(), "0.68625");
        assert_eq!(Amount::parse("0.01").unwrap().for_seconds(1).to_string(), "0.000166667");
        assert_eq!(Amount::parse("0.68625").unwrap().rounded(4).to_string(), "0.6863");
        assert_eq!(Amount::parse("-0.005").unwrap().rounded(2).to_string(), "-0.01");
        assert_eq!(Amount(i128::MAX).plus(tenth), Amount(i128::MAX));
    }

    proptest::proptest! {
        /// Held against whole numbers, of which a binary fraction would lose the last: 0.1 + 0.2.
        #[test]
        fn any_amounts_add_up_to_the_last_decimal(
            parts in proptest::collection::vec(-999_999_999_999_i64..1_000_000_000_000, 0..40), seconds in 0_u64..100_000
        ) {
            let text = |part: i128, decimals: usize| {
                let sign = if part < 0 { "-" } else { "" };
                let scale = 10_i128.pow(decimals as u32);
                format!("{sign}{}.{:0decimals$}", part.abs() / scale, part.abs() % scale)
            };
            let amounts: Vec<Amount> =
                parts.iter().map(|part| Amount::parse(&text(i128::from(*part), 6)).unwrap()).collect();
            let sum: i128 = parts.iter().map(|part| i128::from(*part)).sum();
            let all: Amount = amounts.iter().copied().sum();
            proptest::prop_assert_eq!(all, Amount::parse(&text(sum, 6)).unwrap());
            // So many whole minutes cost so many times the rate.
            if let Some(rate) = amounts.first() {
                let minutes = (0..seconds % 50).map(|_| *rate).sum::<Amount>();
                proptest::prop_assert_eq!(rate.for_seconds(60 * (seconds % 50)), minutes);
            }
            proptest::prop_assert_eq!(Amount::parse(&all.to_string()), Some(all));
        }
    }
}
