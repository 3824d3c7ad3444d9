//! `journalctl -o export`: one field a line, `NAME=value`, an empty line behind each record.
//!
//! A value with line ends, or that is no text, follows its name's line as its length (eight bytes, the
//! least first), its bytes and a line end. So a message cannot play a field.

use super::Record;
use crate::readers::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Tells, Why};

/// How an export is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "journal-export",
    tells: Tells::Host,
    content: Content::Binary,
    cites: Cites::Record,
    looks_like: |_, head| {
        head.starts_with(b"__CURSOR=") && memchr::memmem::find(head, b"\n__REALTIME_TIMESTAMP=").is_some()
    },
    open: |_| Some(Opened::certain(Export)),
};

struct Export;

impl Reader for Export {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some((length, _)) = record(bytes.get(at..).unwrap_or_default()) {
            at += length;
        }
        at
    }

    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let records = bytes.get(chunk.context..).unwrap_or_default();
        let mut at = 0;
        while at < records.len() {
            let rest = records.get(at..).unwrap_or_default();
            let length = match record(rest) {
                Some((length, record)) => {
                    if record != Record::default() {
                        record.tell(chunk, records.len(), at, length);
                        chunk.lines += 1;
                    }
                    length
                }
                None => {
                    let skipped = Skipped { offset: at as u32, line: chunk.lines, why: Why::CutOff };
                    chunk.skipped.push(skipped);
                    chunk.lines += 1;
                    memchr::memmem::find(rest, b"\n\n").map_or(rest.len(), |end| end + 2)
                }
            };
            at += length;
        }
        chunk.bytes = bytes;
    }
}

/// Reads one record and returns its length, the empty line behind it included; `None` where it is cut off.
fn record(bytes: &[u8]) -> Option<(usize, Record)> {
    let mut record = Record::default();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        let line = rest.get(..memchr::memchr(b'\n', rest)?)?;
        at += line.len() + 1;
        if line.is_empty() {
            return Some((at, record));
        }
        if let Some(equals) = memchr::memchr(b'=', line) {
            record.field(line.get(..equals)?, line.get(equals + 1..)?);
            continue;
        }
        let (length, rest) = bytes.get(at..)?.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let value = rest.get(..length)?;
        if rest.get(length) != Some(&b'\n') {
            return None;
        }
        record.field(line, value);
        at += 8 + length + 1;
    }
}
