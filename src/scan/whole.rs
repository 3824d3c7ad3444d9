//! Sources that one thread reads from end to end: packed files, and records that span lines.

use super::pieces::{Room, close, open};
use super::{LONGEST_RECORD, Scanning, Sink, lock, read_guarded};
use crate::evidence::{Handle, Inflated, Packing};
use crate::readers::{Access, CONTEXT, Chunk, Reader};

/// Reads one source from its beginning to its end, or to where it breaks.
pub(super) fn read<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize, room: &mut Room) {
    let state = &scanning.states[index];
    let (Some(handle), Some(reader)) = (open(scanning, index), &state.reader) else { return };
    if reader.access() == Access::AtWill {
        at_will(scanning, index, &handle, reader.as_ref());
        drop(handle);
        return close(state);
    }
    let mut bytes = match state.source.packing {
        Packing::Plain => Bytes::Plain { handle: &handle, offset: 0 },
        Packing::Gzip => Bytes::Gzip(Box::new(handle.inflate())),
    };
    let mut chunk = room.chunk();
    chunk.bytes.clear();
    chunk.sparse = scanning.how.sparse;
    let mut offset = 0;
    let mut left = Vec::new();
    loop {
        let is_last = fill(&mut bytes, reader.as_ref(), scanning.how.piece, &mut chunk, &mut left);
        let length = chunk.records_bytes().len() as u64;
        if let Err(failure) = read_guarded(reader.as_ref(), &mut chunk) {
            state.note(failure);
        } else {
            lock(&state.merged).merge(&chunk, offset);
        }
        offset += length;
        if state.source.packing == Packing::Plain {
            scanning.progress.advance(&state.source.file.path, length);
        }
        if is_last {
            break;
        }
        begin_next(&mut chunk, &mut left);
    }
    if let Some(broken) = bytes.trouble() {
        state.note(broken);
    }
    if state.source.packing != Packing::Plain {
        scanning.progress.advance(&state.source.file.path, handle.size());
    }
    room.give_back(chunk);
    drop(bytes);
    drop(handle);
    close(state);
}

/// Has a reader go through a file by itself.
fn at_will<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize, handle: &Handle, reader: &dyn Reader) {
    let state = &scanning.states[index];
    let mut take = |chunk: &Chunk, offset: u64| lock(&state.merged).merge(chunk, offset);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        reader.read_file_among(handle, state.source, scanning.evidence, &mut take)
    }));
    match outcome {
        Ok(notes) => notes.into_iter().for_each(|note| state.note(note)),
        Err(_) => state.note("the reader failed on it: what follows is lost".to_owned()),
    }
    scanning.progress.advance(&state.source.file.path, handle.size());
}

/// Adds bytes to the chunk until it holds a piece of whole records, and leaves the cut record in
/// `left`. Returns whether nothing follows.
fn fill(
    bytes: &mut Bytes<'_>,
    reader: &dyn Reader,
    piece: usize,
    chunk: &mut Chunk,
    left: &mut Vec<u8>,
) -> bool {
    left.clear();
    let mut wanted = piece;
    loop {
        let filled = chunk.bytes.len();
        chunk.bytes.resize(filled + wanted, 0);
        let got = bytes.fill(&mut chunk.bytes[filled..]);
        chunk.bytes.truncate(filled + got);
        if got < wanted {
            chunk.at_end = true;
            return true;
        }
        let held = chunk.records_bytes().len();
        let whole = reader.whole_records(chunk.records_bytes()).min(held);
        if whole > 0 || held > LONGEST_RECORD {
            let cut = chunk.context + if whole > 0 { whole } else { held };
            left.extend_from_slice(&chunk.bytes[cut..]);
            chunk.bytes.truncate(cut);
            return false;
        }
        wanted = held.max(piece);
    }
}

/// Turns the end of the chunk into context, and puts the cut record behind it.
fn begin_next(chunk: &mut Chunk, left: &mut Vec<u8>) {
    let sparse = chunk.sparse;
    let kept = chunk.bytes.len().min(CONTEXT);
    let mut bytes = std::mem::take(&mut chunk.bytes);
    bytes.drain(..bytes.len() - kept);
    bytes.append(left);
    chunk.clear();
    chunk.sparse = sparse;
    chunk.bytes = bytes;
    chunk.context = kept;
}

enum Bytes<'a> {
    Plain { handle: &'a Handle, offset: u64 },
    Gzip(Box<Inflated<'a>>),
}

impl Bytes<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Bytes::Plain { handle, offset } => {
                let got = handle.read_at(buffer, *offset).unwrap_or(0);
                *offset += got as u64;
                got
            }
            Bytes::Gzip(inflated) => inflated.fill(buffer),
        }
    }

    /// Returns what kept the reading from the file's true end.
    fn trouble(&self) -> Option<String> {
        match self {
            Bytes::Plain { handle, offset } => (*offset < handle.size())
                .then(|| format!("ends at byte {offset}, though it was longer when it was opened")),
            Bytes::Gzip(inflated) => inflated.broken().map(str::to_owned),
        }
    }
}
