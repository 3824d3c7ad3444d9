//! A dialled string as it stands in a record, without what is no part of the number.

/// A longer one is no telephone number, whatever it is.
const LONGEST: usize = 64;

/// Takes the user part of a URI, decodes it and leaves out what only separates digits.
///
/// Returns nothing but digits, `*`, `#` and a leading `+`; `None` if there is anything else.
pub(super) fn clean(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw.get(..LONGEST).filter(|_| raw.len() > LONGEST).unwrap_or(raw)).ok()?;
    if raw.len() > LONGEST {
        return None;
    }
    let text = text.trim().trim_start_matches('<').trim_end_matches('>');
    let text = ["sip:", "sips:", "tel:"]
        .iter()
        .find_map(|scheme| text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme)))
        .map_or(text, |scheme| &text[scheme.len()..]);
    let user = text.split(['@', ';']).next().unwrap_or_default();
    let decoded = percent_decoded(user)?;
    let mut kept = String::with_capacity(decoded.len());
    for letter in decoded.chars() {
        match letter {
            '0'..='9' | '*' | '#' => kept.push(letter),
            '+' if kept.is_empty() => kept.push(letter),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    Some(kept).filter(|kept| !kept.is_empty())
}

/// Replaces `%2B` and the like.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_the_number_goes() {
        let cleaned = |raw: &str| clean(raw.as_bytes());
        assert_eq!(
            cleaned("<sip:%2B44%2020-7183.8750;user=phone@192.0.2.1>").as_deref(),
            Some("+442071838750")
        );
        assert_eq!(cleaned("tel:(212) 555-0100").as_deref(), Some("2125550100"));
        assert_eq!(cleaned("*72#").as_deref(), Some("*72#"));
        assert_eq!(cleaned("alice"), None);
        assert_eq!(cleaned("1+2"), None);
        assert_eq!(cleaned("%zz"), None);
        assert_eq!(cleaned(""), None);
        assert_eq!(clean(&[b'1'; 65]), None);
        assert_eq!(clean(b"\xff1"), None);
    }
}
