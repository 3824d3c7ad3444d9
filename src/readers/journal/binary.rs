//! The journal's own file, `/var/log/journal/MACHINE/system.journal` and its rotations.
//!
//! The form is systemd's `docs/JOURNAL_FILE_FORMAT.md`: a header, then objects one behind the other, each at
//! a multiple of eight bytes with its type and size. An entry lists the places of its fields, which are
//! objects of their own and shared by all entries that have the same. Fields of more than 512 bytes may be
//! packed; those that cannot be unpacked are counted.
//!
//! The file is gone through from front to back; fields are looked up where they stand, the frequent ones
//! out of a store that is emptied when it is full.

use std::collections::HashMap;

use super::{FIELDS, Record, packed};
use crate::evidence::Handle;
use crate::readers::{Access, Chunk, Cites, Content, Format, Opened, Reader, Take, Tells};

/// How the file is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "journal",
    tells: Tells::Host,
    content: Content::Database,
    cites: Cites::Record,
    looks_like: |_, head| head.starts_with(MAGIC) && head.len() >= HEADER,
    open: |opening| Some(Opened::certain(Journal { head: opening.head.get(..HEADER)?.to_vec() })),
};

const MAGIC: &[u8] = b"LPKSHHRH";
/// What is read of the header: up to the place of the last object.
const HEADER: usize = 144;
/// `incompatible_flags`: offsets of four bytes in entries, and eight bytes more before a field's text.
const COMPACT: u32 = 1 << 4;
/// Objects' types and flags.
const DATA: u8 = 1;
const ENTRY: u8 = 3;
/// systemd itself takes no more fields in one entry.
const MOST_FIELDS: usize = 1_024;
/// Bytes of a message that are read; more is a dump.
const LONGEST_FIELD: usize = 64 * 1024;
/// Fields remembered; a real journal repeats a few thousand.
const MOST_REMEMBERED: usize = 65_536;
/// Fields that are remembered with their text: names and numbers, not messages.
const LONGEST_REMEMBERED: usize = 64;

struct Journal {
    head: Vec<u8>,
}

impl Reader for Journal {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn read_file(&self, handle: &Handle, take: &mut Take<'_>) -> Vec<String> {
        let mut reading = Reading {
            handle,
            is_compact: number32(&self.head, 12).is_some_and(|flags| flags & COMPACT != 0),
            remembered: HashMap::new(),
            compressed: 0,
            line: Vec::new(),
        };
        let mut notes = Vec::new();
        let header_size = number64(&self.head, 88).unwrap_or(0);
        let last_object = number64(&self.head, 136).unwrap_or(0);
        if let Err(at) = reading.objects(header_size, last_object, take) {
            notes.push(format!("damaged at byte {at}: what follows was not read"));
        }
        if reading.compressed > 0 {
            notes.push(format!(
                "{} packed messages are damaged; `journalctl --file` with `-o export` may still write them",
                reading.compressed
            ));
        }
        notes
    }
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// One field: its name and text where they matter.
#[derive(Clone)]
enum Field {
    Text(Vec<u8>),
    Other,
    Compressed,
}

struct Reading<'a> {
    handle: &'a Handle,
    is_compact: bool,
    remembered: HashMap<u64, Field>,
    compressed: u64,
    line: Vec<u8>,
}

impl Reading<'_> {
    /// Goes over all objects up to the last; fails with the place of one that cannot be.
    fn objects(&mut self, first: u64, last: u64, take: &mut Take<'_>) -> Result<(), u64> {
        let mut at = first;
        while at > 0 && at <= last {
            let (kind, _, size) = self.object(at).ok_or(at)?;
            if kind == ENTRY {
                self.entry(at, size, take).ok_or(at)?;
            }
            at = at.checked_add(size).and_then(|end| end.checked_next_multiple_of(8)).ok_or(at)?;
        }
        Ok(())
    }

    /// Returns type, flags and size of the object at a place.
    fn object(&self, at: u64) -> Option<(u8, u8, u64)> {
        let header = self.bytes(at, 16)?;
        let (kind, flags) = (*header.first()?, *header.get(1)?);
        let size = number64(&header, 8)?;
        let is_possible =
            (1..=7).contains(&kind) && size >= 16 && at.checked_add(size)? <= self.handle.size();
        is_possible.then_some((kind, flags, size))
    }

    fn bytes(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        (self.handle.read_at(&mut bytes, at).ok()? == length).then_some(bytes)
    }

    fn entry(&mut self, at: u64, size: u64, take: &mut Take<'_>) -> Option<()> {
        const ITEMS: u64 = 64;
        let width: usize = if self.is_compact { 4 } else { 16 };
        let items = usize::try_from(size.checked_sub(ITEMS)?).ok()? / width;
        let bytes = self.bytes(at, ITEMS as usize + items.min(MOST_FIELDS) * width)?;
        let mut record =
            Record { at: number64(&bytes, 24).and_then(|at| i64::try_from(at).ok()), ..Record::default() };
        for item in bytes.get(ITEMS as usize..)?.chunks_exact(width) {
            let place = if self.is_compact { u64::from(number32(item, 0)?) } else { number64(item, 0)? };
            match self.field(place) {
                Field::Text(text) => {
                    let equals = memchr::memchr(b'=', &text)?;
                    record.field(text.get(..equals)?, text.get(equals + 1..)?);
                }
                Field::Compressed => self.compressed += 1,
                Field::Other => {}
            }
        }
        self.hand_over(&record, at, take);
        Some(())
    }

    /// Hands one record over as a chunk of its own, whose text is the line that it stands for.
    fn hand_over(&mut self, record: &Record, at: u64, take: &mut Take<'_>) {
        let stamp = record.stamp();
        let mut chunk =
            Chunk { records: 1, lines: 1, first_stamp: stamp, last_stamp: stamp, ..Chunk::default() };
        let message_at = record.line(&mut self.line);
        if let Some(mut entry) = record.entry(&self.line, message_at, 0) {
            entry.length = self.line.len() as u32;
            chunk.entries.push(entry);
            chunk.bytes.extend_from_slice(&self.line);
        }
        take(&chunk, at);
    }

    fn field(&mut self, at: u64) -> Field {
        if let Some(known) = self.remembered.get(&at) {
            return known.clone();
        }
        let field = self.read_field(at).unwrap_or(Field::Other);
        let is_short = !matches!(&field, Field::Text(text) if text.len() > LONGEST_REMEMBERED);
        if is_short {
            if self.remembered.len() >= MOST_REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.insert(at, field.clone());
        }
        field
    }

    fn read_field(&self, at: u64) -> Option<Field> {
        let (kind, flags, size) = self.object(at)?;
        if kind != DATA {
            return None;
        }
        let head = if self.is_compact { 72 } else { 64 };
        let length = usize::try_from(size.checked_sub(head)?).ok()?.min(LONGEST_FIELD);
        let mut text = self.bytes(at.checked_add(head)?, length)?;
        if flags & packed::ANY != 0 {
            let Some(unpacked) = packed::unpacked(flags, &text, LONGEST_FIELD) else {
                return Some(Field::Compressed);
            };
            text = unpacked;
        }
        let is_wanted = FIELDS.iter().any(|name| text.starts_with(name));
        Some(if is_wanted { Field::Text(text) } else { Field::Other })
    }
}
