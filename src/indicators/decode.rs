//! A web request as the program behind the server sees it: decoded, in small letters.

use std::borrow::Cow;

/// No target is longer: Apache takes 8,190 bytes of a request.
const LONGEST: usize = 16 * 1024;

/// Returns method and target decoded, in small letters.
///
/// Targets are encoded once by every client, and twice by those who want to pass by a filter. A plus is a
/// blank in a query only; nothing is lost where it stood for itself.
pub fn decoded(method: &[u8], target: &[u8]) -> Vec<u8> {
    let target = target.get(..LONGEST).unwrap_or(target);
    let once = percent(target);
    let twice = if memchr::memchr(b'%', &once).is_some() { percent(&once).into_owned().into() } else { once };
    let mut text = Vec::with_capacity(method.len() + 1 + twice.len());
    text.extend_from_slice(method);
    text.push(b' ');
    text.extend(twice.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }));
    text.make_ascii_lowercase();
    text
}

fn percent(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| (*after.get(at)? as char).to_digit(16);
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn targets_are_decoded_as_the_server_does() {
        let shown = |target: &str| String::from_utf8_lossy(&decoded(b"GET", target.as_bytes())).into_owned();
        assert_eq!(shown("/A%2e%2E/b?c=%27%20d+e"), "get /a../b?c=' d e");
        assert_eq!(shown("/a?b=%255c"), "get /a?b=\\");
        assert_eq!(shown("/50%"), "get /50%");
        assert_eq!(shown("/%zz%4"), "get /%zz%4");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_decoded(target in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = super::super::of_request(&decoded(b"POST", &target));
        }
    }
}
