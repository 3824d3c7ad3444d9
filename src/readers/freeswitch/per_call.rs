//! `mod_xml_cdr` and `mod_json_cdr`: a file for each leg, `xml_cdr/a_UUID.cdr.xml` and `json_cdr/UUID.cdr.json`.
//!
//! A record that could not be posted is written as it would have been sent: URL-encoded, or in base64. Names of
//! variables come from headers and dialplans and make ill-formed XML, which a parser refuses; what is looked
//! for stands between its own tags, and no value can hold one, for `<` is encoded in all of them.

use std::borrow::Cow;

use super::accounts::Accounts;
use super::leg::{LegText, VARIABLES, decoded};
use crate::readers::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why};

/// How a record in XML is told and read.
pub(in crate::readers) static XML: Format = Format {
    word: "freeswitch-cdr-xml",
    tells: Tells::Calls,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| is_xml(&plain(head)),
    open: |opening| {
        Some(Opened::certain(PerCallReader { read: from_xml, accounts: Accounts::of(opening.pbx) }))
    },
};

/// How a record in JSON is told and read.
pub(in crate::readers) static JSON: Format = Format {
    word: "freeswitch-cdr-json",
    tells: Tells::Calls,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| is_json(&plain(head)),
    open: |opening| {
        Some(Opened::certain(PerCallReader { read: from_json, accounts: Accounts::of(opening.pbx) }))
    },
};

/// Reads one record, or several that stand on a line each.
struct PerCallReader {
    read: fn(&[u8]) -> Option<LegText>,
    accounts: Accounts,
}

impl Reader for PerCallReader {
    fn access(&self) -> Access {
        Access::InOrder
    }

    /// Records are small, and one may have line ends within.
    fn whole_records(&self, _bytes: &[u8]) -> usize {
        0
    }

    fn read(&self, chunk: &mut Chunk) {
        // What is decoded is kept behind the text, so that the chunk must have it meanwhile.
        let text = chunk.records_bytes().to_vec();
        let mut at = 0;
        for part in parts(&text) {
            let start = at;
            let lines = chunk.lines;
            at += part.len();
            chunk.lines += memchr::memchr_iter(b'\n', part).count() as u32;
            let record = part.trim_ascii_end();
            if record.is_empty() {
                continue;
            }
            // Escapes that a value had already are left alone when the whole is encoded, and come undone with
            // it: what a caller wrote may then stand between the record's own words.
            let is_claim = is_encoded(record);
            let leg = (self.read)(&plain(record)).map(|leg| LegText { is_claim, ..leg });
            let place = (start, record.len(), lines);
            if !leg.is_some_and(|leg| leg.into_row(chunk, &self.accounts, place)) {
                let why = if chunk.at_end && at == text.len() { Why::CutOff } else { Why::UnknownForm };
                chunk.skipped.push(Skipped { offset: start as u32, line: lines, why });
            }
        }
    }
}

/// Splits a text into its records: objects that begin a line each, else the whole.
fn parts(text: &[u8]) -> Vec<&[u8]> {
    let lines = || text.split_inclusive(|&byte| byte == b'\n');
    let are_objects = lines().all(|line| line.trim_ascii().is_empty() || line.starts_with(b"{\""));
    if are_objects { lines().collect() } else { vec![text] }
}

/// Returns what would have been posted, without the name of its field.
fn body(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    text.strip_prefix(b"cdr=").unwrap_or(text)
}

/// Returns whether a record was URL-encoded as a whole.
fn is_encoded(text: &[u8]) -> bool {
    body(text).starts_with(b"%")
}

/// Returns a record as it was before it was made ready to be posted.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    let body = body(text);
    if is_encoded(body) {
        return Cow::Owned(decoded(body));
    }
    if body.starts_with(b"PD94b") || body.starts_with(b"PGNkc") || body.starts_with(b"eyJ") {
        return Cow::Owned(from_base64(body));
    }
    Cow::Borrowed(body)
}

/// Decodes base64 up to the first byte that is none, line ends passed over.
fn from_base64(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            plain.push((bits >> held) as u8);
        }
    }
    plain
}

fn is_json(text: &[u8]) -> bool {
    let has = |name: &[u8]| memchr::memmem::find(text, name).is_some();
    text.starts_with(b"{") && has(b"\"core-uuid\"") && (has(b"\"channel_data\"") || has(b"\"variables\""))
}

fn is_xml(text: &[u8]) -> bool {
    let has = |name: &[u8]| memchr::memmem::find(text, name).is_some();
    text.starts_with(b"<") && has(b"<cdr") && has(b"<channel_data>")
}

fn from_json(text: &[u8]) -> Option<LegText> {
    let json: serde_json::Value = serde_json::from_slice(text).ok()?;
    let mut leg = LegText::default();
    let variables = json.get("variables")?.as_object()?;
    for name in VARIABLES {
        if let Some(value) = variables.get(name).and_then(serde_json::Value::as_str) {
            leg.put(name, value.as_bytes());
        }
    }
    let direction = json.pointer("/channel_data/direction").and_then(serde_json::Value::as_str);
    leg.put("direction", direction.unwrap_or_default().as_bytes());
    // The newest flow stands first.
    let profile = json.pointer("/callflow/0/caller_profile")?;
    let text = |name: &str| {
        profile.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().as_bytes().to_vec()
    };
    (leg.destination, leg.context) = (text("destination_number"), text("context"));
    (leg.caller, leg.caller_name) = (text("caller_id_number"), text("caller_id_name"));
    Some(leg)
}

fn from_xml(text: &[u8]) -> Option<LegText> {
    let mut leg = LegText::default();
    let variables = between(text, "variables")?;
    for name in VARIABLES {
        leg.put(name, between(variables, name).unwrap_or_default());
    }
    let channel = between(text, "channel_data").unwrap_or_default();
    leg.put("direction", between(channel, "direction").unwrap_or_default());
    let flow = memchr::memmem::find(text, b"<callflow").and_then(|at| text.get(at..))?;
    let profile = between(flow, "caller_profile")?;
    // Those of the other leg stand further in.
    let own = memchr::memmem::find(profile, b"<originat").and_then(|at| profile.get(..at)).unwrap_or(profile);
    let text =
        |name: &str| between(own, name).or_else(|| between(profile, name)).map(unescaped).unwrap_or_default();
    (leg.destination, leg.context) = (text("destination_number"), text("context"));
    (leg.caller, leg.caller_name) = (text("caller_id_number"), text("caller_id_name"));
    Some(leg)
}

/// Returns what stands between the first `<name>` and the `</name>` behind it.
fn between<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let start = memchr::memmem::find(text, open.as_bytes())? + open.len();
    let rest = text.get(start..)?;
    rest.get(..memchr::memmem::find(rest, close.as_bytes())?)
}

/// Undoes XML's escapes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    const ESCAPES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let mut plain = String::from_utf8_lossy(text).into_owned();
    for (escape, letter) in ESCAPES {
        plain = plain.replace(escape, letter);
    }
    plain.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_comes_back() {
        assert_eq!(from_base64(b"eyJjb3JlLXV1\naWQiOiJ4In0="), b"{\"core-uuid\":\"x\"}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(text in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = from_json(&plain(&text));
            let _ = from_xml(&plain(&text));
        }
    }
}
