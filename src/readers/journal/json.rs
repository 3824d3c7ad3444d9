//! `journalctl -o json`: one object a line, all values text; a message that is no text is a list of its bytes,
//! and a field that a record has twice a list of values.

use serde_json::Value;

use super::Record;
use crate::readers::by_line;
use crate::readers::{Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why};

/// How the objects are told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "journal-json",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| {
        head.starts_with(b"{") && by_line::most_fit(head, |line| has_time(line) && record(line).is_some())
    },
    open: |_| Some(Opened::certain(Json)),
};

/// A message may have some megabytes, a line of the usual kind not one.
const LONGEST: usize = 1024 * 1024;

struct Json;

impl Reader for Json {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let records = bytes.get(chunk.context..).unwrap_or_default();
        let mut at = 0;
        for raw in records.split_inclusive(|&byte| byte == b'\n') {
            let line = raw.trim_ascii_end();
            let is_whole = raw.ends_with(b"\n") && raw.len() <= LONGEST;
            match record(line).filter(|_| is_whole) {
                Some(record) => record.tell(chunk, records.len(), at, line.len()),
                None if line.is_empty() => {}
                None => {
                    let why = Why::of_line(raw, LONGEST);
                    chunk.skipped.push(Skipped { offset: at as u32, line: chunk.lines, why });
                }
            }
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            at += raw.len();
        }
        chunk.bytes = bytes;
    }
}

fn has_time(line: &[u8]) -> bool {
    memchr::memmem::find(line, b"\"__REALTIME_TIMESTAMP\"").is_some()
}

fn record(line: &[u8]) -> Option<Record> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(line).ok()?;
    let mut record = Record::default();
    for (name, value) in &object {
        match value {
            Value::String(text) => record.field(name.as_bytes(), text.as_bytes()),
            Value::Array(bytes) => {
                let bytes: Option<Vec<u8>> =
                    bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
                record.field(name.as_bytes(), &bytes?);
            }
            _ => {}
        }
    }
    Some(record)
}
