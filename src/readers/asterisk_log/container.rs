//! Lines that Docker's `json-file` driver wrapped, one object a line:
//! `{"log":"[...] NOTICE[12]: ...\n","stream":"stdout","time":"2026-03-02T07:45:58.468832000Z"}`.
//!
//! What the program printed stands in `log`, with its newline; `time` is when the engine read it, in UTC.

use std::borrow::Cow;

use chrono::DateTime;
use serde::Deserialize;

use crate::event::Instant;

/// What each line begins with.
pub(super) const BEGINNING: &[u8] = b"{\"log\":\"";

/// A line, taken out of its wrapping.
#[derive(Debug)]
pub(super) struct Printed {
    /// What the program printed, with its newline.
    pub(super) text: String,
    /// When.
    pub(super) at: Option<Instant>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
}

/// Takes a line out of its wrapping; `None` for one that has none.
pub(super) fn printed(line: &[u8]) -> Option<Printed> {
    if !is_wrapped(line) {
        return None;
    }
    let lossy = String::from_utf8_lossy(line);
    let object: Line<'_> = serde_json::from_str(&lossy).ok()?;
    let at = DateTime::parse_from_rfc3339(&object.time).ok();
    let at = at.map(|at| Instant(at.timestamp_micros()));
    Some(Printed { text: object.log.into_owned(), at })
}

/// Returns whether a line begins as a wrapped one.
pub(super) fn is_wrapped(line: &[u8]) -> bool {
    line.starts_with(BEGINNING)
}

/// Returns what the program printed first, as far as nothing in it is escaped.
pub(super) fn beginning(line: &[u8]) -> &[u8] {
    line.strip_prefix(BEGINNING).unwrap_or(line)
}

/// Returns how many bytes of `body`, which are wrapped lines, show `count` bytes that were printed.
pub(super) fn wrapped_length(body: &[u8], count: usize) -> usize {
    let (mut left, mut length) = (count, 0);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if left == 0 {
            break;
        }
        let own = printed(line.trim_ascii_end()).map_or(line.len(), |printed| printed.text.len());
        left = left.saturating_sub(own.max(1));
        length += line.len();
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_out_as_it_was_printed() {
        let line = br#"{"log":"[Mar  2 08:45:58] NOTICE[12]: chan_sip.c: \"a\"\r\n","stream":"stdout","time":"2026-03-02T07:45:58.5Z"}"#;
        let printed = printed(line).unwrap();
        assert_eq!(printed.text, "[Mar  2 08:45:58] NOTICE[12]: chan_sip.c: \"a\"\r\n");
        assert_eq!(printed.at, Some(Instant(1_772_437_558_500_000)));
        assert!(super::printed(b"{\"log\":\"cut").is_none() && super::printed(b"{}").is_none());
    }

    #[test]
    fn bytes_are_counted_as_they_were_printed() {
        let body = b"{\"log\":\"INVITE sip:1\\r\\n\"}\n{\"log\":\"\\r\\n\"}\n{\"log\":\"behind\\n\"}\n";
        let first = memchr::memchr(b'\n', body).unwrap() + 1;
        assert_eq!(wrapped_length(body, 14), first);
        assert_eq!(wrapped_length(body, 15), memchr::memmem::find(body, b"{\"log\":\"behind").unwrap());
        assert_eq!(wrapped_length(body, 9_999), body.len());
    }
}
