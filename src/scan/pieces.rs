//! Pieces of a plain file, read side by side and merged in order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::{LONGEST_RECORD, Scanning, Sink, State, lock, read_guarded};
use crate::evidence::Handle;
use crate::readers::{CONTEXT, Chunk, Skipped, Why};

/// How many pieces for each thread may be read and wait for a slower one before them.
const AHEAD: usize = 4;

/// Chunks that were merged, to be filled again.
///
/// One thread reads a piece and often another merges it. Were each to keep what it merged, one would throw
/// away what the other has to ask the system for: memory that is new page by page.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<Chunk>>);

impl Spare {
    /// Returns a chunk with nothing in it but room.
    pub(super) fn chunk(&self) -> Chunk {
        let mut chunk = lock(&self.0).pop().unwrap_or_default();
        chunk.forget();
        chunk
    }

    /// Keeps a chunk's room; of so many threads no more are in use at a time.
    pub(super) fn give_back(&self, chunk: Chunk, threads: usize) {
        let mut spare = lock(&self.0);
        if spare.len() < threads * (AHEAD + 1) {
            spare.push(chunk);
        }
    }
}

/// The file's handle, opened when the first piece wants it and closed after the last.
#[derive(Default)]
pub(super) struct Shared {
    handle: Option<Arc<Handle>>,
    fingerprint: Option<(u64, i64, i64)>,
    failed: bool,
}

/// Pieces that were read and wait for their turn.
#[derive(Default)]
pub(super) struct Order {
    next: u64,
    count: u64,
    waiting: BTreeMap<u64, (Chunk, u64)>,
    is_merging: bool,
}

impl Order {
    pub(super) fn expect(&mut self, count: u64) {
        self.count = count;
    }
}

/// Opens a source, once for all its pieces.
pub(super) fn open<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize) -> Option<Arc<Handle>> {
    let state = &scanning.states[index];
    let mut shared = lock(&state.handle);
    if shared.handle.is_none() && !shared.failed {
        match scanning.evidence.open(&state.source.file) {
            Ok(handle) => {
                shared.fingerprint = handle.fingerprint().ok();
                shared.handle = Some(Arc::new(handle));
            }
            Err(error) => {
                shared.failed = true;
                state.note(format!("cannot be opened: {error}"));
            }
        }
    }
    shared.handle.clone()
}

/// Closes a source and tells whether it was written while it was read.
pub(super) fn close<S: Sink>(state: &State<'_, S>) {
    let mut shared = lock(&state.handle);
    if let (Some(handle), Some(before)) = (shared.handle.take(), shared.fingerprint) {
        match handle.fingerprint() {
            Ok(after) if after.0 != before.0 => {
                state.note(format!("changed while it was read: from {} to {} bytes", before.0, after.0));
            }
            Ok(after) if after != before => state.note("was written while it was read".to_owned()),
            _ => {}
        }
    }
}

/// Reads pieces of a source that follow one another; `before` is room that is used again and again.
pub(super) fn read<S: Sink>(
    scanning: &Scanning<'_, '_, S>,
    index: usize,
    pieces: Range<u64>,
    before: &mut Vec<u8>,
) {
    before.clear();
    for piece in pieces {
        read_one(scanning, index, piece, before);
    }
}

/// Reads a piece; `before` is the end of the one before it, where that was read just now.
fn read_one<S: Sink>(scanning: &Scanning<'_, '_, S>, index: usize, piece: u64, before: &mut Vec<u8>) {
    let state = &scanning.states[index];
    let mut chunk = scanning.spare.chunk();
    let mut offset = 0;
    let mut is_filled = false;
    if let (Some(handle), Some(reader)) = (open(scanning, index), &state.reader) {
        chunk.sparse = scanning.how.sparse;
        offset = match fill(&handle, scanning.how.piece, piece, &mut chunk, before) {
            Ok(filled) => {
                is_filled = true;
                if let Some(missing) = filled.missing {
                    state.note(format!("ends at byte {missing}, though it was longer when it was opened"));
                }
                filled.offset
            }
            Err(error) => {
                state.note(format!("cannot be read at byte {}: {error}", piece * scanning.how.piece as u64));
                0
            }
        };
        if is_filled && let Err(failure) = read_guarded(reader.as_ref(), &mut chunk) {
            state.note(failure);
            is_filled = false;
        }
        scanning.progress.advance(&state.source.file.path, chunk.records_bytes().len() as u64);
    }
    if !is_filled {
        chunk.clear();
        before.clear();
    }
    hand_in(scanning, state, piece, (chunk, offset));
}

/// Puts a piece, with where it begins, in its place, and merges whatever is next if nobody else does.
fn hand_in<S: Sink>(scanning: &Scanning<'_, '_, S>, state: &State<'_, S>, piece: u64, read: (Chunk, u64)) {
    let threads = scanning.how.jobs;
    let mut order = lock(&state.order);
    while order.waiting.len() >= threads * AHEAD && piece != order.next {
        order = state.moved.wait(order).unwrap_or_else(PoisonError::into_inner);
    }
    order.waiting.insert(piece, read);
    if order.is_merging {
        return;
    }
    order.is_merging = true;
    loop {
        let next = order.next;
        let Some((chunk, offset)) = order.waiting.remove(&next) else { break };
        drop(order);
        lock(&state.merged).merge(&chunk, offset);
        scanning.spare.give_back(chunk, threads);
        order = lock(&state.order);
        order.next += 1;
        state.moved.notify_all();
    }
    order.is_merging = false;
    if order.next == order.count {
        drop(order);
        close(state);
    }
}

/// Where a filled chunk's first record stands, and where the file ended too early.
struct Filled {
    offset: u64,
    missing: Option<u64>,
}

/// Fills a chunk with the lines that begin within a piece, and with context before them: `before`, where the
/// piece before was read just now. Leaves the context of the next piece there.
fn fill(
    handle: &Handle,
    piece_length: usize,
    piece: u64,
    chunk: &mut Chunk,
    before: &mut Vec<u8>,
) -> std::io::Result<Filled> {
    let piece_start = piece * piece_length as u64;
    let context = CONTEXT.min(usize::try_from(piece_start).unwrap_or(CONTEXT));
    let buffer_start = piece_start - context as u64;
    let wanted = context + piece_length;
    chunk.bytes.resize(wanted, 0);
    let known = if before.len() == context { context } else { 0 };
    chunk.bytes[..known].copy_from_slice(&before[..known]);
    let got = known + handle.read_at(&mut chunk.bytes[known..], buffer_start + known as u64)?;
    chunk.bytes.truncate(got);
    before.clear();
    before.extend_from_slice(chunk.bytes.get(wanted - CONTEXT.min(wanted)..wanted).unwrap_or_default());
    let expected = handle.size().saturating_sub(buffer_start).min(wanted as u64);
    let missing = ((got as u64) < expected).then_some(buffer_start + got as u64);
    // A line belongs to the piece that its first byte lies in.
    let first = match piece {
        0 => Some(0),
        _ => memchr::memchr(b'\n', chunk.bytes.get(context - 1..).unwrap_or_default()).map(|at| context + at),
    };
    let Some(first) = first.filter(|&first| first < chunk.bytes.len()) else {
        chunk.clear();
        return Ok(Filled { offset: piece_start, missing });
    };
    chunk.context = first;
    if got == wanted {
        finish_last_line(handle, buffer_start, chunk)?;
    }
    chunk.at_end = buffer_start + chunk.bytes.len() as u64 >= handle.size();
    Ok(Filled { offset: buffer_start + first as u64, missing })
}

/// Reads on to the end of the line that the piece cuts.
fn finish_last_line(handle: &Handle, buffer_start: u64, chunk: &mut Chunk) -> std::io::Result<()> {
    const STEP: usize = 4 * 1024;
    if chunk.bytes.last() == Some(&b'\n') {
        return Ok(());
    }
    let limit = chunk.bytes.len() + LONGEST_RECORD;
    while chunk.bytes.len() < limit {
        let filled = chunk.bytes.len();
        chunk.bytes.resize(filled + STEP, 0);
        let got = handle.read_at(&mut chunk.bytes[filled..], buffer_start + filled as u64)?;
        chunk.bytes.truncate(filled + got);
        if let Some(newline) = memchr::memchr(b'\n', &chunk.bytes[filled..]) {
            chunk.bytes.truncate(filled + newline + 1);
            return Ok(());
        }
        if got < STEP {
            return Ok(());
        }
    }
    let line_start = memchr::memrchr(b'\n', &chunk.bytes).map_or(chunk.context, |newline| newline + 1);
    let offset = line_start.saturating_sub(chunk.context) as u32;
    let before = chunk.bytes.get(chunk.context..line_start).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() as u32;
    chunk.skipped.push(Skipped { offset, line, why: Why::TooLong });
    // Its end lies in a later piece, which looks for nothing before its own first line.
    chunk.bytes.push(b'\n');
    Ok(())
}
