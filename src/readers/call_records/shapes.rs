//! What a single field looks like, told from its bytes alone.

/// Returns whether `text` is a `uniqueid`: `1794381175.0`, or `pbx-madrid-1794381175.0` with a system name.
pub(in crate::readers) fn is_uniqueid(text: &[u8]) -> bool {
    epoch_of_uniqueid(text).is_some()
}

/// Returns the second, in UTC, at which the channel that a `uniqueid` names was made.
pub(super) fn epoch_of_uniqueid(text: &[u8]) -> Option<i64> {
    let counter = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let before = text.get(..text.len() - counter)?.strip_suffix(b".")?;
    let (name, epoch) = before.split_at_checked(before.len().checked_sub(10)?)?;
    let is_named = name.is_empty() || name.ends_with(b"-");
    if !is_named || !(1..=10).contains(&counter) || !epoch.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(epoch.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Returns whether `text` is one of the words with which a call's record says how it ended.
pub(super) fn is_disposition(text: &[u8]) -> bool {
    matches!(text, b"ANSWERED" | b"NO ANSWER" | b"BUSY" | b"FAILED" | b"CONGESTION")
}

/// Returns whether `text` counts seconds.
pub(super) fn is_count(text: &[u8]) -> bool {
    seconds(text).is_some()
}

/// Reads seconds, whole or with a fraction, which is dropped.
///
/// `cdr_custom` mappings may ask for fractions with `CDR(billsec,f)`.
pub(super) fn seconds(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(whole)?;
    let is_fraction = rest.first() == Some(&b'.') && rest.iter().skip(1).all(u8::is_ascii_digit);
    if digits.is_empty() || digits.len() > 9 || !(rest.is_empty() || is_fraction) {
        return None;
    }
    Some(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

/// Returns whether `text` is a channel's name: `PJSIP/1001-0000002f`, `DAHDI/i1/5551234-1`, `Console/dsp`.
pub(in crate::readers) fn is_channel(text: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', text) else { return false };
    let (technology, rest) = text.split_at(slash);
    let is_name = technology.first().is_some_and(u8::is_ascii_alphabetic)
        && technology.len() <= 16
        && technology.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_name && rest.len() > 1
}

/// Returns whether `text` is a caller's name and number: `"Almacen" <201>`, `<201>`.
pub(super) fn is_caller_id(text: &[u8]) -> bool {
    text.ends_with(b">")
        && memchr::memrchr(b'<', text).is_some_and(|open| open == 0 || text.get(open - 1) == Some(&b' '))
}

/// Returns whether `text` could be a date with a time, or an epoch.
pub(super) fn is_date(text: &[u8]) -> bool {
    is_written_date(text) || is_epoch(text)
}

/// Returns whether `text` could be a date with a time.
pub(super) fn is_written_date(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let colons = memchr::memchr_iter(b':', text).count();
    let has_clock = (1..=4).contains(&colons) && digits >= 6;
    has_clock && (8..=40).contains(&text.len()) && text.first().is_some_and(u8::is_ascii_alphanumeric)
}

/// Returns whether `text` could be an epoch of this century, which a number of ten digits could be, too.
pub(super) fn is_epoch(text: &[u8]) -> bool {
    let (seconds, fraction) = text.split_at_checked(10).unwrap_or_default();
    let is_fraction = fraction.is_empty() || (fraction.len() <= 7 && fraction.starts_with(b"."));
    seconds.first() == Some(&b'1')
        && is_fraction
        && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniqueid_holds_an_epoch_behind_any_name() {
        assert_eq!(epoch_of_uniqueid(b"1794381175.0"), Some(1_794_381_175));
        assert_eq!(epoch_of_uniqueid(b"pbx-madrid-1794381175.12"), Some(1_794_381_175));
        for other in [&b""[..], b"1794381175", b"1794381175.", b"x1794381175.0", b".0", b"12.5", b"192.0.2.7"]
        {
            assert_eq!(epoch_of_uniqueid(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn seconds_lose_their_fraction_and_nothing_else() {
        assert_eq!(seconds(b"107"), Some(107));
        assert_eq!(seconds(b"12.999999"), Some(12));
        for other in [&b""[..], b"-1", b"1e3", b"12s", b"99999999999", b"."] {
            assert_eq!(seconds(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn channels_callers_and_dates_are_told_by_their_form() {
        for channel in
            [&b"PJSIP/1001-0000002f"[..], b"Local/9@from-internal-0001;2", b"Console/dsp", b"IAX2/a-1"]
        {
            assert!(is_channel(channel), "{}", channel.escape_ascii());
        }
        for other in [&b"/etc"[..], b"1/9/2017 16:33:01", b"Dial", b"PJSIP/"] {
            assert!(!is_channel(other), "{}", other.escape_ascii());
        }
        assert!(is_caller_id(b"\"RRHH\" <206>") && is_caller_id(b"<206>") && !is_caller_id(b"206"));
        assert!(
            is_date(b"1/9/2017 16:33:01") && is_date(b"2026-11-11 08:12:55") && is_date(b"1794381175.648100")
        );
        assert!(!is_date(b"935550931") && !is_date(b"SIP/201,15,Ttr"));
    }
}
