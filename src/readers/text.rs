//! Pieces of messages: addresses, SIP users, quoted arguments.

use std::net::{IpAddr, Ipv4Addr};

/// Reads `1.2.3.4`, `1.2.3.4:5060`, `2001:db8::1`, `[2001:db8::1]:5060`, as sockets are printed.
pub(crate) fn endpoint(text: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    if let Some(rest) = text.strip_prefix(b"[") {
        let close = memchr::memchr(b']', rest)?;
        let address = address(rest.get(..close)?)?;
        return match rest.get(close + 1..)? {
            [] => Some((address, None)),
            [b':', port @ ..] => Some((address, Some(number(port)?))),
            _ => None,
        };
    }
    match memchr::memchr(b':', text) {
        None => Some((address(text)?, None)),
        // An IPv6 address without brackets has more than one colon.
        Some(colon) if memchr::memchr(b':', text.get(colon + 1..)?).is_some() => Some((address(text)?, None)),
        Some(colon) => Some((address(text.get(..colon)?)?, Some(number(text.get(colon + 1..)?)?))),
    }
}

/// Reads an address alone, and folds an IPv4 address mapped into IPv6 back.
pub(crate) fn address(text: &[u8]) -> Option<IpAddr> {
    if let Some(address) = ipv4(text) {
        return Some(IpAddr::V4(address));
    }
    let text = std::str::from_utf8(text).ok()?;
    let without_zone = text.split('%').next()?;
    without_zone.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Reads dotted decimals; several times as fast as the standard parser, which a flood of failures feels.
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    if text.len() < 7 || text.len() > 15 {
        return None;
    }
    let mut octets = [0u8; 4];
    let mut at = 0;
    let mut digits = 0;
    let mut value = 0u16;
    for &byte in text {
        if byte.is_ascii_digit() {
            value = value * 10 + u16::from(byte - b'0');
            digits += 1;
            if digits > 3 || value > 255 {
                return None;
            }
        } else if byte == b'.' && digits > 0 && at < 3 {
            octets[at] = value as u8;
            at += 1;
            digits = 0;
            value = 0;
        } else {
            return None;
        }
    }
    if at != 3 || digits == 0 {
        return None;
    }
    octets[3] = value as u8;
    Some(octets.into())
}

/// Reads a decimal number of any unsigned width that fits.
pub(crate) fn number<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut value = 0u64;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    T::try_from(value).ok()
}

/// Returns the user of a From or To header, of a SIP URI, or of `user<sip:user@host>`.
///
/// A display name is the sender's words and is passed over, whatever it holds.
pub(crate) fn sip_user(header: &[u8]) -> Option<&[u8]> {
    let header = header.trim_ascii_start();
    let after_name = match header.strip_prefix(b"\"") {
        Some(rest) => rest.get(closing_quote(rest)? + 1..)?.trim_ascii_start(),
        None => header,
    };
    let uri = match memchr::memchr(b'<', after_name) {
        Some(open) => after_name.get(open + 1..)?,
        None => after_name,
    };
    let scheme = [&b"sip:"[..], b"sips:", b"tel:"].into_iter().find_map(|scheme| uri.strip_prefix(scheme));
    let rest = scheme?;
    let end = rest.iter().position(|byte| matches!(byte, b'>' | b';'));
    let address = rest.get(..end.unwrap_or(rest.len()))?;
    let at = memchr::memrchr(b'@', address)?;
    let user = address.get(..at)?;
    let user = user.split(|&byte| byte == b':').next()?;
    (!user.is_empty()).then_some(user)
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Returns the host of a SIP URI as an address, with its port.
pub(crate) fn uri_host(uri: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    let after_scheme = memchr::memchr(b':', uri).and_then(|colon| uri.get(colon + 1..))?;
    let host = match memchr::memrchr(b'@', after_scheme) {
        Some(at) => after_scheme.get(at + 1..)?,
        None => after_scheme,
    };
    let end = host.iter().position(|byte| matches!(byte, b';' | b'>' | b'?' | b' ')).unwrap_or(host.len());
    endpoint(host.get(..end)?)
}

/// Splits `text` at the first `separator`.
///
/// Messages are short and are searched once each, so that preparing a searcher would cost more than the
/// search.
pub(crate) fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (first, rest) = separator.split_first()?;
    memchr::memchr_iter(*first, text).find_map(|at| {
        let after = text.get(at + 1..)?.strip_prefix(rest)?;
        Some((text.get(..at)?, after))
    })
}

/// Splits `text` at the last `separator`.
pub(crate) fn split_last<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (last, front) = separator.split_last()?;
    memchr::memrchr_iter(*last, text).find_map(|at| {
        let before = text.get(..at)?.strip_suffix(front)?;
        Some((before, text.get(at + 1..)?))
    })
}

/// Returns where `needle` stands, told by its byte at `anchor`, which should be rare.
pub(crate) fn positions<'a>(
    text: &'a [u8],
    needle: &'a [u8],
    anchor: usize,
) -> impl Iterator<Item = usize> + 'a {
    let rare = needle.get(anchor).copied().unwrap_or_default();
    memchr::memchr_iter(rare, text).filter_map(move |at| {
        let start = at.checked_sub(anchor)?;
        text.get(start..)?.starts_with(needle).then_some(start)
    })
}

/// Returns what stands before the first `end`.
pub(crate) fn until<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    split_once(text, end).map(|(before, _)| before)
}

/// Takes quotes of one kind off both ends, if both are there.
pub(crate) fn unquoted(text: &[u8], quote: u8) -> &[u8] {
    match text {
        [first, inner @ .., last] if *first == quote && *last == quote => inner,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_every_form() {
        let read = |text: &str| {
            endpoint(text.as_bytes()).map(|(address, port)| format!("{address} {}", port.unwrap_or(0)))
        };
        assert_eq!(read("1.2.3.4").as_deref(), Some("1.2.3.4 0"));
        assert_eq!(read("1.2.3.4:5060").as_deref(), Some("1.2.3.4 5060"));
        assert_eq!(read("[2001:db8::1]:5060").as_deref(), Some("2001:db8::1 5060"));
        assert_eq!(read("2001:db8::1").as_deref(), Some("2001:db8::1 0"));
        assert_eq!(read("::ffff:1.2.3.4").as_deref(), Some("1.2.3.4 0"));
        assert_eq!(read("1.2.3.256"), None);
        assert_eq!(read("1.2.3.4:99999"), None);
        assert_eq!(read("host.example"), None);
    }

    #[test]
    fn users_are_not_taken_from_display_names() {
        let read =
            |text: &str| sip_user(text.as_bytes()).map(|user| String::from_utf8_lossy(user).into_owned());
        assert_eq!(read("\"9973\"<sip:9973@192.0.2.1>").as_deref(), Some("9973"));
        assert_eq!(read("\"a\\\"<sip:evil@x>\" <sip:100@1.1.1.1>;tag=1").as_deref(), Some("100"));
        assert_eq!(read("\"100\"sip:100@1.2.3.4").as_deref(), Some("100"));
        assert_eq!(read("sip:bob@192.0.2.1").as_deref(), Some("bob"));
        assert_eq!(read("<sip:'or''='@4.5.6.7>").as_deref(), Some("'or''='"));
        assert_eq!(read("555<sip:555@192.0.2.1>;tag=e9").as_deref(), Some("555"));
        assert_eq!(read("<sip:192.0.2.1>"), None);
    }
}
