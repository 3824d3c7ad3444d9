//! What a single field looks like, told from its bytes alone.

/// Returns whether `text` is a `uniqueid`: `1794381175.0`, or `pbx-madrid-1794381175.0` with a system name.
pub(in crate::readers) fn is_uniqueid(text: &[u8]) -> bool {
    epoch_of_uniqueid(text).is_some()
}

/// Returns the second, in UTC, at which the channel that a `uniqueid` names was made.
pub(super) fn epoch_of_uniqueid(text: &[u8]) -> Option<i64> {
    let dot = memchr::memrchr(b'.', text)?;
    let (before, counter) = (text.get(..dot)?, text.get(dot + 1..)?);
    let epoch = before.get(before.len().checked_sub(10)?..)?;
    let name = before.get(..before.len() - 10)?;
    let is_named = name.is_empty() || name.ends_with(b"-");
    let is_counter = (1..=10).contains(&counter.len()) && counter.iter().all(u8::is_ascii_digit);
    if !is_named || !is_counter || !epoch.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(epoch).ok()?.parse().ok()
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
    let text = text.trim_ascii();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let colons = memchr::memchr_iter(b':', text).count();
    let is_clock =
        (1..=4).contains(&colons) && digits >= 6 && text.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_epoch = digits >= 10 && digits + 1 >= text.len() && matches!(text.get(10), None | Some(b'.'));
    (8..=40).contains(&text.len()) && (is_clock || is_epoch)
}
