//! What a currency may be called.

use crate::untrusted::is_hidden;

/// Letters of the longest name, as in `dollars`.
const LONGEST: usize = 8;
/// Marks that stand for currencies.
const MARKS: &str = "$€£¥₩₹₽₺₪₴₦₫฿.";

/// Reads the name of a currency: a code of ISO 4217 in capitals, else a short word or mark as it was written; `None`
/// for any other text, which would stand behind every sum.
pub(super) fn currency(text: &str) -> Option<String> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code {
        return Some(text.to_ascii_uppercase());
    }
    let may_stand = |letter: char| (letter.is_alphabetic() && !is_hidden(letter)) || MARKS.contains(letter);
    let is_short = (1..=LONGEST).contains(&text.chars().count());
    (is_short && text.chars().all(may_stand)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_currencies_and_nothing_else() {
        for (text, expected) in [
            ("eur", "EUR"),
            ("USD", "USD"),
            ("€", "€"),
            ("US$", "US$"),
            ("Fr.", "Fr."),
            ("Euro", "Euro"),
            ("zł", "zł"),
        ] {
            assert_eq!(currency(text).as_deref(), Some(expected));
        }
        for text in ["", "\x1b[31m", "EUR\u{202e}", "EUR, or more", "=1+1", "<b>", "999"] {
            assert_eq!(currency(text), None, "{text:?}");
        }
    }
}
