//! Whether a dialled string leads abroad, as far as it can be told before it is known where the phone system stands.
//!
//! [`super::read`] needs a site, and what the site is its honest calls tell; which calls are honest, in turn, is judged
//! by whether they lead abroad. So this goes by the forms alone that most countries share.

use std::borrow::Cow;

/// Returns the digits after the international prefix, if a dialled string has one.
///
/// Sites put a digit for the outside line in front: `9011...`, `900232...`. A national number may begin
/// like one (`011 5555 1234` in Buenos Aires, `011 95555 1234` in Sao Paulo, `010 5555 1234` in Beijing), so
/// a least length is asked for: national numbers are no longer, international ones seldom shorter.
pub fn international_digits(dialed: &[u8]) -> Option<Cow<'_, [u8]>> {
    let is_plain = dialed.iter().all(u8::is_ascii_digit);
    if is_plain {
        return behind_prefix(dialed).map(|at| Cow::Borrowed(&dialed[at..]));
    }
    let text: Vec<u8> =
        dialed.iter().copied().filter(|byte| byte.is_ascii_digit() || *byte == b'+').collect();
    if let Some(rest) = text.strip_prefix(b"+") {
        return (rest.len() >= 7 && !rest.contains(&b'+')).then(|| Cow::Owned(rest.to_vec()));
    }
    let digits: Vec<u8> = text.into_iter().filter(|byte| *byte != b'+').collect();
    behind_prefix(&digits).map(|at| Cow::Owned(digits[at..].to_vec()))
}

/// Returns how many digits the prefix takes, the one for the outside line included.
fn behind_prefix(digits: &[u8]) -> Option<usize> {
    const PREFIXES: [(&[u8], usize); 4] = [(b"00", 10), (b"011", 13), (b"010", 13), (b"810", 13)];
    PREFIXES.into_iter().find_map(|(prefix, least)| {
        if digits.len() >= least && digits.starts_with(prefix) {
            return Some(prefix.len());
        }
        let (line, rest) = digits.split_first()?;
        let least = least + if prefix == b"00" { 2 } else { 1 };
        let is_line = matches!(line, b'9' | b'8' | b'0' | b'7' | b'1');
        (is_line && digits.len() >= least && rest.starts_with(prefix)).then_some(prefix.len() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_numbers_behind_any_outside_line() {
        let rest = |dialed: &str| {
            international_digits(dialed.as_bytes()).map(|rest| String::from_utf8_lossy(&rest).into_owned())
        };
        assert_eq!(rest("00882998002487").as_deref(), Some("882998002487"));
        assert_eq!(rest("900232224208491").as_deref(), Some("232224208491"));
        assert_eq!(rest("01188228990417").as_deref(), Some("88228990417"));
        assert_eq!(rest("+442037690237").as_deref(), Some("442037690237"));
        assert_eq!(rest("0199363914"), None);
        assert_eq!(rest("0115551234"), None);
        assert_eq!(rest("9005551234"), None);
        assert_eq!(rest("3125550100"), None);
    }
}
